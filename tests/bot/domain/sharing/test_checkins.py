"""Claims beside what is measured: rules that take nothing from anybody by mistake."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import instant, local
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.sharing.checkins import checkin_day, claim_idle_since, is_worked_on, silence_ends
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.unclaimed import gpus_by_unclaimed_user, gpus_of_users

NOW = int(datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp() * 1000)
ZONES = [ZoneInfo(name) for name in ("UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")]
states = st.sampled_from(["active", "held", "free", "unknown"])
gpus = st.lists(st.tuples(states, st.one_of(st.none(), st.integers(0, 5 * HOUR_MS))), max_size=8)


def verdict(told) -> Verdict:
    each = tuple(GpuVerdict(n, state, None if ago is None else NOW - ago) for n, (state, ago) in enumerate(told))
    return Verdict("partial", None, "", NOW, each)


def claim(*indexes: int, since: int = NOW - DAY_MS) -> Claim:
    return Claim("c", "i", "ada", since, NOW + DAY_MS, indexes)


@given(gpus, st.sets(st.integers(0, 7), min_size=1))
def test_a_claim_is_worked_on_where_one_of_its_own_gpus_works(told, held):
    works = any(gpu < len(told) and told[gpu][0] == "active" for gpu in held)

    assert is_worked_on(claim(*sorted(held)), verdict(told)) is works


@given(gpus, st.sets(st.integers(0, 7), min_size=1))
def test_a_claim_is_idle_only_where_every_gpu_of_it_is_known_to_be(told, held):
    mine = claim(*sorted(held))

    since = claim_idle_since(mine, verdict(told))

    known = [told[gpu] if gpu < len(told) else ("unknown", None) for gpu in mine.gpus]
    if any(state in {"active", "unknown"} or ago is None for state, ago in known):
        assert since is None
    else:
        assert since == max(mine.from_at, *(NOW - ago for _, ago in known))


@given(gpus, st.sets(st.integers(0, 7), min_size=1))
def test_nothing_is_idle_and_worked_on(told, held):
    mine, seen = claim(*sorted(held)), verdict(told)

    assert not (is_worked_on(mine, seen) and claim_idle_since(mine, seen) is not None)


def test_time_before_the_claim_is_not_its_holders():
    assert claim_idle_since(claim(0, since=NOW - HOUR_MS), verdict([("free", 3 * HOUR_MS)])) == NOW - HOUR_MS


def test_an_instance_of_which_its_sources_disagree_is_not_idle():
    seen = Verdict("unknown", None, "", NOW, (GpuVerdict(0, "free", NOW - DAY_MS),))

    assert claim_idle_since(claim(0), seen) is None


@given(st.integers(NOW, NOW + 400 * DAY_MS), st.sampled_from(ZONES))
def test_people_are_asked_on_working_days_between_nine_and_six_of_theirs(now, zone):
    there = local(now, zone)

    asked = there.weekday() < 5 and 9 <= there.hour < 18

    assert checkin_day(now, zone) == (there.date() if asked else None)


@given(st.integers(NOW, NOW + 400 * DAY_MS), st.integers(1, 168), st.sampled_from(ZONES))
def test_silence_lasts_at_least_as_long_as_said_and_never_ends_on_a_weekend(asked_at, hours, zone):
    ends = silence_ends(asked_at, hours, zone)

    assert ends - asked_at >= hours * HOUR_MS - 1_000
    assert ends - asked_at <= hours * HOUR_MS + 2 * DAY_MS + HOUR_MS
    assert local(ends, zone).weekday() < 5


@pytest.mark.parametrize(
    ("zone", "asked", "said"),
    [
        ("America/New_York", date(2026, 10, 30), "Mon 09:00"),  # clocks go back on Sunday
        ("Australia/Lord_Howe", date(2026, 10, 2), "Mon 09:00"),  # and forward there, by half an hour
        ("Asia/Kolkata", date(2026, 11, 24), "Wed 09:00"),
    ],
)
def test_fridays_silence_ends_at_the_same_time_on_monday_whatever_clocks_do(zone, asked, said):
    place = ZoneInfo(zone)
    asked_at = instant(asked, time(9), place)

    assert f"{local(silence_ends(asked_at, 24, place), place):%a %H:%M}" == said


def test_use_is_told_by_unix_user_where_gpus_work_and_nobody_holds_them():
    seen = verdict([("active", 0), ("active", 0), ("free", HOUR_MS), ("active", 0), ("active", 0)])
    users = {0: ("ada",), 1: ("ada", "cy"), 2: ("ada",), 3: ("bob",)}

    found = gpus_by_unclaimed_user(seen, frozenset({3}), users)

    assert found == {"ada": (0, 1), "cy": (1,)}
    assert gpus_by_unclaimed_user(None, frozenset(), users) == {}
    assert gpus_of_users(users, frozenset({"cy", "bob"})) == (1, 3)


def test_work_on_no_gpu_in_particular_is_on_claims_of_all_only():
    seen = Verdict("active", NOW, "", NOW)

    assert is_worked_on(claim(0, 1), seen, is_whole=True)
    assert not is_worked_on(claim(0), seen)
