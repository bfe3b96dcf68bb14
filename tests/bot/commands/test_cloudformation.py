"""The template of `valet iam-policy --cloudformation`: the same policies, and tools of others find nothing wrong."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.providers.cloudformation import MOST_INLINE_CHARACTERS, MOST_TEMPLATE_BYTES
from bot.providers.policy import in_partition

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
EVERYTHING = """
[actions]
clone = true
managed_tag = "env=prod"
[runs.eval]
command = "make eval"
user = "ml"
"""
GIVEN = {"AWS::Partition": "aws", "AWS::AccountId": "111122223333", "AWS::URLSuffix": "amazonaws.com"}
ASKED = {"ValetPrincipal": "arn:aws:iam::999988887777:role/valet-bot", "ExternalId": "some-long-word"}


@pytest.fixture
def valet(tmp_path, monkeypatch):
    """`valet iam-policy` beside a settings file."""
    monkeypatch.chdir(tmp_path)

    def prints(*words, settings=""):
        Path("valet.toml").write_text(settings)
        done = CliRunner().invoke(main, ["iam-policy", *words])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return prints


class Resolver:
    """What AWS makes of a template with parameters: no more than the words that ours uses."""

    def __init__(self, template, parameters):
        self.template = template
        defaults = {name: each.get("Default", "") for name, each in template["Parameters"].items()}
        self.values = {**defaults, **ASKED, **parameters, **GIVEN}

    def resources(self):
        found = self.template["Resources"].items()
        conditions = self.template["Conditions"]
        return {
            name: self.value(each["Properties"])
            for name, each in found
            if "Condition" not in each or self.holds(conditions[each["Condition"]])
        }

    def holds(self, condition):
        [(how, what)] = condition.items()
        if how == "Fn::Equals":
            return self.value(what[0]) == what[1]
        if how == "Fn::Not":
            return not self.holds(what[0])
        return all(self.holds(self.template["Conditions"][each["Condition"]]) for each in what)

    def value(self, node):
        if isinstance(node, list):
            return list(map(self.value, node))
        if not isinstance(node, dict):
            return node
        for word, meaning in (("Ref", self._ref), ("Fn::Sub", self._sub), ("Fn::Join", self._join)):
            if word in node:
                return meaning(node[word])
        return {key: self.value(inner) for key, inner in node.items()}

    def _ref(self, name):
        is_list = self.template["Parameters"].get(name, {}).get("Type") == "CommaDelimitedList"
        return self.values.get(name, name).split(",") if is_list else self.values.get(name, name)

    def _sub(self, text):
        for name, given in self.values.items():
            text = text.replace(f"${{{name}}}", given)
        return text

    def _join(self, parts):
        return parts[0].join(self.value(parts[1]))


def resolved(template, **parameters):
    """The resources with these parameters; what a condition leaves out is not there."""
    return Resolver(template, parameters).resources()


def documents(resources, role="ValetRole"):
    """The policies of a role by name: those in it, and those put into it."""
    inside = [*resources[role]["Policies"], *(each for each in resources.values() if each.get("Roles") == [role])]
    inside = [each for each in inside if "PolicyName" in each]  # an instance profile has roles as well
    return {each["PolicyName"].removeprefix("valet-"): each["PolicyDocument"] for each in inside}


def test_the_role_has_the_very_policies_that_are_printed_alone(valet):
    alone = valet("--kms-key", KEY, settings=EVERYTHING)
    template = valet("--cloudformation", "--kms-key", KEY, settings=EVERYTHING)

    found = documents(resolved(template, LaunchRole="ROLE-OF-THE-MACHINES"))

    owner = json.loads(json.dumps(alone).replace("iam::*:role", "iam::111122223333:role"))
    assert found == owner
    assert set(found) == {"read", "stop-start", "run", "launch", "clone", "disks"}


@pytest.mark.parametrize("settings", ["", EVERYTHING])
def test_without_the_switch_it_only_looks(valet, settings):
    template = valet("--cloudformation", "--kms-key", KEY, settings=settings)

    assert set(documents(resolved(template, MayAct="false"))) == {"read"}


def test_only_valets_own_role_with_the_right_word_may_assume_it(valet):
    [statement] = resolved(valet("--cloudformation"))["ValetRole"]["AssumeRolePolicyDocument"]["Statement"]

    assert statement["Principal"] == {"AWS": ASKED["ValetPrincipal"]}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ASKED["ExternalId"]}}


def test_neither_has_a_default_so_both_are_asked_for(valet):
    parameters = valet("--cloudformation")["Parameters"]

    assert [name for name, each in parameters.items() if "Default" not in each] == ["ValetPrincipal", "ExternalId"]
    assert parameters["ExternalId"]["NoEcho"] is True


def test_it_stops_only_what_bears_the_tag_of_the_settings(valet):
    found = documents(resolved(valet("--cloudformation", settings=EVERYTHING)))

    [statement] = found["stop-start"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/env": "prod"}}


def test_a_tag_that_looks_like_a_variable_stays_as_it_is(valet):
    found = documents(resolved(valet("--cloudformation", "--tag", "env=${AWS::Region}")))

    assert "${AWS::Region}" in json.dumps(found["stop-start"])


def test_machines_may_read_their_token_and_nothing_else(valet):
    whole = resolved(valet("--cloudformation"))

    [statement] = documents(whole, "AgentRole")["agent"]["Statement"]
    assert statement["Action"] == ["ssm:GetParameter"] == valet("--only", "agent")["Statement"][0]["Action"]
    assert statement["Resource"] == "arn:aws:ssm:*:111122223333:parameter/valet/agents/*"
    trust = whole["AgentRole"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}


def test_the_role_of_machines_can_be_left_out_and_knows_other_parameters(valet):
    template = valet("--cloudformation", "--token-parameter", "/ml/{instance}/token")

    assert set(resolved(template, AgentProfile="false")) == {"ValetRole", "MayStopStart"}
    assert "parameter/ml/*/token" in json.dumps(template)


def test_systems_manager_finds_machines_only_where_runs_are_listed(valet):
    assert "ManagedPolicyArns" not in resolved(valet("--cloudformation"))["AgentRole"]
    assert resolved(valet("--cloudformation", settings=EVERYTHING))["AgentRole"]["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    ]


def test_one_template_is_for_every_account_region_and_partition(valet):
    text = json.dumps(valet("--cloudformation", settings=EVERYTHING))

    assert "arn:aws:" not in text
    assert "amazonaws.com" not in text.replace("ec2.*.amazonaws.com", "")
    assert '"AWS::Region"' not in text


def test_it_fits_into_what_aws_takes(valet):
    template = valet("--cloudformation", "--kms-key", KEY, settings=EVERYTHING)

    assert len(json.dumps(template, indent=2).encode()) < MOST_TEMPLATE_BYTES
    policies = documents(resolved(template)).values()
    assert sum(len(json.dumps(each, separators=(",", ":"))) for each in policies) < MOST_INLINE_CHARACTERS


def test_grants_on_keys_are_for_ec2_alone_and_only_where_keys_are_named(valet):
    template = valet("--cloudformation")

    assert "disks" not in documents(resolved(template))
    found = documents(resolved(template, DiskKeys=f"{KEY},{KEY}2"))["disks"]
    assert [each["Resource"] for each in found["Statement"]] == [[KEY, f"{KEY}2"]] * 2
    assert all("kms:ViaService" in json.dumps(each["Condition"]) for each in found["Statement"])


def test_in_china_ec2_has_another_name_for_keys_too():
    assert in_partition("ec2.*.amazonaws.com", "aws-cn") == "ec2.*.amazonaws.com.cn"


@pytest.mark.parametrize("words", [["--kms-key", "1234abcd"], ["--only", "disks"], ["--token-parameter", "a b"]])
def test_what_is_no_key_and_no_parameter_is_refused(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(main, ["iam-policy", *words, *([] if "--only" in words else ["--cloudformation"])])

    assert done.exit_code == 1


def ran(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.tools
@pytest.mark.parametrize("settings", ["", EVERYTHING])
def test_cfn_lint_finds_nothing(valet, settings, tmp_path):
    lint = Path(sys.executable).with_name("cfn-lint")
    if not lint.exists():
        pytest.skip("cfn-lint is not installed")
    (tmp_path / "role.json").write_text(json.dumps(valet("--cloudformation", "--kms-key", KEY, settings=settings)))

    done = ran(lint, tmp_path / "role.json")

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("checkov"), reason="checkov is not installed")
@pytest.mark.parametrize("settings", ["", EVERYTHING])
def test_checkov_finds_nothing(valet, settings, tmp_path):
    (tmp_path / "role.json").write_text(json.dumps(valet("--cloudformation", "--kms-key", KEY, settings=settings)))

    done = ran("checkov", "--skip-download", "--quiet", "-o", "json", "-f", tmp_path / "role.json")

    assert json.loads(done.stdout)["summary"]["failed"] == 0
    assert json.loads(done.stdout)["summary"]["passed"] > 5
