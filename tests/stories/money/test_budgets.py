"""A team hears once when its budget is in danger, nearly spent and spent; beyond it somebody has to say yes."""

import re

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.money.rates import MICROS_PER_USD, Charge
from bot.errors import Refused
from bot.sandbox.slack.people import ADA, CY
from bot.services.machines import fleet
from bot.services.money import forecast, unusual
from store.money import ledger as stored_ledger
from store.sql import rows
from tests.stories.beginnings import past_charges
from tests.stories.conftest import SETTINGS


@pytest.fixture
def lived(office_with):
    """Opens the company with its last five weeks of charges, and budgets of the story's own."""

    def opened(*, usd="", company=None, budgets=(), **team):
        nlp = {**SETTINGS["teams"]["nlp"], **({"budget_usd": usd} if usd else {}), **team}
        settings = {**SETTINGS, "teams": {**SETTINGS["teams"], "nlp": nlp}, "budgets": list(budgets)}
        office = office_with(settings | ({"budget": {"usd": company}} if company else {}))
        with office.valet.ctx.store.writing() as db:
            stored_ledger.add(db, past_charges(office.clock()))
        office.clock.forward(61 * MINUTE_MS)
        fleet.sweep(office.valet.ctx)
        forecast.refresh_reports(office.valet.ctx)
        office.tick()
        return office

    return opened


def heard(office, channel="#ml-platform"):
    """How many messages the team got on its budget."""
    subjects = rows(office.valet.ctx.store.reading(), "SELECT subject FROM outbox WHERE kind = 'budget'")
    return [row["subject"].split("|")[2] for row in subjects if row["subject"].startswith("team:nlp|2026-11-01|")]


@pytest.mark.slow
def test_at_eighty_percent_the_team_hears_once_with_what_is_expected(lived):
    office = lived(usd="46000")

    assert office.sees("bob", "#ml-platform").splitlines() == [
        "*nlp has spent 80 % of its budget for November: $36,936 of $46,000.*",
        "$51,312 expected for the month. 80 % between $49,093 and $53,609. 95 % chance to go over, around 28 Nov.",
        "[What drives it]",
    ]
    office.restart()
    office.passes(3 * MINUTE_MS)
    assert heard(office) == ["warn"]


@pytest.mark.slow
def test_a_forecast_over_the_budget_is_told_before_the_money_is_gone(lived):
    office = lived(usd="50000")

    assert office.sees("bob", "#ml-platform").splitlines()[:2] == [
        "*nlp will likely be over its budget for November: $51,312 expected of $50,000.*",
        (
            "$36,936 spent so far. $51,312 expected for the month. 80 % between $49,093 and $53,609. "
            "74 % chance to go over, around 30 Nov."
        ),
    ]
    assert heard(office) == ["forecast"]


@pytest.mark.slow
def test_a_budget_that_is_spent_is_told_once_and_nothing_less_after_it(lived):
    office = lived(usd="20000")

    assert office.sees("bob", "#ml-platform").splitlines() == [
        "*nlp is $16,936 over its budget for November: $36,936 of $20,000.*",
        "$51,312 expected for the month. 80 % between $49,093 and $53,609.",
        "Beyond it, starts need an approval.",
        "[What drives it]",
    ]
    office.passes(3 * MINUTE_MS)
    assert heard(office) == ["full"]


@pytest.mark.slow
def test_a_budget_that_was_raised_after_it_was_spent_is_heard_anew(lived):
    office = lived(usd="20000")

    nlp = office.settings["teams"]["nlp"] | {"budget_usd": "46000"}
    office.settings = office.settings | {"teams": office.settings["teams"] | {"nlp": nlp}}
    office.restart()
    office.passes(3 * MINUTE_MS)

    assert heard(office) == ["full", "warn"]
    said = office.sees("bob", "#ml-platform")
    assert said.startswith("*nlp has spent 80 % of its budget for November: $36,938 of $46,000.*")
    assert "$36,936 of $20,000" in office.slack.sees("bob", "#ml-platform")[-2]


@pytest.mark.slow
def test_a_budget_that_holds_is_not_talked_about(lived):
    office = lived(usd="90000")

    assert heard(office) == []
    assert "Every budget will likely hold in November." in office.types("ada", "/cost budget")


