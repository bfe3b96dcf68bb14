"""Every micro-dollar has a holder, a team and a use, and the ledger is running time times rate, whatever is missed."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.money.metering import BLIND_MS, Meter, SeenInstance, advance
from bot.domain.money.rates import Charge, Share, cost_between
from bot.domain.money.splitting import ClaimedGpus, all_idle_ms, share_out, split_cost, use_letters

T0 = 400_000 * HOUR_MS
GPUS = 2
RATES = (32_772_601, 1_006_007)


def test_what_nobody_held_is_the_teams_own():
    assert split_cost(7, (T0, T0 + HOUR_MS), team="nlp", marks=((0, "bi"),), holds=()) == (
        Share("", "nlp", "busy", HOUR_MS, 4),
        Share("", "nlp", "idle", HOUR_MS, 3),
    )


def test_a_machine_idles_while_all_its_gpus_do():
    marks = ((0, "bi"), (T0 + 10 * MINUTE_MS, "ii"), (T0 + 30 * MINUTE_MS, "ib"), (T0 + 40 * MINUTE_MS, "i?"))

    assert all_idle_ms((T0, T0 + HOUR_MS), marks) == 20 * MINUTE_MS
    assert all_idle_ms((T0, T0 + HOUR_MS), ((0, "??"),)) == 0
    assert all_idle_ms((T0, T0 + HOUR_MS), ()) == 0


MARKS = st.lists(
    st.tuples(st.integers(0, 59).map(lambda minute: T0 + minute * MINUTE_MS), st.text("bi?", min_size=3, max_size=3)),
    min_size=1,
    max_size=6,
    unique_by=lambda mark: mark[0],
).map(lambda marks: tuple(sorted(marks)))


@given(marks=MARKS, silent=st.integers(0, 2))
def test_a_gpu_that_nobody_sees_makes_no_time_known(marks, silent):
    """Take a GPU's readings away: nothing of the machine idles for longer, and nothing is busy for longer."""
    span, less = (T0, T0 + HOUR_MS), tuple((at, seen[:silent] + "?" + seen[silent + 1 :]) for at, seen in marks)

    def times(told):
        return Counter({each.use: each.gpu_ms for each in split_cost(9, span, team="nlp", marks=told, holds=())})

    assert all_idle_ms(span, less) == 0 <= all_idle_ms(span, marks)
    assert times(less)["idle"] <= times(marks)["idle"]
    assert times(less)["busy"] <= times(marks)["busy"]
    assert times(less).total() == times(marks).total() == 3 * HOUR_MS


@given(marks=MARKS, hole=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted))
def test_minutes_of_a_machine_that_are_missing_make_no_time_known(marks, hole):
    """Take all readings of a machine away for a while: nothing of it is busy or idle for longer."""
    span, (first, last) = (T0, T0 + HOUR_MS), (T0 + minute * MINUTE_MS for minute in hole)
    after = [(last, seen) for at, seen in marks if at <= last][-1:]  # goes on from the end of the hole
    kept = [(at, seen) for at, seen in marks if not first <= at < last]
    less = tuple(sorted(dict([(first, "???"), *after, *kept]).items()))

    def times(told):
        return Counter({each.use: each.gpu_ms for each in split_cost(9, span, team="nlp", marks=told, holds=())})

    assert all_idle_ms(span, less) <= all_idle_ms(span, marks)
    assert times(less)["idle"] <= times(marks)["idle"]
    assert times(less)["busy"] <= times(marks)["busy"]
    assert times(less).total() == times(marks).total() == 3 * HOUR_MS


def test_a_claim_of_one_gpu_for_a_quarter_of_an_hour_pays_that_much():
    hold = ClaimedGpus("UADA", "vision", (1,), T0 + 15 * MINUTE_MS, T0 + 30 * MINUTE_MS)

    found = split_cost(8_000_000, (T0, T0 + HOUR_MS), team="nlp", marks=((0, "bb"),), holds=(hold,))

    assert found == (
        Share("", "nlp", "busy", 105 * MINUTE_MS, 7_000_000),
        Share("UADA", "vision", "busy", 15 * MINUTE_MS, 1_000_000),
    )


def test_a_gpu_that_goes_idle_within_the_hour_is_split_there():
    found = split_cost(60, (T0, T0 + HOUR_MS), team="nlp", marks=((0, "b"), (T0 + 20 * MINUTE_MS, "i")), holds=())

    assert [(share.use, share.gpu_ms, share.micros) for share in found] == [
        ("busy", 20 * MINUTE_MS, 20),
        ("idle", 40 * MINUTE_MS, 40),
    ]


def test_a_verdict_that_is_not_known_is_neither_busy_nor_idle():
    assert use_letters(["active", "free", "held", "unknown", "partial"]) == "bii??"


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_parts_add_up_and_are_within_one_of_their_due(total, weights):
    parts = share_out(total, weights)

    assert sum(parts) == total
    if sum(weights):
        assert all(
            abs(part - total * w / sum(weights)) <= 1 + total * 1e-12 for part, w in zip(parts, weights, strict=True)
        )


