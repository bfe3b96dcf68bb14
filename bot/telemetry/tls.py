"""TLS at the door: certificates that are renewed while it is open, and handshakes that come to an end."""

import asyncio
import logging
import os
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from bot.errors import Unreachable

log = logging.getLogger(__name__)
HANDSHAKE_S = 10.0
"""A handshake must be done within this, or the connection is closed."""
GOODBYE_S = 1.0
"""So long is waited for the other side's goodbye."""
MAX_HANDSHAKES = 256
"""Beyond this, whoever has most of them loses the oldest."""
WHATEVER_THE_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME: one that has ended is read as well."""
Stamp = tuple[tuple[int, int, int], ...]
"""What changes when a file does: its time, number and size, for each."""


@dataclass(slots=True)
class Certificates:
    """What the door shows, and of whom it wants to see one; taken up anew when the files have changed.

    Raises Unreachable where they can't be read to begin with. Later the certificate of before goes on, and the log
    says why.
    """

    certificate: str
    """File with the door's own and those between it and its authority, PEM."""
    key: str
    client_authority: str = ""
    """File with the authorities whose certificates are let in; empty: nobody is asked for one."""
    _context: ssl.SSLContext = field(init=False, repr=False)
    _stamp: Stamp = field(init=False, repr=False)
    _refused: Stamp | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self._context, self._stamp = self._read(), self._looked_at()

    def context(self) -> ssl.SSLContext:
        """The one for the next connection; a look at three files each time."""
        stamp = self._looked_at()
        if stamp != self._stamp:
            try:
                self._context, self._stamp = self._read(), stamp
                log.info("The door has a new certificate: %s", self.certificate)
            except Unreachable as wrong:
                if stamp != self._refused:
                    log.warning("%s The certificate of before goes on.", wrong)
                self._refused = stamp
        return self._context

    @property
    def _files(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.certificate, self.key, self.client_authority)))

    def _looked_at(self) -> Stamp:
        stamps = []
        for file in self._files:
            try:
                seen = os.stat(file)  # noqa: PTH116 - followed: the links of certbot and Kubernetes are what changes
                stamps.append((seen.st_mtime_ns, seen.st_ino, seen.st_size))
            except OSError:
                stamps.append((0, 0, 0))
        return tuple(stamps)

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        for file in self._files:
            if not os.access(file, os.R_OK):
                raise Unreachable(f"The door can't read {file}, a file of its certificates.")
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as wrong:  # an SSLError is an OSError
            raise Unreachable(
                f"The door can't use the certificate {self.certificate} with the key {self.key}: {_why(wrong)}."
            ) from None
        if self.client_authority:
            context.verify_mode = ssl.CERT_REQUIRED
            try:
                context.load_verify_locations(self.client_authority)
            except OSError as wrong:
                raise Unreachable(
                    f"The door can't use {self.client_authority} as authority of clients: {_why(wrong)}."
                ) from None
        return context


def certificate_ends_at(certificate: str, key: str) -> int:
    """When a certificate of the door ends, epoch milliseconds. Raises Unreachable where it can't be used.

    Python reads a certificate only of somebody it has shaken hands with: so both sides of one are played here.
    """
    server_context = Certificates(certificate, key).context()
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    # It vouches for itself.
    client_context.verify_flags = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(WHATEVER_THE_TIME)
    client_context.load_verify_locations(certificate)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server)
    try:
        for side in (client, server, client):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as wrong:
        raise Unreachable(f"The certificate {certificate} can't be trusted: {wrong.verify_message}.") from None
    seen = client.getpeercert() or {}
    return int(ssl.cert_time_to_seconds(str(seen["notAfter"])) * 1000)


def _no_password() -> str:
    raise ValueError("the key has a password, and nobody is there to type it")


def _why(wrong: Exception) -> str:
    if isinstance(wrong, ssl.SSLError):
        words = {
            "KEY_VALUES_MISMATCH": "the key is not that certificate's",
            "NO_CERTIFICATE_OR_CRL_FOUND": "it holds no certificate in PEM",
        }
        return words.get(wrong.reason or "", "they are not a certificate and a key in PEM")
    return str(wrong)


Inner = Callable[..., asyncio.Protocol]


def behind_tls(
    inner: type[asyncio.Protocol], certificates: Certificates | None, within_s: float
) -> type[asyncio.Protocol]:
    """The protocol for connections that begin with a handshake; `inner` itself where there are no certificates."""
    if certificates is None:
        return inner
    waiting: dict[_Doorstep, None] = {}

    def made(**parts: object) -> asyncio.Protocol:
        return _Doorstep(certificates, lambda: cast(Inner, inner)(**parts), within_s, waiting)

    return cast(type[asyncio.Protocol], made)


class _Doorstep(asyncio.Protocol):
    """A connection until its handshake is done: then it is handed to the protocol inside.

    asyncio could do the handshake by itself, but counts nobody who is in it, so that a crowd could fill all files.
    """

    def __init__(
        self,
        certificates: Certificates,
        inner: Callable[[], asyncio.Protocol],
        within_s: float,
        waiting: "dict[_Doorstep, None]",
    ) -> None:
        self._certificates = certificates
        self._inner = inner
        self._within_s = within_s
        self._waiting = waiting
        """All of the server that are in their handshake, the oldest first."""
        self._early = b""
        """What came in one piece with the end of the handshake."""
        self._is_gone = False
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.pause_reading()  # nothing is read before the handshake is there to read it
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self._waiting[self] = None
        if len(self._waiting) > MAX_HANDSHAKES:
            self._make_room()
        self._task = asyncio.get_running_loop().create_task(self._shake_hands())

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_gone = True

    def _make_room(self) -> None:
        address = Counter(each.address for each in self._waiting).most_common(1)[0][0]
        oldest = next(each for each in self._waiting if each.address == address)
        del self._waiting[oldest]
        oldest._transport.abort()  # noqa: SLF001 - another of the same

    async def _shake_hands(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(
                self._transport,
                self,
                self._certificates.context(),
                server_side=True,
                ssl_handshake_timeout=self._within_s,
                ssl_shutdown_timeout=GOODBYE_S,
            )
        except OSError:  # no TLS, no certificate of a known authority, too slow, or gone
            self._transport.abort()
            return
        finally:
            self._waiting.pop(self, None)
        if secure is None or self._is_gone:
            return
        protocol = self._inner()
        secure.set_protocol(protocol)
        protocol.connection_made(secure)
        if self._early:
            protocol.data_received(self._early)
