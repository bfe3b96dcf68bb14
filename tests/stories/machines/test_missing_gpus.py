"""An agent that sees fewer GPUs than before: the others are unknown until somebody says that they are gone."""

import json

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.jobs.schedule import Schedule
from bot.services import queries
from bot.services.machines import readings, verdict
from bot.services.money import owned_rates
from bot.watching import bot_metrics
from store.machines import listings
from store.sql import rows
from tests.stories.conftest import SETTINGS


def push(office, utils, *, boot="boot", minutes=1, error=None, watts=60.0, host="dgx-1"):
    """The agent of dgx-1 tells of the GPUs that it sees, and of its last minutes."""
    now = 1_000_000 + office.clock.now // MINUTE_MS
    gpus = tuple(Gpu(gpu, f"GPU-dgx-1-{gpu}", "NVIDIA A100-SXM4-80GB", 81920) for gpu in range(len(utils)))
    told = tuple(
        Minute(gpu, now - ago, 4, util, util, 0.0, watts, 4, 81920, 0, 0)
        for ago in range(minutes, 0, -1)
        for gpu, util in enumerate(utils)
    )
    for start in range(0, max(1, len(told)), 400):
        office.seq += 1
        some = told[start : start + 400]
        delivery = Push(host, boot, office.seq, now, 0, gpus, some, "0.1.0", "550.54.15", error)
        readings.receive(office.valet.ctx, delivery, "10.0.0.1")
    verdict.judge_all(office.valet.ctx)


@pytest.fixture
def crippled(office):
    """Eight GPUs idled; since a reboot two hours ago the agent sees one of them, idle."""
    push(office, [0.0] * 8, minutes=60)
    for _ in range(120):
        office.clock.forward(MINUTE_MS)
        push(office, [0.0], boot="again")
    office.tick()
    return office


def test_a_machine_with_one_gpu_of_eight_seen_is_unknown_however_idle_that_is(crippled):
    assert "*dgx-1*  unknown: only 1 of 8 GPUs report since 08:59 UTC" in crippled.types("ada", "/gpu status dgx-1")
    why = crippled.types("ada", "/gpu why dgx-1")
    assert "It has seen 1 of 8 GPUs since Mon 09:01 UTC." in why
    assert "Agent 0.1.0, driver 550.54.15." in why
    assert "[dgx-1 has 1 GPU now]" in why
    assert "dgx-1" not in crippled.types("ada", "/gpu status free")


def test_the_idle_gpu_of_it_goes_unused_in_status_as_in_the_ledger(crippled):
    for _ in range(12):
        crippled.clock.forward(5 * MINUTE_MS)
        push(crippled, [0.0], boot="again", minutes=5)
        crippled.tick()

    assert "Some GPUs idle, wasting $1.14/h (all of it owned)." in crippled.types("ada", "/gpu status owned")
    assert "dgx-1 | owned | - | 1" in crippled.types("ada", "/cost idle")


def test_a_claim_covers_what_there_is_once_bob_says_that_the_others_are_gone(office):
    push(office, [0.0] * 8, minutes=60)
    office.tick()
    office.types("ada", "/gpu claim dgx-1 gpus:0,7 for 8h")
    office.types("cy", "/gpu claim dgx-1 gpus:1,2 for 8h")
    for _ in range(120):
        office.clock.forward(MINUTE_MS)
        push(office, [0.0] * 7, boot="again")
    office.tick()

    office.types("bob", "/gpu count dgx-1 7")
    office.tick()

    told = "*dgx-1* does not have GPU 7 any more. Your claim covers GPU 0 and ends as before."
    assert told in "".join(office.slack.sees("ada", "@ada"))
    assert "any more" not in "".join(office.slack.sees("cy", "@cy"))
    held = "SELECT claim_id, gpu FROM claimed_gpus WHERE instance_id = 'dgx-1' ORDER BY gpu"
    assert [row["gpu"] for row in rows(office.valet.ctx.store.reading(), held)] == [0, 1, 2]
    assert "GPU 0" in office.types("ada", "/gpu status dgx-1")


def test_a_claim_of_nothing_but_gpus_that_are_gone_ends(office):
    push(office, [0.0] * 8, minutes=60)
    office.tick()
    office.types("ada", "/gpu claim dgx-1 gpus:6,7 for 8h")
    for _ in range(120):
        office.clock.forward(MINUTE_MS)
        push(office, [0.0] * 6, boot="again")
    office.tick()

    office.types("bob", "/gpu count dgx-1 6")
    office.tick()

    assert "ended: the machine does not have GPUs 6-7 any more." in "".join(office.slack.sees("ada", "@ada"))
    assert "unclaimed" in office.types("ada", "/gpu status dgx-1")


