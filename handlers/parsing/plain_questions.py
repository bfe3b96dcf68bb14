"""Plain questions, read by a small grammar: who has train-3, what can I have, how much did we spend last week.

A question only ever becomes the words of a verb that looks. Whatever sounds like something to do, and whatever can't
be read, is put back as buttons.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.nearest import nearest
from bot.services import names
from handlers.parsing import machine_questions, money_questions, sentences
from handlers.parsing.sentences import Sentence
from handlers.verbs import MEANT, Ask, Verb

RULES = (*money_questions.MONEY_RULES, *machine_questions.MACHINE_RULES)
LOOKS = frozenset().union(*(rule.verbs for rule in RULES))
"""Verbs that change nothing."""
MOST_OFFERS = 2


@dataclass(frozen=True, slots=True)
class Understood:
    """What a sentence means: a command and its words."""

    command: str
    """gpu or cost."""
    words: tuple[str, ...]
    is_about_when: bool = False
    """When it can be had was asked."""


def understand(ask: Ask) -> Understood | None:
    """What is asked, where the grammar reads all of it."""
    sentence = sentences.sentence_of(ask)
    if sentence is None:
        return None
    for rule in RULES:
        words = next(rule.readings(sentence), None)
        if words is not None:
            return Understood(rule.command, tuple(words), rule.is_about_when)
    return None


_HELP = re.compile(
    r"(?:what (?:can|do|could) (?:you|valet|i) (?:do|understand|know)(?: for (?:me|us))?|(?:who|what) "
    r"(?:are you|is valet)"
    r"|how (?:do|does|can|should) (?:i|we|one|this|you|it|valet) (?:work|use (?:you|this|valet|it))|i "
    r"need help|help(?: me)?"
    r"|what (?:can|should|could) i (?:say|type|ask|write)(?: here| to you)?|how does this work|commands?|"
    r"instructions?"
    r"|(?:show|list)(?: me)?(?: the| all)? (?:commands|verbs|help))"
)
_HOW_TO = re.compile(
    r"how (?:do|can|could|should|would) (?:i|we|one|you|somebody|someone) (?P<verb>\S+).*|how to (?P<other>\S+).*"
)


def help_asked(ask: Ask, verbs: Sequence[Verb]) -> list[str] | None:
    """The words after `help` where somebody asks how it is done, or what can be done; None where they do not."""
    sentence = sentences.sentence_of(ask)
    if sentence is None:
        return None
    if _HELP.fullmatch(sentence.text):
        return []
    match = _HOW_TO.fullmatch(sentence.text)
    verb = _verb_of((match["verb"] or match["other"]) if match else "", verbs)
    return [verb] if verb else None


_ALSO_MEANT = {
    **dict.fromkeys(("get", "have", "borrow", "share"), "claim"),
    **dict.fromkeys(("see", "look"), "status"),
    **dict.fromkeys(("give", "give back"), "release"),
    **dict.fromkeys(("queue", "queue up"), "wait"),
    "cancel": "unbook",
}
"""What people call verbs where they ask how it is done."""


def _verb_of(word: str, verbs: Sequence[Verb]) -> str:
    """The verb that a word is, or means; empty where it is none."""
    known = {verb.name for verb in verbs}
    meant = MEANT.get(word, _ALSO_MEANT.get(word, word))
    return meant if meant in known else ""


_TO_DO = re.compile(
    r"(?:(?:can|could|would|will|should|may|must|shall) (?:you|i|we|somebody|someone)(?: please)? "
    r"|(?:i|we) (?:want|need|would like|have) (?:you )?to |let me |let us |please |go and |just "
    r")?(?P<verb>\S+)(?: (?P<rest>.+))?"
)


def things_to_do(ask: Ask, verbs: Sequence[Verb]) -> Iterator[list[str]]:
    """What sounds like something to do, as the words of its verb: "could you stop train-3", "train-3 stop please"."""
    sentence = sentences.sentence_of(ask)
    match = _TO_DO.fullmatch(sentence.text) if sentence else None
    if sentence is None or match is None:
        return
    yield from _phrased(sentence)
    verb = _verb_of(match["verb"], verbs)
    if verb and verb != sentence.text:
        yield [verb, *_without_articles(sentence.slot(match, "rest"))]
    machine = sentences.exact_machine(sentence)
    at = len(machine)
    if machine and list(sentence.words[:at]) == machine and len(sentence.words) > at:
        verb = _verb_of(sentence.text.split(" ")[at], verbs)
        if verb:
            yield [verb, *machine, *sentence.words[at + 1 :]]


_PHRASES = (
    (
        "claim",
        (
            r"(?:i (?:want|need|will take|would like|take|will have|am taking)(?: to (?:have|use|take))?|give me|"
            r"let me (?:have|use)|"
            r"(?:can|could) (?:you|someone|anyone) (?:give|lend) me) (?P<rest>.+)"
        ),
    ),
    (
        "release",
        (
            r"(?:(?:i|we) (?:am|are) )?(?:done|finished|through|ready) with (?P<rest>.+)|(?:give|hand|take) back "
            r"(?P<back>.+)|"
            r"(?:i|we) (?:do not|no longer) need (?P<unneeded>.+?)(?: any ?more)?"
        ),
    ),
    ("hand", r"(?:give|pass|hand)(?: over)? (?P<rest>.+? to .+)"),
    ("stop", r"(?:turn|shut|switch|power|take)(?: it)? (?:off|down) (?P<rest>.+)"),
    ("start", r"(?:turn|switch|power|boot|wake|bring|start)(?: it)? (?:on|up) (?P<rest>.+)"),
    (
        "wait",
        (
            r"(?:put me|queue me|i am|i will stand|i want to stand|i want to be)(?: up)? in (?:the )?(?:line|"
            r"queue) for (?P<rest>.+)|"
            r"(?:let me know|notify me|ping me|message me|alert me|remind me) (?:when|as soon as|once) (?P<awaited>.+?)"
            r"(?: is| gets| becomes) (?:free|available|idle)(?: again)?"
        ),
    ),
)
"""What sounds like something to do without the word of its verb."""


def _phrased(sentence: Sentence) -> Iterator[list[str]]:
    """ "give me train-7 for 2h", "done with train-7", "let me know when train-7 is free": of machines there are."""
    for verb, pattern in _PHRASES:
        match = re.fullmatch(pattern, sentence.text)
        group = match.lastgroup if match else None
        rest = _without_articles(sentence.slot(match, group)) if match and group else []
        if rest and names.whole_name(sentence.ask.ctx, rest) is not None:
            yield [verb, *rest]


def _without_articles(words: list[str]) -> list[str]:
    return words[1:] if len(words) > 1 and words[0].lower() in {"the", "our", "machine", "instance"} else words


_NEAR: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(words.split()), meant)
    for words, meant in (
        ("free available have use get need want give gpu gpus a100 h100 card cards spare left", "gpu status free"),
        ("idle unused idling nobody doing nothing sleeping", "gpu status idle"),
        ("mine my own holding hold me i", "gpu status mine"),
        ("who has machine machines running instance instances fleet everything list", "gpu status"),
        ("wait waiting line queue turn", "gpu line"),
        ("book booked booking bookings reserve reserved calendar schedule", "gpu bookings"),
        ("job jobs run runs training", "gpu runs"),
        ("spend spent spending cost costs money pay paid dollars usd much expensive total report", "cost report"),
        ("waste wasted wasting burn burned lost lose", "cost idle"),
        ("forecast expect expected month end predict prediction", "cost forecast"),
        ("budget over limit left exceed", "cost budget"),
        ("save saved saving savings", "cost savings"),
        ("bill invoice aws charged charge provider", "cost bill"),
        ("buy rent purchase own cheaper", "cost rent-or-buy"),
        ("price prices rate hourly", "cost prices"),
        ("help how work understand explain command commands", "gpu help"),
    )
)


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may have been meant."""

    command: str
    """gpu or cost."""
    words: tuple[str, ...]
    is_ours: bool = False
    """The words are ours, and not typed by anybody."""


