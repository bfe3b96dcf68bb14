"""/gpu status: one table, menus for what is shown and how, and one for what to do with a machine."""

import re

from bot.domain.clock import HOUR_MS


def shown(text: str) -> list[str]:
    """The machines of the table, in its order."""
    return re.findall(r"^([\w.-]+) \| :", text, re.MULTILINE)


def test_the_menu_of_filters_shows_others_in_the_same_message(office):
    office.reports("train-7", 0.0)
    office.reports("nb-2", 0.0, memory=31_000, process="jupyter")
    office.reports("train-3", 90.0)
    first = office.types("ada", "/gpu status")

    idle = office.chooses("ada", "status_page:shown", "Idle")
    in_use = office.chooses("ada", "status_page:shown", "In use")

    assert len(shown(first)) == 10
    assert shown(idle) == ["train-7", "nb-2"]
    assert "nb-2 | :large_green_circle: free, idle 1 h 15 m, keeps memory | 4xA10G | $5.67 | " in idle
    assert "[Idle v]" in idle
    assert shown(in_use) == ["train-3"]
    assert "train-3 | :large_blue_circle: in use | 8xH100 | " in in_use
    assert len([text for text in office.slack.sees("ada", "#gpus") if "Do something with" in text]) == 1


def test_sorting_is_a_menu_and_a_word_and_the_next_page_keeps_it(office):
    office.types("ada", "/gpu status rented")

    sorted_by_name = office.chooses("ada", "status_page:sort", "By name")
    rest = office.presses("ada", "Next 10")

    names = shown(sorted_by_name) + shown(rest)
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(set(names)) > 10
    assert "[Rented v] [By name v]" in rest
    assert shown(office.types("ada", "/gpu status rented sort:name")) == shown(sorted_by_name)
    dearest = office.types("ada", "/gpu status sort:price")
    assert shown(dearest)[0] == "train-3"
    assert office.types("ada", "/gpu status sort:colour") == (
        '"sort:colour" is no way to sort. Try sort:waste, sort:name, sort:price, sort:since.'
    )


def test_the_longest_in_its_state_goes_first_when_asked_for(office):
    office.reports("nb-2", 0.0, minutes=300)
    office.reports("train-7", 0.0, minutes=120)

    assert shown(office.types("ada", "/gpu status idle sort:since")) == ["nb-2", "train-7"]
    assert shown(office.types("ada", "/gpu status idle")) == ["train-7", "nb-2"]


def test_the_menu_of_machines_leads_to_what_can_be_done_with_one(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu status")

    seen = office.chooses("ada", "Do something with…", "train-7")

    assert seen.startswith(":large_green_circle: *train-7*  free, idle for 1 h 15 m: no programs, all 8 GPUs at 0 %")
    assert "[Claim train-7] [Stop train-7…] [Why train-7]" in seen


def test_green_is_for_whoever_looks_and_never_for_what_others_hold(office):
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 2h")

    assert "train-7 | :large_yellow_circle: idle 1 h 15 m | " in office.types("ada", "/gpu status idle")
    assert "train-7" not in shown(office.types("ada", "/gpu status free"))


def test_who_waits_who_keeps_and_who_holds_is_in_the_row(office):
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 2h")
    office.types("ada", "/gpu wait train-7")
    office.types("cy", "/gpu snooze train-7 4h demo")

    row = next(row for row in office.types("bob", "/gpu status").splitlines() if row.startswith("train-7 | "))

    assert row.startswith("train-7 | :large_yellow_circle: idle 1 h 15 m, kept, 1 in line | 8xA100 | $21.96 | ")
    assert row.endswith(" | @Cy to Mon 11:00 UTC")


def test_what_stands_still_says_since_when_and_unclaimed_is_no_claim_on_what_runs(office):
    office.fleet.change("train-7", state="stopped", stopped_at=office.clock.now - HOUR_MS)
    office.tick()

    stopped = office.types("ada", "/gpu status stopped")

    assert "train-7 | :black_circle: stopped since Mon 08:00 UTC | 8xA100 | - | - | -" in stopped
    assert "train-7" not in shown(office.types("ada", "/gpu status in-use"))


def test_a_slack_without_the_new_table_gets_the_older_one_then_rows(office):
    office.reports("train-7", 0.0)
    office.slack.fault("response_url", "invalid_blocks", http_status=400)
    older = office.types("ada", "/gpu status idle")
    kinds = [block["type"] for block in office.slack.last("ada", "#gpus").blocks]
    office.slack.fault("response_url", "invalid_blocks", http_status=400, times=2)
    rows = office.types("ada", "/gpu status idle")

    assert "table" in kinds
    assert "train-7 | :large_green_circle: free, idle 1 h 15 m | 8xA100 | $21.96" in older
    assert "*train-7*  ·  :large_green_circle: free, idle 1 h 15 m  ·  8xA100  ·  USD/h $21.96" in rows


def test_nothing_that_matches_can_be_filtered_anew(office):
    seen = office.types("ada", "/gpu status partial")

    assert seen == "No machine matches `partial`. `/gpu status` shows all.\n[Show v]"
    assert len(shown(office.chooses("ada", "status_page:shown", "All machines"))) == 10


def test_no_answer_calls_a_state_by_its_name_in_the_code(office):
    office.reports("train-7", 0.0)
    office.reports("nb-2", 0.0, memory=31_000, process="jupyter")
    office.reports("dgx-1", [80.0] * 6 + [0.0] * 2)
    office.reports("train-3", 90.0)
    office.tick()
    each = [f"/gpu {verb} {name}" for verb in ("status", "why") for name in ("train-7", "nb-2", "dgx-1", "train-3")]

    for line in ("/gpu status", "/gpu find any", "/cost idle", *each, "/gpu claim nb-2 for 1h", "/gpu stop train-7"):
        said = office.types("ada", line) + office.sees("bob", "#ml-platform")
        assert not re.search(r"\b(held|partial|active|[vV]erdict)\b", said), f"{line}: {said}"
