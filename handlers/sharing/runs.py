"""/gpu run and runs: allowed commands on machines one holds."""

from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import runs as runs_service
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import runs as runs_blocks
from handlers.controller import Draw, Press
from handlers.verbs import Ask, Verb, named, no_more

SHOWN = 10


def run(ask: Ask) -> Reply:
    """Run a template on a machine one holds."""
    if not ask.words:
        return runs(ask)
    template, rest = ask.words[0], ask.words[1:]
    rest = rest[1:] if rest and rest[0].lower() == "on" else rest
    if not rest:
        raise Refused(f"On which machine? Try `run {template[:40]} train-7`, with one you hold.")
    listing, more = named(Ask(ask.ctx, ask.user, ask.channel, rest), "run", has_note=False)
    no_more(more, f"run {template} {listing.instance.name}")
    made = runs_service.begin(ask.ctx, ask.user, template, listing.instance.id)
    return runs_blocks.asked(made, listing.instance.name)


def runs(ask: Ask) -> Reply:
    """What one has run lately, and what one may run."""
    found = [(each, queries.name_of(ask.ctx, each.instance_id)) for each in queries.runs_of(ask.ctx, ask.user, SHOWN)]
    return runs_blocks.listed(found, runs_service.templates(ask.ctx, ask.user), ask.ctx.settings.slack.gpu_command)


VERBS = (
    Verb("run", "run <template> <instance>", "Run an allowed command on a machine you hold.", run),
    Verb("runs", "runs", "What you ran lately, and what you may run.", runs),
)


def cancel(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Cancel the run]; the outbox redraws its message."""
    runs_service.cancel(ctx, value, user)


BUTTONS: dict[str, Press] = {ids.RUN_CANCEL: cancel}


def draw_run(ctx: Context, run_id: str) -> Reply | None:
    """How it stands."""
    found = queries.run(ctx, run_id)
    return runs_blocks.standing(found, queries.name_of(ctx, found.instance_id)) if found else None


def run_ended(ctx: Context, run_id: str) -> Reply | None:
    """How it ended, in its thread."""
    found = queries.run(ctx, run_id)
    return runs_blocks.ended(found, queries.name_of(ctx, found.instance_id)) if found else None


def run_refused(ctx: Context, subject: str) -> Reply | None:
    """A run whose turn came and that could not begin; its subject is "template|instance|why"."""
    template, _, rest = subject.partition("|")
    instance_id, _, why = rest.partition("|")
    return runs_blocks.refused(template, queries.name_of(ctx, instance_id), why)


MESSAGES: dict[str, Draw] = {"run": draw_run, "run_ended": run_ended, "run_refused": run_refused}
