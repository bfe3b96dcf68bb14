"""What comes over a connection to Slack: what was not taken up yet, and what is let in before the end."""

import threading
import time

END_S = 5.0


class Traffic:
    """What came over one connection and was not taken up yet; a reader that reads for nobody is deaf, too."""

    def __init__(self, heard: float) -> None:
        self._lock = threading.Lock()
        self._pending = 0
        self.heard = heard
        """When something was last taken up, or a ping answered."""

    @property
    def is_taken_up(self) -> bool:
        """Nothing waits."""
        return self._pending == 0

    def came(self, message: str) -> None:
        """As the SDK's reader calls it."""
        if '"disconnect"' not in message[:100]:  # the SDK keeps these to itself
            with self._lock:
                self._pending += 1

    def taken(self, _client: object, _message: object, _raw: object = None) -> None:
        """As the SDK's workers call it."""
        with self._lock:
            self._pending = max(0, self._pending - 1)
            self.heard = time.monotonic()


class Gate:
    """Until it is shut, what came in is done and acknowledged, both; from then on neither."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._shut = False

    def enter(self) -> bool:
        """Whether a request may come in; then `leave` has to follow."""
        with self._changed:
            self._inside += not self._shut
            return not self._shut

    def leave(self) -> None:
        """It is acknowledged."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def shut(self) -> None:
        """Let nothing in any more, and wait for those inside."""
        with self._changed:
            self._shut = True
            self._changed.wait_for(lambda: not self._inside, END_S)