def test_once_bob_says_that_the_others_are_gone_one_gpu_is_all_there_is(crippled):
    refused = crippled.types("cy", "/gpu count dgx-1 1")
    said = crippled.types("bob", "/gpu count dgx-1 1")
    verdict.judge_all(crippled.valet.ctx)

    assert refused.startswith(
        "What dgx-1 costs, and when it is idle, depends on the number of its GPUs, so @Bob decides that."
    )
    assert said == "*dgx-1* has 1 GPU now. If its agent sees more again, they count at once."
    assert "*dgx-1*  free, idle for" in crippled.types("ada", "/gpu status dgx-1")
    assert "1xA100" in crippled.types("ada", "/gpu status dgx-1")
    assert "said it has 1 GPUs" in crippled.types("bob", "/gpu history dgx-1")
    push(crippled, [0.0] * 8, boot="again")
    assert "8xA100" in crippled.types("ada", "/gpu status dgx-1")


def test_a_count_that_nobody_sees_is_refused_with_what_to_do(crippled):
    assert "sees 1 GPUs now: only that can be confirmed" in crippled.types("bob", "/gpu count dgx-1 7")
    assert "The others are unknown and may be in use." in crippled.types("bob", "/gpu count dgx-1")
    assert "Try `/gpu count dgx-1 7`" in crippled.types("bob", "/gpu count dgx-1 some")


def test_what_the_settings_say_goes_before_what_was_seen(office_with):
    hosts = {"dgx-1": {"team": "nlp", "gpus": 1}}
    office = office_with(SETTINGS | {"owned": {"usd_per_gpu_hour": "1.14", "hosts": hosts}})
    push(office, [0.0], minutes=75)

    assert "1xA100" in office.types("ada", "/gpu status dgx-1")
    assert "*dgx-1*  free, idle for" in office.types("ada", "/gpu status dgx-1")


def test_gpus_expected_and_never_seen_keep_a_machine_unknown(office_with):
    hosts = {"dgx-1": {"team": "nlp", "gpus": 8}}
    office = office_with(SETTINGS | {"owned": {"usd_per_gpu_hour": "1.14", "hosts": hosts}})
    push(office, [0.0] * 7, minutes=75)

    assert "*dgx-1*  unknown: only 7 of 8 GPUs report" in office.types("ada", "/gpu status dgx-1")
    assert "valet.toml says that dgx-1 has 8 GPUs" in office.types("bob", "/gpu count dgx-1 7")


def test_unseen_gpus_are_charged_as_unknown_where_the_one_seen_works(office):
    push(office, [0.0] * 8, minutes=60)
    for _ in range(130):
        office.clock.forward(MINUTE_MS)
        push(office, [98.0], boot="again")
        if not office.clock.now % (10 * MINUTE_MS):
            office.tick()

    db = office.valet.ctx.store.reading()
    marks = rows(db, "SELECT marks FROM meters WHERE instance_id = 'dgx-1'")
    assert json.loads(marks[0]["marks"])[-1][1] == "b???????"


@pytest.mark.parametrize(("seen", "state", "uses"), [(0.0, "unknown", "i???????"), (98.0, "active", "b???????")])
def test_gpus_that_worked_until_they_went_unseen_are_unknown_and_not_busy(office, seen, state, uses):
    push(office, [seen] + [95.0] * 7, minutes=75)
    for _ in range(20):
        office.clock.forward(MINUTE_MS)
        push(office, [seen], boot="boot")
    office.tick()

    (listing,) = listings.matching_listings(office.valet.ctx.store.reading(), "dgx-1")
    assert listing.verdict.state == state
    assert [gpu.state for gpu in listing.verdict.gpus[1:]] == ["unknown"] * 7
    meters = rows(office.valet.ctx.store.reading(), "SELECT marks FROM meters WHERE instance_id = 'dgx-1'")
    assert json.loads(meters[0]["marks"])[-1][1] == uses


def test_what_a_gpu_drew_ends_with_it(office):
    push(office, [0.0] * 8, minutes=60, watts=100.0)
    office.clock.forward(HOUR_MS)
    push(office, [0.0] * 7, minutes=60, watts=100.0)
    ctx = office.valet.ctx

    def watts():
        instance = queries.listing(ctx, "dgx-1").instance
        return owned_rates.measured_watts(ctx.store.reading(), instance, office.clock.now)

    office.clock.forward(HOUR_MS)
    readings.roll_up_readings(ctx)
    assert watts() == 800
    office.types("bob", "/gpu count dgx-1 7")
    assert watts() == 700


def test_a_host_without_gpus_whose_agent_reports_says_so(office):
    push(office, [], error="There is no NVIDIA driver on this host: libnvidia-ml.so.1 was not found.", host="cpu-1")

    status = office.types("ada", "/gpu status cpu-1")
    assert "its agent reports, but can read no GPU: There is no NVIDIA driver on this host" in status
    why = office.types("ada", "/gpu why cpu-1")
    assert "No agent has reported" not in why
    assert "It says: There is no NVIDIA driver on this host" in why


def test_monitoring_sees_what_the_agent_says_of_itself(crippled):
    told = {
        each.name: dict(each.values)
        for each in bot_metrics(crippled.valet.ctx, Schedule([], crippled.clock), lambda: None)
    }

    assert told["valet_agent_gpus"] == {("dgx-1",): 1.0}
    assert told["valet_agent_info"] == {("dgx-1", "0.1.0", "550.54.15"): 1.0}
    assert told["valet_agent_failing"] == {("dgx-1",): 0.0}
