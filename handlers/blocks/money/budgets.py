"""Budgets and unusual days as messages: the conclusion, the figures, and what follows from it."""

from collections.abc import Sequence
from datetime import date

from bot.domain.days import month_end
from bot.domain.money.budgets import LIKELY_OVER, BudgetStanding, reached_marks
from bot.domain.money.scope import Scope
from bot.domain.money.unusual import MachineBehind, UnusualAnswer, UnusualDay
from handlers.blocks.buttons import WHY_BUTTON
from handlers.blocks.money.charts import bar_chart
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.money.reports import CENT, HOW, REPORT_PAGE
from handlers.blocks.parts import Block, Reply, actions, button, cut, handed_over, lines, plainly, section
from handlers.blocks.tables import Cell, table, usd_figure
from handlers.blocks.words import about, chance_of, code, esc, midnight, person, roughly

# Messages that stand in Slack carry these, so their text never changes.
BUDGET_BUTTON = "budget"
BUDGET_CSV_BUTTON = "budget_csv"
BUDGET_DRIVERS_BUTTON = "budget_drivers"
BUDGET_HOW_BUTTON = "budget_how"
UNUSUAL_EXPECTED_BUTTON = "unusual_expected"
UNUSUAL_NOT_EXPECTED_BUTTON = "unusual_not_expected"

MOST_SHOWN = 20
EVERY_BUDGET = "all"
"""Value of the button that is about every budget."""
WHY_BUTTONS = 2
SHOWN_BUTTONS = 3
TEAMS_NAMED = 3
MOST_PERCENT = 999


def budget_told(now: BudgetStanding, mark: str) -> Reply:
    """What a channel hears of a budget."""
    who, month, budget = _who(now.scope), f"{now.month:%B}", roughly(now.budget_micros)
    spent = _so_far(now)
    heads = {
        "forecast": f"{who} will likely be over its budget for {month}: {_expected(now)} expected of {budget}.",
        "warn": f"{who} has spent {now.percent} % of its budget for {month}: {spent} of {budget}.",
        "full": f"{who} {_over(now)} its budget for {month}: {spent} of {budget}.",
    }
    if not now.budget_micros:
        heads["full"] = f"{who} has spent {spent} in {month}, though its budget is $0: nothing may be spent."
    more = [f"{spent} spent so far."] if mark == "forecast" else []
    rest = lines([" ".join([*more, _ahead(now)]).strip(), _follows(now) if mark == "full" else ""])
    text = f"*{heads[mark]}*"
    blocks: list[Block] = [section(text), *([section(rest)] if rest else []), actions(_drivers(now.scope))]
    return Reply(heads[mark], blocks, private=False)


def _over(now: BudgetStanding) -> str:
    """By how much, where it is more than spent."""
    over = now.spent_micros - now.budget_micros
    return f"is {about(exact=not now.is_estimated)}{roughly(over)} over" if over >= CENT else "has spent"


def _so_far(now: BudgetStanding) -> str:
    """What is spent of it, with "about" where much of that is estimated."""
    return f"{about(exact=not now.is_estimated)}{roughly(now.spent_micros)}"


def one_budget(now: BudgetStanding, *, is_own: bool = True, lacks: Sequence[str] = ()) -> Reply:
    """One budget in full; one that is nobody's own is the sum of the teams'. `lacks`: what is not counted yet."""
    head = f"{_who(now.scope)}, {now.month:%B}: {_spent(now)}."
    said = lines([f"*{head}*", _odds_of(now), _follows(now) if is_own and reached_marks(now) else "", *lacks])
    blocks: list[Block] = [
        section(said),
        *_bars_of(now),
        *table(f"Budget of {_plain(now.scope)} for {now.month:%B}", ("Of it", "USD"), _figures(now)),
        actions(_drivers(now.scope), _how(now.scope.text), _csv(now.scope.text)),
    ]
    return Reply(cut(f"{head} {_ahead(now)}", 3_900), blocks)


def budget_in_short(now: BudgetStanding) -> str:
    """Where it stands, and what the month will come to, in a line each."""
    return lines([f"{_who(now.scope)}, {now.month:%B}: {_spent(now)}.", _ahead(now)])


