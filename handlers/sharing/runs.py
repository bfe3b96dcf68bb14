"""/gpu run and runs: allowed commands on machines one holds."""

from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import runs as runs_service
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import runs as runs_blocks
from handlers.blocks.sharing.runs import RUN_CANCEL_BUTTON
from handlers.controller import Draw, Press
from handlers.verbs import Ask, Verb, named, no_more

MOST_RUNS_SHOWN = 10


def gpu_run(ask: Ask) -> Reply:
    """Run a template on a machine one holds."""
    if not ask.words:
        return gpu_runs(ask)
    template, rest = ask.words[0], ask.words[1:]
    rest = rest[1:] if rest and rest[0].lower() == "on" else rest
    if not rest:
        raise Refused(f"On which machine? Try `run {template[:40]} train-7`, with one you hold.")
    listing, more = named(Ask(ask.ctx, ask.user, ask.channel, rest), "run", has_note=False)
    no_more(more, f"run {template} {listing.instance.name}")
    run = runs_service.begin_run(ask.ctx, ask.user, template, listing.instance.id)
    return runs_blocks.run_queued(run, listing.instance.name)


def gpu_runs(ask: Ask) -> Reply:
    """What one has run lately, and what one may run."""
    named_runs = [
        (run, queries.name_of(ask.ctx, run.instance_id)) for run in queries.runs_of(ask.ctx, ask.user, MOST_RUNS_SHOWN)
    ]
    return runs_blocks.run_list(
        named_runs, runs_service.run_templates(ask.ctx, ask.user), ask.ctx.settings.slack.gpu_command
    )


VERBS = (
    Verb("run", "run <template> <instance>", "Run an allowed command on a machine you hold.", gpu_run),
    Verb("runs", "runs", "What you ran lately, and what you may run.", gpu_runs),
)


def press_cancel_run(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Cancel the run]; the outbox redraws its message."""
    runs_service.cancel_run(ctx, value, user)


BUTTONS: dict[str, Press] = {RUN_CANCEL_BUTTON: press_cancel_run}


def draw_run(ctx: Context, run_id: str) -> Reply | None:
    """How it stands."""
    run = queries.run(ctx, run_id)
    return runs_blocks.run_standing(run, queries.name_of(ctx, run.instance_id)) if run else None


def draw_run_ended(ctx: Context, run_id: str) -> Reply | None:
    """How it ended, in its thread."""
    run = queries.run(ctx, run_id)
    return runs_blocks.run_ended(run, queries.name_of(ctx, run.instance_id)) if run else None


def draw_run_refused(ctx: Context, subject: str) -> Reply | None:
    """A run whose turn came and that could not begin; its subject is "template|instance|why"."""
    template, _, rest = subject.partition("|")
    instance_id, _, why = rest.partition("|")
    return runs_blocks.run_refused(template, queries.name_of(ctx, instance_id), why)


MESSAGES: dict[str, Draw] = {"run": draw_run, "run_ended": draw_run_ended, "run_refused": draw_run_refused}
