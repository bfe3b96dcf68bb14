"""How long the menu of machines takes among 10,000, for what people type, beside drawing a page of status.

Run with `pytest -m bench -s tests/bench/bench_menu.py`. Slack waits three seconds; a person 50 ms.
"""

import time
from collections.abc import Callable

import pytest

from bot.domain.clock import system_clock
from bot.domain.machines.listing import FleetFilter
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing.find import machine_menu
from bot.settings import parse
from handlers import fields
from handlers.blocks.parts import Filled
from handlers.verbs import Ask
from store import Store
from tests.bench.crowd import fill
from tests.bot.services.room import SETTINGS

pytestmark = pytest.mark.bench
SIZES = (1_000, 10_000)
TURNS = 100
TYPED = ("", "train", "nlp-train-77", "a100", "zzz")


def milliseconds(do: Callable[[], object], turns: int = TURNS) -> list[float]:
    """The processor time of each turn, the shortest first."""
    took = []
    for _ in range(turns):
        began = time.process_time()  # others work on this machine, too
        do()
        took.append((time.process_time() - began) * 1000)
    return sorted(took)


@pytest.mark.parametrize("count", SIZES)
def test_bench_menu(count, tmp_path, capsys):
    settings = parse(SETTINGS, {})
    ctx = Context(Store(tmp_path / "valet.db"), system_clock, settings, {}, settings.roster)
    fill(ctx, count)
    ask, offer = Ask(ctx, "U1", "C1", []), fields.machine_search()

    page = milliseconds(lambda: queries.page(ctx, FleetFilter(), limit=10))
    found = {text: milliseconds(lambda text=text: offer(ask, text, Filled())) for text in TYPED}  # type: ignore[misc]

    assert machine_menu(ctx, "U1", "").free, "free ones come first"
    with capsys.disabled():
        print(f"\n{count:,} instances: a page of status takes {page[TURNS // 2]:.1f} ms")
        for text, took in found.items():
            median, worst = took[TURNS // 2], took[TURNS * 99 // 100 - 1]
            ratio = median / page[TURNS // 2]
            print(f"  typed {text!r:16} {median:6.1f} ms, p99 {worst:6.1f} ms, {ratio:.1f} times a page")
    ctx.store.close()