def _bars_of(now: BudgetStanding) -> list[Block]:
    known = {"spent": now.spent_micros, "expected": now.expected.micros if now.expected else 0}
    known["budget"] = now.budget_micros
    title = f"{_plain(now.scope)[:30]}, {now.month:%B}, USD"
    return bar_chart(title, list(known), {"USD": list(known.values())}, x_label=f"{now.month:%B}")


def _figures(now: BudgetStanding) -> list[list[Cell]]:
    expected: Cell = usd_figure(now.expected.micros) if now.expected else "not known"
    return [
        ["spent so far", usd_figure(now.spent_micros, exact=not now.is_estimated)],
        ["expected for the month", expected],
        ["budget", usd_figure(now.budget_micros)],
    ]


def _odds_of(now: BudgetStanding) -> str:
    """How sure what is expected is; the figure itself stands in the table below."""
    if now.expected is None:
        return "Too little is known yet for a forecast."
    return f"{_range(now)}{_chance(now)}".strip()


def _range(now: BudgetStanding) -> str:
    if now.expected is None or now.expected.lo_micros is None or now.expected.hi_micros is None:
        return ""
    return f"80 % between {roughly(now.expected.lo_micros)} and {roughly(now.expected.hi_micros)}."


def budget_counted(now: BudgetStanding, channel: str, *, is_own: bool = True) -> Reply:
    """[How this is counted]: of one budget, with who hears of it and what follows."""
    where = f"<#{channel}> hears" if channel else "Nobody hears, as there is no channel for it,"
    hears = f"{where} of it at {now.warn_percent} % and 100 %, and when the forecast exceeds it; each once a month."
    if not is_own:
        hears = "The sum of the teams' budgets, against what all teams spend. Each team hears of its own."
    follows = _follows(now) if is_own else ""
    return plainly(lines([f"*{_who(now.scope)}, {now.month:%B}*", hears, follows, *_counting(now)]))


def all_counted(now: BudgetStanding) -> Reply:
    """[How this is counted]: of every budget."""
    return plainly(lines(_counting(now)))


def _counting(now: BudgetStanding) -> list[str]:
    return [
        "Nothing that runs is stopped for a budget.",
        "Rented machines by our own metering, up to now. Owned ones are on no bill and count against no budget.",
        f"Months are those of {esc(now.timezone, 60)}.{midnight(now.timezone, now.month, month_end(now.month))}",
    ]


def all_budgets(standings: Sequence[BudgetStanding], missing: Sequence[str] = (), lacks: Sequence[str] = ()) -> Reply:
    """Every budget, a row each; `missing` are machines with one that nobody knows, `lacks` what is not counted yet."""
    head = _conclusion(standings) if standings else "No budget is for anything that is rented."
    since = f"Counted since the first look on {_day(standings[0].since)}." if standings and standings[0].since else ""
    gone = [f"No rented machine is called {code(name, 60)}: its budget stands still." for name in missing[:5]]
    blocks: list[Block] = [section(lines([f"*{head}*", since, *gone, *lacks]))]
    if standings:
        shown = standings[:MOST_SHOWN]
        month = f"{standings[0].month:%B}"
        series = {
            "spent": [each.spent_micros for each in shown],
            "expected": [each.expected.micros if each.expected else 0 for each in shown],
            "budget": [each.budget_micros for each in shown],
        }
        blocks += bar_chart(
            f"Budgets for {month}, USD", [_plain(each.scope) for each in shown], series, x_label="budget"
        )
        titles = ("Budget of", "Spent", "Expected", "Budget", "Chance to be over")
        blocks += table(f"Budgets for {month}", titles, [_row(each) for each in shown], page=REPORT_PAGE)
        buttons = [_one(each.scope) for each in standings[:SHOWN_BUTTONS]]
        blocks.append(actions(*buttons, _how(EVERY_BUDGET), _csv(EVERY_BUDGET)))
    return Reply(head, blocks)


def _row(now: BudgetStanding) -> list[Cell]:
    return [
        esc(_plain(now.scope), 60),
        usd_figure(now.spent_micros, exact=not now.is_estimated),
        usd_figure(now.expected.micros) if now.expected else "not known",
        usd_figure(now.budget_micros),
        _odds(now),
    ]


