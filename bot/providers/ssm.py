"""Commands on rented machines through AWS Systems Manager (Run Command). Each machine needs the SSM Agent and its role.

Limits and meanings: docs.aws.amazon.com/systems-manager, "Understanding command statuses" and the API reference of
SendCommand and GetCommandInvocation, as of 2026-11: StandardOutputContent holds the first 24,000 characters.
"""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config

from bot.domain.fleet import Instance
from bot.domain.sharing.runs import Run, Seen, tail_of
from bot.errors import Refused, Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.clients import ONCE, PATIENT, Clients, attempt
from bot.providers.ec2_errors import Said

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
_REFUSED = {
    "InvalidInstanceId": "Systems Manager does not know it: it needs the SSM Agent and an instance role for it",
    "AccessDeniedException": "Valet's role may not send commands there (`valet iam-policy` prints what it takes)",
}


class Ssm:
    """The runner of EC2 instances."""

    def __init__(self, clients: Clients, accounts: Sequence[AwsAccount]) -> None:
        self._clients = clients
        self._places = {account.source(region): (account, region) for account in accounts for region in account.regions}

    def start(self, instance: Instance, run: Run, limit_s: int) -> str:
        """Send the command, once: Systems Manager has no token against doubles."""
        client = self._client(instance, config=ONCE)
        parameters = {"commands": [_as_user(run)], "executionTimeout": [str(limit_s)]}
        said = attempt(
            lambda: client.send_command(
                InstanceIds=[instance.id],
                DocumentName=DOCUMENT,
                Comment=_mark(run),
                TimeoutSeconds=DELIVERED_WITHIN_S,
                Parameters=parameters,
            )
        )
        return str(_good(said, instance)["Command"]["CommandId"])

    def find(self, instance: Instance, run: Run) -> str | None:
        """Look for it among the commands sent to the machine since then, by its mark."""
        client = self._client(instance)
        since = datetime.fromtimestamp((run.called_at or run.created_at) // 1000 - 60, UTC)
        after = {"key": "InvokedAfter", "value": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        said = attempt(lambda: client.list_commands(InstanceId=instance.id, Filters=[after], MaxResults=50))
        sent = _good(said, instance)["Commands"]
        return next((str(each["CommandId"]) for each in sent if each.get("Comment") == _mark(run)), None)

    def look(self, instance: Instance, run: Run) -> Seen:
        """The command's state there, its exit code and the end of its output."""
        client = self._client(instance)
        said = attempt(lambda: client.get_command_invocation(CommandId=run.handle, InstanceId=instance.id))
        if isinstance(said, Said) and said.code == "InvocationDoesNotExist":
            return Seen("running")  # so for some seconds after it was sent
        return _seen(_good(said, instance))

    def cancel(self, instance: Instance, run: Run) -> None:
        """Ask Systems Manager to end it."""
        client = self._client(instance)
        _good(attempt(lambda: client.cancel_command(CommandId=run.handle, InstanceIds=[instance.id])), instance)

    def _client(self, instance: Instance, *, config: Config = PATIENT) -> Any:
        place = self._places.get(instance.source)
        if place is None:
            raise Refused(f"No [[aws]] entry covers {instance.source}, where {instance.name} is.")
        client = attempt(lambda: self._clients.get(place[0], "ssm", place[1], config=config))
        return _good(client, instance)


def _seen(found: Mapping[str, Any]) -> Seen:
    state, detail = _STATES.get(found["Status"], "running"), str(found.get("StatusDetails", ""))
    output = "\n".join(filter(None, (found.get("StandardOutputContent"), found.get("StandardErrorContent"))))
    wrong = _GONE_WRONG.get(detail.replace(" ", ""), "")
    if wrong:
        return Seen("failed", None, tail_of(output), wrong)
    code = found.get("ResponseCode", -1) if state == "done" else -1
    return Seen(state, None if code == -1 else int(code), tail_of(output))


def _mark(run: Run) -> str:
    return f"valet run {run.id}"


def _as_user(run: Run) -> str:
    """The command under its own account; Systems Manager runs everything as root."""
    return f"exec runuser -l {shlex.quote(run.user)} -s /bin/sh -c {shlex.quote(run.command)}"


def _good(said: Any, instance: Instance) -> Any:
    if not isinstance(said, Said):
        return said
    if said.code in _REFUSED:
        raise Refused(f"{instance.name}: {_REFUSED[said.code]}.")
    raise Unreachable(f"Systems Manager did not answer for {instance.name} ({said.code}).")
