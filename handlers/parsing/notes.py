"""What is left as a note: words that tell of time, of GPUs or of options are asked about instead."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.nearest import nearest
from handlers.blocks.words import plural
from handlers.parsing.dates import named_day, weekday
from handlers.parsing.lengths import SPELLED, UNITS, bare_word
from handlers.parsing.text import GPU_NOUNS, Quoted
from handlers.parsing.unclear import Unclear, WordChoice, as_note, word_choice

if TYPE_CHECKING:
    from handlers.parsing.lasting import Asker

_PURPOSE = frozenset({"the", "a", "an", "my", "our", "your", "his", "her", "their", "this", "that", "all", "some"})
"""After "for", these begin what it is for."""
_MOMENTS = frozenset({"after", "before", "from", "starting", "beginning", "once", "when", "while", "since"})
"""These lead to a moment, which Valet can't know: "after lunch", "when bob is done"."""
_AGAIN = re.compile(
    r"(?:per|a|each|every|/) ?(?:day|night|week|month|morning|evening)\b|daily|nightly|weekly|every\b|each\b"
)
_GPUS = re.compile(
    r"(?:-{0,2}(?:g[pu]{1,3}s?|gpsu?|cards?)[:=x*]?|[x*\u00d7])(\d{1,3}|two|three|four)?"
    r"|(\d{1,2})[x*\u00d7](?:gpus?|cards?)?",
    re.ASCII,
)
_NUMBERS = {"two": "2", "three": "3", "four": "4"}


def check_note(note: list[str], asker: "Asker", *, lasts: bool, has_gpus: bool) -> None:
    """Whether these last words are a note, and nothing of it was meant for more. Raises Unclear."""
    if not note or isinstance(note[0], Quoted):
        return
    _refuse_options(note, has_gpus=has_gpus)
    if not (has_gpus or asker.whole):
        _refuse_some_gpus(note)
    _refuse_open(note)
    numbered = bare_number(note)
    if lasts and numbered is not None and len(note) == 1:
        raise Unclear(f'What is "{note[0][:40]}"?', note, [*_gpus(numbered[1]), as_note(note)])
    if lasts:
        _refuse_later(note, asker)
        return
    if bare_word(note[0]) == "for" and len(note) > 1 and bare_word(note[1]) not in _PURPOSE:
        raise unread_length(note, _meant(misspelt(note[1]), note[2:]))
    if len(note) > 1 and _leads_to_a_moment(note):
        raise unread_length(note, [])
    close = misspelt(note[0])
    word = close or in_note(note)
    if numbered is not None:
        raise unread_length(numbered[0], numbered[1])
    if word:
        raise _sounds_like_time(note, word, _meant(close, note[1:]))


def _leads_to_a_moment(words: list[str]) -> bool:
    """ "after lunch" does; "after all" leads to none."""
    return bare_word(words[0]) in _MOMENTS and [bare_word(word) for word in words[:2]] != ["after", "all"]


def _gpus(choices: list[WordChoice]) -> list[WordChoice]:
    return [choice for choice in choices if choice.words[0] != "for"]


def _meant(word: str, after: list[str]) -> list[WordChoice]:
    """What a misspelt word of time was to say, with the words after it."""
    if word == "until" and after:
        return [WordChoice(f"until {' '.join(after)}", ("until", *after))]
    if word in {"overnight", "tonight", "weekend"}:
        return [WordChoice(word, (word, *after))]
    vague = vague_length([word], after_for=True) if word else None
    return [replace(choice, words=(*choice.words, *after)) for choice in vague[1]] if vague else []


def _sounds_like_time(typed: list[str], word: str, choices: list[WordChoice]) -> Unclear:
    usual = [word_choice("for 4h", "4 h"), word_choice("for 8h", "8 h"), word_choice("for 1d", "1 d")]
    note = " ".join(typed)[:40]
    of = "" if note == word else f' of "{word[:20]}"'
    return Unclear(
        f'"{note}" sounds like a time{of}. For how long do you want it?',
        typed,
        [
            *(choices or [WordChoice(choice.label, (*choice.words, Quoted(" ".join(typed)))) for choice in usual]),
            as_note(typed),
        ],
    )


