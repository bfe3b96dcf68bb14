"""How a request of an agent is read: its token, its headers, its body, and what it is refused with."""

import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from bot.domain.clock import MINUTE_MS
from bot.errors import Unreachable
from bot.telemetry.wire import MAX_BODY_BYTES

COME_BACK_S = 30
HEAR_OUT_S = 2.0
HEAR_OUT_BYTES = 16 * MAX_BODY_BYTES
Authenticate = Callable[[str], str | None]
"""Takes the SHA-256 of a token in hexadecimal; returns the host it belongs to."""


def token_digest(request: Request) -> str | None:
    """The SHA-256 of the token it brings, in hexadecimal; None without one.

    Tokens are looked up by their digest, never compared: how long that takes tells nothing of any token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_token = scheme.lower() == "bearer" and bool(token)
    return hashlib.sha256(token.strip().encode()).hexdigest() if is_token else None


async def authenticated_host(request: Request, authenticate: Authenticate, workers: anyio.CapacityLimiter) -> str:
    """The host that the token belongs to. Raises HTTPException."""
    digest, known = token_digest(request), None
    if digest is not None:
        try:
            known = await anyio.to_thread.run_sync(authenticate, digest, limiter=workers)
        except Unreachable as error:
            raise refusal(503, str(error), retry_after_s=COME_BACK_S) from error
    if known is None:
        raise unknown_token()
    return known


def unknown_token() -> HTTPException:
    """The refusal of a token that is none, or none any more."""
    return refusal(401, "The token is missing or unknown.", headers={"WWW-Authenticate": "Bearer"})


class RequestRoom:
    """So many requests of a kind are in hand at a time; whoever else comes is told when to come back.

    Each kind has a room of its own, so that no crowd of agents keeps Slack or a health check out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place in it, for as long as the block lasts. Raises HTTPException where none is left."""
        if self._inside >= self._most:
            spread = random.randint(COME_BACK_S // 2, 2 * COME_BACK_S)  # noqa: S311 - they must not all come at once
            raise refusal(503, "Too many are here just now.", retry_after_s=spread)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


def check_headers(request: Request) -> None:
    """Only plain JSON of a sane length is read at all. Raises HTTPException."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json" or parameters.strip().lower() not in {"", "charset=utf-8"}:
        raise refusal(415, "The body must be application/json.")
    if "content-encoding" in request.headers:
        raise refusal(415, "The body must not be compressed.")
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise refusal(400, "The length of the body is not a number.")
    if len(length) > 9 or int(length) > MAX_BODY_BYTES:
        raise _too_large()


async def read_body(request: Request, *, within_s: float) -> bytes:
    """The body, counted as it comes: what Content-Length says is not believed."""
    raw = bytearray()
    try:
        with anyio.fail_after(within_s):
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise refusal(408, "The body came too slowly.", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise refusal(400, "The body broke off.") from None
    return bytes(raw)


async def hear_out(request: Request) -> None:
    """Take in, and forget, what is left of a refused body, within reason.

    A connection closed on bytes that nobody read is reset, and the sender would see that instead of the refusal.
    """
    left = HEAR_OUT_BYTES
    # A broken connection hears nothing; the RuntimeError is Starlette's word for a body that was read to its end.
    with contextlib.suppress(ClientDisconnect, RuntimeError), anyio.move_on_after(HEAR_OUT_S):
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                return


def _too_large() -> HTTPException:
    return refusal(413, f"The body must not be larger than {MAX_BODY_BYTES} bytes.", headers={"Connection": "close"})


def refusal(
    status: int, sentence: str, *, retry_after_s: int = 0, headers: dict[str, str] | None = None
) -> HTTPException:
    """A refusal with a sentence; `retry_after_s` says when to come back."""
    headers = dict(headers or {})
    if retry_after_s:
        headers["Retry-After"] = str(retry_after_s)
    return HTTPException(status, sentence, headers)


class Quota:
    """Counts by a clock in milliseconds; a clock set back only delays the refill."""

    def __init__(self, *, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: dict[str, tuple[float, int]] = {}
        """For each name what was left, and when."""

    def wait_ms(self, name: str, now: int) -> int:
        """Take one; 0 when there was one, else the milliseconds until there will be."""
        left, at = self._left.get(name, (float(self._per_minute), now))
        left = min(self._per_minute, left + max(0, now - at) * self._per_minute / MINUTE_MS)
        if left < 1:
            self._left[name] = (left, now)
            return int((1 - left) * MINUTE_MS / self._per_minute) + 1
        self._left[name] = (left - 1, now)
        return 0