@pytest.mark.slow
def test_budgets_of_a_cent_and_of_nothing_can_be_read(lived):
    office = lived(usd="0.01", company="0")

    assert office.sees("bob", "#ml-platform").splitlines()[0] == (
        "*nlp is $36,936 over its budget for November: $36,936 of $0.01.*"
    )
    company, nlp = office.types("ada", "/cost budget").splitlines()[3:5]
    assert company == "the company | $49,459 | $69,334 | $0 | $49,459 over"
    assert nlp == "nlp | $36,936 | $51,312 | $0.01 | $36,936 over"
    told = office.types("ada", "/cost budget total").splitlines()[0]
    assert told == "*The company, November: $49,459 spent, and the budget is $0: nothing may be spent.*"
    told = office.types("ada", "/cost budget nlp").splitlines()[0]
    assert told == "*nlp, November: $36,936 of $0.01 spent (over 999 %).*"
    assert office.sees("bob").splitlines()[0] == (
        "*The company has spent $49,459 in November, though its budget is $0: nothing may be spent.*"
    )


@pytest.mark.slow
def test_a_new_month_begins_anew(lived):
    office = lived(usd="46000")
    office.clock.forward(9 * DAY_MS)
    office.tick()

    assert "nlp, December: " in office.types("ada", "/cost budget nlp")
    assert heard(office)[0] == "warn"


@pytest.mark.slow
def test_all_budgets_and_one_in_full(lived):
    office = lived(usd="46000", company="90000")

    assert office.types("ada", "/cost budget").splitlines() == [
        "*nlp will likely be over in November: $51,312 expected of $46,000.*",
        "(chart: Budgets for November, USD)",
        "Budget of | Spent | Expected | Budget | Chance to be over",
        "the company | $49,459 | $69,334 | $90,000 | 1 %",
        "nlp | $36,936 | $51,312 | $46,000 | 95 %, 28 Nov",
        "[More on the company] [More on nlp] [How this is counted] [As CSV]",
    ]
    assert office.presses("ada", "How this is counted").endswith("Months are those of UTC.")
    office.types("ada", "/cost budget")
    shown = office.presses("ada", "More on nlp")
    assert shown.startswith("*nlp, November: $36,936 of $46,000 spent (80 %).*")
    assert "80 % between $49,093 and $53,609. 95 % chance to go over, around 28 Nov." in shown
    assert "\nexpected for the month | $51,312\n" in shown
    assert office.presses("ada", "What drives it").startswith("*November (nlp): $51,312 expected")
    assert office.types("ada", "/cost budget total").startswith("*The company, November: $49,459 of $90,000")
    office.types("ada", "/cost budget nlp")
    hears = "#ml-platform hears of it at 80 % and 100 %, and when the forecast exceeds it; each once a month."
    assert hears in office.presses("ada", "How this is counted")


@pytest.mark.slow
def test_without_its_own_the_companys_budget_is_the_sum_and_nobody_is_told(lived):
    office = lived(usd="46000")

    shown = office.types("ada", "/cost budget total")
    assert shown.startswith("*The company, November: $49,459 of $46,000 spent (107 %).*")
    assert "Beyond it" not in shown
    how = office.presses("ada", "How this is counted")
    assert "The sum of the teams' budgets, against what all teams spend. Each team hears of its own." in how
    assert "Beyond it" not in how
    assert heard(office) == ["warn"]


@pytest.mark.slow
def test_what_has_no_budget_says_how_to_set_one(lived):
    office = lived()

    assert office.types("ada", "/cost budget").startswith("No team has a budget. An admin can set one in valet.toml: ")
    assert office.types("ada", "/cost budget vision").startswith("vision has no budget. An admin can set one")
    assert office.types("ada", "/cost budget team visoin") == 'There is no team "visoin". Try vision.'
    assert office.types("ada", "/cost budget visoin").startswith('I know no team, type or instance "visoin".')
    assert '`scope = "type p4d.24xlarge"` and `usd` under `[[budgets]]`' in office.types(
        "ada", "/cost budget type p4d.24xlarge"
    )


@pytest.mark.slow
def test_a_type_and_a_machine_have_budgets_with_the_same_messages(lived):
    office = lived(
        budgets=[
            {"scope": "type p4d.24xlarge", "usd": "11000"},
            {"scope": "instance train-7", "usd": "1"},
            {"scope": "instance train-0", "usd": "1"},
            {"scope": "instance label-1", "usd": "90000"},
        ]
    )

    said = {row["subject"]: row["channel"] for row in budget_messages(office)}
    train = office.machine("train-7")
    assert set(said) == {
        f"instance:{train.id}|2026-11-01|full|1000000",
        "type:p4d.24xlarge|2026-11-01|warn|11000000000",
    }
    seen = [text.splitlines()[0] for text in office.slack.sees("bob", "#gpus") if "budget" in text]
    assert "*Type p4d.24xlarge has spent 86 % of its budget for November: $9,508 of $11,000.*" in seen
    theirs = [
        text for text in office.slack.sees("bob", "#ml-platform") if "over its budget" in text and "*train-7 is" in text
    ]
    assert "Beyond it, its start needs an approval." in theirs[0]
    shown = office.types("ada", "/cost budget")
    assert "2 budgets" not in shown
    assert "No rented machine is called `train-0`: its budget stands still." in shown
    assert office.types("ada", "/cost budget type p4d.24xlarge").startswith("*Type p4d.24xlarge, November: $9,508 of")
    assert office.presses("ada", "What drives it").startswith("*November (p4d.24xlarge): $")
    assert office.types("ada", "/cost budget train-7").startswith("*train-7, November: $")
    assert office.presses("ada", "What drives it").startswith("*November (train-7): $")
    office.restart()
    office.passes(3 * MINUTE_MS)
    assert len(budget_messages(office)) == 2


