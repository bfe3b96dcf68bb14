"""Whatever the records hold, what is drawn of them is fit to send, by our own rules and by judges we did not write."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.acting.actions import ActionState, CloneFacts, LaunchFacts, ResizeFacts, StartFacts
from bot.domain.acting.dormant import Dormancy, Dormant
from bot.domain.acting.images import Image, ImageKeep, ImageShelf, StoredImage
from bot.domain.acting.launch import LaunchTemplate
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Standstill
from bot.domain.machines.listing import FleetTotals, Listing
from bot.domain.machines.models import gpu_kind
from bot.domain.money.rates import Rate
from bot.domain.money.savings import Hint
from bot.domain.money.standing_costs import StandingCost
from bot.domain.sharing.find import FindOption, FindResult
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.domain.undelivered import Undelivered
from bot.errors import NotFound
from handlers import cost, gpu, working
from handlers.blocks import digest, undelivered
from handlers.blocks import help as help_blocks
from handlers.blocks import questions as questions_blocks
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.acting import launch as launch_blocks
from handlers.blocks.help import HELP_TOPICS, ExampleNames
from handlers.blocks.machines import fleet as fleet_blocks
from handlers.blocks.machines import status as status_blocks
from handlers.blocks.money import forecast as forecast_blocks
from handlers.blocks.parts import Reply, actions, context, fitting, header, plainly, section, size
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing import find as find_blocks
from handlers.blocks.sharing import reminders as reminders_blocks
from handlers.blocks.sharing.find import FindQuery
from tests.examples import examples
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections

STATES = ActionState.__args__
BECAME = ("idle", "asked", "approved", "stopping", "stopped", "claimed", "kept", "working", "unknown", "gone")
TOTALS = FleetTotals(10_000, 80_000, 9_000, 5_000, 1_234, 10**15, 10**15)
ASKED = FindQuery(GpuSpec(2, gpu_kind("a100-80")), 6 * HOUR_MS)
KEPT = Undelivered("7", "C0GPUS001", "is_archived", NOW, (("digest", "C0GPUS001|2026-11-23"),) * 40)
APPROVERS = frozenset(f"U{number:010d}" for number in range(300))


def page(text: str, **how: object) -> Reply:
    found = [pieces.listing(text, **how) for _ in range(status_blocks.FLEET_PAGE)]
    free = {found[0].instance.id: frozenset({0, 1})}
    return status_blocks.status_reply(
        found, TOTALS, pieces.sources(text), NOW, page=3, query=text[:100], free=free, teams=[text]
    )


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("state", ["free", "held", "partial", "active", "unknown"])
def test_a_full_page_of_the_fleet_is_fit_to_send(text, state):
    assert objections(page(text, state=state)) == []
    assert objections(page(text, state=state, claimed=True)) == []


def test_a_full_page_has_a_row_for_each_and_room_to_spare():
    shown = page("n" * 120)

    assert [len(block["rows"]) for block in shown.blocks if block["type"] == "data_table"] == [
        1 + status_blocks.FLEET_PAGE
    ]
    assert len(shown.blocks) <= 5
    assert size(shown.blocks) < 9_000


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("exact", [True, False])
def test_a_full_page_of_what_stands_still_is_fit_to_send(text, exact):
    listing = pieces.listing(text, state="free")
    still = Standstill(NOW - 9_999 * DAY_MS, exact)
    cheap = StandingCost(10**6, ("gp3", "io2"), 10**12, 9_999, 10**12) if exact else None
    one = Dormant(listing, still, cheap, "U0123456789AB", NOW - DAY_MS)
    kept = (replace(one, kept=f"exempt until 30 November 2026: {text}"),) * 30
    found = Dormancy(28, (one,) * 25, kept)

    for shown in (dormant_blocks.dormant(found, NOW, page=1, query="dormant"), dormant_blocks.dormant(found, NOW)):
        assert objections(shown) == []
        assert sum(block["type"] == "actions" for block in shown.blocks) >= dormant_blocks.DORMANT_PAGE


def told(text: str) -> FindResult:
    """An answer with a way of each tier, and all that may stand below them."""
    one, held = pieces.listing(text), pieces.listing(text, claimed=True)
    ways = [FindOption(tier, 1, one) for tier in ("owned", "rented", "stopped", "launch")]
    asked = FindOption("held", 1, held, claim=pieces.claim(text))
    return FindResult(ASKED.want, (*ways[:2], asked, *ways[2:]), mine=(one,), fewer=ways[0], ahead=1)


def hint(text: str) -> Hint:
    return Hint("h1", NOW, "U0ADA0001", "claim", "i-1", "i-2", 1, None, None, None, text, 5_000_000)


@pytest.mark.parametrize("text", TEXTS)
def test_replies_about_one_instance_are_fit_to_send(text):
    one, held = pieces.listing(text), pieces.claim(text)
    replies = [
        fleet_blocks.one_machine(one, NOW),
        fleet_blocks.one_machine(Listing(pieces.instance(text, state="stopped", stopped_at=NOW - HOUR_MS)), NOW),
        status_blocks.status_reply([], FleetTotals(), pieces.sources(text), NOW, page=0, query="", free={}),
        status_blocks.status_reply([], FleetTotals(), [], NOW, page=0, query=text, free={}),
        claims_blocks.claim_made(pieces.listing(text, claimed=True), held.holder),
        claims_blocks.claim_made(one, held.holder),
        claims_blocks.claim_released(pieces.listing(text, claimed=True), held, "U0BOB0001", NOW),
        claims_blocks.which_to_release(pieces.listing(text, claimed=True)),
        claims_blocks.gpus_taken(one, (held,), ASKED, told(text), NOW),
        claims_blocks.gpus_taken(pieces.listing(text, claimed=True), (held,), ASKED, FindResult(ASKED.want), NOW),
        find_blocks.find_result(ASKED, told(text), NOW),
        find_blocks.find_result(ASKED, FindResult(ASKED.want, ahead=3), NOW),
        *(find_blocks.hint_reply(one, hint(text), better, NOW) for better in told(text).ways),
        *(
            reminders_blocks.claim_ended(pieces.claim(text, end_reason="expired"), text, one, work=work, again=HOUR_MS)
            for work in ("nobody", "own", "somebody")
        ),
        reminders_blocks.claim_ended(pieces.claim(text, end_reason="released"), text, None),
        digest.kept_until(text, NOW),
    ]

    assert [objections(reply) for reply in replies] == [[]] * len(replies)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("state", STATES)
def test_a_card_in_every_state_is_fit_to_send(text, state):
    asked_about = pieces.action(text, state=state)
    replies = [
        approvals_blocks.card(asked_about, APPROVERS),
        approvals_blocks.card(asked_about, frozenset()),
        approvals_blocks.action_asked(asked_about, "C0GPUS001", asked_about.requester, again=True),
        approvals_blocks.ended_action(asked_about, []),
    ]

    assert [objections(reply) for reply in replies] == [[]] * len(replies)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["start", "launch", "clone", "resize"])
def test_a_card_of_every_other_kind_is_fit_to_send(text, state, kind):
    money = pieces.shown(text) | {"budget_micros": 10**15, "spent_micros": 10**14}
    was = {"was_type": f"{text}.old", "was_rate_micros": 10**12, "idle_after": 9 * HOUR_MS, "programs": (text,) * 40}
    facts = {
        "start": lambda: StartFacts(**money, **pieces.held()),
        "launch": lambda: LaunchFacts(**money),
        "clone": lambda: CloneFacts(**money, **pieces.held(), reboot=True),
        "resize": lambda: ResizeFacts(**money, **pieces.held(), **pieces.seen(text), **was, reboot=True),
    }
    plain = pieces.action(text, state=state)
    asked_about = replace(
        plain,
        kind=kind,
        length=8 * HOUR_MS,
        template=text[:60] or "box",
        made_id="i-0123456789abcdef0",
        tries=2,
        arrived_at=NOW if kind == "resize" and state in {"done", "unknown"} else None,
        retry_at=NOW if state == "executing" else None,
        facts=facts[kind](),
    )
    others = approvals_blocks.instead_buttons([pieces.listing(text)] * 3, [text[:60] or "box"] * 3)
    replies = [
        approvals_blocks.card(asked_about, APPROVERS),
        approvals_blocks.action_asked(asked_about, "C0GPUS001", asked_about.requester, again=False),
        approvals_blocks.news(asked_about, others),
        approvals_blocks.ended_action(asked_about, others),
        launch_blocks.time_over(asked_about, text, f"{text} is working.", "C0GPUS001"),
    ]

    assert [objections(reply) for reply in replies] == [[]] * len(replies)


@pytest.mark.parametrize("text", TEXTS)
def test_templates_images_and_free_machines_are_fit_to_send(text):
    template = LaunchTemplate("a" * 63, f"ec2/1/{text}", text, text, text, text, 8)
    source, snapshots = f"ec2/{text}/{text}", ("snap-0123456789abcdef0",) * 9
    image = Image(
        id="ami-0123456789abcdef0",
        source=source,
        name=text,
        state="available",
        made_at=NOW - 99 * DAY_MS,
        size_gib=10**6,
        of=text,
        owner="U0123456789AB",
        snapshots=snapshots,
    )
    made = [StoredImage(replace(image, id=f"ami-{number:017}"), NOW - 99 * DAY_MS) for number in range(40)]
    kept = [replace(each, keep=ImageKeep(each.image.id, "U0123456789AB", NOW + DAY_MS, NOW)) for each in made]
    replies = [
        launch_blocks.templates_listed([(template, Rate(98_320_000_000, text, exact=False))] * 40),
        launch_blocks.templates_listed([]),
        dormant_blocks.images_listed(ImageShelf(60, NOW, tuple(made))),
        dormant_blocks.images_listed(ImageShelf(60, NOW, tuple(kept))),
        dormant_blocks.images_listed(ImageShelf(60, NOW, ())),
    ]

    assert [objections(reply) for reply in replies] == [[]] * len(replies)


def test_what_is_lost_is_never_cut_out_of_the_question():
    sure = approvals_blocks.card(pieces.action("&" * 120), APPROVERS).blocks[-1]["elements"][0]["confirm"]

    assert "8.0 TB of local NVMe" in sure["text"]["text"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("state", BECAME)
def test_a_long_digest_is_fit_to_send(text, state):
    assert objections(digest.digest(pieces.digest(text, state))) == []


@pytest.mark.parametrize("text", TEXTS)
def test_a_forecast_is_fit_to_send(text):
    assert objections(forecast_blocks.forecast(pieces.report(text))) == []


@pytest.mark.parametrize("text", TEXTS)
def test_refusals_and_help_are_fit_to_send(text):
    replies = [
        working.error_reply(None, NotFound(f'I don\'t know "{text}".', (text or "a", "b", "c"))),
        questions_blocks.unread(text, None, ["gpu status free", "cost idle"]),
        questions_blocks.understood(f"/gpu status {text}", plainly("x" * 3_000)),
        help_blocks.overview(ExampleNames("train-7", "train-7", "train-3", "dgx-1")),
        *(
            help_blocks.topic_help(topic, ExampleNames("a" * 200, "b" * 200, "c" * 200, "d" * 200))
            for topic in HELP_TOPICS
        ),
        *(help_blocks.verb_help("/gpu", [(verb.usage, verb.help)]) for verb in (*gpu.VERBS, *cost.VERBS)),
        plainly("x" * 9_000),
        undelivered.undelivered_told("C0GPUS001", "is_archived", KEPT),
        undelivered.undelivered_told("U0ADA0001", text or "x", None),
        undelivered.undelivered_places(
            [(KEPT, [approvals_blocks.card(pieces.action(text), APPROVERS).text] * 40)] * 30
        ),
    ]

    assert [found for reply in replies for found in objections(reply) if "<!channel" not in found] == []


@pytest.mark.slow
@settings(max_examples=examples(150), deadline=None)
@given(pieces.texts, st.sampled_from(["free", "held", "partial", "active", "unknown"]), st.booleans())
def test_any_listing_is_fit_to_send(text, state, claimed):
    assert objections(page(text, state=state, claimed=claimed)) == []


@settings(max_examples=examples(150), deadline=None)
@given(pieces.texts, st.sampled_from(STATES), st.sets(st.integers(0, 10**9), max_size=40))
def test_any_card_is_fit_to_send(text, state, approvers):
    card = approvals_blocks.card(pieces.action(text, state=state), frozenset(f"U{one:010d}" for one in approvers))

    assert objections(card) == []


def test_only_a_pending_card_can_be_decided_and_what_is_over_offers_what_comes_next():
    labels = {
        state: [
            button["text"]["text"]
            for block in approvals_blocks.card(pieces.action(state=state), APPROVERS).blocks
            for button in block.get("elements", ())
            if button["type"] == "button"
        ]
        for state in STATES
    }

    assert {state for state, shown in labels.items() if "Keep it running" in shown} == {"pending"}
    assert labels["done"] == ["Start again"]
    assert labels["aborted"] == labels["expired"] == labels["failed"] == ["Ask again"]
    assert labels["approved"] == labels["executing"] == labels["denied"] == []


def test_blocks_beyond_the_budget_are_counted_not_sent():
    groups = [[section("x" * 100)] for _ in range(10)]

    shown, left = fitting(groups, 350)

    assert (len(shown), left) == (3, 7)


@pytest.mark.parametrize(
    "empty", [section(""), section(" \n"), header(""), context(""), actions(), context("") | {"elements": []}]
)
def test_a_block_that_says_nothing_is_left_out_of_every_message(empty):
    assert Reply("So it is.", [empty, section("So it is."), empty]).blocks == [section("So it is.")]
