"""Bob wants dgx-1 empty, to put a card into it: nobody gets more time on it, and who holds it is told."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS


def held(office):
    office.reports("dgx-1", 0.0)
    office.types("cy", "/gpu claim dgx-1 gpus:2 for 4h")


def test_the_holder_is_told_once_with_the_reason_and_nobody_gets_more_time(office):
    held(office)

    said = office.types("bob", "/gpu drain dgx-1 new power supply")
    office.passes(10 * MINUTE_MS)

    assert "@Bob drains *dgx-1* (new power supply): nobody gets more time on it until somebody ends that. @Cy" in said
    assert "at the latest and is told." in said
    assert "[End the drain of dgx-1]" in said
    told = office.sees("cy", "@cy")
    assert "@Bob drains *dgx-1*: new power supply\nYour claim on it stays as it is, but can't be extended." in told
    assert "[Release dgx-1]" in told
    refusal = "dgx-1 is being drained by @Bob (new power supply), so nobody gets more time on it. Try `/gpu find`."
    for line in ("claim dgx-1 for 1h", "wait dgx-1", "book dgx-1 tomorrow 20:00 for 2h"):
        assert refusal in office.types("ada", f"/gpu {line}"), line
    assert refusal in office.types("cy", "/gpu extend dgx-1 by 1h")


def test_everybody_sees_since_when_by_whom_and_why(office):
    held(office)
    office.types("bob", "/gpu drain dgx-1 new power supply")

    for line in ("status dgx-1", "why dgx-1"):
        seen = office.types("ada", f"/gpu {line}")
        assert "draining since Mon 23 Nov 09:00 UTC by @Bob: new power supply" in seen, line
    assert "Claim" not in office.types("ada", "/gpu status owned")
    assert "dgx-1" not in office.types("ada", "/gpu find 2xA100 for 1h")


def test_the_end_lets_people_claim_it_again_and_corrects_what_holders_were_told(office):
    held(office)
    office.types("bob", "/gpu drain dgx-1")

    said = office.presses("bob", "End the drain of dgx-1")

    assert "*dgx-1* is not drained any more: it can be claimed again." in said
    assert "*dgx-1* is not drained any more: you can extend your claim again." in office.sees("cy", "@cy")
    assert "are @Ada's until" in office.types("ada", "/gpu claim dgx-1 gpus:2 for 1h")
    assert "dgx-1 is not being drained. `/gpu claim dgx-1` takes it." in office.types("bob", "/gpu drain dgx-1 end")


def test_who_waits_gets_it_only_once_the_drain_has_ended(office):
    office.reports("dgx-1", 0.0)
    office.types("cy", "/gpu claim dgx-1 for 1h")
    office.types("ada", "/gpu wait dgx-1")
    office.types("bob", "/gpu drain dgx-1")
    office.types("cy", "/gpu release dgx-1")

    during = office.sees("ada", "@ada")
    office.types("bob", "/gpu drain dgx-1 end")

    assert "your turn" not in during.lower()
    assert "your turn" in office.sees("ada", "@ada").lower()


@pytest.mark.slow
def test_a_booking_waits_for_the_end_of_the_drain(office):
    office.reports("dgx-1", 0.0)
    office.types("ada", "/gpu book dgx-1 today 12:00 for 4h")
    office.types("bob", "/gpu drain dgx-1")

    office.passes(3 * HOUR_MS + MINUTE_MS)

    assert "has begun, but it is being drained by @Bob. It is yours as soon as it can be" in office.sees("ada", "@ada")


def test_only_who_decides_for_its_team_drains_it_and_twice_is_refused(office):
    office.reports("dgx-1", 0.0)

    assert "Draining dgx-1 keeps everybody off it, so @Bob decides that." in office.types("cy", "/gpu drain dgx-1")
    office.types("bob", "/gpu drain dgx-1")
    assert "dgx-1 is being drained already. `/gpu drain dgx-1 end` lets" in office.types("bob", "/gpu drain dgx-1")


def test_a_rented_machine_is_stopped_instead(office):
    assert "train-7 is rented: a stop ends what it costs, and `/gpu stop train-7`" in office.types(
        "bob", "/gpu drain train-7"
    )


@pytest.mark.slow
def test_no_digest_and_no_report_offers_it(office):
    office.reports("dgx-1", 0.0)
    office.types("bob", "/gpu drain dgx-1")

    seen = office.types("ada", "/cost idle")

    assert "@Bob drains it" in seen
    assert "[Claim dgx-1]" not in seen
    office.passes(DAY_MS, step=10 * MINUTE_MS)
    office.reports("dgx-1", 0.0)
    office.tick()
    assert "dgx-1" not in office.sees("ada", "#ml-platform")
