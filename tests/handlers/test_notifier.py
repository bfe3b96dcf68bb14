"""The outbox over a Slack that stumbles: nothing is lost, nothing is doubled, nothing holds up the rest."""

import random
import time
from dataclasses import replace

import pytest

from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.sandbox.slack.people import ADA, BOB, GPUS, ML_PLATFORM
from bot.services import outbox
from bot.services.sharing import claims as claims_service
from handlers.notifier import EVENT, Notifier
from store import outbox as stored_outbox
from store.sql import rows
from tests import neighbours

NAMES = ("train-7", "train-3", "nb-2")


@pytest.fixture
def claims(office):
    """Three claims of Ada's, whose ends can be told."""
    ctx = office.valet.ctx
    return [claims_service.claim_gpus(ctx, office.machine(name).id, ADA, length=None).claims[0] for name in NAMES]


def tell(office, channel, claim, ref=""):
    with office.valet.ctx.store.writing() as db:
        stored_outbox.tell(db, channel, ref or claim.id, kind="claim_ended", subject=claim.id, now=office.clock())


def drain(office):
    return office.valet.notifier.drain()


def later(office, seconds=40):
    office.clock.forward(seconds * SECOND_MS)
    return drain(office)


def posted(office, who="bob", channel="#gpus"):
    return [one for one in office.slack.sees(who, channel) if "our claim on" in one]


def states(office):
    sql = "SELECT state, count(*) AS n FROM outbox WHERE channel <> ? GROUP BY state"
    found = rows(office.valet.ctx.store.reading(), sql, neighbours.CHANNEL)
    return {row["state"]: row["n"] for row in found}


def test_a_rate_limit_is_waited_out(office, claims):
    office.slack.fault("chat.postMessage", retry_after=1)
    tell(office, GPUS, claims[0])

    drain(office)
    early = posted(office)
    time.sleep(1.05)
    later(office, 1)

    assert early == []
    assert len(posted(office)) == 1


def test_a_rate_limit_holds_back_its_channel_and_no_other(office, claims):
    office.slack.fault("chat.postMessage", retry_after=20)
    tell(office, GPUS, claims[0])
    tell(office, GPUS, claims[1])
    tell(office, ML_PLATFORM, claims[2])

    wait = drain(office)

    assert posted(office) == []
    assert len(posted(office, channel="#ml-platform")) == 1
    assert 19 < wait <= 20


def test_an_error_that_leaves_open_what_happened_is_looked_into_before_it_is_sent_again(office, claims):
    office.slack.fault("chat.postMessage", http_status=500)
    tell(office, GPUS, claims[0])

    drain(office)
    at_once = (posted(office), states(office))
    later(office, 40)

    assert at_once == ([], {"sending": 1})
    assert len(posted(office)) == 1


@pytest.mark.parametrize("error", ["internal_error", "fatal_error"])
def test_errors_after_which_slack_may_have_posted_are_looked_into_too(office, claims, error):
    office.slack.fault("chat.postMessage", error)
    tell(office, GPUS, claims[0])

    drain(office)
    assert states(office) == {"sending": 1}
    later(office)

    assert len(posted(office)) == 1


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "fatal_error"])
def test_what_comes_after_it_in_the_channel_waits_for_its_turn(office, claims, error):
    office.slack.fault("chat.postMessage", error=error)
    for claim in claims:
        tell(office, GPUS, claim)
    tell(office, ML_PLATFORM, claims[0])

    drain(office)
    elsewhere = posted(office, channel="#ml-platform")
    for _ in range(6):
        later(office, 20)

    assert len(elsewhere) == 1
    assert [name for one in posted(office) for name in NAMES if name in one] == list(NAMES)


def test_a_post_whose_answer_got_lost_is_found_and_not_doubled(office, claims):
    office.slack.fault("chat.postMessage", accept_then_drop=True)
    tell(office, GPUS, claims[0])

    drain(office)
    later(office)
    tell(office, GPUS, claims[0])
    later(office, 1)

    assert len(posted(office)) == 1
    assert office.slack.last("bob", "#gpus").edited_ts, "the second state edits what was found"
    assert states(office) == {"sent": 2}


def test_a_direct_message_whose_answer_got_lost_is_found_too(office, claims):
    office.slack.fault("chat.postMessage", accept_then_drop=True)
    tell(office, ADA, claims[0])

    drain(office)
    later(office)

    assert len(posted(office, "ada", "@ada")) == 1
    assert states(office) == {"sent": 1}


