"""Each part of a rule about sharing counts: what the rule says changes with every one of them."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import Rate
from bot.domain.people import Roster, Team
from bot.domain.sharing.bookings import Hold
from bot.domain.sharing.calendar import CalendarWeek, calendar_cells, calendar_days, calendar_end
from bot.domain.sharing.claims import Claim, ClaimLimits, GpuChoice, claim_changes, gpu_words
from bot.domain.sharing.find import FindOption, claim_seen, idle_part, idle_since, saved_per_hour, spare_part, tier_of
from bot.domain.sharing.grants import Grant, grantors
from bot.domain.sharing.limits import Allowance, ClaimUse, beyond_allowance, claim_use
from bot.domain.sharing.runs import RUN_TAIL_CHARS, command_for_gpus, run_tail
from bot.domain.sharing.unclaimed import gpus_by_unclaimed_user, gpus_of_users
from bot.errors import Refused
from tests.conftest import MONDAY

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
TODAY, MIDNIGHT = date(2026, 11, 23), MONDAY - 9 * HOUR_MS
CLAIM = Claim("c", "i-1", "ada", MONDAY - HOUR_MS, MONDAY + HOUR_MS, (0, 1))
MACHINE = Instance("i-1", "train-7", "ec2", "ec2/1/eu", "p4d.24xlarge", "running", gpu_count=4)


def test_a_week_of_the_calendar_is_the_next_seven_local_days():
    assert calendar_days(MONDAY, UTC) == [date(2026, 11, day) for day in range(23, 30)]
    assert calendar_days(MIDNIGHT + DAY_MS - 1, BERLIN)[0] == date(2026, 11, 24)
    assert calendar_end(MONDAY, UTC) == MIDNIGHT + 7 * DAY_MS


@pytest.mark.parametrize(
    ("hold", "cell"),
    [
        ({}, "some"),
        ({"gpus": (0, 1, 2, 3)}, "taken"),
        ({"gpus": (0, 1, 2)}, "some"),
        ({"holder": "ada"}, "mine"),
        ({"until_at": MIDNIGHT + 12 * HOUR_MS}, "free"),
        ({"from_at": MIDNIGHT + 13 * HOUR_MS, "until_at": MIDNIGHT + 14 * HOUR_MS}, "free"),
    ],
)
def test_a_cell_of_the_calendar_says_whose_its_hour_is(hold, cell):
    of_noon = Hold("i-1", "cy", (0,), MIDNIGHT + 11 * HOUR_MS, MIDNIGHT + 13 * HOUR_MS, booked=True)
    week = CalendarWeek("i-1", "train-7", 4, (replace(of_noon, **hold),))

    cells = calendar_cells(week, TODAY, UTC, "ada", MONDAY)

    assert len(cells) == 24
    assert cells[12] == cell
    assert cells[8:10] == ["over", "free"]


def test_a_machine_whose_gpus_nobody_knows_is_taken_by_one_hold_whatever_its_cells():
    hold = Hold("i-1", "cy", (0,), MIDNIGHT + 12 * HOUR_MS, MIDNIGHT + 13 * HOUR_MS, booked=True)
    cells = calendar_cells(CalendarWeek("i-1", "m", 0, (hold,)), TODAY, UTC, "ada", MIDNIGHT, hours=6)

    assert cells == ["free", "free", "taken", "free"]


GRANT = Grant("g", "ada", "nlp", "i-1", GpuChoice(count=2), HOUR_MS, "", "", MONDAY, MONDAY + DAY_MS)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({}, True),
        ({"created_at": MONDAY + DAY_MS}, True),
        ({"length": 2 * HOUR_MS}, False),
        ({"length": 2 * HOUR_MS, "created_at": MONDAY - HOUR_MS}, True),
        ({"length": 2 * HOUR_MS, "created_at": MONDAY - HOUR_MS + 2 * MINUTE_MS}, True),
        ({"length": 2 * HOUR_MS, "created_at": MONDAY - HOUR_MS + 2 * MINUTE_MS + 1}, False),
        ({"choice": GpuChoice(count=3)}, False),
        ({"weekly": True}, False),
        ({"last_day": TODAY}, False),
    ],
)
def test_a_wish_is_the_same_for_as_long_or_up_to_the_same_moment(other, is_same):
    assert GRANT.is_same(replace(GRANT, **other)) is is_same


def test_what_a_wish_is_of_and_who_may_let_it_pass():
    team = Team("nlp", frozenset({"ada"}), frozenset({"bob", "ada"}))

    assert (GRANT.kind, replace(GRANT, from_at=1).kind) == ("claim", "booking")
    assert replace(GRANT, handover_id="h", from_at=1).kind == "takeover"
    assert grantors(GRANT, Roster((team,), frozenset({"dee"}))) == {"bob"}
    alone = Roster((replace(team, approvers=frozenset({"ada"})),), frozenset({"dee", "ada"}))
    assert grantors(GRANT, alone) == {"dee"}


def test_use_counts_open_claims_whole_and_ended_ones_for_what_lies_in_the_week():
    open_one = replace(CLAIM, from_at=MONDAY - 8 * DAY_MS, until_at=MONDAY + HOUR_MS)
    ended = replace(CLAIM, gpus=(0,), ended_at=MONDAY - 30 * MINUTE_MS)
    old = replace(CLAIM, from_at=MONDAY - 9 * DAY_MS, ended_at=MONDAY - 8 * DAY_MS)

    assert claim_use([open_one, ended, old], MONDAY) == ClaimUse(1, 2, 2 * (7 * DAY_MS + HOUR_MS) + 30 * MINUTE_MS)


@pytest.mark.parametrize(
    ("allowance", "told"),
    [
        (Allowance(), []),
        (Allowance(2, 3, 10), []),
        (Allowance(claims=1), ["you would have 2 claims, the limit is 1"]),
        (Allowance(gpus=2), ["you would have 3 GPUs, the limit is 2"]),
        (Allowance(gpu_hours_per_week=9), ["you would have 10 GPU-hours in a week, the limit is 9"]),
        (Allowance(0, 0, 0), ["you would have 2 claims, the limit is 0", "you would have 3 GPUs, the limit is 0"]),
    ],
)
def test_each_limit_that_is_exceeded_is_named(allowance, told):
    assert beyond_allowance(allowance, ClaimUse(2, 3, 9 * HOUR_MS + 1), "you")[:2] == told


def test_a_limit_may_be_any_of_the_three():
    assert not Allowance().is_set
    assert all(each.is_set for each in (Allowance(claims=0), Allowance(gpus=0), Allowance(gpu_hours_per_week=0)))


def test_the_length_of_a_claim_has_its_bounds():
    limits = ClaimLimits()

    assert limits.length(None) == 8 * HOUR_MS
    assert [limits.length(length) for length in (5 * MINUTE_MS, 14 * DAY_MS)] == [5 * MINUTE_MS, 14 * DAY_MS]
    with pytest.raises(Refused, match="at least 5 minutes"):
        limits.length(5 * MINUTE_MS - 1)
    with pytest.raises(Refused, match=r"at most 14 days\. Try 4h or 14d"):
        limits.length(14 * DAY_MS + 1)
    with pytest.raises(Refused, match=r"at most 2 days\. Try 4h or 2d"):
        ClaimLimits(longest=2 * DAY_MS).length(3 * DAY_MS)
    with pytest.raises(Refused, match=r"at most 47 hours\. Try 4h or 47h"):
        ClaimLimits(longest=47 * HOUR_MS).length(3 * DAY_MS)


@pytest.mark.parametrize(
    ("choice", "taken", "busy", "mine", "picked"),
    [
        (GpuChoice(), (), (), (), (0, 1, 2, 3)),
        (GpuChoice(), (3,), (), (), None),
        (GpuChoice(count=2), (0,), (), (), (1, 2)),
        (GpuChoice(count=2), (0,), (1,), (), (2, 3)),
        (GpuChoice(count=2), (), (), (3,), (0, 3)),
        (GpuChoice(count=1), (), (2,), (2, 3), (2,)),
        (GpuChoice(count=1), (), (0, 1), (1, 2), (1,)),
        (GpuChoice(count=3), (0, 1), (), (), None),
        (GpuChoice(indexes=(1, 3)), (0,), (), (), (1, 3)),
        (GpuChoice(indexes=(1, 3)), (3,), (), (), None),
    ],
)
def test_ones_own_gpus_come_first_and_then_those_without_work(choice, taken, busy, mine, picked):
    assert choice.pick(4, taken, busy, mine) == picked


def test_gpus_that_a_machine_has_not_are_refused_by_their_number():
    with pytest.raises(Refused, match="GPUs 0 to 3; there is no GPU 4"):
        GpuChoice(indexes=(0, 4)).pick(4, ())
    with pytest.raises(Refused, match="say gpus:1 to gpus:4"):
        GpuChoice(count=5).pick(4, ())
    with pytest.raises(Refused, match="say gpus:1 to gpus:4"):
        GpuChoice(count=0).pick(4, ())
    with pytest.raises(Refused, match="leave gpus:2 out"):
        GpuChoice(count=2).pick(0, ())
    assert GpuChoice().pick(0, ()) == (0,)
    assert (GpuChoice().is_whole, GpuChoice(1).is_whole, GpuChoice(indexes=(0,)).is_whole) == (True, False, False)


def test_said_again_a_choice_keeps_what_is_ones_own():
    assert GpuChoice(indexes=(1,)).beside((3, 0)) == GpuChoice(indexes=(0, 1, 3))
    assert [GpuChoice(count=count).beside((0, 1)) for count in (1, 3)] == [GpuChoice(count=2), GpuChoice(count=3)]
    assert GpuChoice().beside((0, 1)) == GpuChoice()


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({}, "claimed again"),
        ({"until_at": CLAIM.until_at + 1}, "extended"),
        ({"until_at": CLAIM.until_at - 1}, "shortened"),
        ({"gpus": (0,)}, "let go of some GPUs"),
        ({"gpus": (0, 1, 2)}, "took more GPUs"),
        ({"gpus": (0, 2)}, "changed to other GPUs"),
        ({"gpus": (0,), "until_at": CLAIM.until_at + 1}, "extended and let go of some GPUs"),
    ],
)
def test_what_became_of_a_claim_is_said_as_people_say_it(after, words):
    assert claim_changes(CLAIM, replace(CLAIM, **after)) == words
    assert (gpu_words((3,)), gpu_words((0, 1))) == ("GPU 3", "GPUs 0, 1")


def listing(*states: str, since: int | None = 5, **columns: object) -> Listing:
    gpus = tuple(GpuVerdict(gpu, state, since) for gpu, state in enumerate(states))  # type: ignore[arg-type]
    return Listing(MACHINE, rate=Rate(8, "list"), verdict=Verdict("partial", 1, "", 1, gpus), **columns)  # type: ignore[arg-type]


def test_gpus_idle_since_the_last_of_them_does_and_only_where_all_are_seen_to():
    seen = listing("active", "free", "held", "unknown")
    later = replace(seen, verdict=replace(seen.verdict, gpus=(*seen.verdict.gpus[:2], GpuVerdict(2, "held", 9))))

    assert idle_since(seen, (1, 2)) == 5
    assert idle_since(later, (1, 2)) == 9
    assert [idle_since(seen, gpus) for gpus in ((0, 1), (1, 3), (), (7,))] == [None] * 4
    assert idle_since(listing("free", since=None), (0,)) is None
    assert idle_since(replace(seen, verdict=None), (1,)) is None
    assert idle_since(replace(seen, verdict=replace(seen.verdict, state="unknown")), (1,)) is None


def test_of_a_claim_the_last_gpus_that_surely_idle_are_missed_least():
    claim = replace(CLAIM, gpus=(0, 1, 2))
    seen = listing("active", "free", "free", "free", claims=(claim,))

    assert spare_part(seen, claim, 1).gpus == (2,)
    assert spare_part(seen, claim, 2).gpus == (1, 2)
    assert (spare_part(seen, claim, 2).idle_since, spare_part(seen, claim, 3).idle_since) == (5, None)
    assert idle_part(seen, claim, GpuChoice(count=2)).gpus == (2,), "one more is free beside it"
    assert idle_part(seen, claim, GpuChoice(count=4)) is None, "all of the claim"
    assert idle_part(seen, claim, GpuChoice()) is None
    assert idle_part(seen, claim, GpuChoice(count=1)).gpus == (2,)
    assert idle_part(seen, claim, GpuChoice(indexes=(1, 3))).gpus == (1,)
    assert idle_part(seen, claim, GpuChoice(indexes=(0,))) is None, "it works"
    works = listing("active", "active", "active", "free", claims=(claim,))
    assert idle_part(works, claim, GpuChoice(count=2)) is None


def test_how_sure_it_is_that_nobody_works_on_a_claim():
    seen = listing("active", "free", "held", "unknown")

    assert [claim_seen(seen, replace(CLAIM, gpus=(gpu,))) for gpu in (1, 2, 3, 0)] == sorted(
        claim_seen(seen, replace(CLAIM, gpus=(gpu,))) for gpu in range(4)
    )
    assert claim_seen(seen, replace(CLAIM, gpus=(0, 1)), 1) == claim_seen(seen, replace(CLAIM, gpus=(1,)))
    assert claim_seen(seen, replace(CLAIM, gpus=(0, 1))) == claim_seen(seen, replace(CLAIM, gpus=(0,)))


@pytest.mark.parametrize(
    ("machine", "tier"),
    [
        ({}, "rented"),
        ({"provider": "owned"}, "owned"),
        ({"state": "stopped"}, "stopped"),
        ({"id": ""}, "launch"),
    ],
)
def test_where_something_stands_that_is_to_be_taken(machine, tier):
    assert tier_of(Listing(replace(MACHINE, **machine))) == tier


def test_a_better_way_saves_the_whole_of_what_is_not_taken_less_what_it_adds():
    own, paid = Listing(MACHINE, rate=Rate(9, "list")), FindOption("owned", 1, Listing(MACHINE, rate=Rate(4, "list")))
    extra = replace(paid, tier="stopped")

    assert saved_per_hour(own, paid) == 9
    assert saved_per_hour(own, extra) == 5
    assert saved_per_hour(replace(own, rate=None), paid) is None
    assert saved_per_hour(own, replace(extra, listing=Listing(MACHINE))) is None
    assert saved_per_hour(own, replace(paid, listing=Listing(MACHINE))) == 9


def test_use_without_a_claim_is_of_gpus_that_work_and_that_nobody_has():
    verdict = Verdict(
        "partial", 1, "", 1, tuple(GpuVerdict(gpu, s, 1) for gpu, s in enumerate(("active",) * 3 + ("free",)))
    )
    users = {0: ("ada", "cy"), 1: ("ada",), 2: ("ada",), 3: ("ada",)}

    assert gpus_by_unclaimed_user(verdict, frozenset({1}), users) == {"ada": (0, 2), "cy": (0,)}
    assert gpus_by_unclaimed_user(None, frozenset(), users) == {}
    assert gpus_of_users(users, frozenset({"cy", "x"})) == (0,)


def test_a_run_is_told_its_gpus_by_uuid_where_each_has_one():
    assert command_for_gpus("x", (0, 1), ("GPU-a", "GPU-b")).endswith("CUDA_VISIBLE_DEVICES=GPU-a,GPU-b\nx")
    assert command_for_gpus("x", (0, 1), ("GPU-a", "")).endswith("CUDA_VISIBLE_DEVICES=0,1\nx")
    assert command_for_gpus("x", (2,), ()).endswith("CUDA_VISIBLE_DEVICES=2\nx")


def test_of_an_output_the_last_whole_lines_are_kept():
    assert run_tail("a\nb\n") == "a\nb"
    assert run_tail("a\n" + "b" * (RUN_TAIL_CHARS - 1)) == "b" * (RUN_TAIL_CHARS - 1)
    assert run_tail("x\n" + "b" * (RUN_TAIL_CHARS - 3)) == "x\n" + "b" * (RUN_TAIL_CHARS - 3)
    assert run_tail("b" * (RUN_TAIL_CHARS + 5)) == "b" * RUN_TAIL_CHARS
