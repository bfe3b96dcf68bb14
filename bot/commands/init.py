"""`valet init`: settings, filled in with what is known already."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from bot.commands.options import USUAL
from bot.errors import Refused, SettingsError

ASK_CHANNEL = "Slack channel for cards and digests (C..., at the end of its details; empty: later)"
ASK_ADMINS = "Slack user ids of two admins or more, with commas (profile, Copy member ID; empty: later)"
ASK_REGIONS = "AWS regions with GPU machines, with commas (empty: none)"
ASK_TEAM = "A team and its members, as nlp=U024BE7LK,U024BE7LM (empty: no more)"

Answers = dict[str, Sequence[str]]
"""Channel, admins, regions and teams, each as it was typed."""


@click.command("init", short_help="Write settings, asking for what it needs.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default=USUAL, metavar="[FILE]")
@click.option("--channel", metavar="ID", default="", help="Slack channel for cards and digests of teams without one.")
@click.option("--admin", "admins", metavar="USER", multiple=True, help="Slack user id of an admin; name two.")
@click.option("--region", "regions", metavar="REGION", multiple=True, help="AWS region to look at.")
@click.option("--team", "teams", metavar="NAME=USER,USER", multiple=True, help="A team and its members.")
@click.option("--no-questions", is_flag=True, help="Ask nothing: what no option says is left to fill in.")
def init(
    path: Path,
    channel: str,
    admins: tuple[str, ...],
    regions: tuple[str, ...],
    teams: tuple[str, ...],
    *,
    no_questions: bool,
) -> None:
    """Write a short settings file, by default valet.toml; one that is there is left alone.

    On a terminal it asks for the channel, admins, regions and teams that no option gives. Each answer may be left empty
    and filled in later; what is no id is asked for again.

    \b
    Examples:
      valet init && valet doctor
      valet init --channel C024BE7LR --admin U024BE7LH --admin U024BE7LJ --region us-east-1 --team nlp=U024BE7LK
    """
    if path.exists():
        raise Refused(f"{path} exists already. `valet doctor --config {path}` looks at it.")
    given = {"channel": [channel] if channel else [], "admins": admins, "regions": regions, "teams": teams}
    told: Answers = {name: _parts(name, words) for name, words in given.items()}
    settings_text(told)
    if sys.stdin.isatty() and sys.stdout.isatty() and not no_questions:
        told = asked(told)
    try:
        with path.open("x") as file:
            file.write(settings_text(told))
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror}.") from error
    click.echo(f"Wrote {path}. Next: `valet doctor` says what is missing.")


def asked(told: Answers) -> Answers:
    """The answers, with those of somebody at the terminal to what was not told yet."""
    for name, question in (("channel", ASK_CHANNEL), ("admins", ASK_ADMINS), ("regions", ASK_REGIONS)):
        if not told[name]:
            told = _answered(told, name, question, list)
    while True:
        known = told["teams"]
        told = _answered(told, "teams", ASK_TEAM, partial(_with, known))
        if told["teams"] == known:
            return told


def _answered(told: Answers, name: str, question: str, put: Callable[[Sequence[str]], Sequence[str]]) -> Answers:
    """The answers with this one; asked again until it is right."""
    while True:
        said = click.prompt(question, default="", show_default=False)
        try:
            fresh = {**told, name: put(_parts(name, [said] if said.strip() else []))}
            settings_text(fresh)
        except (Refused, SettingsError) as wrong:
            click.echo(str(wrong), err=True)
            continue
        return fresh


def _with(known: Sequence[str], words: Sequence[str]) -> Sequence[str]:
    return [*known, *words]


def _parts(name: str, words: Sequence[str]) -> Sequence[str]:
    if name == "teams":
        return [word.strip() for word in words if word.strip()]
    return [part.strip() for word in words for part in word.split(",") if part.strip()]


def settings_text(told: Mapping[str, Sequence[str]]) -> str:
    """The file with these answers in it. Raises Refused, SettingsError for what is no answer."""
    from bot.commands.files import filled_file

    text = filled_file("valet.toml")
    if told["channel"]:
        text = _put(text, "channel", f'"{told["channel"][0]}"')
    if told["admins"]:
        text = _put(text, "admins", _list(told["admins"]))
    if told["regions"]:
        text = _put(text.replace("# [[aws]]  ", "[[aws]]    ", 1), "regions", _list(told["regions"]))
    for team in told["teams"]:
        name, _, members = team.partition("=")
        if not name.strip() or not members.strip():
            raise Refused(f'"{team}" names no team and members: expected such as nlp=U024BE7LK,U024BE7LM.')
        people = _list([person.strip() for person in members.split(",") if person.strip()])
        text += f"\n[teams.{name.strip()}]\nmembers = {people}\n"
    if any(told.values()):
        from bot.settings.reading import parse_text

        parse_text(text, "valet.toml", {})
    return text


def _put(text: str, key: str, value: str) -> str:
    """The first line of this key, with its value and no # before it."""
    before, mark, after = text.partition(f"# {key} = ")
    return f"{before}{key} = {value}{after[after.index(chr(10)) :]}" if mark else text


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
