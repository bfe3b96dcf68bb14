"""What Systems Manager's answers mean; botocore's stub stands where moto has no CancelCommand, and one state only."""

from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from bot.domain.machines.fleet import Instance
from bot.domain.sharing.runs import Run
from bot.errors import Refused, Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.ssm import Ssm

ACCOUNT = AwsAccount(("us-east-1",), None, None, "default")
MACHINE = Instance("i-0123456789abcdef0", "train-7", "ec2", ACCOUNT.source("us-east-1"), "p4d.24xlarge", "running")
ID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
RUN = Run("r1", "nightly", "run", "ml", MACHINE.id, "c", "UADA", "UADA", 0, handle=ID)


class Room:
    """In the place of Clients: one client, whose answers are set."""

    def __init__(self) -> None:
        session = botocore.session.get_session()
        self.client = session.create_client(
            "ssm", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.runner = Ssm(self, [ACCOUNT])  # type: ignore[arg-type]

    def get(self, *_: Any, **__: Any) -> Any:
        return self.client


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "detail", "code", "meant"),
    [
        ("Pending", "Pending", -1, ("running", None)),
        ("InProgress", "InProgress", -1, ("running", None)),
        ("Cancelling", "Cancelling", -1, ("running", None)),
        ("Success", "Success", 0, ("done", 0)),
        ("Failed", "Failed", 3, ("done", 3)),
        ("Cancelled", "Cancelled", -1, ("cancelled", None)),
        ("TimedOut", "Execution Timed Out", -1, ("over", None)),
        ("TimedOut", "Delivery Timed Out", -1, ("failed", None)),
        ("Failed", "Undeliverable", -1, ("failed", None)),
        ("Failed", "Access Denied", -1, ("failed", None)),
    ],
)
def test_each_state_has_one_meaning(room, status, detail, code, meant):
    told = {"Status": status, "StatusDetails": detail, "ResponseCode": code}
    told |= {"StandardOutputContent": "step 1\nstep 2\n", "StandardErrorContent": ""}
    room.stub.add_response("get_command_invocation", told)

    seen = room.runner.look(MACHINE, RUN)

    assert (seen.state, seen.exit_code) == meant
    assert seen.tail == "step 1\nstep 2"


def test_just_after_it_was_sent_nothing_is_known_and_it_counts_as_running(room):
    room.stub.add_client_error("get_command_invocation", "InvocationDoesNotExist")

    assert room.runner.look(MACHINE, RUN).state == "running"


def test_the_end_is_asked_for_on_that_machine(room):
    room.stub.add_response("cancel_command", {}, {"CommandId": ID, "InstanceIds": [MACHINE.id]})

    room.runner.cancel(MACHINE, RUN)

    room.stub.assert_no_pending_responses()


def test_a_machine_systems_manager_does_not_know_is_refused_with_what_it_takes(room):
    room.stub.add_client_error("send_command", "InvalidInstanceId")

    with pytest.raises(Refused, match="it needs the SSM Agent and an instance role"):
        room.runner.start(MACHINE, RUN, 60)


def test_no_answer_is_no_refusal(room):
    room.stub.add_client_error("send_command", "InternalServerError", http_status_code=500)

    with pytest.raises(Unreachable, match="did not answer for train-7"):
        room.runner.start(MACHINE, replace(RUN, handle=""), 60)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "status", "message", "kind", "says"),
    [
        ("AccessDeniedException", 400, "", Refused, "it lacks ssm:SendCommand, or the machine lacks the tag"),
        ("UnauthorizedException", 403, "not authorized to perform: ssm:SendCommand on x", Refused, "--only run"),
        ("AccessDeniedException", 400, "explicit deny in a service control policy", Refused, "policy (SCP) denies"),
        ("OptInRequired", 403, "", Refused, "not switched on for the account"),
        ("ExpiredTokenException", 400, "", Unreachable, "the credentials have run out"),
        ("InvalidSignatureException", 400, "Signature expired: a", Unreachable, "clock is not AWS's"),
        ("ThrottlingException", 400, "Rate exceeded", Unreachable, "too many requests"),
        ("503", 503, "", Unreachable, "a fault of AWS's or of a proxy"),
        ("403", 403, "", Unreachable, "a sign-in page may stand between"),
        ("InvalidDocument", 400, "No such document.", Refused, "InvalidDocument: No such document"),
    ],
)
def test_a_start_is_refused_only_where_it_was_not_taken_and_says_what_to_do(room, code, status, message, kind, says):
    room.stub.add_client_error("send_command", code, message, http_status_code=status)

    with pytest.raises(kind) as told:
        room.runner.start(MACHINE, replace(RUN, handle=""), 60)

    assert says in str(told.value)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "InvalidInstanceId"])
def test_a_run_that_may_not_be_looked_at_is_not_over(room, code):
    for call in ("get_command_invocation", "list_commands", "cancel_command"):
        room.stub.add_client_error(call, code)

    for asked in (room.runner.look, room.runner.find, room.runner.cancel):
        with pytest.raises(Unreachable):
            asked(MACHINE, RUN)
