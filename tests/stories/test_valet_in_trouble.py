"""When the database can't be written no machine is touched and everybody is told why; /healthz names what is wrong."""

from dataclasses import replace

import pytest

from bot.clockwatch import ClockWatch
from bot.domain.clock import MINUTE_MS
from bot.errors import Impaired
from bot.jobs.schedule import Job, Schedule
from bot.sandbox.slack.people import ADA
from bot.watching import StoreAlarm, bot_health, bot_metrics
from store import copies
from tests.conftest import Clock


@pytest.fixture
def alarm(office):
    return StoreAlarm(office.valet.ctx, office.valet.client)


def fill(office):
    """Not a page more than there is, as on a full disk."""
    pages = office.valet.ctx.store._writer.execute("PRAGMA page_count").fetchone()[0]
    office.valet.ctx.store._writer.execute(f"PRAGMA max_page_count={pages}").fetchone()


def make_room(office):
    office.valet.ctx.store._writer.execute("PRAGMA max_page_count=1000000").fetchone()


def freeze(office):
    """As after the file system was remounted read-only."""
    office.valet.ctx.store._writer.execute("PRAGMA query_only=1")


def thaw(office):
    office.valet.ctx.store._writer.execute("PRAGMA query_only=0")


def well(office):
    return bot_health(office.valet.ctx, Schedule([], office.clock), lambda: None)


def test_commands_are_answered_with_why_and_looking_still_works(office):
    office.reports("train-7", 0.0)
    freeze(office)

    office.slack.command("ada", "#gpus", "/gpu claim train-7")

    assert answered(office) == "Valet's database can't be used now: it may not be written. Nothing was changed."
    office.slack.command("ada", "#gpus", "/gpu status train-7")
    assert "train-7" in answered(office)
    thaw(office)
    assert "train-7" in office.types("ada", "/gpu claim train-7")


def answered(office, who="ada", channel="#gpus"):
    """What somebody sees once the listeners are done; the workers are left alone."""
    office.listened()
    return office.sees(who, channel)


def test_on_a_full_disk_agents_keep_their_minutes_and_deliver_them_later(office):
    fill(office)
    with pytest.raises(Impaired, match="the disk is full"):
        office.reports("train-7", 0.0, minutes=600)
    during = well(office)
    make_room(office)

    office.reports("train-7", 0.0, minutes=600)

    assert during.problems == ("the database can't be used: the disk is full",)
    assert well(office).ok
    assert "free" in office.types("ada", "/gpu status train-7")


