"""The parts of the pages made from the code, by marker. `pytest tests/test_docs.py --write-docs` writes them."""

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.cli import COMMANDS, main
from bot.commands.options import USUAL
from bot.domain.machines.states import FREE, STATES, UNCLAIMED
from bot.providers.policy import (
    agent_policy,
    assume_policy,
    athena_policy,
    clone_policy,
    disks_policy,
    launch_policy,
    policies,
    run_policy,
)
from bot.settings import SECRETS, Settings
from bot.telemetry.alerts import ALERTS
from bot.telemetry.families import FAMILIES
from bot.telemetry.openapi import openapi
from handlers import cost, gpu, http
from handlers.manifest import bot_scopes, optional_scopes
from handlers.verbs import Verb
from tests import house
from tests.pages import ROOT, pages
from tests.test_architecture import FORBIDDEN

CHAT_EXAMPLES = {
    "/gpu status": "/gpu status idle",
    "/gpu why": "/gpu why train-7",
    "/gpu find": "/gpu find 2xA100 for 6h",
    "/gpu history": "/gpu history train-7",
    "/gpu claim": "/gpu claim train-7 gpus:2 for 4h fine-tune",
    "/gpu extend": "/gpu extend train-7 until fri 14:00",
    "/gpu release": "/gpu release train-7",
    "/gpu hand": "/gpu hand train-7 @bob",
    "/gpu adopt": "/gpu adopt dgx-1 for 8h",
    "/gpu wait": "/gpu wait 1xA100 for 6h",
    "/gpu leave": "/gpu leave train-7",
    "/gpu line": "/gpu line train-7",
    "/gpu request": "/gpu request train-7 gpus:2 for 6h a demo at noon",
    "/gpu book": "/gpu book train-7 gpus:2 every tue 20:00 for 6h",
    "/gpu bookings": "/gpu bookings mine",
    "/gpu unbook": "/gpu unbook train-7",
    "/gpu calendar": "/gpu calendar feed",
    "/gpu stop": "/gpu stop train-7 the run is over",
    "/gpu stop idle": "/gpu stop idle team:nlp",
    "/gpu start": "/gpu start train-7 for 8h",
    "/gpu launch": "/gpu launch a100-dev for 8h",
    "/gpu clone": "/gpu clone nb-5 no-reboot for 8h",
    "/gpu resize": "/gpu resize nb-5 g5.12xlarge",
    "/gpu images": "/gpu images",
    "/gpu snooze": "/gpu snooze train-7 4h",
    "/gpu hours": "/gpu hours train-7 Mon-Fri 08:00-19:00",
    "/gpu drain": "/gpu drain dgx-1 new power supply",
    "/gpu rename": "/gpu rename dgx-1 dgx-one",
    "/gpu retire": "/gpu retire dgx-1",
    "/gpu count": "/gpu count dgx-1 7",
    "/gpu run": "/gpu run nightly-eval train-7",
    "/gpu runs": "/gpu runs",
    "/gpu undelivered": "/gpu undelivered",
    "/gpu settings": "/gpu settings quiet 19:00-09:00",
    "/cost forecast": "/cost forecast 30d by team",
    "/cost report": "/cost report last month by team",
    "/cost idle": "/cost idle week",
    "/cost bill": "/cost bill october 2026",
    "/cost rent-or-buy": "/cost rent-or-buy p4d.24xlarge price:150000",
    "/cost prices": "/cost prices H100",
    "/cost savings": "/cost savings year",
    "/cost budget": "/cost budget team nlp",
}
"""One line to type for each verb; a test types every one of them."""

SHELL_EXAMPLES = {
    "run": "valet run --config /etc/valet/valet.toml",
    "demo": "valet demo --port 8080 --no-browser",
    "agent": "valet agent --server https://valet.example.com --host dgx-1 --token-file /etc/valet/token",
    "verify-audit": "valet verify-audit",
    "backup": "valet backup /mnt/copies",
    "restore": "valet restore /mnt/copies/valet.db",
    "doctor": "valet doctor",
    "token": "valet token add dgx-1",
}
"""For the commands whose help has no example."""

SCOPES = {
    "app_mentions:read": "to hear `@valet ...`",
    "channels:history": "to look whether a message is there before it is posted again, in public channels",
    "channels:read": "to hear that it was added to a public channel, and say what it is",
    "chat:write": "to post messages and edit them",
    "commands": "for `/gpu` and `/cost`",
    "files:write": "to send the CSV files that somebody asked for",
    "groups:history": "as `channels:history`, in private channels",
    "groups:read": "as `channels:read`, in private channels",
    "im:history": "to hear what people write to it in person, and as `channels:history`",
    "im:write": "to write to somebody in person",
    "usergroups:read": "to read the user groups that the settings name",
    "users:read": "for names, time zones, guests, and who has left",
}

