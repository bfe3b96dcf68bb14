"""Whether price lists can be read."""

import os

import pytest

from bot.doctor.prices import check
from bot.domain.clock import DAY
from bot.settings import parse
from tests.conftest import MONDAY

LISTED = "InstanceType,AcceleratorName,AcceleratorCount,Price\ngpu_1x_h100,H100,1,2.49\n"


@pytest.fixture
def found(tmp_path):
    def look(text, *, days=0):
        path = tmp_path / "lambda.csv"
        path.write_text(text)
        written = (MONDAY - days * DAY) // 1000
        os.utime(path, (written, written))
        settings = parse({"catalogs": {"lambda": str(path)}}, {})
        return [(each.level, each.sentence) for each in check(settings, MONDAY)]

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


def test_nothing_is_said_where_no_list_is_named():
    assert list(check(parse({}, {}), MONDAY)) == []
