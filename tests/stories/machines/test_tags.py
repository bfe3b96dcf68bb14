"""However a tag is spelt it does what it says, and where it does not, Valet says so."""

import pytest

from bot.doctor import settings
from bot.settings import parse
from tests.stories.conftest import SETTINGS

PROTECTED = "train-7 is protected by a tag."


def tagged(office, **borne):
    office.fleet.change("train-7", tags={"Name": "train-7", **borne})
    office.tick()
    office.reports("train-7", 0.0)
    return office


@pytest.mark.parametrize("tag", [{"Valet-Protect": "true"}, {"valet_protect": ""}, {"valet-protect": "false"}])
def test_a_protected_machine_is_protected_in_any_spelling(office, tag):
    tagged(office, team="nlp", **tag)

    assert PROTECTED in office.types("ada", "/gpu stop train-7")


def test_why_names_a_tag_that_does_not_mean_what_it_looks_like(office):
    tagged(office, team="nlp", **{"valet-protect": "false"})
    assert "It bears valet-protect=false, which protects it all the same" in office.types("ada", "/gpu why train-7")

    tagged(office, Team="nlpp")
    assert "Its tag Team=nlpp names no team of valet.toml; nlp comes close." in office.types("ada", "/gpu why train-7")


def test_a_team_in_other_letters_is_that_team(office):
    tagged(office, Team="NLP")

    assert "team nlp" in office.types("ada", "/gpu status train-7")


def test_a_machine_that_something_of_ours_runs_gets_no_card(office_with):
    office = tagged(office_with(SETTINGS | {"actions": {"keepers": {"our-queue": "our queue"}}}), **{"Our-Queue": "q1"})

    assert "train-7 belongs to our queue, which decides when it runs." in office.types("ada", "/gpu stop train-7")


def test_doctor_names_the_machines_with_such_tags(office):
    tagged(office, team="nlp", **{"valet-protected": "true"})

    found = list(settings.check_tags(parse(SETTINGS | {"database": str(office.path)}, {})))

    train = next(each.sentence for each in found if each.sentence.startswith("train-7 ("))
    assert "Its tag valet-protected looks like valet-protect and does not count" in train
