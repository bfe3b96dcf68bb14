"""Neighbours: a machine, people, a team and their rows in every table, which nothing in a test may change.

They stand in the file before a test begins. Their machine counts as gone, but only in the year 2100, and everything of
theirs begins or ends then: no list shows them and no job is due for them. What reaches one of their rows was meant for
another, and has lost its "only this row, only this machine".
"""

from datetime import UTC, datetime

from bot.domain.acting.actions import StopFacts
from bot.domain.clock import HOUR_MS
from bot.domain.machines.names import shown_look
from store import Store
from store.acting.actions import json_of
from store.sql import Row, one

FAR = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
NEAR = FAR - HOUR_MS
CLAIM, STOP = "claim-next-door", "stop-next-door"
MACHINE, CHANNEL, TEAM = "i-next-door", "C0NEXTDOOR", "next-door"
NIA, OLA, PAT = "U0NIA", "U0OLA", "U0PAT"
WAITER = 1_000_000_000_000
"""No waiter of a test comes near it, whose places count from it on."""

Values = dict[str, object]
_ON_IT: Values = {"instance_id": MACHINE}

ROWS: tuple[tuple[str, Values], ...] = (
    (
        "instances",
        {"id": MACHINE, "name": "next-door", "provider": "ec2", "source": "ec2/next-door", "type": "p4d.24xlarge"}
        | {"state": "running", "gpu_model": "NVIDIA A100", "gpu_count": 8, "gpu_memory_mib": 40960, "nvme_gb": 0}
        | {"zone": "next-door-1a", "launched_at": NEAR, "lifecycle": "on-demand", "asg": "", "stop_protected": 0}
        | {"root_device": "ebs", "state_reason": "", "tags": "{}", "team": TEAM, "rate_micros": 1_000_000}
        | {"rate_source": "", "rate_exact": 1, "gone_at": FAR, "looks_like": shown_look("next-door")},
    ),
    ("standstills", _ON_IT | {"since": NEAR, "exact": 1}),
    (
        "claims",
        _ON_IT
        | {"id": CLAIM, "holder": NIA, "team": TEAM, "note": "theirs", "gpus": "[0, 1]"}
        | {"from_at": NEAR, "until_at": FAR},
    ),
    ("claimed_gpus", _ON_IT | {"claim_id": CLAIM, "gpu": 0}),
    ("claimed_gpus", _ON_IT | {"claim_id": CLAIM, "gpu": 1}),
    ("former_gpus", {"claim_id": CLAIM, "until_at": FAR, "gpus": "[0]"}),
    ("reminders", {"claim_id": CLAIM, "until_at": FAR, "set_at": FAR}),
    ("extensions", {"claim_id": CLAIM, "at": FAR, "length": HOUR_MS}),
    ("told_of_line", {"claim_id": CLAIM}),
    (
        "handovers",
        {"id": "handover-next-door", "claim_id": CLAIM, "giver": NIA, "taker": OLA}
        | {"made_at": NEAR, "expires_at": FAR, "state": "open"},
    ),
    (
        "questions",
        {"id": "question-next-door", "batch": "batch-next-door", "claim_id": CLAIM, "person": NIA}
        | {"kind": "idle", "day": "", "until_at": FAR, "asked_at": NEAR, "deadline_at": FAR, "state": "open"},
    ),
    (
        "requests",
        {"id": "request-next-door", "claim_id": CLAIM, "asker": OLA, "reason": "", "asked_at": NEAR},
    ),
    (
        "waiters",
        _ON_IT
        | {"id": WAITER, "person": OLA, "kind": "", "count": 2, "length": HOUR_MS, "note": "", "since": NEAR}
        | {"ended_at": FAR, "end_reason": "left"},
    ),
    (
        "offers",
        _ON_IT
        | {"id": "offer-next-door", "waiter_id": WAITER, "gpus": "[6, 7]", "made_at": NEAR, "until_at": FAR}
        | {"state": "passed", "ended_at": FAR},
    ),
    ("offered_gpus", _ON_IT | {"offer_id": "offer-next-door", "gpu": 6}),
    ("offered_gpus", _ON_IT | {"offer_id": "offer-next-door", "gpu": 7}),
    (
        "bookings",
        _ON_IT
        | {"id": "booking-next-door", "holder": NIA, "team": TEAM, "note": "", "zone": "UTC", "wall": "23:00"}
        | {"choice": '{"count": null, "indexes": [0]}', "first_day": "2099-12-31", "length": HOUR_MS, "made_at": NEAR},
    ),
    (
        "slots",
        _ON_IT
        | {"id": "slot-next-door", "booking_id": "booking-next-door", "holder": NIA, "gpus": "[0]"}
        | {"from_at": NEAR, "until_at": FAR, "state": "missed"},
    ),
    ("booked_gpus", _ON_IT | {"slot_id": "slot-next-door", "gpu": 0, "from_at": NEAR, "until_at": FAR}),
    (
        "grants",
        _ON_IT
        | {"id": "grant-next-door", "person": NIA, "team": TEAM, "choice": "[null, [2]]"}
        | {"length": HOUR_MS, "note": "", "excess": "{}", "created_at": NEAR, "expires_at": FAR, "state": "pending"},
    ),
    (
        "squats",
        _ON_IT
        | {"id": "squat-next-door", "unix_user": "nia", "gpus": "[2]", "since": NEAR, "seen_at": FAR}
        | {"person": NIA, "asked_at": FAR, "state": "claimed"},
    ),
    (
        "runs",
        _ON_IT
        | {"id": "run-next-door", "template": "train", "command": "true", "user": "nia", "person": NIA}
        | {"claim_id": CLAIM, "channel": CHANNEL, "releases": 0, "created_at": NEAR, "state": "done"}
        | {"finished_at": FAR},
    ),
    (
        "actions",
        _ON_IT
        | {"id": STOP, "kind": "stop", "requester": NIA, "team": TEAM, "reason": ""}
        | {"facts": json_of("stop", StopFacts(name="next-door", type="p4d.24xlarge", region="next-door"))}
        | {"state": "pending", "created_at": NEAR, "expires_at": FAR, "batch": "batch-next-door"},
    ),
    ("yeses", {"action_id": STOP, "person": PAT, "at": NEAR}),
    ("batches", {"id": "batch-next-door", "team": TEAM, "requester": NIA, "reason": "", "created_at": NEAR}),
    (
        "consents",
        {"id": "consent-next-door", "action_id": STOP, "claim_id": CLAIM, "holder": NIA}
        | {"until_at": FAR, "asked_at": NEAR, "deadline_at": FAR},
    ),
    ("snoozes", _ON_IT | {"until_at": FAR, "who": PAT, "made_at": NEAR, "since_at": NEAR}),
    ("drains", _ON_IT | {"id": "drain-next-door", "who": PAT, "since": NEAR, "reason": ""}),
    ("on_hours", _ON_IT | {"windows": "Mon-Fri 09:00-18:00", "stop_only": 0, "set_by": PAT, "set_at": NEAR}),
    (
        "hours_wishes",
        _ON_IT
        | {"id": "wish-next-door", "team": TEAM, "person": NIA, "windows": "", "stop_only": 0, "before": ""}
        | {"created_at": NEAR, "expires_at": FAR, "state": "pending"},
    ),
    (
        "parkings",
        _ON_IT
        | {"rule": "hours", "basis_at": NEAR, "acts_at": FAR, "channel": CHANNEL, "decider": PAT}
        | {"settled_at": FAR, "outcome": "theirs"},
    ),
    (
        "outbox",
        {"channel": CHANNEL, "ref": "waits-next-door", "kind": "next-door", "subject": "", "due_at": FAR}
        | {"created_at": NEAR},
    ),
    ("posts", {"channel": CHANNEL, "ref": "posted-next-door", "posted_channel": CHANNEL, "ts": "4102444800.000001"}),
    ("calendar_feeds", {"token_sha256": "0" * 64, "person": NIA, "team": TEAM, "made_at": NEAR}),
    ("tokens", {"host": "next-door", "sha256": "0" * 64, "created_at": NEAR, "last_ip": ""}),
    ("gpus", {"host": MACHINE, "gpu": 0, "uuid": "GPU-next-door", "name": "NVIDIA A100"}),
    ("minutes", {"host": MACHINE, "minute": FAR, "gpus": b"theirs"}),
    ("boots", {"host": MACHINE, "boot_id": "theirs", "minute_zero": NEAR, "quiet_from": NEAR, "seen_at": FAR}),
    ("pushes", {"host": MACHINE, "boot_id": "theirs", "seq": 1, "received_at": FAR}),
)


def move_in(store: Store) -> list[Row]:
    """Write the neighbours into a store without a row; their rows, in the order of `ROWS`."""
    with store.writing() as db:
        for table, values in ROWS:
            marks = ", ".join("?" * len(values))
            db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))
        db.execute("UPDATE lines SET people = 0")  # whoever waited next door does not any more
    return rows_of(store)


def rows_of(store: Store) -> list[Row]:
    """The rows of the neighbours as they are now; an empty one where it is not what it was."""
    db = store.reading()
    return [one(db, _same(table, values), *values.values()) or {} for table, values in ROWS]


def _same(table: str, values: Values) -> str:
    return f"SELECT * FROM {table} WHERE {' AND '.join(f'{column} IS ?' for column in values)}"