def _odds(now: BudgetStanding) -> str:
    """The chance, and the day on which it would happen."""
    if now.spent_micros - now.budget_micros >= CENT:
        return f"{about(exact=not now.is_estimated)}{roughly(now.spent_micros - now.budget_micros)} over"
    if now.percent >= 100:
        return "spent"
    if now.chance_over is None:
        return "not known"
    return chance_of(now.chance_over) + (f", {_day(now.over_on)}" if now.over_on else "")


def _conclusion(standings: Sequence[BudgetStanding]) -> str:
    """The one that is worst off by its figures, several by their names."""
    over = [standing for standing in standings if standing.percent >= 100]
    likely = [each for each in standings if each not in over and (each.chance_over or 0) >= LIKELY_OVER]
    month = f"{standings[0].month:%B}"
    said = [_spent_ones(over, month)] if over else []
    said += [_likely_ones(likely, month)] if likely else []
    if said:
        return " ".join(said)
    unknown = [each for each in standings if each.expected is None or each.since]
    if unknown:
        return (
            f"No budget is spent. Too little is known yet to say whether {len(unknown)} of {len(standings)} will hold."
        )
    return f"Every budget will likely hold in {month}."


def _spent_ones(over: Sequence[BudgetStanding], month: str) -> str:
    if len(over) > 1:
        return f"{_and([_who(each.scope) for each in over])} have spent their budgets for {month}."
    return f"{_who(over[0].scope)} {_over(over[0])} its budget for {month}."


def _likely_ones(likely: Sequence[BudgetStanding], month: str) -> str:
    if len(likely) > 1:
        return f"{_and([_who(each.scope) for each in likely])} will likely be over their budgets for {month}."
    one = likely[0]
    return (
        f"{_who(one.scope)} will likely be over in {month}: {_expected(one)} expected of {roughly(one.budget_micros)}."
    )


def _and(names: Sequence[str]) -> str:
    """nlp, vision and 3 more."""
    more = len(names) - TEAMS_NAMED
    shown = [*names[:TEAMS_NAMED], f"{more} more"] if more > 0 else list(names)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def no_budget(command: str, of: Scope) -> Reply:
    """There is no budget."""
    example = f"`budget_usd = 42000` under `[teams.{esc(of.key, 40) if of.kind == 'team' else 'NAME'}]`"
    if of.kind in {"type", "instance"}:
        example = f'`scope = "{of.kind} {esc(of.label or of.key, 60)}"` and `usd` under `[[budgets]]`'
    whose = "No team has" if of.kind == "total" else f"{_who(of)} has"
    word = "a budget" if of.kind == "total" else "no budget"
    return plainly(
        f"{whose} {word}. An admin can set one in valet.toml: {example}, or `usd` under `[budget]` for all. "
        f"`{command} forecast` says what the month will cost."
    )


def which_of(scope: Scope) -> Reply:
    """Somebody named what it is about, and not what they want to know of it."""
    forecast = button("Forecast", f"{FORECAST_BUTTON}:month", f"month|{scope.kind}|{scope.key}")
    what = esc(_plain(scope), 60)
    return plainly(f"The forecast of {what}, or its budget?", forecast, button("Budget", BUDGET_BUTTON, scope.text))


def unusual(unusual_day: UnusualDay, answer: UnusualAnswer | None = None) -> Reply:
    """A day that cost far more than expected, and what somebody said of it since."""
    day = f"{unusual_day.day:%A} {unusual_day.day.day} {unusual_day.day:%B}"
    head = f"{_who(unusual_day.scope)} spent {roughly(unusual_day.micros)} on {day}, far more than usual."
    expected = roughly(unusual_day.expected_micros)
    range_ = f"{expected} was expected; 19 days of 20 stay under {roughly(unusual_day.bound_micros)}."
    rows = [_behind(machine) for machine in unusual_day.behind]
    behind = [section(lines(["*Behind it*", *rows]))] if rows else []
    whys = [
        button(f"Why {each.name}", f"{WHY_BUTTON}:{number}", each.instance_id)
        for number, each in enumerate(unusual_day.behind[:WHY_BUTTONS])
    ]
    said = [section(unusual_answered(answer))] if answer else []
    offers = actions(*_answers(unusual_day, answer), *whys, _drivers(unusual_day.scope))
    return Reply(f"{head} {range_}", [section(f"*{head}*\n{range_}"), *behind, *said, offers], private=False)


