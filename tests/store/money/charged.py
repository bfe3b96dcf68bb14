"""A charge of the machine next door and its share, as the conditions of statements about money change it."""

from bot.domain.clock import HOUR_MS
from tests.neighbours import MACHINE, NEAR, NIA, TEAM
from tests.store.conditions import put, row_in

ACROSS, KIND = "i-across", "p4d.24xlarge"
OWNED = f"UPDATE instances SET provider = 'owned' WHERE id = '{MACHINE}'"
OTHER_TYPE = f"UPDATE instances SET type = 'g5.xlarge' WHERE id = '{MACHINE}'"
MAY_CHANGE = tuple(f"DROP TRIGGER {name}" for name in ("charges_stand", "charges_keep", "shares_stand", "shares_keep"))
"""What is append-only is changed here all the same, so that each condition is tried."""


def charge(number: int, instance: str = MACHINE, at: int = NEAR, **columns: object) -> str:
    known = {"id": number, "instance_id": instance, "from_at": at, "until_at": at + HOUR_MS, "running_ms": HOUR_MS}
    known |= {"micros": 9, "rate_micros": 9, "team": TEAM, "exact": 0, "idle_ms": HOUR_MS}
    return row_in("charges", **known | columns)


def share(number: int, use: str = "idle") -> str:
    return row_in("shares", charge_id=number, holder=NIA, team=TEAM, use=use, gpu_ms=HOUR_MS, micros=9)


CHARGED = (*MAY_CHANGE, charge(1), share(1))
ANOTHERS = put("charges", instance_id=ACROSS)
CORRECTED = charge(2, corrects=1, why="priced", running_ms=0, idle_ms=0)
