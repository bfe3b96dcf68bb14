"""Finding in the store: the same as looking at every machine, only quicker."""

import random

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import SourceSnapshot
from bot.domain.machines.listing import FleetFilter
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import Rate
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.find import FREE_TIERS, option_of, ranked_options
from bot.domain.sharing.gpu_spec import parse_gpu_spec
from bot.errors import NotFound, Refused
from bot.services.sharing import claims, find
from store.machines import fleet as stored_fleet
from store.machines import listings
from tests.bench.crowd import instances
from tests.bot.services.room import ADA, CY, Room

WANTS = ("1xA100", "2xA100", "5xa100-40", "8xA100", "40gb", "any")


def crowded(ctx, seed: int) -> None:
    """Three hundred machines in all states, some of them claimed, some in part."""
    chance, now = random.Random(seed), ctx.clock()
    for provider in ("ec2", "owned"):
        made = instances(150, now, provider)
        with ctx.store.writing() as db:
            stored_fleet.note_source_read(db, SourceSnapshot(made[0].source, tuple(made)), now)
            stored_fleet.save_all(db, [(each, "nlp", Rate(chance.choice([1, 2]) * 10**6, "list")) for each in made])
            stored_fleet.save_verdicts(db, {each.id: (verdict(chance, now), 0) for each in made})
        for each in chance.sample(made, 100):
            count = chance.choice([1, 4, 7, 8])
            claims.claim_gpus(ctx, each.id, chance.choice([ADA, CY]), choice=GpuChoice(count), length=HOUR_MS)


def verdict(chance: random.Random, now: int) -> Verdict:
    state = chance.choice(["active", "active", "free", "held", "partial", "unknown"])
    each = [chance.choice(["active", "free"]) if state == "partial" else state for _ in range(8)]
    judged = tuple(GpuVerdict(gpu, word, now - HOUR_MS) for gpu, word in enumerate(each))
    return Verdict(state, now - HOUR_MS, "words", now, judged)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_store_misses_nothing_that_a_look_at_every_machine_finds(room, seed):
    crowded(room.ctx, seed)
    every = listings.listings_page(room.ctx.store.reading(), FleetFilter(), limit=-1)

    for text in WANTS:
        want = parse_gpu_spec(text)
        found = find.find_gpus(room.ctx, want, "U0NEW")
        whole = ranked_options((option_of(each, want, "U0NEW") for each in every), find.MOST_OF_TIER)

        assert [each.tier for each in found.ways] == [each.tier for each in whole]
        free = [(each.tier, each.seen) for each in found.ways if each.tier in FREE_TIERS]
        assert free == [(each.tier, each.seen) for each in whole if each.tier in FREE_TIERS]


def test_a_gpu_that_no_machine_has_is_refused_with_those_there_are(room):
    with pytest.raises(NotFound, match=r"No machine here has a GPU like B200\. You have A100, A10G, H100"):
        find.find_gpus(room.ctx, parse_gpu_spec("b200"), ADA)
    with pytest.raises(NotFound, match="No machine has 16 A100 GPUs; the largest has 8"):
        find.find_gpus(room.ctx, parse_gpu_spec("16xa100"), ADA)


def test_an_empty_fleet_is_said_not_broken(tmp_path, clock):
    room = Room(tmp_path / "room.db", clock)

    with pytest.raises(Refused, match="No machine here has a GPU like"):
        find.find_gpus(room.ctx, parse_gpu_spec("a100"), ADA)
    room.close()


def test_where_nothing_is_free_the_most_that_is_comes_instead(room):
    for name, count in (("train-7", 6), ("train-9", 8)):
        claims.claim_gpus(room.ctx, room.machine(name).id, ADA, choice=GpuChoice(count), length=HOUR_MS)

    found = find.find_gpus(room.ctx, parse_gpu_spec("8xa100"), CY)

    assert found.best is None
    assert found.fewer is not None
    assert (found.fewer.listing.instance.name, found.fewer.count) == ("train-7", 2)


def test_what_one_holds_already_is_not_offered_but_said(room):
    claims.claim_gpus(room.ctx, room.machine("train-7").id, ADA, length=HOUR_MS)

    found = find.find_gpus(room.ctx, parse_gpu_spec("a100-40"), ADA)

    assert found.ways == ()
    assert [each.instance.name for each in found.mine] == ["train-7"]