def _refuse_later(typed: list[str], asker: "Asker") -> None:
    """ "4h tomorrow" begins tomorrow, "4h per day" comes again: neither is a note. Raises Unclear."""
    from handlers.parsing.lasting import refuse_beginning

    try:
        refuse_beginning(typed, asker)
    except Unclear as later:
        booked = [choice for choice in later.choices if choice.verb]
        raise Unclear(str(later), typed, [*booked, as_note(typed)]) from None
    if comes_again(typed):
        raise not_weekly(typed)
    if bare_word(typed[0]) == "later" or _leads_to_a_moment(typed):
        raise _left_open(typed)


def comes_again(typed: list[str]) -> bool:
    """ "4h a day" is meant for more than once."""
    return bool(_AGAIN.match(" ".join(typed).lower()))


def not_weekly(typed: list[str]) -> Unclear:
    """Claims do not come again."""
    word = " ".join(typed)[:40]
    return Unclear(
        f'"{word}" can\'t be said of a claim. `book` takes it every week: `book train-7 every tue 20:00 for 4h`.',
        typed,
        [word_choice("", "Once, from now"), as_note(typed, "Once, with that as a note")],
    )


def _refuse_options(note: list[str], *, has_gpus: bool) -> None:
    """ "--gups 2" is an option that is misspelt. Raises Unclear."""
    for at, word in enumerate(note):
        if not is_option(word):
            continue
        gpus = _GPUS.fullmatch(word.lower())
        number = (gpus[1] or gpus[2] or " ".join(note[at + 1 : at + 2])) if gpus else ""
        number = _NUMBERS.get(number, number)
        typed = note[at : at + (1 if gpus and (gpus[1] or gpus[2]) else 2)] if gpus else [word]
        choices = [word_choice(f"gpus:{number}")] if number.isdecimal() and not has_gpus else []
        sentence = f'"{word[:40]}" is no option I know. Try gpus:2, for 4h or until 18:00.'
        raise Unclear(sentence, typed, [*choices, word_choice("", "Leave it out"), as_note(typed)])
    match = _GPUS.fullmatch(note[0].lower())
    if match and not has_gpus and (match[1] or match[2] or (note[1:2] and note[1].lower() in _NUMBERS)):
        number = match[1] or match[2] or note[1].lower()
        number = _NUMBERS.get(number, number)
        typed = note[: 1 if match[1] or match[2] else 2]
        raise Unclear(
            f'How many GPUs is "{" ".join(typed)[:40]}"?', typed, [word_choice(f"gpus:{number}"), as_note(typed)]
        )


_WHICH_GPUS = frozenset(
    {
        *("a", "an", "another", "other", "others", "first", "last", "next", "same", "any", "some", "few", "several"),
        *("less", "fewer", "more", "half", "most", "remaining", "rest", "spare", "free", "idle", "extra", "empty"),
    }
)
"""Before "GPUs" these tell of how many, or of which."""
_ONE_GPU = frozenset({"a", "an", "another", "first", "last", "next", "any"})


