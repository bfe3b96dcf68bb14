"""Power commands of an admin's (IPMI, wake-on-LAN): run on Valet's own host, without a shell and not for long."""

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass

from bot.errors import Refused, Unreachable

POWER_TIMEOUT_S = 30
_MOST_SAID = 300
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
"""What they see of Valet's environment, whose secrets are none of their business."""


@dataclass(frozen=True, slots=True)
class Power:
    """The commands that switch one host, each as a program and its arguments; empty where there is none."""

    off: tuple[str, ...] = ()
    on: tuple[str, ...] = ()


def run_power_command(command: tuple[str, ...], name: str, *, timeout_s: float = POWER_TIMEOUT_S) -> None:
    """Run one. Raises Refused when it fails, Unreachable when it does not end in time (it may have worked)."""
    seen = {key: value for key, value in os.environ.items() if key in _KEPT}
    with tempfile.TemporaryFile() as said:  # a pipe would be waited for as long as any child of the command holds it
        try:
            begun = subprocess.Popen(  # noqa: S603  # an admin wrote it, and no shell reads it
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=seen,
                start_new_session=True,
            )
        except OSError as error:
            why = error.strerror or "it can't be run"
            raise Refused(f"{command[0]}, the power command of {name}, can't be run: {why}.") from None
        try:
            code = begun.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(begun.pid, signal.SIGKILL)
            begun.wait()
            raise Unreachable(f"{command[0]}, the power command of {name}, did not end in {timeout_s:g} s.") from None
        if code:
            said.seek(0)
            raise Refused(f"{command[0]}, the power command of {name}, failed ({_why(said.read(), code)}).")


def _why(said: bytes, code: int) -> str:
    """Its last words, made plain, or how it ended."""
    words = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return words[-1][:_MOST_SAID].rstrip(".") if words else f"exit code {code}"
