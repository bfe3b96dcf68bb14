"""What EC2 refuses, by its own codes."""

from bot.domain.fleet import Instance


def why_not_start(machine: Instance | None) -> str:
    """The code with which EC2 refuses a start; empty when it doesn't."""
    if machine is None:
        return "InvalidInstanceID.NotFound"
    if machine.state in {"terminated", "stopping"}:
        return "IncorrectInstanceState"
    return "" if machine.lifecycle == "on-demand" else "UnsupportedOperation"


def why_not_stop(machine: Instance | None) -> str:
    """The code with which EC2 refuses a stop; empty when it doesn't."""
    if machine is None:
        return "InvalidInstanceID.NotFound"
    if machine.state in {"terminated", "pending"}:
        return "IncorrectInstanceState"
    if machine.stop_protected:
        return "OperationNotPermitted"
    if machine.lifecycle != "on-demand" or machine.root_device != "ebs":
        return "UnsupportedOperation"
    return ""