def budget_messages(office):
    return rows(office.valet.ctx.store.reading(), "SELECT subject, channel FROM outbox WHERE kind = 'budget'")


@pytest.mark.slow
def test_one_month_may_have_a_budget_of_its_own(lived):
    office = lived(
        usd="90000",
        budgets=[
            {"scope": "team nlp", "usd": "46000", "month": "2026-11"},
            {"scope": "team nlp", "usd": "80000"},
            {"scope": "total", "usd": "200000", "month": "2026-12"},
        ],
    )

    assert office.types("ada", "/cost budget nlp").startswith("*nlp, November: $36,936 of $46,000 spent (80 %).*")
    assert "The company" not in office.types("ada", "/cost budget")
    office.clock.forward(9 * DAY_MS)
    office.tick()
    assert " of $80,000 spent" in office.types("ada", "/cost budget nlp")
    assert "\nthe company | ~$" in office.types("ada", "/cost budget")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("usd", "more", "asked"),
    [
        ("90000", {}, False),
        ("20000", {}, True),
        ("20000", {"ask_over_budget": False}, False),
    ],
)
def test_beyond_the_budget_any_start_needs_a_yes_if_the_team_says_so(lived, usd, more, asked):
    office = lived(usd=usd, ask_over_usd="9000", **more)

    office.types("ada", "/gpu start eval-2 for 1h")

    waits = rows(office.valet.ctx.store.reading(), "SELECT state FROM actions WHERE kind = 'start'")
    assert [row["state"] == "pending" for row in waits] == [asked]


@pytest.mark.slow
def test_the_companys_budget_counts_for_every_team(lived):
    office = lived(usd="90000", company="40000", ask_over_usd="9000")

    office.types("ada", "/gpu start eval-2 for 1h")

    waits = rows(office.valet.ctx.store.reading(), "SELECT state FROM actions WHERE kind = 'start'")
    assert [row["state"] for row in waits] == ["pending"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scope", "switch", "asked"),
    [
        ("instance eval-2", {}, True),
        ("type {type}", {}, True),
        ("type {type}", {"ask_over_budget": False}, False),
        ("instance train-7", {}, False),
    ],
)
def test_beyond_the_budget_of_its_type_or_its_own_a_start_needs_a_yes_too(lived, scope, switch, asked):
    kind = "g5.2xlarge"
    office = lived(budgets=[{"scope": scope.format(type=kind), "usd": "1"}], ask_over_usd="9000", **switch)
    assert office.machine("eval-2").type == kind

    office.types("ada", "/gpu start eval-2 for 1h")

    waits = rows(office.valet.ctx.store.reading(), "SELECT state FROM actions WHERE kind = 'start'")
    assert [row["state"] == "pending" for row in waits] == [asked]
    if asked:
        named = "eval-2" if scope.startswith("instance") else f"Type {kind}"
        card = office.sees("bob", "#ml-platform")
        assert f"{named} is already $" in card
        assert " over its budget this month ($" in card
        assert " of $1.00); this adds $" in card
        assert office.presses("bob", "Start eval-2", "#ml-platform")


@pytest.mark.slow
def test_the_card_says_what_the_sum_beside_it_lacks_while_a_source_is_silent(lived):
    office = lived(usd="90000")
    office.tick()
    office.fleet.silence("us-west-2")
    office.passes(10 * MINUTE_MS)

    office.types("ada", "/gpu start eval-2 for 1h")

    card = office.sees("bob", "#ml-platform")
    assert "of its $90,000 budget this month.\n:warning: Not counted: what machines of ec2/" in card
    assert "us-west-2 cost since Mon 10:01 UTC: it could not be read." in card


def test_the_card_counts_from_the_first_look_where_the_month_began_before(office_with):
    team = SETTINGS["teams"]["nlp"] | {"budget_usd": "90000"}
    office = office_with(SETTINGS | {"teams": {"nlp": team}})
    office.passes(2 * MINUTE_MS)

    office.types("ada", "/gpu start eval-2 for 1h")

    card = office.sees("bob", "#ml-platform")
    assert re.search(r"nlp has spent \$\d+\.\d\d of its \$90,000 budget since the first look on 23 Nov\.", card)


