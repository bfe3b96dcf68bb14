"""A wrong setting stops the start with one sentence: the key, the value and what was expected."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import SettingsError
from bot.settings import load, parse, secrets


def test_the_defaults_need_no_file_at_all():
    settings = parse({}, {})

    assert settings.claim_limits("").default == 8 * HOUR_MS
    assert settings.answer_within == 120 * MINUTE_MS
    assert settings.idle_rule.window_minutes == 60
    assert settings.digest.at == "09:00"


WRONG = {
    'Unknown setting "slak"': {"slak": {}},
    'Unknown setting "slack.chanel"': {"slack": {"chanel": "C024BE7LR"}},
    "\"slack.channel\" is 'gpus': expected a Slack channel id": {"slack": {"channel": "gpus"}},
    "\"slack.gpu_command\" is 'gpu': expected a command": {"slack": {"gpu_command": "gpu"}},
    "\"digest.at\" is '02:00': expected a time from 04:00": {"digest": {"at": "02:00"}},
    "\"digest.at\" is '9 am': expected a time such as": {"digest": {"at": "9 am"}},
    "\"digest.timezone\" is 'Mars/X': expected a time zone": {"digest": {"timezone": "Mars/X"}},
    '"aws.0.regions" is missing': {"aws": [{}]},
    'Unknown setting "slack.chanel". Did you mean slack.channel?': {"slack": {"chanel": "C1"}},
    'Unknown setting "teams.nlp.pausing.hour". Did you mean teams.nlp.pausing.hours?': {
        "teams": {"nlp": {"pausing": {"hour": "x"}}}
    },
    "is 'us-east-1': expected a list in brackets, such as [\"us-east-1\"].": {"aws": [{"regions": "us-east-1"}]},
    "is 'lots': expected a number, such as \"12.50\".": {"teams": {"nlp": {"budget_usd": "lots"}}},
    "is 0: expected 1 or more.": {"actions": {"most_stops": 0}},
    "comma between several: `Mon-Thu 8-20, Fri 8-16`.": {"teams": {"nlp": {"pausing": {"hours": "weekdays"}}}},
    "\"idle.window_minutes\" is 'soon'": {"idle": {"window_minutes": "soon"}},
    "\"teams.nlp.approvers.0\" is 'bob': expected a Slack user id": {"teams": {"nlp": {"approvers": ["bob"]}}},
    '"owned.hosts.dgx-1.usd_per_hour" is -3': {"owned": {"hosts": {"dgx-1": {"usd_per_hour": -3}}}},
    "\"teams.nlp.budget_usd\" is 'lots'": {"teams": {"nlp": {"budget_usd": "lots"}}},
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_setting_is_named_with_its_value_and_what_was_expected(sentence):
    with pytest.raises(SettingsError) as refused:
        parse(WRONG[sentence], {})

    assert sentence in str(refused.value)
    assert str(refused.value).endswith((".", "?"))
    assert "\n" not in str(refused.value)


def test_a_missing_or_broken_file_is_said(tmp_path):
    broken = tmp_path / "valet.toml"
    broken.write_text("[slack\n")

    with pytest.raises(SettingsError, match="There is no settings file"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="can't be read"):
        load(broken, {})


def test_the_environment_names_the_database():
    assert parse({"database": "a.db"}, {"VALET_DB": "/tmp/b.db"}).database == "/tmp/b.db"


def test_secrets_come_from_the_environment_or_from_files_and_are_never_shown(tmp_path):
    file = tmp_path / "token"
    file.write_text("xapp-from-file\n")

    found = secrets({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN_FILE": str(file)})

    assert found.app_token == "xapp-from-file"
    assert found.slack_api_url == "https://slack.com/api/"
    assert "xoxb" not in repr(found)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN is missing or is no bot token"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN_FILE": "/nowhere/x"}, "SLACK_BOT_TOKEN_FILE names /nowhere/x, which can't be read"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": "slack.com"},
            "SLACK_API_URL is 'slack.com'",
        ),
    ],
)
def test_missing_secrets_are_named(environment, sentence):
    with pytest.raises(SettingsError, match=sentence):
        secrets(environment)


def test_one_team_list_serves_approvals_and_digests():
    table = {
        "slack": {"channel": "C024BE7LR", "admins": ["U0ADMIN"]},
        "teams": {"nlp": {"usergroup": "S0GROUP", "budget_usd": "50000"}},
        "digest": {"timezone": "Europe/Berlin"},
    }

    roster = parse(table, {}).roster({"S0GROUP": frozenset({"U0ADA"})})

    team = roster.team("nlp")
    assert team is not None
    assert (team.members, team.channel, team.timezone) == (frozenset({"U0ADA"}), "C024BE7LR", "Europe/Berlin")
    assert team.budget_micros == 50_000_000_000
    assert roster.approvers("nlp") == frozenset({"U0ADMIN"})
