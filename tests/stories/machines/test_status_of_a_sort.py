"""/gpu status of a team, a type or a GPU model, by its bare name."""

import re

import pytest

from bot.services.machines import fleet


def shown(text: str) -> list[str]:
    return sorted(re.findall(r"^([a-z]+-?\d*) \| :", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("bare", "filters"),
    [
        ("nlp", "team:nlp"),
        ("NLP", "team:nlp"),
        ("p4d", "type:p4d"),
        ("p4d.24xlarge", "type:p4d.24xlarge"),
        ("P4D.24xl", "type:p4d.24xl"),
        ("a100", "gpu:a100"),
        ("A100s", "gpu:A100"),
        ("nlp p4d running", "team:nlp type:p4d running"),
        ("a100 mine", "gpu:a100 mine"),
        ("a10g free", "gpu:a10g free"),
        ("vision a100", "team:vision gpu:a100"),
    ],
)
def test_a_bare_word_is_the_filter_of_that_name(office, bare, filters):
    for name in ("train-7", "nb-2", "dgx-1"):
        office.reports(name, 0.0, minutes=90)
    office.types("ada", "/gpu claim train-7 for 1h")
    office.presses("ada", "Claim train-7 anyway")

    (title, *rows), (_, *expected) = (office.types("ada", f"/gpu status {it}").splitlines() for it in (bare, filters))

    assert re.match(rf"\*\d machines? \({re.escape(bare)}\), ", title)
    assert [row for row in rows if " | " in row] == [row for row in expected if " | " in row]
    assert shown("\n".join(rows)) != []


def test_a_gpu_model_shows_its_machines_only_rented_or_owned(office):
    office.reports("dgx-1", 0.0)

    assert shown(office.types("ada", "/gpu status a100")) == ["dgx-1", "train-7", "train-9"]
    assert shown(office.types("ada", "/gpu status gpu:b300")) == []


def test_a_machine_of_that_name_goes_first_and_one_that_begins_so_is_asked(office):
    office.fleet.change("nb-2", name="nlp", tags={"Name": "nlp"})
    office.fleet.change("train-9", name="p4d-1", tags={"Name": "p4d-1"})
    fleet.sweep(office.valet.ctx)

    assert office.types("ada", "/gpu status nlp").startswith(":white_circle: *nlp*")
    assert office.types("ada", "/gpu status p4d") == 'What is meant by "p4d"?\n[type:p4d] [p4d-1]'
    assert office.presses("ada", "p4d-1").startswith(":white_circle: *p4d-1*")


def test_words_that_name_nothing_are_refused_as_ever(office):
    assert office.types("ada", "/gpu status xyzzy").startswith('I don\'t know "xyzzy".')
    assert office.types("ada", "/gpu status h200").startswith('I don\'t know "h200".')
    assert office.types("ada", "/gpu status idle xyzzy").startswith('"xyzzy" is no filter.')
