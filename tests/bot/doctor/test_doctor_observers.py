"""Whether other sources tell of GPUs."""

from bot.doctor.observers import check
from bot.domain.measuring.trails import Told
from bot.settings import parse
from store.measuring import observations
from tests.conftest import MONDAY
from tests.opening import open_store

AWS = [{"regions": ["us-east-1"]}]


def found(tmp_path, **tables) -> list[tuple[str, str, str]]:
    settings = parse({"database": str(tmp_path / "valet.db"), **tables}, {})
    return [(each.id, each.level, each.sentence) for each in check(settings, MONDAY)]


def test_nothing_is_said_of_sources_that_are_not_used(tmp_path):
    assert found(tmp_path, aws=AWS) == []


def test_cloudwatch_without_an_account_can_tell_of_nothing(tmp_path):
    ((number, level, _),) = found(tmp_path, cloudwatch={"enabled": True})

    assert (number, level) == ("V701", "error")


def test_a_place_that_could_not_be_read_is_named_with_its_reason(tmp_path):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        observations.heard(db, "CloudWatch", Told("ec2/default/us-east-1", read_until=MONDAY), MONDAY)
        observations.heard(db, "CloudWatch", Told("ec2/default/us-west-2", error="AccessDenied"), MONDAY)
    store.close()

    said = found(tmp_path, aws=AWS, cloudwatch={"enabled": True})

    assert said == [("V701", "warning", "CloudWatch was not read for ec2/default/us-west-2: AccessDenied.")]


def test_a_prometheus_that_does_not_answer_is_an_error(tmp_path):
    said = found(tmp_path, prometheus={"url": "http://127.0.0.1:9"})

    assert said == [("V702", "error", "Prometheus can't be asked: 127.0.0.1:9 did not answer: ConnectionRefusedError.")]


def test_cloudwatch_before_its_first_reading_is_fine(tmp_path):
    ((_, level, _),) = found(tmp_path, aws=AWS, cloudwatch={"enabled": True})

    assert level == "ok"
