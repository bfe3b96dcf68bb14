"""/gpu run and runs: allowed commands on machines one holds."""

from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import runs as runs_service
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.parts import Block, Filled, Reply, filled, section
from handlers.blocks.sharing import runs as runs_blocks
from handlers.blocks.sharing.runs import RUN_CANCEL_BUTTON
from handlers.controller import Draw, Press
from handlers.sharing import claim_ends
from handlers.verbs import Ask, Form, Verb, named, no_more

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
    return run_and_tell(ask, template, listing)


def run_and_tell(ask: Ask, template: str, listing: Listing) -> Reply:
    """Run it there."""
    run = runs_service.begin_run(ask.ctx, ask.user, template, listing.instance.id)
    return runs_blocks.run_queued(run, listing.instance.name)


def gpu_runs(ask: Ask) -> Reply:
    """What one has run lately, and what one may run."""
    named_runs = [
        (run, queries.name_of(ask.ctx, run.instance_id)) for run in queries.runs_of(ask.ctx, ask.user, MOST_RUNS_SHOWN)
    ]
    return runs_blocks.run_list(named_runs, runs_service.run_templates(ask.ctx, ask.user))


TEMPLATE = "template"


def run_given(ask: Ask) -> Filled | None:
    """What a bare "run", or "run nightly-eval", says; None where a machine is named, or nothing can be run."""
    known = [template.name for template in runs_service.run_templates(ask.ctx, ask.user)]
    words = ask.words[:-1] if ask.words[1:2] == ["on"] and len(ask.words) == 2 else ask.words
    if not known or len(words) > 1 or (words and words[0] not in known):
        return None
    return filled(template=words[0] if words else "")


def draw_run_form(ask: Ask, given: Filled) -> list[Block]:
    """What to run, and on which machine."""
    known = runs_service.run_templates(ask.ctx, ask.user)
    if not known:
        return [section(runs_blocks.NOTHING_TO_RUN)]
    templates = [form_blocks.option(template.name, template.name) for template in known]
    return [
        form_blocks.choice_field(TEMPLATE, "Command", templates, chosen=given.one(TEMPLATE)),
        *claim_ends.mine_fields(ask, given),
    ]


def submit_run_form(ask: Ask, given: Filled) -> Reply:
    """As `run nightly-eval train-7` does."""
    listing = fields.chosen_machine(ask, given)
    return run_and_tell(ask, given.one(TEMPLATE), listing)


RUN_FORM = Form(
    name="run",
    title="Run a command",
    send="Run",
    question="What do you want to run, and where?",
    draw=draw_run_form,
    submit=submit_run_form,
    subject=TEMPLATE,
    given=run_given,
    menus={fields.MACHINE: fields.machine_search(mine=True)},
)
FORMS = (RUN_FORM,)

VERBS = (
    Verb("run", "run <template> <instance>", "Run an allowed command on a machine you hold.", gpu_run, form=RUN_FORM),
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
