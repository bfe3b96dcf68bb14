"""How long a form takes to be drawn and its menu of machines to be answered, beside a page of status.

Run with `pytest -m bench -s tests/bench/bench_forms.py`.
"""

import time
from collections.abc import Callable

import pytest

from bot.domain.clock import system_clock
from bot.domain.machines.listing import FleetFilter
from bot.services import queries
from bot.services.context import Context
from bot.settings import parse
from handlers import forms
from handlers.blocks.parts import FormCall, filled
from store import Store
from tests.bench.crowd import fill
from tests.bot.services.room import SETTINGS

pytestmark = pytest.mark.bench
SIZES = (1_000, 10_000)
TURNS = 100
TYPED = ("", "train-99", "speech", "zzz")


def percentiles_ms(do: Callable[[], object]) -> tuple[float, float]:
    """The median and the 99th of a hundred."""
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        do()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[TURNS // 2], sorted(took)[TURNS - 1]


@pytest.mark.parametrize("count", SIZES)
def test_bench_forms(count, tmp_path, capsys):
    settings = parse(SETTINGS, {})
    ctx = Context(Store(tmp_path / "valet.db"), system_clock, settings, {}, settings.roster)
    machines = fill(ctx, count)
    view = forms.drawn(ctx, FormCall("claim"), "U1", "C1")
    chosen = FormCall("claim", filled(machine=machines[0].id))

    page = percentiles_ms(lambda: queries.fleet_page(ctx, FleetFilter(), limit=10))
    measured = {
        "open": percentiles_ms(lambda: forms.drawn(ctx, FormCall("claim"), "U1", "C1")),
        "open with a machine": percentiles_ms(lambda: forms.drawn(ctx, chosen, "U1", "C1")),
    }
    for typed in TYPED:
        measured[f"menu, {typed!r} typed"] = percentiles_ms(
            lambda typed=typed: forms.options(ctx, view, "machine", "U1", typed)
        )

    with capsys.disabled():
        print(f"\n{count:,} instances: a page takes {page[0]:.1f} ms (p99 {page[1]:.1f})")
        for what, (median, last) in measured.items():
            print(f"  {what:24} {median:6.1f} ms, p99 {last:6.1f}; {median / page[0]:.1f} times a page")
    ctx.store.close()
