"""Whose somebody is: the team they are a member of, before those they only decide for."""

from bot.domain.people import Roster, Team

NLP = Team("nlp", members=frozenset({"ada"}), approvers=frozenset({"bob", "dan"}))
PLATFORM = Team("platform", members=frozenset({"bob"}), approvers=frozenset({"ada"}))
ROSTER = Roster((NLP, PLATFORM))


def test_a_member_belongs_to_their_own_team_whoever_they_decide_for():
    assert ROSTER.team_of("bob") == "platform"
    assert ROSTER.team_of("ada") == "nlp"


def test_whoever_only_decides_belongs_to_the_first_team_they_decide_for():
    assert ROSTER.team_of("dan") == "nlp"


def test_an_outsider_belongs_to_none():
    assert ROSTER.team_of("eve") == ""