def test_an_approved_stop_is_not_carried_out_until_it_can_be_written_down(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    card = "Stop train-7"
    freeze(office)

    office.slack.click("bob", "#ml-platform", card)
    answered(office)

    assert office.machine("train-7").state == "running"
    assert office.fleet.calls["stop", "train-7"] == 0
    thaw(office)
    office.presses("bob", card, "#ml-platform")
    office.passes(2 * MINUTE_MS)
    assert office.fleet.calls["stop", "train-7"] == 1
    assert office.machine("train-7").state == "stopped"


def test_on_a_database_damaged_at_the_start_buttons_are_answered_and_backups_taken_up(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    backup = office.path.parent / "backups" / "valet-2026-11-23.db"
    copies.copy(office.path, backup)
    office.close()
    office.path.write_bytes(b"ruined" * 10_000)
    office.valet = office.open()
    alarm = StoreAlarm(office.valet.ctx, office.valet.client)

    for _ in range(3):
        alarm.look()
    office.slack.click("bob", "#ml-platform", "Stop train-7")
    pressed = answered(office, "bob", "#ml-platform")
    office.slack.mention("ada", "#gpus", "status")
    mentioned = answered(office)
    told = office.slack.sees("bob", "@bob")
    copies.restore_copy(
        backup, office.path, office.clock(), who="command line", aside=office.path.with_suffix(".aside")
    )
    for _ in range(7):
        alarm.look()
        office.clock.forward(MINUTE_MS)
    office.settle()

    assert pressed.startswith("Valet's database can't be used now: the database is damaged;")
    assert f"`valet restore {backup}` puts the newest one back" in pressed
    assert mentioned == pressed
    assert len(told) == 1
    assert office.slack.sees("bob", "@bob")[1].startswith("A backup was restored, and Valet goes on with it.")
    office.reports("train-7", 0.0)
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(2 * MINUTE_MS)
    assert office.fleet.calls["stop", "train-7"] == 1


def test_the_admins_are_told_once_and_again_when_it_is_over(office, alarm):
    freeze(office)
    for _ in range(5):
        alarm.look()
        office.clock.forward(MINUTE_MS)
    during = office.slack.sees("bob", "@bob")
    thaw(office)
    for _ in range(8):
        alarm.look()
        office.clock.forward(MINUTE_MS)
    after = office.slack.sees("bob", "@bob")

    assert len(during) == 1
    assert during[0].startswith("*Valet's database can't be used: it may not be written.* Until then I stop and")
    assert len(after) == 2
    assert after[1].startswith("Valet's database can be used again. Nothing that I had confirmed is lost")


def test_a_disk_at_its_limit_that_goes_back_and_forth_is_told_of_once(office, alarm):
    for _ in range(6):
        freeze(office)
        alarm.look()
        thaw(office)
        alarm.look()
        office.clock.forward(MINUTE_MS)

    assert len(office.slack.sees("bob", "@bob")) == 1


def test_while_slack_is_away_too_the_admins_are_told_when_it_is_back(office, alarm):
    freeze(office)
    office.slack.fault("chat.postMessage", "org_login_required", times=2)
    alarm.look()
    alarm.look()
    silent = office.slack.sees("bob", "@bob")
    alarm.look()
    thaw(office)

    assert silent == []
    assert len(office.slack.sees("bob", "@bob")) == 1


def test_health_and_figures_say_so_and_are_well_again_by_themselves(office, alarm):
    before = well(office)
    freeze(office)
    alarm.look()
    during = well(office)
    shown = {
        figure.name: figure.values for figure in bot_metrics(office.valet.ctx, Schedule([], office.clock), lambda: 3.0)
    }
    thaw(office)
    alarm.look()

    assert before.ok
    assert not during.ok
    assert during.problems == ("the database can't be used: it may not be written",)
    assert shown["valet_database_usable"] == {(): 0.0}
    assert shown["valet_slack_silence_seconds"] == {(): 3.0}
    assert well(office).ok


def test_figures_tell_of_what_waits_and_for_how_long(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.settle()
    office.slack.fault("chat.postMessage", "internal_error", times=500)
    office.slack.fault("chat.update", "internal_error", times=500)
    before = shown(office)
    office.types("ada", "/gpu wait train-7 for 2h")
    office.types("bob", "/gpu hours train-7 Mon-Fri 8-10")
    office.clock.forward(90_000)
    after = shown(office)
    office.slack.faults._ordered.clear()
    office.settle()

    assert before["valet_outbox_age_seconds"] == {(): 0.0}
    assert after["valet_outbox_age_seconds"] == {(): 90.0}
    assert after["valet_outbox_messages"][("waiting",)] >= 1
    assert after["valet_outbox_messages"][("sent",)] == before["valet_outbox_messages"][("sent",)] >= 1
    assert after["valet_approved_age_seconds"] == {(): 0.0}, "nobody has said yes"
    assert after["valet_instances"] == before["valet_instances"] != {}


def shown(office) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        figure.name: dict(figure.values)
        for figure in bot_metrics(office.valet.ctx, Schedule([], office.clock), lambda: None)
    }


def test_a_clock_that_is_far_off_slacks_is_told_once_and_makes_health_bad(office):
    ctx, slack = office.valet.ctx, office.slack
    seen, ours = [], Clock()
    watch = ClockWatch(replace(ctx, clock=ours), office.valet.client)
    for off in (0, 55_000, -75_000, -75_000, 0, 400_000):
        ours.now = office.clock() + off
        watch.look()
        office.settle()
        seen.append((round(watch.off.by / 1000), len(slack.sees("bob", "@bob"))))
    ill = bot_health(ctx, Schedule([], office.clock), lambda: None, off=lambda: watch.off)
    slack.fault("auth.test", http_status=503)
    slack.fault("auth.test", accept_then_drop=True)
    for _ in range(2):
        watch.look()
    office.clock.forward(7 * MINUTE_MS)
    office.settle()

    assert [count for _, count in seen] == [0, 0, 1, 1, 1, 1]
    assert all(abs(found - true) <= 1 for (found, _), true in zip(seen, (0, 55, -75, -75, 0, 400), strict=True))
    assert slack.latest("bob", "@bob").startswith("*The clock of Valet's machine is 399 s ahead of Slack's.*")
    assert [each[:13] for each in ill.problems] == ["the clock is "]


def test_where_slack_does_not_say_or_contradicts_aws_is_asked_for_the_time(office):
    ctx, slack = office.valet.ctx, office.slack
    ours, asked = Clock(), []
    watch = ClockWatch(replace(ctx, clock=ours), office.valet.client, aws=lambda: asked.append(1) or office.clock())
    ours.now = office.clock() - 400_000
    silent = {"accept_then_drop": True}
    for method_fails in (silent, None):
        if method_fails:
            slack.fault("auth.test", times=2, **method_fails)
        watch.look()
        office.settle()
        said = bot_health(ctx, Schedule([], office.clock), lambda: None, off=lambda: watch.off).problems
        told = slack.latest("bob", "@bob").partition(" charges")[0]
        assert told == "*The clock of Valet's machine is 400 s behind AWS's.* Claims, digests and"
        assert said == ("the clock is 400 s off AWS's" if method_fails else "the clock is 400 s off Slack's and AWS's",)
    ours.now = office.clock()
    watch.look()
    office.settle()

    assert len(asked) == 2, "not while Slack says that all is well"
    assert slack.latest("bob", "@bob") == "The clock of Valet's machine agrees with Slack's again."


def test_a_message_that_waits_and_a_slack_that_is_silent_make_health_bad(office):
    office.valet.ctx.store._writer.execute(
        "INSERT INTO outbox (channel, ref, kind, subject, due_at, created_at) VALUES (?, 'r', 'digest', 'x', ?, ?)",
        [ADA, office.clock.now, office.clock.now],
    )
    office.clock.forward(21 * MINUTE_MS)

    found = bot_health(office.valet.ctx, Schedule([], office.clock), lambda: 300.0)
    office.valet.ctx.store._writer.execute("DELETE FROM outbox WHERE ref = 'r'")

    assert found.problems == ("a message has waited for 21 minutes", "Slack has not been heard for 5 minutes")


def test_a_job_that_does_not_come_to_its_end_makes_health_bad(office):
    schedule = Schedule([Job("sweep", 60, lambda: None), Job("forecasts", 3600, lambda: None)], office.clock)
    schedule.run_all()
    office.clock.forward(6 * MINUTE_MS)

    found = bot_health(office.valet.ctx, schedule, lambda: None)
    schedule.run_all()

    assert found.problems == ("sweep has not finished for over 5 minutes",), "forecasts may take their time"
    assert bot_health(office.valet.ctx, schedule, lambda: None).ok


def test_jobs_that_wait_for_the_database_leave_the_log_to_what_is_wrong(office, caplog):
    freeze(office)
    for _ in range(5):
        Schedule([Job("sweep", 60, lambda: office.valet.ctx.store.check(0))], office.clock).run_all()
    thaw(office)

    assert [record.levelname for record in caplog.records if record.name.startswith(("bot.jobs", "store"))] == [
        "CRITICAL"
    ]