def test_it_is_found_behind_hundreds_of_later_messages(office, claims):
    office.slack.fault("chat.postMessage", accept_then_drop=True)
    tell(office, GPUS, claims[0])
    drain(office)
    for number in range(450):
        office.slack.message("ada", "#gpus", f"chatter {number}")
    office.clock.forward(10 * MINUTE_MS)
    for number in range(250):
        office.slack.message("ada", "#gpus", f"later chatter {number}")

    later(office)

    assert len(posted(office)) == 1


@pytest.mark.parametrize("fault", [{"retry_after": 1}, {"http_status": 503}])
def test_while_the_history_cannot_be_read_nothing_is_sent_again(office, claims, fault):
    office.slack.fault("chat.postMessage", accept_then_drop=True)
    office.slack.fault("conversations.history", **fault)
    tell(office, GPUS, claims[0])
    drain(office)

    later(office)
    assert states(office) == {"sending": 1}
    later(office)

    assert len(posted(office)) == 1


def test_without_the_right_to_read_the_history_it_is_sent_again_and_said(office, claims, caplog):
    office.slack.missing_scopes.add("channels:history")
    office.slack.fault("chat.postMessage", http_status=500)
    tell(office, GPUS, claims[0])

    drain(office)
    later(office)

    assert len(posted(office)) == 1
    assert "history can't be read (missing_scope); a message may appear twice" in caplog.text


def test_a_dead_channel_is_logged_and_the_admins_are_told_once(office, claims, caplog):
    office.slack.archive("#gpus")
    for claim in claims:
        tell(office, GPUS, claim)

    for _ in range(3):
        later(office)

    assert states(office)["dead"] == 3
    assert f"a message to {GPUS} can't be posted: is_archived" in caplog.text
    told = office.slack.sees("bob", "@bob")
    assert len(told) == 1
    assert told[0].startswith("I can't post to #gpus (`is_archived`). Unarchive it")
    assert "kept: 3 messages until now" in told[0]


def test_of_a_person_who_cannot_be_written_to_the_admins_are_told(office, claims):
    tell(office, "U0NOBODY1", claims[0])

    drain(office)
    later(office)

    assert states(office) == {"dead": 1, "sent": 1}
    assert "(`channel_not_found`)" in office.slack.latest("bob", "@bob")


def test_while_slack_refuses_the_token_messages_wait(office, claims):
    for claim in claims:
        tell(office, GPUS, claim)
    office.slack.bot_token = "xoxb-another"

    for _ in range(3):
        later(office)
    meanwhile = states(office)
    office.slack.bot_token = "xoxb-sandbox"
    later(office, 1000)

    assert meanwhile == {"waiting": 3}
    assert states(office) == {"sent": 3}
    assert len(posted(office)) == 3


def test_several_changes_before_the_post_are_one_post(office, claims):
    for _ in range(5):
        tell(office, GPUS, claims[0])

    drain(office)

    assert len(posted(office)) == 1
    assert states(office) == {"sent": 1}


def test_several_changes_after_the_post_are_one_edit_of_the_newest_state(office, claims):
    tell(office, GPUS, claims[0], "card")
    drain(office)
    for claim in claims:
        tell(office, GPUS, claim, "card")

    later(office, 1)

    assert len(posted(office)) == 1
    assert "*nb-2*" in posted(office)[0]
    assert states(office) == {"sent": 2}


def test_a_newer_state_waits_until_the_older_attempt_is_settled(office, claims):
    office.slack.fault("chat.postMessage", accept_then_drop=True)
    tell(office, GPUS, claims[0], "card")
    drain(office)
    tell(office, GPUS, claims[1], "card")

    later(office, 5)
    meanwhile = posted(office)
    later(office)

    assert [("train-7" in one) for one in meanwhile] == [True]
    assert len(posted(office)) == 1
    assert "*train-3*" in posted(office)[0]


def test_a_newer_state_takes_the_place_of_one_that_failed(office, claims):
    office.slack.fault("chat.postMessage", "some_new_error")
    tell(office, GPUS, claims[0], "card")
    drain(office)
    tell(office, GPUS, claims[1], "card")

    later(office)

    assert len(posted(office)) == 1
    assert "*train-3*" in posted(office)[0]


