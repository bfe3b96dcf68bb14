"""/cost: what it will come to."""

from handlers.commands.verbs import Verb

VERBS: tuple[Verb, ...] = ()
