"""What a rule of the grammar is: patterns of a whole sentence, and the words of a verb that mean the same."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bot.services import names
from handlers.parsing import sentences
from handlers.parsing.sentences import Sentence

Build = Callable[[Sentence, re.Match[str]], list[str] | None]
"""The words of the verb; None where a part of the sentence is not what the pattern takes it for."""


@dataclass(frozen=True, slots=True)
class QuestionRule:
    """One thing that people ask, in the ways in which they say it."""

    command: str
    """gpu or cost."""
    verbs: frozenset[str]
    """What it may become; each of them only looks."""
    patterns: tuple[str, ...]
    """Each of a whole sentence, in lower case."""
    build: Build
    is_about_when: bool = False
    """When it can be had is asked."""

    def readings(self, sentence: Sentence) -> Iterator[list[str]]:
        """The verb's words, by each pattern that fits."""
        for pattern in self.patterns:
            match = _compiled(pattern).fullmatch(sentence.text)
            words = self.build(sentence, match) if match else None
            if words is not None:
                yield words


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def fixed(words: str, *patterns: str) -> QuestionRule:
    """The same words however it is said."""
    command, *verb = words.split()
    return QuestionRule(command, frozenset(verb[:1]), patterns, lambda _sentence, _match: verb)


def of_machine(words: str, *patterns: str, is_about_when: bool = False) -> QuestionRule:
    """A verb and the machine that is named; a span is left out, as its answer tells of all that is known ahead."""
    command, *verb = words.split()

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        span = sentence.slot(match, "span") if "span" in match.re.groupindex else []
        if span and not sentences.is_span(sentence, span) and span != ["now"]:
            return None
        named = sentences.machine_words(sentence, sentence.slot(match, "machine"))
        return _on_machine(sentence, verb, named) if named else None

    return QuestionRule(command, frozenset(verb[:1]), patterns, build, is_about_when=is_about_when)


def _on_machine(sentence: Sentence, verb: Sequence[str], named: list[str]) -> list[str] | None:
    """A sort of machines ("a100") is no machine: only `status` takes it."""
    found = names.readings(sentence.ask.ctx, named)
    is_machine = any(each.count == len(named) for each in found)
    is_sort = not is_machine and bool(names.sorts(sentence.ask.ctx, named[0]))
    return [*verb, *named] if not is_sort or verb == ["status"] else None


def of_exact_machine(words: str, *patterns: str) -> QuestionRule:
    """A verb and a machine by its whole name: for what is said so briefly that nothing else tells what it is."""
    command, *verb = words.split()

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        named = sentence.slot(match, "machine")
        found = names.whole_name(sentence.ask.ctx, named)
        return [*verb, *named] if found is not None and found.count == len(named) else None

    return QuestionRule(command, frozenset(verb[:1]), patterns, build)


def of_sort(words: str, *patterns: str, states: Mapping[str, str] | None = None) -> QuestionRule:
    """A verb and what sorts machines: a kind of GPU, a type or a team; and in which of the `states` they are to be."""
    command, *verb = words.split()

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        sort = sentences.sort_words(sentence, sentence.slot(match, "sort"))
        state = [states[match["state"]]] if states and "state" in match.re.groupindex else []
        return [*verb, *state, *sort] if sort else None

    return QuestionRule(command, frozenset(verb[:1]), patterns, build)


def wanting(*patterns: str, only_gpus: bool = False) -> QuestionRule:
    """What somebody could have: of GPUs, for a time, or anything; `only_gpus`: GPUs have to be named."""

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        typed = sentence.slot(match, "wanted")
        wanted = (
            None if typed and names.whole_name(sentence.ask.ctx, typed) else sentences.wanted_words(sentence, typed)
        )
        if wanted is None or (only_gpus and (not wanted or wanted[0] == "any")):
            return None
        return ["find", *wanted] if wanted else ["status", "free"]

    return QuestionRule("gpu", frozenset({"find", "status"}), patterns, build)


def of_days(words: str, *patterns: str) -> QuestionRule:
    """A report of days, this month without any; a team that is named is one of its rows."""
    command, *verb = words.split()

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        groups = match.re.groupindex
        days = sentences.days_words(sentence, sentence.slot(match, "days") if "days" in groups else [])
        team = sentences.scope_words(sentence, sentence.slot(match, "team")) if "team" in groups else []
        is_of_all = "team" in groups and team == []
        if days is None or team is None or is_of_all or (team and team[0] == "type"):
            return None
        by = ["by", "machine"] if team and team[0] == "instance" else verb[1:]
        return [verb[0], *days, *by]

    return QuestionRule(command, frozenset(verb[:1]), patterns, build)


def scope_rule(words: str, *patterns: str) -> QuestionRule:
    """A verb about everything, or about the team, type or machine that is named."""
    command, *verb = words.split()

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        scope = sentences.scope_words(sentence, sentence.slot(match, "scope")) if "scope" in match.re.groupindex else []
        if scope is None and verb == ["rent-or-buy"]:
            scope = sentences.sort_words(sentence, sentence.slot(match, "scope")) or None
        return None if scope is None else [*verb, *scope]

    return QuestionRule(command, frozenset(verb[:1]), patterns, build)


def of_price(words: str, *patterns: str) -> QuestionRule:
    """The price of a machine, a type, or a kind of GPU."""
    command, *verb = words.split()

    def build(sentence: Sentence, match: re.Match[str]) -> list[str] | None:
        priced = sentence.slot(match, "priced")
        is_known = bool(priced) and (
            bool(names.sorts(sentence.ask.ctx, priced[-1].rstrip("s"))) or sentences.machine_words(sentence, priced)
        )
        if not is_known:
            return None
        sorts = names.sorts(sentence.ask.ctx, priced[-1].rstrip("s"))
        return [*verb, *([priced[-1].rstrip("s")] if sorts else priced)]

    return QuestionRule(command, frozenset(verb[:1]), patterns, build)
