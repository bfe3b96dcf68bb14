"""Ranking: what is paid already comes first, and what is taken is never offered as free."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import gpu_kind
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import Rate
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.sharing.find import (
    FIND_TIERS,
    FREE_TIERS,
    idle_part,
    launch_option,
    open_gpus,
    option_of,
    ranked_options,
    stand_in_spec,
)
from bot.domain.sharing.gpu_spec import GpuSpec

NOW = 1_700_000_000_000
MODELS = (("A100", 40_960), ("NVIDIA A100-SXM4-80GB", 81_920), ("H100", 81_559), ("", 0))
WANTS = [GpuSpec(count, gpu_kind(said)) for count in (1, 2, 8) for said in ("a100", "a100-80", "h100", "40gb", "any")]


@st.composite
def fleets(draw: st.DrawFn) -> list[Listing]:
    return [_listing(draw, number) for number in range(draw(st.integers(0, 8)))]


def _listing(draw: st.DrawFn, number: int) -> Listing:
    model, mib = draw(st.sampled_from(MODELS))
    provider = draw(st.sampled_from(["ec2", "owned"]))
    state = draw(st.sampled_from(["running", "running", "running", "stopped", "pending"]))
    count = draw(st.sampled_from([0, 1, 2, 8]))
    instance = Instance(
        id=f"i-{number}",
        name=f"m-{number}",
        provider=provider,
        source=provider,
        type="p4d.24xlarge",
        state=state,
        gpu_model=model,
        gpu_memory_mib=mib,
        gpu_count=count,
        asg=draw(st.sampled_from(["", "", "group"])),
    )
    gpus = range(max(1, count))
    holders = {gpu: draw(st.sampled_from(["", "", "U1", "U2", "U3"])) for gpu in gpus}
    claims = tuple(
        Claim(f"c-{number}-{who}", instance.id, who, NOW, NOW + draw(st.integers(1, 9)) * HOUR_MS, held)
        for who in ("U1", "U2", "U3")
        if (held := tuple(gpu for gpu, holder in holders.items() if holder == who))
    )
    rate = draw(st.sampled_from([None, Rate(21_957_642, "list"), Rate(1_000_000, "list", exact=False)]))
    return Listing(instance, rate=rate, verdict=_verdict(draw, gpus), claims=claims)


def _verdict(draw: st.DrawFn, gpus: range) -> Verdict | None:
    state = draw(st.sampled_from([None, "free", "held", "partial", "active", "unknown"]))
    each = st.sampled_from(["free", "held", "active", "unknown"]) if state == "partial" else st.just(state)
    return state and Verdict(state, NOW, "words", NOW, tuple(GpuVerdict(gpu, draw(each), NOW) for gpu in gpus))


@given(fleets(), st.sampled_from(WANTS), st.sampled_from(["", "U1", "U9"]))
def test_what_is_offered_as_free_is_running_unclaimed_not_working_and_enough(fleet, want, person):
    for found in ranked_options(option_of(each, want, person) for each in fleet):
        if found.tier not in FREE_TIERS:
            continue
        listing = found.listing
        free = open_gpus(listing)
        taken = {gpu for claim in listing.claims for gpu in claim.gpus}

        assert listing.running
        assert len(free) >= found.count == want.count
        assert not taken & set(free)
        assert not listing.busy & set(free)
        assert want.kind.fits(listing.instance.gpu_model, listing.instance.gpu_memory_mib)
        assert listing.claim_of(person) is None


@given(fleets(), st.sampled_from(WANTS))
def test_ways_come_by_tier_and_within_one_what_was_seen_idle_comes_first(fleet, want):
    ways = ranked_options(option_of(each, want) for each in fleet)

    assert [FIND_TIERS.index(each.tier) for each in ways] == sorted(FIND_TIERS.index(each.tier) for each in ways)
    for tier in FREE_TIERS:
        seen = [each.seen for each in ways if each.tier == tier]
        assert seen == sorted(seen)
    assert {each.listing.instance.id for each in ranked_options((option_of(each, want) for each in fleet), 1)} <= {
        each.listing.instance.id for each in ways
    }


@given(fleets(), st.sampled_from(WANTS))
def test_whoever_is_asked_holds_what_would_make_enough_room(fleet, want):
    for found in ranked_options(option_of(each, want, "U9") for each in fleet):
        if found.tier == "held":
            assert found.claim in found.listing.claims
            assert len({*open_gpus(found.listing), *found.claim.gpus}) >= want.count
            assert len(open_gpus(found.listing)) < want.count


@given(fleets(), st.sampled_from(WANTS), st.integers(1, 100))
def test_a_share_of_what_runs_is_told_and_all_of_what_is_started(fleet, want, hours):
    for found in ranked_options(option_of(each, want) for each in fleet):
        micros, rate = found.micros(hours * HOUR_MS), found.listing.rate
        if rate is None:
            assert micros is None
        elif found.tier == "stopped":
            assert micros == rate.micros_per_hour * hours
        else:
            exact = rate.micros_per_hour * hours * want.count / len(found.listing.gpus)
            assert exact - hours <= micros <= exact


def test_only_rented_machines_outside_groups_are_started():
    stopped = [Instance(f"i-{n}", f"m-{n}", "ec2", "s", "g5.xlarge", "stopped", "A10G", 1) for n in range(2)]
    grouped = Instance("i-3", "m-3", "ec2", "s", "g5.xlarge", "stopped", "A10G", 1, asg="workers")

    ways = ranked_options(option_of(Listing(each), GpuSpec(1, gpu_kind("a10g"))) for each in [*stopped, grouped])

    assert [each.listing.instance.name for each in ways] == ["m-0", "m-1"]


def test_the_tightest_fit_comes_first_so_that_large_machines_stay_whole():
    verdict = Verdict("free", NOW, "w", NOW, tuple(GpuVerdict(gpu, "free", NOW) for gpu in range(8)))
    large = Listing(Instance("i-1", "a", "owned", "owned", "owned", "running", "A100", 8), verdict=verdict)
    small = Listing(Instance("i-2", "b", "owned", "owned", "owned", "running", "A100", 2), verdict=verdict)

    assert [
        each.spare for each in ranked_options(option_of(each, GpuSpec(1, gpu_kind("a100"))) for each in (large, small))
    ] == [1, 7]


def test_a_launch_comes_last_and_only_where_its_machine_would_do():
    machine = Instance("", "notebook", "ec2", "s", "g5.12xlarge", "unknown", "A10G", 4, 22_888)
    made = Listing(machine, rate=Rate(5_672_000, "list"))

    found = launch_option(made, GpuSpec(2, gpu_kind("a10g")))

    assert found is not None
    assert found.micros(HOUR_MS) == 5_672_000
    assert launch_option(made, GpuSpec(8, gpu_kind("a10g"))) is None
    assert launch_option(made, GpuSpec(1, gpu_kind("h100"))) is None


def test_a_stand_in_has_the_model_and_at_least_the_memory():
    listing = Listing(Instance("i-1", "a", "ec2", "s", "p4d.24xlarge", "running", "A100", 8, 40_960))

    want = stand_in_spec(listing, 2)

    assert want is not None
    assert want.kind.fits("NVIDIA A100-SXM4-80GB", 81_920)
    assert want.kind.fits("NVIDIA A100-SXM4-40GB", 40_960)
    assert not want.kind.fits("H100", 81_559)
    assert stand_in_spec(Listing(Instance("i-1", "a", "owned", "owned", "owned", "running")), 1) is None


@given(fleets(), st.integers(1, 8))
def test_only_idle_gpus_of_a_claim_are_offered_and_never_all_of_it(listings, count):
    for listing in listings:
        for claim in listing.claims:
            part = idle_part(listing, claim, GpuChoice(count=count))
            if part is None:
                continue
            states = {gpu.gpu: gpu for gpu in listing.verdict.gpus} if listing.verdict else {}
            assert set(part.gpus) < set(claim.gpus)
            assert {states[gpu].state for gpu in part.gpus} <= {"free", "held"}
            assert part.idle_since == max(states[gpu].since for gpu in part.gpus)
            assert len(part.gpus) + len(open_gpus(listing)) >= min(count, len(listing.gpus))
