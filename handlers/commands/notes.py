"""What is left as a note: words that tell of time, of GPUs or of options are asked about instead."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.commands import vague
from handlers.commands.lengths import bare
from handlers.commands.parse import Quoted
from handlers.commands.unclear import Choice, Unclear, as_note, choice

if TYPE_CHECKING:
    from handlers.commands.lasting import Asker

_PURPOSE = frozenset({"the", "a", "an", "my", "our", "your", "his", "her", "their", "this", "that", "all", "some"})
"""After "for", these begin what it is for."""
_MOMENTS = frozenset({"after", "before", "from", "starting", "beginning", "once", "when", "while", "since"})
"""These lead to a moment, which Valet can't know: "after lunch", "when bob is done"."""
_AGAIN = re.compile(r"(?:per|a|each|every|/) ?(?:day|night|week|month|morning|evening)\b|daily|nightly|every\b|each\b")
_GPUS = re.compile(r"(?:-{0,2}(?:g[pu]{1,3}s?|gpsu?|cards?)[:=]?|x)(\d{1,3}|two|three|four)?|(\d{1,2})x", re.ASCII)
_NUMBERS = {"two": "2", "three": "3", "four": "4"}


def check(note: list[str], asker: "Asker", *, lasts: bool, has_gpus: bool) -> None:
    """Whether these last words are a note, and nothing of it was meant for more. Raises Unclear."""
    if not note or isinstance(note[0], Quoted):
        return
    _refuse_options(note, has_gpus=has_gpus)
    numbered = vague.number(note)
    if lasts and numbered is not None and len(note) == 1:
        raise Unclear(f'What is "{note[0][:40]}"?', note, [*_gpus(numbered[1]), as_note(note)])
    if lasts:
        _refuse_later(note, asker)
        return
    if bare(note[0]) == "for" and len(note) > 1 and bare(note[1]) not in _PURPOSE:
        raise vague.unread(note, _meant(vague.misspelt(note[1]), note[2:]))
    if bare(note[0]) in _MOMENTS and len(note) > 1:
        raise vague.unread(note, [])
    close = vague.misspelt(note[0])
    told = close or vague.in_note(note)
    if numbered is not None:
        raise vague.unread(numbered[0], numbered[1])
    if told:
        raise _sounds_like_time(note, told, _meant(close, note[1:]))


def _gpus(choices: list[Choice]) -> list[Choice]:
    return [each for each in choices if each.words[0] != "for"]


def _meant(word: str, after: list[str]) -> list[Choice]:
    """What a misspelt word of time was to say, with the words after it."""
    if word == "until" and after:
        return [Choice(f"until {' '.join(after)}", ("until", *after))]
    if word in {"overnight", "tonight", "weekend"}:
        return [Choice(word, (word, *after))]
    found = vague.phrase([word], after_for=True) if word else None
    return [replace(each, words=(*each.words, *after)) for each in found[1]] if found else []


def _sounds_like_time(said: list[str], word: str, choices: list[Choice]) -> Unclear:
    usual = [choice("for 4h", "4 h"), choice("for 8h", "8 h"), choice("for 1d", "1 d")]
    note = " ".join(said)[:40]
    of = "" if note == word else f' of "{word[:20]}"'
    return Unclear(
        f'"{note}" sounds like a time{of}. For how long do you want it?',
        said,
        [*(choices or [Choice(each.label, (*each.words, Quoted(" ".join(said)))) for each in usual]), as_note(said)],
    )


def _refuse_later(said: list[str], asker: "Asker") -> None:
    """ "4h tomorrow" begins tomorrow, "4h per day" comes again: neither is a note. Raises Unclear."""
    from handlers.commands.lasting import refuse_beginning

    try:
        refuse_beginning(said, asker)
    except Unclear as later:
        booked = [each for each in later.choices if each.verb]
        raise Unclear(str(later), said, [*booked, as_note(said)]) from None
    if comes_again(said):
        raise again(said)


def comes_again(said: list[str]) -> bool:
    """ "4h a day" is meant for more than once."""
    return bool(_AGAIN.match(" ".join(said).lower()))


def again(said: list[str]) -> Unclear:
    """Claims do not come again."""
    word = " ".join(said)[:40]
    return Unclear(
        f'"{word}" can\'t be said of a claim. `book` takes it every week: `book train-7 every tue 20:00 for 4h`.',
        said,
        [choice("", "Once, from now"), as_note(said, "Once, with that as a note")],
    )


def _refuse_options(note: list[str], *, has_gpus: bool) -> None:
    """ "--gups 2" is an option that is misspelt. Raises Unclear."""
    for at, word in enumerate(note):
        if not vague.is_option(word):
            continue
        gpus = _GPUS.fullmatch(word.lower())
        number = (gpus[1] or gpus[2] or " ".join(note[at + 1 : at + 2])) if gpus else ""
        number = _NUMBERS.get(number, number)
        said = note[at : at + (1 if gpus and (gpus[1] or gpus[2]) else 2)] if gpus else [word]
        choices = [choice(f"gpus:{number}")] if number.isdecimal() and not has_gpus else []
        sentence = f'"{word[:40]}" is no option I know. Try gpus:2, for 4h or until 18:00.'
        raise Unclear(sentence, said, [*choices, choice("", "Leave it out"), as_note(said)])
    found = _GPUS.fullmatch(note[0].lower())
    if found and not has_gpus and (found[1] or found[2] or (note[1:2] and note[1].lower() in _NUMBERS)):
        number = found[1] or found[2] or note[1].lower()
        number = _NUMBERS.get(number, number)
        said = note[: 1 if found[1] or found[2] else 2]
        raise Unclear(f'How many GPUs is "{" ".join(said)[:40]}"?', said, [choice(f"gpus:{number}"), as_note(said)])
