"""Ada runs an allowed command on a machine she holds."""

import copy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.sharing.runs import RunLook
from bot.errors import Refused, Unreachable
from bot.services import queries
from bot.services.sharing import runs
from tests.stories import conftest


@pytest.fixture
def lab(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["runs"] = {
        "nightly-eval": {"command": "/srv/eval/run.sh", "user": "ml"},
        "render": {"command": "render", "user": "ml", "teams": ["vision"]},
    }
    return office_with(settings)


def test_it_tells_how_it_goes_and_in_its_thread_how_it_ended(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")

    assert lab.types("ada", "/gpu run nightly-eval train-7").startswith("Starting `nightly-eval` on *train-7*.")
    assert lab.sees("ada", "@ada").startswith("`nightly-eval` on *train-7* runs since Mon 09:00 UTC; it ends with your")

    lab.passes(3 * MINUTE_MS)
    assert "`step 2 of 5 done`" in lab.sees("ada", "@ada")
    lab.passes(3 * MINUTE_MS)

    assert lab.sees("ada", "@ada").startswith("@Ada `nightly-eval` on *train-7* ended with exit code 0 after 5 m.")
    assert "`step 5 of 5 done`" in lab.sees("ada", "@ada")
    last = lab.slack.last("ada", "@ada")
    assert last.thread_ts, "the end stands in the thread of the run"


def test_a_failure_shows_its_exit_code(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval on train-7")
    lab.runner.fails(lab.runner.started[0][0], 137, "Killed <!channel> `x`")

    lab.passes(MINUTE_MS)

    seen = lab.sees("ada", "@ada")
    assert "ended with exit code 137" in seen
    assert "<!channel>" not in lab.slack.last("ada", "@ada").text


def test_it_can_be_cancelled_by_its_asker_and_by_nobody_else_but_an_approver(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-7")

    lab.presses("ada", "Cancel the run", "@ada")
    lab.passes(MINUTE_MS)

    assert "was cancelled" in lab.sees("ada", "@ada")
    assert "`nightly-eval` on *train-7* was cancelled" in lab.types("ada", "/gpu runs")


def test_it_ends_with_its_claim(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.types("ada", "/gpu release train-7")

    lab.passes(MINUTE_MS)

    assert "was ended" in lab.sees("ada", "@ada")
    assert "as its claim was over" in lab.sees("ada", "@ada")


def test_a_start_without_an_answer_is_looked_for_and_never_made_twice(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.runner.fault, lab.runner.accepts = Unreachable("no answer"), True
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.passes(6 * MINUTE_MS)

    assert len(lab.runner.started) == 1
    assert "ended with exit code 0" in lab.sees("ada", "@ada")


def test_one_that_never_began_is_said_to_have_not_run(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.runner.fault = Unreachable("no answer")
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.passes(3 * MINUTE_MS)
    assert "did not run. It could not be started. Nothing ran; ask again." in lab.sees("ada", "@ada")

    lab.runner.fault = Refused("train-7: Systems Manager does not know it.")
    lab.types("ada", "/gpu run nightly-eval train-7")
    assert "did not run. train-7: Systems Manager does not know it." in lab.sees("ada", "@ada")


def test_after_a_restart_it_is_followed_to_its_end(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.restart()
    lab.passes(6 * MINUTE_MS)

    assert len(lab.runner.started) == 1
    assert "ended with exit code 0" in lab.sees("ada", "@ada")


@pytest.mark.slow
def test_what_may_not_be_run_is_refused_with_what_may(lab, clock):
    assert lab.types("ada", "/gpu run nightly-eval train-7").startswith("You hold nothing there.")
    lab.types("ada", "/gpu claim train-7 for 2h")

    assert lab.types("ada", "/gpu run render train-7") == 'You can\'t run "render". Try nightly-eval.'
    assert lab.types("ada", "/gpu run nightly-evil train-7") == 'You can\'t run "nightly-evil". Try nightly-eval.'
    endless = lab.types("ada", f"/gpu run {'x' * 60} train-7")
    assert endless == f'You can\'t run "{"x" * 40}". Try nightly-eval.'
    lab.types("ada", "/gpu run nightly-eval")
    assert "train-7" in lab.opens("ada"), "the only one she holds"
    assert lab.types("ada", "/gpu runs").startswith("You can run `nightly-eval` on a machine you hold.\n[Run…]")
    lab.types("ada", "/gpu run nightly-eval train-7")
    assert lab.types("ada", "/gpu run nightly-eval train-7").startswith("A run of yours goes on at train-7 already.")
    lab.passes(2 * HOUR_MS + 11 * MINUTE_MS)


def test_without_templates_there_is_nothing_to_run(office):
    assert office.types("ada", "/gpu run x train-7").startswith("No run is set up for you. An admin lists commands")


def test_on_an_owned_machine_its_agent_does_the_work_and_tells(lab):
    lab.reports("dgx-1", 0.0)
    lab.types("ada", "/gpu claim dgx-1 for 2h")
    lab.types("ada", "/gpu run nightly-eval dgx-1")
    ctx = lab.valet.ctx
    [(offered, seconds)] = runs.runs_for_agent(ctx, "dgx-1")
    assert (offered.command, seconds) == ("/srv/eval/run.sh", 7_200)
    assert runs.runs_for_agent(ctx, "ws-4") == []
    assert not runs.take_run_report(ctx, "ws-4", offered.id, RunLook("done", 0)), "a host tells of its own runs only"

    runs.take_run_report(ctx, "dgx-1", offered.id, RunLook("running", None, "loading"))
    lab.settle()
    assert "`loading`" in lab.sees("ada", "@ada")
    lab.types("ada", "/gpu release dgx-1")
    assert runs.runs_for_agent(ctx, "dgx-1") == [(offered_now(ctx, offered.id), 0)], "it is to be ended with its claim"
    runs.take_run_report(ctx, "dgx-1", offered.id, RunLook("cancelled", -15, "loading"))
    lab.settle()

    assert "was ended" in lab.sees("ada", "@ada")


def offered_now(ctx, run_id):
    return queries.run(ctx, run_id)


def test_an_owned_machine_whose_agent_takes_no_jobs_is_named(lab):
    lab.reports("dgx-1", 0.0)
    lab.types("ada", "/gpu claim dgx-1 for 2h")
    lab.types("ada", "/gpu run nightly-eval dgx-1")

    lab.passes(11 * MINUTE_MS)

    assert "did not run. No agent took it up: is it started with --allow-jobs?" in lab.sees("ada", "@ada")


def test_a_job_waits_in_line_begins_in_its_turn_and_gives_the_machine_back(lab):
    lab.types("bob", "/gpu claim train-7 for 1h")
    assert lab.types("ada", "/gpu wait train-7 for 6h sweep 3 then: run nightly-eval").startswith(
        "You're first in line"
    )

    lab.types("bob", "/gpu release train-7")

    assert [name for _, name in lab.runner.started] == ["train-7"]
    assert "@Ada to Mon 15:00 UTC: sweep 3" in lab.types("cy", "/gpu status train-7")
    lab.passes(6 * MINUTE_MS)
    assert "ended with exit code 0" in "\n".join(lab.slack.sees("ada", "@ada"))
    assert "unclaimed" in lab.types("cy", "/gpu status train-7")


def test_where_the_machine_is_free_the_job_begins_at_once(lab):
    assert lab.types("ada", "/gpu wait train-7 for 2h then: run nightly-eval").startswith(
        "Starting `nightly-eval` on *train-7*"
    )

    lab.passes(6 * MINUTE_MS)

    assert "unclaimed" in lab.types("cy", "/gpu status train-7")


def test_a_job_nobody_allows_does_not_even_wait(lab):
    lab.types("bob", "/gpu claim train-7 for 1h")

    assert lab.types("ada", "/gpu wait train-7 then: run rm -rf /").startswith("Say what to run at the end:")
    assert lab.types("ada", "/gpu wait train-7 then: run render") == 'You can\'t run "render". Try nightly-eval.'
    assert lab.types("ada", "/gpu line train-7").startswith("Nobody waits")


def test_where_admins_list_no_commands_there_is_nothing_to_run(office):
    assert office.types("ada", "/gpu runs") == (
        "There is nothing that you may run. Admins list commands under `[runs]` in valet.toml."
    )


def test_in_a_part_of_a_machine_it_is_told_which_gpus_are_its_own(lab):
    key = lab.machine("train-7").id
    lab.reports("train-7", 0.0)
    lab.types("cy", "/gpu claim train-7 gpus:0,1 for 2h")
    lab.types("ada", "/gpu claim train-7 gpus:2,5 for 2h")

    lab.types("ada", "/gpu run nightly-eval train-7")

    assert lab.runner.commands == [
        f"export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=GPU-{key}-2,GPU-{key}-5\n/srv/eval/run.sh"
    ]
    assert "export" not in lab.sees("ada", "@ada")


def test_a_whole_machine_is_told_nothing_of_parts_and_unheard_gpus_go_by_index(lab):
    lab.types("cy", "/gpu claim train-7 for 2h")
    lab.types("cy", "/gpu run nightly-eval train-7")
    lab.types("ada", "/gpu claim train-3 gpus:6,7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-3")

    assert lab.runner.commands == [
        "/srv/eval/run.sh",
        "export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=6,7\n/srv/eval/run.sh",
    ]


def test_an_owned_machines_agent_hears_the_part_too_a_rented_ones_no_runs(lab):
    lab.reports("dgx-1", 0.0)
    lab.types("ada", "/gpu claim dgx-1 gpus:1,4 for 2h")
    lab.types("ada", "/gpu run nightly-eval dgx-1")
    lab.types("cy", "/gpu claim train-7 for 2h")
    lab.types("cy", "/gpu run nightly-eval train-7")

    [(offered, _)] = runs.runs_for_agent(lab.valet.ctx, "dgx-1")

    assert offered.command.startswith(
        "export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=GPU-dgx-1-1,GPU-dgx-1-4\n/srv"
    )
    assert runs.runs_for_agent(lab.valet.ctx, lab.machine("train-7").id) == [], "Systems Manager runs it there"


def test_what_has_ended_by_itself_is_not_cancelled_when_its_claim_ends(lab):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.runner.fails(lab.runner.started[0][0], 3, "no such file")

    lab.types("ada", "/gpu release train-7")

    assert lab.runner.cancelled == []
    assert "ended with exit code 3" in lab.sees("ada", "@ada")


def begun_on_an_owned_machine(lab) -> str:
    """A run of Ada's that the agent of dgx-1 has taken up; its id."""
    lab.reports("dgx-1", 0.0)
    lab.types("ada", "/gpu claim dgx-1 for 6h")
    lab.types("ada", "/gpu run nightly-eval dgx-1")
    [(offered, _)] = runs.runs_for_agent(lab.valet.ctx, "dgx-1")
    runs.take_run_report(lab.valet.ctx, "dgx-1", offered.id, RunLook("running", None, "loading"))
    return offered.id


def test_on_a_host_that_falls_silent_it_is_lost_and_its_asker_hears(lab):
    begun_on_an_owned_machine(lab)
    lab.passes(15 * MINUTE_MS)
    assert "runs since" in lab.types("ada", "/gpu runs")

    lab.passes(MINUTE_MS)

    assert "is lost: nobody can say what became of it. The agent of dgx-1 has told nothing for 15 minutes." in (
        lab.sees("ada", "@ada")
    )
    assert "@Ada to Mon" in lab.types("cy", "/gpu status dgx-1"), "it may go on, so the claim stands"


@pytest.mark.slow
def test_a_host_whose_agent_tells_of_either_is_not_silent(lab):
    run_id = begun_on_an_owned_machine(lab)
    for _ in range(2):
        lab.passes(14 * MINUTE_MS)
        runs.take_run_report(lab.valet.ctx, "dgx-1", run_id, RunLook("running", None, "loading"))
        lab.passes(14 * MINUTE_MS)
        lab.reports("dgx-1", 90.0, minutes=2)

    assert "runs since" in lab.types("ada", "/gpu runs")


def test_a_host_that_comes_back_is_told_to_end_it_and_tells_how(lab):
    run_id = begun_on_an_owned_machine(lab)
    lab.passes(16 * MINUTE_MS)
    assert runs.runs_for_agent(lab.valet.ctx, "dgx-1") == [(offered_now(lab.valet.ctx, run_id), 0)]

    runs.take_run_report(lab.valet.ctx, "dgx-1", run_id, RunLook("done", 0, "saved"))
    lab.settle()

    assert "ended with exit code 0 after 16 m." in lab.sees("ada", "@ada")
    assert runs.runs_for_agent(lab.valet.ctx, "dgx-1") == []


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (lambda fleet: fleet.change("train-7", state="stopped"), "train-7 is stopped."),
        (lambda fleet: fleet.restart("train-7"), "train-7 was started again meanwhile."),
    ],
)
def test_on_a_rented_machine_that_was_stopped_meanwhile_it_is_lost(lab, happens, said):
    lab.types("ada", "/gpu claim train-7 for 2h")
    lab.types("ada", "/gpu run nightly-eval train-7")
    lab.clock.forward(MINUTE_MS)

    happens(lab.fleet)
    lab.passes(MINUTE_MS)

    assert f"is lost: nobody can say what became of it. {said}" in lab.sees("ada", "@ada")
