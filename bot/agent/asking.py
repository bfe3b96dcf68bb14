"""`valet agent pause` and `resume`: ask the running agent, wait for what it does, and say it."""

import sys
import time
from pathlib import Path

from bot.agent import pausing
from bot.agent.host import HostTime
from bot.agent.pausing import Pause
from bot.errors import Refused
from bot.telemetry.procfs import holders

LOOK_S = 0.2
NOT_YET = "it has not answered yet"


def pause(folder: Path, seconds: float, *, wait_s: float, host_time: HostTime | None = None) -> int:
    """Ask for a pause and wait until the driver is released; returns the exit code."""
    host_time = host_time or HostTime()
    try:
        if not pausing.is_running(folder):
            _say(f"No agent runs here with {folder}, so none holds the driver. {_others()}")
            return 0
        wish = pausing.ask(folder, seconds, host_time)
    except Refused as refused:
        return _fail(str(refused))
    held_by = _wait_for(folder, wish, wait_s)
    if held_by:
        return _fail(
            f"The agent was asked to let go, but {held_by}. It goes on trying; `valet agent resume` ends that."
        )
    until = time.strftime("%H:%M", time.localtime(time.time() + seconds))
    _say(f"Released. The agent looks at no GPU until {until}, or until `valet agent resume`. {_others()}")
    return 0


def resume(folder: Path) -> int:
    """End the pause; returns the exit code."""
    try:
        was_paused = pausing.withdraw(folder)
    except Refused as refused:
        return _fail(str(refused))
    _say("The agent goes on within seconds." if was_paused else f"There is no pause in {folder}.")
    return 0


def _wait_for(folder: Path, wish: Pause, wait_s: float) -> str:
    """What still holds the driver after so many seconds; nothing when it is released."""
    deadline = time.monotonic() + wait_s
    held_by = NOT_YET
    while held_by and time.monotonic() < deadline:
        time.sleep(LOOK_S)
        state = pausing.state(folder)
        if state is not None and state.pause == wish.id:
            held_by = state.held_by
        elif not pausing.is_running(folder):
            return ""  # whoever starts now finds the wish
    return held_by


def _others() -> str:
    names = [f"{name or 'a program'} ({pid})" for pid, name in holders()]
    if not names:
        return "No other program is seen to hold it."
    return f"Still held by {', '.join(names[:10])}" + (f" and {len(names) - 10} more." if len(names) > 10 else ".")


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def _fail(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1
