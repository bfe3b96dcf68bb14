"""People type and press, time passes, AWS and Slack fail in every way they know, and the bot ends and starts again.

In any order, and through the real Bolt app: what must hold of everything people ask of machines, always. It costs the
suite a few seconds; `python -m tests.bench.bench_everything` goes on for as long as it is told to.
"""

import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain.clock import SECOND
from bot.sandbox.slack.people import ADA, BOB, CY
from handlers import ids
from tests.bot.services.sharing.company import memory
from tests.stories.upheaval import COMPANY, COUNTS, DECIDING, DEE, EVE, IDA, WATCHED, WITHOUT_BOB, Upheaval

PEOPLE = st.sampled_from([ADA, BOB, DEE, CY, EVE, IDA])
MACHINES = st.sampled_from(WATCHED)
WHICH = st.integers(0, 9)
LINES = st.sampled_from(
    [
        "claim {} for 30m",
        "claim {} for 2h eval",
        "release {}",
        "extend {} 30m",
        "stop {}",
        "stop {} it runs the wrong model",
        "stop nb-5 render-1 the night is long",
        "stop idle",
        "start {} for 1h",
        "launch box for 1h",
        "snooze {} 2h",
        "wait {}",
        "request {}",
        "hand {} @dee",
        "status",
        "why {}",
        "history {}",
    ]
)
PLACES = [f"{when} {call}" for call in ("describe", "stop", "start", "launch") for when in ("before", "after")]
VERBS = st.sampled_from(["describe", "stop", "start", "launch"])
CHANGES = st.sampled_from(["restarted", "stopped", "protected", "unprotected"])
SLACK_FAILS = st.sampled_from(
    [
        ("chat.postMessage", {"retry_after": 0}),
        ("chat.postMessage", {"http_status": 500}),
        ("chat.postMessage", {"error": "internal_error"}),
        ("chat.postMessage", {"accept_then_drop": True}),
        ("chat.update", {"retry_after": 0}),
        ("chat.update", {"http_status": 500}),
        ("chat.update", {"accept_then_drop": True}),
        ("users.info", {"http_status": 500}),
        ("users.info", {"accept_then_drop": True}),
        ("conversations.history", {"retry_after": 0}),
        ("conversations.history", {"http_status": 503}),
        ("response_url", {"retry_after": 0}),
        ("response_url", {"error": "expired_url", "http_status": 404}),
    ]
)


