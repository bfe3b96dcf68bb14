"""/gpu run and runs: allowed commands on machines one holds."""

from bot.errors import Refused
from bot.services import looking
from bot.services.sharing import running
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import running as blocks
from handlers.commands.verbs import Ask, Verb, named, no_more

SHOWN = 10


def run(ask: Ask) -> Reply:
    """Run a template on a machine one holds."""
    if not ask.words:
        return runs(ask)
    template, rest = ask.words[0], ask.words[1:]
    rest = rest[1:] if rest and rest[0].lower() == "on" else rest
    if not rest:
        raise Refused(f"On which machine? Try `run {template[:40]} train-7`, with one you hold.")
    listing, more = named(Ask(ask.desk, ask.user, ask.channel, rest), "run", has_note=False)
    no_more(more, f"run {template} {listing.instance.name}")
    made = running.begin(ask.desk, ask.user, template, listing.instance.id)
    return blocks.asked(made, listing.instance.name)


def runs(ask: Ask) -> Reply:
    """What one has run lately, and what one may run."""
    found = [(each, looking.name_of(ask.desk, each.instance_id)) for each in looking.runs_of(ask.desk, ask.user, SHOWN)]
    return blocks.listed(found, running.templates(ask.desk, ask.user), ask.desk.settings.slack.gpu_command)


VERBS = (
    Verb("run", "run <template> <instance>", "Run an allowed command on a machine you hold.", run),
    Verb("runs", "runs", "What you ran lately, and what you may run.", runs),
)
