"""A store in which the neighbours are awake: everything of theirs is open, and due."""

from collections.abc import Iterator

import pytest

from bot.domain.machines.names import shown_look
from store import Store
from store import audit as stored_audit
from tests.opening import open_store

_QUEUED = "INSERT INTO outbox (channel, ref, kind, subject, state, error, due_at, created_at, tried_at) VALUES"
_NOTED = "INSERT INTO audit (at, who, did, subject, detail, before, after, hash) VALUES"
_AS_IS = (
    "provider, source, type, state, gpu_model, gpu_count, gpu_memory_mib, nvme_gb, zone, lifecycle, asg, "
    "stop_protected, root_device, state_reason, tags, team, rate_source, rate_exact"
)
_BUILT = f"INSERT INTO instances (id, name, looks_like, {_AS_IS})"
_JUDGED = "INSERT INTO verdicts (instance_id, state, evidence, gpus, waste_micros, judged_at) VALUES"
AWAKE = (
    "UPDATE instances SET gone_at = NULL",
    "INSERT INTO sources (source, ok_at, error) VALUES ('ec2/next-door', 1, '')",
    f"{_BUILT} SELECT 'i-across', 'across', '{shown_look('across')}', {_AS_IS} FROM instances",
    "UPDATE bookings SET last_day = '2099-12-31'",
    f"{_JUDGED} ('i-next-door', 'free', '', '[]', 0, 1)",
    "UPDATE waiters SET ended_at = NULL, end_reason = NULL",
    "UPDATE lines SET people = 1",
    "UPDATE offers SET state = 'open', ended_at = NULL",
    "UPDATE slots SET state = 'booked'",
    "UPDATE runs SET state = 'running', finished_at = NULL",
    "UPDATE reminders SET until_at = 1",
    "UPDATE squats SET state = 'asked'",
    "UPDATE parkings SET settled_at = NULL, action_id = 'stop-next-door'",
    "UPDATE gpus SET last_minute_at = 1, users = '[\"nia\"]', process = 'python', seen_until = 1",
    f"{_QUEUED} ('C0NEXTDOOR', 'dead-next-door', '', '', 'dead', 'gone', 1, 1, 1)",
    f"{_QUEUED} ('C0NEXTDOOR', 'posted-next-door', '', '', 'sent', '', 1, 1, 1)",
    f"{_NOTED} (1, 'U0NIA', 'looked', 'i-next-door', '', '', '{stored_audit.REFUSED}', '{'0' * 64}')",
)
"""What sleeps next door in other tests, so that no job of theirs finds it."""


@pytest.fixture(scope="module")
def awake(tmp_path_factory) -> Iterator[Store]:
    """A store in which everything next door is open."""
    store = open_store(tmp_path_factory.mktemp("awake") / "valet.db", shared=True)
    with store.writing() as db:
        for sql in AWAKE:
            db.execute(sql)
    yield store
    store.close()
