"""What one minute of a large fleet costs to read from a Prometheus-compatible server: CPU, and bytes on the wire.

Run as `python -m tests.bench.bench_prometheus [GPUS]`, or by `pytest -m bench`. The server is a process of its own that
answers each query with as many series as the fleet has GPUs, 8 to a host, compressed where it is asked for that; what a
real server takes to work the answers out is left out. Beside it, as a floor, `json.loads` of the same answers, which
does nothing with them.
"""

import json
import subprocess
import sys
import time
import urllib.request

import pytest

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.source_history import Target
from bot.settings import parse
from bot.telemetry.prometheus import Prometheus, PrometheusApi

SERVER = """
import gzip, json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
gpus, sent, bodies = int(sys.argv[1]), [0], {}
def body(query):
    watts = "POWER" in query
    result = [
        {"metric": {"Hostname": f"node-{n // 8}.gpu.example.com", "gpu": str(n % 8), "valet": "0"},
         "value": [1.8e9, str(300.5 + n % 40 if watts else n % 100)]}
        for n in range(gpus)
    ]
    answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
    plain = json.dumps(answer, separators=(",", ":")).encode()
    return plain, gzip.compress(plain, 6)
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["query"][0]
        kind = "POWER" in query
        if kind not in bodies:
            bodies[kind] = body(query)
        zipped = "gzip" in self.headers.get("Accept-Encoding", "")
        self.answer(bodies[kind][zipped], zipped)
        sent[0] += len(bodies[kind][zipped])
    def do_GET(self):
        self.answer(json.dumps(sent[0]).encode(), False)
        sent[0] = 0
    def answer(self, said, zipped):
        self.send_response(200)
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *_):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
BEGAN = 1_800_000_000_000 // MINUTE_MS * MINUTE_MS + 30_000


def measure(gpus: int) -> str:
    """A line for each figure."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(gpus)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        return _measured(gpus, f"http://127.0.0.1:{process.stdout.readline().strip()}")
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _measured(gpus: int, url: str) -> str:
    settings = parse({"slack": {"channel": "C00"}, "prometheus": {"url": url}}, {}).prometheus
    targets = [Target(f"i-{host:017x}", f"node-{host}", "owned") for host in range(gpus // 8)]
    source = Prometheus(PrometheusApi(url), settings, window_minutes=60)
    until = {url: BEGAN // MINUTE_MS * MINUTE_MS - MINUTE_MS}
    list(source.read(targets, until, BEGAN))  # the answers are made
    _sent(url)
    wall, cpu = time.perf_counter(), time.process_time()
    (answer,) = source.read(targets, until, BEGAN)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert len(answer.observations) == gpus, answer.error
    sent = _sent(url)
    api = PrometheusApi(url)
    bodies = [api._post("/api/v1/query", f"query={name}&time=1") for name in ("U", "U", "U", "POWER")]
    floor = time.process_time()
    for body in bodies:
        json.loads(body)
    floor = time.process_time() - floor
    return (
        f"{gpus:,} GPUs: {wall:.2f} s, {cpu:.2f} s of CPU, {cpu / floor:.1f} times json.loads of the same answers "
        f"({floor:.2f} s); {sent / 1e6:.2f} MB over the wire, {sum(map(len, bodies)) / 1e6:.1f} MB in all"
    )


def _sent(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as said:
        count: int = json.load(said)
        return count


@pytest.mark.bench
def test_bench_prometheus(capsys):
    found = measure(100_000)

    with capsys.disabled():
        print("\n" + found)


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
