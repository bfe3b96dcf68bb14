"""What differs between two readings of `valet.toml`, and what of it needs a restart."""

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

from bot.redaction import HIDDEN, hide
from bot.settings.secrets import NEVER_SHOWN
from bot.settings.whole import Settings

AT_START = (
    "database",
    "slack.gpu_command",
    "slack.cost_command",
    "door.host",
    "door.port",
    "door.certificate",
    "door.key",
    "door.client_authority",
    "metrics.host",
    "metrics.port",
)
"""What is taken up at a start only: the file that is locked, what Slack's app was told, the address listened on."""
NAMES = ("name", "scope", "instance", "tag", "source")
"""What an entry of a list goes by, in the file as in sentences: the first of these that it has."""
LONGEST_VALUE = 120
NONE = "none"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting that is not as it was."""

    key: str
    """Such as teams.nlp.budget_usd."""
    before: str
    """As people read it: "none" where it was not set."""
    after: str

    def __str__(self) -> str:
        """As in "teams.nlp.budget_usd 42000 -> 50000"."""
        if self.before == self.after:
            return f"{self.key} (not shown)"
        return f"{self.key} {self.before} -> {self.after}"


def changes(before: Settings, after: Settings) -> list[SettingChange]:
    """Every setting that differs, in the order of the file's tables; secrets are hidden."""
    was, now = dict(_flat("", _table(before))), dict(_flat("", _table(after)))
    keys = [*now, *(key for key in was if key not in now)]
    found = [_change(key, was.get(key, NONE), now.get(key, NONE)) for key in keys if was.get(key) != now.get(key)]
    return found + _days_off(before, after)


def with_running(running: Settings, read: Settings) -> tuple[Settings, tuple[str, ...]]:
    """What was read, with what only a start takes up as it runs; and the keys that wait for one."""
    waiting: list[str] = []
    for key in AT_START:
        table, _, name = key.rpartition(".")
        was, now = (getattr(each, table) if table else each for each in (running, read))
        if getattr(was, name) == getattr(now, name):
            continue
        waiting.append(key)
        kept = now.model_copy(update={name: getattr(was, name)})
        read = read.model_copy(update={table: kept}) if table else kept
    return read, tuple(waiting)


def _table(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude_defaults=True)


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each setting by its whole key."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(each, dict) for each in value):
        names = [_called(inner) or str(place + 1) for place, inner in enumerate(value)]
        for place, (name, inner) in enumerate(zip(names, value, strict=True)):
            again = f" {place + 1}" if name in names[:place] else ""
            yield from _flat(f"{key}[{name}{again}]", inner)
    else:
        yield key, _text(value)


def _called(entry: Mapping[str, Any]) -> str:
    return next((str(entry[name])[:60] for name in NAMES if entry.get(name)), "")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NONE
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value) or NONE


def _change(key: str, before: str, after: str) -> SettingChange:
    if key.rpartition(".")[2].partition("[")[0] in NEVER_SHOWN:
        before, after = (each if each == NONE else HIDDEN for each in (before, after))
    return SettingChange(key, _cut(before), _cut(after))


def _cut(text: str) -> str:
    shown = hide(text)
    return shown if len(shown) <= LONGEST_VALUE else f"{shown[: LONGEST_VALUE - 3]}..."


def _days_off(before: Settings, after: Settings) -> list[SettingChange]:
    """Teams whose file of days off says something else by now, under the same name."""
    known = before.teams
    both = [(name, known[name].pausing, team.pausing) for name, team in after.teams.items() if name in known]
    return [
        SettingChange(f"teams.{name}.pausing.holidays_file", _count(was.days_off), _count(now.days_off))
        for name, was, now in both
        if was.holidays_file == now.holidays_file and was.holidays == now.holidays and was.days_off != now.days_off
    ]


def _count(days: Sized) -> str:
    return "1 day" if len(days) == 1 else f"{len(days)} days"
