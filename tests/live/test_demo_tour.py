"""The demo from end to end: the docs' tour in its order, and one story wherever a machine is told of."""

import re
import threading
import time
from datetime import date

import pytest

from bot.demo import STARTING, Demo, role_of
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.listing import FleetFilter
from bot.domain.machines.verdict import IDLE_STATES
from bot.sandbox.guide import GUIDE
from bot.sandbox.slack.people import ADA, BOB, CY
from bot.services import audit
from bot.services.context import find
from bot.services.money import ledger, owned_rates, savings
from store.machines import listings
from store.money import ledger as stored_ledger
from store.sql import rows
from tests import pages

STEP = re.compile(r"(?P<who>\w+) in (?P<where>\S+): (?P<what>.+?) +→ (?P<seen>.+)")


def tour() -> list[re.Match[str]]:
    steps = [STEP.fullmatch(line) for line in pages.block("tour").splitlines()]
    assert all(steps)
    return [step for step in steps if step]


shown_early: list[str] = []


def types_early(demo):
    """Ada sees the page before the bot is there."""
    while demo.slack.deliver != demo.server.link.deliver:
        time.sleep(0.01)
    shown_early.append(demo.slack.now_text())
    demo.slack.command("ada", "#gpus", "/gpu help")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Demo(tmp_path_factory.mktemp("demo"))
    early = threading.Thread(target=types_early, args=(made,))
    early.start()
    made.start()
    early.join()
    yield made
    made.stop()


def does(demo, who, where, what):
    opened = demo.slack.modal(who)
    if opened:
        demo.slack.close(who, opened, all_of_them=True)
    control = next((each for each in demo.slack.controls if f"[{each.label}]" == what), None)
    if control:
        control.act()
    elif what.startswith("["):
        sees(demo, who, where, what)
        demo.slack.click(who, where, what.strip("[]"))
    elif what.startswith("/"):
        demo.slack.command(who, where, what)
    else:
        demo.slack.message(who, where, what)


def sees(demo, who, where, words):
    for _ in range(1_800):
        if words in "\n".join([*demo.slack.sees(who, where)[-6:], demo.slack.sees_modal(who)]):
            return True
        time.sleep(0.05)
    raise AssertionError(f"{words!r} is not in:\n{demo.slack.latest(who, where)}")


def test_what_is_typed_before_the_bot_is_there_waits_for_it(demo):
    assert sees(demo, "ada", "#gpus", "Ask in plain words")
    assert "dispatch_failed" not in "".join(demo.slack.sees("ada", "#gpus"))
    assert STARTING in shown_early[0]
    assert STARTING not in demo.slack.now_text()


def test_no_machine_has_a_gap_between_the_month_that_was_lived_and_now(demo):
    ends = "SELECT max(until_at) FROM charges c WHERE c.instance_id = m.instance_id AND c.from_at < m.from_at"
    gaps = rows(demo.store.reading(), f"SELECT m.instance_id, m.from_at - coalesce(({ends}), 0) AS gap FROM meters m")

    assert len(gaps) > 10
    assert {each["instance_id"]: each["gap"] for each in gaps if each["gap"]} == {}


def test_status_and_ledger_tell_the_same_of_every_machine(demo):
    ctx, now = demo.valet.ctx, demo.clock()
    spent = ledger.spent_by_machine(ctx, now - DAY_MS, now + 1)

    for listing in listings.listings_page(demo.store.reading(), FleetFilter(), limit=-1):
        if listing.running and listing.verdict and listing.verdict.state == "active":
            assert spent[listing.instance.id].idle_micros == 0, listing.instance.name
        if listing.state in IDLE_STATES and listing.since is not None and now - listing.since > 2 * HOUR_MS:
            assert spent[listing.instance.id].idle_micros > 0, listing.instance.name


def test_owned_machines_have_a_month_behind_them(demo):
    month = stored_ledger.shares_between(demo.store.reading(), demo.clock() - 36 * DAY_MS, demo.clock() - 30 * DAY_MS)

    assert {host.name for host in demo.fleet.owned} <= {row["name"] for row in month}


def test_what_an_owned_machine_costs_is_the_same_wherever_it_stands(demo):
    ctx = demo.valet.ctx

    for host in demo.fleet.owned:
        listing = find(ctx, host.name)
        assert listing.rate.micros_per_hour == owned_rates.owned_cost_now(ctx, listing.instance).full_micros
    assert "of the 720 h measured in the last 30 days" in demo.slack.types("ada", "/cost prices dgx-1") or sees(
        demo, "ada", "#gpus", "of the 720 h measured in the last 30 days"
    )


def test_who_works_today_has_held_it_since_before_the_demo(demo):
    holders = {"train-3": BOB, "train-9": CY, "dgx-1": ADA, "dgx-2": CY}

    for name, holder in holders.items():
        (claim,) = find(demo.valet.ctx, name).claims
        assert (claim.holder, claim.from_at < demo.history.began - HOUR_MS) == (holder, True)
        entries, count = audit.history(demo.valet.ctx, claim.instance_id, limit=1)
        assert (entries[0].who, entries[0].did, count > 5) == (holder, "claimed", True)


def test_a_stop_of_last_week_stands_in_audit_fleet_and_savings(demo):
    stopped = find(demo.valet.ctx, "eval-2")
    entries, _ = audit.history(demo.valet.ctx, stopped.instance.id, limit=5)

    assert {(entry.who, entry.did) for entry in entries} >= {(ADA, "asked to stop"), (BOB, "approved the stop")}
    assert stopped.instance.state == "stopped"
    saved = savings.savings_of(demo.valet.ctx, date(2000, 1, 1), savings.today(demo.valet.ctx))
    assert saved.micros > 0


def test_the_words_under_a_name_are_what_the_settings_say(demo):
    shown = {person: demo.slack.people[person].role for person in (ADA, BOB, CY)}

    assert shown == {
        ADA: "nlp, approver",
        BOB: "platform, approver, admin",
        CY: "vision, admin",
    }
    assert all(role_of(person) == role for person, role in shown.items())


def test_the_page_says_to_try_what_the_tour_does_in_its_order():
    assert [(step["who"], step["where"], step["what"].strip()) for step in tour()] == [
        (step.who, step.where, step.what) for step in GUIDE
    ]


@pytest.mark.parametrize("step", tour(), ids=lambda step: step["what"])
def test_the_tour_of_the_readme_can_be_followed(demo, step):
    does(demo, step["who"], step["where"], step["what"].strip())

    assert sees(demo, step["who"], step["where"], step["seen"])
