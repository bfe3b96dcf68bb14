"""However the ledger is told apart, it adds up to the same micro-dollars."""

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge, Rate
from bot.domain.money.splitting import ClaimedGpus, split_cost
from bot.services.context import Context
from bot.services.money import ledger
from bot.settings import parse
from store import Store
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from store.sql import rows
from tests.examples import examples
from tests.opening import open_store

WAYS = ("team", "used_by", "person", "type", "instance")
START = int(datetime(2026, 10, 24, tzinfo=UTC).timestamp() * 1000)
DAYS = (date(2026, 10, 24), date(2026, 10, 26))


def desk_of(store: Store) -> Context:
    made = parse({"digest": {"timezone": "Europe/Berlin"}}, {})
    return Context(store, lambda: START, made, {}, made.roster)


def known(db, name: str, provider: str) -> None:
    made = Instance(name, name, provider, "s", f"{provider}.type", "running", gpu_model="H100", gpu_count=2)
    stored_fleet.save(db, made, team="nlp", rate=Rate(100, "valet.toml"))


charges = st.lists(
    st.tuples(
        st.sampled_from(["i-1", "i-2", "dgx"]),
        st.integers(-3, 75),
        st.sampled_from(["nlp", "vision"]),
        st.sampled_from(["bb", "bi", "i?"]),
        st.sampled_from([None, "UADA", "UCY"]),
        st.integers(0, HOUR_MS),
        st.integers(0, 10**9),
    ),
    max_size=40,
    unique_by=lambda each: (each[0], each[1]),
)


@given(found=charges)
@settings(max_examples=examples(25), deadline=None)
def test_every_way_adds_up_to_the_charges_of_those_days(tmp_path_factory, found):
    store = open_store(tmp_path_factory.mktemp("sums") / "valet.db")
    with store.writing() as db:
        for name, provider in (("i-1", "ec2"), ("i-2", "ec2"), ("dgx", "owned")):
            known(db, name, provider)
        for name, hour, team, use, holder, held, micros in found:
            start = START + hour * HOUR_MS
            holds = [ClaimedGpus(holder, "vision", (0,), start, start + held)] if holder and held else []
            shares = split_cost(micros, (start, start + HOUR_MS), team=team, marks=((0, use),), holds=holds)
            stored_ledger.add(db, [Charge(name, start, start + HOUR_MS, HOUR_MS, micros, micros, team, shares)])
    ctx, db = desk_of(store), store.reading()
    begin, end = ledger.span_of(*DAYS, "Europe/Berlin")

    due = rows(db, "SELECT coalesce(sum(micros), 0) AS m FROM charges WHERE from_at >= ? AND from_at < ?", begin, end)
    for way in WAYS:
        told = ledger.charged_sums(ctx, way, *DAYS)
        assert sum(each.micros for each in told if each.provider in {"ec2", "owned"}) == due[0]["m"]
        for each in told:
            assert each.busy_micros + each.idle_micros + each.unknown_micros == each.micros
            assert max(each.idle_gpu_ms, each.unpriced_gpu_ms) <= each.gpu_ms
    store.close()


def test_the_days_on_which_clocks_change_have_their_own_length():
    begin, end = ledger.span_of(date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin")
    assert end - begin == 25 * HOUR_MS
    begin, end = ledger.span_of(date(2026, 3, 29), date(2026, 3, 29), "Europe/Berlin")
    assert end - begin == 23 * HOUR_MS
