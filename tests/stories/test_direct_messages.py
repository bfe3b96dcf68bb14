"""Writing to Valet in person: the same words as after a mention, and whatever else people send ends well."""

import pytest

from bot.sandbox.slack.people import ADA
from store.sql import one


def writes(office, text, **how) -> str:
    """Ada writes to Valet in person; the newest message there."""
    office.slack.message("ada", "@ada", text, **how)
    office.settle()
    return office.sees("ada", "@ada")


@pytest.mark.parametrize(
    "text", ["status train-7", "@valet status train-7", "who has train-7?", "gpu status train-7", "/gpu status train-7"]
)
def test_the_same_words_count_as_after_a_mention(office, text):
    office.reports("train-7", 0.0)

    if text.startswith("/"):
        assert "*train-7*" in office.types("ada", text, "@ada")
    else:
        assert "*train-7*" in writes(office, text)


def test_a_claim_in_person_counts_and_its_buttons_work_there(office):
    assert writes(office, "claim train-7 for 4h").startswith("*train-7* is @Ada's until Mon 13:00 UTC.")
    assert "until Mon 14:00 UTC" in office.presses("ada", "Extend by 1 h", "@ada")


def test_thanks_get_a_line(office):
    assert writes(office, "thanks!") == "You're welcome."


def test_an_answer_comes_in_the_thread_it_was_asked_in(office):
    said = office.slack.message("ada", "@ada", "status train-7")
    office.settle()

    office.slack.message("ada", "@ada", "thanks", thread_ts=said.ts)
    office.settle()

    assert office.slack.sees("ada", "@ada", said.ts)[-1] == "You're welcome."


def test_a_file_without_words_is_told_that_it_cant_be_read(office):
    seen = writes(office, "", files={"fleet.csv": b"a,b"})

    assert seen == "I can't read files. Write what you need.\n[What is free] [Help]"


def test_words_beside_a_file_are_answered_and_the_file_is_left(office):
    seen = writes(office, "who has train-7?", files={"fleet.csv": b"a,b"})

    assert "*train-7*" in seen
    assert seen.endswith("I left the file unread.")


@pytest.mark.parametrize("beginning", ["", "stop train-7 "])
def test_three_thousand_characters_are_not_read_and_nothing_is_done(office, beginning):
    seen = writes(office, beginning + "x" * (3_000 - len(beginning)))

    assert seen.startswith("That is too long for me: I read 400 characters, and that has 3,000.")
    assert one(office.valet.ctx.store.reading(), "SELECT 1 FROM actions WHERE requester = ?", ADA) is None


def test_what_valet_writes_itself_is_not_answered(office):
    office.valet.client.chat_postMessage(channel=ADA, text="status train-7")
    office.settle()

    assert office.slack.sees("ada", "@ada") == ["status train-7"]


def test_an_edited_message_is_left_alone(office):
    said = office.slack.message("ada", "@ada", "status train-7")
    office.settle()
    before = office.slack.sees("ada", "@ada")

    office.slack.edit("ada", said, "claim train-7")
    office.settle()

    assert office.slack.sees("ada", "@ada")[1:] == before[1:]
    assert "unclaimed" in office.types("ada", "/gpu status train-7")


def test_a_message_delivered_twice_acts_once(office):
    inner = office.slack.deliver
    office.slack.deliver = lambda kind, payload: [inner(kind, payload) for _ in range(3)][-1]

    writes(office, "claim train-7 for 2h")

    assert len([one for one in office.slack.sees("ada", "@ada") if one.startswith("*train-7* is @Ada's")]) == 1


def test_a_form_that_cant_be_opened_from_a_message_is_offered_by_a_button(office):
    assert writes(office, "claim") == "Which machine do you want to claim?\n[Fill in…]"


@pytest.mark.parametrize("text", ["`/gpu claim train-7`", "*claim train-7*", "```claim train-7```", "_claim train-7_"])
def test_what_is_pasted_as_help_shows_it_counts(office, text):
    assert office.writes("ada", text).startswith("*train-7* is @Ada's until")


@pytest.mark.parametrize("second", ["release train-7", "/gpu release train-7"])
def test_two_commands_in_one_message_are_not_one_with_a_note(office, second):
    said = office.writes("ada", f"claim train-7 for 2h\n{second}")

    assert said == "I read one thing in a message, so nothing was done. Send each line as a message of its own."
    assert "You hold nothing" in office.types("ada", "/gpu release")


def test_looking_works_in_person_while_nothing_can_be_written(office):
    writer = office.valet.ctx.store._writer
    writer.execute("PRAGMA query_only=1")
    seen = []
    for text in ("status train-7", "claim train-7"):
        office.slack.message("ada", "@ada", text)
        office.listened()
        seen.append(office.sees("ada", "@ada"))
    writer.execute("PRAGMA query_only=0")

    assert "*train-7*" in seen[0]
    assert seen[1] == "Valet's database can't be used now: it may not be written. Nothing was changed."
