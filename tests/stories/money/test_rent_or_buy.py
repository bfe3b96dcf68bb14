"""Finance asks whether to buy: the answer is weighed from hours that really ran, and says what it rests on."""

from collections.abc import Iterable
from datetime import date

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.money.rates import Charge, Share
from store.money import ledger as stored_ledger
from tests.stories.conftest import SETTINGS

COMPANY = SETTINGS | {
    "owned": {
        "usd_per_kwh": "0.12",
        "pue": "1.4",
        "hosting_usd_per_month": "730",
        "hosts": {"dgx-1": {"team": "nlp", "purchase_usd": "199000", "purchased_on": date(2025, 3, 1)}},
    },
    "buy": {
        "residual_percent": "10",
        "servers": {
            "p4d.24xlarge": {"usd": "150000", "source": "quote of a dealer, 2026-10-12", "watts": "5500"},
            "g5.xlarge": {"usd": "42000", "source": "quote of a dealer, 2026-10-12", "replaces": 8},
        },
    },
}
NOT_WEIGHED = "3 types have no price to buy yet: p4de.24xlarge, g5.12xlarge, g6.xlarge."
IDLE = (
    "In 67 of the 555 h a month the machines ran idle. Stopped when idle, they would run 488 h, and buying 1 would "
    "save $143,644."
)


@pytest.fixture
def office(office_with):
    return office_with(COMPANY)


@pytest.fixture
def lived(office_with):
    """The company with its last five weeks of charges."""
    return office_with(COMPANY, past=True)


def weighs(office, words):
    """The answer with its details."""
    said = office.types("ada", f"/cost rent-or-buy {words}")
    return f"{said}\n{office.presses('ada', 'Details')}"


def charge(office, charges: Iterable[Charge]) -> None:
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, charges)


def test_a_type_is_weighed_from_its_measured_hours(lived):
    said = lived.types("ada", "/cost rent-or-buy p4d.24xlarge")

    assert said.splitlines() == [
        (
            "*p4d.24xlarge: buy 1 server. It saves about $188,000 over 3 years (present value). "
            "Stopped when idle: $144,000. 35 days measured.*"
        ),
        "(chart: Paid so far, discounted, USD)",
        "What buying 1 saves | if lower | if higher",
        "use (-20 %, +20 %) | $114,316 | $262,466",
        "server price (-20 %, +20 %) | $216,255 | $160,526",
        "rental rate (-20 %, +20 %) | $114,316 | $262,466",
        "discount rate (10 %, 15 %) | $197,741 | $175,278",
        "[Details] [As CSV]",
    ]
    assert lived.presses("ada", "Details").splitlines() == [
        "Net present value over 3 years at 12 % a year:",
        "rent all: -$370,376",
        "buy 1, rent nothing: -$181,985; paid back in month 14 (discounted: month 15), return 113 % a year (IRR)",
        "A bought server pays from 37 % use on (273 h a month). Use of each, if bought: 1st 76 %.",
        IDLE,
        "In the last 14 days alone: 710 h a month. If it went on so, buying 1 would save $291,853.",
        "*Taken as*",
        "Use: 555 h a month, up to 1 at once, measured over 35 days.",
        "Renting: $21.96/h (mean of what was paid, 35 days).",
        "Buying: $150,000 a server (quote of a dealer, 2026-10-12), worth 10 % of it after 3 years, before tax.",
        "Keeping one, a month: power $675 (5,500 W (set) x PUE 1.4 x $0.12 per kWh); hosting $730.",
        "Left out, as not set: staff (`owned.staff_usd_per_month`). So buying looks better here than it is.",
    ]


def test_the_base_load_is_bought_and_the_peaks_are_rented(office):
    """One g4dn.xlarge has run around the clock for 40 days, a second one for the last four."""
    now = office.clock() // HOUR_MS * HOUR_MS
    for name, days in (("old-3", 40), ("ci-gpu", 4)):
        instance = office.machine(name).id
        hours = range(now - days * DAY_MS, now, HOUR_MS)
        charge(office, [Charge(instance, at, at + HOUR_MS, HOUR_MS, 1_000_000, 1_000_000) for at in hours])

    said = weighs(office, "g4dn.xlarge price:10,000 hosting:0 residual:0")

    assert said.startswith("*g4dn.xlarge: buy 1 server and rent the peaks. It saves about $12,000 over 3 years")
    assert "rent all: -$24,391\n" in said  # 803 h a month at a dollar, 30.38 months' worth
    assert "buy 1, rent the rest: -$12,217; paid back in month 14" in said
    assert "buy 2, rent nothing: -$20,000\n" in said
    assert "A bought server pays from 45 % use on (329 h a month). Use of each, if bought: 1st 100 %, 2nd 10 %." in said


def test_a_question_can_bring_its_own_figures(lived):
    said = weighs(lived, "p5.48xlarge price:300k rate:25 hours:500 tax:25 staff:1,000")

    assert said.startswith("*p5.48xlarge: buy 1 server.")
    assert "at 25 % a year" in said
    assert "Use: 500 h a month, up to 1 at once, as asked." in said
    assert "Buying: $300,000 a server (as asked), worth 10 % of it after 3 years, tax 25 %." in said
    assert "10 to 15 % a year is the usual discount rate." in said