def nearest_meanings(ask: Ask, verbs: Sequence[Verb], command: str) -> list[Offer]:
    """The two things that come nearest to what was written; `verbs` are those of the `command` it was written to."""
    typed = [*things_to_do(ask, verbs)] or [*_misspelt(ask, verbs)]
    sentence = sentences.sentence_of(ask)
    machine = sentences.exact_machine(sentence) if sentence else []
    offers = [Offer(command, tuple(words)) for words in typed]
    looks = ("status", "why") if command == "gpu" else ("prices",)
    offers += [Offer(command, (verb, *machine)) for verb in looks if machine]
    ours = [*(_alike(sentence) if sentence else ()), "gpu status free", "gpu help"]
    offers += [Offer(words.split()[0], tuple(words.split()[1:]), is_ours=True) for words in ours]
    return list(dict.fromkeys(offers))[:MOST_OFFERS]


def _alike(sentence: Sentence) -> list[str]:
    """What shares the most words with it."""
    words = frozenset(sentence.text.split(" "))
    by_share = sorted(_NEAR, key=lambda item: -len(item[0] & words))
    return [meant for keys, meant in by_share if keys & words][:MOST_OFFERS]


_ASKING = frozenset(
    {
        *("what", "who", "when", "where", "why", "how", "which", "is", "are", "was", "were", "do", "does", "did"),
        *("can", "could", "will", "would", "i", "we", "the"),
    }
)
"""Words that begin a sentence, and are no verb misspelt."""


def _misspelt(ask: Ask, verbs: Sequence[Verb]) -> Iterator[list[str]]:
    first, *rest = ask.words
    if first.lower() in _ASKING:
        return
    meant = MEANT.get(first.lower(), "")
    known = [verb.name for verb in verbs]
    close = [meant] if meant in known else nearest(first, dict.fromkeys(known))
    for verb in close:
        yield [verb, *rest]
