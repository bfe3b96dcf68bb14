"""Budgets and unusual days as messages: the conclusion, the figures, and what follows from it."""

from collections.abc import Sequence
from datetime import date

from bot.domain.days import month_end
from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.scope import Scope
from bot.domain.money.unusual import MachineBehind, UnusualDay
from handlers.blocks.machines.fleet import WHY_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, context, handed_over, lines, plainly, section
from handlers.blocks.words import chance_of, code, esc, midnight, roughly, usd

# Messages that stand in Slack carry these, so their text never changes.
BUDGET_BUTTON = "budget"
BUDGET_CSV_BUTTON = "budget_csv"
BUDGET_DRIVERS_BUTTON = "budget_drivers"

MOST_SHOWN = 20
EVERY_BUDGET = "all"
"""Value of the button that is about every budget."""
WHY_BUTTONS = 2
MOST_PERCENT = 999


def budget_told(now: BudgetStanding, mark: str) -> Reply:
    """What a channel hears of a budget."""
    who, month, budget = _who(now.scope), f"{now.month:%B}", roughly(now.budget_micros)
    spent = roughly(now.spent_micros)
    heads = {
        "forecast": f"{who} is expected to spend more than its budget for {month}: {_expected(now)} of {budget}.",
        "warn": f"{who} has spent {now.percent} % of its budget for {month}: {spent} of {budget}.",
        "full": f"{who} has spent its budget for {month}: {spent} of {budget}.",
    }
    if not now.budget_micros:
        heads["full"] = f"{who} has spent {spent} in {month}, though its budget is $0: nothing may be spent."
    more = [f"{spent} spent so far."] if mark == "forecast" else []
    rest = lines([" ".join([*more, _ahead(now)]).strip(), _follows(now) if mark == "full" else ""])
    text = f"*{heads[mark]}*"
    blocks: list[Block] = [section(text), *([section(rest)] if rest else []), actions(_drivers(now.scope))]
    return Reply(heads[mark], blocks, private=False)


def standing(now: BudgetStanding, channel: str, *, is_own: bool = True, lacks: Sequence[str] = ()) -> Reply:
    """One budget in full; one that is nobody's own is the sum of the teams'. `lacks`: what is not counted yet."""
    head = f"{_who(now.scope)}, {now.month:%B}: {_spent(now)}."
    thresholds = f"{now.warn_percent} % and 100 %"
    where = f"<#{channel}>" if channel else "Nobody, as there is no channel for it,"
    hears = f"{where} is told at {thresholds}, and when the forecast exceeds it; each once a month."
    if not is_own:
        hears = "The sum of the teams' budgets, beside what all teams spend; each team is told of its own."
    blocks: list[Block] = [
        section(f"*{head}*"),
        section(lines([_ahead(now), _follows(now) if is_own else "", *lacks])),
        context(
            f"{hears} Rented machines by our own metering, up to now; owned ones are on no bill and count against no "
            f"budget. Months are those of {esc(now.timezone, 60)}.{_midnight(now)}"
        ),
        actions(_drivers(now.scope), _csv(now.scope.text)),
    ]
    return Reply(head, blocks)


def _midnight(now: BudgetStanding) -> str:
    return midnight(now.timezone, now.month, month_end(now.month))


def overview(standings: Sequence[BudgetStanding], missing: Sequence[str] = (), lacks: Sequence[str] = ()) -> Reply:
    """Every budget, a line each; `missing` are machines with one that nobody knows, `lacks` what is not counted yet."""
    over = [standing for standing in standings if standing.percent >= 100]
    likely = [each for each in standings if each not in over and (each.chance_over or 0) >= 0.5]
    unknown = [each for each in standings if each not in (*over, *likely) and (each.expected is None or each.since)]
    head = "Every budget is likely to hold this month."
    if unknown:
        head = (
            f"No budget is spent; too little is known yet to say whether {len(unknown)} of {len(standings)} will hold."
        )
    if over or likely:
        told = ((over, "spent"), (likely, "likely to be exceeded"))
        head = ", ".join(_count(len(which), what) for which, what in told if which) + "."
    rows = [f"{_who(each.scope)}: {_spent(each)}. {_ahead(each)}".strip() for each in standings[:MOST_SHOWN]]
    buttons = [_one(each.scope) for each in standings[:4]]
    said = [f"Up to now, in months of {esc(standings[0].timezone, 60)}.{_midnight(standings[0])}"] if standings else []
    said += [f"No rented machine is called {code(name, 60)}: its budget stands still." for name in missing[:5]]
    blocks = [section(lines([*rows, *lacks])), actions(*buttons, _csv(EVERY_BUDGET))] if standings else []
    return Reply(head, [section(f"*{head}*"), *blocks, context(" ".join(said))])


