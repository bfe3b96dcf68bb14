"""Who gets what in which order, by the rules alone."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import GpuKind, gpu_kind
from bot.domain.sharing.bookings import Hold
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.line import Vacancies, Waiter, awaited_gpus, turn_of, turns_now
from tests.conftest import MONDAY

NOW = MONDAY


def machine(
    name: str, gpus: int = 4, *, held: tuple[int, ...] = (), until: int = 2 * HOUR_MS, owned: bool = False
) -> Listing:
    provider = "owned" if owned else "ec2"
    instance = Instance(name, name, provider, provider, "g5", "running", gpu_model="A10G", gpu_count=gpus)  # type: ignore[arg-type]
    claims = (Claim("c", name, "U0HOLDER", NOW - HOUR_MS, NOW + until, held),) if held else ()
    return Listing(instance, claims=claims)


def waiter(number: int, *, instance: str = "", count: int | None = 1, length: int = HOUR_MS) -> Waiter:
    wanted = GpuKind() if instance else gpu_kind("a10g")
    return Waiter(number, f"U{number}", instance, wanted, count, length, "", NOW)


waiters = st.lists(
    st.builds(
        lambda instance, count, hours: (instance, count, hours * HOUR_MS),
        st.sampled_from(("", "", "one", "two")),
        st.integers(1, 4),
        st.integers(1, 9),
    ),
    max_size=8,
).map(lambda rows: [waiter(n, instance=i, count=c, length=span) for n, (i, c, span) in enumerate(rows, 1)])
machines = st.builds(
    lambda first, second: [
        machine("one", held=tuple(sorted(first))),
        machine("two", held=tuple(sorted(second)), owned=True),
    ],
    st.sets(st.integers(0, 3)),
    st.sets(st.integers(0, 3)),
)


@given(waiters, machines)
def test_no_gpu_is_given_twice_or_while_it_is_claimed(line, vacancies):
    turns = turns_now(line, Vacancies(vacancies, (), NOW), NOW)

    given_out = [(turn.instance_id, gpu) for turn in turns for gpu in turn.gpus]
    taken = {(each.instance.id, gpu) for each in vacancies for held in each.claims for gpu in held.gpus}
    assert len(given_out) == len(set(given_out))
    assert not taken & set(given_out)
    assert all(len(turn.gpus) == turn.waiter.count for turn in turns)


def test_whoever_waits_for_more_than_a_machine_has_gets_no_turn_and_delays_nobody():
    line = [waiter(1, instance="one", count=3), waiter(2, instance="one", count=2)]

    turns = turns_now(line, Vacancies([machine("one", gpus=2)], (), NOW), NOW)

    assert [(turn.waiter.id, turn.gpus) for turn in turns] == [(2, (0, 1))]


@given(waiters, machines)
def test_nobody_gets_what_somebody_before_them_could_have_had(line, vacancies):
    turns = turns_now(line, Vacancies(vacancies, (), NOW), NOW)

    served = {turn.waiter.id for turn in turns}
    for turn in turns:
        for earlier in line[: turn.waiter.id - 1]:
            if earlier.id not in served:
                assert earlier.instance_id != turn.instance_id
                assert earlier.instance_id or (earlier.count or 0) > len(turn.gpus)


@given(waiters, machines)
def test_whoever_stands_last_is_never_served_sooner_for_having_more_people_ahead(line, vacancies):
    last = waiter(99, instance="one", count=2)

    alone, behind = turn_of(last, [], Vacancies(vacancies, (), NOW)), turn_of(last, line, Vacancies(vacancies, (), NOW))

    assert alone is not None
    assert behind is not None
    assert alone.at <= behind.at


@given(waiters, machines, st.integers(1, 4))
def test_what_is_not_spoken_for_can_be_had_at_once(line, vacancies, count):
    free = set(vacancies[0].unclaimed) - awaited_gpus(line, Vacancies(vacancies, (), NOW), "one")

    turn = turn_of(waiter(99, instance="one", count=count), line, Vacancies(vacancies, (), NOW))

    assert turn is not None
    assert (turn.at == NOW) == (len(free) >= count)


@given(waiters, machines, st.integers(0, 12), st.integers(1, 12))
def test_no_turn_runs_into_a_booking(line, vacancies, begin, length):
    booked = Hold("one", "U0BOOKED", (0, 1), NOW + begin * HOUR_MS, NOW + (begin + length) * HOUR_MS, booked=True)

    for turn in turns_now(line, Vacancies(vacancies, [booked], NOW), NOW):
        hits = turn.instance_id == "one" and set(turn.gpus) & {0, 1}
        assert not (hits and booked.meets(turn.at, turn.at + turn.waiter.length))


def test_what_is_paid_for_already_comes_first_and_then_the_tightest_fit():
    rented, owned, small = machine("a"), machine("z", owned=True), machine("m", gpus=1)

    first = turn_of(waiter(1), [], Vacancies([rented, owned, small], (), NOW))
    second = turn_of(waiter(1), [], Vacancies([rented, small], (), NOW))

    assert first is not None
    assert second is not None
    assert (first.instance_id, second.instance_id) == ("z", "m")


def test_a_claim_past_its_end_is_not_free_yet():
    over = machine("one", held=(0, 1, 2, 3), until=-MINUTE_MS)

    turn = turn_of(waiter(1, instance="one", count=None), [], Vacancies([over], (), NOW))

    assert turn is not None
    assert turn.at == NOW + MINUTE_MS


def test_no_machine_no_turn():
    assert turn_of(waiter(1, count=9), [], Vacancies([machine("one")], (), NOW)) is None


def test_a_booking_blocks_only_its_gpus():
    def turn(count: int):
        booked = [Hold("one", "U0BOOKER", (0, 1), NOW, NOW + 2 * HOUR_MS, booked=True)]
        return turn_of(waiter(1, count=count), [], Vacancies([machine("one")], booked, NOW))

    assert [(turn(count).gpus, turn(count).at) for count in (1, 2, 3)] == [
        ((2,), NOW),
        ((2, 3), NOW),
        ((0, 2, 3), NOW + 2 * HOUR_MS),
    ]


def test_a_booking_of_one_machine_blocks_no_other():
    booked = [Hold("one", "U0BOOKER", (0, 1, 2, 3), NOW, NOW + 2 * HOUR_MS, booked=True)]

    turns = turns_now([waiter(1, count=4)], Vacancies([machine("one"), machine("two")], booked, NOW), NOW)

    assert [(turn.instance_id, turn.gpus) for turn in turns] == [("two", (0, 1, 2, 3))]
