"""How machines are called among the fleet: by their name, and where others look the same, with the end of their id."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAME_SHOWN = 48
"""Characters of a name that are compared: lists and cards show hardly more."""
NAME_WIDEST = 60
"""Characters of a name with its mark, as they are sent: no text cuts the mark off."""
OWNED_MARK = "owned"
TAILS = (6, 8, 12)
"""How many characters of an id are shown, the fewest that tell the machines apart."""
_AS_MARKED = re.compile(r"/(owned|u\+|i-|[0-9a-f]{4,17}$)", re.IGNORECASE)
_AS_ID = re.compile(r"i-[0-9a-f]{8,17}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedMachine:
    """A machine and the name that its tag or host gives it."""

    id: str
    name: str
    is_gone: bool = False


def shown_look(name: str) -> str:
    """What a name looks like where it is shown."""
    return looks_like(unicodedata.normalize("NFKC", name)[:NAME_SHOWN])


def distinct_names(alike: Sequence[NamedMachine]) -> dict[str, str]:
    """How each of the machines that look the same is called, by id; one that is gone leaves its name to the living."""
    living = [each for each in alike if not each.is_gone]
    marks = _marks(alike)
    return {
        each.id: _fitting(each.name, f"/{marks[each.id]}")
        if each.id in marks and (len(alike if each.is_gone else living) > 1 or _poses(each))
        else each.name
        for each in alike
    }


def _marks(alike: Sequence[NamedMachine]) -> dict[str, str]:
    """What each is marked with, by id; a rented machine without a name goes by its whole id anyway."""
    tail = next((n for n in TAILS if len({each.id[-n:] for each in alike}) == len(alike)), None)
    hosts = [each for each in alike if each.name == each.id and not _AS_ID.fullmatch(each.id)]
    spelled = {each.id: _odd_character(each.name) if len(hosts) > 1 else OWNED_MARK for each in hosts}
    return spelled | {each.id: _end(each.id, tail) for each in alike if each.name != each.id}


def _poses(bearer: NamedMachine) -> bool:
    """Its name reads like another machine's mark or id."""
    plain = unicodedata.normalize("NFKC", bearer.name)
    return bearer.name != bearer.id and bool(_AS_MARKED.search(plain) or _AS_ID.fullmatch(plain))


def _end(instance_id: str, tail: int | None) -> str:
    """The end of an id; all of one that is hardly longer."""
    return instance_id if tail is None or len(instance_id) < 2 * tail else instance_id[-tail:]


def _odd_character(name: str) -> str:
    """What marks one of several hosts, whose name is their id: the first character that is not what it looks like."""
    odd = next((char for char in name if looks_like(char) not in {char, ""}), "")
    return f"U+{ord(odd):04X}" if odd else OWNED_MARK


def _fitting(name: str, mark: str) -> str:
    """Cut so that name and mark fit where names are shown, where "&" takes five characters."""
    kept, room = "", NAME_WIDEST - len(mark) - 1
    plain = unicodedata.normalize("NFKC", name)
    for char in plain:
        room -= 5 if char == "&" else 1
        if room < 0:
            return f"{kept}…{mark}"
        kept += char
    return f"{plain}{mark}"


