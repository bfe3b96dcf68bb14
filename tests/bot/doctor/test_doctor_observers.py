"""Whether other sources tell of GPUs."""

import json

from bot.doctor.sources import check_observers
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.source_history import SourceAnswer, SourceHistory
from bot.settings import parse
from store.machines import fleet as stored_fleet
from store.machines import source_history
from tests.bot.telemetry.test_prometheus import running
from tests.conftest import MONDAY
from tests.opening import open_store

AWS = [{"regions": ["us-east-1"]}]


def found(tmp_path, **tables) -> list[tuple[str, str, str]]:
    settings = parse({"database": str(tmp_path / "valet.db"), **tables}, {})
    return [(each.id, each.level, each.sentence) for each in check_observers(settings, MONDAY)]


def test_nothing_is_said_of_sources_that_are_not_used(tmp_path):
    assert found(tmp_path, aws=AWS) == []


def test_cloudwatch_without_an_account_can_tell_of_nothing(tmp_path):
    ((number, level, _),) = found(tmp_path, cloudwatch={"enabled": True})

    assert (number, level) == ("V701", "error")


def test_a_place_that_could_not_be_read_is_named_with_its_reason(tmp_path):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        source_history.note_history_read(
            db, "CloudWatch", SourceAnswer("ec2/default/us-east-1", read_until=MONDAY), MONDAY
        )
        source_history.note_history_read(
            db, "CloudWatch", SourceAnswer("ec2/default/us-west-2", error="AccessDenied"), MONDAY
        )
    store.close()

    said = found(tmp_path, aws=AWS, cloudwatch={"enabled": True})

    assert said == [("V701", "warning", "CloudWatch was not read for ec2/default/us-west-2: AccessDenied.")]


def test_a_prometheus_that_does_not_answer_is_an_error(tmp_path):
    said = found(tmp_path, prometheus={"url": "http://127.0.0.1:9"})

    assert said == [("V702", "error", "Prometheus can't be asked: 127.0.0.1:9 did not answer: ConnectionRefusedError.")]


def dcgm(*hosts):
    """A Prometheus that tells of a GPU on each of these hosts."""
    series = [{"metric": labels | {"gpu": "0"}, "value": [0, "0"]} for labels in hosts]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": series}}).encode()


def with_machines(tmp_path, *machines):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        for machine in machines:
            stored_fleet.save(db, machine, team="", rate=None)
    store.close()


ONE = Instance(
    "i-0aa", "train-7", "ec2", "ec2/1/us-east-1", "p4d.24xlarge", "running", gpu_count=8, private_address="10.0.1.2"
)


def test_hosts_by_address_name_and_id_are_the_machines_they_are(tmp_path):
    with_machines(tmp_path, ONE)
    with running() as server:
        server.body = dcgm({"Hostname": "ip-10-0-1-2"}, {"instance": "10.0.1.2:9400"}, {"Hostname": "train-7"})
        said = found(tmp_path, prometheus={"url": server.url})

    assert said[1] == ("V703", "ok", "Every host in Prometheus is a running machine (3 series).")


def test_hosts_that_fit_no_machine_are_named_with_what_to_set(tmp_path):
    with_machines(tmp_path, ONE)
    with running() as server:
        server.body = dcgm({"Hostname": "ip-10-9-9-9.ec2.internal"}, {"Hostname": "train-7"})
        settings = parse({"database": str(tmp_path / "valet.db"), "prometheus": {"url": server.url}}, {})
        finding = list(check_observers(settings, MONDAY))[1]

    sentence = "Prometheus has 1 host that fits no running machine, or two of one name: ip-10-9-9-9.ec2.internal."
    assert (finding.level, finding.sentence) == ("warning", sentence)
    assert '[prometheus.hosts], then "ip-10-9-9-9.ec2.internal" = ' in finding.hint


def test_a_prometheus_without_gpus_is_said(tmp_path):
    with running() as server:
        server.body = dcgm()
        said = found(tmp_path, prometheus={"url": server.url})

    assert [each[:2] for each in said] == [("V702", "ok"), ("V703", "warning")]
    assert "has data of no GPU just now: none of DCGM_FI_DEV_GPU_UTIL, " in said[1][2]


def where_cloudwatch_told(tmp_path, trails):
    with_machines(tmp_path, ONE)
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        source_history.note_history_read(db, "CloudWatch", SourceAnswer("ec2/1/us-east-1", read_until=MONDAY), MONDAY)
        source_history.save(db, "CloudWatch", trails)
    store.close()
    return found(tmp_path, aws=AWS, cloudwatch={"enabled": True})


def test_a_cloudwatch_that_is_read_and_tells_of_no_machine_is_not_well(tmp_path):
    said = where_cloudwatch_told(tmp_path, {})

    assert said == [("V701", "warning", "CloudWatch is read, but has data of none of the 1 rented machines that run.")]


def test_a_cloudwatch_that_brings_figures_is_well(tmp_path):
    said = where_cloudwatch_told(tmp_path, {(ONE.id, None): SourceHistory(None, MONDAY - MINUTE_MS)})

    assert said == [("V701", "ok", "CloudWatch is read, and has data of 1 of the 1 rented machines that run.")]


def test_cloudwatch_before_its_first_reading_is_fine(tmp_path):
    ((_, level, _),) = found(tmp_path, aws=AWS, cloudwatch={"enabled": True})

    assert level == "ok"
