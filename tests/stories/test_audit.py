"""/gpu history tells who did what to a machine, when and why."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused
from bot.sandbox.slack.people import ADA
from bot.services import audit, people
from bot.services.acting import approvals
from bot.services.money import ledger_export
from store import audit as stored_audit
from tests.neighbours import STOP


def test_what_was_done_is_told_newest_first(office):
    office.types("ada", "/gpu claim train-7 for 4h fine-tune <!channel>")
    office.clock.forward(MINUTE_MS)
    office.types("ada", "/gpu release train-7")

    seen = office.types("bob", "/gpu history train-7").splitlines()

    assert seen[0] == "*train-7: 2 entries in the audit, newest first.*"
    assert seen[1].startswith("Mon 23 Nov 09:01 UTC  @Ada released")
    assert seen[2] == "Mon 23 Nov 09:00 UTC  @Ada claimed: fine-tune <!channel>"
    assert seen[-1] == "[Status of train-7]"


def test_a_claim_that_was_changed_is_told_by_what_changed(office):
    for said in ("for 4h", "for 1h", "for 1h", "for 1h gpus:2", "for 2h gpus:0-3", "for 1h gpus:4,5", "for 3h"):
        office.types("ada", f"/gpu claim train-7 {said}")

    rows = office.types("bob", "/gpu history train-7").splitlines()[1:-1]

    assert [row.partition("@Ada ")[2] for row in rows[::-1]] == [
        "claimed",
        "shortened",
        "claimed again",
        "let go of some GPUs (GPUs 0, 1, 2, 3, 4, 5, 6, 7 to GPUs 0, 1)",
        "extended and took more GPUs (GPUs 0, 1 to GPUs 0, 1, 2, 3)",
        "shortened and changed to other GPUs (GPUs 0, 1, 2, 3 to GPUs 4, 5)",
        "extended",
    ]


def test_people_in_a_reason_are_named_and_words_in_capitals_are_not(office):
    with office.valet.ctx.store.writing() as db:
        detail = f"for {ADA} by U0BOB0001, who UNDERSTANDS"
        stored_audit.add(db, office.clock.now, "valet", "stopped", subject=office.machine("train-7").id, detail=detail)

    assert "Valet stopped: for @Ada by @Bob, who UNDERSTANDS" in office.types("bob", "/gpu history train-7")


def test_names_are_learnt_for_where_no_mention_can_show_them(office):
    office.types("ada", "/gpu claim train-7")
    ctx = office.valet.ctx
    people.learn(ctx, office.valet.people.called)

    assert people.known(ctx)[ADA] == "Ada"
    [told] = [each for each in ledger_export.fleet_status(ctx)["instances"] if each["name"] == "train-7"]
    assert [(each["holder"], each["name"]) for each in told["claims"]] == [(ADA, "Ada")]


def test_a_machine_nobody_touched_says_so(office):
    assert office.types("ada", "/gpu history train-7").startswith("Nobody has done anything to train-7 through Valet.")


def test_a_long_history_says_how_much_is_left_out(office):
    with office.valet.ctx.store.writing() as db:
        for n in range(40):
            stored_audit.add(
                db, office.clock.now, "U0ADA0001", f"did {n}", subject=office.machine("train-7").id, after="on"
            )

    seen = office.types("ada", "/gpu history train-7")

    assert "*train-7: 40 entries in the audit, newest first.*" in seen
    assert "did 39 (nothing to on)" in seen
    assert "28 older. An admin gets all of them by `valet audit --csv`." in seen


def test_without_a_name_it_asks_for_one(office):
    office.types("ada", "/gpu history")

    office.submits("ada", machine="train-7")

    assert office.sees("ada").startswith("Nobody has done anything to train-7 through Valet.")


def test_a_stop_is_told_from_the_question_to_its_end_without_ids(office):
    office.reports("train-7", 0.0, minutes=200)
    office.types("ada", "/gpu claim train-7")
    office.types("ada", "/gpu release train-7")
    office.types("ada", "/gpu stop train-7 the run is over")
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(MINUTE_MS)

    assert office.types("cy", "/gpu history train-7").splitlines()[1:-1] == [
        "Mon 23 Nov 09:03 UTC  Valet stop done: It took 60 s.",
        "Mon 23 Nov 09:02 UTC  Valet began to stop it",
        "Mon 23 Nov 09:00 UTC  @Bob approved the stop",
        "Mon 23 Nov 09:00 UTC  @Ada asked to stop: the run is over",
        "Mon 23 Nov 09:00 UTC  @Ada released",
        "Mon 23 Nov 09:00 UTC  @Ada claimed",
    ]


def test_an_admin_who_ends_anothers_claim_is_told_with_whose_it_was(office):
    with office.valet.ctx.store.writing() as db:
        machine = office.machine("train-7").id
        stored_audit.add(db, office.clock.now, "U0BOB0001", "released", subject=machine, detail="U0ADA0001")
        stored_audit.add(
            db, office.clock.now, "valet", "launched", subject=machine, detail=f"{'0af9' * 8} for U0ADA0001"
        )

    assert office.types("cy", "/gpu history train-7").splitlines()[1:3] == [
        "Mon 23 Nov 09:00 UTC  Valet launched: for @Ada",
        "Mon 23 Nov 09:00 UTC  @Bob released: @Ada",
    ]


def test_a_machine_that_is_gone_still_has_its_history(office):
    office.types("ada", "/gpu claim train-7")
    office.fleet.change("train-7", state="terminated")
    office.passes(2 * MINUTE_MS)

    seen = office.types("bob", "/gpu history train-7").splitlines()

    assert seen[0].startswith("*train-7, which is gone: ")
    assert seen[-1] == "Mon 23 Nov 09:00 UTC  @Ada claimed"
    assert office.types("bob", "/gpu history trian-7").startswith('I don\'t know "trian-7".')


def test_every_step_is_in_the_audit_with_what_it_changed(office):
    office.reports("train-7", 0.0, minutes=200)
    office.types("ada", "/gpu stop train-7 the run is over")
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(MINUTE_MS)

    entries = stored_audit.entries_about(office.valet.ctx.store.reading(), office.machine("train-7").id)
    steps = [(each.before, each.after) for each in entries]
    assert steps == [("", "pending"), ("pending", "approved"), ("approved", "executing"), ("executing", "done")]


def test_what_was_refused_is_told_with_who_tried_and_why(office):
    office.types("cy", "/gpu stop old-3")
    office.types("ada", "/gpu hours train-7 mon-fri 8-20")
    office.presses("ada", "Set them", "#ml-platform")
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7 nobody needs it")
    office.presses("ada", "Stop train-7", "#ml-platform")
    office.presses("bob", "Keep it running", "#ml-platform")
    office.types("ada", "/gpu stop trian-7")
    office.types("ada", "/gpu stop train-7 --break-glass it burns")

    assert (
        "@Cy tried to stop it, refused: I can't tell whether old-3 works (no agent has reported from it), so I won't"
        in office.types("bob", "/gpu history old-3")
    )
    seen = office.types("bob", "/gpu history train-7").splitlines()
    assert seen[1].endswith(
        "@Ada tried to break the glass for the stop, refused: No such request waits for an answer. "
        "Ask first, with `/gpu stop train-7`."
    )
    assert seen[3].endswith(
        "@Ada tried to approve the stop, refused: You asked for this yourself, so someone else decides: @Bob."
    )
    assert seen[5].endswith("@Ada tried to decide on on-hours, refused: Only @Bob can decide this.")


def test_pressing_a_hundred_times_is_one_entry_an_hour_twenty_a_person(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    action = "".join(
        row["id"] for row in office.valet.ctx.store.reading().query("SELECT id FROM actions WHERE id <> ?", [STOP])
    )

    def refused(count: int) -> int:
        for _ in range(count):
            with pytest.raises(Refused):
                approvals.decide(office.valet.ctx, action, ADA, yes=True)
        return sum(each.after == "refused" for each in stored_audit.since(office.valet.ctx.store.reading(), 0))

    assert refused(100) == 1
    office.clock.forward(HOUR_MS + MINUTE_MS)
    assert refused(1) == 2
    for number in range(30):
        with pytest.raises(Refused), audit.kept(office.valet.ctx, ADA, "stop it", f"i-{number}"):
            raise Refused("No.")
    assert refused(0) == 1 + audit.MOST
    office.settle()
