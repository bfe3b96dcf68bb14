"""No team loses more than half of its machines at once, nor more than so many."""

import pytest

from bot.domain.acting.batches import StopsCapped, check_stops_cap


@pytest.mark.parametrize(
    ("pool", "most", "allowed"), [(1, 5, 2), (3, 5, 2), (6, 5, 3), (10, 5, 5), (100, 5, 5), (100, 50, 50), (8, 1, 1)]
)
def test_so_many_stops_are_on_their_way_at_once_and_no_more(pool, most, allowed):
    for under_way in range(allowed):
        check_stops_cap(under_way, pool, most, team="nlp")

    with pytest.raises(StopsCapped, match=f"^{allowed} of team nlp's {pool} running machines are being stopped"):
        check_stops_cap(allowed, pool, most, team="nlp")
