"""What a command is made of: the ask, the verbs with their help, and finding the one that was meant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile

from bot.domain.machines.listing import Listing
from bot.errors import Ambiguous, Refused, ValetError
from bot.services import names
from bot.services.context import Context, exactly, find
from bot.services.names import Named
from handlers import help as help_controller
from handlers.blocks import help as help_blocks
from handlers.blocks.forms import opening
from handlers.blocks.parts import Block, Filled, Reply
from handlers.parsing import order
from handlers.parsing.lasting import Asker
from handlers.parsing.lengths import UNITS, bare_word, is_length
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, WordChoice, ask_back, ask_which


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asks for something, by command, mention or button."""

    ctx: Context
    user: str
    channel: str
    words: list[str]
    """What was typed after the verb."""

    def usual_length(self) -> int:
        """How long a claim of theirs lasts where they don't say, in milliseconds."""
        return self.ctx.settings.claim_limits(self.ctx.roster().team_of(self.user)).default

    def asker(self) -> Asker:
        """For reading times of day in their zone, as of now."""
        return Asker(lambda: self.ctx.zone(self.user), self.ctx.clock())


Menu = Callable[[Ask, str, Filled], list[Block]]
"""Takes who asks, what they typed to search, and the other fields; gives groups of options, or options."""


def nothing_typed(ask: Ask) -> Filled | None:
    """An empty form for a bare verb; None where something was said: then the words are run."""
    return None if ask.words else Filled()


@dataclass(frozen=True, slots=True)
class Form:
    """A modal that asks for what a command would say. Its name is the callback id, which never changes."""

    name: str
    title: str
    """At most 24 characters, as `send`."""
    send: str
    question: str
    """Asked in a message where no form can be opened."""
    draw: Callable[[Ask, Filled], list[Block]]
    """The fields as they are filled in. It is drawn anew when a field changes that `redraws`, and fields that stay
    keep what was put in; a field whose choices change needs another block_id."""
    submit: Callable[[Ask, Filled], Reply]
    """Does it, through what the words would call. What it raises stands beside a field."""
    subject: str
    """The field beside which a refusal stands that names none."""
    given: Callable[[Ask], Filled | None] = nothing_typed
    """What the words after the verb fill in; None where they say enough to be run."""
    menus: Mapping[str, Menu] = field(default_factory=dict)
    """What each external menu offers, by field."""
    places: tuple[tuple[type[ValetError], str], ...] = ()
    """Beside which field a refusal of a kind stands."""


class BadField(Refused):
    """What stands in one field of a form can't be taken."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Verb:
    """One word of a command; its help stands beside it so that it can't go stale."""

    name: str
    usage: str
    help: str
    run: Callable[[Ask], Reply]
    topic: str = ""
    """The heading it stands under in help."""
    form: Form | None = None
    """Opened where the words don't say enough."""


MEANT = {
    **dict.fromkeys(("terminate", "kill", "shutdown", "delete", "off", "halt", "pause", "suspend", "park"), "stop"),
    **dict.fromkeys(("resume", "on", "boot", "wake", "restart", "reboot", "up"), "start"),
    **dict.fromkeys(("keep", "sleep", "unsnooze", "defer", "postpone"), "snooze"),
    **dict.fromkeys(("schedule", "onhours", "on-hours", "window"), "hours"),
    **dict.fromkeys(("create", "new", "provision", "spawn"), "launch"),
    **dict.fromkeys(("copy", "duplicate", "image", "snapshot"), "clone"),
    **dict.fromkeys(("scale", "upgrade", "downgrade", "upsize", "downsize", "type"), "resize"),
    **dict.fromkeys(("reserve",), "book"),
    **dict.fromkeys(("take", "grab", "use", "lock"), "claim"),
    **dict.fromkeys(("return", "unclaim", "unlock", "done"), "release"),
    **dict.fromkeys(("list", "ls", "show", "ps"), "status"),
    **dict.fromkeys(("log", "audit"), "history"),
}
"""Other words for what a verb does, as people type them."""


HELPS = (["help"], ["--help"], ["-h"], ["?"])


def under_topic(topic: str, *verbs: Verb) -> tuple[Verb, ...]:
    """These verbs under one heading."""
    return tuple(replace(each, topic=topic) for each in verbs)


def is_verb(verbs: tuple[Verb, ...], words: list[str]) -> bool:
    """Whether the first word is a verb, or asks for help."""
    first = words[0].lower() if words else ""
    return [first] in HELPS or any(verb.name == first for verb in verbs)


def run(command: str, verbs: tuple[Verb, ...], ask: Ask) -> Reply:
    """Run the verb that the first word names, or help of it; `is_known` says whether there is one."""
    name, *rest = ask.words
    first, asked = name.lower(), [word.lower() for word in rest]
    verb = next((each for each in verbs if each.name == first), None)
    if verb is not None:
        return _help(command, verbs, ask, first) if asked in HELPS else _run(command, verb, ask)
    return _help(command, verbs, ask, " ".join(asked))


