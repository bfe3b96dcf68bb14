"""Who is a colleague: people of this workspace and its enterprise are, Slack Connect's strangers never are."""

import json
from dataclasses import replace

import pytest

from bot.sandbox.slack.people import ADA, GPUS
from bot.sandbox.slack.records import BOT_USER, Person
from store import audit as stored_audit
from tests.handlers.test_listen import dispatched
from tests.neighbours import CLAIM

STRANGER = Person("U0STRANGE", "mallory", "Mallory", team_id="T0OTHER")
SISTER = Person("U0SISTER1", "sis", "Sis", team_id="T0SISTER", enterprise_id="E0GRID001")
REFUSAL = "Valet only answers people of its own workspace."


def join(office, person):
    office.slack.add_person(person)
    office.slack.join(person.id, GPUS)


def nameless(office):
    """Events name no workspace inside, as some of Slack's do."""
    inner = office.slack.deliver

    def bare(kind, payload):
        payload = json.loads(json.dumps(payload))
        if kind == "events_api":
            for key in ("team", "user_team", "source_team"):
                payload["event"].pop(key, None)
        return inner(kind, payload)

    office.slack.deliver = bare


def holders(office):
    rows = office.valet.ctx.store.reading().execute(
        "SELECT holder FROM claims WHERE ended_at IS NULL AND id <> ?", [CLAIM]
    )
    return [row[0] for row in rows]


def refused(office, who):
    return [
        entry.did for entry in stored_audit.entries_about(office.valet.ctx.store.reading(), "valet") if entry.who == who
    ]


@pytest.fixture
def grid(office):
    office.slack.enterprise_id = "E0GRID001"
    office.valet.identity.learn(office.valet.client)
    return office


def test_a_strangers_mention_that_names_no_workspace_does_nothing(office):
    join(office, STRANGER)
    nameless(office)

    said = office.slack.mention("mallory", "#gpus", "claim train-7 for 2h")
    office.settle()

    assert holders(office) == []
    assert office.slack.sees("mallory", "#gpus", said.ts)[-1] == REFUSAL
    assert refused(office, STRANGER.id) == ["tried to use Valet by a mention"]


def test_a_stranger_sees_no_home_tab(office):
    join(office, STRANGER)

    office.slack.open_home("mallory")
    office.settle()

    assert office.slack.sees_home("mallory") == REFUSAL
    assert refused(office, STRANGER.id) == ["tried to use Valet by its home tab"]


def test_a_colleagues_mention_that_names_no_workspace_is_done(office):
    nameless(office)

    office.types("ada", "@valet claim train-7 for 2h")

    assert holders(office) == [ADA]


def test_while_slack_cant_say_whose_somebody_is_nothing_is_done(office):
    join(office, STRANGER)
    nameless(office)
    office.slack.fault("users.info", http_status=500, times=5)

    office.types("mallory", "@valet claim train-7 for 2h")

    assert holders(office) == []


def test_a_colleague_known_lately_is_one_while_slack_cant_say(office):
    nameless(office)
    office.types("ada", "@valet status train-7")
    office.clock.forward(600_000)
    office.slack.fault("users.info", http_status=500, times=5)

    office.types("ada", "@valet claim train-7 for 2h")

    assert holders(office) == [ADA]


def test_a_mention_in_a_shared_channel_is_looked_up_whatever_it_names(office):
    join(office, STRANGER)
    inner = office.slack.deliver

    def shared(kind, payload):
        payload["is_ext_shared_channel"] = True
        payload["event"]["team"] = "T0VALET"
        return inner(kind, payload)

    office.slack.deliver = shared
    office.types("mallory", "@valet claim train-7 for 2h")

    assert holders(office) == []


@pytest.mark.parametrize("way", ["command", "press", "mention", "nameless mention", "home"])
def test_colleagues_of_another_workspace_of_the_enterprise_are_answered(grid, way):
    join(grid, SISTER)
    if way == "nameless mention":
        nameless(grid)
    if way == "home":
        grid.slack.open_home("sis")
        grid.settle()
        assert "You hold" in grid.slack.sees_home("sis")
        return
    grid.types("sis", "/gpu claim train-7" if way != "mention" else "@valet claim train-7 for 2h")
    assert holders(grid) == [SISTER.id]
    if way == "press":
        grid.presses("sis", "Release train-7")
    if way == "nameless mention":
        grid.types("sis", "@valet release train-7")
    assert holders(grid) == ([] if way in {"press", "nameless mention"} else [SISTER.id])


@pytest.mark.parametrize("enterprise", ["", "E0OTHERS1"])
@pytest.mark.parametrize("way", ["press", "mention", "nameless mention", "home"])
def test_strangers_stay_out_of_an_enterprise_too(grid, enterprise, way):
    join(grid, replace(STRANGER, enterprise_id=enterprise))
    grid.types("ada", "/gpu claim train-7 for 2h")
    before = grid.valet.ctx.store.reading().execute("SELECT until_at FROM claims").fetchall()
    if way == "press":
        button = {"type": "button", "action_id": "release", "block_id": "b", "value": grid.machine("train-7").id}
        person = {"id": STRANGER.id, "team_id": "T0OTHER"}
        body = {"type": "block_actions", "user": person, "team": {"id": "T0VALET", "enterprise_id": "E0GRID001"}}
        body |= {"enterprise": {"id": "E0GRID001"}, "channel": {"id": GPUS}, "actions": [button]}
        assert dispatched(grid.valet.slack_app.app, body | {"container": {"type": "message"}}) == 200
    elif way == "home":
        grid.slack.open_home("mallory")
    else:
        if way == "nameless mention":
            nameless(grid)
        grid.slack.mention("mallory", "#gpus", "release train-7")
    grid.settle()

    assert holders(grid) == [ADA]
    assert grid.valet.ctx.store.reading().execute("SELECT until_at FROM claims").fetchall() == before
    assert len(refused(grid, STRANGER.id)) == 1
    if way == "home":
        assert grid.slack.sees_home("mallory") == REFUSAL


def test_nothing_is_handed_to_a_stranger(office):
    join(office, STRANGER)
    office.types("ada", "/gpu claim train-7 for 2h")

    assert "is nobody here who could take it" in office.types("ada", "/gpu hand train-7 @mallory")
    assert BOT_USER not in holders(office)
