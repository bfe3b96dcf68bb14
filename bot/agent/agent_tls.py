"""Whom the agent trusts, and what it shows of itself: read anew when the files change, as certificates run out."""

import os
import ssl
from pathlib import Path

from bot.errors import Refused

SHOWN_AUTHORITY = "SSL_CERT_FILE"
"""OpenSSL's own variable for an authority of one's own."""


class AgentTls:
    """The TLS context of a connection. Raises Refused where the agent's own certificate can't be used."""

    def __init__(self, certificate: Path | None = None, key: Path | None = None) -> None:
        if (certificate is None) != (key is None):
            raise Refused("Give --certificate and --key together.")
        self._certificate = certificate
        self._key = key
        self._stamp = self._looked_at()
        self._context = self._read()

    def context(self) -> ssl.SSLContext:
        """As the files are now; where they can't be read any more, as they were."""
        stamp = self._looked_at()
        if stamp != self._stamp:
            try:
                self._context, self._stamp = self._read(), stamp
            except (OSError, Refused):  # half renewed: the next minute tries again
                return self._context
        return self._context

    def _looked_at(self) -> tuple[int, ...]:
        files = (self._certificate, self._key, os.environ.get(SHOWN_AUTHORITY))
        return tuple(_changed_at(file) for file in files if file)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._certificate is not None:
            try:
                context.load_cert_chain(self._certificate, self._key, password=_no_password)
            except (OSError, ValueError) as error:
                raise Refused(
                    f"The agent can't use the certificate {self._certificate} with the key {self._key}: "
                    f"{error.strerror if isinstance(error, OSError) and error.strerror else error}."
                ) from error
        return context


def _changed_at(file: str | Path) -> int:
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116 - a str from the environment as well
    except OSError:
        return 0


def _no_password() -> str:
    raise ValueError("it has a password, and nobody is there to type it")
