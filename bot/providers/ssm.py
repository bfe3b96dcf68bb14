"""Commands on rented machines through AWS Systems Manager (Run Command). Each machine needs the SSM Agent and its role.

Limits and meanings: docs.aws.amazon.com/systems-manager, "Understanding command statuses" and the API reference of
SendCommand and GetCommandInvocation, as of 2026-11: StandardOutputContent holds the first 24,000 characters.
"""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config

from bot.domain.machines.fleet import Instance
from bot.domain.sharing.runs import Run, RunLook, run_tail
from bot.errors import Refused, Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.aws_words import cause_of, missing_right
from bot.providers.clients import ONCE, PATIENT, Clients, call_aws
from bot.providers.ec2_errors import AwsError

SERVICE = "ssm"
DOCUMENT = "AWS-RunShellScript"
DELIVERED_WITHIN_S = 600
"""A machine that has not taken it up by then is not online in Systems Manager."""
_STATES: dict[str, Any] = {
    "Success": "done",
    "Failed": "done",
    "TimedOut": "over",
    "Cancelled": "cancelled",
}
_GONE_WRONG = {
    "Undeliverable": "Systems Manager can't reach it; is the SSM Agent running there?",
    "DeliveryTimedOut": "Systems Manager could not deliver it in time; is the SSM Agent running there?",
    "Terminated": "Systems Manager gave up on it.",
    "InvalidPlatform": "It is no Linux machine.",
    "AccessDenied": "Its instance role does not let Systems Manager in.",
}
_UNKNOWN_THERE = "Systems Manager does not know it: it needs the SSM Agent and an instance role for it"
_SAYS = {
    "InvalidInstanceId": _UNKNOWN_THERE,
    "TargetNotConnected": _UNKNOWN_THERE,
    "UnsupportedPlatformType": "It is no Linux machine",
}


class Ssm:
    """The runner of EC2 instances."""

    def __init__(self, clients: Clients, accounts: Sequence[AwsAccount]) -> None:
        self._clients = clients
        self._places = {account.source(region): (account, region) for account in accounts for region in account.regions}

    def start(self, instance: Instance, run: Run, limit_s: int) -> str:
        """Send the command, once: Systems Manager has no token against doubles."""
        client = _sent(call_aws(lambda: self._client(instance, config=ONCE), SERVICE), instance)
        parameters = {"commands": [_as_user(run)], "executionTimeout": [str(limit_s)]}
        said = call_aws(
            lambda: client.send_command(
                InstanceIds=[instance.id],
                DocumentName=DOCUMENT,
                Comment=_mark(run),
                TimeoutSeconds=DELIVERED_WITHIN_S,
                Parameters=parameters,
            )["Command"]["CommandId"],
            SERVICE,
        )
        return str(_sent(said, instance))

    def find(self, instance: Instance, run: Run) -> str | None:
        """Look for it among the commands sent to the machine since then, by its mark."""
        since = datetime.fromtimestamp((run.called_at or run.created_at) // 1000 - 60, UTC)
        after = {"key": "InvokedAfter", "value": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        asked = {"InstanceId": instance.id, "Filters": [after], "MaxResults": 50}
        sent = _good(call_aws(lambda: self._client(instance).list_commands(**asked)["Commands"], SERVICE), instance)
        return next((str(each["CommandId"]) for each in sent if each.get("Comment") == _mark(run)), None)

    def look(self, instance: Instance, run: Run) -> RunLook:
        """The command's state there, its exit code and the end of its output."""
        said = call_aws(
            lambda: _seen(self._client(instance).get_command_invocation(CommandId=run.handle, InstanceId=instance.id)),
            SERVICE,
        )
        if isinstance(said, AwsError) and said.code == "InvocationDoesNotExist":
            return RunLook("running")  # so for some seconds after it was sent
        seen: RunLook = _good(said, instance)
        return seen

    def cancel(self, instance: Instance, run: Run) -> None:
        """Ask Systems Manager to end it."""
        said = call_aws(
            lambda: self._client(instance).cancel_command(CommandId=run.handle, InstanceIds=[instance.id]), SERVICE
        )
        _good(said, instance)

    def _client(self, instance: Instance, *, config: Config = PATIENT) -> Any:
        place = self._places.get(instance.source)
        if place is None:
            raise Refused(f"No [[aws]] entry covers {instance.source}, where {instance.name} is.")
        return self._clients.get(place[0], SERVICE, place[1], config=config)


def _seen(found: Mapping[str, Any]) -> RunLook:
    state, detail = _STATES.get(found["Status"], "running"), str(found.get("StatusDetails", ""))
    output = "\n".join(filter(None, (found.get("StandardOutputContent"), found.get("StandardErrorContent"))))
    wrong = _GONE_WRONG.get(detail.replace(" ", ""), "")
    if wrong:
        return RunLook("failed", None, run_tail(output), wrong)
    code = found.get("ResponseCode", -1) if state == "done" else -1
    return RunLook(state, None if code == -1 else int(code), run_tail(output))


def _mark(run: Run) -> str:
    return f"valet run {run.id}"


def _as_user(run: Run) -> str:
    """The command under its own account; Systems Manager runs everything as root."""
    return f"exec runuser -l {shlex.quote(run.user)} -s /bin/sh -c {shlex.quote(run.command)}"


def _good(said: Any, instance: Instance) -> Any:
    """The answer. Raises Unreachable: a run of which nobody may hear for a time goes on all the same."""
    if not isinstance(said, AwsError):
        return said
    if said.is_passing:
        raise Unreachable(f"Systems Manager did not answer for {instance.name}: {said.words}.")
    raise Unreachable(_no(said, instance), retryable=False)


def _sent(said: Any, instance: Instance) -> Any:
    """The answer to a start. Raises Refused where it was not taken, Unreachable where it may have been."""
    if isinstance(said, AwsError) and not said.is_passing:
        raise Refused(_no(said, instance))
    return _good(said, instance)


def _no(said: AwsError, instance: Instance) -> str:
    if said.code in _SAYS:
        return f"{instance.name}: {_SAYS[said.code]}."
    if said.meaning == "denied" and said.operation != "AssumeRole" and not cause_of(said.code, said.message):
        right = missing_right(said.message) or f"{SERVICE}:{said.operation}"
        return (
            f"{instance.name}: Valet's role may not send commands there: it lacks {right}, or the machine lacks the "
            "tag that it asks for (`valet iam-policy --only run` prints both)."
        )
    return f"Systems Manager can't be asked for {instance.name}: {said.words.rstrip('.')}."
