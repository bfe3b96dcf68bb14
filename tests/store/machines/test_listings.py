"""The fleet as people see it: the right order, the right ones, and no name that breaks out of its query."""

from dataclasses import replace

import pytest

from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import FleetFilter, waste_of
from bot.domain.machines.verdict import GpuVerdict, Verdict, VerdictState
from bot.domain.money.rates import Rate
from bot.domain.sharing.claims import Claim
from handlers.blocks.machines.status import fleet_headline
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import claims as stored_claims

A100 = Instance("i-1", "train-1", "ec2", "ec2/1/us-east-1", "p4d.24xlarge", "running", "A100", 8)
HOSTILE = ["100%", "_x_", "o'brien", 'say "hi"', "🤖-gpu", "a\\b", "x; DROP TABLE instances", "ÄÖ", "%", "[a-z]*", "?1"]


def put(
    store, instance: Instance, *, usd: int | None = 10, verdict: VerdictState | None = None, team: str = "nlp"
) -> None:
    rate = None if usd is None else Rate(usd * 1_000_000, "list")
    with store.writing() as db:
        stored_fleet.save(db, instance, team=team, rate=rate)
        if verdict:
            gpus = (GpuVerdict(0, "free", 5), GpuVerdict(1, "active", 7)) if verdict == "partial" else ()
            judged = Verdict(verdict, 5, "because", 9, gpus)
            waste = waste_of(rate.micros_per_hour if rate else 0, judged, instance.gpu_count)
            stored_fleet.save_verdicts(db, {instance.id: (judged, waste)})


def hold(store, instance_id: str, holder: str) -> None:
    with store.writing() as db:
        stored_claims.add(db, Claim(f"c-{instance_id}", instance_id, holder, 1, 100, tuple(range(8))))


def named(name: str, **fields) -> Instance:
    return replace(A100, id=f"i-{name}", name=name, **fields)


def names(store, **chosen) -> list[str]:
    return [each.instance.name for each in listings.listings_page(store.reading(), FleetFilter(**chosen), limit=50)]


def found(store, word: str) -> list[str]:
    return [each.instance.name for each in listings.matching_listings(store.reading(), word)]


@pytest.fixture
def mixed(store):
    put(store, named("stopped", state="stopped"), usd=99)
    put(store, named("busy"), usd=30, verdict="active")
    put(store, named("unseen"), usd=20)
    put(store, named("idle-cheap"), usd=1, verdict="free")
    put(store, named("idle-dear"), usd=40, verdict="held")
    put(store, named("idle-unpriced", type="g5.xlarge"), usd=None, verdict="free", team="vision")
    put(store, named("half"), usd=32, verdict="partial")
    put(store, named("dgx", provider="owned", type="owned"), usd=None, verdict="active", team="vision")
    hold(store, "i-busy", "U1")
    hold(store, "i-idle-dear", "U2")
    return store


def test_the_most_wasteful_come_first_then_idle_working_unseen_and_stopped(mixed):
    assert names(mixed) == ["idle-dear", "half", "idle-cheap", "idle-unpriced", "busy", "dgx", "unseen", "stopped"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"state": "idle"}, ["idle-dear", "idle-cheap", "idle-unpriced"]),
        ({"state": "held"}, ["idle-dear"]),
        ({"state": "partial"}, ["half"]),
        ({"state": "unknown"}, ["unseen"]),
        ({"state": "stopped"}, ["stopped"]),
        ({"state": "running", "team": "vision"}, ["idle-unpriced", "dgx"]),
        ({"holder": "U1"}, ["busy"]),
        ({"team": "vision"}, ["idle-unpriced", "dgx"]),
        ({"type_prefix": "g5"}, ["idle-unpriced"]),
        ({"type_prefix": "%"}, []),
        ({"provider": "owned"}, ["dgx"]),
        ({"state": "idle", "unclaimed": True}, ["idle-cheap", "idle-unpriced"]),
        ({"state": "idle", "team": "nlp", "holder": "U2"}, ["idle-dear"]),
        ({"team": "' OR 1=1 --"}, []),
    ],
)
def test_filters_let_through_what_they_name(mixed, chosen, expected):
    assert names(mixed, **chosen) == expected


def test_pages_show_everything_once(mixed):
    db = mixed.reading()
    pages = [listings.listings_page(db, FleetFilter(), limit=3, offset=start) for start in (0, 3, 6, 9)]

    assert [each.instance.name for page in pages for each in page] == names(mixed)


