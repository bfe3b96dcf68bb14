"""The edge of the agent: a fault in one step is logged, and the agent goes on."""

import logging
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from bot.errors import ValetError

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


def guarded(step: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result | None:
    """Do one step of the agent; None when it failed, which is logged."""
    try:
        return step(*args, **kwargs)
    except Exception:  # a host that stops reporting is worse than a fault in the log
        log.exception("A step of the agent failed; going on.")
        return None


class Aside:
    """A call made in a thread of its own, so that nobody has to wait for it longer than they want."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._error: ValetError | None = None
        self._thread = threading.Thread(target=self._run, name="aside", daemon=True)
        self._thread.start()

    def is_over(self, within_s: float) -> bool:
        """Wait for the end, so long at most; raises the ValetError that the call raised."""
        self._thread.join(within_s)
        if self._error is not None:
            raise self._error
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._call()
        except ValetError as error:
            self._error = error
