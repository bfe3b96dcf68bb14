"""The door of the Valet that runs here: what it says of itself, and until when its certificate holds."""

import http.client
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import DAY_MS
from bot.errors import Unreachable
from bot.settings import Settings
from bot.telemetry.tls import certificate_ends_at

HEALTH_TIMEOUT_S = 5
CERTIFICATE_SOON_MS = 14 * DAY_MS
"""Whoever renews by themselves does so a month before, so this is late."""
LOOKED_THROUGH = "the database is being looked through"
HEALTH_HINTS = {
    LOOKED_THROUGH: "Wait: it takes some seconds for each gigabyte.",
    "another Valet is connected to this Slack app": "Stop the one that should not run, or give it a Slack app of its "
    "own.",
}
RENEW = "Renew it. Valet takes the new one up by itself, within the next connection."


def running_bot(settings: Settings) -> Iterator[Finding]:
    """What the Valet that runs here says of itself, if one does: also what only it can know, as of another bot."""
    line = _line(settings)
    try:
        line.request("GET", "/healthz")
        problems = json.loads(line.getresponse().read())["problems"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return
    finally:
        line.close()
    for problem in problems:
        about = str(problem).partition(",")[0]
        finding = warning if about == LOOKED_THROUGH else error
        yield finding("V111", f"The Valet that runs here says: {problem}.", HEALTH_HINTS.get(about, "Look at its log."))
    if not problems:
        yield fine("V111", "The Valet that runs here says that all is well.")


def certificate(settings: Settings, now: int) -> Iterator[Finding]:
    """Whether the certificate of the door can be used, and for how long; nothing where it has none."""
    door = settings.door
    if not door.certificate:
        return
    try:
        ends_at = certificate_ends_at(door.certificate, door.key)
    except Unreachable as wrong:
        yield error("V113", str(wrong), "The door does not open with it. A door that is open goes on with the old one.")
        return
    day = datetime.fromtimestamp(ends_at / 1000, UTC).date()
    if ends_at <= now:
        yield error("V113", f"The certificate of the door ended on {day}: no agent trusts it.", RENEW)
    elif ends_at - now < CERTIFICATE_SOON_MS:
        yield warning("V113", f"The certificate of the door ends on {day}.", RENEW)
    else:
        yield fine("V113", f"The certificate of the door holds until {day}.")


def _line(settings: Settings) -> http.client.HTTPConnection:
    """To where health is told: without TLS where there is such a place. On this machine nobody is in between."""
    place = settings.door if settings.metrics.port is None else settings.metrics
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(place.host, place.host)  # noqa: S104 - not bound
    if place is settings.door and settings.door.certificate:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, place.port, timeout=HEALTH_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(host, place.port, timeout=HEALTH_TIMEOUT_S)
