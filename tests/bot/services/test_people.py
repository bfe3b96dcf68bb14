"""People's names are asked for once a day, and kept."""

from bot.domain.clock import DAY_MS
from bot.services import people
from store import audit as stored_audit


def test_everybody_is_asked_for_once_a_day_and_an_old_name_is_kept(room):
    asked: list[str] = []
    names = {"U0ADA": "Ada", "U0BOB": "Bob", "W0ADA": "Ada", "U0GONE": "", "U0NIA": ""}  # Nia lives next door

    def name_of(person: str) -> people.Called:
        asked.append(person)
        return people.Called(names[person])

    with room.ctx.store.writing() as db:
        for who in ("U0ADA", "U0BOB", "valet", "command line", "W0ADA", "U0GONE", "Ulla"):
            stored_audit.add(db, room.clock.now, who, "claimed", subject="i-1")

    people.learn(room.ctx, name_of)
    people.learn(room.ctx, name_of)
    assert sorted(asked) == ["U0ADA", "U0BOB", "U0GONE", "U0NIA", "W0ADA"]
    assert people.known(room.ctx) == {"U0ADA": "Ada (U0ADA)", "U0BOB": "Bob", "W0ADA": "Ada (W0ADA)"}

    names["U0BOB"], names["W0ADA"] = "", "Adam"
    room.clock.forward(DAY_MS + 1)
    people.learn(room.ctx, name_of)
    assert people.known(room.ctx) == {"U0ADA": "Ada", "U0BOB": "Bob", "W0ADA": "Adam"}


def test_while_slack_is_away_nobody_else_is_asked_for(room):
    asked: list[str] = []
    with room.ctx.store.writing() as db:
        for who in ("U0ADA", "U0BOB"):
            stored_audit.add(db, room.clock.now, who, "claimed", subject="i-1")

    people.learn(room.ctx, asked.append)

    assert (len(asked), people.known(room.ctx)) == (1, {})


def test_a_person_without_a_name_is_shown_by_the_id_marked():
    assert people.called({"U0ADA": "Ada"}, "U0ADA") == "Ada"
    assert people.called({}, "U0ADA") == "U0ADA (name not known)"
    assert people.called({}, "command line") == "command line"
    assert people.named_in_text({"U0ADA": "Ada"}, "for U0ADA and U0BOB") == "for Ada and U0BOB"
