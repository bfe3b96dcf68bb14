"""An admin edits valet.toml while the bot runs: what is right counts at once, what is wrong is said, once."""

import os
import tomllib

import pytest

from bot.doctor.settings import check_read
from bot.outside import SettingsFile
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS, ML_PLATFORM
from bot.settings import parse
from store import audit as stored_audit

FILE = f"""\
[slack]
channel = "{GPUS}"
admins = ["{BOB}"]

[teams.nlp]
members = ["{ADA}"]
approvers = ["{BOB}"]
channel = "{ML_PLATFORM}"
budget_usd = 42000

[owned.hosts.dgx-1]
team = "nlp"
power_off = ["ipmitool", "-P", "hunter2"]

[door]
port = 0
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "valet.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
def company(office_with, path):
    made = office_with(tomllib.loads(FILE))
    made.settings_file = SettingsFile(path, lambda _settings: {"ec2": made.fleet}, {})
    made.restart()
    looks(made)
    return made


def looks(company, times=2):
    for _ in range(times):
        company.clock.forward(2_000)
        company.valet.settings_watch.look(company.valet.ctx)
    company.settle()


def says(path, before, after, text=FILE):
    assert before in text
    path.write_text(text.replace(before, after))


def told(company, who="bob"):
    return [each for each in company.slack.sees(who, f"@{who}") if "valet.toml" in each]


def kept(company):
    return stored_audit.entries_about(company.valet.ctx.store.reading(), "settings")


def test_a_budget_counts_at_once_and_admins_and_audit_know(company, path):
    says(path, "42000", "50000")
    looks(company)

    assert "$50,000" in company.types("ada", "/cost budget nlp", "#ml-platform")
    (news,) = told(company)
    assert "*I read `valet.toml` again.* It counts from now on:\n• `teams.nlp.budget_usd 42000 -> 50000`" in news
    (entry,) = kept(company)
    assert (entry.who, entry.did, entry.before, entry.after) == ("valet", "settings read again", "42000", "50000")
    assert entry.detail == "teams.nlp.budget_usd 42000 -> 50000 (the file changed)"


def test_who_decides_and_who_belongs_follow(company, path):
    says(path, f'approvers = ["{BOB}"]', f'approvers = ["{ADA}", "{CY}"]')
    looks(company)

    assert company.valet.ctx.roster().approvers("nlp") == {ADA, CY}


def test_a_wrong_file_is_said_once_with_line_and_expectation_and_changes_nothing(company, path):
    before = company.valet.ctx
    says(path, "budget_usd = 42000", 'budget_usd = "lots"')
    looks(company, times=60)

    (news,) = told(company)
    assert "valet.toml, line 9: Setting \"teams.nlp.budget_usd\" is 'lots': expected a number" in news
    assert "The settings of before go on." in news
    assert company.valet.ctx is before
    says(path, "42000", "43000")
    looks(company)
    assert "42000 -> 43000" in told(company)[-1]


def test_what_only_a_start_takes_up_is_named(company, path):
    says(path, "port = 0", "port = 9000")
    looks(company)

    assert "Only a restart takes up `door.port`; until then the value of before counts." in told(company)[0]
    assert company.valet.ctx.settings.door.port == 0
    company.slack.open_home("bob")
    company.listened()
    assert "Only a restart takes up `door.port`" in company.slack.sees_home("bob")
    settings = parse({"database": str(company.path)}, {})
    assert [each.id for each in check_read(settings)] == ["V112"]


def test_a_password_in_a_command_is_never_shown(company, path):
    says(path, "hunter2", "hunter3")
    looks(company)
    says(path, '["ipmitool", "-P", "hunter2"]', '"ipmitool -P hunter4"')
    looks(company)

    shown = [*told(company), *(f"{each.detail} {each.before} {each.after}" for each in kept(company))]
    assert len(shown) == 4
    assert not [each for each in shown if "hunter" in each]
    assert "owned.hosts.dgx-1.power_off (not shown)" in shown[0]


def test_an_editor_that_writes_in_two_steps_is_waited_for(company, path):
    for half in ("", FILE[:40], FILE[:120]):
        path.write_text(half)
        looks(company, times=1)
    says(path, "42000", "50000")
    looks(company)

    (news,) = told(company)
    assert "42000 -> 50000" in news


def test_a_file_gone_for_a_moment_is_no_news_one_that_stays_away_is(company, path):
    path.unlink()
    looks(company, times=5)
    path.write_text(FILE)
    looks(company)
    assert told(company) == []

    path.unlink()
    looks(company, times=40)
    (news,) = told(company)
    assert "There is no settings file" in news
    assert company.valet.ctx.roster().admins == {BOB}


def test_a_link_that_is_swapped_is_followed(company, path, tmp_path):
    for name, budget in (("one", "42000"), ("two", "50000")):
        (tmp_path / name).mkdir()
        says(tmp_path / name / "valet.toml", "42000", budget)
    data = tmp_path / "..data"
    data.symlink_to("one")
    path.unlink()
    path.symlink_to("..data/valet.toml")
    looks(company)
    (tmp_path / "..tmp").symlink_to("two")
    (tmp_path / "..tmp").replace(data)
    looks(company)

    assert "42000 -> 50000" in told(company)[0]


def test_touching_the_file_or_writing_a_comment_is_no_news(company, path):
    os.utime(path, (1, 1))
    looks(company)
    path.write_text(f"# reviewed\n{FILE}")
    looks(company)

    assert (told(company), kept(company)) == ([], [])


def test_a_signal_has_the_file_read_at_once(company, path):
    says(path, "42000", "50000")
    company.valet.settings_watch.ask()
    looks(company, times=1)

    assert kept(company)[0].detail.endswith("(on SIGHUP)")


def test_an_operation_keeps_the_settings_it_began_with(company, path):
    begun = company.valet.ctx
    says(path, "42000", "50000")
    looks(company)

    assert begun.settings.teams["nlp"].budget_usd == 42000
    assert begun.current().settings.teams["nlp"].budget_usd == 50000
