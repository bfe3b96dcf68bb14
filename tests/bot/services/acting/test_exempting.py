"""An exempt instance is in no digest and can't be stopped from chat, until its day is over."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.clock import DAY_MS
from bot.errors import Refused
from bot.services import digest
from store import outbox as stored_outbox
from tests.bot.services.room import CHANNEL, SETTINGS, Room

TOLD = "train-7 is exempt until 23 November 2026: serving the demo. Ask an admin to lift it in valet.toml."


@pytest.fixture
def demo(tmp_path, clock):
    exempt = {"instance": "train-7", "reason": "serving the demo", "until": date(2026, 11, 23)}
    teams = {"nlp": SETTINGS["teams"]["nlp"] | {"idle": {"window_minutes": 120}}}
    made = Room(tmp_path / "exempt.db", clock, settings=SETTINGS | {"exempt": [exempt], "teams": teams})
    made.sweep()
    yield made
    made.close()


def listed(room) -> bool:
    """Whether train-7 is in today's digest."""
    room.reports("train-7", 0.0, minutes=130)
    room.tick()
    digest.make_due(room.ctx)
    day = datetime.fromtimestamp(room.clock() / 1000, UTC).date().isoformat()
    content = stored_outbox.digest_content(room.ctx.store.reading(), CHANNEL, day)
    return content is not None and any(row["name"] == "train-7" for row in content["rows"])


def test_it_is_not_listed_while_it_is_exempt(demo):
    assert not listed(demo)
    demo.clock.forward(DAY_MS)
    assert listed(demo)


def test_stopping_it_by_hand_is_refused_with_the_reason_and_the_day(demo):
    demo.reports("train-7", 0.0, minutes=130)

    with pytest.raises(Refused) as refused:
        demo.asks("train-7")

    assert str(refused.value) == TOLD
    demo.clock.forward(DAY_MS)
    demo.reports("train-7", 0.0, minutes=130)
    assert demo.asks("train-7").state == "pending"


def test_a_team_that_waits_longer_is_judged_by_its_own_hour(demo):
    team = demo.ctx.settings.rule_of("nlp")

    demo.reports("train-7", 0.0, minutes=100)
    demo.tick()
    row = (
        demo.ctx.store.reading()
        .execute(
            "SELECT i.team, v.state FROM verdicts v JOIN instances i ON i.id = v.instance_id WHERE i.name = 'train-7'"
        )
        .fetchone()
    )
    assert team.window_minutes == 120
    assert row == ("nlp", "unknown")
