"""How much of a phone an answer takes: its lines, wrapped as a phone wraps them."""

import re
import textwrap

PHONE_WIDTH = 40
"""Characters in a line of a phone."""
ONE_SCREEN = 20
"""Lines that a phone shows at once."""
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_MARKS = re.compile(r"[*`]")


def lines_on_phone(seen: str, width: int = PHONE_WIDTH) -> int:
    """Lines that a person sees of an answer, given as the sandbox shows it: a button is as wide as its brackets."""
    return sum(len(_wrapped(line, width)) for line in seen.splitlines())


def _wrapped(line: str, width: int) -> list[str]:
    """One line as a phone breaks it: an emoji is two characters wide, a mark of bold or code none."""
    plain = _MARKS.sub("", _EMOJI.sub("oo", line))
    whole_buttons = re.sub(r"\[[^\[\]]*\]", lambda found: found[0].replace(" ", "\u00a0"), plain)
    return textwrap.wrap(whole_buttons, width, break_on_hyphens=False) or [""]
