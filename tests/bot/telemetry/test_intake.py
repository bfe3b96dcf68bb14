"""The quota: so many at once, so many a minute."""

from bot.telemetry.intake import Quota


def test_a_full_bucket_then_a_drop_at_a_time():
    quota = Quota(per_minute=60)

    at_once = [quota.wait_ms("a", 0) for _ in range(60)]
    refused = quota.wait_ms("a", 0)
    later = quota.wait_ms("a", 1001)

    assert at_once == [0] * 60
    assert 1000 <= refused <= 1001
    assert later == 0


def test_one_hosts_haste_does_not_cost_another():
    quota = Quota(per_minute=1)
    quota.wait_ms("a", 0)

    assert quota.wait_ms("a", 0) > 0
    assert quota.wait_ms("b", 0) == 0


def test_a_clock_set_back_gives_nothing_away_and_breaks_nothing():
    quota = Quota(per_minute=1)
    quota.wait_ms("a", 1_000_000)

    assert quota.wait_ms("a", 0) > 0
    assert quota.wait_ms("a", 60_001) == 0