@dataclass(frozen=True)
class Step:
    """Time passes; then the world changes; then somebody may look."""

    length: int
    world: str
    claim: str
    gpus: tuple[int, ...]
    rate: int
    use: str
    looked: bool


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 2 * HOUR_MS) | st.integers(0, 5 * MINUTE_MS),
        st.sampled_from(["as it was", "as it was", "as it was", "stops", "starts", "restarts"]),
        st.sampled_from(["as it was", "as it was", "ada", "bob", "ends"]),
        st.sampled_from([(0,), (1,), (0, 1)]),
        st.sampled_from(RATES),
        st.sampled_from(["bb", "bi", "ii", "??"]),
        st.booleans(),
    ),
    max_size=40,
)


class World:
    """What really was, and what was metered of it."""

    def __init__(self) -> None:
        self.now, self.launched, self.running = T0, T0, True
        self.stopped: int | None = None
        self.holds: list[ClaimedGpus] = []
        self.charges: list[Charge] = []
        self.meter: Meter | None = None
        self.looks: list[tuple[int, int, str]] = []
        """When somebody looked, and what rate and use they found."""

    def live(self, step: Step) -> None:
        self.now += step.length
        if self.running and step.world in {"stops", "restarts"}:
            self.running, self.stopped = False, self.now
        if not self.running and step.world in {"starts", "restarts"}:
            self.running, self.launched, self.stopped = True, self.now, None
        if step.claim != "as it was":
            self.holds = [replace(each, until_at=self.now) if each.until_at is None else each for each in self.holds]
        if step.claim in {"ada", "bob"}:
            self.holds.append(ClaimedGpus(step.claim, "vision", step.gpus, self.now))
        if step.looked:
            self.look(step)

    def look(self, step: Step) -> None:
        last = self.looks[-1][0] if self.looks else None
        holds = tuple(each for each in self.holds if each.until_at is None or each.until_at > each.from_at)
        seen = SeenInstance("i-1", self.running, self.launched, self.stopped, step.rate, "nlp", step.use, holds)
        until = max((charge.until_at for charge in self.charges), default=0)
        due, self.meter = advance(self.meter, seen, self.now, last_look=last, charged_until=until)
        self.charges += due
        self.looks.append((self.now, step.rate, step.use))


def lived(plan: list[Step]) -> World:
    world = World()
    for step in plan:
        world.live(step)
    return world


@given(plan=steps)
def test_the_ledger_is_running_time_times_rate_and_its_shares_add_up(plan):
    world = lived(plan)

    for charge in world.charges:
        assert charge.micros == cost_between(charge.rate_micros, charge.from_at, charge.until_at)
        assert sum(share.micros for share in charge.shares) == charge.micros
        assert sum(share.gpu_ms for share in charge.shares) == GPUS * charge.running_ms


@given(plan=steps)
def test_every_holder_pays_for_exactly_the_time_their_claim_ran(plan):
    world = lived(plan)

    told: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for charge in world.charges:
        for share in charge.shares:
            told[share.holder] += share.gpu_ms
        for hold in world.holds:
            end = min(charge.until_at, hold.until_at or charge.until_at)
            held[hold.holder] += len(hold.gpus) * max(0, end - max(charge.from_at, hold.from_at))
        held[""] += GPUS * charge.running_ms
    held[""] -= sum(ms for holder, ms in held.items() if holder)

    assert +told == +held


@given(plan=steps)
def test_what_was_busy_or_idle_was_seen_so_by_the_look_before_it(plan):
    """Between two looks that are near each other a GPU is what the first found it; after long silence it is unknown."""
    world = lived(plan)

    for charge in world.charges:
        due: Counter[str] = Counter()
        edges = sorted({charge.from_at, charge.until_at, *(at for at, *_ in world.looks)})
        inside = [at for at in edges if charge.from_at <= at <= charge.until_at]
        for start, end in pairwise(inside):
            before = [look for look in world.looks if look[0] <= start]
            after = [look[0] for look in world.looks if look[0] >= end]
            blind = not before or not after or after[0] - before[-1][0] > BLIND_MS
            for letter in "??" if blind else before[-1][2]:
                due[letter] += end - start
        told = Counter(dict.fromkeys(due, 0))
        for share in charge.shares:
            told[{"busy": "b", "idle": "i", "unknown": "?"}[share.use]] += share.gpu_ms
        assert told["b"] <= due["b"] + due["?"]
        assert told["i"] <= due["i"] + due["?"]


@given(
    looks=st.lists(st.tuples(st.integers(1, 3 * HOUR_MS), st.sampled_from(RATES)), min_size=1, max_size=30),
)
def test_while_it_runs_on_not_a_micro_dollar_is_lost_between_looks(looks):
    """The integral: each stretch between looks at the rate the first of them found."""
    world, due, rate = World(), 0, RATES[0]
    world.look(Step(0, "as it was", "as it was", (), rate, "bb", looked=True))
    for length, after in looks:
        due += cost_between(rate, world.now, world.now + length)
        world.now += length
        world.look(Step(0, "as it was", "as it was", (), after, "bb", looked=True))
        rate = after

    open_micros = world.meter.micros if world.meter else 0
    assert sum(charge.micros for charge in world.charges) + open_micros == due
