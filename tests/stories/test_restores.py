"""A copy of the database is put back: what admins hear of it once, and what is not done a second time."""

import copy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from store import copies
from tests.stories import conftest


@pytest.fixture
def lab(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["runs"] = {"nightly-eval": {"command": "/srv/eval/run.sh", "user": "ml"}}
    made = office_with(settings)
    made.passes(MINUTE_MS)
    made.valet.ctx.store.check(made.clock())
    return made


def goes_back(office, backup) -> None:
    """The process is gone, the copy takes the place of the database, and a new process begins."""
    office.valet.slack_app.executor.shutdown(wait=True)
    path = office.path
    conftest.close_store(office.valet.ctx.store)
    copies.restore_copy(backup, path, office.clock(), who="command line", aside=path.with_suffix(".aside"))
    office.valet = office.open()


def heard(office) -> list[str]:
    return [each for each in office.slack.sees("bob", "@bob") if "copy of the database" in each]


@pytest.fixture
def back(lab):
    """Takes a copy; then, when it is called, goes back to it."""
    backup = lab.path.with_suffix(".copy")
    copies.copy(lab.path, backup)
    return lambda: goes_back(lab, backup)


def test_admins_hear_once_since_when_things_are_missing_and_what_is_otherwise(lab, back):
    lab.clock.forward(20 * MINUTE_MS)
    lab.fleet.change("train-3", state="stopped", stopped_at=lab.clock())
    lab.fleet.restart("llm-serve")
    lab.fleet.terminate("nb-5")
    back()
    lab.passes(3 * MINUTE_MS)
    first = heard(lab)
    lab.passes(30 * MINUTE_MS)
    lab.restart()
    lab.passes(5 * MINUTE_MS)

    assert heard(lab) == first
    (told,) = first
    assert told.startswith(
        "*A copy of the database was put back (Mon 09:21 UTC).* What happened since Mon 09:01 UTC is not in it: claims,"
    )
    assert "Machines that are otherwise than stored:" in told
    assert "`train-3` is stopped; it was running." in told
    assert "`llm-serve` was started again meanwhile." in told
    assert "`nb-5` is gone; it was running." in told
    assert "train-7" not in told


def test_where_nothing_has_changed_that_is_said(lab, back):
    back()
    lab.passes(3 * MINUTE_MS)

    assert "Every machine is as stored." in heard(lab)[0]


def test_it_waits_for_every_source_but_not_for_ever(lab, back):
    lab.clock.forward(20 * MINUTE_MS)
    lab.fleet.silence("us-west-2", "ExpiredToken")
    back()
    lab.passes(8 * MINUTE_MS)
    early = heard(lab)
    lab.passes(4 * MINUTE_MS)

    assert early == []
    assert "Not read since then, so nothing is known of them: ec2/111122223333/us-west-2." in heard(lab)[0]


def test_without_a_copy_put_back_nobody_is_told_anything(lab):
    lab.restart()
    lab.passes(15 * MINUTE_MS)

    assert heard(lab) == []


def test_a_job_sent_after_the_copy_was_made_is_followed_not_sent_again(lab, back_with_a_queued_run):
    back_with_a_queued_run(after=2 * MINUTE_MS)
    lab.passes(8 * MINUTE_MS)

    assert len(lab.runner.started) == 1
    assert "`nightly-eval` on *train-7* ended with exit code 0" in lab.sees("ada", "@ada")


def test_a_job_that_waited_too_long_in_a_copy_is_not_begun_suddenly(lab, back_with_a_queued_run):
    back_with_a_queued_run(after=HOUR_MS, sent=False)
    lab.passes(2 * MINUTE_MS)

    assert lab.runner.started == []
    assert "did not run. It could not be started within 10 minutes. Nothing ran; ask again." in lab.sees("ada", "@ada")


@pytest.fixture
def back_with_a_queued_run(lab):
    """Makes a copy while a job is queued, has it sent or not, and goes back to the copy later."""

    def story(*, after: int, sent: bool = True) -> None:
        backup = lab.path.with_suffix(".copy")
        lab.types("ada", "/gpu claim train-7 for 4h")
        settle, lab.settle = lab.settle, lab.listened
        lab.types("ada", "/gpu run nightly-eval train-7")
        copies.copy(lab.path, backup)
        lab.settle = settle
        if sent:
            lab.settle()
        lab.clock.forward(after)
        goes_back(lab, backup)

    return story
