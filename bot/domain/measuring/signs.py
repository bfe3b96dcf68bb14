"""Signs of work in one minute of one GPU, as an agent tells of it."""

from bot.domain.measuring.readings import Minute, MinuteState
from bot.domain.measuring.verdict import IdleRule, is_empty


def sign_of_work(minute: Minute, rule: IdleRule, floor_watts: float | None = None) -> str:
    """What makes a minute active: "utilisation", "codec", "power" over the GPU's floor; empty when nothing does."""
    if (minute.util_max or 0) >= rule.active_pct:
        return "utilisation"
    if (minute.codec_max or 0) > 0:
        return "codec"
    if floor_watts is not None and minute.watts is not None and minute.watts > floor_watts + rule.veto_watts:
        return "power"
    return ""


def minute_state(minute: Minute, rule: IdleRule, *, started_tick: int, floor_watts: float | None = None) -> MinuteState:
    """Judge one minute; `started_tick` is the tick at which the agent started, `floor_watts` None when not learned."""
    if sign_of_work(minute, rule, floor_watts):
        return "active"
    settled = minute.tick >= rule.settle_minutes and minute.tick - started_tick >= rule.settle_minutes
    if minute.samples < 3 or not settled:
        return "unknown"
    if minute.util_max is not None and not minute.mig:
        return "quiet"
    empty = minute.compute_processes == 0 and not minute.graphics_processes
    return "quiet" if empty and is_empty(minute.memory_used_mib, rule) else "unknown"
