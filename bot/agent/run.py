"""`run`: the agent from its options to its exit code."""

import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from bot import __version__
from bot.agent.agent_tls import AgentTls
from bot.agent.host import DeliveryCounter, HostTime, default_state_dir, spread_of
from bot.agent.loop import AgentLoop
from bot.agent.pause import Controls
from bot.agent.post import DoorClient, Server, read_token
from bot.agent.runs import RunWorker
from bot.agent.sampler import GpuSampler
from bot.agent.sender import About, Sender
from bot.agent.spool import Spool
from bot.errors import Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. The server may be left out where `print_` is set: then nothing is sent."""

    server: str | None
    token_file: Path | None
    host: str
    once: bool = False
    print_: bool = False
    interval_s: float = 15.0
    state_dir: Path | None = None
    insecure_http: bool = False
    allow_jobs: bool = False
    certificate: Path | None = None
    key: Path | None = None


def run(options: Options, *, source: GpuSampler | None = None, host_time: HostTime | None = None) -> int:
    """Run the agent until SIGTERM or SIGINT, or for one push with `once`; returns the exit code.

    0: told to stop, or the one push arrived. 1: the options cannot work, or with `once` no GPU could be read or the
    push did not arrive; the reason is on standard error.
    """
    host_time = host_time or HostTime(ahead_s=spread_of(options.host))
    about = About(options.host, host_time.tick(), __version__)
    try:
        door_client = _door_client(options)
        sender = _sender(options, host_time, about, door_client=door_client)
        worker = (
            RunWorker(door_client, options.state_dir or default_state_dir())
            if door_client and options.allow_jobs
            else None
        )
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    controls = Controls(options.state_dir or default_state_dir(), host_time)
    show = _show if options.print_ else None
    watch = AgentLoop(source or _nvml(host_time), sender, host_time, about=about, show=show, controls=controls)
    if options.once:
        return 1 if watch.once() else 0
    if sender is not None:
        controls.take()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: watch.stop.set())
    log.info("Watching the GPUs of %s every %g s.", options.host, options.interval_s)
    if worker is not None:
        worker.start()
    watch.until_told(options.interval_s)
    if worker is not None:
        worker.end()
    controls.leave()
    if watch.must_restart:
        log.info("The NVIDIA driver was upgraded: starting again with its new library.")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very command, as it was given
    return 0


def _door_client(options: Options) -> DoorClient | None:
    if options.server is None and options.print_:
        return None
    if options.server is None or options.token_file is None:
        raise Refused("Give --server and --token-file, or --print alone to only look.")
    server = Server.parse(options.server, insecure_http=options.insecure_http)
    token = read_token(options.token_file)
    tls = AgentTls(options.certificate, options.key) if server.secure else None
    return DoorClient(server, token, agent=f"valet-agent/{__version__}", tls=tls)


def _sender(options: Options, host_time: HostTime, about: About, *, door_client: DoorClient | None) -> Sender | None:
    if door_client is None:
        return None
    folder = options.state_dir or default_state_dir()
    # A look by hand beside the service leaves the service's minutes alone.
    spool = None if options.once else Spool(folder, boot_id=host_time.boot_id, host=options.host)
    return Sender(door_client, DeliveryCounter(folder, host_time), host_time, about, spool=spool)


def _nvml(host_time: HostTime) -> GpuSampler:
    from bot.telemetry.nvml import Nvml

    return Nvml(host_time.now)


def _show(text: str) -> None:
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()
