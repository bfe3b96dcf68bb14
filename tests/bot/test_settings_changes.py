"""What differs between two readings of the settings, as audit and admins have it."""

from datetime import date

import pytest

from bot.settings import parse
from bot.settings.changes import changes, with_running

TEAM = {"members": ["U0ADA"], "budget_usd": 42000}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            {"teams": {"nlp": TEAM}},
            {"teams": {"nlp": TEAM | {"budget_usd": 50000}}},
            "teams.nlp.budget_usd 42000 -> 50000",
        ),
        ({}, {"claims": {"default_hours": 3}}, "claims.default_hours none -> 3"),
        ({"backup": {"enabled": False}}, {}, "backup.enabled false -> none"),
        (
            {"teams": {"nlp": TEAM}},
            {"teams": {"nlp": TEAM | {"members": ["U0ADA", "U0CY"]}}},
            "teams.nlp.members U0ADA -> U0ADA, U0CY",
        ),
        (
            {"budgets": [{"scope": "total", "usd": 1}]},
            {"budgets": [{"scope": "total", "usd": 2}]},
            "budgets[total].usd 1 -> 2",
        ),
        (
            {"aws": [{"regions": ["us-east-1"], "external_id": "one"}]},
            {"aws": [{"regions": ["us-east-1"], "external_id": "two"}]},
            "aws[1].external_id (not shown)",
        ),
        (
            {"runs": {"eval": {"command": "eval --token one", "user": "ml"}}},
            {"runs": {"eval": {"command": "eval --token two", "user": "ml"}}},
            "runs.eval.command (not shown)",
        ),
        ({}, {"digest": {"timezone": "UTC"}}, None),
    ],
)
def test_each_change_is_said_by_its_key(before, after, said):
    told = [str(change) for change in changes(parse(before, {}), parse(after, {}))]

    assert told == ([said] if said else [])


def test_two_entries_of_one_name_are_both_compared():
    entries = [{"instance": "a", "reason": "x", "until": date(2026, 12, day)} for day in (1, 2)]

    (change,) = changes(
        parse({"exempt": entries}, {}), parse({"exempt": [entries[0], entries[1] | {"reason": "y"}]}, {})
    )

    assert str(change) == "exempt[a 2].reason x -> y"


def test_what_only_a_start_takes_up_stays_as_it_runs():
    running = parse({"database": "a.db"}, {})
    read = parse({"database": "b.db", "door": {"port": 1, "url": "http://x"}, "slack": {"gpu_command": "/g"}}, {})

    kept, waiting = with_running(running, read)

    assert waiting == ("database", "slack.gpu_command", "door.port")
    assert (kept.database, kept.slack.gpu_command, kept.door.port) == ("a.db", "/gpu", 8420)
    assert kept.door.url == "http://x"


def test_days_off_that_changed_under_the_same_name_are_a_change(tmp_path):
    path = tmp_path / "days.ics"
    one, two = (
        "".join(
            f"BEGIN:VEVENT\nUID:{day}\nDTSTART;VALUE=DATE:2027010{day}\nEND:VEVENT\n" for day in range(1, count + 1)
        )
        for count in (1, 2)
    )
    read = []
    for events in (one, two):
        path.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\n{events}END:VCALENDAR\n")
        read.append(parse({"teams": {"nlp": {"pausing": {"holidays_file": str(path)}}}}, {}))

    assert [str(change) for change in changes(*read)] == ["teams.nlp.pausing.holidays_file 1 day -> 2 days"]
    assert len(read[0].holidays("nlp")) == 1
