"""What counts for which wish: each cell of the table, and that nothing unknown is a difference."""

from dataclasses import replace

import pytest

from bot.domain.preconditions import COUNTS, Conditions, difference

SHOWN = Conditions(
    "train-7",
    launch=1,
    team="nlp",
    type="g5.2xlarge",
    rate_micros=1_210_000,
    template="here lt-1",
    paid_anyway="",
    over=frozenset({"the company"}),
    claims=frozenset({"c-1"}),
    claim="c-1",
    gpus=(0, 1),
    until_at=9,
    hours="as its team",
    snoozed={"U0CY": 5},
)
OTHERS = {
    "launch": replace(SHOWN, launch=2),
    "decider": replace(SHOWN, gone="<@U0BOB> may no longer approve this."),
    "team": replace(SHOWN, team="vision"),
    "type": replace(SHOWN, type="p5.48xlarge"),
    "rate": replace(SHOWN, rate_micros=55_040_000),
    "template": replace(SHOWN, template="here lt-2"),
    "paid": replace(SHOWN, paid_anyway="a capacity block"),
    "over": replace(SHOWN, over=frozenset({"the company", "team nlp"})),
    "claims": replace(SHOWN, claims=frozenset({"c-1", "c-2"})),
    "claim": replace(SHOWN, claim=""),
    "gpus": replace(SHOWN, gpus=(0, 1, 2)),
    "until": replace(SHOWN, until_at=10),
    "hours": replace(SHOWN, hours="never"),
    "booked": replace(SHOWN, booked=("U0CY", 7)),
    "snoozed": replace(SHOWN, snoozed={"U0CY": 6}),
}
TABLE = {
    "stop": "launch decider team claims booked snoozed paid",
    "start": "launch decider team type rate over",
    "launch": "template decider rate over",
    "clone": "launch decider team type rate over snoozed",
    "resize": "launch decider team type rate over claims snoozed",
    "order": "decider rate",
    "old": "launch decider team claims snoozed",
    "claim": "decider type claim gpus until",
    "booking": "decider type",
    "takeover": "decider type claim gpus until",
    "hours": "team hours",
}


@pytest.mark.parametrize("kind", COUNTS)
def test_each_fact_that_counts_ends_the_wish_and_no_other_does(kind):
    told = {name: difference(kind, SHOWN, now) for name, now in OTHERS.items()}

    assert {name for name, said in told.items() if said} == set(TABLE[kind].split())
    assert difference(kind, SHOWN, SHOWN) == ""


@pytest.mark.parametrize("kind", [each for each in COUNTS if each not in {"stop", "start", "clone", "resize", "old"}])
def test_what_is_not_known_on_one_side_is_no_difference(kind):
    assert difference(kind, SHOWN, Conditions("train-7")) == ""
    assert difference(kind, Conditions("train-7"), SHOWN) == ""


def test_less_of_it_is_no_difference():
    cheaper = replace(SHOWN, rate_micros=1, over=frozenset(), claims=frozenset(), snoozed={})

    assert [kind for kind in COUNTS if difference(kind, SHOWN, cheaper)] == []


def test_what_is_kept_of_a_claim_comes_back_from_the_store():
    kept = Conditions.from_json(SHOWN.to_json())

    assert kept == Conditions("train-7", type="g5.2xlarge", claim="c-1", gpus=(0, 1), until_at=9)
