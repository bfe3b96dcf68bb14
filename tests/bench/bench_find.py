"""How long a search among 10,000 instances takes, beside drawing a page of them from the same store.

Run with `pytest -m bench -s tests/bench/bench_find.py`.
"""

import time
from collections.abc import Callable

import pytest

from bot.domain.clock import system_clock
from bot.domain.machines.listing import FleetFilter
from bot.domain.sharing import gpu_spec
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import find
from bot.settings import parse
from store import Store
from tests.bench.crowd import fill
from tests.bot.services.room import SETTINGS

pytestmark = pytest.mark.bench
SIZES = (1_000, 10_000)
TURNS = 30


def median_ms(do: Callable[[], object]) -> float:
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        do()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[TURNS // 2]


def search_ms(ctx: Context, text: str) -> float:
    want = gpu_spec.parse_gpu_spec(text)
    return median_ms(lambda: find.find_gpus(ctx, want, "U1"))


@pytest.mark.parametrize("count", SIZES)
def test_bench_find(count, tmp_path, capsys):
    settings = parse(SETTINGS, {})
    ctx = Context(Store(tmp_path / "valet.db"), system_clock, settings, {}, settings.roster)
    fill(ctx, count)

    page = median_ms(lambda: queries.fleet_page(ctx, FleetFilter(), limit=10))
    found = {text: search_ms(ctx, text) for text in ("2xA100", "40gb", "any")}

    with capsys.disabled():
        print(f"\n{count:,} instances: a page takes {page:.1f} ms")
        for text, took in found.items():
            print(f"  find {text:8} {took:6.1f} ms, {took / page:.1f} times as long")
    ctx.store.close()