def test_an_edit_of_a_message_somebody_deleted_is_given_up(office, claims):
    tell(office, GPUS, claims[0], "card")
    drain(office)
    office.slack.delete(office.slack.last("bob", "#gpus").ts)
    tell(office, GPUS, claims[1], "card")

    later(office)

    assert states(office) == {"sent": 1, "dead": 1}


def test_killed_before_the_call_it_is_sent_after_the_restart(office, claims):
    tell(office, GPUS, claims[0])
    ctx = office.valet.ctx
    assert outbox.start(ctx, outbox.due(ctx)[0])

    office.restart()
    soon = posted(office)
    later(office)

    assert soon == []
    assert len(posted(office)) == 1


def test_killed_after_the_call_it_is_found_after_the_restart(office, claims):
    tell(office, GPUS, claims[0])
    ctx = office.valet.ctx
    post = outbox.due(ctx)[0]
    outbox.start(ctx, post)
    metadata = {"event_type": EVENT, "event_payload": {"outbox_id": str(post.id)}}
    office.valet.client.chat_postMessage(channel=GPUS, text="Your claim on x", metadata=metadata)

    office.restart()
    later(office)

    assert len(posted(office)) == 1
    assert states(office) == {"sent": 1}


def test_messages_to_a_person_go_to_their_direct_messages(office, claims):
    tell(office, ADA, claims[0])

    drain(office)

    assert len(posted(office, "ada", "@ada")) == 1


def test_blocks_that_slack_refuses_are_left_out_not_the_message(office, claims):
    office.slack.fault("chat.postMessage", "invalid_blocks")
    tell(office, GPUS, claims[0])

    drain(office)

    assert len(posted(office)) == 1
    assert office.slack.last("bob", "#gpus").blocks == ()


def test_one_that_cannot_be_drawn_does_not_hold_up_the_others(office, claims, caplog):
    office.reports("train-7", 0.0)
    claims_service.release_claim(office.valet.ctx, claims[0].id, ADA)
    office.slack.command("ada", "#gpus", "/gpu stop train-7")
    office.valet.slack_app.executor.shutdown(wait=True)
    tell(office, GPUS, claims[1])

    def broken():
        raise ZeroDivisionError("no roster")

    ctx = replace(office.valet.ctx, roster=broken, newest=None)
    Notifier(ctx, office.valet.client, pace_s=0).drain()

    assert len(posted(office)) == 1
    assert "can't be drawn" in caplog.text
    assert states(office) == {"sent": 1, "waiting": 1}


def test_one_busy_channel_does_not_hold_up_the_others(office, claims):
    notifier = Notifier(office.valet.ctx, office.valet.client, pace_s=30)
    for claim in claims:
        tell(office, GPUS, claim)
    tell(office, BOB, claims[0])

    wait = notifier.drain()

    assert len(posted(office)) == 1
    assert len(posted(office, "bob", "@bob")) == 1
    assert 29 < wait <= 30


def test_while_slack_is_down_one_message_is_tried_and_none_is_lost(office, claims):
    client = office.valet.client
    client.base_url = "http://127.0.0.1:9/api/"
    down = Notifier(office.valet.ctx, client, pace_s=0)
    client.base_url = f"{office.slack.url}/api/"
    for claim in claims:
        tell(office, GPUS, claim)

    down.drain()
    tried = states(office)
    later(office)

    assert tried == {"sending": 1, "waiting": 2}
    assert len(posted(office)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_through_any_storm_every_message_is_posted_exactly_once(office, claims, seed):
    chance = random.Random(seed)
    faults = [
        {"retry_after": 0},
        {"http_status": 500},
        {"error": "internal_error"},
        {"error": "some_new_error"},
        {"accept_then_drop": True},
    ]
    for number in range(20):
        tell(office, chance.choice([GPUS, ML_PLATFORM, ADA]), chance.choice(claims), f"message {number}")
    for turn in range(200):
        if turn < 40:
            office.slack.fault("chat.postMessage", **chance.choice(faults))
            if chance.random() < 0.3:
                office.slack.fault("conversations.history", **chance.choice([{"retry_after": 0}, {"http_status": 500}]))
        if chance.random() < 0.1:
            office.restart()
        later(office, chance.randint(1, 30))
        if states(office).keys() == {"sent"} and turn >= 40:
            break

    shown = [one for channel in ("#gpus", "#ml-platform") for one in posted(office, "ada", channel)]
    assert len(shown) + len(posted(office, "ada", "@ada")) == 20