def _refuse_some_gpus(note: list[str]) -> None:
    """ "the last gpu", "a card" and "#3" tell of a part, which no note does. Raises Unclear."""
    number = re.fullmatch(r"#(\d{1,2})", bare_word(note[0]), re.ASCII)
    if number:
        typed = note[:1]
        raise Unclear(f'Is "{typed[0]}" a GPU?', typed, [word_choice(f"gpu:{number[1]}"), as_note(typed)])
    if bare_word(note[0]) in GPU_NOUNS and note[1:2] and note[1][0].isdigit():
        typed = note[:2]
        raise Unclear(f'Which GPUs are "{" ".join(typed)[:40]}"?', typed, [word_choice("gpus:all"), as_note(typed)])
    for at, word in enumerate(note):
        before = bare_word(note[at - 1]) if at else ""
        is_which = bare_word(word) in GPU_NOUNS and (before in _WHICH_GPUS or before[:1].isdigit())
        if isinstance(word, Quoted) or not (is_which or (before == "all" and word in _COUNTS and at + 1 == len(note))):
            continue
        is_one = before in _ONE_GPU and not bare_word(word).endswith("s")
        typed = note[at - 1 : at + 1]
        ways = [*([word_choice("gpus:1", "1 GPU")] if is_one else []), word_choice("gpus:all", "All GPUs")]
        raise Unclear(f'Which GPUs are "{" ".join(typed)[:40]}"?', typed, [*ways, as_note(typed)])


_COUNTS = frozenset({"2", "4", "8", "16", "two", "four", "eight", "sixteen"})


def which_counted(typed: list[str], count: int) -> Unclear:
    """ "first two gpus": those, or any two."""
    those = f"gpus:0-{count - 1}" if count > 1 else "gpu:0"
    first = [word_choice(those)] if bare_word(typed[0]) == "first" else []
    text = " ".join(typed)[:40]
    return Unclear(f'Which GPUs are "{text}"?', typed, [*first, word_choice(f"gpus:{count}", f"Any {count}")])


_LEAVES_OPEN = re.compile(rf"(?:x|\*|times) .+|or (?:\d.*|{'|'.join(SPELLED)}|more|less|longer)\b.*")


def _refuse_open(note: list[str]) -> None:
    """Raises Unclear for what leaves open how much, and for "nightly" alone."""
    if _LEAVES_OPEN.fullmatch(" ".join(note).lower()):
        raise _left_open(note)
    if len(note) == 1 and comes_again(note):
        raise not_weekly(note)


def _left_open(note: list[str]) -> Unclear:
    """ "a day or two", "2h x 3" and "gpus 2 or 3" say more than one thing."""
    text = " ".join(note)[:40]
    return Unclear(
        f'"{text}" leaves open which is meant. Say one thing: for 4h, or gpus:2.',
        note,
        [word_choice("", "Only what stands before it"), as_note(note)],
    )


