"""The docs are true: every command, setting, exit code and sentence of the pages is what the program has and says."""

import re
import tomllib
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.cli import COMMANDS, main
from bot.domain.clock import MINUTE
from bot.settings import SECRETS, Settings, parse
from bot.telemetry import wire
from handlers import http
from handlers.commands import cost, gpu
from tests import pages
from tests.pages import block, table
from tests.stories.conftest import office, office_with  # noqa: F401  # the README's conversation happens in a story's office

README = pages.README.read_text()
EVERYTHING = pages.everything()


def settings_rows(model: type[BaseModel], prefix: str = "") -> list[str]:
    """One row per setting, as the settings page shows them."""
    rows = []
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        inner = nested(field)
        if inner is not None:
            rows += settings_rows(inner[0], f"{key}{inner[1]}.")
        else:
            rows.append(f"| `{key}` | {default(field)} | {field.description} |")
    return rows


def nested(field: FieldInfo) -> tuple[type[BaseModel], str] | None:
    """The table inside a setting, and how its name goes on: [[aws]] is a list, teams go by name."""
    kinds: list[Any] = [field.annotation, *getattr(field.annotation, "__args__", ())]
    inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if inner is None:
        return None
    origin = getattr(field.annotation, "__origin__", None)
    return inner, {tuple: "[]", dict: ".NAME"}.get(origin, "")


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value in ("", (), {}, None):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_setting_is_in_the_docs_with_its_default_and_meaning():
    expected = "\n".join(["| key | default | meaning |", "| --- | --- | --- |", *settings_rows(Settings), ""])

    assert table("settings") == expected


def test_the_sample_settings_file_is_valid():
    settings = parse(tomllib.loads(block("settings-sample")), {})

    assert settings.teams


def test_every_secret_is_named():
    assert all(f"`{name}`" in EVERYTHING for name in SECRETS)
    assert all(name in EVERYTHING for name in ("SLACK_API_URL", "VALET_DB", "NAME_FILE"))


def test_every_command_line_command_is_named_and_none_that_does_not_exist():
    named = set(re.findall(r"(?:^|[`/ ])valet ([a-z-]+)", EVERYTHING, re.M))

    assert set(COMMANDS) <= named
    assert named - set(COMMANDS) <= {"status"}


def test_every_chat_command_is_in_the_docs_as_its_help_has_it():
    shown = block("chat-commands")

    for command, verbs in (("/gpu", gpu.VERBS), ("/cost", cost.VERBS)):
        for verb in verbs:
            assert f"{command} {verb.usage}" in shown
    assert len(shown.strip().splitlines()) == len(gpu.VERBS) + len(cost.VERBS) + 2


def test_the_exit_codes_are_those_of_the_program():
    helped = CliRunner().invoke(main, ["--help"]).output

    for code in ("0", "1", "2", "75"):
        assert re.search(rf"^\| `{code}` \|", EVERYTHING, re.M)
        assert re.search(rf"^\s+{code}\s", helped, re.M)


def test_the_doors_addresses_are_named():
    for path in (wire.PATH, "/healthz", "/metrics", "/openapi.json", http.PATH):
        assert f"`{path}`" in EVERYTHING or f" {path}`" in EVERYTHING


def test_the_two_commands_stand_on_the_first_screen():
    first_screen = "\n".join(README.splitlines()[:40])

    assert "valet demo" in first_screen
    assert ".venv/bin/pytest" in first_screen


def test_the_sample_conversation_is_what_people_really_see(office):  # noqa: F811
    office.reports("train-7", 0.0, minutes=200)
    said = []
    for who, line in (
        ("ada", "/gpu claim train-7 for 4h fine-tune"),
        ("bob", "/gpu claim trian-7"),
        ("ada", "/gpu release train-7"),
        ("ada", "/gpu stop train-7 the run is over"),
    ):
        said.append(spoken(who, line, office.types(who, line)))
    said.append(spoken("#ml-platform", "", office.sees("bob", "#ml-platform")))
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(MINUTE)
    card = "\n".join(office.sees("bob", "#ml-platform").splitlines()[:2])
    said.append(spoken("bob", "presses [Stop train-7], and three minutes later the card says", card))

    assert block("conversation") == "\n".join(said)


def spoken(who: str, line: str, answer: str) -> str:
    first = f"{who}: {line}".rstrip(": ") + (":" if not line else "")
    return "\n".join([first, *(f"    {row}" for row in answer.replace("*", "").splitlines()), ""])


@pytest.mark.parametrize("path", [*pages.pages(), "CHANGELOG.md", ".github/SECURITY.md"])
def test_no_document_names_a_path_of_somebodys_machine(path):
    assert not re.search(r"(?<![\w.])/(home|root|work|Users)/", (pages.ROOT / path).read_text())


@pytest.mark.parametrize("path", pages.pages())
def test_every_relative_link_leads_to_a_page_and_a_heading_that_are_there(path):
    dead = []
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", pages.pages()[path]):
        place, _, heading = target.partition("#")
        page = (pages.ROOT / path).parent / place if place else pages.ROOT / path
        if not page.exists() or (heading and heading not in headings(page.read_text())):
            dead.append(target)

    assert dead == []


def headings(text: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_one_click_from_the_readme():
    missing = [path for path in pages.pages() if path.startswith("docs/") and f"({path}" not in README]

    assert missing == []
