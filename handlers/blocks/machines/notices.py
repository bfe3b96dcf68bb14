"""What is said of one machine without being asked: its agent is silent, it went down, GPUs of it are not there."""

from bot.domain.machines.notices import Notice
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.words import at, code, day_at, esc, length


def machine_notice(notice: Notice, name: str, gpu_command: str, now: int) -> Reply:
    """One of them, as it stands."""
    draw = {"agent": _agent, "down": _down, "gpus": _gpus}[notice.kind]
    return plainly(draw(notice, f"*{esc(name, 60)}*", f"{gpu_command} %s {name}", now))


def _agent(notice: Notice, name: str, command: str, now: int) -> str:
    if notice.over_at is not None:
        return f"The agent of {name} reports again, or is not needed any more. It was silent for {_lasted(notice)}."
    held = ", which you hold," if notice.person else ""
    return (
        f"The agent of {name}{held} has been silent for {length(now - notice.since)}, since {at(notice.since)}. "
        f"Unless another source measures it, {name} is unknown now, and no rule stops it. "
        f"Check that the host is up and its agent runs. {code(command % 'why')} shows more."
    )


def _down(notice: Notice, name: str, command: str, _now: int) -> str:
    if notice.over_at is not None:
        return f"{name} runs again, or you don't hold it any more. It was down for {_lasted(notice)}."
    return (
        f"{name}, which you hold, went down {day_at(notice.since)}. Valet did not stop it. "
        f"{code(command % 'start')} asks for a start, {code(command % 'release')} gives it back."
    )


def _gpus(notice: Notice, name: str, command: str, _now: int) -> str:
    how, _, which = notice.detail.partition("|")
    if notice.over_at is not None:
        return f"The GPUs of {name} that you hold are seen again, or you don't hold them any more."
    if how == "other":
        return (
            f"A GPU of {name} that you hold was replaced by another {day_at(notice.since)}: "
            f"{esc(which, 400)}. Check what runs there. {code(command % 'why')} shows more."
        )
    return (
        f"The agent of {name} has not seen GPUs that you hold since {at(notice.since)}: {esc(which, 400)}. "
        f"They are gone or have another number now. What ran there may have ended. {code(command % 'why')} shows more."
    )


def _lasted(notice: Notice) -> str:
    return length((notice.over_at or notice.since) - notice.since)
