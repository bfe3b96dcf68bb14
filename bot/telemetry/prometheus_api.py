"""Instant queries to a Prometheus-compatible server, by the standard library alone."""

import http.client
import json
import math
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.domain.clock import SECOND
from bot.errors import Unreachable

TIMEOUT_S = 20
MOST_BYTES = 128 * 1024 * 1024
"""An answer longer than this is refused: 100,000 GPUs take about 20 MB."""
TELLING = frozenset({400, 422, 503})
"""Statuses whose body says in words what is wrong."""


@dataclass(frozen=True, slots=True)
class Value:
    """One series of an answer."""

    labels: Mapping[str, str]
    value: float


class PrometheusApi:
    """One server. Redirects are not followed, so that the token goes nowhere else."""

    def __init__(self, url: str, *, token_file: str = "", tenant: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._parts = urlsplit(url)
        self._token_file = token_file
        self._tenant = tenant
        self._timeout_s = timeout_s

    def query(self, promql: str, at: int) -> list[Value]:
        """The answer to an instant query at an instant (epoch milliseconds), without NaN and infinities.

        Raises Unreachable.
        """
        form = urlencode({"query": promql, "time": f"{at / SECOND:.3f}", "timeout": f"{self._timeout_s:.0f}s"})
        return list(_values(self._post("/api/v1/query", form)))

    def _post(self, path: str, form: str) -> bytes:
        connection = self._connection()
        try:
            connection.request("POST", self._parts.path.rstrip("/") + path, form.encode(), self._headers())
            answer = connection.getresponse()
            body = answer.read(MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._parts.netloc} did not answer: {type(error).__name__}") from error
        finally:
            connection.close()
        if len(body) > MOST_BYTES:
            raise Unreachable(f"{self._parts.netloc} answered with more than {MOST_BYTES >> 20} MB", retryable=False)
        if answer.status != http.HTTPStatus.OK:
            said = f": {_error(body)}" if answer.status in TELLING else ""
            raise Unreachable(f"{self._parts.netloc} answered with HTTP {answer.status}{said}")
        return body

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_s)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "gpu-valet"}
        if self._tenant:
            headers["X-Scope-OrgID"] = self._tenant
        if self._token_file:
            headers["Authorization"] = f"Bearer {self._token()}"
        return headers

    def _token(self) -> str:
        try:
            token = Path(self._token_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unreachable(f"{self._token_file} can't be read: {type(error).__name__}") from error
        if not token.isascii() or not token.isprintable():
            raise Unreachable(f"{self._token_file} holds more than a token")
        return token


def _error(body: bytes) -> str:
    try:
        said = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
    return " ".join(str(said).split())[:200]


def _values(body: bytes) -> Iterator[Value]:
    try:
        result = json.loads(body)["data"]["result"]
        pairs = [(dict(each["metric"]), float(each["value"][1])) for each in result]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Unreachable("the server's answer is not Prometheus's", retryable=False) from error
    yield from (Value(_texts(labels), value) for labels, value in pairs if math.isfinite(value))


def _texts(labels: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in labels.items()}
