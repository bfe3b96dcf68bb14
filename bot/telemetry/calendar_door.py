"""Calendar feeds at the door: whoever knows the address may read it, as calendars can't sign in."""

import hashlib
import re
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import Unreachable
from bot.telemetry.intake import RequestRoom, refusal

CALENDAR_PATH = "/v1/calendar"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
CALENDAR_COME_BACK_S = 300
MOST_READERS = 64
"""So many calendars are read at a time."""

Feed = Callable[[str], bytes | None]
"""Takes the SHA-256 of the address's secret in hexadecimal; the file, or None where there is none."""


class CalendarDoor:
    """GET /v1/calendar/SECRET.ics."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._workers = anyio.CapacityLimiter(2)
        self._room = RequestRoom(MOST_READERS)

    def routes(self) -> list[Route]:
        """For the application of the door."""
        return [Route(CALENDAR_PATH + "/{secret:str}.ics", self.read, methods=["GET"])]

    async def read(self, request: Request) -> Response:
        """The feed as it is now."""
        secret = str(request.path_params["secret"])
        found = None
        if _TOKEN.fullmatch(secret):
            digest = hashlib.sha256(secret.encode()).hexdigest()
            with self._room.place():
                found = await anyio.to_thread.run_sync(self._read, digest, limiter=self._workers)
        if found is None:
            raise refusal(404, "There is no such calendar.")
        # nobody between may keep it: the address alone lets people in
        headers = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(found, media_type="text/calendar; charset=utf-8", headers=headers)

    def _read(self, digest: str) -> bytes | None:
        try:
            return self._feed(digest)
        except Unreachable as error:
            raise refusal(503, str(error), retry_after_s=CALENDAR_COME_BACK_S) from error
