"""One request is one message: edited, Slack sends it again under another event id, and it does nothing again."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS
from handlers.said import EDITED
from store.sharing import claims as stored_claims


def holder(office):
    found = stored_claims.open_claims_on(office.valet.ctx.store.reading(), office.machine("train-7").id)
    return [claim.holder for claim in found]


def edit(office, said, text="@valet claim train-7 for 2h please"):
    changed = office.slack.edit("ada", said, text)
    office.settle()
    return changed


@pytest.mark.slow
def test_an_edit_hours_later_claims_nothing_that_was_released(office):
    said = office.slack.mention("ada", "#gpus", "claim train-7 for 2h")
    office.settle()
    office.types("ada", "/gpu release train-7")
    office.passes(2 * HOUR_MS)

    edit(office, said)

    assert holder(office) == []
    assert office.sees("ada") == EDITED


def test_an_edit_is_answered_once_and_to_nobody_else(office):
    said = office.slack.mention("ada", "#gpus", "claim train-7 for 2h")
    office.settle()
    before = office.slack.sees("bob", "#gpus")
    changed = edit(office, said)
    edit(office, changed, "@valet claim train-7 for 3h")

    assert office.slack.sees("ada", "#gpus").count(EDITED) == 1
    assert EDITED not in "".join(office.slack.sees("bob", "#gpus"))
    assert len(office.slack.sees("bob", "#gpus")) == len(before)


def test_a_mention_put_in_by_an_edit_does_nothing_and_says_so(office):
    said = office.slack.message("ada", "#gpus", "claim train-7 for 2h")

    edit(office, said)

    assert holder(office) == []
    assert office.sees("ada") == EDITED


def test_what_comes_again_without_the_mark_of_an_edit_does_nothing_after_a_restart_either(office):
    inner = office.slack.deliver
    kept = []
    office.slack.deliver = lambda kind, payload: kept.append(payload) or inner(kind, payload)
    office.types("ada", "@valet claim train-7 for 2h")
    office.types("ada", "@valet extend train-7 1h")
    office.restart()
    ends = stored_claims.open_claims_on(office.valet.ctx.store.reading(), office.machine("train-7").id)[0].until_at

    for number, payload in enumerate(kept):
        office._deliver("events_api", payload | {"event_id": f"EvAGAIN{number}"})
    office.settle()

    again = stored_claims.open_claims_on(office.valet.ctx.store.reading(), office.machine("train-7").id)
    assert [claim.until_at for claim in again] == [ends]


@pytest.mark.parametrize("days", [40, 200])
def test_a_message_is_remembered_for_longer_than_events(office, days):
    from bot.services import outbox as posting

    said = office.slack.mention("ada", "#gpus", "claim train-7 for 2h")
    office.settle()
    office.types("ada", "/gpu release train-7")
    office.clock.forward(days * 24 * HOUR_MS)
    posting.prune(office.valet.ctx)

    office.slack._tell_of(
        office.slack.person("ada"), office.slack.channel("#gpus"), replace(said, text=said.text, edited_ts="")
    )
    office.settle()

    assert holder(office) == []
