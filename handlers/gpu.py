"""/gpu: which verb is meant, also where none is typed."""

from dataclasses import replace

from bot.services import names
from handlers import home, questions, topics, verbs
from handlers.blocks.parts import Reply
from handlers.parsing.plain_questions import LOOKS
from handlers.parsing.scopes import is_filter
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, WordChoice, ask_back
from handlers.verbs import Ask

VERBS = topics.GPU_VERBS


def run(ask: Ask) -> Reply:
    """Run the verb that is meant: without words the desk, a machine or a filter alone is `status`."""
    if not ask.words:
        return home.at_a_glance(ask.ctx, ask.user)
    command = ask.ctx.settings.slack.gpu_command
    ask = replace(ask, words=_with_verb(ask))
    if verbs.is_verb(VERBS, ask.words):
        return questions.sentence_first(ask) or verbs.run(command, VERBS, ask)
    if is_filter(ask.words[0]) and (answered := questions.understood(ask)):
        return answered  # "idle machines" and "free a100s", though there are verbs called so
    if ask.words[0].lower() == "free":
        return _free_or_release(ask)
    if topics.is_cost_verb(ask.words[0]):
        return questions.run_words(ask, "cost")
    return questions.answer_question(ask, VERBS, "gpu")


def _with_verb(ask: Ask) -> list[str]:
    """The words with the verb that is meant in front, where nothing but a machine, or filters, was typed."""
    words = ask.words
    if verbs.is_verb(VERBS, words) and not isinstance(words[0], Quoted):
        return words
    if not any(isinstance(word, Quoted) for word in words) and all(is_filter(word) for word in words):
        return ["status", *words]
    for found in names.readings(ask.ctx, words):
        after = words[found.count :]
        if not after and (found.exact or not topics.is_cost_verb(words[0])):
            return ["status", *words]
        if found.exact and len(after) == 1 and after[0].lower() in LOOKS and verbs.is_verb(VERBS, after):
            return [after[0].lower(), *words[: found.count]]
    return words


def _free_or_release(ask: Ask) -> Reply:
    """ "free train-3": is it asked whether it is free, or is it to be given back?"""
    rest = ask.words[1:]
    name = " ".join(rest)[:40]
    choices = [
        WordChoice(f"Status of {name}", tuple(rest), verb="status"),
        WordChoice(f"Release {name}", tuple(rest), verb="release"),
    ]
    question = Unclear(f"Do you want to see whether {name} is free, or give it back?", rest, choices)
    return ask_back(ask.ctx, ask.user, "gpu", ask.words, question)
