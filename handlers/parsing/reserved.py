"""Words that mean something else in commands, so that no machine can be called so: idle, mine, all, claim, tonight."""

from bot.domain.sharing import gpu_spec
from handlers.parsing.dates import named_day, weekday
from handlers.parsing.lengths import bare_word, is_length
from handlers.parsing.notes import in_note
from handlers.parsing.scopes import is_filter
from handlers.parsing.text import POLITE
from handlers.verbs import MEANT, sounds_like_words

_MANY = frozenset({"all", "any", "every", "everything", "everybody", "both", "none", "machines", "instances", "gpus"})


def reserved_meaning(word: str) -> str:
    """What the word means in a command, as in "a filter"; empty where it means nothing there."""
    from handlers import gpu  # it knows every verb, this one's among them

    least = bare_word(word)
    if is_filter(least):
        return "a filter"
    if least in {*(verb.name for verb in gpu.VERBS), *MEANT, "help"}:
        return "what to do"
    if least in _MANY:
        return "several machines"
    if is_length([least]) or in_note([least]) or named_day(least) or weekday(least) is not None:
        return "a time"
    if gpu_spec.is_plain_spec(least):
        return "GPUs that one looks for"
    return "something else" if sounds_like_words(least) or least in POLITE | {"note", "reason"} else ""
