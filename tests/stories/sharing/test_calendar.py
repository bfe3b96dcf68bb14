"""Who has what in the next seven days, in Slack and in people's own calendars."""

import http.client
import re

import pytest
from icalendar import Calendar


def test_the_week_of_one_machine_is_a_strip_and_the_same_in_words(office):
    office.types("cy", "/gpu claim train-7 gpus:2 until 17:00")
    office.types("ada", "/gpu book train-7 tomorrow 20:00 for 6h eval")
    office.types("bob", "/gpu book train-7 fri 10:00-18:00")

    assert office.types("ada", "/gpu calendar train-7") == (
        "*train-7*, the next 7 days\n"
        "```\n"
        "       0     6     12    18\n"
        "Mon 23          ░░░░░░░░·······\n"
        "Tue 24 ····················████\n"
        "Wed 25 ██······················\n"
        "Thu 26 ························\n"
        "Fri 27 ··········▓▓▓▓▓▓▓▓······\n"
        "Sat 28 ························\n"
        "Sun 29 ························\n"
        "```\n"
        "█ yours  ▓ taken  ░ some GPUs taken  · free. Hours of UTC.\n"
        "Until Mon 23 Nov 17:00 UTC: @Cy, GPUs 0-1\n"
        "Tue 24 Nov 20:00 UTC to 02:00 UTC: @Ada (eval)\n"
        "Fri 27 Nov 10:00 UTC to 18:00 UTC: @Bob\n"
        "[Book…] [Bookings of train-7]"
    )
    assert ": <@" in office.slack.last("ada", "#gpus").text, "for who can't see the strip"
    assert office.presses("ada", "Bookings of train-7").startswith("*2 bookings of train-7, the next first.*")


def test_all_machines_have_a_row_and_a_button_each(office):
    office.types("cy", "/gpu claim train-3 for 2d")
    office.types("ada", "/gpu book train-7 tomorrow 18:00 for 6h")

    seen = office.types("ada", "/gpu calendar")

    assert seen == (
        "*2 machines claimed or booked in the next 7 days.*\n"
        "```\n"
        "Mon Tue Wed Thu Fri Sat Sun\n"
        "train-3\n"
        " ▓▓▓▓▓▓▓▓▓··················\n"
        "train-7\n"
        " ······█····················\n"
        "```\n"
        "█ yours  ▓ taken  ░ some GPUs taken  · free. A character is 6 hours of UTC.\n"
        "[Book…] [Calendar of train-3] [Calendar of train-7]"
    )
    assert all(len(line) <= 31 for line in seen.splitlines()[1:7]), "it fits a phone"
    assert office.presses("ada", "Calendar of train-3").startswith("*train-3*, the next 7 days")


def test_nothing_claimed_and_nothing_booked_is_said(office):
    assert office.types("ada", "/gpu calendar").startswith("Nothing is claimed or booked for the next 7 days.")
    assert office.types("ada", "/gpu calendar trian-7").startswith('I don\'t know "trian-7".')


def address(seen: str) -> str:
    found = re.search(r"/v1/calendar/[\w-]{43}\.ics", seen)
    assert found
    return found[0]


def fetched(office, path: str) -> tuple[int, bytes]:
    door = office.valet.door
    line = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    line.request("GET", path)
    answer = line.getresponse()
    status, body = answer.status, answer.read()
    line.close()
    return status, body


@pytest.fixture
def door(office):
    office.valet.door.start()
    yield
    office.valet.door.stop()


def test_the_address_of_a_feed_is_shown_to_nobody_else_wherever_it_is_asked_for(office):
    office.slack.mention("ada", "#gpus", "calendar feed")
    office.settle()

    assert "/v1/calendar/" in office.sees("ada")
    assert not any("/v1/calendar/" in said for said in office.slack.sees("bob", "#gpus"))


def test_a_feed_brings_ones_own_bookings_into_a_calendar_until_it_is_switched_off(office, door):
    office.types("ada", "/gpu book train-7 every tue 20:00 for 6h eval; with, \\n marks")
    office.types("bob", "/gpu claim train-3")

    seen = office.types("ada", "/gpu calendar feed")
    assert seen.startswith("The calendar feed of what you hold, shown only this once:\n")
    assert "Whoever has the address can read it" in seen
    status, body = fetched(office, address(seen))

    entries = list(Calendar.from_ical(body).walk("VEVENT"))
    assert status == 200
    assert [f"{entry.decoded('dtstart'):%a %d %b %H:%M %Z}" for entry in entries] == [
        f"Tue {day} 20:00 UTC" for day in ("24 Nov", "01 Dec", "08 Dec", "15 Dec")
    ]
    assert {str(entry["summary"]) for entry in entries} == {"train-7: eval; with, \\n marks"}
    assert office.types("ada", "/gpu calendar feed off").startswith("Your calendar feeds have stopped working.")
    assert fetched(office, address(seen))[0] == 404
    assert office.types("ada", "/gpu calendar feed off").startswith("You have no calendar feed.")


def test_a_feed_of_a_team_is_for_its_people(office, door):
    office.types("cy", "/gpu claim train-7")

    status, body = fetched(office, address(office.types("bob", "/gpu calendar feed vision")))

    assert (status, b"SUMMARY:train-7\r\n" in body) == (200, True)
    assert office.types("cy", "/gpu calendar feed nlp").startswith('You are in no team "nlp".')
    assert office.types("cy", "/gpu calendar feed team nlp").startswith('You are in no team "nlp".')
    assert office.types("cy", "/gpu calendar feed team").startswith("Which team? Try `calendar feed team nlp`")
    assert office.types("cy", "/gpu calendar feed vision nlp").startswith('I can\'t make sense of "nlp" here')


def test_only_who_asked_sees_the_address(office):
    path = address(office.types("ada", "/gpu calendar feed"))

    assert path not in office.sees("bob")