def test_one_server_may_be_said_to_stand_for_several_instances(lived):
    said = weighs(lived, "g5.xlarge replaces:4")

    assert "; one stands for 4 instances" in said


def test_without_a_price_a_form_asks_for_one_and_invents_none(lived):
    lived.types("ada", "/cost rent-or-buy p5.48xlarge hours:500")

    form = lived.opens("ada")
    assert "p5.48xlarge" in form
    assert "500" in form
    lived.submits("ada", price="free")
    assert "is not a figure from 1 to 1,000,000,000" in lived.opens("ada")
    lived.submits("ada", price="$300k", rate="25 %")

    said = lived.sees("ada")
    assert said == lived.types("ada", "/cost rent-or-buy p5.48xlarge price:300k hours:500 rate:25")
    assert said.startswith("*p5.48xlarge: buy 1 server.")


def test_where_no_form_can_be_opened_the_price_is_asked_for(lived):
    said = lived.writes("ada", "cost rent-or-buy p5.48xlarge")

    assert said.startswith("What does a server cost? Prices to buy are quotes, so they come from you.")
    assert "[Fill in…]" in said


def test_types_without_a_price_have_a_form_to_give_it(lived):
    lived.types("ada", "/cost rent-or-buy")
    lived.presses("ada", "Add a price…")

    assert "p5.48xlarge" in lived.opens("ada")
    assert "(Types you rent)" in lived.options("ada", "kind")
    assert lived.options("ada", "kind", "p5en").split("\n") == ["(Other types)", "p5en.48xlarge"]


def test_a_team_sees_its_types_and_looks_into_one(lived):
    said = lived.types("cy", "/cost rent-or-buy team vision")

    assert said.splitlines() == [
        "*vision: keep renting.*",
        NOT_WEIGHED,
        "Type | Advice | Saves | Stopped when idle",
        "g5.xlarge | rent | nothing | -$52,713",
        "[Weigh g5.xlarge] [Add a price…] [As CSV]",
    ]
    assert lived.presses("cy", "Weigh g5.xlarge").startswith("*g5.xlarge (vision): keep renting.")


def test_everything_is_weighed_when_nothing_is_named(lived):
    said = lived.types("ada", "/cost rent-or-buy")

    assert said.startswith(
        "*Buying 1 server would save about $188,000 over 3 years (present value) if use stays as it is.*\n"
    )


def test_an_instance_is_weighed_alone(lived):
    assert lived.types("ada", "/cost rent-or-buy train-7").startswith("*p4d.24xlarge (train-7): buy 1 server.")


def test_what_turns_the_answer_around_is_said(lived):
    said = weighs(lived, "p4d.24xlarge rent:10")

    assert said.startswith(
        "*p4d.24xlarge: keep renting. Buying one would cost about $13,000 more over 3 years (present value).*"
    )
    assert "The answer turns around with: use +20 %, server price -20 %, rental rate +20 %." in said


@pytest.mark.parametrize(
    ("line", "no"),
    [
        ("p4d.24xlarge price:free", '"price:free" is not a figure from 1 to 1,000,000,000. Try price:150000'),
        ("p4d.24xlarge rate:200", '"rate:200" is not a figure from 0 to 100.'),
        ("p4d.24xlarge hours:-5", '"hours:-5" is not a figure from 1 to 100,000.'),
        ("dgx-1", "dgx-1 is owned: it costs the same whether used or not, so there is no rent left to weigh against"),
        ("p4d.24xlarge price:150000 PRICE:90k", "price:150000 and PRICE:90k: which of them? Say price once."),
        ("g5.xlarge replaces:2.5", '"replaces:2.5" is not a whole number from 1 to 100.'),
        ("nothing-like-it", 'I know no team, type or instance "nothing-like-it".'),
        ("price:150000", "The same figure for 10 types? Name one type: "),
    ],
)
def test_a_question_that_can_not_be_answered_says_what_to_type(lived, line, no):
    lived.reports("dgx-1", 0.0)

    assert lived.types("ada", f"/cost rent-or-buy {line}").startswith(no)


def test_a_company_of_a_few_hours_is_told_to_wait_or_to_say_the_hours(office):
    now = office.clock() // HOUR_MS * HOUR_MS
    instance = office.machine("train-7").id
    charge(office, [Charge(instance, now - 2 * HOUR_MS, now - HOUR_MS, HOUR_MS, 21_957_642, 21_957_642)])

    said = office.types("ada", "/cost rent-or-buy p4d.24xlarge")

    assert said == (
        "Only 2 h are metered yet. Wait a day, or add `hours:500` (on the command line `--hours 500`) "
        "for the hours a month."
    )


def test_a_type_that_never_ran_needs_its_hours(lived):
    said = lived.types("ada", "/cost rent-or-buy p5en.48xlarge price:400000")

    assert said.startswith("No p5en.48xlarge ran in the last 35 days. Add `hours:500`")


