"""Two machines of one name are told apart wherever one of them stands."""

import re
import unicodedata

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.typography import plain_typed
from bot.services import audit
from bot.services.machines import fleet
from bot.services.money import ledger_export
from tests.conftest import Clock
from tests.stories.conftest import SETTINGS, opened


@pytest.fixture(params=["train-7", "Train-7", "tr\u0430in-7", "tra\u200bin\u20117"])
def twins(office, request):
    """nb-2 is renamed to what train-7 is called, or to what looks like it."""
    office.fleet.change("nb-2", name=request.param, tags={"Name": request.param, "team": "nlp"})
    fleet.sweep(office.valet.ctx)
    return office


def ends(office) -> tuple[str, str]:
    return office.machine("train-7").id[-6:], office.machine("nb-2").id[-6:]


def test_status_marks_both_by_the_end_of_their_id(twins):
    seen = twins.types("ada", "/gpu status type:p4d") + twins.types("ada", "/gpu status type:g5.12")

    assert all(re.search(rf"7/{end}\W", seen) for end in ends(twins))


def test_two_cards_are_never_the_same_to_the_letter(twins):
    cards = []
    for name in ("train-7", "nb-2"):
        twins.reports(name, 0)
        twins.types("ada", f"/gpu stop {twins.machine(name).id} over")
        cards.append(twins.sees("bob", "#ml-platform"))

    assert [f"7/{end}? @Ada asks." in card for end, card in zip(ends(twins), cards, strict=True)] == [True, True]
    assert f"g5.12xlarge, us-east-1, {twins.machine('nb-2').id}, " in cards[1]


def test_why_find_line_and_messages_to_holders_mark_it(twins):
    first = twins.machine("train-7")
    twins.reports("train-7", 0)
    said = [
        twins.types("ada", f"/gpu why {first.id}"),
        twins.types("ada", "/gpu find 8xA100 for 2h"),
        twins.types("cy", f"/gpu claim {first.id} for 8h"),
        twins.types("ada", f"/gpu wait {first.id}"),
        twins.types("ada", f"/gpu calendar {first.id}"),
        twins.types("ada", f"/gpu stop {first.id} over"),
    ]
    twins.passes(2 * MINUTE_MS)

    assert all(f"train-7/{first.id[-6:]}" in each for each in [*said, twins.sees("cy", "@cy")])


def test_a_word_that_means_several_is_asked_with_what_tells_them_apart(twins):
    twins.types("cy", f"/gpu claim {twins.machine('train-7').id} for 8h")

    asked = twins.types("ada", "/gpu why tra")

    assert f"p4d.24xlarge, us-east-1, {twins.machine('train-7').id}, " in asked
    assert "@Cy to Mon 17:00 UTC" in asked
    assert f"*train-7/{ends(twins)[0]} is " in twins.presses("ada", f"train-7/{ends(twins)[0]}")


def test_the_marked_name_is_typed_as_it_is_shown(twins):
    assert twins.types("ada", f"/gpu claim train-7/{ends(twins)[0]} for 2h").startswith(
        f"*train-7/{ends(twins)[0]}* is"
    )


def test_a_twin_that_goes_leaves_the_name_to_the_other(twins):
    twins.fleet.terminate("nb-2")
    fleet.sweep(twins.valet.ctx)

    assert "train-7/" not in twins.types("ada", "/gpu status train-7")


def idle_hours(office, count):
    for _ in range(count):
        office.clock.forward(HOUR_MS)
        for name in ("train-7", "nb-2"):
            office.reports(name, 0, minutes=60)
        office.tick()


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Two machines of one name, found idle on the mornings after a night and after a week in which nobody looked."""
    settings = SETTINGS | {"reports": {"channel": SETTINGS["slack"]["channel"]}}
    with opened(tmp_path_factory.mktemp("week") / "valet.db", Clock(), settings) as office:
        office.fleet.change("nb-2", name="train-7", tags={"Name": "train-7", "team": "nlp"})
        fleet.sweep(office.valet.ctx)
        for name in ("train-7", "nb-2"):
            office.types("ada", f"/gpu claim {office.machine(name).id} for 2h")
        office.clock.forward(21 * HOUR_MS)
        idle_hours(office, 3)
        office.slack.open_home("ada")
        office.settle()
        said = {"digest": office.sees("ada", "#ml-platform"), "home": office.slack.sees_home("ada")}
        office.clock.forward(6 * DAY_MS - 3 * HOUR_MS)
        idle_hours(office, 3)
        said |= {"weekly": office.sees("ada"), "report": office.types("ada", "/cost report by machine")}
        ctx = office.valet.ctx
        said |= {"csv": "".join(ledger_export.ledger_csv(ctx, ctx.clock() - DAY_MS, ctx.clock()))}
        yield office, said | {"audit": "".join(audit.as_csv(ctx, 0))}


@pytest.mark.parametrize("place", ["digest", "home", "weekly", "report", "csv", "audit"])
def test_digest_home_weekly_report_csv_and_audit_mark_both(week, place):
    office, said = week

    assert [f"7/{end}" in said[place] for end in ends(office)] == [True, True]


@pytest.mark.slow
def test_a_row_of_the_digest_says_zero_of_nothing_that_was_not_seen(week):
    _, said = week

    assert "$0.00 unused" not in said["digest"]
    assert " | idle 3 h | not known | open | " in said["digest"]


@pytest.mark.parametrize("name", ["nb\u20112", "Bob\u2019s box", "eval \u2013 2"])
def test_a_name_with_another_dash_or_quote_is_found_as_keyboards_type_it(office, name):
    office.fleet.change("nb-2", name=name)
    fleet.sweep(office.valet.ctx)
    shown = unicodedata.normalize("NFKC", name)

    assert office.types("ada", f"/gpu why {plain_typed(name)}").startswith(f"*{shown} is unknown.*")
    assert office.types("ada", f"/gpu claim {name} for 2h").startswith(f"*{shown}* is @Ada's until Mon 11:00 UTC.")


def test_a_dash_alone_leaves_two_names_to_be_asked_about(office):
    office.fleet.change("nb-5", name="nb\u20112")
    fleet.sweep(office.valet.ctx)

    assert office.types("ada", "/gpu stop nb-2").startswith('"nb-2" could be any of ')
