"""The docs are true: every command, setting, exit code and sentence of the pages is what the program has and says."""

import re
import tomllib

import pytest

from bot.cli import COMMANDS
from bot.domain.clock import MINUTE_MS
from bot.settings import parse
from handlers import topics
from handlers.acting import drain
from tests import generated, pages
from tests.pages import block
from tests.stories.conftest import office, office_with  # noqa: F401  # the README's conversation happens in a story's office

README = pages.README.read_text()
EVERYTHING = pages.everything()
FOLDERS = ("bot", "handlers", "store", "tests")
MADE_WHOLE = {"docs/architecture.md", "docs/commands.md", "docs/command-line.md", "docs/settings.md"}
"""Pages that are mostly made from the code, and as long as that is."""


@pytest.mark.parametrize("marker", generated.PARTS)
def test_what_is_made_from_the_code_is_as_the_code_has_it(marker, request):
    if request.config.getoption("--write-docs"):
        generated.write()

    part = generated.shape(marker).search(pages.everything())

    assert part, f"no page has <!-- {marker} --> and <!-- /{marker} -->"
    assert part[0] == generated.PARTS[marker](), "pytest tests/test_docs.py --write-docs writes it anew"


def test_the_sample_settings_file_is_valid():
    settings = parse(tomllib.loads(block("settings-sample")), {})

    assert settings.teams


def test_the_agent_is_installed_with_what_its_user_data_installs():
    script = (pages.ROOT / "bot/agent/files/user-data.sh").read_text()

    assert block("agent-install").endswith("&& /opt/valet/bin/pip install WHAT\n")
    assert "\nHOME_DIR=/opt/valet\n" in script
    assert '\n"$HOME_DIR/bin/pip" install -q "$PACKAGE"\n' in script


def test_every_variable_of_the_environment_is_named():
    assert all(name in EVERYTHING for name in ("SLACK_API_URL", "VALET_DB", "NAME_FILE"))


def test_the_page_on_data_names_every_table(store):
    tables = {row[0] for row in store.reading().execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    named = re.findall(r"`(\w+)`", pages.pages()["docs/data.md"].partition("It never holds")[0])

    assert sorted(named) == sorted(table for table in tables if not table.startswith("sqlite_"))


def test_every_command_line_command_is_named_and_none_that_does_not_exist():
    named = set(re.findall(r"(?:^|[`/#] ?|sudo )valet ([a-z][a-z-]+)", EVERYTHING, re.M))

    assert set(COMMANDS) <= named
    assert named - set(COMMANDS) <= {"status"}


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
    office.passes(MINUTE_MS)
    card = office.sees("bob", "#ml-platform").splitlines()[0]
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


@pytest.mark.parametrize("path", pages.pages())
def test_a_page_is_short_and_says_one_thought_a_sentence(path):
    text = pages.pages()[path]
    paragraphs = pages.paragraphs(text)
    sentences = [part for paragraph in paragraphs for part in re.split(r"(?<=[.!?])\s+", paragraph)]

    assert len(text.encode()) <= (7_000 if path == "README.md" else 20_000 if path in MADE_WHOLE else 12_000)
    assert [each for each in paragraphs if len(each) > 500] == []
    assert [each for each in sentences if len(each.split()) > 40] == []


def test_every_page_is_one_click_from_the_readme():
    missing = [path for path in pages.pages() if path.startswith("docs/") and f"({path}" not in README]

    assert missing == []


def test_a_verb_has_the_files_that_the_docs_list_and_no_others():
    page = (pages.ROOT / "docs/architecture.md").read_text()
    listed = set(re.findall(r"`((?:bot|handlers|store|tests)/\S*drain\.py)`", page))

    there = {str(path.relative_to(pages.ROOT)) for top in FOLDERS for path in (pages.ROOT / top).rglob("*drain.py")}
    assert listed == there
    assert [verb.name for verb in drain.VERBS] == ["drain"]
    assert drain in topics.TOPICS
