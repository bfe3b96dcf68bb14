"""Nobody is woken: what can wait, waits for the morning; and everybody says for themselves when that is."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS
from bot.services import outbox, own_settings, quiet
from bot.services.machines import fleet
from handlers.topics import MESSAGES
from store import outbox as stored_outbox
from store import own_settings as stored_own_settings
from store.sql import rows

USUAL = """*Your settings*
• Quiet hours: 20:00 to 08:00 (UTC)
• Digest in person: off
• Reminders before a claim ends: all
• Muted machines: none
[Change…]"""


def own(office, who=ADA):
    return own_settings.own_settings_of(office.valet.ctx, who)


def at(office, hour, minute=0, *, days=0):
    """Time passes until then; nothing is looked at meanwhile."""
    midnight = office.clock.now // DAY_MS * DAY_MS
    office.clock.now = midnight + days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS
    fleet.sweep(office.valet.ctx)
    office.tick()


def direct(office, who="ada"):
    return office.slack.sees(who, f"@{who}")


def test_everybody_begins_with_the_usual_ones_and_changes_them_in_words(office):
    assert office.types("ada", "/gpu settings show") == USUAL
    assert "Quiet hours: 19:00 to 09:00 (UTC)" in office.types("ada", "/gpu settings quiet 19:00-09:00")
    assert "Digest in person: mornings" in office.types("ada", "/gpu settings digest mornings")
    assert "the last only" in office.types("ada", "/gpu settings reminders last only")
    assert "Muted machines: nb-2, train-7" in office.types("ada", "/gpu settings mute train-7, nb-2")
    assert "Muted machines: nb-2" in office.types("ada", "/gpu settings unmute train-7")
    assert "Quiet hours: none" in office.types("ada", "/gpu settings quiet off")
    assert office.types("bob", "/gpu settings show") == USUAL


@pytest.mark.parametrize(
    ("typed", "quiet_hours"),
    [
        ("quiet 19-9", "19:00-09:00"),
        ("quiet 7pm-8am", "19:00-08:00"),
        ("quiet hours from 22:00 to 6:30", "22:00-06:30"),
        ("quiet 12:00-13:00", "12:00-13:00"),
        ("quiet 8:00-8:00", "off"),
        ("quiet never", "off"),
    ],
)
def test_quiet_hours_are_read_as_people_write_them(office, typed, quiet_hours):
    office.types("ada", f"/gpu settings {typed}")

    assert str(own(office).quiet) == quiet_hours


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("quiet", "From when until when?"),
        ("quiet tonight", "From when until when?"),
        ("quiet 25:00-8:00", "is no time of day"),
        ("digest weekly", "Try `settings digest mornings`"),
        ("reminders some", "Try `settings reminders all`"),
        ("mute", "Which machine?"),
        ("mute train-99", 'I don\'t know "train-99"'),
        ("volume 3", 'There is no setting "volume".'),
    ],
)
def test_what_cannot_be_read_is_said_and_changes_nothing(office, typed, said):
    assert said in office.types("ada", f"/gpu settings {typed}")
    assert own(office) == own_settings.OwnSettings(ADA)


def test_every_kind_of_message_is_in_the_table():
    assert MESSAGES.keys() == quiet.TIMING.keys()
    assert quiet.IS_OVER.keys() | quiet.MACHINE_OF.keys() <= quiet.TIMING.keys()


def test_a_reminder_of_the_night_waits_for_the_morning_and_says_how_it_ended(office):
    office.types("ada", "/gpu claim train-7 for 14h")
    at(office, 22, 40)
    assert [each for each in direct(office) if "train-7" in each] == []
    at(office, 23, 30)
    assert direct(office) == []

    at(office, 8, days=1)

    (said,) = direct(office)
    assert "ended" in said


def test_a_question_that_has_answered_itself_by_morning_is_never_put(office):
    office.types("ada", "/gpu claim train-7 for 14h")
    at(office, 22, 40)
    office.types("ada", "/gpu release train-7")

    at(office, 8, days=1)

    assert direct(office) == []


def test_what_waits_survives_a_restart_and_is_no_trouble(office):
    office.types("ada", "/gpu claim train-7 for 14h")
    at(office, 22, 40)
    office.restart()
    office.clock.forward(2 * HOUR_MS)

    assert outbox.waited(office.valet.ctx) == 0
    assert direct(office) == []
    at(office, 8, days=1)
    assert len(direct(office)) == 1


def test_whoever_wants_no_quiet_hours_is_told_at_once(office):
    office.types("ada", "/gpu settings quiet off")
    office.types("ada", "/gpu claim train-7 for 14h")

    at(office, 22, 40)

    assert "train-7" in direct(office)[-1]


def test_changing_quiet_hours_lets_out_what_waits(office):
    office.types("ada", "/gpu claim train-7 for 14h")
    at(office, 22, 40)
    assert direct(office) == []

    office.types("ada", "/gpu settings quiet off")

    assert len(direct(office)) == 1


def test_a_stop_of_what_somebody_holds_is_asked_about_in_the_night(office):
    office.types("ada", "/gpu claim train-7 for 3d")
    at(office, 23)
    office.reports("train-7", 0.0)

    office.types("cy", "/gpu stop train-7")

    assert any("train-7" in each for each in direct(office))


def test_no_alert_reaches_a_team_channel_at_night(office):
    at(office, 0, 25, days=1)
    db, now = office.valet.ctx.store, office.clock.now
    with db.writing() as writing:
        sentence = "[teams.nlp] has nobody who decides."
        stored_outbox.tell(writing, GPUS, "alert", kind="roster", subject=sentence, now=now)
    office.settle()
    assert sentence not in "".join(office.slack.sees("bob", "#gpus"))

    at(office, 8)

    assert sentence in "".join(office.slack.sees("bob", "#gpus"))


def test_the_last_reminder_only_comes_five_minutes_before(office):
    office.types("ada", "/gpu settings reminders last")
    office.types("ada", "/gpu claim train-7 for 1h")
    office.clock.forward(40 * MINUTE_MS)
    office.tick()
    assert direct(office) == []

    office.clock.forward(16 * MINUTE_MS)
    office.tick()

    assert len(direct(office)) == 1


def test_of_a_muted_machine_no_reminder_comes_and_of_others_one_does(office):
    office.types("ada", "/gpu settings mute train-7")
    office.types("ada", "/gpu claim train-7 for 1h")
    office.types("ada", "/gpu claim nb-2 for 1h")
    office.clock.forward(40 * MINUTE_MS)
    office.tick()

    assert [("nb-2" in each, "train-7" in each) for each in direct(office)] == [(True, False)]


def test_a_digest_in_person_comes_once_in_the_morning_and_only_with_news(office):
    office.types("ada", "/gpu settings digest mornings")
    office.types("cy", "/gpu settings digest mornings")
    office.types("ada", "/gpu claim train-7 for 3d")
    at(office, 7, 59, days=1)
    assert direct(office) == []

    for minute in (0, 1, 30):
        at(office, 8, minute)

    (said,) = direct(office)
    assert said.startswith("*Good morning.* This is your desk today.")
    assert "train-7" in said
    assert direct(office, "cy") == []
    office.types("ada", "/gpu settings digest off")
    at(office, 8, days=1)
    assert len(direct(office)) == 1


def test_what_is_free_at_night_goes_to_the_next_in_line_who_is_awake(office):
    office.types("cy", "/gpu claim train-7 for 13h")
    office.types("ada", "/gpu wait train-7")
    office.types("bob", "/gpu settings quiet off")
    office.types("bob", "/gpu wait train-7")

    at(office, 22, 30)

    assert any("your turn" in each.lower() for each in direct(office, "bob"))
    assert not any("your turn" in each.lower() for each in direct(office))


def test_a_turn_that_comes_at_night_is_offered_in_the_morning(office):
    office.types("cy", "/gpu claim train-7 for 13h")
    office.types("ada", "/gpu wait train-7")
    at(office, 22, 30)
    assert direct(office) == []

    at(office, 8, days=1)

    assert any("your turn" in each.lower() for each in direct(office))


def test_the_form_does_what_the_words_do(office):
    office.slack.command("ada", "#gpus", "/gpu settings")
    office.listened()
    view = office.slack.modal("ada")
    assert "My settings" in office.slack.sees_modal("ada")

    values = {"quiet_begins": "19:00", "quiet_ends": "09:00", "digest": "mornings", "reminders": "last"}
    office.slack.submit("ada", view, values)
    office.settle()
    by_form = own(office)
    for words in ("quiet 19:00-09:00", "digest mornings", "reminders last"):
        office.types("bob", f"/gpu settings {words}")

    assert office.slack.modal("ada") is None
    assert (by_form.quiet, by_form.digest, by_form.reminders, by_form.muted) == (
        own(office, BOB).quiet,
        "mornings",
        "last",
        frozenset(),
    )
    readers = stored_own_settings.digest_readers(office.valet.ctx.store.reading())
    assert sorted(person for person, _ in readers) == sorted([ADA, BOB])
    kept = rows(office.valet.ctx.store.reading(), "SELECT after FROM audit WHERE subject = ?", ADA)
    assert kept[-1]["after"] == "quiet 19:00-09:00, digest mornings, reminders last, muted none"


def test_a_question_of_the_night_gives_its_time_to_answer_from_the_morning_on(office):
    office.types("ada", "/gpu claim train-7 for 3d")
    office.types("bob", "/gpu settings quiet off")
    at(office, 23)
    office.types("bob", "/gpu wait train-7")
    office.reports("train-7", 0.0, minutes=200)
    office.tick()
    assert direct(office) == []

    at(office, 8, days=1)

    assert "by Tue 09:00 UTC" in "".join(direct(office))
    for minute, holder in ((55, "@Ada"), (65, "@Bob")):
        at(office, 8, minute)
        office.reports("train-7", 0.0, minutes=200)
        office.tick()
        assert holder in office.types("cy", "/gpu status train-7")


def test_a_hand_over_of_the_night_is_open_until_its_taker_has_read_it(office):
    office.types("ada", "/gpu claim train-7 for 3d")
    at(office, 20, 30)
    office.types("ada", "/gpu hand train-7 <@U0CYC0001>")
    assert direct(office, "cy") == []

    at(office, 8, 30, days=1)

    assert "Take" in direct(office, "cy")[-1]


def test_what_somebody_asked_for_is_told_at_once_while_they_are_there(office):
    at(office, 22)
    for who, minutes, sent in (("ada", 10, 1), ("cy", 40, 0)):
        office.types(who, "/gpu settings show")
        office.clock.forward(minutes * MINUTE_MS)
        person = {"ada": ADA, "cy": CY}[who]
        assert quiet.held_until(office.valet.ctx, "run_ended", GPUS) is None
        assert (quiet.held_until(office.valet.ctx, "run_ended", person) is None) == bool(sent)
        assert quiet.held_until(office.valet.ctx, "claim_reminder", person) is not None
