"""#ml-platform was archived: what Valet had to say there is kept, Bob is told once, and has it sent when it is open."""

from dataclasses import replace

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA
from bot.services.acting import approvals
from store import audit as stored_audit
from tests.stories.conftest import SETTINGS


def archived(office, channel="#ml-platform", *, yes=True):
    office.slack._put_channel(replace(office.slack.channel(channel), is_archived=yes))


def asked_into_nowhere(office):
    office.reports("train-7", 0.0)
    archived(office)
    office.types("ada", "/gpu stop train-7 the run is over")
    office.settle()


def told_as_admin(office):
    """Of what is kept; the card itself comes to Bob in person, too."""
    return [said for said in office.slack.sees("bob", "@bob") if "post to #ml-platform" in said]


def test_the_admin_hears_once_what_it_is_and_sends_it_when_the_channel_opens(office):
    asked_into_nowhere(office)
    told = told_as_admin(office)
    listed = office.types("bob", "/gpu undelivered")
    archived(office, yes=False)

    said = office.presses("bob", "Try again")
    office.settle()

    assert len(told) == 1
    assert told[0] == (
        "I can't post to #ml-platform (`is_archived`). Unarchive it, or name another one in valet.toml. What I had to "
        "say there is kept: 1 message until now; `/gpu undelivered` shows what.\n[Try again] [Drop]"
    )
    assert listed == (
        "*1 message could not be posted.* They are written anew when they are sent, as things stand then.\n"
        "*#ml-platform*  `is_archived` since Mon 09:00 UTC. Unarchive it, or name another one in valet.toml.\n"
        ">Stop train-7? @Ada asks. Waiting for @Bob until 11:00 UTC.\n"
        "[Try again] [Drop]"
    )
    assert said == "Trying 1 message again now. What can't be posted comes back to `/gpu undelivered`."
    assert office.sees("bob", "#ml-platform").startswith("*Stop train-7? @Ada asks.")
    assert told_as_admin(office) == ["What I could not post to #ml-platform was tried again, or dropped."]
    assert office.types("bob", "/gpu undelivered") == "Everything could be posted: nothing is kept."
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(2 * MINUTE_MS)
    assert office.machine("train-7").state == "stopped"


def test_what_still_cannot_be_posted_comes_back_and_nobody_is_told_anew(office):
    asked_into_nowhere(office)
    office.types("bob", "/gpu undelivered")

    office.presses("bob", "Try again")
    office.settle()

    assert len(told_as_admin(office)) == 1
    assert "kept: 1 message until now" in told_as_admin(office)[0]
    assert "[Try again] [Drop]" in office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")


def test_what_nobody_needs_any_more_is_dropped_and_that_is_audited(office):
    asked_into_nowhere(office)
    office.types("bob", "/gpu undelivered")

    said = office.presses("bob", "Drop")
    late = office.presses("bob", "Try again", "#gpus")

    assert said == "Dropped 1 message."
    assert late.startswith("Those were tried again or dropped already.")
    archived(office, yes=False)
    office.settle()
    assert office.slack.sees("bob", "#ml-platform") == []
    newest = stored_audit.last_entry(office.valet.ctx.store.reading())
    assert (newest.did, newest.detail) == ("dropped messages", "1 to C0MLPLAT1 (is_archived)")


def test_news_of_a_kept_message_is_no_second_one_and_sent_as_of_then(office):
    asked_into_nowhere(office)
    office.types("ada", "/gpu claim train-7")
    office.settle()

    listed = office.types("bob", "/gpu undelivered")
    archived(office, yes=False)
    office.presses("bob", "Try again")
    office.settle()

    assert "*1 message could not be posted.*" in listed
    assert len(told_as_admin(office)) == 1
    card = office.sees("bob", "#ml-platform")
    assert "@Ada claimed train-7 first." in card
    assert "[Stop train-7]" not in card