def _answers(unusual_day: UnusualDay, answer: UnusualAnswer | None) -> list[Block]:
    """The other answer stays open: people change their minds."""
    subject = f"{unusual_day.scope.text}|{unusual_day.day}"
    offers = {True: ("Expected", UNUSUAL_EXPECTED_BUTTON), False: ("Not expected", UNUSUAL_NOT_EXPECTED_BUTTON)}
    return [
        button(*offer, subject)
        for is_expected, offer in offers.items()
        if not answer or answer.is_expected != is_expected
    ]


def unusual_answered(answer: UnusualAnswer) -> str:
    """Who said what, and what follows."""
    if not answer.is_expected:
        return f"{person(answer.who)} did not expect it. I'll mention the next day like it at once."
    until = answer.holds_until
    return f"{person(answer.who)} expected it. I won't mention days like it until {until.day} {until:%B}."


def _behind(machine: MachineBehind) -> str:
    usual = f"usually {roughly(machine.usual_micros)}" if machine.usual_micros else "nothing in the two weeks before"
    return f"{esc(machine.name, 60)}: {roughly(machine.micros)}, {usual}"


def _who(scope: Scope) -> str:
    named = esc(scope.label or scope.key, 60)
    return {"total": "The company", "type": f"Type {named}"}.get(scope.kind, named)


def _spent(now: BudgetStanding) -> str:
    spent, budget = _so_far(now), roughly(now.budget_micros)
    if not now.budget_micros:
        return f"{spent} spent, and the budget is $0: nothing may be spent"
    since = f" since the first look on {_day(now.since)}" if now.since else ""
    return f"{spent} of {budget} spent{since} ({_percent(now)})"


def _percent(now: BudgetStanding) -> str:
    if now.spent_micros > 0 and now.percent < 1:
        return "under 1 %"
    return f"{now.percent} %" if now.percent <= MOST_PERCENT else f"over {MOST_PERCENT} %"


def _expected(now: BudgetStanding) -> str:
    return roughly(now.expected.micros) if now.expected else "?"


def _ahead(now: BudgetStanding) -> str:
    """What the month will come to, in one sentence."""
    if now.expected is None:
        return "Too little is known yet for a forecast."
    return f"{_expected(now)} expected for the month. {_odds_of(now)}".strip()


def _chance(now: BudgetStanding) -> str:
    if now.chance_over is None or now.percent >= 100:
        return ""
    when = f", around {_day(now.over_on)}" if now.over_on else ""
    return f" {_capital(chance_of(now.chance_over))} chance to go over{when}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _follows(now: BudgetStanding) -> str:
    """What happens beyond it."""
    if now.scope.kind == "instance" and now.asks:
        return "Beyond it, its start needs an approval."
    if now.scope.kind in {"total", "type"}:
        of = " of such machines" if now.scope.kind == "type" else ""
        yes = "need an approval, except in teams that have switched that off"
        return f"Beyond it, starts and launches{of} {yes}."
    if now.asks:
        return "Beyond it, starts need an approval."
    return "Beyond it nothing changes: the team has switched off `ask_over_budget`."


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _drivers(scope: Scope) -> Block:
    return button("What drives it", f"{BUDGET_DRIVERS_BUTTON}:{scope.key}"[:255], scope.text)


def _one(scope: Scope) -> Block:
    return button(f"More on {_plain(scope)}", f"{BUDGET_BUTTON}:{scope.key}"[:255], scope.text)


def _how(value: str) -> Block:
    return button(HOW, BUDGET_HOW_BUTTON, value)


def _csv(value: str) -> Block:
    return button("As CSV", BUDGET_CSV_BUTTON, value)


def as_csv(month: date, content: str) -> Reply:
    """Told beside the file."""
    return handed_over(f"valet-budgets-{month:%Y-%m}.csv", content)


def _plain(scope: Scope) -> str:
    return scope.label or scope.key or "the company"
