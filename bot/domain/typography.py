"""What keyboards and phones put in the place of plain characters: dashes, quotes, apostrophes, blanks nobody sees."""

import re
import unicodedata

_QUOTES = dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u301d\u301e\u301f\u2033\uff02", '"')
_APOSTROPHES = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\uff07\u2039\u203a", "'")
_TABLE = str.maketrans(_QUOTES | _APOSTROPHES | {"\u2212": "-", "\u02d7": "-", "\u2026": "...", "\u00ad": None})
_LONG_DASH = re.compile(r"(?<!\S)[\u2012-\u2015\u2212\u2e3a\u2e3b](?=[^\W\d_]{2})")
"""Phones and macOS make one long dash of two hyphens: what follows it without a blank is an option."""
_FRACTIONS = {"\u00bc": ".25", "\u00bd": ".5", "\u00be": ".75"}
_FRACTION = re.compile("([0-9]?)([\u00bc-\u00be])")


def plain_typed(text: str) -> str:
    """The text as a plain keyboard would have it, in Unicode's usual form (NFKC); letters and line ends stay."""
    said = _FRACTION.sub(lambda found: f"{found[1] or '0'}{_FRACTIONS[found[2]]}", text)
    return marks(unicodedata.normalize("NFKC", marks(said)))


def marks(text: str) -> str:
    """With plain dashes, quotes, apostrophes, digits and blanks; what nobody sees falls away, letters stay."""
    if text.isascii():
        return text
    seen = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return "".join(map(_mark, _LONG_DASH.sub("--", seen).translate(_TABLE)))


def _mark(char: str) -> str:
    kind = unicodedata.category(char)
    if char.isascii():
        return char
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Pd":
        return "-"
    return " " if kind[0] in "CZ" else char