def no_budget(command: str, about: Scope) -> Reply:
    """There is no budget."""
    example = f"`budget_usd = 42000` under `[teams.{esc(about.key, 40) if about.kind == 'team' else 'NAME'}]`"
    if about.kind in {"type", "instance"}:
        example = f'`scope = "{about.kind} {esc(about.label or about.key, 60)}"` and `usd` under `[[budgets]]`'
    whose = "No team has" if about.kind == "total" else f"{_who(about)} has"
    word = "a budget" if about.kind == "total" else "no budget"
    return plainly(
        f"{whose} {word}. An admin can set one in valet.toml: {example}, or `usd` under `[budget]` for all. "
        f"`{command} forecast` says what the month will cost."
    )


def unusual(unusual_day: UnusualDay) -> Reply:
    """A day that cost far more than expected."""
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
    blocks = [section(f"*{head}*\n{range_}"), *behind, actions(*whys, _drivers(unusual_day.scope))]
    return Reply(f"{head} {range_}", blocks, private=False)


def _behind(machine: MachineBehind) -> str:
    usual = f"usually {usd(machine.usual_micros)}" if machine.usual_micros else "nothing in the two weeks before"
    return f"{esc(machine.name, 60)}: {usd(machine.micros)}, {usual}"


def _who(scope: Scope) -> str:
    named = esc(scope.label or scope.key, 60)
    return {"total": "The company", "type": f"Type {named}"}.get(scope.kind, named)


def _spent(now: BudgetStanding) -> str:
    spent, budget = roughly(now.spent_micros), roughly(now.budget_micros)
    if not now.budget_micros:
        return f"{spent} spent, and the budget is $0: nothing may be spent"
    since = f" since the first look on {_day(now.since)}" if now.since else ""
    return f"{spent} of {budget} spent{since} ({_percent(now)})"


def _percent(now: BudgetStanding) -> str:
    return f"{now.percent} %" if now.percent <= MOST_PERCENT else f"over {MOST_PERCENT} %"


def _expected(now: BudgetStanding) -> str:
    return roughly(now.expected.micros) if now.expected else "?"


def _ahead(now: BudgetStanding) -> str:
    """What the month will come to."""
    if now.expected is None:
        return "Too little is known yet for a forecast."
    span = ""
    if now.expected.lo_micros is not None and now.expected.hi_micros is not None:
        low, high = roughly(now.expected.lo_micros), roughly(now.expected.hi_micros)
        span = f", 80 % between {low} and {high}"
    return f"{_expected(now)} expected by the end of the month{span}{_chance(now)}."


def _chance(now: BudgetStanding) -> str:
    if now.chance_over is None or now.percent >= 100:
        return ""
    share = chance_of(now.chance_over)
    when = f", expected on {_day(now.over_on)}" if now.over_on else ""
    return f"; {share} chance to exceed the budget{when}"


def _follows(now: BudgetStanding) -> str:
    """What happens beyond it."""
    if now.scope.kind == "instance" and now.asks:
        return "Beyond it, its start needs an approver's yes. It is not stopped for it."
    if now.scope.kind in {"total", "type"}:
        of = " of such machines" if now.scope.kind == "type" else ""
        yes = "need an approver's yes, except in teams that have switched that off"
        return f"Beyond it, starts and launches{of} {yes}."
    if now.asks:
        return "Beyond it, every start and launch needs an approver's yes. Nothing that runs is stopped for it."
    return "Beyond it nothing changes: the team has switched off `ask_over_budget`."


def _count(number: int, what: str) -> str:
    return f"{number} {'budget is' if number == 1 else 'budgets are'} {what}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _drivers(scope: Scope) -> Block:
    return button("What drives it", f"{BUDGET_DRIVERS_BUTTON}:{scope.key}"[:255], scope.text)


def _one(scope: Scope) -> Block:
    return button(f"More on {_plain(scope)}", f"{BUDGET_BUTTON}:{scope.key}"[:255], scope.text)


def _csv(value: str) -> Block:
    return button("As CSV", BUDGET_CSV_BUTTON, value)


def as_csv(month: date, content: str) -> Reply:
    """Told beside the file."""
    return handed_over(f"valet-budgets-{month:%Y-%m}.csv", content)


def _plain(scope: Scope) -> str:
    return scope.label or scope.key or "the company"
