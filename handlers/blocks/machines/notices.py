"""What is said of one machine without being asked: its agent is silent, it went down, GPUs of it are not there."""

from bot.domain.machines.notices import Notice
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.words import at, code, esc, length


def machine_notice(notice: Notice, name: str, gpu_command: str, now: int) -> Reply:
    """One of them, as it stands."""
    draw = {"agent": _agent, "down": _down, "gpus": _gpus}[notice.kind]
    return plainly(draw(notice, f"*{esc(name, 60)}*", f"{gpu_command} %s {name}", now))


def _agent(notice: Notice, name: str, command: str, now: int) -> str:
    if notice.over_at is not None:
        return f"The agent of {name} reports again, or need not. It was silent for {_lasted(notice)}."
    held = ", which you hold," if notice.person else ""
    return (
        f"The agent of {name}{held} has not reported since {at(notice.since)}, {length(now - notice.since)} ago. "
        "Whether it works is unknown unless another source tells, so it is called idle by nobody and stopped by no "
        f"rule. Look whether the host is up and its agent runs; {code(command % 'why')} has the rest."
    )


def _down(notice: Notice, name: str, command: str, _now: int) -> str:
    if notice.over_at is not None:
        return f"{name} runs again, or you hold it no more. It was down for {_lasted(notice)}."
    return (
        f"{name}, which you hold, went down at {at(notice.since)}, and Valet has not stopped it: somebody else did, or "
        f"it did so itself. {code(command % 'start')} asks for a start, {code(command % 'release')} gives it back."
    )


def _gpus(notice: Notice, name: str, command: str, _now: int) -> str:
    how, _, which = notice.detail.partition("|")
    if notice.over_at is not None:
        return f"The GPUs of {name} that you hold are told of again, or you hold them no more."
    if how == "other":
        return (
            f"In the place of a GPU of {name} that you hold there is another since {at(notice.since)}: "
            f"{esc(which, 400)}. Look at what runs there; {code(command % 'why')} has the rest."
        )
    return (
        f"You hold GPUs of {name} that its agent has not told of since {at(notice.since)}: {esc(which, 400)}. "
        f"They are gone, or have another number now. What ran there may have ended; {code(command % 'why')} has the "
        "rest."
    )


def _lasted(notice: Notice) -> str:
    return length((notice.over_at or notice.since) - notice.since)
