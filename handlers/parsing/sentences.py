"""A sentence as people write it to Valet: its words made even, and the parts of it that name something."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.domain.days import local_day
from bot.domain.sharing import gpu_spec
from bot.errors import Refused
from bot.nearest import nearest
from bot.services import names
from bot.services.sharing import find
from handlers.parsing import dates
from handlers.parsing.lasting import UNTIL_WORDS, read_span
from handlers.parsing.lengths import is_length
from handlers.parsing.scopes import named_scope
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear
from handlers.verbs import Ask

_IS = ("who", "what", "when", "where", "why", "how", "it", "that", "there")
_CONTRACTED = {
    **{f"{word}'s": (word, "is") for word in _IS},
    **{f"{word}s": (word, "is") for word in ("what", "where", "when", "how")},
    **{f"{word}'re": (word, "are") for word in ("we", "you", "they", "what", "who")},
    **{f"{word}'ve": (word, "have") for word in ("i", "we", "you", "they", "who")},
    **{f"{word}'ll": (word, "will") for word in ("i", "we", "you", "it", "who", "what", "that")},
    **dict.fromkeys(("i'm", "im"), ("i", "am")),
    **{f"{word}'d": (word, "would") for word in ("i", "we")},
    **{f"{word}n't": (word, "not") for word in ("do", "does", "did", "is", "are", "can", "was", "will")},
    "can't": ("can", "not"),
}
_LEADS = re.compile(
    r"(?:(?:hey|hi|hello|valet|please|pls|ok|okay|so|and|but|well|um|hm|hmm|sorry|btw|quick question|question|"
    r"good (?:morning|afternoon|evening|day)|morning|hello|there)\b,? ?"
    r"|(?:can|could|would|will) you (?:please )?(?:tell|show|give) (?:me|us) "
    r"|(?:please )?(?:tell|remind) (?:me|us) "
    r"|do you (?:happen to )?know |does (?:anyone|anybody|someone|somebody) know |(?:anyone|anybody) knows? "
    r"|any idea |i (?:want|would like|need) to know |i wonder |i am wondering |just wondering )+"
)
_TAILS = re.compile(r"(?: (?:please|pls|plz|thanks|thx|then|exactly|right now|just now|at the moment|atm|or not))+$")
_SAYS_NOTHING = frozenset(
    {"currently", "still", "actually", "really", "already", "presently", "anyway", "just", "asap"}
)
_AROUND = ".,;:!?\u2026"
MOST_WORDS = 40
"""A sentence of more is no plain question."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What somebody wrote, made even; `text` has the words with one blank between them."""

    ask: Ask
    text: str
    words: tuple[str, ...]
    """As they were typed: as many as `text` has."""

    def slot(self, match: re.Match[str], name: str) -> list[str]:
        """The typed words of a group of a pattern that was matched against `text`; none where it has none."""
        start, end = match.span(name)
        if start < 0 or start == end:
            return []
        first = self.text[:start].count(" ")
        return list(self.words[first : first + self.text[start:end].count(" ") + 1])


def sentence_of(ask: Ask) -> Sentence | None:
    """The words of a command or message as a sentence; None where there are too many for one."""
    typed = [part for word in ask.words for part in _parts(word)]
    if not typed or len(typed) > MOST_WORDS:
        return None
    even = [_even(word) for word in typed]
    kept = [(word, one) for word, one in zip(typed, even, strict=True) if one and one not in _SAYS_NOTHING]
    text = " ".join(one for _, one in kept)
    lead = _LEADS.match(text)
    skipped = text[: lead.end()].count(" ") if lead and lead.end() < len(text) else 0
    text = text[lead.end() :] if lead and lead.end() < len(text) else text
    text = _TAILS.sub("", text) or text
    words = [word for word, _ in kept][skipped:]
    return Sentence(ask, text, tuple(words[: text.count(" ") + 1]))


def _parts(word: str) -> tuple[str, ...]:
    if isinstance(word, Quoted):
        return (word,)
    return _CONTRACTED.get(word.lower().strip(_AROUND), (word.strip(_AROUND) or word,))


