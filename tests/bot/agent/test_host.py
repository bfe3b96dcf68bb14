"""Boot, ticks, and numbers of deliveries that are never given out twice."""

import json
from collections import Counter

from bot.agent.host import BOOT_ID_FILE, DeliveryCounter, HostTime, default_state_dir, spread_of
from tests.bot.agent.pretend import stopped_clock


def test_a_tick_is_a_minute_since_boot():
    assert HostTime("b", lambda: 59.9).tick() == 0
    assert HostTime("b", lambda: 7205.0).tick() == 120


def test_hosts_that_booted_together_do_not_count_their_minutes_together():
    begins = [60 - spread_of(f"node-{number}") % 60 for number in range(1_000)]
    busiest = Counter(int(second) for second in begins).most_common(1)[0][1]

    assert spread_of("node-1") == spread_of("node-1")
    assert busiest <= 50, "a thousand in 60 seconds are 17 in each, and by chance some more"
    assert HostTime("b", lambda: 59.9, ahead_s=10.0).tick() == 1


def test_the_boot_is_the_kernels():
    assert HostTime().boot_id == BOOT_ID_FILE.read_text().strip()


def test_numbers_go_on_after_a_restart_of_the_agent(tmp_path):
    first = DeliveryCounter(tmp_path, stopped_clock())
    given = [first.next(), first.next()]

    given.append(DeliveryCounter(tmp_path, stopped_clock()).next())

    assert given == sorted(set(given))
    assert given[2] == given[1] + 1


def test_two_agents_on_one_host_never_use_the_same_number(tmp_path):
    service, by_hand = DeliveryCounter(tmp_path, stopped_clock()), DeliveryCounter(tmp_path, stopped_clock())

    given = [service.next(), by_hand.next(), service.next(), service.next(), by_hand.next()]

    assert len(set(given)) == 5


def test_a_new_boot_starts_anew(tmp_path):
    DeliveryCounter(tmp_path, HostTime("boot-1", lambda: 90_000.0)).next()

    number = DeliveryCounter(tmp_path, HostTime("boot-2", lambda: 1.0)).next()

    assert number == 1001
    assert json.loads((tmp_path / "deliveries.json").read_text()) == {"boot_id": "boot-2", "seq": 1001}


def test_a_broken_state_file_does_not_bring_an_old_number_back(tmp_path):
    used = [DeliveryCounter(tmp_path, HostTime("b", lambda: 100.0)).next() for _ in range(3)]
    (tmp_path / "deliveries.json").write_text('{"boot_id": "b", "se')

    number = DeliveryCounter(tmp_path, HostTime("b", lambda: 101.0)).next()

    assert number > max(used)


def test_without_a_place_for_the_file_numbers_still_grow_and_it_is_said_once(tmp_path, caplog):
    (tmp_path / "taken").write_text("a file, not a folder")
    deliveries = DeliveryCounter(tmp_path / "taken", stopped_clock())

    given = [deliveries.next(), deliveries.next()]

    assert given[1] == given[0] + 1
    assert caplog.text.count("cannot be written") == 1


def test_the_state_lies_where_the_system_wants_it(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert str(default_state_dir()) == "/somewhere/valet-agent"

    monkeypatch.delenv("XDG_STATE_HOME")
    assert default_state_dir().name == "valet-agent"
