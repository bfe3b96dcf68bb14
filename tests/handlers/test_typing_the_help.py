"""Every form that the help, the docs and hints show is typed, and read: none is refused for how it is said."""

import re
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb

import pytest

from bot.errors import Refused, ValetError
from bot.sandbox.slack.people import ADA
from handlers import cost, gpu
from handlers.parsing.text import split_words
from handlers.verbs import Ask
from tests import pages
from tests.generated import CHAT_EXAMPLES

ROOT = Path(__file__).parents[2]
PLACES = {
    "<instance>...": "train-7 nb-2",
    "<instance>": "train-7",
    "<owned>": "dgx-1",
    "<type>": "g5.12xlarge",
    "<template>": "a100-dev",
    "<GPU>": "a100",
    "<team>": "nlp",
    "@person": "<@U0CYY0003>",
    "team:NAME": "team:nlp",
    "team NAME": "team nlp",
    "type TYPE": "type p4d.24xlarge",
    "instance NAME": "instance train-7",
}
"""What stands for what, in the office."""


def forms(usage: str) -> Iterator[str]:
    """Everything a usage allows: each alternative, with and without each option."""
    inner = re.search(r"\[([^\[\]]*)\]", usage) or re.search(r"<([^<>]*\|[^<>]*)>", usage)
    if inner is None:
        yield " ".join(usage.split())
        return
    before, after = usage[: inner.start()], usage[inner.end() :]
    is_optional = usage[inner.start()] == "["
    lead = "by " if inner[1].startswith("by ") else ""
    for said in [*inner[1].removeprefix(lead).split("|"), *([""] if is_optional else [])]:
        is_place = not is_optional and said in {"instance", "type", "GPU", "team"}
        meant = f"<{said}>" if is_place else f"{lead if said else ''}{said}"
        yield from forms(f"{before}{meant}{after}")


def spoken(form: str) -> str:
    for place, name in PLACES.items():
        form = form.replace(place, name)
    first, _, rest = form.partition(" ")
    if "|" in rest:
        rest = rest.split("|")[0]
    return f"{first} {rest}".strip()


def helped(verbs) -> list[str]:
    return sorted({spoken(form) for verb in verbs for form in forms(verb.usage)})


UNREAD = re.compile(r"make sense|is no |is not |There is no|be read")


def unread(office, run, typed: str) -> str:
    """Why a form was not read; empty where it was, whatever came of it."""
    ctx = office.valet.ctx
    try:
        reply = run(Ask(ctx, ADA, "C0GPUS001", split_words(typed)))
    except ValetError as error:
        where = extract_tb(error.__traceback__)[-1].filename
        is_reading = "/handlers/" in where or "/domain/" in where
        is_unread = (
            is_reading and isinstance(error, Refused) and re.search(r"make sense|is no |is not |read", str(error))
        )
        return str(error) if is_unread else ""
    asks = any("meant:" in str(block) for block in reply.blocks)
    is_unread = re.search(r"I don't know|I can't read|Did you mean", reply.text)
    return reply.text if asks or is_unread else ""


@pytest.mark.slow
@pytest.mark.parametrize(("run", "verbs"), [(gpu.run, gpu.VERBS), (cost.run, cost.VERBS)], ids=["gpu", "cost"])
def test_every_form_of_the_help_is_read(office, run, verbs):
    typed = helped(verbs)

    assert len(typed) > 40
    assert {form: said for form in typed if (said := unread(office, run, form))} == {}


def unread_of(office, shown: set[tuple[str, str]]) -> dict[str, str]:
    """What of the commands shown is not read; names of machines in them need not be those of this office."""
    runs = {"gpu": gpu.run, "cost": cost.run}
    said = {line: unread(office, runs[kind], line) for kind, line in shown}
    return {line: why for line, why in said.items() if why and not re.match("I don't know \"", why)}


def test_every_command_of_the_docs_is_read(office):
    shown = set(re.findall(r"`/(gpu|cost) ([^`<>\[\]|\u2026]+)`", pages.everything()))
    shown |= {(kind, line) for kind, _, line in (each[1:].partition(" ") for each in CHAT_EXAMPLES.values())}

    assert len(shown) > 60
    assert unread_of(office, shown) == {}


def test_every_command_that_a_hint_shows_is_read(office):
    sources = [path.read_text() for folder in ("bot", "handlers") for path in (ROOT / folder).rglob("*.py")]
    shown = {found for text in sources for found in re.findall(r"`/(gpu|cost) ([a-z-]+(?: [^`{}<>\[\]|]*)?)`", text)}
    parts = r"""\b(gpu|cost)(?:_command)?\(((?:['"][^'"{}]+['"](?:, )?)+)\)"""
    shown |= {
        (command, " ".join(re.findall(r"""['"]([^'"]+)['"]""", words)))
        for text in sources
        for command, words in re.findall(parts, text)
    }

    assert len(shown) > 20
    assert unread_of(office, shown) == {}