def surge(office, dollars, ago=1):
    """eval-2 cost so many dollars an hour on a day that is over."""
    at, rate = office.clock.now // DAY_MS * DAY_MS - ago * DAY_MS, dollars * MICROS_PER_USD
    with office.valet.ctx.store.writing() as db:
        machine = office.machine("eval-2").id
        stored_ledger.add(
            db,
            [
                Charge(machine, each, each + HOUR_MS, HOUR_MS, rate, rate, "nlp")
                for each in range(at, at + DAY_MS, HOUR_MS)
            ],
        )


def test_an_unusual_day_is_told_once_with_the_machines_behind_it(office):
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    office.clock.forward(DAY_MS)
    surge(office, 300)
    office.tick()

    seen = office.sees("bob", "#ml-platform")
    assert seen.splitlines()[0] == "*nlp spent $9,300 on Monday 23 November, far more than usual.*"
    assert "19 days of 20 stay under $4,169." in seen
    assert "*Behind it*\neval-2: $7,200, usually $17.49\n" in seen
    assert "[Expected] [Not expected] [Why eval-2] [What drives it]" in seen
    office.restart()
    office.passes(3 * MINUTE_MS)
    told = rows(office.valet.ctx.store.reading(), "SELECT channel FROM outbox WHERE kind = 'unusual_day'")
    assert len(told) == 1, "the company's channel need not hear of it as well"


@pytest.mark.parametrize(("ago", "told"), [(2, ["team:nlp|2026-11-24"]), (3, ["team:nlp|2026-11-23"]), (4, [])])
def test_days_on_which_valet_was_away_are_looked_at_afterwards(office, ago, told):
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    office.tick()
    office.clock.forward(3 * DAY_MS)
    surge(office, 300, ago=ago)
    unusual.look_for_unusual(office.valet.ctx)
    assert subjects(office) == [], "not before a look has told what ran meanwhile"

    office.tick()
    office.tick()

    assert subjects(office) == told


def subjects(office):
    told = rows(office.valet.ctx.store.reading(), "SELECT subject FROM outbox WHERE kind = 'unusual_day'")
    return list(dict.fromkeys(row["subject"] for row in told))


def test_the_next_day_like_it_is_no_news(office):
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    for _ in range(2):
        office.clock.forward(DAY_MS)
        surge(office, 300)
        office.tick()

    told = rows(office.valet.ctx.store.reading(), "SELECT subject FROM outbox WHERE kind = 'unusual_day'")
    assert [row["subject"] for row in told] == ["team:nlp|2026-11-23"]


@pytest.fixture
def surged(office):
    """nlp has heard of Monday, on which eval-2 cost $7,200."""
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    office.clock.forward(DAY_MS)
    surge(office, 300)
    office.tick()
    assert subjects(office) == ["team:nlp|2026-11-23"]
    return office


def surges_again(office, days):
    """So many days later such a day again, with the days between looked at."""
    for day in range(1, days + 1):
        office.clock.forward(DAY_MS)
        if day == days:
            surge(office, 300)
        office.tick()


def test_an_expected_day_is_answered_in_place_and_the_next_like_it_untold(surged):
    said = surged.presses("ada", "Expected", "#ml-platform")
    surged.passes(MINUTE_MS)

    assert said == "@Ada expected it. I won't mention days like it until 21 February."
    (seen,) = surged.slack.sees("bob", "#ml-platform")
    assert seen.endswith(f"{said}\n[Not expected] [Why eval-2] [What drives it]")
    noted = rows(surged.valet.ctx.store.reading(), "SELECT who, did FROM audit WHERE subject = 'nlp'")
    assert [(row["who"], row["did"]) for row in noted] == [(ADA, "expected what 2026-11-23 cost")]
    surges_again(surged, 8)
    assert subjects(surged) == ["team:nlp|2026-11-23"]


def test_after_a_day_that_was_not_expected_the_next_like_it_is_told_at_once(surged):
    surged.presses("ada", "Expected", "#ml-platform")
    surged.passes(MINUTE_MS)
    said = surged.presses("ada", "Not expected", "#ml-platform")

    assert said == "@Ada did not expect it. I'll mention the next day like it at once."
    surges_again(surged, 1)
    assert subjects(surged) == ["team:nlp|2026-11-23", "team:nlp|2026-11-24"]


def test_who_has_nothing_to_do_with_a_team_does_not_answer_for_it(surged):
    with pytest.raises(Refused, match="Only somebody of team nlp or an admin can say whether that was expected"):
        unusual.answer_unusual(surged.valet.ctx, "team:nlp|2026-11-23", CY, is_expected=True)

    assert rows(surged.valet.ctx.store.reading(), "SELECT * FROM unusual_answers") == []
