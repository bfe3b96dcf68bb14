"""Looks at EC2 for Valet as a process of its own: reads requests from standard input, and ends when that does."""

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from bot.providers.sweep_wire import WireMessage, account_of, last_line, machine_lines, wire_line
from bot.redaction import set_up_log

ALIVE_EVERY_S = 1.0


class Looker:
    """Answers requests, one after the other, on `out`; what it has read beside the machines it keeps between them."""

    def __init__(self, out: int) -> None:
        self._out, self._lock = out, threading.Lock()
        self._ec2: Ec2 | None = None
        self._known: tuple[Sequence[AwsAccount], int] = (), 0
        self._now, self._number, self._said_at = 0, 0, 0.0

    def look(self, request: WireMessage) -> None:
        """Look everywhere as a request says, and tell of each place as soon as it is there."""
        self._now, self._number = request["now"], request["number"]
        ec2 = self._ec2_of([account_of(row) for row in request["accounts"]], request["page_size"])
        ec2.take_memory(request["memory"])
        for look in ec2.sweep():
            for message in machine_lines(look):
                self._say(message)
            self._say(last_line(look) | {"memory": ec2.memory_of(look.source, since=request["since"])})
        self._say({"done": True, "mib": resident_mib()})

    def _ec2_of(self, accounts: list[AwsAccount], page_size: int) -> Ec2:
        if self._ec2 is None or self._known != (accounts, page_size):
            self._known = accounts, page_size
            self._ec2 = Ec2(accounts, clock=lambda: self._now, page_size=page_size)
            self._ec2.clients.on_answer = self._is_alive
        return self._ec2

    def _is_alive(self) -> None:
        if time.monotonic() - self._said_at > ALIVE_EVERY_S:
            self._say({"alive": True})

    def _say(self, message: WireMessage) -> None:
        line = wire_line({"number": self._number, **message})
        with self._lock:
            self._said_at = time.monotonic()
            while line:
                line = line[os.write(self._out, line) :]


def resident_mib() -> float:
    """What this process holds in memory; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def answer_requests(*, verbose: bool, as_json: bool) -> None:
    """Answer requests until standard input ends, which it also does when Valet is killed."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # sent to all of a service or terminal; Valet tells
        signal.signal(number, signal.SIG_IGN)
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    set_up_log(verbose=verbose, as_json=as_json)
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[requests], daemon=True).start()
    looker = Looker(out)
    while True:
        looker.look(requests.get())


def _listen(requests: "queue.SimpleQueue[Any]") -> None:
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    os._exit(0)  # whatever still hangs in AWS, nobody waits for it