def test_the_sums_are_over_what_runs_and_say_what_has_no_price(mixed):
    sums = listings.fleet_totals(mixed.reading(), FleetFilter())

    assert (sums.instances, sums.gpus, sums.running, sums.idle, sums.unpriced) == (8, 64, 7, 3, 2)
    assert sums.rate_micros == (30 + 20 + 1 + 40 + 32) * 1_000_000
    assert sums.waste_micros == (40 + 1 + 32 // 8) * 1_000_000


def test_a_borrowed_price_of_what_runs_makes_the_sums_estimates(mixed):
    assert listings.fleet_totals(mixed.reading(), FleetFilter()).estimated == 0

    with mixed.writing() as db:
        borrowed = Rate(7_000_000, "list price of another region", exact=False)
        stored_fleet.save(db, named("abroad"), team="", rate=borrowed)
        stored_fleet.save(db, named("abroad-stopped", state="stopped"), team="", rate=borrowed)

    told = listings.fleet_totals(mixed.reading(), FleetFilter())
    assert told.estimated == 1
    assert "about $130/h" in fleet_headline(told)


def test_the_sums_of_nothing_are_zero(store):
    assert listings.fleet_totals(store.reading(), FleetFilter(team="x")).instances == 0


def test_a_listing_carries_its_verdict_rate_and_claim(mixed):
    half = listings.by_id(mixed.reading(), "i-half")
    busy = listings.by_id(mixed.reading(), "i-busy")

    assert half is not None
    assert half.verdict == Verdict("partial", 5, "because", 9, (GpuVerdict(0, "free", 5), GpuVerdict(1, "active", 7)))
    assert (half.waste_micros, half.rate) == (4_000_000, Rate(32_000_000, "list"))
    assert busy is not None
    assert busy.claims == (Claim("c-i-busy", "i-busy", "U1", 1, 100, tuple(range(8))),)


def test_what_is_gone_is_not_listed(mixed):
    with mixed.writing() as db:
        stored_fleet.mark_gone(db, ["i-busy"], 7)

    assert "busy" not in names(mixed)
    assert listings.by_id(mixed.reading(), "i-busy") is None
    assert found(mixed, "busy") == []


def test_an_exact_name_wins_over_longer_ones_and_case_does_not_count(store):
    for name in ("train-1", "train-10", "train-2"):
        put(store, named(name))

    assert found(store, "Train-1") == ["train-1"]
    assert found(store, "TRAIN-10") == ["train-10"]
    assert found(store, "train-") == ["train-1", "train-10", "train-2"]
    assert found(store, "i-train-2") == ["train-2"]
    assert found(store, "rain") == []


def test_two_of_one_name_are_both_found(store):
    put(store, named("twin"))
    put(store, replace(named("twin"), id="i-other"))

    assert found(store, "twin") == ["twin/i-other", "twin/i-twin"]
    assert found(store, "i-other") == ["twin/i-other"]


def test_machines_of_before_names_were_told_apart_are_at_the_next_look(store):
    put(store, named("twin"))
    put(store, replace(named("twin"), id="i-other"))
    with store.writing() as db:
        db.execute("UPDATE instances SET name = 'twin', own_name = NULL, looks_like = NULL")
        stored_fleet.save_all(db, [])

    assert found(store, "twin") == ["twin/i-other", "twin/i-twin"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_taken_letter_for_letter(store, name):
    put(store, replace(A100, id="i-hostile", name=name))
    put(store, named("harmless"))

    assert found(store, name) == [name]
    assert found(store, name[:1]) == [name]


@pytest.mark.parametrize(
    "word", ["%", "_", "", "*", "h%", "' OR ''='", "\x00", "h\x00", "\ud800", "🤖" * 5000, "harmless "]
)
def test_no_word_matches_more_than_it_says(store, word):
    put(store, named("harmless"))

    assert found(store, word) == []


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["active"], "Nothing idle."),
        (["active", None], "Nothing seen idle, 1 unknown."),
        ([None, "unknown"], "Nothing seen idle, 2 unknown."),
        (["free", None], "1 idle, wasting $10.00/h."),
    ],
)
def test_of_machines_that_nobody_saw_none_is_said_to_work(store, states, said):
    for number, state in enumerate(states):
        put(store, named(f"box-{number}"), verdict=state)

    assert fleet_headline(listings.fleet_totals(store.reading(), FleetFilter())).endswith(said)