_PART_OF = r"(?:(?:all|the|whole|entire|rest|of|half|this|work(?:ing)?|to) )*"
_FEW = (
    r"(?:(?:a|an|the|some|just|another|like) )*"
    r"(?:few|fews|couple(?: of)?|several|some|many|multiple|various|odd)(?: more)? "
)
_VAGUE: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(rf"(?:{pattern})(?= |$)"), tuple(lengths.split()))
    for pattern, lengths in (
        (_FEW + r"(?:minutes?|mins?|m)", "15m 30m 1h"),
        (_FEW + r"(?:hours?|hrs?|h)", "2h 3h 4h"),
        (_FEW + r"(?:days?|d|nights?)", "2d 3d 5d"),
        (_FEW + r"(?:weeks?|w)", "7d 14d"),
        (r"hours|hrs", "2h 4h 8h"),
        (r"minutes|mins", "15m 30m 1h"),
        (r"days", "2d 3d 5d"),
        (r"weeks", "7d 14d"),
        (r"(?:(?:one|a|two|three|\d{1,2}) )?nights?", "12h 1d 2d"),
        (r"(?:(?:a|one|the|this|next|whole|two|half|\d{1,3}) )*(?:months?|mo|quarters?|years?|yrs?)", "7d 14d"),
        (r"\d{1,3}(?:mo|y|yrs?|months?|years?)", "7d 14d"),
        (r"(?:as )?(?:long|soon|much|late) as .*|asap", "4h 8h 1d"),
        (r"(?:the )?(?:next|coming|following) (?:weekend|night|morning|evening)", "1d 2d 3d"),
        (r"(?:every |on )?(?:weekdays?|work(?:ing)? ?days?|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*-[a-z]+)", "8h 1d 3d"),
        (r"pt?\d+[a-z0-9]*|\d+(?:[.,]\d+){2,}[a-z]*", "4h 8h 1d"),
        (r"half(?: (?:of|the) .*)?", "4h 8h 1d"),
        (r"\d{1,3}['\"]", "15m 30m 1h"),
        (r"(?:at least|minimum|min|not less than|more than|over) .*", "4h 8h 1d"),
        (r"(?:(?:a|some|the|short|long|little|as|for|so|very|quite) )*(?:while|bit|moment|secs?|seconds?)", "1h 4h 8h"),
        (r"(?:(?:a|some|the|short|long|little|as|for|so|very|quite) )*(?:time|long|ages|now)", "1h 4h 8h"),
        (r"(?:the )?(?:time being|foreseeable future|duration|moment)", "4h 8h 1d"),
        (r"(?:for)?ever(?:more)?(?: and ever)?|for-ever|eternity|good|always", "1d 3d 7d"),
        (r"indefinite(?:ly)?|permanent(?:ly)?|unlimited|infinite(?:ly)?|infinity|inf", "1d 3d 7d"),
        (r"nan|null|none|nil|undefined|unknown|tbd|tba|\?+|\u221e|n/a|na|xx?h|-", "4h 8h 1d"),
        (rf"{_PART_OF}(?:day|today|morning|afternoon|evening|lunch|workday)", "4h 8h 12h"),
        (r"(?:(?:all|the|a|whole|entire|rest|of|this|next|work(?:ing)?) )*(?:week|workweek)", "3d 5d 7d"),
    )
)
_ALONE = frozenset({"good", "long", "moment", "now", "time", "bit", "lunch", "na", "second", "sec"})
"""Vague only behind "for": a note may begin with them."""
_WORDS = frozenset(
    {
        *("forever", "overnight", "tonight", "weekend", "tomorrow", "today", "indefinitely", "permanently", "always"),
        *("until", "minutes", "hours", "hour", "minute", "days", "weeks", "week", "fortnight", "monday", "tuesday"),
        *("wednesday", "thursday", "friday", "saturday", "sunday", "noon", "midnight", "evening", "infinite"),
    }
)
_IN_NOTES = frozenset(
    {
        *("hour", "hours", "hrs", "minutes", "mins", "days", "weeks", "weekend", "overnight", "tonight", "tomorrow"),
        *("forever", "eod", "eow", "cob", "midnight", "noon", "until", "till", "untill", "month", "months", "year"),
        *("years", "fortnight", "indefinitely", "permanently", "tmrw", "week", "day", "today", "morning", "evening"),
        *("afternoon", "night", "nights", "minute"),
    }
)
_HOURS = 24
"""A bare number beyond these is rather one of minutes."""
_CLOSE = re.compile(r"(\d{1,4}(?:[.,]\d{1,2})?)[ _-]?([a-z]{1,8})", re.ASCII)
_TIMELIKE = re.compile(
    r"(?:[<>=@~+*x.\u2264\u2265]|\d{1,2}[x*.-])*(?:\d{1,2}:\d\d.*|\d{1,2}(?:am|pm)|\d{1,4}(?:h|hrs?|hours?|mins?|minutes?|days?|weeks?|d|w)(?:\d\d)?)",
    re.ASCII,
)
_OPTION = re.compile(
    r"--?[a-z].*|(?:gpu?s?|gups?|gpsu?|gpus?|cards?|for|until|till|time|hours?|len|length|duration)[:=].*", re.ASCII
)


def vague_length(rest: list[str], *, after_for: bool) -> tuple[list[str], list[WordChoice]] | None:
    """What is said of a time and names none, with lengths to choose from; None where it is none of that."""
    text = " ".join("'" if isinstance(word, Quoted) else bare_word(word) for word in rest[:6])
    for pattern, lengths in _VAGUE:
        match = pattern.match(text)
        if match and (after_for or not (match[0] in _ALONE or match[0].split()[0] in {"over", "min"})):
            words = rest[: len(match[0].split())]
            return words, [word_choice(f"for {length}", _spoken(length)) for length in lengths]
    return None


