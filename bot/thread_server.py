"""Uvicorn in a thread of its own, which starts and stops when it is told, not at the next tenth of a second."""

import asyncio
import contextlib
import socket
import threading

import uvicorn

START_S = 10.0
SERVER_TICK_S = 1.0
SERVER_LOOK_S = 0.005
"""How often a stopping server looks whether all have hung up; uvicorn's own look takes 100 ms, even with nobody."""


class ThreadServer(uvicorn.Server):
    """Serves until `stop`; what is running then may end within the `timeout_graceful_shutdown` of its configuration."""

    tick_s = SERVER_TICK_S

    def __init__(self, config: uvicorn.Config, name: str) -> None:
        super().__init__(config)
        self._name = name
        self._is_ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def start(self, listener: socket.socket) -> bool:
        """Listen there; returns once requests are answered, False when that does not come about."""
        self._thread = threading.Thread(target=self._run, args=([listener],), name=self._name, daemon=True)
        self._thread.start()
        self._is_ready.wait(START_S)
        if not self.started:
            self.stop(START_S)
        return self.started

    def stop(self, wait_s: float) -> None:
        """Take no more connections, let what is running end, and wait for the thread, at most so long."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)
        if self._thread is not None:
            self._thread.join(wait_s)

    def _run(self, sockets: list[socket.socket]) -> None:
        try:
            self.run(sockets)
        finally:
            self._is_ready.set()  # also when it never got so far, so that nobody waits for it

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._is_ready.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # it also renews the date that answers carry
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), self.tick_s)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        until = self._now() + (self.config.timeout_graceful_shutdown or 0)
        while (state.connections or state.tasks) and self._now() < until:  # noqa: ASYNC110 - uvicorn tells no event of it
            await asyncio.sleep(SERVER_LOOK_S)
        for task in state.tasks:
            task.cancel()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
