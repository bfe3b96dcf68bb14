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

from bot.domain.clock import HOUR_MS, SECOND_MS
from bot.sandbox.slack.people import ADA, BOB, CY
from handlers.blocks.acting.approvals import (
    APPROVE_BUTTON,
    CALL_OFF_BUTTON,
    DENY_BUTTON,
)
from handlers.blocks.acting.batches import APPROVE_BATCH_BUTTON
from handlers.blocks.acting.consents import CONSENT_NO_BUTTON, CONSENT_YES_BUTTON
from handlers.blocks.sharing.find import GO_ON_ANYWAY_BUTTON
from tests.bot.services.sharing.company import memory
from tests.examples import examples
from tests.stories.chaos import COMPANY, DECIDING, DEE, EVE, IDA, WATCHED, WITHOUT_BOB, Upheaval
from tests.stories.faults import COUNTS, HAPPENS, PLACES
from tests.stories.strangers import GUISES, edited, sent_again, stolen

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
SLACK = st.sampled_from(
    [
        *[("", {})] * 3,
        ("chat.postMessage", {"retry_after": 0}),
        ("chat.postMessage", {"http_status": 500}),
        ("chat.postMessage", {"error": "internal_error"}),
        ("chat.postMessage", {"accept_then_drop": True}),
        ("chat.update", {"retry_after": 0}),
        ("chat.update", {"http_status": 500}),
        ("chat.update", {"accept_then_drop": True}),
        ("users.info", {"http_status": 500}),
        ("conversations.history", {"http_status": 503}),
        ("response_url", {"retry_after": 0}),
        ("response_url", {"error": "expired_url", "http_status": 404}),
    ]
)
"""What Slack does with the next call of a method, if anything."""
AWS = st.one_of(st.sampled_from(HAPPENS), st.just(""), st.sampled_from(PLACES))
"""What happens in AWS, or to the bot at a call, between a question and its answer."""
SAYERS = st.lists(st.sampled_from([BOB, DEE, BOB, DEE, IDA, EVE, ADA]), min_size=1, max_size=3)
"""Who presses yes; not all of them may."""
AFTER = st.integers(0, 3)


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

    @initialize(machine=MACHINES, holder=st.sampled_from(["", "", ADA, CY]), works=st.booleans())
    def somebody_may_hold_or_use_a_machine(self, machine, holder, works):
        if holder:
            self.types(holder, f"claim {machine} for 2h")
        self.here.util[machine] = 85.0 * works
        self.here.pass_minutes(1)

    @rule(who=PEOPLE, line=LINES, machine=MACHINES, alone=st.booleans(), slack=SLACK)
    def somebody_types(self, who, line, machine, alone, slack):
        self.here.slack_fails(*slack)
        self.types(who, line.format(machine), f"@{self.here.slack.person(who).handle}" if alone else "#gpus")

    @rule(who=PEOPLE, which=WHICH, slack=SLACK)
    def somebody_presses(self, who, which, slack):
        self.here.slack_fails(*slack)
        self.press(who, which)

    @rule(who=PEOPLE, which=WHICH, yes=st.booleans(), slack=SLACK)
    def somebody_decides(self, who, which, yes, slack):
        self.here.slack_fails(*slack)
        self.press(who, which, *(kind for kind, means in DECIDING.items() if means == yes))

    @rule(who=PEOPLE, which=WHICH, yes=st.booleans())
    def a_holder_answers(self, who, which, yes):
        self.press(who, which, CONSENT_YES_BUTTON if yes else CONSENT_NO_BUTTON)

    @rule(machine=MACHINES, approved=st.booleans())
    def whoever_asked_takes_it_back(self, machine, approved):
        self.types(ADA, f"stop {machine}")
        self.here.clock.forward(SECOND_MS)
        self.types(ADA, f"stop {machine}")
        if approved:
            self.press(BOB, 0, APPROVE_BUTTON)
        self.press(ADA, 0, CALL_OFF_BUTTON)

    @rule(people=st.lists(PEOPLE, min_size=2, max_size=4), which=WHICH)
    def they_decide_at_once(self, people, which):
        """Each presses another of the buttons of what is to be decided, from the same one on."""
        presses = []
        for number, who in enumerate(people):
            found = self.here.seen_by(who, *DECIDING)
            presses += [(who, found[(which + number) % len(found)])] if found else []
        self.here.press_at_once(presses)

    @rule(
        machine=MACHINES,
        people=st.lists(PEOPLE, min_size=2, max_size=4, unique=True),
        verb=st.sampled_from(["claim", "stop"]),
    )
    def they_ask_at_once(self, machine, people, verb):
        self.here.type_at_once([(who, f"/gpu {verb} {machine}") for who in people])

    @rule(machine=MACHINES, who=st.sampled_from([BOB, DEE]), slack=SLACK)
    def a_stop_is_denied_and_the_old_card_approved(self, machine, who, slack):
        self.here.slack_fails(*slack)
        self.types(ADA, f"stop {machine}")
        self.press(who, 0, DENY_BUTTON)
        self.press(BOB, 0, APPROVE_BUTTON)
        self.here.pass_minutes(1)

    @rule(machine=MACHINES, sayers=SAYERS, aws=AWS, slack=SLACK, after=AFTER)
    def a_stop_is_asked_for_and_decided(self, machine, sayers, aws, slack, after):
        self.here.slack_fails(*slack)
        self.types(ADA, f"stop {machine}")
        self.here.happens(aws, "stop", machine)
        self.approve(sayers, after)

    @rule(machine=MACHINES, verb=st.sampled_from(["stop", "start"]), who=st.sampled_from([BOB, DEE]))
    def bob_leaves_before_what_was_approved_can_be_done(self, machine, verb, who):
        self.types(ADA, f"{verb} {machine}")
        self.here.happens("throttled", verb, machine)
        self.press(who, 0, APPROVE_BUTTON)
        self.here.settings = WITHOUT_BOB
        self.here.start_again()
        self.here.world.calm()
        self.here.pass_minutes(1)

    @rule(machine=MACHINES, sayers=SAYERS, aws=AWS, after=AFTER)
    def a_stop_that_ends_work_is_asked_for_and_decided(self, machine, sayers, aws, after):
        self.here.util[machine] = 85.0
        self.here.pass_minutes(1)
        self.types(ADA, f"stop {machine} it runs the wrong model")
        self.here.happens(aws, "stop", machine)
        self.approve(sayers, after)

    @rule(machine=MACHINES, sayers=SAYERS, agrees=st.booleans(), wait=st.sampled_from([0, 1, 12]), after=AFTER)
    def a_stop_of_what_cy_holds_is_asked_for_and_decided(self, machine, sayers, agrees, wait, after):
        self.types(CY, f"claim {machine} for 2h")
        self.types(ADA, f"stop {machine} it is our turn")
        if agrees:
            self.press(CY, 0, CONSENT_YES_BUTTON)
        self.here.pass_minutes(wait)
        self.approve(sayers, after)

    @rule(sayers=SAYERS, aws=AWS, slack=SLACK, after=AFTER, back=st.integers(0, 2))
    def several_stops_are_asked_for_and_decided(self, sayers, aws, slack, after, back):
        self.here.slack_fails(*slack)
        self.types(ADA, "stop nb-5 render-1 the night is long")
        if back == 2:
            self.types(CY, "claim render-1 for 1h")
        if back:
            self.here.clock.forward(SECOND_MS)
            self.types(ADA, "stop nb-5")
            self.press(ADA, 0, CALL_OFF_BUTTON)
        self.here.happens(aws, "stop", "render-1")
        self.approve(sayers, after, APPROVE_BATCH_BUTTON)

    @rule(machine=MACHINES, sayers=SAYERS, aws=AWS, slack=SLACK, after=AFTER)
    def a_start_is_asked_for_and_decided(self, machine, sayers, aws, slack, after):
        self.here.slack_fails(*slack)
        self.types(ADA, f"start {machine} for 1h")
        self.press(ADA, 0, GO_ON_ANYWAY_BUTTON)
        self.here.happens(aws, "start", machine)
        self.approve(sayers, after)

    @rule(sayers=SAYERS, aws=AWS, slack=SLACK, after=AFTER)
    def a_launch_is_asked_for_and_decided(self, sayers, aws, slack, after):
        self.here.slack_fails(*slack)
        self.types(ADA, "launch box for 1h")
        self.press(ADA, 0, GO_ON_ANYWAY_BUTTON)
        self.here.happens(aws, "launch", "scratch")
        self.approve(sayers, after)

    def approve(self, sayers, after, kind=APPROVE_BUTTON):
        """They say yes to the newest card, and minutes pass; one who is named twice is two at once."""
        if len(set(sayers)) < len(sayers):
            found = [(who, each) for who in sayers for each in self.here.seen_by(who, kind)[:1]]
            self.here.press_at_once(found)
        else:
            for who in sayers:
                self.press(who, 0, kind)
        self.here.pass_minutes(after)

    def types(self, who, words, channel="#gpus"):
        return self.here.types_line(who, f"/gpu {words}", channel)

    def press(self, who, which, *kinds):
        found = self.here.seen_by(who, *kinds)
        if found:
            self.here.press_button(who, found[which % len(found)])

    # Who has gone, who was never here, and what comes again.

    @rule(who=PEOPLE, line=LINES, other=LINES, machine=MACHINES, again=st.booleans())
    def a_mention_is_edited_or_comes_again(self, who, line, other, machine, again):
        said = self.here.mentions(who, line.format(machine))
        if said is None:
            return
        message, payload = said
        if again:
            sent_again(self.here, payload)
        else:
            self.here.clock.forward(SECOND_MS)
            edited(self.here, who, message, other.format(machine))

    @rule(guise=st.sampled_from(GUISES), who=PEOPLE, which=WHICH, press=st.booleans(), line=LINES, machine=MACHINES)
    def a_thief_sends_what_a_colleague_could(self, guise, who, which, press, line, machine):
        found = self.here.seen_by(who) if press else []
        button = found[which % len(found)] if found else None
        stolen(self.here, guise, who, button=button, line=line.format(machine))

    @rule(who=PEOPLE, which=WHICH, press=st.booleans(), line=LINES, machine=MACHINES)
    def another_bot_of_the_same_app_gets_it(self, who, which, press, line, machine):
        other, found = self.here.second(), self.here.seen_by(who) if press else []
        if found:
            other.is_pressed(who, found[which % len(found)])
        elif who not in self.here.gone:
            other.is_typed_to(who, line.format(machine))
        other.works()

    @rule(who=st.sampled_from([ADA, BOB, DEE, CY]), after=AFTER)
    def somebody_leaves_slack(self, who, after):
        self.here.leaves(who)
        self.here.pass_minutes(after)

    @rule()
    def who_left_comes_back(self):
        self.here.returns()

    @rule(is_there=st.booleans(), after=AFTER)
    def the_group_of_approvers_vanishes_or_is_there_again(self, is_there, after):
        self.here.group(is_there=is_there)
        self.here.pass_minutes(after)

    @rule(
        machine=MACHINES,
        verb=st.sampled_from(["stop", "start"]),
        what=st.sampled_from(["who asked", "who said yes", "the group"]),
    )
    def somebody_is_gone_before_what_was_approved_can_be_done(self, machine, verb, what):
        self.types(ADA, f"{verb} {machine}")
        self.here.happens("throttled", verb, machine)
        self.press(DEE, 0, APPROVE_BUTTON)
        if what == "the group":
            self.here.group(is_there=False)
        else:
            self.here.leaves(ADA if what == "who asked" else DEE)
        self.here.world.calm()
        self.here.pass_minutes(2)

    @rule(hours=st.sampled_from([-25, -1, 1, 25, 800, 0, 0]), silent=st.booleans(), count=st.sampled_from([1, 3, 8]))
    def the_clock_is_set_wrong_or_right_again(self, hours, silent, count):
        self.here.jumps(hours * HOUR_MS, slack_is_silent=silent)
        self.here.pass_minutes(count)

    # Time, machines, and what goes wrong.

    @rule(count=st.sampled_from([1, 1, 2, 5, 16, 65]), slack=SLACK)
    def minutes_pass(self, count, slack):
        self.here.slack_fails(*slack)
        self.here.pass_minutes(count)

    @rule(length=st.integers(1, 59))
    def seconds_pass(self, length):
        self.here.clock.forward(length * SECOND_MS)
        self.here.go_on()

    @rule(machine=MACHINES, util=st.sampled_from([0.0, 0.0, 85.0, None]))
    def a_machine_works_idles_or_falls_silent(self, machine, util):
        self.here.util[machine] = util
        self.here.report(1)

    @rule()
    def all_is_well_and_idles_for_an_hour(self):
        self.here.world.calm()
        self.here.util = dict.fromkeys(WATCHED, 0.0)
        self.here.pass_minutes(70)

    @rule(machine=MACHINES, verb=st.sampled_from(["describe", "stop", "start"]), what=st.sampled_from(HAPPENS))
    def something_happens_in_aws(self, machine, verb, what):
        self.here.happens(what, verb, machine)

    @rule(slack=SLACK, times=st.integers(1, 4))
    def slack_fails(self, slack, times):
        self.here.slack_fails(*slack, times=times)

    @rule(yes=st.booleans())
    def the_channel_is_archived_or_open_again(self, yes):
        self.here.archive(yes=yes)

    @rule(stays=st.sampled_from([None, True, False]))
    def the_bot_is_started_again(self, stays):
        """With Bob an approver, or not, or as it was."""
        if stays is not None:
            self.here.settings = COMPANY if stays else WITHOUT_BOB
        self.here.start_again()

    @invariant()
    def all_is_as_it_must_be(self):
        self.here.look()


Everything.TestCase.settings = settings(
    max_examples=examples(12),
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEverything = Everything.TestCase
