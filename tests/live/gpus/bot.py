"""A bot behind a real door, and the agent as a service that reports to it."""

import hashlib
import time

from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import DoorLimits, Health, door
from bot.telemetry.serving import DoorServer
from tests.bot.telemetry.one_by_one import one_by_one

TOKEN = "a-very-secret-token"
FAST_AGENT = """
import logging, sys, time
from pathlib import Path
from bot.agent.host import HostTime
from bot.agent.run import Options, run
logging.basicConfig(level=logging.INFO)
began = float(sys.argv[4])
host_time = HostTime("boot-1", lambda: 6000.0 + (time.monotonic() - began) * 60, 60.0)
sys.exit(run(Options(sys.argv[1], Path(sys.argv[2]), "dgx-1", state_dir=Path(sys.argv[3])), host_time=host_time))
"""
"""A host whose minutes last a second."""


class Bot:
    """What stands behind the door: keeps what it is given."""

    def __init__(self):
        self.pushes = []
        self.tokens = {hashlib.sha256(TOKEN.encode()).hexdigest(): "dgx-1"}

    def receive(self, push, _address):
        self.pushes.append(push)
        return Receipt(len(push.minutes), duplicate=False)

    @property
    def minutes(self):
        return [minute for push in list(self.pushes) for minute in push.minutes]

    def waits_for(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.pushes
            time.sleep(0.05)


def serve(bot, port=0):
    app = door(
        one_by_one(bot.receive), bot.tokens.get, lambda: Health(ok=True), limits=DoorLimits(pushes_per_minute=10_000)
    )
    server = DoorServer(app, "127.0.0.1", port)
    server.start()
    return server
