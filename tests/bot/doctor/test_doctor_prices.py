"""Whether price lists can be read."""

import os

import pytest

from bot.doctor.money import check_prices
from bot.domain.clock import DAY_MS
from bot.domain.money.price_reads import PriceTrouble
from bot.settings import parse
from store.money import prices as stored_prices
from tests.conftest import MONDAY
from tests.opening import open_store

LISTED = "InstanceType,AcceleratorName,AcceleratorCount,Price\ngpu_1x_h100,H100,1,2.49\n"


@pytest.fixture
def found(tmp_path):
    def look(text, *, days=0):
        path = tmp_path / "lambda.csv"
        path.write_text(text)
        written = (MONDAY - days * DAY_MS) // 1000
        os.utime(path, (written, written))
        settings = parse({"catalogs": {"lambda": str(path)}}, {})
        return [(each.level, each.sentence) for each in check_prices(settings, MONDAY)]

    return look


def test_a_list_that_can_be_read_is_fine(found):
    assert found(LISTED) == [("ok", "The price list catalogs.lambda is of 2026-11-23; prices in it: 1.")]


@pytest.mark.parametrize(
    ("text", "days", "said"),
    [
        (LISTED, 100, "The price list catalogs.lambda is 100 days old."),
        ("a,b\n", 0, "The price list catalogs.lambda has no column InstanceType and AcceleratorName"),
        (LISTED.splitlines()[0] + "\ncpu,,,0.5\n", 0, "The price list catalogs.lambda holds no machine with GPUs."),
    ],
)
def test_a_list_of_little_use_is_warned_of(found, text, days, said):
    ((level, sentence),) = found(text, days=days)

    assert level == "warning"
    assert sentence.startswith(said)


def test_what_could_not_be_read_the_last_time_is_named_with_its_reason(tmp_path, monkeypatch):
    """There are no credentials here, so the list can't be asked either."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        stored_prices.note_trouble(db, PriceTrouble("spot", "ec2/default/us-east-1", MONDAY, "Valet's role lacks it"))
    store.close()
    settings = parse({"database": str(tmp_path / "valet.db"), "aws": [{"regions": ["us-east-1"]}]}, {})

    asked, last = check_prices(settings, MONDAY)

    assert (asked.id, asked.level) == ("V902", "warning")
    assert "no credentials were found" in asked.sentence
    assert "our own table counts (us-east-1, 2026-07-20)" in asked.hint
    assert (last.id, last.level, last.sentence) == (
        "V903",
        "warning",
        "AWS's spot prices could not be read for ec2/default/us-east-1 (2026-11-23 09:00 UTC): Valet's role lacks it.",
    )


def test_nothing_is_said_where_no_list_is_named():
    assert list(check_prices(parse({}, {}), MONDAY)) == []
