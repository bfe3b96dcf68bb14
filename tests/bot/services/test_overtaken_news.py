"""What waits for the morning is not told any more once what it asked, or told of, is over; and what is muted is not."""

from dataclasses import replace

import pytest

from bot.domain.own_settings import OwnSettings
from bot.services import quiet
from store import own_settings as stored_own_settings
from tests.bot.services.test_answers_to_what_is_over import OVER
from tests.neighbours import CLAIM, MACHINE, NIA
from tests.store.conditions import put, row_in

NOTICE = row_in(
    "machine_notices",
    id=7,
    instance_id=MACHINE,
    kind="down",
    person="",
    since=1,
    detail="",
    noticed_at=1,
    looked_at=1,
)
REFUSED = row_in("settings_reads", id=1, read_at=1, waiting="[]", refused_at=1, refused="why")
CASES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "claim_reminder": (CLAIM, (OVER,), ()),
    "waited_for": (CLAIM, (OVER, put("claims", ended_at=1, end_reason="expired")), ()),
    "keep_question": ("batch-next-door", (put("questions", state="kept", settled_at=1),), ()),
    "keep_waited_for": ("question-next-door", (put("questions", state="ended", settled_at=1),), ()),
    "machine_notice": ("7", (put("machine_notices", over_at=1),), (NOTICE,)),
    "request": ("request-next-door", (put("requests", answer="kept", answered_at=1), OVER), ()),
    "squat": ("squat-next-door", (put("squats", state="over"), put("squats", state="claimed")), ()),
    "offer": ("offer-next-door", (put("offers", state="lapsed", ended_at=1),), ()),
    "handover": ("handover-next-door", (put("handovers", state="taken", settled_at=1),), ()),
    "drain": ("drain-next-door", (put("drains", ended_at=1),), ()),
    "settings_refused": ("why", (put("settings_reads", refused=""),), (REFUSED,)),
}
"""Of each kind of message what it is about, what ends that, and what has to be there."""


def test_every_kind_that_can_be_overtaken_is_tried_here():
    assert CASES.keys() == quiet.IS_OVER.keys()


@pytest.mark.parametrize(("kind", "ending"), [(kind, sql) for kind, (_, ends, _) in CASES.items() for sql in ends])
def test_what_is_over_by_the_morning_is_not_told(desk, kind, ending):
    subject, _, before = CASES[kind]
    with desk.store.writing() as db:
        for sql in before:
            db.execute(sql)
    still = quiet.is_overtaken(desk, kind, subject)
    with desk.store.writing() as db:
        assert db.execute(ending).rowcount > 0

    assert (still, quiet.is_overtaken(desk, kind, subject)) == (False, True)


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind != "settings_refused"])
def test_nothing_is_told_of_what_is_not_known_any_more(desk, kind):
    assert quiet.is_overtaken(desk, kind, "1000")


def test_an_end_by_its_time_is_told_and_so_is_what_has_no_end(desk):
    with desk.store.writing() as db:
        db.execute(put("claims", ended_at=1, end_reason="expired"))

    assert not quiet.is_overtaken(desk, "claim_reminder", CLAIM)
    assert not quiet.is_overtaken(desk, "another kind", CLAIM)
    assert not quiet.is_overtaken(desk, "settings_refused", "before the first reading")


MUTED = {
    "claim_reminder": f"{CLAIM}|60",
    "claim_cut": CLAIM,
    "waited_for": CLAIM,
    "machine_notice": "7",
    "squat": "squat-next-door",
    "snooze_ended": f"{MACHINE}|1",
}


def test_news_of_a_muted_machine_are_not_told_to_whoever_muted_it(desk):
    assert MUTED.keys() == quiet.MACHINE_OF.keys()
    own = OwnSettings(NIA)
    with desk.store.writing() as db:
        db.execute(NOTICE)
        stored_own_settings.keep_own_settings(db, replace(own, muted=frozenset({"i-across"})))
    assert [kind for kind, subject in MUTED.items() if quiet.is_muted(desk, kind, subject, NIA)] == []
    with desk.store.writing() as db:
        stored_own_settings.keep_own_settings(db, replace(own, muted=frozenset({MACHINE})))

    assert {kind for kind, subject in MUTED.items() if quiet.is_muted(desk, kind, subject, NIA)} == MUTED.keys()
    assert [kind for kind, subject in MUTED.items() if quiet.is_muted(desk, kind, subject, "U0OLA")] == []
    assert [kind for kind in MUTED if quiet.is_muted(desk, kind, "1000", NIA)] == []
    assert not quiet.is_muted(desk, "request", "request-next-door", NIA)
