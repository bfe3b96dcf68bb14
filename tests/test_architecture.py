"""Who may import whom, and what importing must not do."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from handlers import topics
from tests import house
from tests.house import ROOT

SDKS = ("slack_bolt", "slack_sdk", "boto3", "botocore", "pynvml", "apscheduler", "sqlite_utils", "starlette", "uvicorn")
OURS = ("store", "handlers", "bot.services", "bot.providers", "bot.telemetry", "bot.jobs", "bot.agent", "bot.sandbox")

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "bot/domain": (*SDKS, *OURS, "pydantic", "click", "numpy", "bot.settings", "bot.wiring"),
    "bot/errors.py": (*SDKS, *OURS),
    "store": (*[each for each in SDKS if each != "sqlite_utils"], *[each for each in OURS if each != "store"]),
    "bot/providers": ("store", "handlers", "bot.services", "slack_bolt", "slack_sdk", "pynvml", "sqlite_utils"),
    "bot/telemetry": ("store", "handlers", "bot.services", "slack_bolt", "slack_sdk", "boto3", "sqlite_utils"),
    "bot/billing": ("store", "handlers", "bot.services", "slack_bolt", "slack_sdk", "sqlite_utils"),
    "bot/services": ("handlers", "slack_bolt", "slack_sdk", "boto3", "botocore", "pynvml", "apscheduler", "bot.jobs"),
    "bot/jobs": ("handlers", "store", "slack_bolt", "slack_sdk", "boto3"),
    "bot/agent": ("handlers", "store", "bot.services", *[each for each in SDKS if each != "pynvml"], "pydantic"),
    "bot/sandbox": ("handlers", "tests", "store", "bot.services", "slack_bolt", "slack_sdk", "boto3", "sqlite_utils"),
    "handlers/blocks": ("slack_bolt", "slack_sdk", "bot.services", "store", "bot.settings", "time", "datetime.now"),
    "handlers": ("store", "boto3", "botocore", "pynvml", "sqlite_utils", "apscheduler", "bot.wiring", "bot.sandbox"),
}
ONLY_IN = {
    "duckdb": {"bot/billing/duck.py"},
    "numpy": set(),
    "numpy_financial": set(),
    "boto3": {"bot/providers/clients.py"},
    "pynvml": {"bot/telemetry/nvml.py"},
    "apscheduler": {"bot/jobs/schedule.py"},
    "slack_bolt": {"handlers/listen.py", "handlers/http.py", "bot/connection.py", "bot/socket_client.py"},
    "uvicorn": {"bot/thread_server.py", "bot/telemetry/serving.py", "bot/sandbox/slack/server.py"},
}


@cache
def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(house.tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def files(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def breaches(place: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(place)
        for name in sorted(imports(path))
        for wall in FORBIDDEN[place]
        if name == wall or name.startswith(wall + ".")
    ]


@pytest.mark.parametrize("place", FORBIDDEN)
def test_arrows_point_one_way(place):
    assert files(place)
    assert breaches(place) == []


@pytest.mark.parametrize("sdk", ONLY_IN)
def test_each_sdk_is_imported_in_its_own_place_only(sdk):
    found = {
        str(path.relative_to(ROOT))
        for place in ("bot", "handlers", "store")
        for path in files(place)
        if any(name == sdk or name.startswith(sdk + ".") for name in imports(path))
    }

    assert found <= ONLY_IN[sdk]


def test_the_rule_would_catch_a_planted_breach(tmp_path):
    planted = tmp_path / "sneaky.py"
    planted.write_text("def late():\n    from store import Store\n")

    assert "store" in imports(planted)


def test_importing_everything_does_no_work():
    """No thread, no client, no file and no NVML at import."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for place in ("bot", "handlers", "store")
        for path in files(place)
        if path.name != "__main__.py"
    ]
    load = f"for name in {modules!r}: importlib.import_module(name)"
    code = f"import importlib, threading\n{load}\nprint(threading.active_count())"

    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "1"