ALIKE: Mapping[str, str] = {
    "-": "\u02d7\u2010\u2012\u2013\u2043\u2212\u2796\u2cba",
    ".": "\u06f0\ua4f8\ua60e",
    "/": "\u1735\u2041\u2044\u2215\u2571\u27cb\u29f8\u2cc6\u3033\u30ce\u31d3\u4e3f\U0001d23a",
    "2": "\u01a7\u03e8\u14bf\ua644\ua6ef\ua75a",
    "3": "\u01b7\u021c\u0417\u04e0\u2ccc\ua76a\ua7ab\U000118ca\U00016f3b\U0001d206",
    "4": "\u13ce\U000118af",
    "5": "\u01bc\U000118bb",
    "6": "\u0431\u13ee\u2cd2\U000118d5",
    "7": "\U000104d2\U000118c6\U0001d212",
    "8": "\u0222\u0223\u09ea\u0a6a\U0001031a",
    "9": "\u09ed\u0a67\u0b68\u0d6d\u2cca\ua76e\U000118ac\U000118cc\U000118d6",
    "a": "\u0251\u0391\u03b1\u0410\u0430\u13aa\u15c5\u237a\ua4ee\U000102a0\U00016f40",
    "b": "\u0184\u0392\u0412\u042c\u13cf\u13f4\u1472\u15af\u15f7\ua4d0\ua7b4\U00010282\U000102a1\U00010301",
    "c": (
        "\u0421\u0441\u13df\u1d04\u2ca4\u2ca5\ua4da\uabaf\U000102a2\U00010302\U00010415\U0001043d\U0001051c"
        "\U000118e9\U000118f2\U0001f74c"
    ),
    "d": "\u0501\u13a0\u13e7\u146f\u15de\u15ea\ua4d2\ua4d3",
    "e": "\u0395\u0415\u0435\u04bd\u13ac\u212e\u22ff\u2d39\ua4f0\uab32\U00010286\U000118a6\U000118ae",
    "f": (
        "\u03dc\u0584\u15b4\u1e9d\ua4dd\ua798\ua799\uab35\U00010287\U000102a5\U00010525\U000118a2\U000118c2\U0001d213"
    ),
    "g": "\u018d\u0261\u050c\u0581\u13c0\u13f3\u1d83\ua4d6",
    "h": "\u0397\u041d\u04bb\u0570\u13bb\u13c2\u157c\u2c8e\ua4e7\U000102cf",
    "j": "\u037f\u03f3\u0408\u0458\u13ab\u148d\ua4d9\ua7b2",
    "k": "\u039a\u041a\u13e6\u16d5\u2c94\ua4d7\U00010518",
    "l": (
        "\u0131\u0196\u01c0\u0269\u026a\u0399\u03b9\u0406\u0456\u04c0\u04cf\u06f1\u13a5\u13de\u14aa\u16c1"
        "\u2223\u2373\u23fd\u2c92\u2cd0\u2d4f\ua4e1\ua4f2\ua647\uab75\U0001028a\U00010309\U00010320\U0001041b"
        "\U00010526\U000118a3\U000118b2\U000118c3\U00016f16\U00016f28\U0001d22a"
    ),
    "m": "\u039c\u03fa\u041c\u13b7\u15f0\u16d6\u2c98\ua4df\U000102b0\U00010311",
    "n": "\u039d\u0578\u057c\u2c9a\ua4e0\U00010513",
    "o": (
        "\u039f\u03bf\u03c3\u041e\u043e\u0555\u0585\u06f5\u0966\u09e6\u0a66\u0ae6\u0b20\u0b66\u0be6\u0c66"
        "\u0ce6\u0d20\u0d66\u0e50\u0ed0\u101d\u1040\u10ff\u12d0\u1d0f\u1d11\u2c9e\u2c9f\u2d54\u3007\ua4f3"
        "\uab3d\U00010292\U000102ab\U00010404\U0001042c\U000104c2\U000104ea\U00010516\U000114d0\U000118b5"
        "\U000118c8\U000118d7\U000118e0"
    ),
    "p": "\u03a1\u03c1\u0420\u0440\u13e2\u146d\u2374\u2ca2\u2ca3\ua4d1\U00010295",
    "q": "\u051b\u0563\u0566\u2d55",
    "r": "\u01a6\u0433\u13a1\u13d2\u1587\u1d26\u2c85\ua4e3\uab47\uab48\uab81\U000104b4\U00016f35\U0001d216",
    "s": ("\u01bd\u0405\u0455\u054f\u13d5\u13da\ua4e2\ua731\uabaa\U00010296\U00010420\U00010448\U000118c1\U00016f3a"),
    "t": ("\u03a4\u0422\u13a2\u22a4\u27d9\u2ca6\ua4d4\U00010297\U000102b1\U00010315\U000118bc\U00016f0a\U0001f768"),
    "u": (
        "\u028b\u03c5\u054d\u057d\u1200\u144c\u1d1c\u222a\u22c3\ua4f4\ua79f\uab4e\uab52\U000104ce\U000104f6"
        "\U000118b8\U000118d8\U00016f42"
    ),
    "v": (
        "\u03bd\u0474\u0475\u06f7\u13d9\u142f\u1d20\u2228\u22c1\u2d38\ua4e6\ua6df\uaba9\U0001051d\U00011706"
        "\U000118a0\U000118c0\U00016f08\U0001d20d"
    ),
    "w": (
        "\u026f\u0461\u051c\u051d\u0561\u13b3\u13d4\u1d21\ua4ea\uab83\U0001170a\U0001170e\U0001170f\U000118e6\U000118ef"
    ),
    "x": (
        "\u00d7\u03a7\u0425\u0445\u1541\u157d\u166d\u166e\u16b7\u2573\u292b\u292c\u2a2f\u2cac\u2d5d\ua4eb"
        "\ua7b3\U00010290\U000102b4\U00010317\U00010322\U00010527\U000118ec"
    ),
    "y": (
        "\u0263\u028f\u03a5\u03b3\u0423\u0443\u04ae\u04af\u10e7\u13a9\u13bd\u1d8c\u1eff\u2ca8\ua4ec\uab5a"
        "\U000102b2\U000118a4\U000118dc\U00016f43"
    ),
    "z": "\u0396\u13c3\u1d22\ua4dc\uab93\U000102f5\U000118a9\U000118c4\U000118e5",
}
"""What passes for each character: the single characters of Unicode's confusables.txt (UTS 39, its data of 2023) that
are confused with a letter, a digit, a dash, a dot or a slash, and that NFKC leaves as they are. Small and capital
letters are one, and so are l, i, 1 and |, and o and 0."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that show as nothing."""
_ONE_STROKE = str.maketrans("i1|0", "lllo")
_PASSES_FOR = {char: plain for plain, chars in ALIKE.items() for char in chars}
_PAIRS = (("rn", "m"), ("vv", "w"))


def looks_like(name: str) -> str:
    """What a name looks like: the same for two that can be taken for each other."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name))
    shown = "".join(_shown(char) for char in text).translate(_ONE_STROKE)
    for pair, one in _PAIRS:
        shown = shown.replace(pair, one)
    return " ".join(shown.split())


def _shown(char: str) -> str:
    """One character as it looks, in lower case; nothing for marks and for what has no width."""
    if char in _BLANK:
        return " "
    kind = unicodedata.category(char)[0]
    if kind in "CM":
        return ""
    upper = _PASSES_FOR.get(char) or _PASSES_FOR.get(char.upper())
    return upper or (" " if kind == "Z" else char.casefold())
