"""Tokens: shown once, kept as a hash, made for the right host."""

import hashlib

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.clock import system_clock
from bot.domain.machines.fleet import Instance
from store import ProcessLock
from store import audit as stored_audit
from store.machines import agents
from store.machines import fleet as stored_fleet
from tests.opening import open_store

NB_2 = "i-0aaaabbbbcccc0002"


@pytest.fixture
def valet(tmp_path):
    """Run `valet token ...`; the result, with stdout and stderr apart."""
    (tmp_path / "valet.toml").write_text(f'database = "{tmp_path}/valet.db"\n[door]\nport = 8421\n')

    def call(*words):
        return CliRunner(env={"VALET_DB": ""}).invoke(
            main, ["token", *words, "--config", str(tmp_path / "valet.toml")], prog_name="valet"
        )

    return call


@pytest.fixture
def database(tmp_path):
    opened = open_store(tmp_path / "valet.db")
    yield opened
    opened.close()


def rent(store, instance_id, name):
    instance = Instance(
        id=instance_id,
        name=name,
        provider="ec2",
        source="ec2/default/us-east-1",
        type="g5.xlarge",
        state="running",
        gpu_model="A10G",
        gpu_count=1,
        gpu_memory_mib=24576,
    )
    with store.writing() as db:
        stored_fleet.save(db, instance, team="", rate=None)


def test_the_token_is_printed_alone_and_kept_as_a_hash(valet, database):
    result = valet("add", "dgx-1")

    made = result.stdout.strip()
    assert result.exit_code == 0
    assert made.startswith("vlt_")
    assert agents.host_of(database.reading(), hashlib.sha256(made.encode()).hexdigest()) == "dgx-1"
    assert made.encode() not in b"".join(each.read_bytes() for each in database.path.parent.glob("valet.db*"))


def test_how_to_use_it_is_told_without_the_token(valet):
    result = valet("add", "dgx-1")

    assert "valet agent --server URL --token-file FILE --host dgx-1" in result.stderr
    assert "port 8421" in result.stderr
    assert result.stdout.strip() not in result.stderr


def test_the_name_of_a_rented_machine_leads_to_its_id(valet, database):
    rent(database, NB_2, "nb-2")

    result = valet("add", "nb-2")

    assert f"This is the token of {NB_2}, the id of nb-2" in result.stderr
    assert [row["host"] for row in agents.live_tokens(database.reading())] == [NB_2]


def test_a_name_of_two_rented_machines_is_refused_with_their_ids(valet, database):
    rent(database, NB_2, "nb")
    rent(database, "i-0aaaabbbbcccc0003", "nb")

    result = valet("add", "nb")

    assert result.exit_code == 1
    assert NB_2 in result.stderr
    assert agents.live_tokens(database.reading()) == []


@pytest.mark.parametrize("victim", ["i-0aaaabbbbcccc0003", "i-0ddddeeeeffff0004", "dgx-1", "dgx-2"])
def test_no_name_of_a_machine_takes_the_token_of_another(valet, database, tmp_path, victim):
    with (tmp_path / "valet.toml").open("a") as settings:
        settings.write("[owned.hosts.dgx-2]\n")
    rent(database, "i-0aaaabbbbcccc0003", "render-1")
    first = valet("add", "dgx-1").stdout.strip()
    rent(database, NB_2, victim)  # whoever may tag it calls it so

    valet("add", victim)
    valet("revoke", victim)

    assert {row["host"] for row in agents.live_tokens(database.reading())} <= {victim, "dgx-1"}
    held = agents.host_of(database.reading(), hashlib.sha256(first.encode()).hexdigest())
    assert held == (None if victim == "dgx-1" else "dgx-1")


def test_a_second_token_ends_the_first(valet, database):
    first = valet("add", "dgx-1").stdout.strip()

    result = valet("add", "dgx-1")

    assert "has stopped working" in result.stderr
    assert agents.host_of(database.reading(), hashlib.sha256(first.encode()).hexdigest()) is None


@pytest.mark.parametrize("word", ["i-123", "i-0AAAABBBB", "dgx 1", "../x", "é", "x" * 64, ""])
def test_what_can_be_no_host_is_refused(valet, database, word):
    result = valet("add", word)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert agents.live_tokens(database.reading()) == []


def test_a_host_of_ones_own_is_not_called_like_a_word_of_commands(valet, database):
    refused = valet("add", "idle")

    assert refused.exit_code == 1
    assert '"idle" means a filter in commands, so no machine is called so.' in refused.stderr
    assert not list(agents.live_tokens(database.reading()))


def test_tokens_can_be_made_while_valet_runs(valet, database):
    lock = ProcessLock(database.path)

    result = valet("add", "dgx-1")

    assert result.exit_code == 0
    lock.release()


def test_a_revoked_token_stops_working(valet, database):
    made = valet("add", "dgx-1").stdout.strip()

    result = valet("revoke", "dgx-1")

    assert result.exit_code == 0
    assert agents.host_of(database.reading(), hashlib.sha256(made.encode()).hexdigest()) is None


def test_a_rented_machine_may_be_revoked_by_name(valet, database):
    rent(database, NB_2, "nb-2")
    valet("add", "nb-2")

    result = valet("revoke", "nb-2")

    assert result.exit_code == 0
    assert agents.live_tokens(database.reading()) == []


def test_revoking_a_mistyped_host_names_the_nearest(valet):
    valet("add", "dgx-1")

    result = valet("revoke", "dgx-l")

    assert result.exit_code == 1
    assert result.stderr == "Error: dgx-l has no token. Did you mean dgx-1?\n"


def test_both_are_in_the_audit(valet, database):
    valet("add", "dgx-1")
    valet("revoke", "dgx-1")

    noted = [row.did for row in stored_audit.entries_about(database.reading(), "dgx-1")]

    assert noted == ["made a token", "revoked a token"]


def test_the_list_shows_hosts_and_no_token(valet, database):
    made = [valet("add", host).stdout.strip() for host in ("dgx-1", "dgx-2")]
    with database.writing() as db:
        agents.note_seen(db, "dgx-1", "10.0.0.7", system_clock())

    lines = valet("list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["host", "dgx-1", "dgx-2"]
    assert lines[1].endswith("10.0.0.7")
    assert "never" in lines[2]
    assert not [line for line in lines for each in made if each in line]


def test_an_empty_list_says_how_to_make_one(valet):
    result = valet("list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "valet token add HOST" in result.stderr
