"""The demo as a newcomer meets it: in a browser, with the real bot behind it, over real Socket Mode."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.demo import Demo
from bot.domain.clock import HOUR_MS
from handlers import cost, gpu
from tests.live.browser import Browser

PICTURES = Path(os.environ.get("CI_OUTPUT", "ci-output"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Browser() as browser:
        made = Demo(tmp_path_factory.mktemp("demo"))
        url = made.start()
        yield made, browser, url
        browser.go("about:blank")
        made.stop()


def enter(browser, url, who, channel):
    browser.go(f"{url}/#{who}/{channel}")
    browser.until(f"document.querySelector('#title')?.textContent.includes({channel!r})")


def says(browser, words):
    return browser.until(f"document.querySelector('main')?.innerText.includes({words!r})")


def picture(browser, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser.picture(PICTURES / name)


def test_ada_types_a_command_bob_approves_and_the_card_changes_in_place(demo):
    made, browser, url = demo
    enter(browser, url, "ada", "gpus")
    browser.type("#composer", "/gpu status")
    says(browser, "18 machines, ")
    picture(browser, "status.png")

    browser.type("#composer", "/gpu stop train-7 the run is over")
    says(browser, "keeps running unless someone approves")
    enter(browser, url, "bob", "ml-platform")
    says(browser, "Stop train-7? @Ada asks.")
    picture(browser, "card.png")
    browser.press("Stop train-7")
    browser.press("Stop it")
    says(browser, "train-7 is looked at once more")
    made.skip(5 * 60_000)

    says(browser, "train-7 is stopped.")
    picture(browser, "stopped.png")
    assert made.fleet.named("train-7").state == "stopped"
    assert [name for name, _ in made.fleet.stops] == ["train-7"]
    assert browser.complaints == []


WITHOUT_ASKING = {"extend", "release", "rent-or-buy"}
"""Verbs that answer without a form where somebody holds several machines, or everything is meant."""
FORMS = [
    f"/{command} {verb.name}"
    for command, verbs in (("gpu", gpu.VERBS), ("cost", cost.VERBS))
    for verb in verbs
    if verb.form and verb.name not in WITHOUT_ASKING
]


@pytest.mark.slow
@pytest.mark.parametrize(("device", "width", "height"), [("wide", 1400, 900), ("phone", 390, 844)])
def test_every_form_is_drawn_whole_and_fits(demo, device, width, height):
    made, _, url = demo
    with Browser(width, height) as browser:
        enter(browser, url, "cy", "gpus")
        for line in FORMS:
            made.slack.command("cy", "#gpus", line)
            browser.until("Boolean(document.querySelector('dialog'))")
            picture(browser, f"form-{line[1:].replace(' ', '-')}-{device}.png")
            assert browser.run("document.querySelectorAll('dialog .unknown').length") == 0, line
            assert browser.run("document.querySelector('dialog').getBoundingClientRect().right <= innerWidth"), line
            made.slack.close("cy", made.slack.modal("cy"), all_of_them=True)
            browser.until("!document.querySelector('dialog')")
        assert browser.complaints == []
    assert len(FORMS) > 10


def test_the_machine_that_nobody_has_started_for_weeks_is_listed_with_what_it_costs(demo):
    _, browser, url = demo
    enter(browser, url, "ada", "gpus")

    browser.type("#composer", "/gpu status dormant")

    says(browser, "paper-1")
    says(browser, "a month")


def test_the_home_tab_shows_what_one_holds(demo):
    _, browser, url = demo
    browser.go(f"{url}/#ada/@valet/home")

    says(browser, "You hold")
    says(browser, "dgx-1")
    picture(browser, "home.png")


def test_the_forecast_is_drawn_as_a_chart_and_told_in_figures(demo):
    _, browser, url = demo
    enter(browser, url, "bob", "finance")

    browser.type("#composer", "/cost forecast")

    says(browser, "expected, 80 % between")
    browser.until("Boolean(document.querySelector('main svg'))")
    picture(browser, "forecast.png")


def test_a_skip_leaps_over_no_warning_and_no_stop_by_rule(demo):
    made, browser, url = demo
    end = datetime.fromtimestamp(made.clock() / 1000, UTC) + timedelta(minutes=40)
    made.slack.command("bob", "#gpus", f"/gpu hours scratch Mon-Sun {end - timedelta(hours=12):%H:%M}-{end:%H:%M}")
    enter(browser, url, "bob", "gpus")
    says(browser, "set by @Bob")
    made.skip(HOUR_MS)

    assert "scratch" in [name for name, _ in made.fleet.stops]