def _help(command: str, verbs: tuple[Verb, ...], ask: Ask, of: str) -> Reply:
    """Of one verb, of one topic, or how to begin."""
    rows = [(verb.usage, verb.help) for verb in verbs if verb.name == MEANT.get(of, of)]
    if rows:
        return help_blocks.verb_help(command, rows)
    kind = "money" if command == ask.ctx.settings.slack.cost_command else ""
    return help_controller.topic_help(ask.ctx, ask.user, of or kind) or help_controller.overview(ask.ctx, ask.user)


def _run(command: str, verb: Verb, ask: Ask) -> Reply:
    """What the verb says; whatever may be meant in several ways is asked about. Raises Refused."""
    kind = "cost" if command == ask.ctx.settings.slack.cost_command else "gpu"
    asked = replace(ask, words=ask.words[1:])
    given = verb.form.given(asked) if verb.form else None
    if verb.form and given is not None:
        return opening(verb.form.name, verb.form.question, given)
    try:
        return verb.run(asked)
    except Ambiguous as ambiguous:
        return ask_which(ask.ctx, ask.user, kind, ask.words, ambiguous)
    except Unclear as unclear:
        return ask_back(ask.ctx, ask.user, kind, ask.words, unclear)


def no_more(rest: list[str], usage: str) -> None:
    """Refuse words that would be dropped without a word."""
    if rest:
        said = " ".join(rest)[:60]
        raise Refused(f'I can\'t make sense of "{said}" here, so nothing was done. Try `{usage[:80]}`.')


def named(ask: Ask, verb: str, *, has_note: bool = True) -> tuple[Listing, list[str]]:
    """The instance that the first words name, and the words after it.

    The longest name that fits is meant. Where a shorter one fits as well, and what is left of the longer one could be
    said of it, it is asked. Raises Refused, NotFound, Ambiguous, Unclear.
    """
    if not ask.words:
        command = ask.ctx.settings.slack.gpu_command
        raise Refused(f"Which instance? Try `{command} {verb} train-7`, with a name of yours.")
    order.refuse_several(ask.ctx, ask.words)
    ask = replace(ask, words=order.name_first(ask.ctx, ask.words))
    found = names.readings(ask.ctx, _unquoted(ask.words))
    first, rest = ask.words[0].rstrip(",") or ask.words[0], ask.words[1:]
    is_spoken = bool(rest) and rest[0].isdecimal() and rest[1:2] not in (["gpu"], ["gpus"])
    if is_spoken and not any(each.exact for each in found):
        spoken = exactly(ask.ctx, f"{first}-{rest[0]}")  # "train 7"
        if spoken is not None:
            return spoken, rest[1:]
    if not found:
        return find(ask.ctx, first), rest
    best = found[0]
    others = [each for each in found[1:] if has_note and may_be_meant(ask.words, best, each)]
    if others:
        raise _which(ask.words, best, others)
    if len(best.listings) > 1:
        return find(ask.ctx, best.said), ask.words[best.count :]
    return best.listings[0], ask.words[best.count :]


def _unquoted(words: list[str]) -> list[str]:
    """The words that may be one name: one in quotes ends it, and stands for itself where it is the first."""
    if isinstance(words[0], Quoted):
        return words[:1]
    return [*takewhile(lambda word: not isinstance(word, Quoted), words)]


_LEADS = frozenset({"for", "until", "till", "to", "by", "and", "gpus", "gpu", "all", "with", "on", "at"})
"""What stands behind a name more often than in one."""


def sounds_like_words(name: str) -> bool:
    """A name that people say for something else, too, such as "for", "2h" or "any"."""
    return bare_word(name) in _LEADS | {"any", "all", "the", "it", "idle", "free", "held", "now"} or is_length(
        name.split()
    )


def may_be_meant(words: list[str], best: Named, other: Named) -> bool:
    """Whether the other name may be meant as well as the one that is taken."""
    shorter, longer = sorted((best, other), key=lambda each: each.count)
    between = words[shorter.count : longer.count]
    if not other.exact:
        return bare_word(between[0]) not in _LEADS and not is_length(between)
    after = bare_word(" ".join(words[longer.count : longer.count + 1]))
    is_counted = after in {"gpu", "gpus"} or after in UNITS
    return is_counted or not all(bare_word(word).isdecimal() for word in between)


def _which(words: list[str], best: Named, others: list[Named]) -> Unclear:
    """The question, with each machine that may be meant."""
    count = max(each.count for each in (best, *others))
    said = words[:count]
    choices = []
    for each in (best, *others):
        for listing in each.listings:
            left = " ".join(words[each.count : count])
            name = listing.instance.name
            choices.append(
                WordChoice(f"{name}: {left}" if left else name, (Quoted(listing.instance.id), *left.split()))
            )
    return Unclear(f'Which machine is meant by "{" ".join(said)[:60]}"?', said, choices)