class Everything(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=memory())
        self.here = Upheaval(Path(self.folder.name))

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.here.come_to_rest()
                self.here.look()
                self.here.compare()
                COUNTS["rounds"] += 1
        finally:
            self.here.end()
            self.folder.cleanup()

    # People.

    @initialize(machine=MACHINES, holder=st.sampled_from(["", "", ADA, CY]), idle=st.integers(0, 2))
    def somebody_may_hold_or_use_a_machine(self, machine, holder, idle):
        if holder:
            self.types(holder, f"claim {machine} for 2h")
        if not idle:
            self.here.util[machine] = 85.0
            self.here.pass_minutes(1)

    @rule(who=PEOPLE, line=LINES, machine=MACHINES, alone=st.booleans())
    def somebody_types(self, who, line, machine, alone):
        person = self.here.slack.person(who).handle
        self.types(who, line.format(machine), f"@{person}" if alone else "#gpus")

    @rule(who=PEOPLE, which=WHICH)
    def somebody_presses(self, who, which):
        self.press(who, which)

    @rule(who=PEOPLE, which=WHICH, yes=st.booleans())
    def somebody_decides(self, who, which, yes):
        self.press(who, which, *(kind for kind, means in DECIDING.items() if means == yes))

    @rule(which=WHICH, yes=st.booleans())
    def the_holder_answers(self, which, yes):
        self.press(CY, which, ids.CONSENT_YES if yes else ids.CONSENT_NO)

    @rule(machine=MACHINES, approved=st.booleans())
    def whoever_asked_takes_it_back(self, machine, approved):
        for _ in range(2):
            self.types(ADA, f"stop {machine}")
        if approved:
            self.press(BOB, 0, ids.APPROVE)
        self.press(ADA, 0, ids.CALL_OFF)

    @rule(people=st.lists(PEOPLE, min_size=2, max_size=4), which=WHICH)
    def they_decide_at_once(self, people, which):
        """Each presses another of the buttons of what is to be decided, from the same one on."""
        presses = []
        for number, who in enumerate(people):
            found = self.here.seen_by(who, *DECIDING)
            presses += [(who, found[(which + number) % len(found)])] if found else []
        self.here.press_at_once(presses)

    @rule(machine=MACHINES, people=st.lists(PEOPLE, min_size=2, max_size=4, unique=True))
    def they_claim_at_once(self, machine, people):
        self.here.type_at_once([(who, f"/gpu claim {machine} for 1h") for who in people])

    @rule(machine=MACHINES, at_once=st.booleans(), after=st.integers(0, 3))
    def a_stop_is_approved(self, machine, at_once, after):
        self.types(ADA, f"stop {machine}")
        self.approve(ids.APPROVE, at_once=at_once, after=after)

    @rule(machine=MACHINES, at_once=st.booleans(), after=st.integers(0, 3))
    def a_stop_that_ends_work_is_approved(self, machine, at_once, after):
        self.here.util[machine] = 85.0
        self.here.pass_minutes(1)
        self.types(ADA, f"stop {machine} it runs the wrong model")
        self.approve(ids.APPROVE, at_once=at_once, after=after)

    @rule(machine=MACHINES, agrees=st.booleans(), after=st.integers(0, 12))
    def a_stop_of_what_cy_holds_is_approved(self, machine, agrees, after):
        self.types(CY, f"claim {machine} for 2h")
        self.types(ADA, f"stop {machine} it is our turn")
        if agrees:
            self.press(CY, 0, ids.CONSENT_YES)
        self.here.pass_minutes(after)
        self.approve(ids.APPROVE, at_once=False, after=1)

    @rule(at_once=st.booleans(), after=st.integers(0, 3))
    def several_stops_are_approved(self, at_once, after):
        self.types(ADA, "stop nb-5 render-1 the night is long")
        self.approve(ids.APPROVE_BATCH, at_once=at_once, after=after)

    @rule(machine=MACHINES, at_once=st.booleans(), after=st.integers(0, 3))
    def a_start_is_approved(self, machine, at_once, after):
        self.types(ADA, f"start {machine} for 1h")
        self.press(ADA, 0, ids.GO_ON_ANYWAY)
        self.approve(ids.APPROVE, at_once=at_once, after=after)

    @rule(at_once=st.booleans(), after=st.integers(0, 3))
    def a_launch_is_approved(self, at_once, after):
        self.types(ADA, "launch box for 1h")
        self.press(ADA, 0, ids.GO_ON_ANYWAY)
        self.approve(ids.APPROVE, at_once=at_once, after=after)

    def approve(self, kind, *, at_once, after):
        """Bob and Dee say yes, to the newest card."""
        if at_once:
            found = [(who, each) for who in (BOB, DEE) for each in self.here.seen_by(who, kind)[:1]]
            self.here.press_at_once(found)
        else:
            self.press(BOB, 0, kind)
            self.press(DEE, 0, kind)
        self.here.pass_minutes(after)

    def types(self, who, words, channel="#gpus"):
        return self.here.types_line(who, f"/gpu {words}", channel)

    def press(self, who, which, *kinds):
        found = self.here.seen_by(who, *kinds)
        if found:
            self.here.press_button(who, found[which % len(found)])

    # Time, machines, and what goes wrong.

    @rule(count=st.sampled_from([1, 1, 2, 5, 16, 65]))
    def minutes_pass(self, count):
        self.here.pass_minutes(count)

    @rule(length=st.integers(1, 59))
    def seconds_pass(self, length):
        self.here.clock.forward(length * SECOND)
        self.here.go_on()

    @rule(machine=MACHINES, util=st.sampled_from([0.0, 0.0, 0.0, 85.0, None]))
    def a_machine_works_idles_or_falls_silent(self, machine, util):
        self.here.util[machine] = util
        self.here.report(1)

    @rule()
    def everything_idles_for_an_hour(self):
        self.here.util = dict.fromkeys(WATCHED, 0.0)
        self.here.pass_minutes(70)

    @rule(machine=MACHINES, how=CHANGES)
    def somebody_changes_it_in_aws(self, machine, how):
        state = self.here.machine(machine).state
        if how == "restarted" and state == "running":
            self.here.clock.forward(SECOND)
            self.here.fleet.restart(machine)
        elif how == "stopped" and state == "running":
            self.here.fleet.change(machine, state="stopped", state_reason="Client.UserInitiatedShutdown")
        elif how in {"protected", "unprotected"}:
            self.here.fleet.change(machine, stop_protected=how == "protected")

    @rule(machine=MACHINES, verb=VERBS, times=st.integers(1, 4), how=st.sampled_from(["lost", "accepted", "refused"]))
    def aws_fails(self, machine, verb, times, how):
        self.here.aws_fails(machine, verb, times, how=how)

    @rule(how=st.sampled_from(["throttled", "short", "short later", "behind", "well"]))
    def aws_is_not_itself_or_is_well_again(self, how):
        self.here.aws_is(how)

    @rule(how=SLACK_FAILS, times=st.integers(1, 3))
    def slack_fails(self, how, times):
        self.here.slack.fault(how[0], times=times, **how[1])
        COUNTS["Slack faults"] += times

    @rule(yes=st.booleans())
    def the_channel_is_archived_or_open_again(self, yes):
        self.here.archive(yes=yes)
        COUNTS["Slack faults"] += yes

    @rule(place=st.sampled_from(["", *PLACES]))
    def the_bot_ends_now_or_at_a_call(self, place):
        if not place:
            self.here.start_again()
            COUNTS["crashes"] += 1
        self.here.world.crash_at = place

    @rule(stays=st.booleans())
    def bob_is_no_approver_any_more_or_is_again(self, stays):
        self.here.settings = COMPANY if stays else WITHOUT_BOB
        self.here.start_again()

    @invariant()
    def all_is_as_it_must_be(self):
        self.here.look()


Everything.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEverything = Everything.TestCase
