"""The door against an outsider that has read its OpenAPI document: whatever it thinks of, no answer breaks it.

Schemathesis thinks while pytest collects, for seconds, so `test_door.py` runs this in a pytest of its own.
"""

import hashlib
import itertools

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bot.domain.clock import MINUTE_MS
from bot.domain.sharing.runs import Run
from bot.telemetry.calendar_door import CalendarDoor
from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import DoorLimits, Health, door
from bot.telemetry.runs_door import RunsDoor
from tests.bot.telemetry.one_by_one import one_by_one
from tests.examples import examples

TOKEN = hashlib.sha256(b"t").hexdigest()
RUN = Run("r1", "job", "true", "ml", "dgx-1", "c", "UADA", "UADA", 0)
MINUTES = itertools.count()
RUNS = RunsDoor(
    lambda sha256: "dgx-1" if sha256 == TOKEN else None,
    lambda _: [(RUN, 60)],
    lambda _host, run_id, _seen: run_id == "r1",
    lambda: next(MINUTES) * MINUTE_MS,  # so that no quota is used up
)
APP = door(
    one_by_one(lambda push, _: Receipt(len(push.minutes), duplicate=False)),
    lambda sha256: "dgx-1" if sha256 == TOKEN else None,
    lambda: Health(ok=True),
    more=[*RUNS.routes(), *CalendarDoor(lambda _: b"BEGIN:VCALENDAR").routes()],
    limits=DoorLimits(pushes_per_minute=10**9),
)
schema = schemathesis.openapi.from_asgi("/openapi.json", APP)
MORE_RULES = [positive_data_acceptance]
"""A body may keep the schema and be refused all the same: none can say that a minute must not be after tick_now."""


@schema.parametrize()
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_gets_an_answer_that_the_document_does_not_have(case: Case) -> None:
    case.call_and_validate(headers={"Authorization": "Bearer t"}, excluded_checks=MORE_RULES)
