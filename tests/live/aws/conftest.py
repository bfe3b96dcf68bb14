"""A moto server for the tests here, and an environment that leads boto3 to it."""

from collections.abc import Iterator

import pytest

from tests.live.moto_server import ENVIRONMENT, MotoServer, moto_server


@pytest.fixture(scope="session")
def running() -> Iterator[MotoServer]:
    """The server, once for all tests."""
    with moto_server() as server:
        yield server


@pytest.fixture
def aws(running: MotoServer, monkeypatch: pytest.MonkeyPatch) -> MotoServer:
    """The server with nothing in it."""
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": running.url}.items():
        monkeypatch.setenv(name, value)
    running.reset()
    return running
