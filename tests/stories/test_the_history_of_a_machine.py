"""/gpu history tells who did what to a machine, when and why."""

from bot.domain.clock import MINUTE
from store import audit


def test_what_was_done_is_told_newest_first(office):
    office.types("ada", "/gpu claim train-7 for 4h fine-tune <!channel>")
    office.clock.forward(MINUTE)
    office.types("ada", "/gpu release train-7")

    seen = office.types("bob", "/gpu history train-7").splitlines()

    assert seen[0] == "*train-7: 2 entries in the audit, newest first.*"
    assert seen[1].startswith("Mon 09:01 UTC  @Ada released")
    assert seen[2] == "Mon 09:00 UTC  @Ada claimed: fine-tune <!channel>"
    assert seen[-1] == "[Status of train-7]"


def test_a_machine_nobody_touched_says_so(office):
    assert office.types("ada", "/gpu history train-7").startswith(
        "Nobody has done anything to train-7 through Valet yet."
    )


def test_a_long_history_says_how_much_is_left_out(office):
    with office.valet.desk.store.writing() as db:
        for n in range(40):
            audit.add(db, office.clock.now, "U0ADA0001", f"did {n}", subject=office.machine("train-7").id, after="on")

    seen = office.types("ada", "/gpu history train-7")

    assert "*train-7: 40 entries in the audit, newest first.*" in seen
    assert "did 39 (nothing to on)" in seen
    assert "28 older. An admin gets all of them by `valet audit --csv`." in seen


def test_without_a_name_it_asks_for_one(office):
    assert office.types("ada", "/gpu history").startswith("Which instance? Try `/gpu history train-7`")
