"""Answers that are none of Slack's: a proxy's page, parts left out or of another kind. Then nothing is known."""

import copy
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY
from handlers.groups import Groups
from handlers.people import Identity
from handlers.profiles import Profiles
from handlers.send import Garbled
from tests.examples import examples
from tests.handlers.test_notifier import drain, later, tell
from tests.stories import conftest

GARBAGE = ["<html>Please log in</html>", "", "[]", "[1]", '"ok"', "null", "7", '{"ok": true', '{"ok": true}']
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
QUIET = settings(max_examples=examples(120), deadline=None, suppress_health_check=list(HealthCheck))


def answers(office, method, said):
    office.slack.faults.add(method, body=said if isinstance(said, str) else json.dumps(said))


@pytest.fixture
def group(office):
    return office.slack.add_group("leads", ["bob", "cy"]).id


@pytest.mark.parametrize("said", GARBAGE)
def test_a_group_whose_answer_is_none_keeps_its_members(office, group, said):
    groups = Groups(office.valet.client, office.clock)
    groups.members([group])
    answers(office, "usergroups.users.list", said)
    office.clock.forward(6 * MINUTE_MS)

    assert groups.members([group])[group] == {BOB, CY}


@pytest.mark.parametrize("code", ["plan_upgrade_required", "team_access_not_granted", "ekm_access_denied"])
def test_a_word_that_says_nothing_of_the_group_keeps_its_members(office, group, code):
    groups = Groups(office.valet.client, office.clock)
    groups.members([group])
    office.slack.fault("usergroups.users.list", error=code)

    assert groups.members([group])[group] == {BOB, CY}


@given(users=ANYTHING)
@QUIET
def test_members_of_other_kinds_are_not_known(users):
    class Client:
        def usergroups_users_list(self, **_):
            return {"ok": True, "users": users}

    groups = Groups(Client(), lambda: HOUR_MS)
    groups._read["S1"] = HOUR_MS, frozenset({BOB})
    is_list_of_ids = isinstance(users, list) and all(isinstance(each, str) and each for each in users)

    assert groups.members(["S1"])["S1"] == (frozenset(users) if is_list_of_ids else {BOB})


def test_all_pages_of_a_group_are_read_and_one_that_comes_again_is_none(office):
    class Client:
        pages = (("", [ADA], "a"), ("a", [BOB], ""))

        def usergroups_users_list(self, usergroup, cursor=""):
            found = next(page for page in self.pages if page[0] == cursor)
            return {"ok": True, "users": found[1], "response_metadata": {"next_cursor": found[2]}}

    client = Client()
    groups = Groups(client, office.clock)
    assert groups.members(["S1"])["S1"] == {ADA, BOB}

    client.pages = (("", [ADA], "a"), ("a", [CY], "a"))

    assert groups.members(["S1"])["S1"] == {ADA, BOB}


@pytest.mark.parametrize("said", [*GARBAGE, '{"ok": true, "user": null}', '{"ok": true, "user": {}}'])
def test_a_person_whose_answer_is_none_is_neither_here_nor_gone(office, said):
    profiles, people = Profiles(office.valet.client, office.clock), office.valet.people
    for _ in range(2):
        answers(office, "users.info", said)
    before = people.zone(BOB)
    office.clock.forward(2 * HOUR_MS)
    for _ in range(2):
        answers(office, "users.info", said)

    assert people.called(ADA) is None
    assert profiles.of(ADA) is None
    office.slack.faults._ordered.clear()
    answers(office, "users.info", said)
    assert people.zone(BOB) == before


TRUE = {
    "id": ADA,
    "team_id": "T0VALET",
    "deleted": False,
    "is_bot": False,
    "tz": "UTC",
    "profile": {"real_name": "Ada"},
}


@given(name=st.sampled_from(["id", "team_id", "deleted", "is_bot", "is_restricted", "teams"]), value=ANYTHING)
@QUIET
def test_a_part_of_another_kind_makes_a_person_unknown(name, value):
    class Client:
        def users_info(self, **_):
            return {"ok": True, "user": TRUE | {name: value}}

    told = Profiles(Client(), lambda: HOUR_MS).of(ADA)

    kinds = {"id": str, "team_id": str, "teams": list}
    is_there = isinstance(value, kinds.get(name, bool))
    if told is not None:
        assert is_there or (value is None and name not in {"id", "team_id", "deleted"})
        assert name != "id" or value == ADA


def test_somebody_elses_answer_is_none(office):
    answers(office, "users.info", {"ok": True, "user": TRUE | {"id": BOB}})

    assert Profiles(office.valet.client, office.clock).of(ADA) is None


@pytest.mark.parametrize(
    "change", [{"team_id": None}, {"user_id": 7}, {"team_id": ""}, {"enterprise_id": ["E1"]}, {"bot_id": {}}]
)
def test_who_valet_is_stays_as_it_was_said_in_full(office, change):
    said = {"ok": True, "team_id": "T0OTHER", "user_id": "U0OTHER", "bot_id": "B0OTHER"} | change
    identity = office.valet.identity
    before = copy.copy(identity)
    answers(office, "auth.test", said)

    with pytest.raises(Garbled):
        identity.learn(office.valet.client)
    assert identity == before
    assert isinstance(identity, Identity)


@pytest.mark.parametrize("said", GARBAGE)
def test_a_post_whose_answer_is_none_is_found_and_not_said_twice(office, said):
    from bot.services.sharing import claims as claiming

    claim = claiming.claim_gpus(office.valet.ctx, office.machine("nb-2").id, ADA, length=None).claims[0]
    tell(office, ADA, claim)
    answers(office, "chat.postMessage", said)
    drain(office)
    answers(office, "conversations.history", said)
    later(office)
    later(office)

    assert sum("nb-2" in each for each in office.slack.sees("ada", "@ada")) == 1


def test_a_deciders_garbled_answers_are_no_findings_that_all_is_well(office):
    from bot.doctor import slack as doctor
    from bot.settings import Secrets, parse

    given = copy.deepcopy(conftest.SETTINGS)
    given["teams"]["nlp"]["approver_group"] = office.slack.add_group("leads", ["bob"]).id
    secrets = Secrets(office.slack.bot_token, office.slack.app_token, "", f"{office.slack.url}/api/")
    for method in ("users.info", "usergroups.users.list", "auth.test"):
        answers(office, method, random.Random(method).choice(['{"ok": true}', '{"ok": true, "user": null}']))

    found = list(doctor.check(secrets, parse(given, {}), office.clock))

    assert {each.id for each in found if each.level == "error"} == {"V301", "V306", "V307"}
