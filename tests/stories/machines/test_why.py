"""/gpu why tells the rule, the readings, what counts, and what happens next."""

from bot.domain.clock import HOUR_MS, MINUTE_MS


def test_a_free_machine_is_explained_by_its_readings(office):
    office.reports("train-7", 0.0, minutes=200)

    seen = office.types("ada", "/gpu why train-7")

    assert seen.startswith(
        "*train-7 has been idle for 3 h 20 m, since Mon 05:40 UTC.*\nNo programs, all 8 GPUs at 0 %; "
    )
    assert "GPUs 0-7: idle, 0 %, 60 W, 0.0 GB used, no programs" in seen
    assert "Source: its agent (NVML), last minute seen 08:59 UTC" in seen
    assert "Unclaimed." in seen
    assert "You can ask for a stop; an approver decides." in seen
    assert "*Next:* the digest of Tue 09:00 UTC lists it. Valet stops nothing by itself." in seen
    rule = office.presses("ada", "How train-7 is judged")
    assert rule.startswith("A GPU is idle after 60 minutes without work (below 5 %), of which at least 54 were really")


def test_a_partly_idle_machine_is_told_gpu_by_gpu(office):
    office.reports("dgx-1", [80.0] * 6 + [0.0] * 2)

    seen = office.types("ada", "/gpu why dgx-1")

    assert "GPUs 0-5: in use, 80 %" in seen
    assert "GPUs 6-7: idle, 0 %" in seen


def test_a_machine_that_worked_a_while_ago_is_not_said_to_be_busy_since(office):
    office.reports("train-7", 80.0)
    office.clock.forward(40 * MINUTE_MS)
    office.reports("train-7", 0.0, minutes=40)

    assert "*train-7*  in use, last 41 m ago" in office.types("ada", "/gpu status train-7")
    seen = office.types("ada", "/gpu why train-7")
    assert seen.startswith("*train-7 is in use. It last worked 41 m ago (Mon 08:59 UTC).*")


def test_a_machine_that_is_not_seen_for_long_enough_is_no_silent_one(office):
    office.reports("train-7", 0.0, minutes=20)

    told = "seen without work for 20 of the 60 minutes the rule needs"
    assert f"*train-7*  unknown: {told}" in office.types("ada", "/gpu status train-7")
    assert office.types("ada", "/gpu why train-7").startswith(f"*train-7 is unknown.*\nS{told[1:]}.")
    assert office.types("ada", "/gpu stop train-7") == (
        f"I can't tell whether train-7 works ({told}), so I won't stop it. "
        "Ask again once it has been quiet for so long."
    )


def test_a_machine_without_an_agent_says_what_to_do(office):
    seen = office.types("ada", "/gpu why old-3")

    assert seen.startswith("*old-3 is unknown.*\nNo agent has reported from it.")
    assert "`valet token add` makes a token for one" in seen
    assert "It can't be stopped now. I can't tell whether old-3 works" in seen


def test_claims_stops_and_keeps_are_all_told(office):
    office.reports("train-7", 0.0)
    office.types("bob", "/gpu claim train-7 for 2h tuning")
    office.types("ada", "/gpu stop train-7")
    first = office.types("cy", "/gpu why train-7")
    office.presses("bob", "It may be stopped", "@bob")

    seen = office.types("cy", "/gpu why train-7")

    assert "*Next:* @Ada asked to stop it; @Bob, who holds it, answers first." in first
    assert "Claim: @Bob to Mon 11:00 UTC (tuning)." in seen
    assert "*Next:* @Ada asked to stop it; an approver can answer until Mon 11:00 UTC." in seen


def test_whoever_holds_it_is_said_to_be_asked_before_a_stop(office):
    office.reports("train-7", 0.0)
    office.types("bob", "/gpu claim train-7 for 2h")

    told = "You can ask for a stop. @Bob holds it and is asked first; then an approver decides."
    assert told in office.types("cy", "/gpu why train-7")
    assert "asked first" not in office.types("bob", "/gpu why train-7")
    assert "@Bob holds it and has been asked first" in office.types("cy", "/gpu stop train-7")
    assert "ask for a stop" not in office.types("cy", "/gpu why train-7")


def test_a_booking_is_told_with_why(office):
    office.reports("train-7", 0.0)
    office.types("bob", "/gpu book train-7 10:30 for 2h")

    seen = office.types("cy", "/gpu why train-7")

    assert "Booked: by @Bob from Mon 10:30 UTC." in seen
    assert "Its card says that @Bob has booked it." in seen


def test_a_stopped_machine_has_nothing_to_measure(office):
    office.reports("train-7", 0.0)
    office.fleet.change("train-7", state="stopped", stopped_at=office.clock.now - HOUR_MS)
    office.tick()

    said = office.types("ada", "/gpu why train-7")

    assert said.startswith("*train-7 is stopped, so there is nothing to measure.*")
    assert "GPUs 0-7" not in said
    assert "How train-7 is judged" not in said


def test_a_reading_that_is_old_is_told_with_its_time(office):
    office.reports("train-7", 0.0)
    assert "GPUs 0-7: idle, 0 %, 60 W" in office.types("ada", "/gpu why train-7")

    office.clock.forward(2 * HOUR_MS)
    office.tick()

    assert "GPUs 0-7: unknown, last read Mon 08:59 UTC, 0 %, 60 W" in office.types("ada", "/gpu why train-7")


def test_the_why_button_answers(office):
    office.types("ada", "/gpu status old-3")

    assert office.presses("ada", "Why old-3").startswith("*old-3 is unknown.*")


def test_the_last_day_is_shown_hour_by_hour(office):
    office.clock.forward(HOUR_MS)
    office.reports("train-7", 90.0, minutes=60)
    office.clock.forward(2 * HOUR_MS)
    office.reports("train-7", 0.0, minutes=120)

    seen = office.types("ada", "/gpu why train-7")

    assert "█▁▁" in seen
    assert "█" not in office.types("ada", "/gpu status train-7"), "the bars are in why"


def test_an_exempt_machine_is_told_with_its_reason_and_its_end(office):
    office.reports("scratch", 0.0)

    seen = office.types("ada", "/gpu why scratch")

    assert "Exempt until Monday 30 November 2026: paper deadline." in seen
