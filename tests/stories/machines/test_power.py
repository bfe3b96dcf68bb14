"""An admin has written down how dgx-1 is switched off and on; stops and starts of it go the way of all others."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.stories.conftest import SETTINGS


@pytest.fixture
def ran(tmp_path):
    """What the power commands have done."""
    return tmp_path / "ran"


@pytest.fixture
def powered(office_with, ran):
    append = ["python3", "-c", f"import sys; open({str(ran)!r}, 'a').write(sys.argv[1] + ' ')"]
    host = {"team": "nlp", "power_off": [*append, "off"], "power_on": [*append, "on"]}
    return office_with(SETTINGS | {"owned": {"usd_per_gpu_hour": "1.14", "hosts": {"dgx-1": host}}})


def stopped(office):
    office.reports("dgx-1", 0.0)
    office.types("ada", "/gpu stop dgx-1 quiet week")
    office.presses("bob", "Stop dgx-1", "#ml-platform")
    office.passes(4 * MINUTE_MS)


def test_a_yes_runs_the_command_once_and_the_silence_of_its_agent_is_the_end(powered, ran):
    powered.reports("dgx-1", 0.0)
    powered.types("ada", "/gpu stop dgx-1 quiet week")
    card = powered.sees("bob", "#ml-platform")
    powered.presses("bob", "Stop dgx-1", "#ml-platform")
    during = powered.sees("bob", "#ml-platform")
    powered.passes(20 * MINUTE_MS)

    assert "*Stop dgx-1? @Ada asks." in card
    assert "owned, dgx-1, $9.12/h\n" in card
    assert "Keeps costing: all but its power.\nHow: by the power command in valet.toml, run once." in card
    assert "dgx-1 is stopping" in during
    assert ran.read_text() == "off "
    assert "Its agent fell silent after 3 min." in powered.sees("ada", "@ada")
    assert "a day less" not in powered.sees("ada", "@ada")
    assert "dgx-1 | :black_circle: stopped" in powered.types("cy", "/gpu status owned")


@pytest.mark.slow
def test_a_start_switches_it_on_and_is_ready_when_its_agent_reports(powered, ran):
    stopped(powered)

    powered.types("ada", "/gpu start dgx-1 for 8h")
    card = powered.sees("bob", "#ml-platform")
    powered.presses("bob", "Start dgx-1", "#ml-platform")
    powered.passes(6 * MINUTE_MS)
    powered.reports("dgx-1", 0.0, minutes=1)
    powered.passes(MINUTE_MS)

    assert "Costs only its power, as it is owned." in card
    assert ran.read_text() == "off on "
    assert "its agent reports" in powered.sees("ada", "@ada")
    assert "dgx-1" in powered.types("ada", "/gpu status mine")


def test_a_machine_that_reports_on_after_the_command_is_for_a_person_to_look_at(powered, ran):
    powered.reports("dgx-1", 0.0)
    powered.types("ada", "/gpu stop dgx-1")
    powered.presses("bob", "Stop dgx-1", "#ml-platform")
    for _ in range(17):
        powered.passes(MINUTE_MS)
        powered.reports("dgx-1", 0.0, minutes=1)
    powered.passes(MINUTE_MS)

    assert ran.read_text() == "off "
    assert "dgx-1 is still running; please look at it." in powered.sees("ada", "@ada")


@pytest.mark.slow
def test_a_machine_that_does_not_come_up_is_for_a_person_to_look_at(powered, ran):
    stopped(powered)
    powered.types("ada", "/gpu start dgx-1")
    powered.presses("bob", "Start dgx-1", "#ml-platform")
    powered.passes(HOUR_MS)

    assert ran.read_text() == "off on "
    assert "dgx-1 has not reported; please look at it." in powered.sees("ada", "@ada")


def test_a_machine_that_began_to_work_meanwhile_is_not_switched_off(powered, ran):
    powered.reports("dgx-1", 0.0)
    powered.types("ada", "/gpu stop dgx-1")
    powered.clock.forward(2 * MINUTE_MS)
    powered.reports("dgx-1", 90.0, minutes=1)
    powered.presses("bob", "Stop dgx-1", "#ml-platform")

    assert "dgx-1 is working" in powered.sees("bob", "#ml-platform")
    assert not ran.exists()


def test_a_command_that_fails_is_the_end_and_says_why(office_with):
    host = {"team": "nlp", "power_off": ["python3", "-c", "import sys; sys.exit('bmc-1 does not answer')"]}
    office = office_with(SETTINGS | {"owned": {"hosts": {"dgx-1": host}}})
    stopped(office)

    said = office.sees("ada", "@ada")
    assert "was not stopped.* @Bob approved" in said
    assert "python3, the power command of dgx-1, failed (bmc-1 does not answer)." in said


@pytest.mark.slow
def test_silence_alone_does_not_make_a_machine_one_that_is_off(powered, ran):
    powered.reports("dgx-1", 0.0)
    running = powered.types("ada", "/gpu start dgx-1")
    powered.passes(HOUR_MS)
    silent = powered.types("ada", "/gpu start dgx-1")

    assert "dgx-1 runs already. `/gpu claim dgx-1` takes it." in running
    assert "I can't tell whether dgx-1 is off: it was not stopped from here, and its agent is silent." in silent
    assert not ran.exists()


def test_without_a_command_a_stop_is_refused_with_advice(office):
    office.reports("dgx-1", 0.0)

    seen = office.types("ada", "/gpu stop dgx-1")

    assert "dgx-1 is owned: Valet can't switch it off, and it costs the same either way." in seen
    assert "`/gpu drain dgx-1` keeps it from new claims." in seen
