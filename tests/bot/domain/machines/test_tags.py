"""Tags as people spell them are one tag, and what is nearly right is named."""

from datetime import date

import pytest

from bot.domain.acting.keepers import keeper_of, with_own
from bot.domain.machines import tags
from bot.domain.machines.exemptions import Exemption
from bot.domain.machines.fleet import Instance
from bot.domain.machines.tags import KnownTags
from bot.services.money import rates
from bot.settings import parse

KNOWN = KnownTags("valet-protect", "team", ("gpu-valet", "managed"), ("nlp", "vision"))


def machine(**borne):
    return Instance("i-1", "train-7", "ec2", "ec2/1/us-east-1", "p4d.24xlarge", "running", tags=borne)


@pytest.mark.parametrize("key", ["valet-protect", "Valet-Protect", "VALET_PROTECT", "Valet Protect", "ValetProtect"])
def test_however_a_key_is_spelt_it_is_the_same(key):
    assert tags.tag_of({key: "true"}, "valet-protect") == (key, "true")
    assert tags.tag_of({f"{key}ion": "true"}, "valet-protect") is None


def test_of_several_spellings_the_exact_one_counts():
    assert tags.tag_value({"Team": "vision", "team": "nlp"}, "team") == "nlp"


@pytest.mark.parametrize(
    ("borne", "team"),
    [
        ({"Team": "nlp"}, "nlp"),
        ({"team": "NLP"}, "nlp"),
        ({"TEAM": "Ml Ops"}, "ml-ops"),
        ({"team": "mlops"}, "mlops"),
        ({"team": "other"}, "other"),
        ({"team": ""}, ""),
        ({"squad": "nlp"}, ""),
    ],
)
def test_a_team_is_the_one_of_the_settings_however_it_is_spelt(borne, team):
    settings = parse({"teams": {"nlp": {}, "ml-ops": {}, "mlops": {}}}, {})

    assert rates.team_of_instance(settings, machine(**borne)) == team


@pytest.mark.parametrize(
    ("tag", "covered"), [("purpose=serving", True), ("purpose", True), ("purpose=training", False)]
)
def test_exemptions_go_by_the_same_comparison(tag, covered):
    exempt = Exemption("it serves", date(2026, 12, 31), 0, tag=tag)

    assert exempt.covers(machine(Purpose="Serving")) is covered


@pytest.mark.parametrize(
    ("borne", "said"),
    [
        ({"team": "nlp", "valet-protect": "true"}, ""),
        ({"Team": "NLP", "Valet-Protect": ""}, ""),
        (
            {"team": "nlp", "valet-protect": "false"},
            "It bears valet-protect=false, which protects it all the same: take the tag off to lift that.",
        ),
        (
            {"team": "nlp", "valet-protected": "true"},
            "Its tag valet-protected looks like valet-protect and does not count, so it is not protected.",
        ),
        ({"teams": "nlp"}, "Its tag teams looks like team and does not count, so it belongs to no team."),
        ({"team": "nlpp"}, "Its tag team=nlpp names no team of valet.toml; nlp comes close."),
        ({"team": "sales"}, "Its tag team=sales names no team of valet.toml."),
        (
            {"team": "nlp", "gpu-valet": "Managed"},
            "It bears gpu-valet=Managed and not just gpu-valet=managed, so AWS may refuse Valet's stops of it.",
        ),
        ({"Name": "train-7", "cost-center": "4711"}, ""),
    ],
)
def test_what_is_nearly_a_tag_that_counts_is_named(borne, said):
    assert " ".join(tags.tag_doubts(borne, KNOWN)) == said


def test_a_company_may_name_its_own_keepers_and_take_ours_away():
    known = with_own({"slurm-": "Slurm", "Owner=ci": "our CI", "Ray-Cluster-Name": ""})

    assert keeper_of(machine(**{"Slurm-Partition": "gpu"}), known) == "Slurm"
    assert keeper_of(machine(owner="CI"), known) == "our CI"
    assert keeper_of(machine(owner="ada"), known) == ""
    assert keeper_of(machine(**{"ray-cluster-name": "x"}), known) == ""
    assert keeper_of(machine(**{"ray-node-type": "head"}), known) == "Ray"
