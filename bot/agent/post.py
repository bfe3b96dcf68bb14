"""One delivery over HTTP: where to, with which token, and what the bot's answer means."""

import http.client
import ipaddress
import json
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from bot.agent.agent_tls import AgentTls
from bot.domain.clock import system_clock
from bot.errors import Refused
from bot.telemetry.procfs import printable
from bot.telemetry.wire import MINUTES_PATH

POST_TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024
MAX_RETRY_AFTER_S = 900.0
MAX_SPREAD_S = 60.0


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """What came back: the status, or None when nobody answered; a sentence; and when to come back, seconds."""

    status: int | None
    text: str = ""
    retry_after_s: float | None = None
    is_the_doors: bool = True
    """The door said it. A proxy or a sign-in page on the way may answer anything with 200, and counts for nothing."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the bot's door is."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str, *, insecure_http: bool = False) -> "Server":
        """Read --server; raises Refused, in plain HTTP to anything but this machine too, unless allowed."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Refused("--server must look like https://valet.example.com.")
        if parts.username or parts.query or parts.fragment:
            raise Refused("--server must be an address only, without user, query or fragment.")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise Refused("The port of --server must be a number up to 65535.") from error
        secure = parts.scheme == "https"
        if not secure and not insecure_http and not _is_loopback(parts.hostname):
            raise Refused(
                f"--server is plain HTTP to {parts.hostname}, which would show the token to the network: "
                "use https, or --insecure-http if that network is your own."
            )
        return cls(secure, parts.hostname, port, parts.path.rstrip("/") + MINUTES_PATH)


def read_token(path: Path) -> str:
    """The token in a file; raises Refused when others can read the file or there is none in it."""
    try:
        mode = path.stat().st_mode
        token = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise Refused(f"{path} holds no token: it is not plain text.") from error
    except OSError as error:
        raise Refused(f"The token file {path} cannot be read: {error.strerror}.") from error
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise Refused(f"Everybody on this host can read the token in {path}: run `chmod 600 {path}`.")
    if not token or not token.isprintable() or " " in token:
        raise Refused(f"{path} must hold one token and nothing else.")
    return token


def come_back_s(answer: DoorAnswer, jitter: float) -> float:
    """Seconds until the bot is to be asked again, never fewer than it said; `jitter` is a random number from 0 to 1.

    It says the same to many: by coming later, each by another time, they don't all come back at once.
    """
    said = answer.retry_after_s or 0.0
    return said + jitter * min(said, MAX_SPREAD_S)


class DoorClient:
    """Sends bodies to one server. Redirects are not followed: they would carry the token elsewhere."""

    def __init__(
        self,
        server: Server,
        token: str,
        *,
        agent: str,
        timeout_s: float = POST_TIMEOUT_S,
        tls: AgentTls | None = None,
    ) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._tls = (tls or AgentTls()) if server.secure else None
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": agent,
            "Connection": "close",
        }

    def __call__(self, body: bytes) -> DoorAnswer:
        """Post one body and read the answer; takes a few times the timeout at most, raises nothing."""
        return self.exchange("POST", MINUTES_PATH, body, receipt="stored")[0]

    def exchange(self, method: str, path: str, body: bytes = b"", *, receipt: str) -> tuple[DoorAnswer, bytes]:
        """One request to an address of the door, and what came back; raises nothing.

        The door answers with a JSON object, which has `receipt` in it where all went well and `error` where not.
        """
        connection = self._connection()
        try:
            connection.request(method, self._server.path.removesuffix(MINUTES_PATH) + path, body, self._headers)
            response = connection.getresponse()
            text = response.read(MAX_ANSWER_BYTES)
        except ssl.SSLCertVerificationError as error:
            return DoorAnswer(None, f"its certificate is not trusted: {error.verify_message}"), b""
        except ssl.SSLError as error:
            return DoorAnswer(None, _refusal_of(error)), b""
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            return DoorAnswer(None, printable(str(error) or type(error).__name__, 200)), b""
        finally:
            connection.close()
        expected = receipt if 200 <= response.status < 300 else "error"
        retry_after_s = _retry_after(response.headers["Retry-After"])
        return DoorAnswer(response.status, _sentence(text), retry_after_s, is_the_doors=_has(text, expected)), text

    def _connection(self) -> http.client.HTTPConnection:
        where = self._server
        if self._tls is None:
            return http.client.HTTPConnection(where.host, where.port, timeout=self._timeout_s)
        context = self._tls.context()
        return http.client.HTTPSConnection(where.host, where.port, timeout=self._timeout_s, context=context)


def _refusal_of(error: ssl.SSLError) -> str:
    if "ALERT" in (error.reason or "") and ("CERTIFICATE" in error.reason or "UNKNOWN_CA" in error.reason):
        return f"it wants another certificate of this agent, see --certificate: {error.reason}"
    return printable(str(error), 200)


PostToDoor = Callable[[bytes], DoorAnswer]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sentence(body: bytes) -> str:
    """The door's own sentence, or the start of whatever a proxy said instead."""
    text = body.decode(errors="replace")
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        text = str(json.loads(text).get("error", ""))
    return printable(text, 200)


def _has(body: bytes, field: str) -> bool:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and field in answer


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a number of seconds or a date; None when the header is absent or makes no sense."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), MAX_RETRY_AFTER_S)
    try:
        at_s = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(at_s - system_clock() / 1000, 0.0), MAX_RETRY_AFTER_S)
