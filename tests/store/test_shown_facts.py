"""What a card showed, kept with its action: every kind as it was, and rows of versions that kept all in one record."""

import json

import pytest

from bot.domain.acting.actions import FACTS, CloneFacts, LaunchFacts, OverBudget, ResizeFacts, StartFacts, StopFacts
from bot.domain.money.standing_costs import StandingCost
from store.acting.actions import facts_of, json_of

SHOWN = {"name": "train-7", "type": "p4d.24xlarge", "region": "us-east-1", "rate_micros": 5, "approvals": 2}
PAID = {"budget_micros": 9, "over": (OverBudget("the company", 7, 6),), "beyond": "8 GPUs", "unread": ("agents",)}
HELD = {
    "claim_ids": ("c-1",),
    "holders": ("U0ADA0001",),
    "kept_by": "U0BOB0001",
    "kept_until": 8,
    "kept_why": "half a pair \ud83d of an emoji",
    "snoozed": {"U0BOB0001": 8},
    "keeping": StandingCost(7, ("io2",), 5, 1, 3),
}
SEEN = {"verdict": "free", "verdict_since": 1, "evidence": "quiet", "programs": ("python (ada)",), "waiting": 1}
KINDS = {
    "stop": StopFacts(**SHOWN, **HELD, **SEEN, owner="U0ADA0001", even_active=True, rule="idle", parked_at=4),
    "start": StartFacts(**SHOWN, **HELD, **PAID, rule="hours", parked_at=4),
    "launch": LaunchFacts(**SHOWN, **PAID, source="ec2/1/us-east-1", template="box"),
    "clone": CloneFacts(**SHOWN, **HELD, **PAID, reboot=True),
    "resize": ResizeFacts(**SHOWN, **HELD, **PAID, **SEEN, reboot=True, was_type="g5.xlarge", tags={"team": "nlp"}),
}


@pytest.mark.parametrize("kind", FACTS)
def test_a_card_keeps_what_it_showed(kind):
    text = json_of(kind, KINDS[kind])

    assert type(KINDS[kind]) is FACTS[kind]
    assert facts_of(kind, text) == KINDS[kind]
    assert facts_of(kind, text[:-1] + ', "newer": 1}') == KINDS[kind]


@pytest.mark.parametrize("kind", FACTS)
def test_an_old_row_that_kept_the_words_of_all_kinds_is_read(kind):
    everything = {key: value for each in KINDS for key, value in json.loads(json_of(each, KINDS[each])).items()}
    own = json.loads(json_of(kind, KINDS[kind]))

    assert facts_of(kind, json.dumps(everything | own)) == KINDS[kind]


@pytest.mark.parametrize("kind", FACTS)
def test_a_kind_that_knows_little_says_nothing_of_the_rest(kind):
    plain = FACTS[kind](name="a", type="b", region="c")

    assert facts_of(kind, '{"name": "a", "type": "b", "region": "c"}') == plain
    assert getattr(plain, "keeping", None) is None
    assert not hasattr(plain, "__dict__")
