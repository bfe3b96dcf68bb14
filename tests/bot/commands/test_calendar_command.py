"""`valet calendar` as typed."""

import pytest
from click.testing import CliRunner
from icalendar import Calendar

from bot.cli import main
from bot.domain.clock import HOUR_MS, system_clock
from bot.domain.sharing.bookings import BookingRequest
from bot.services.sharing import bookings, claims
from store import people as stored_people
from tests.bot.services.room import ADA, CY, Room
from tests.opening import open_store


@pytest.fixture
def valet(tmp_path, monkeypatch, clock):
    """Run `valet` beside a database in which Ada has booked, and Cy has claimed, a machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VALET_DB", raising=False)
    (tmp_path / "valet.toml").write_text('[teams.vision]\nmembers = ["U0CY"]')
    clock.now = system_clock()  # as the command reads its own
    room = Room(tmp_path / "valet.db", clock, alone=True)
    room.sweep()
    bookings.book_gpus(room.ctx, room.machine("train-7").id, ADA, BookingRequest(clock.now + 10 * HOUR_MS, HOUR_MS))
    claims.claim_gpus(room.ctx, room.machine("train-3").id, CY)
    room.close()
    return lambda *words: CliRunner().invoke(main, ["calendar", *words], prog_name="valet")


def titles(found: bytes) -> list[str]:
    return [str(entry["summary"]) for entry in Calendar.from_ical(found).walk("VEVENT")]


def test_it_writes_what_is_claimed_and_booked(valet, tmp_path):
    result = valet("--out", "gpus.ics")

    assert result.exit_code == 0
    assert result.stderr == "gpus.ics: 2 entries.\n"
    assert titles((tmp_path / "gpus.ics").read_bytes()) == ["train-3", "train-7"]


def test_people_are_named_where_their_names_are_known(valet, tmp_path):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        stored_people.learn(db, [(ADA, "Ada Byron", False)], 0)
    store.close()

    found = valet("--out", "-").stdout_bytes

    assert titles(found) == ["train-3", "train-7 (Ada Byron)"]
    assert b"Held by Ada Byron. Machine" in found
    assert b"(name not known). Machine" in found
    assert titles(valet("--out", "-", "--person", ADA).stdout_bytes) == ["train-7"]


def test_it_can_be_of_one_person_or_team_and_go_to_standard_output(valet):
    assert titles(valet("--out", "-", "--person", ADA).stdout_bytes) == ["train-7"]
    assert titles(valet("--out", "-", "--team", "vision").stdout_bytes) == ["train-3"]


def test_a_team_that_is_not_there_is_refused(valet):
    result = valet("--out", "-", "--team", "visoin")

    assert (result.exit_code, result.stderr) == (1, 'Error: There is no team "visoin" in the settings.\n')