def _even(word: str) -> str:
    """Lower case, without the marks around it, and one word whatever stands in quotes; people stay as they are."""
    plain = word if word.startswith("<") else word.lower()
    return plain.replace(" ", "\u00a0") if isinstance(word, Quoted) else plain.strip(_AROUND)


_OF_A_NAME = re.compile(
    r"^(?:the |our |machine |instance |server |box |host |node )+(?=\S)|(?<=\S) (?:machine|instance)$"
)
_NO_NAMES = frozenset(
    {
        *("it", "this", "that", "there", "they", "them", "he", "she", "you", "me", "we", "us", "i", "one", "what"),
        *("anything", "something", "everything", "nothing", "any", "all", "some", "anyone", "anybody", "someone"),
        *("everyone", "somebody", "everybody", "nobody", "who", "which", "lunch", "time"),
    }
)


def machine_words(sentence: Sentence, typed: Sequence[str]) -> list[str] | None:
    """The words of a machine's name, or what sorts machines ("a100", "nlp"); None where they are neither.

    One word that looks like a name, or comes near to one, is kept as it is: its verb says that nobody knows it.
    """
    words = list(typed)
    while len(words) > 1 and not isinstance(words[0], Quoted) and _is_before_name(words[0]):
        words = words[1:]
    if not words or " ".join(words).lower() in _NO_NAMES:
        return None
    ctx = sentence.ask.ctx
    if any(reading.count == len(words) for reading in names.readings(ctx, words)):
        return words
    if len(words) > 1:
        return None
    word = words[0]
    if names.sorts(ctx, word):
        return words
    looks_so = bool(re.fullmatch(r"[a-z][\w.]*-?[\w.-]*\d+|i-[0-9a-f]{6,}", word, re.IGNORECASE))
    return words if looks_so or nearest(word, _names(sentence)) else None


def _is_before_name(word: str) -> bool:
    return word.lower() in {"the", "our", "machine", "instance", "server", "box", "host", "node", "on", "of", "to"}


def _names(sentence: Sentence) -> list[str]:
    return names.in_use(sentence.ask.ctx)


def sort_words(sentence: Sentence, typed: Sequence[str]) -> list[str]:
    """The one word for a kind of GPU, a type or a team; none where they name none."""
    words = [word for word in typed if word.lower() not in _AROUND_SORTS]
    return words if len(words) == 1 and names.sorts(sentence.ask.ctx, words[0].removesuffix("'s")) else []


_AROUND_SORTS = frozenset(
    {
        "the",
        "our",
        "team",
        "people",
        "folks",
        "machine",
        "machines",
        "gpus",
        "gpu",
        "all",
        "of",
        "any",
        "a",
        "an",
        "free",
    }
)


def exact_machine(sentence: Sentence) -> list[str]:
    """The words of the first whole name of a machine anywhere in the sentence; none where there is none."""
    for at in range(len(sentence.words)):
        found = names.whole_name(sentence.ask.ctx, sentence.words[at:])
        if found is not None:
            return list(sentence.words[at : at + found.count])
    return []


_BEFORE_GPUS = frozenset({"with", "on", "of", "using", "a", "an", "some", "any", "having", "me", "us", "free", "spare"})
_AFTER_GPUS = frozenset({"free", "available", "idle", "unused", "machine", "machines", "gpu", "gpus", "node", "nodes"})
_ANY_GPU = frozenset(
    {
        *("machine", "machines", "gpu", "gpus", "box", "boxes", "something", "anything", "node", "nodes", "server"),
        *("servers", "instance", "instances", "capacity", "cards", "one"),
    }
)


