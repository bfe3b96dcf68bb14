"""Carries what is kept of one GPU on by the minutes that were told of it."""

import json

from bot.domain.clock import MINUTE
from bot.domain.fleet import plain
from bot.domain.measuring.packing import Point
from bot.domain.measuring.power import Floor, learn
from bot.domain.measuring.readings import Minute, MinuteState
from bot.domain.measuring.signs import minute_state, sign_of_work
from bot.domain.measuring.spells import Flat, Quiet, follow_flat
from bot.domain.measuring.verdict import IdleRule
from store.sql import Row


class Following:
    """One GPU while a delivery is taken in: `take` every minute, `mark` what became of it, and write the `row`."""

    def __init__(self, row: Row, rule: IdleRule, quiet_from: int, started_tick: int) -> None:
        self._row, self._rule = row, rule
        self._quiet_from, self._started_tick = quiet_from, started_tick
        self._floor = Floor.from_text(row["floor"])
        self._flat = _flat(row)
        self._quiet = Quiet(row["quiet_head"], int.from_bytes(row["quiet_bits"], "little"))
        self._newest: Minute | None = None

    def take(self, minute: Minute, at: int) -> Point:
        """Judge a minute that began at `at`, and carry everything on by it."""
        held = None if minute.compute_processes is None else minute.compute_processes > 0
        floor_watts = None if held is None else self._floor.watts(at, held=held)
        state = minute_state(minute, self._rule, started_tick=self._started_tick, floor_watts=floor_watts)
        if state == "active" and at >= (self._row["last_active_at"] or 0):
            self._row["active_by"] = sign_of_work(minute, self._rule, floor_watts)
        self._follow(state, at)
        self._power(minute, state, at, held=held)
        if at >= (self._row["last_minute_at"] or 0):
            self._row["last_minute_at"] = at
            self._newest, self._row["floor_watts"] = minute, floor_watts
        return Point(
            gpu=minute.gpu,
            state=state,
            util_max=minute.util_max,
            util_mean=minute.util_mean,
            watts=minute.watts,
            memory_used_mib=minute.memory_used_mib,
            compute_processes=minute.compute_processes,
        )

    def mark(self, at: int, state: MinuteState) -> None:
        """Note whether a minute, by all that was told of it, was quiet."""
        self._quiet = self._quiet.marked(at, quiet=state == "quiet", window_minutes=self._rule.window_minutes)

    def seen(self, until: int) -> None:
        """It was seen, and what it did is known, up to this instant."""
        self._row["seen_until"] = max(until, self._row["seen_until"] or until)

    def row(self) -> Row:
        """All that is kept of it."""
        quiet, flat = self._quiet, self._flat
        bits = quiet.bits.to_bytes((quiet.bits.bit_length() + 7) // 8, "little")
        return (
            self._row
            | (_shown(self._newest) if self._newest else {})
            | {
                "quiet_head": quiet.head,
                "quiet_bits": bits,
                "floor": self._floor.to_text(),
                "flat_since": flat and flat.since,
                "flat_until": flat and flat.until,
                "flat_util": flat and flat.util_mean,
                "flat_memory_mib": flat and flat.memory_used_mib,
            }
        )

    def _follow(self, state: MinuteState, at: int) -> None:
        """Carry the spell on by one minute. Whatever comes late or twice can only make it look busier."""
        row = self._row
        if state == "active":
            row["last_active_at"] = max(at, row["last_active_at"] or at)
            if row["quiet_since"] is not None and row["quiet_since"] <= at:
                row["quiet_since"] = None
        elif state == "quiet" and at >= self._quiet_from and at > (row["last_active_at"] or 0):
            gap = (self._rule.gap_minutes + 1) * MINUTE
            hole = row["last_known_at"] is not None and at - row["last_known_at"] > gap
            if row["quiet_since"] is None or hole:
                row["quiet_since"] = at
        if state != "unknown":
            row["last_known_at"] = max(at, row["last_known_at"] or at)

    def _power(self, minute: Minute, state: MinuteState, at: int, *, held: bool | None) -> None:
        """Learn the floor from minutes without any work, and see whether work looks like a keep-alive."""
        watts, near = minute.watts, False
        if watts is not None and held is not None:
            near = state == "active" and self._floor.near(at, watts, self._rule.veto_watts, held=held)
            if state == "quiet" and not minute.util_max:
                self._floor = learn(self._floor, at, watts, held=held)
        self._flat = follow_flat(self._flat, at, minute, suspect=near)


def _flat(row: Row) -> Flat | None:
    if row["flat_since"] is None:
        return None
    return Flat(row["flat_since"], row["flat_until"], row["flat_util"], row["flat_memory_mib"])


def _shown(minute: Minute) -> Row:
    """What people are shown of a GPU: its newest minute."""
    largest = max(minute.processes, key=lambda each: each.memory_mib or 0, default=None)
    return {
        "util_max": minute.util_max,
        "watts": minute.watts,
        "memory_used_mib": minute.memory_used_mib,
        "compute_processes": minute.compute_processes,
        "process": plain(largest.name) if largest else "",
        "users": json.dumps(sorted({each.user for each in minute.processes} - {""})),
        "error": minute.error or "",
    }
