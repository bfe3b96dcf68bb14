"""`valet doctor`: checks everything Valet depends on."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option, tag_option

if TYPE_CHECKING:
    from bot.doctor import Finding

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command("doctor", short_help="Check settings, database, Slack, AWS and agents.")
@config_option
@tag_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of lines.")
def doctor(config_path: Path, tag: tuple[str, str] | None, *, as_json: bool) -> None:
    """Check settings, database, Slack, AWS and agents.

    Everything is tried as Valet itself will do it, with the same environment (SLACK_BOT_TOKEN and so on), and nothing
    is changed: stopping is tried on AWS as a dry run, on a machine that carries the tag. It may be run while Valet
    runs; run it as the same user. Secrets are never printed.

    Each finding has an id, a level (ok, warning, error), a sentence, and where something should be done, a hint.

    \b
    Exit codes:
      0  no errors; there may be warnings
      1  at least one error
      2  wrong usage
    """
    import os

    from bot.doctor import examine

    found = examine(config_path, os.environ, tag=tag)
    levels = _print_json(found) if as_json else _print(found, config_path)
    click.get_current_context().exit(1 if "error" in levels else 0)


def _print(found: "Iterable[Finding]", config_path: Path) -> list[str]:
    levels: list[str] = []
    first: Finding | None = None
    for finding in found:
        levels.append(finding.level)
        first = first or (finding if finding.level == "error" else None)
        click.echo(f"{click.style(f'{finding.level:<7}', fg=COLOURS[finding.level])}  {finding.id}  {finding.sentence}")
        if finding.hint:
            click.echo(f"{'':15}{finding.hint}")
    click.echo(f"{_count(levels, 'error')}, {_count(levels, 'warning')}, {levels.count('ok')} ok")
    click.echo(f"Next: {_next_step(first, config_path)}")
    return levels


def _next_step(first: "Finding | None", config_path: Path) -> str:
    """What to do now: mend the first error, else run, else go to Slack."""
    if first is not None:
        again = f"`valet doctor --config {config_path}`"
        return f"mend {first.id}. {first.hint or first.sentence} Then {again} once more."
    from bot.commands.options import settings_of
    from store.checkup import lock_holder

    if lock_holder(Path(settings_of(config_path).database)) is None:
        return f"`valet run --config {config_path}`, or the unit that `valet unit` prints."
    return "Valet runs. Type `/gpu` in Slack; `valet token add HOST` lets an agent report."


def _count(levels: list[str], level: str) -> str:
    number = levels.count(level)
    return f"{number} {level}{'' if number == 1 else 's'}"


def _print_json(found: "Iterable[Finding]") -> list[str]:
    import json
    from dataclasses import asdict

    findings = [asdict(finding) for finding in found]
    click.echo(json.dumps({"version": 1, "findings": findings}, indent=2))
    return [finding["level"] for finding in findings]