def wanted_words(sentence: Sentence, typed: Sequence[str]) -> list[str] | None:
    """What somebody looks for, as `find` takes it: "with two A100s until tonight"; None where it is something else.

    An empty list stands for anything at all, for as long as it takes.
    """
    rest = list(typed)
    while rest and rest[0].lower() in _BEFORE_GPUS and not _is_model(rest):
        rest = rest[1:]
    spec, rest = _spec(sentence, rest)
    while rest and rest[0].lower() in _AFTER_GPUS | {"that", "which", "are", "is", "now"}:
        rest = rest[1:]
    if rest and not is_span(sentence, rest):
        return None
    return [*(spec or ["any"]), *rest] if spec or rest else []


def _is_model(rest: Sequence[str]) -> bool:
    """ "a 100": a model that was written as two words."""
    return rest[0].lower() == "a" and len(rest) > 1 and bool(re.fullmatch(r"\d{2,3}s?", rest[1]))


def _spec(sentence: Sentence, rest: list[str]) -> tuple[list[str], list[str]]:
    if rest and rest[0].lower() in _ANY_GPU:
        rest = rest[1:]
        while rest and rest[0].lower() in _BEFORE_GPUS and not _is_model(rest):
            rest = rest[1:]
    if not _begins_spec(sentence, rest):
        return [], rest
    count = gpu_spec.count_spec_words(rest)
    return rest[:count], rest[count:]


def _begins_spec(sentence: Sentence, rest: Sequence[str]) -> bool:
    """Whether these words begin with GPUs that somebody may look for: "two A100s", "an 80 GB card", "4 GPUs"."""
    if not rest or is_length(list(rest)) or rest[0].lower() in UNTIL_WORDS | {"for"}:
        return False
    count = gpu_spec.count_spec_words(rest)
    said = " ".join(rest[:count])
    try:
        gpu_spec.parse_gpu_spec(said)
    except Refused:
        return False
    if find.is_kind(sentence.ask.ctx, said) or _COUNTED.match(said.lower()):
        return True
    return any(map(str.isdecimal, said)) and not _LIKE_A_MACHINE.fullmatch(said.lower())


def names_gpus(sentence: Sentence, wanted: Sequence[str]) -> bool:
    """Whether what is wanted begins with GPUs that there are, or with so many, or so much memory."""
    said = list(wanted)[: gpu_spec.count_spec_words(wanted)]
    if not said or said == ["any"]:
        return False
    return gpu_spec.is_plain_spec(said[0]) or find.is_kind(sentence.ask.ctx, " ".join(said))


_LIKE_A_MACHINE = re.compile(r"[a-z]+(?:[-_][a-z]+)*[-_]\d+")
_COUNTED = re.compile(r"(?:one|two|three|four|five|six|seven|eight) gpus?$")


def is_span(sentence: Sentence, words: Sequence[str]) -> bool:
    """Whether all of these words tell how long or until when, clearly or not."""
    try:
        _, rest = read_span(list(words), sentence.ask.asker())
    except Unclear:
        return True
    except Refused:
        return False
    return bool(words) and not rest


def days_words(sentence: Sentence, typed: Sequence[str]) -> list[str] | None:
    """The words of days, as money's verbs take them; none of them is this month; None where they name no days."""
    words = [word for word in typed if word.lower() not in {"in", "during", "for", "on", "over", "within", "far", "so"}]
    if words and words[0].lower() == "between":
        words = ["to" if word.lower() == "and" else word for word in words[1:]]
    if not words:
        return []
    ctx = sentence.ask.ctx
    today = local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone))
    return words if dates.names_days(words, today) else None


def scope_words(sentence: Sentence, typed: Sequence[str]) -> list[str] | None:
    """The words of a team, a type or a machine, as money's verbs take them; None where they name none."""
    words = [word for word in typed if word.lower() not in {"team", "the", "our", "for", "of", "type", "all"}]
    said = re.sub(r"['\u2019]s$", "", " ".join(words))
    if said.lower() in {"", "we", "us", "you", "it", "company", "everybody", "everyone", "everything", "month", "they"}:
        return []
    scope = named_scope(sentence.ask.ctx, said)
    if scope is None:
        return None
    return [scope.kind, scope.label or scope.key]


Slot = Callable[[Sentence, Sequence[str]], list[str] | None]