def _spoken(length: str) -> str:
    return f"{length[:-1]} {length[-1]}"


def misspelt(word: str) -> str:
    """The word of time that this one comes near to, other than by its letters; empty where there is none."""
    least = bare_word(word)
    if isinstance(word, Quoted) or len(least) < 4 or not least.isalpha() or least in _WORDS:
        return ""
    return next((close for close in nearest(least, _WORDS, 1) if _apart(least, close) <= 1 + (len(least) > 6)), "")


def _apart(one: str, other: str) -> int:
    """Letters to add, drop or change."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for at, theirs in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != theirs))
    return row[-1]


def bare_number(rest: list[str]) -> tuple[list[str], list[WordChoice]] | None:
    """A number that says no length, with what may have been meant by it; None where none stands there."""
    least = [bare_word(word).lstrip("+-") for word in rest[:2]]
    if not least or isinstance(rest[0], Quoted):
        return None
    for count in (2, 1):
        close = _CLOSE.fullmatch(" ".join(least[:count])) if len(least) >= count else None
        if close and (unit := _unit(close[2])):
            return rest[:count], [word_choice(f"for {close[1]}{unit}", f"{close[1]} {unit}")]
    return _count(rest, least[0])


def _count(rest: list[str], first: str) -> tuple[list[str], list[WordChoice]] | None:
    """A number without a unit."""
    count = first if re.fullmatch(r"\d{1,3}", first, re.ASCII) else ""
    spelled = SPELLED.get(first, 0) if first not in {"a", "an", "one"} else 0
    if not count and not spelled:
        return (rest[:1], []) if first[:1].isdigit() and _TIMELIKE.match(first) else None
    count = count or str(spelled)
    if int(count) == 0:
        return rest[:1], []
    if int(count) > _HOURS:
        return rest[:1], [word_choice(f"for {count}m", f"{count} m"), word_choice(f"for {count}h", f"{count} h")]
    return rest[:1], [
        word_choice(f"for {count}h", f"{count} h"),
        word_choice(f"gpus:{count}", plural(int(count), "GPU")),
    ]


def _unit(letters: str) -> str:
    """The unit that letters come near to."""
    if letters in UNITS:
        return letters[0]
    if len(letters) < 3:
        return {"hs": "h", "hh": "h", "hr": "h", "mi": "m", "ds": "d", "ho": "h"}.get(letters, "")
    names = [name for name in UNITS if len(name) > 2]
    return next((close[0] for close in nearest(letters, names, 1) if _apart(letters, close) <= 2), "")


def is_option(word: str) -> bool:
    """It stands where an option would, and looks like one."""
    return not isinstance(word, Quoted) and bool(_OPTION.fullmatch(word.lower()))


def in_note(words: list[str]) -> str:
    """A word of a note that tells of a time; empty where there is none."""
    for at, word in enumerate(words):
        least = bare_word(word)
        is_unit = len(least) > 1 and least in UNITS and at > 0 and words[at - 1].isdecimal()
        tells = is_unit or least in _IN_NOTES or _TIMELIKE.fullmatch(least) or named_day(word) or _is_weekday(least)
        if not isinstance(word, Quoted) and tells:
            return word
    return ""


def _is_weekday(least: str) -> bool:
    return weekday(least) is not None and (len(least) > 4 or least in {"mon", "tue", "wed", "thu", "fri", "sat", "sun"})


def unread_length(typed: list[str], choices: list[WordChoice], *, note: bool = True) -> Unclear:
    """The question about words that name no length."""
    word = " ".join(typed)[:40]
    usual = choices or [word_choice("for 4h", "4 h"), word_choice("for 8h", "8 h"), word_choice("for 1d", "1 d")]
    more = [as_note(typed)] if note else []
    return Unclear(f'"{word}" is no length I can read. For how long?', typed, [*usual[: 5 - len(more)], *more])