def test_a_later_message_that_gets_through_settles_an_earlier_one_of_the_same_card(office):
    asked_into_nowhere(office)
    archived(office, yes=False)
    office.types("ada", "/gpu claim train-7")
    office.settle()

    assert "@Ada claimed train-7 first." in office.sees("bob", "#ml-platform")
    assert office.types("bob", "/gpu undelivered") == "Everything could be posted: nothing is kept."


def test_the_next_time_it_happens_the_admin_is_told_anew(office):
    asked_into_nowhere(office)
    archived(office, yes=False)
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Try again")
    office.settle()
    office.clock.forward(DAY_MS)
    archived(office)

    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.settle()

    told = told_as_admin(office)
    assert len(told) == 2
    assert sum("What I had to say there is kept" in one for one in told) == 1
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")


def test_others_are_sent_to_the_admins(office):
    asked_into_nowhere(office)

    assert office.types("ada", "/gpu undelivered") == "What could not be posted is for @Bob to see."
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")


def test_those_who_decide_get_the_card_in_person_once_and_the_asker_hears(office):
    asked_into_nowhere(office)
    told = office.sees("ada", "@ada")
    office.clock.forward(MINUTE_MS)
    again = office.types("ada", "/gpu stop train-7 the run is over")
    office.types("ada", "/gpu stop train-7 the run is over")
    cards = [said for said in office.slack.sees("bob", "@bob") if said.startswith("*Stop train-7?")]

    office.presses("bob", "Stop train-7", "@bob")
    office.passes(2 * MINUTE_MS)

    lost = (
        "The card could not be posted to #ml-platform (`is_archived`). Unarchive it, or name another one in "
        "valet.toml. @Bob was asked in person instead."
    )
    assert told == f"*Stop train-7?* {lost} It is open until 11:00 UTC."
    assert again.startswith(f"You asked already: Stop train-7? {lost} train-7 keeps running unless someone approves")
    assert len(cards) == 1
    assert "[Stop train-7] [Keep it running]" in cards[0]
    assert office.machine("train-7").state == "stopped"
    assert any("It took" in said for said in office.slack.sees("bob", "@bob"))
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")


def test_a_card_of_several_stops_goes_there_too(office_with):
    office = office_with(SETTINGS | {"actions": {"most_stops": 10}})
    for name in ("nb-2", "nb-5", "render-1", "train-3"):
        office.fleet.change(name, tags=dict(office.machine(name).tags) | {"team": "nlp"})
    office.tick()
    for name in ("train-7", "nb-2"):
        office.reports(name, 0.0)
    archived(office)
    office.types("ada", "/gpu stop train-7 nb-2 nobody is here")
    office.settle()
    told = office.sees("ada", "@ada")

    office.presses("bob", "Stop these 2", "@bob")
    office.passes(2 * MINUTE_MS)

    assert "The card could not be posted to #ml-platform" in told
    assert {office.machine(name).state for name in ("train-7", "nb-2")} == {"stopped"}
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")


def test_a_request_whose_card_nobody_ever_saw_lapses_and_says_so(office):
    office.reports("train-7", 0.0)
    approvals.ask_to_stop(office.valet.ctx, office.machine("train-7").id, ADA, reason="the run is over")
    office.clock.forward(3 * HOUR_MS)
    office.restart()
    office.tick()

    told = office.sees("ada", "@ada")
    assert told.startswith(
        "*train-7 keeps running.* The card was not posted in time, so nobody could answer @Ada's request."
    )
    assert "[Ask again to stop train-7]" in told
    assert "[Stop train-7]" not in office.sees("bob", "#ml-platform")


def test_a_question_the_bot_slept_through_ends_with_a_word_to_its_asker(office):
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 12h")
    office.types("ada", "/gpu stop train-7 nobody uses it")
    office.clock.forward(3 * HOUR_MS)
    approvals.expire(office.valet.ctx)
    office.restart()
    office.tick()

    assert "The card was not posted in time, so nobody could answer @Ada's request." in office.sees("ada", "@ada")
    assert "Nobody needs your answer any more." in " ".join(office.slack.sees("cy", "@cy"))