def test_use_without_a_known_price_is_weighed_at_the_list_price(office):
    now = office.clock() // HOUR_MS * HOUR_MS
    spot = office.machine("sweep-1").id
    charge(office, [Charge(spot, at, at + HOUR_MS, HOUR_MS, 0, 0) for at in range(now - 3 * DAY_MS, now, HOUR_MS)])

    said = weighs(office, "g6.12xlarge price:60000")

    assert "Use: 730 h a month, up to 1 at once, measured over 3 days." in said
    assert "Renting: $4.60/h (AWS on-demand list, us-east-1, 2026-07-20)." in said
    assert said.startswith(
        "g6.12xlarge: too early to say. If all went on as in the 3 days measured, buying 1 server would save "
    ), "nothing in bold"
    assert "Only 3 days of use are measured: an early estimate." in said
    office.types("ada", "/cost rent-or-buy")
    assert "g6.12xlarge" in office.opens("ada")


def test_days_before_the_first_use_count_as_days_without_use(office):
    """The ledger is 80 days old; the machine was first started two days ago."""
    now = office.clock() // HOUR_MS * HOUR_MS
    for name, days in (("old-3", 80), ("nb-2", 2)):
        instance = office.machine(name).id
        hours = range(now - days * DAY_MS, now, HOUR_MS)
        charge(office, [Charge(instance, at, at + HOUR_MS, HOUR_MS, 1_000_000, 1_000_000) for at in hours])

    said = weighs(office, "g5.12xlarge price:10000")

    assert said.startswith("*g5.12xlarge: keep renting.")
    assert "Use: 18 h a month, up to 1 at once, measured over 80 days." in said
    assert "In the last 14 days alone: 104 h a month. If it went on so, buying 1 would cost " in said


def test_the_first_two_weeks_are_too_early_to_sum_up_what_buying_would_save(office):
    now = office.clock() // HOUR_MS * HOUR_MS
    for name in ("train-7", "nb-5"):
        spans = range(now - 13 * DAY_MS, now, HOUR_MS)
        instance = office.machine(name).id
        charge(office, [Charge(instance, at, at + HOUR_MS, HOUR_MS, 20_000_000, 20_000_000) for at in spans])

    said = office.types("ada", "/cost rent-or-buy")

    assert said.startswith("*Too early to say whether to buy, with less than 14 days measured.*\n")
    assert "\np4d.24xlarge | too early to say | $261,486 | -\n" in said
    one = office.types("ada", "/cost rent-or-buy p4d.24xlarge")
    assert one.startswith("p4d.24xlarge: too early to say. If all went on as in the 13 days measured, buying 1 server")


def test_machines_that_ran_at_once_for_minutes_do_not_count_as_one_that_ran_long(office):
    """Two for the first half of every hour: no single server could have taken over both."""
    now = office.clock() // HOUR_MS * HOUR_MS
    for name in ("old-3", "ci-gpu"):
        instance = office.machine(name).id
        hours = range(now - 40 * DAY_MS, now, HOUR_MS)
        charge(office, [Charge(instance, at, at + HOUR_MS // 2, HOUR_MS // 2, 500_000, 1_000_000) for at in hours])

    said = weighs(office, "g4dn.xlarge price:10,000 hosting:0 residual:0")

    assert "Use: 730 h a month, up to 2 at once, measured over 40 days." in said
    assert "Use of each, if bought: 1st 50 %, 2nd 50 %." in said


def test_a_machine_of_which_one_gpu_always_works_is_not_idle(office):
    """Seven of eight GPUs idle all the time; the machine is needed all the same."""
    now = office.clock() // HOUR_MS * HOUR_MS
    instance, shares = (
        office.machine("train-7").id,
        (Share("", "", "busy", HOUR_MS, 2_500_000), Share("", "", "idle", 7 * HOUR_MS, 17_500_000)),
    )
    for at in range(now - 40 * DAY_MS, now, HOUR_MS):
        charge(office, [Charge(instance, at, at + HOUR_MS, HOUR_MS, 20_000_000, 20_000_000, "", shares)])

    said = weighs(office, "p4d.24xlarge")

    assert said.startswith("*p4d.24xlarge: buy 1 server.")
    assert "ran idle" not in said


def test_hours_in_which_machines_ran_idle_are_no_reason_to_buy(office):
    """Around the clock, but at work only every fourth hour."""
    now = office.clock() // HOUR_MS * HOUR_MS
    instance = office.machine("train-7").id
    for number, at in enumerate(range(now - 40 * DAY_MS, now, HOUR_MS)):
        share = Share("", "", "idle" if number % 4 else "busy", HOUR_MS, 20_000_000)
        charge(office, [Charge(instance, at, at + HOUR_MS, HOUR_MS, 20_000_000, 20_000_000, "", (share,))])

    said = weighs(office, "p4d.24xlarge")

    assert said.startswith(
        "*Don't buy yet: stopped when idle, renting is $71,000 cheaper. "
        "At today's use one p4d.24xlarge server saves $261,000 over 3 years (present value). 40 days measured.*"
    )
    assert "In 548 of the 730 h a month the machines ran idle. Stopped when idle, they would run 182 h, and " in said
    assert "buying 1 would cost $71,117 more than renting." in said
