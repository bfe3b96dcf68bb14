"""Runs: how they stand, and how they ended."""

from bot.domain.sharing.runs import Run, RunTemplate
from handlers.blocks.forms import form_button
from handlers.blocks.parts import Block, Reply, actions, button, context, lines, plainly, section
from handlers.blocks.words import at, code, esc, length, person

# Messages that stand in Slack carry these, so their text never changes.
RUN_CANCEL_BUTTON = "run_cancel"

NOTHING_TO_RUN = "There is nothing that you may run. Admins list commands under `[runs]` in valet.toml."


def run_queued(run: Run, name: str) -> Reply:
    """Told to the one who asked."""
    what = f"{code(run.template, 60)} on *{esc(name, 60)}*"
    return plainly(f"Starting {what}. I'll message you when it starts and ends.")


def run_standing(run: Run, name: str) -> Reply:
    """One run, as it stands."""
    text = f"{code(run.template, 60)} on *{esc(name, 60)}* {_state(run)}"
    if not run.is_live:
        return plainly(text)
    wanted = [] if run.cancelled_by else [button("Cancel the run", RUN_CANCEL_BUTTON, run.id)]
    return Reply(text, [section(text), *_output(run), *([actions(*wanted)] if wanted else [])])


def run_refused(template: str, name: str, why: str) -> Reply:
    """Its turn came, but it may not be run any more."""
    return plainly(f"It was your turn on *{esc(name, 60)}*, but {code(template, 60)} did not run: {esc(why, 300)}")


def run_ended(run: Run, name: str) -> Reply:
    """In its thread, once it is over: the exit code and the last lines."""
    text = f"{person(run.person)} {code(run.template, 60)} on *{esc(name, 60)}* {_state(run)}"
    return Reply(text, [section(text), *_output(run)])


def _state(run: Run) -> str:
    if run.is_live and run.cancelled_by:
        return "is being ended."
    took = f" after {length((run.finished_at or 0) - run.started_at)}" if run.started_at and run.finished_at else ""
    code_said = "" if run.exit_code is None else f" with exit code {run.exit_code}"
    became = {
        "queued": "waits to be started.",
        "starting": "is being started.",
        "running": f"runs since {at(run.started_at or run.created_at)}; it ends with your claim at the latest.",
        "done": f"ended{code_said}{took}.",
        "failed": "did not run.",
        "cancelled": f"was cancelled{took}.",
        "over": f"was ended{took}, as its claim was over.",
        "lost": "is lost: nobody can say what became of it.",
    }[run.state]
    return f"{became} {esc(run.outcome, 300)}".strip()


def _output(run: Run) -> list[Block]:
    if not run.tail:
        return []
    kept = [code(line, 300) for line in run.tail.splitlines()[-12:] if line.strip()]
    return [context(lines(["Last lines of its output:", *kept]))] if kept else []


def run_list(named_runs: list[tuple[Run, str]], known: list[RunTemplate]) -> Reply:
    """What one has run, and what one could."""
    could = ", ".join(code(template.name, 60) for template in known)
    rows = [f"{code(run.template, 60)} on *{esc(name, 60)}* {_state(run)}" for run, name in named_runs]
    how = f"You can run {could} on a machine you hold."
    buttons = [form_button("Run", "run")] if known else []
    return plainly(lines([*rows, how if known else NOTHING_TO_RUN]), *buttons)
