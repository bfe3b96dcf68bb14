"""Plain questions, and answering what was meant by other words: the command goes on as the button says."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.sharing.clarifications import Wording
from bot.services import home
from bot.services.context import Context
from bot.services.context import find as find_machine
from bot.services.sharing import clarifications, find
from handlers.blocks import questions as questions_blocks
from handlers.blocks.parts import Reply
from handlers.blocks.questions import LOOK_BUTTON, MEANT_BUTTON
from handlers.blocks.sharing import line as line_blocks
from handlers.controller import Press
from handlers.parsing import plain_questions
from handlers.parsing.plain_questions import Understood
from handlers.parsing.pleasantries import pleasantry_kind
from handlers.parsing.text import Quoted
from handlers.verbs import Ask, Verb


def run_words(ask: Ask, command: str) -> Reply:
    """Run words of /gpu or /cost, as if they were typed."""
    from handlers import cost, gpu

    return (cost.run if command == "cost" else gpu.run)(ask)


def answer_question(ask: Ask, verbs: tuple[Verb, ...], command: str) -> Reply:
    """What no verb begins: a pleasantry, a plain question, or the two things that come nearest."""
    kind = pleasantry_kind(ask.words)
    if kind:
        return questions_blocks.pleasantry(kind)
    about = plain_questions.help_asked(ask, verbs)
    if about is not None:
        return run_words(replace(ask, words=["help", *about]), "gpu")
    return understood(ask) or _unread(ask, verbs, command)


def understood(ask: Ask) -> Reply | None:
    """The answer to a plain question; None where the grammar does not read all of it."""
    meaning = plain_questions.understand(ask)
    return _answered(ask, meaning) if meaning else None


_SENTENCE = frozenset(
    {
        *(
            "me",
            "us",
            "of",
            "for",
            "is",
            "are",
            "was",
            "were",
            "do",
            "does",
            "did",
            "can",
            "could",
            "may",
            "has",
            "have",
        ),
        *("will", "would", "not", "the", "i", "we", "it", "you", "isn't", "can't", "don't", "didn't", "there"),
    }
)
"""Second words of a sentence that happens to begin with a verb: "why is train-7 idle", "find me two A100s"."""


def sentence_first(ask: Ask) -> Reply | None:
    """The answer to a sentence that begins with a verb that looks, and is more than its words."""
    verb = ask.words[0].lower()
    second = ask.words[1].lower() if len(ask.words) > 1 else ""
    if verb not in plain_questions.LOOKS or second not in _SENTENCE or find.is_name(ask.ctx, *ask.words[1:]):
        return None
    meaning = plain_questions.understand(ask)
    return _answered(ask, meaning) if meaning and list(meaning.words) != ask.words else None


def _answered(ask: Ask, meaning: Understood) -> Reply:
    """The verb's own answer, with what was understood in front."""
    reply = run_words(replace(ask, words=list(meaning.words)), meaning.command)
    read_as = f"{_command_names(ask.ctx)[meaning.command]} {' '.join(meaning.words)}"
    return questions_blocks.understood(read_as, reply, _when(ask, meaning) if meaning.is_about_when else "")


def _when(ask: Ask, meaning: Understood) -> str:
    """When a machine can be had, as the line has it; empty where they hold it, wait for it, or it does not run."""
    listing = find_machine(ask.ctx, " ".join(meaning.words[1:]))
    if any(free.listing.instance.id == listing.instance.id for free in home.free_now(ask.ctx, ask.user)):
        return questions_blocks.is_free_now(listing)
    if not listing.running:
        return ""
    besides = find.find_besides(ask.ctx, listing, ask.user)
    if besides.ahead is None:
        return ""
    place = line_blocks.place_in_words(besides.ahead, besides.turn, None, ask.ctx.clock())
    return questions_blocks.would_wait(listing, place)


def _unread(ask: Ask, verbs: tuple[Verb, ...], command: str) -> Reply:
    """Nothing is done: the two things that come nearest are offered."""
    offers = plain_questions.nearest_meanings(ask, verbs, command)
    typed = [offer for offer in offers if not offer.is_ours and offer.command == command]
    names = _command_names(ask.ctx)
    wordings = [
        Wording(f"{names[offer.command]} {' '.join(offer.words)}", tuple(map(str, offer.words)), _quoted(offer.words))
        for offer in typed
    ]
    asked = clarifications.keep_clarification(ask.ctx, ask.user, command, wordings) if wordings else None
    ours = [f"{offer.command} {' '.join(offer.words)}" for offer in offers if offer.is_ours]
    return questions_blocks.unread(" ".join(ask.words), asked, ours)


def _command_names(ctx: Context) -> dict[str, str]:
    slack = ctx.settings.slack
    return {"gpu": slack.gpu_command, "cost": slack.cost_command}


def _quoted(words: Sequence[str]) -> frozenset[int]:
    return frozenset(number for number, word in enumerate(words) if isinstance(word, Quoted))


def meant(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[4 h], [train 2], [As a note], and [/gpu status free] below what could not be read."""
    asked, wording = clarifications.chosen_wording(ctx, value, user)
    words = [Quoted(word) if number in wording.quoted else word for number, word in enumerate(wording.words)]
    return run_words(Ask(ctx, user, channel, words), asked.command)


def look(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[What is free], [Status], [Help]: the value is a command that only looks, with its words."""
    command, *words = value.split() or ["gpu"]
    return run_words(Ask(ctx, user, channel, words), command)


BUTTONS: dict[str, Press] = {MEANT_BUTTON: meant, LOOK_BUTTON: look}
