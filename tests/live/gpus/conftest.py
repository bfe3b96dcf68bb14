"""Hosts with GPUs that are none: the real nvidia-ml-py on a library built here."""

import pytest

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
