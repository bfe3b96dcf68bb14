"""Owned machines are told of by their agents, and nothing here switches them off."""

import pytest

from bot.domain.fleet import Instance
from bot.errors import Refused
from bot.providers import Provider
from bot.providers.onprem import Owned

DGX = Instance("dgx-1", "dgx-1", "owned", "owned", "owned", "running")


def test_there_is_nothing_to_sweep():
    provider: Provider = Owned()

    assert list(provider.sweep()) == []


def test_it_is_as_it_was_told():
    assert Owned().describe(DGX) is DGX


def test_it_is_not_stopped_from_here():
    with pytest.raises(Refused, match="dgx-1 is owned, so it can't be stopped from here"):
        Owned().stop(DGX)
