"""`valet manifest`, `valet iam-policy` and `valet doctor` as typed."""

import json

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.providers.policy import assume_policy, clone_policy, launch_policy, policies

ROLE = "arn:aws:iam::222233334444:role/valet"


@pytest.fixture
def valet(tmp_path, monkeypatch):
    """Run `valet` in an empty folder with an empty environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "VALET_DB"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: CliRunner().invoke(main, words, prog_name="valet")


def test_the_manifest_can_be_had_before_there_are_settings(valet):
    made = json.loads(valet("manifest").stdout)

    assert [each["command"] for each in made["features"]["slash_commands"]] == ["/gpu", "/cost"]


def test_the_manifest_follows_the_settings(valet, tmp_path):
    (tmp_path / "valet.toml").write_text('[slack]\ngpu_command = "/gpus"')

    made = json.loads(valet("manifest").stdout)

    assert made["features"]["slash_commands"][0]["command"] == "/gpus"


def test_a_settings_file_that_was_named_must_exist(valet):
    result = valet("manifest", "--config", "other.toml")

    assert result.exit_code == 1
    assert "There is no settings file other.toml" in result.stderr


def test_the_manifest_for_http_has_the_address(valet):
    made = json.loads(valet("manifest", "--http", "https://valet.example.com").stdout)

    assert made["settings"]["interactivity"]["request_url"] == "https://valet.example.com/slack/events"


def test_an_address_slack_would_not_take_is_wrong_usage(valet):
    assert valet("manifest", "--http", "http://valet.example.com").exit_code == 2


def test_the_policies_are_for_the_tag(valet):
    made = json.loads(valet("iam-policy", "--tag", "env=dev").stdout)

    assert made == policies("env", "dev")


def test_the_tag_is_the_one_in_the_settings(valet, tmp_path):
    (tmp_path / "valet.toml").write_text('[actions]\nmanaged_tag = "env=prod"\nclone = true')

    made = json.loads(valet("iam-policy").stdout)

    assert made["stop-start"] == policies("env", "prod")["stop-start"]
    assert made["launch"] == launch_policy("env", "prod")


def test_one_policy_alone_is_as_aws_takes_it(valet):
    assert json.loads(valet("iam-policy", "--only", "read").stdout) == policies("gpu-valet", "managed")["read"]


def test_roles_in_the_settings_may_be_assumed(valet, tmp_path):
    (tmp_path / "valet.toml").write_text(f'[[aws]]\nrole_arn = "{ROLE}"\nregions = ["us-east-1"]')

    assert json.loads(valet("iam-policy", "--only", "assume").stdout) == assume_policy([ROLE])


def test_without_roles_there_is_nothing_to_assume(valet):
    assert valet("iam-policy", "--only", "assume").exit_code == 1


def test_rights_to_launch_and_to_clone_are_printed_only_where_the_settings_ask_for_them(valet, tmp_path):
    refused = [valet("iam-policy", "--only", each) for each in ("launch", "clone")]
    (tmp_path / "valet.toml").write_text("[actions]\nclone = true")

    asked = json.loads(valet("iam-policy").stdout)

    assert [each.exit_code for each in refused] == [1, 1]
    assert "[[launch]]" in refused[0].stderr
    assert "clone = true" in refused[1].stderr
    assert (asked["launch"], asked["clone"]) == (
        launch_policy("gpu-valet", "managed"),
        clone_policy("gpu-valet", "managed"),
    )


@pytest.mark.parametrize(
    ("region", "partition", "service"),
    [("us-gov-west-1", "aws-us-gov", "ec2.amazonaws.com"), ("cn-north-1", "aws-cn", "ec2.amazonaws.com.cn")],
)
def test_policies_name_the_partition_of_their_regions(valet, tmp_path, region, partition, service):
    (tmp_path / "valet.toml").write_text(f'[[aws]]\nregions = ["{region}"]\n[actions]\nclone = true\n')

    text = valet("iam-policy").stdout

    assert "arn:aws:" not in text
    assert f"arn:{partition}:ec2:*:*:instance/*" in text
    assert f'"iam:PassedToService": "{service}"' in text


def test_regions_of_two_partitions_are_asked_about(valet, tmp_path):
    (tmp_path / "valet.toml").write_text('[[aws]]\nregions = ["us-east-1", "us-gov-west-1"]\n')

    refused = valet("iam-policy")

    assert refused.exit_code == 1
    assert "aws and aws-us-gov" in refused.stderr
    assert "arn:aws-us-gov:ec2" in valet("iam-policy", "--partition", "aws-us-gov").stdout


@pytest.mark.parametrize("tag", ["env", "=dev", "env="])
def test_half_a_tag_is_wrong_usage(valet, tag):
    assert valet("iam-policy", "--tag", tag).exit_code == 2


def test_the_doctor_counts_and_exits_with_1_on_errors(valet):
    result = valet("doctor")

    assert result.exit_code == 1
    assert "error    V101  There is no settings file valet.toml." in result.stdout
    assert result.stdout.splitlines()[-2].startswith("2 errors, 0 warnings, ")
    assert result.stdout.splitlines()[-1].startswith("Next: mend V101. ")


def test_the_doctor_speaks_json(valet):
    result = valet("doctor", "--json")

    found = json.loads(result.stdout)["findings"]
    assert result.exit_code == 1
    assert {"id", "level", "sentence", "hint"} == set(found[0])
    assert [each["id"] for each in found if each["level"] == "error"] == ["V101", "V102"]
