"""Hosts with GPUs that are none: the real nvidia-ml-py on a library built here."""

import subprocess
import sys
import time

import pytest

from tests.live.gpus.bot import FAST_AGENT, TOKEN, Bot, serve
from tests.live.gpus.library import GpuHost, build, has_compiler


@pytest.fixture(scope="session")
def nvml_libraries(tmp_path_factory):
    """Folders with libnvidia-ml.so.1 of a recent and of an old driver."""
    if not has_compiler():
        pytest.skip("gcc is needed to build the fake libnvidia-ml.so.1")
    folder = tmp_path_factory.mktemp("nvml")
    return {"recent": build(folder / "recent"), "old": build(folder / "old", old=True)}


@pytest.fixture
def gpu_host(nvml_libraries, tmp_path):
    return GpuHost(tmp_path, nvml_libraries["recent"])


@pytest.fixture
def old_gpu_host(nvml_libraries, tmp_path):
    return GpuHost(tmp_path, nvml_libraries["old"])


@pytest.fixture
def host_without_driver(tmp_path):
    return GpuHost(tmp_path, None)


@pytest.fixture
def bot():
    return Bot()


@pytest.fixture
def server(bot):
    server = serve(bot)
    yield server
    server.stop()


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def runs(server, token_file, tmp_path):
    """Start the agent on a host as a service whose minutes last a second; it is ended at the end."""
    started, booted_at = [], str(time.monotonic())

    def start(host):
        url = f"http://127.0.0.1:{server.port}"
        command = [sys.executable, "-c", FAST_AGENT, url, str(token_file), str(tmp_path), booted_at]
        env = host.environment(live=True)
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
