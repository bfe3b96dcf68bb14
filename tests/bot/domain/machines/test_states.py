"""One word a state, for every state there is."""

from typing import get_args

from bot.domain.machines.states import FREE, STATES, TYPED, UNCLAIMED, in_words
from bot.domain.machines.verdict import VerdictState


def test_every_verdict_has_a_word_of_its_own():
    words = [STATES[verdict].word for verdict in get_args(VerdictState)]

    assert sorted(words) == ["idle", "idle, keeps memory", "in use", "partly idle", "unknown"]
    assert len({each.word for each in [*STATES.values(), FREE, UNCLAIMED]}) == len(STATES) + 2


def test_what_is_not_known_here_is_called_as_its_provider_does():
    assert in_words("hibernating") == "hibernating"
    assert in_words("pending") == "starting"


def test_no_typed_filter_means_two_states():
    typed = [word for each in STATES.values() for word in each.typed]

    assert len(typed) == len(set(typed))
    assert TYPED["busy"] == TYPED["in-use"] == "active"