def test_source_files_and_functions_stay_small():
    too_long = []
    for place in ("bot", "handlers", "store"):
        for path in files(place):
            lines = path.read_text().count("\n")
            if lines > 400:
                too_long.append(f"{path.relative_to(ROOT)}: {lines} lines")
            for node in ast.walk(house.tree_of(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or 0) - node.lineno + 1
                    if length > 45:
                        too_long.append(f"{path.relative_to(ROOT)}:{node.name}: {length} lines")

    assert too_long == []


NAME_OF_A_TEST = re.compile(r"^ *(?:async )?def test_(\w+)", re.MULTILINE)


def test_the_name_of_a_test_is_a_promise_of_at_most_15_words():
    names = [name for path in files("tests") for name in NAME_OF_A_TEST.findall(path.read_text())]

    assert len(names) > 3000
    assert [name for name in names if name.count("_") >= 15] == []


STARRED = re.compile(r"[(,]\s*\*[\w(\[]")
"""Without it there is no call that unpacks, and nothing to parse."""


def by_position(tree: ast.AST) -> list[str]:
    """Calls in which nobody sees which value is which field: a literal tuple unpacked, or a record of tuples."""
    calls = [call for call in starred_calls(tree) if any(isinstance(each, ast.Tuple | ast.List) for each in call[1])]
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and (unpacking := starred_calls(function)):
            packed = {
                target.id
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            calls += [
                (call, unpacked)
                for call, unpacked in unpacking
                if ast.unparse(call.func).split(".")[-1].lstrip("_")[:1].isupper()
                and any(isinstance(each, ast.Name) and each.id in packed for each in unpacked)
            ]
    return sorted({ast.unparse(call) for call, _ in calls})


def starred_calls(tree: ast.AST) -> list[tuple[ast.Call, list[ast.expr]]]:
    """The calls that unpack something, and what."""
    found = [
        (call, [each.value for each in call.args if isinstance(each, ast.Starred)])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
    ]
    return [(call, unpacked) for call, unpacked in found if unpacked]


def test_no_call_unpacks_a_literal_tuple_into_positions():
    planted = "def f(a, b):\n    about = (a, b)\n    return Grant(*about), g(*(a, b)), h(*a)"
    assert STARRED.search(planted)
    assert by_position(ast.parse(planted)) == ["Grant(*about)", "g(*(a, b))"]

    found = {
        str(path.relative_to(ROOT)): calls
        for place in ("bot", "handlers", "store", "tests")
        for path in files(place)
        if STARRED.search(path.read_text()) and (calls := by_position(house.tree_of(path)))
    }

    assert found == {}


def untyped(tree: ast.AST) -> list[str]:
    """Functions that make a record of ours of whatever they are handed, so that nobody sees which fields it has."""
    loose = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        rest, makes = function.args.kwarg, ast.unparse(function.returns) if function.returns else ""
        if rest is not None and rest.annotation is not None and ast.unparse(rest.annotation) in {"Any", "object"}:
            is_record = makes[:1].isupper() and makes not in {"None", "Any", "SlackResponse"}
            loose += [function.name] if is_record or function.name == "__init__" else []
    return loose


def test_no_record_is_made_of_whatever_is_handed():
    planted = "def new(kind: str, **more: Any) -> Action: ...\ndef f(**more: Any) -> None: ..."
    assert untyped(ast.parse(planted)) == ["new"]

    found = {
        str(path.relative_to(ROOT)): names
        for place in ("bot", "handlers", "store")
        for path in files(place)
        if (names := untyped(house.tree_of(path)))
    }

    # Slack's own client takes what it takes, and what is read is a row.
    assert found == {"bot/slack_client.py": ["__init__"], "store/records.py": ["record_of"]}


SAME_STEM_ELSEWHERE = {
    ("handlers.acting.actions", "handlers/blocks"): "a card is drawn by its kind: approvals, batches, launch",
    (
        "handlers.acting.actions",
        "bot/services",
    ): "asked for and decided on by approvals, whatever the kind",
    ("handlers.sharing.claim_ends", "handlers/blocks"): "what a claim is by now is drawn by claims and reminders",
    ("handlers.sharing.claim_ends", "bot/services"): "claims extends and ends them, as it makes them",
    ("handlers.sharing.take", "handlers/blocks"): "what was found is drawn by find, and offered by line",
    ("handlers.sharing.take", "bot/services"): "what was found is taken by claims, start and launch",
    ("handlers.questions", "bot/services"): "the question was kept by clarifications, whatever was asked",
    ("handlers.troubles", "bot/services"): "each trouble is told by the service that has it",
}
"""Controllers that use a layer in which nothing has their name, and why."""


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda topic: topic.__name__)
def test_a_topic_has_the_same_name_in_every_layer_it_uses(topic):
    area, _, stem = topic.__name__.removeprefix("handlers.").rpartition(".")
    stands_in = house.all_topics()[area, stem]

    elsewhere = {
        (topic.__name__, layer)
        for layer in ("handlers/blocks", "bot/services")
        for module in house.edges()[topic.__name__]
        if module.startswith(tuple(f"{layer.replace('/', '.')}.{area}." for area in house.AREAS if area))
        if layer not in stands_in
    }

    assert elsewhere == {key for key in SAME_STEM_ELSEWHERE if key[0] == topic.__name__}


APART = {
    "bot.doctor": "its package's one door",
    "bot.doctor.aws": "imported late: it alone needs boto3",
    "bot.sandbox.clock": "the demo's clock, beside its Slack and its machines",
    "bot.sandbox.slack": "its package's one door",
    "bot.services.pruning": "a job of its own, in the table of jobs",
    "bot.supervisor": "talks to systemd, and nothing else does",
    "handlers.blocks.questions": "blocks are pure, and parsing is not",
}
"""Files under 40 lines that one module imports, and why they are files; topics are files at any size."""


def test_a_file_under_40_lines_with_one_importer_has_a_reason():
    of_topics = {module for by_layer in house.all_topics().values() for module in by_layer.values()}

    small = {
        module
        for module, importers in house.importers().items()
        if len(importers) == 1 and house.lines_of(module) < 40 and module not in of_topics
    }

    assert small == APART.keys() - of_topics


MEANT_TO_RECUR = {
    "what a topic registers": {"SCHEMA", "VERBS", "BUTTONS", "FORMS", "MESSAGES", "KIND", "COLUMNS"},
    "what every table can do, said with its module": {"add", "by_id", "end", "keep", "newest", "note", "prune", "save"},
    "a step of an action or of a job, said with its module": {"begin", "check", "follow", "run", "start", "tell"},
    "beside a topic's answer": {"as_csv", "details"},
    "one word for a thing and for the command that shows it": {"forecast", "status"},
    "a person in a sentence, and in Slack's own writing": {"person", "persons"},
    "what one outside thing is called": {"Body", "MOST", "T", "View", "log"},
}
"""Public names that stand in modules of several topics, and why."""


def names_twice() -> dict[str, set[str]]:
    """Public names -> the modules that define them, where these are of more than one topic."""
    modules_by_name: dict[str, set[str]] = {}
    for module in house.modules():
        for name in house.public(module):
            modules_by_name.setdefault(name, set()).add(module)
    return {name: found for name, found in modules_by_name.items() if len({m.rpartition(".")[2] for m in found}) > 1}


def test_a_public_name_is_of_one_topic_or_is_meant_to_recur():
    assert names_twice().keys() == set().union(*MEANT_TO_RECUR.values())


LATE = {
    ("handlers.questions", "handlers.cost"): "what was meant is typed once more, so every verb is known",
    ("handlers.questions", "handlers.gpu"): "as for cost",
    ("handlers.help", "handlers.topics"): "help tells of every verb, whatever topic it is of",
    ("handlers.undelivered", "handlers.topics"): "a message is drawn again, whatever topic it is of",
    (
        "handlers.parsing.reserved",
        "handlers.gpu",
    ): "no machine is called like a verb, and renaming is a verb",
    (
        "handlers.parsing.notes",
        "handlers.parsing.lasting",
    ): "the time in a note may be what was meant",
}
"""Imports inside a function that close a circle, and why."""


def test_no_module_imports_itself_by_way_of_others():
    cut = {
        module: {other for other in others if (module, other) not in LATE} for module, others in house.edges().items()
    }

    assert house.circle(cut) == set()
    assert all(house.circle({**cut, late[0]: cut[late[0]] | {late[1]}}) for late in LATE)
    assert house.circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == {"b", "c"}


def verbs_listed(tree: ast.AST) -> set[str]:
    """The verbs of three topics or more that one literal names: a second list that whoever adds a verb must know."""
    topics_by_verb = {verb.name: topic for topic in topics.TOPICS for verb in getattr(topic, "VERBS", ())}
    for node in ast.walk(tree):
        inside = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
        named = {part.value for part in inside if isinstance(part, ast.Constant)} & topics_by_verb.keys()
        if len({topics_by_verb[name] for name in named}) > 2:
            return named
    return set()


def test_verbs_are_listed_in_their_topics_only():
    assert verbs_listed(ast.parse("x = ('status', 'claim', 'hours')")) == {"status", "claim", "hours"}

    found = {
        module: verbs
        for module, (_, tree) in house.modules().items()
        if module.startswith("handlers") and (verbs := verbs_listed(tree))
    }

    assert found == {}


def texts(tree: ast.AST) -> list[str]:
    """What a module says: its strings, without the docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [str(node.value) for node in strings if id(node) not in docs]


def test_nothing_below_the_face_writes_mentions_or_commands_itself():
    found = {
        str(path.relative_to(ROOT)): said
        for place in ("bot/domain", "bot/services", "store", "bot/errors.py")
        for path in files(place)
        if (said := [text for text in texts(house.tree_of(path)) if re.search(r"<@|`/(gpu|cost)\b", text)])
    }

    assert list(found) == ["bot/domain/parts.py"]
