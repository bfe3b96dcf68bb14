"""A real Prometheus on loopback: with a history that was written before it started, or scraping an endpoint."""

import http.client
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

READY_S = 20.0


def tool(name: str) -> str:
    """The path of a program of the Debian package `prometheus`; skips where it is missing."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package prometheus)")
    return found


@dataclass
class Exporter:
    """A text endpoint that says what `text` says."""

    text: str
    port: int = 0


@contextmanager
def exporter(text: str) -> Iterator[Exporter]:
    """Serve metrics on a free port of 127.0.0.1."""
    said = Exporter(text)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            body = said.text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield said
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def prometheus(folder: Path, *, history: str = "", scrape: int | None = None) -> Iterator[str]:
    """Run a server with its data in `folder`; its address. `history` is OpenMetrics text, `scrape` a port to scrape."""
    program, port = tool("prometheus"), _free_port()
    blocks = folder / "blocks"
    blocks.mkdir(parents=True)
    if history:
        (folder / "history.txt").write_text(history)
        made = [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", blocks]
        subprocess.run(made, check=True, capture_output=True, timeout=60)
    targets = f"[{{targets: ['127.0.0.1:{scrape}']}}]" if scrape else "[]"
    job = f"{{job_name: gpus, scrape_interval: 1s, scrape_timeout: 1s, static_configs: {targets}}}"
    (folder / "prometheus.yml").write_text(f"scrape_configs: [{job}]\n")
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={blocks}"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y", "--log.level=error"]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        try:
            _await_ready(process, port, folder / "log.txt")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    pause = threading.Event()
    for _ in range(int(READY_S / 0.05)):
        assert process.poll() is None, log.read_text()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/-/ready")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        pause.wait(0.05)
    raise AssertionError(f"Prometheus was not ready in {READY_S} s: {log.read_text()}")


Series = tuple[str, str, Mapping[int, float]]
"""Metric, labels as in `a="b"`, value by epoch seconds."""


def openmetrics(series: Iterable[Series]) -> str:
    """History as `promtool tsdb create-blocks-from openmetrics` reads it."""
    by_metric: dict[str, list[str]] = {}
    for metric, labels, values in series:
        lines = by_metric.setdefault(metric, [f"# TYPE {metric} gauge"])
        lines += [f"{metric}{{{labels}}} {value} {at}" for at, value in sorted(values.items())]
    return "\n".join(line for lines in by_metric.values() for line in lines) + "\n# EOF\n"
