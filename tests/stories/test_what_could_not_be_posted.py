"""#ml-platform was archived: what Valet had to say there is kept, Bob is told once, and has it sent when it is open."""

from dataclasses import replace

from bot.domain.clock import DAY, MINUTE
from store import audit


def archived(office, channel="#ml-platform", *, yes=True):
    office.slack._put_channel(replace(office.slack.channel(channel), is_archived=yes))


def asked_into_nowhere(office):
    office.reports("train-7", 0.0)
    archived(office)
    office.types("ada", "/gpu stop train-7 the run is over")
    office.settle()


def test_the_admin_is_told_once_what_it_is_and_sends_it_when_the_channel_is_open_again(office):
    asked_into_nowhere(office)
    told = office.slack.sees("bob", "@bob")
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
        "*1 message could not be posted.* They are drawn as things stand when they are sent.\n"
        "*#ml-platform*  `is_archived` since Mon 09:00 UTC. Unarchive it, or name another one in valet.toml.\n"
        ">Stop train-7? @Ada asks. @Bob can answer until Mon 11:00 UTC.\n"
        "[Try again] [Drop]"
    )
    assert said == "Trying 1 message again now. What can't be posted comes back to `/gpu undelivered`."
    assert office.sees("bob", "#ml-platform").startswith("*Stop train-7? @Ada asks.")
    assert office.slack.sees("bob", "@bob") == ["What I could not post to #ml-platform was tried again, or dropped."]
    assert office.types("bob", "/gpu undelivered") == "Everything could be posted: nothing is kept."
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(2 * MINUTE)
    assert office.machine("train-7").state == "stopped"


def test_what_still_cannot_be_posted_comes_back_and_nobody_is_told_anew(office):
    asked_into_nowhere(office)
    office.types("bob", "/gpu undelivered")

    office.presses("bob", "Try again")
    office.settle()

    assert len(office.slack.sees("bob", "@bob")) == 1
    assert "kept: 1 message until now" in office.slack.latest("bob", "@bob")
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
    newest = audit.last(office.valet.desk.store.reading())
    assert (newest.did, newest.detail) == ("dropped messages", "1 to C0MLPLAT1 (is_archived)")


def test_news_of_a_kept_message_is_no_second_one_and_is_sent_as_things_stand_then(office):
    asked_into_nowhere(office)
    office.types("ada", "/gpu claim train-7")
    office.settle()

    listed = office.types("bob", "/gpu undelivered")
    archived(office, yes=False)
    office.presses("bob", "Try again")
    office.settle()

    assert "*1 message could not be posted.*" in listed
    assert len(office.slack.sees("bob", "@bob")) == 1
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
    office.clock.forward(DAY)
    archived(office)

    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.settle()

    told = office.slack.sees("bob", "@bob")
    assert len(told) == 2
    assert sum("What I had to say there is kept" in one for one in told) == 1
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")


def test_others_are_sent_to_the_admins(office):
    asked_into_nowhere(office)

    assert office.types("ada", "/gpu undelivered") == "What could not be posted is for @Bob to see."
    office.types("bob", "/gpu undelivered")
    office.presses("bob", "Drop")