POLICIES: dict[str, tuple[dict[str, Any], str]] = {
    "read": (policies("key", "value")["read"], "always"),
    "stop-start": (policies("key", "value")["stop-start"], "to stop and start tagged machines"),
    "launch": (launch_policy("key", "value"), "where `[[launch]]` lists a template"),
    "clone": (clone_policy("key", "value"), "where `[actions]` has `clone = true`"),
    "run": (run_policy("key", "value"), "where `[runs]` lists a command"),
    "disks": (disks_policy(["key"]), "where `--kms-key` names a key of yours for disks"),
    "agent": (agent_policy("parameter"), "for GPU machines that read their token from the Parameter Store"),
    "assume": (assume_policy(["role"]), "where `[[aws]]` or `[bill]` names a `role_arn`"),
    "bill": (athena_policy("bucket", "s3://results"), 'where `[bill]` has `source = "athena"`'),
}


def rows(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A table."""
    cells = [head, ("---",) * len(head), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def chat_commands() -> str:
    """A heading per topic, and per verb what it does, how it is typed, and an example."""
    both = (("/gpu", gpu.VERBS), ("/cost", cost.VERBS))
    return "\n\n".join(
        f"### {topic or 'Money'}\n\n" + "\n\n".join(_verb(command, verb) for verb in verbs)
        for command, all_verbs in both
        for topic, verbs in groupby(all_verbs, lambda verb: verb.topic)
    )


def _verb(command: str, verb: Verb) -> str:
    is_batch = verb.usage.startswith("stop idle")
    example = CHAT_EXAMPLES[f"{command} stop idle" if is_batch else f"{command} {verb.name}"]
    shown = "\n".join(dict.fromkeys([f"{command} {verb.usage}", example]))
    return f"**{verb.name}**: {verb.help}\n```text\n{shown}\n```"


def command_line() -> str:
    """Every subcommand: what it does, its options, and an example."""
    context = click.Context(main)
    return "\n\n".join(_subcommand(name, main.get_command(context, name)) for name in COMMANDS)


def _subcommand(name: str, command: click.Command | None) -> str:
    assert command is not None
    help_ = (command.help or "").split("\f")[0]
    said = " ".join(help_.strip().split("\n\n")[0].split())
    example = re.search(r"Examples?:\n((?: {2}[^\n]*(?:\n|$))+)", help_)
    shown = textwrap.dedent(example[1]).rstrip() if example else SHELL_EXAMPLES[name]
    options = [_option(option) for option in command.params if isinstance(option, click.Option)]
    inner = command.commands.items() if isinstance(command, click.Group) else ()
    below = [f"- `valet {name} {word}`: {each.short_help or each.help}" for word, each in inner]
    parts = [f"### valet {name}", said, "\n".join([*below, *filter(None, options)]), f"```sh\n{shown}\n```"]
    return "\n\n".join(part for part in parts if part)


def _option(option: click.Option) -> str:
    """What an option is given and does; "" for the settings file, of which the page tells once."""
    if option.opts[0] == "--config" and str(option.default) == str(USUAL):
        return ""
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(main)).removesuffix(' RANGE')}"
    return f"- `{option.opts[0]}{value}`: {option.help}"


def settings() -> str:
    """A heading and a table for each table of valet.toml."""
    return "\n\n".join(
        f"## {heading}\n\n{rows(('key', 'default', 'meaning'), lines)}" for heading, lines in _tables(Settings, "")
    )


def _tables(model: type[BaseModel], place: str) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Each table by its heading, those inside it behind it."""
    fields = model.model_fields.items()
    own = [row for name, field in fields if not (nested(field) or _is_map(field, place)) for row in _row(name, field)]
    yield (place or "At the top of the file"), own
    for name, field in fields:
        inner = nested(field)
        if inner is not None:
            path = f"{place.strip('[]')}.{name}{inner[1]}".lstrip(".")
            yield from _tables(inner[0], f"[[{path}]]" if inner[2] else f"[{path}]")
        elif _is_map(field, place):
            yield f"[{name}]", list(_row("NAME", field))


def _row(name: str, field: FieldInfo) -> Iterator[tuple[str, ...]]:
    yield f"`{name}`", default(field), str(field.description)


def _is_map(field: FieldInfo, place: str) -> bool:
    return not place and getattr(field.annotation, "__origin__", None) is dict


def nested(field: FieldInfo) -> tuple[type[BaseModel], str, bool] | None:
    """The table inside a setting, how its name goes on, and whether there are several: [[aws]]; teams go by name."""
    kinds: list[Any] = [field.annotation, *getattr(field.annotation, "__args__", ())]
    inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if inner is None:
        return None
    origin = getattr(field.annotation, "__origin__", None)
    return inner, ".NAME" if origin is dict else "", origin is tuple


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value in ("", (), {}, None):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def secrets() -> str:
    return rows(("name", "what it is"), ((f"`{name}`", help_) for name, help_ in SECRETS.items()))


def scopes() -> str:
    optional = dict.fromkeys(optional_scopes(), "; may be left out")
    return rows(("scope", "what for"), ((f"`{each}`", SCOPES[each] + optional.get(each, "")) for each in bot_scopes()))


def permissions() -> str:
    """Each document of `valet iam-policy` with the actions that it allows."""
    return rows(
        ("document", "needed", "allows"),
        ((f"`{name}`", when, ", ".join(_actions(document))) for name, (document, when) in POLICIES.items()),
    )


def _actions(document: dict[str, Any]) -> list[str]:
    named = re.findall(r'"(\w+:[A-Z]\w+)"', json.dumps([each["Action"] for each in document["Statement"]]))
    return [f"`{action}`" for action in dict.fromkeys(named)]


def exit_codes() -> str:
    """As `valet --help` has them."""
    codes = re.findall(r"^ +(\d+) +(.+)$", main.help or "", re.M)
    return rows(("exit code", "meaning"), ((f"`{code}`", meaning) for code, meaning in codes))


def metrics() -> str:
    """Every family of /metrics."""
    found = [
        (f"`{each.name}`", ", ".join(f"`{label}`" for label in each.labels) or "-", each.help)
        for each in sorted(FAMILIES.values(), key=lambda family: family.name)
    ]
    return rows(("metric", "labels", "meaning"), found)


def alerts() -> str:
    """Every alert, with what to do about it."""
    found = ((f"`{each.name}`", each.severity, each.summary, each.runbook) for each in ALERTS)
    return rows(
        ("alert", "severity", "what is wrong", "what to do first"), (map(_without_values, row) for row in found)
    )


def _without_values(text: str) -> str:
    """The text with a word where Prometheus puts a value."""
    return re.sub(r"{{ \$(?:labels\.(\w+)|value) }}", lambda found: f"`{found[1]}`" if found[1] else "N", text)


def addresses() -> str:
    """What the door answers."""
    told = [
        (f"`{verb.upper()} {path}`", operation["summary"])
        for path, verbs in openapi()["paths"].items()
        for verb, operation in verbs.items()
    ]
    slack = (f"`POST {http.SLACK_PATH}`", "What Slack sends, over signed HTTP only.")
    return rows(("address", "what it is for"), [*told, slack])


def layers() -> str:
    """Who may not import whom."""
    return rows(
        ("code in", "never imports"),
        ((f"`{place}`", ", ".join(f"`{name}`" for name in walls)) for place, walls in FORBIDDEN.items()),
    )


def topics() -> str:
    """A heading per area, and per topic what it is and the layers in which it has a file."""
    by_area = groupby(house.all_topics().items(), lambda item: item[0][0])
    return "\n\n".join(
        f"### {area.capitalize() or 'Around'}\n\n{rows(('topic', 'what it is', 'stands in'), map(_topic, found))}"
        for area, found in by_area
    )


def _topic(item: tuple[tuple[str, str], dict[str, str]]) -> tuple[str, str, str]:
    (_, stem), by_layer = item
    return (
        f"`{stem}`",
        house.about(by_layer),
        ", ".join(house.LAYERS[layer] for layer in house.LAYERS if layer in by_layer),
    )


def states() -> str:
    """What machines do, in the words that Slack, the docs and the command line share."""
    words = [*STATES.values(), FREE, UNCLAIMED]
    lines = ["| word | it means | filters of `/gpu status` |", "| --- | --- | --- |"]
    typed = [", ".join(f"`{word}`" for word in each.typed) or "-" for each in words]
    return "\n".join(
        [*lines, *(f"| *{each.word}* | {each.means} | {how} |" for each, how in zip(words, typed, strict=True))]
    )


PARTS: dict[str, Callable[[], str]] = {
    "states": states,
    "chat-commands": chat_commands,
    "command-line": command_line,
    "settings": settings,
    "secrets": secrets,
    "scopes": scopes,
    "permissions": permissions,
    "exit-codes": exit_codes,
    "metrics": metrics,
    "alerts": alerts,
    "addresses": addresses,
    "layers": layers,
    "topics": topics,
}


def shape(marker: str) -> re.Pattern[str]:
    """A part in its page: from <!-- marker --> to <!-- /marker -->."""
    return re.compile(rf"(?<=<!-- {marker} -->\n\n).*?(?=\n\n<!-- /{marker} -->)", re.S)


def write() -> None:
    """Write each part into its page."""
    for path, text in pages().items():
        (ROOT / path).write_text(_renewed(text), encoding="utf-8")
    pages.cache_clear()


def _renewed(text: str) -> str:
    for marker, make in PARTS.items():
        if f"<!-- {marker} -->" not in text:
            continue
        text = shape(marker).sub(make().replace("\\", r"\\"), text)
    return text
