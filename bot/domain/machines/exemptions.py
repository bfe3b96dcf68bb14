"""Exemptions: instances that may idle for a known reason until a known day, so nobody is asked about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.machines import tags
from bot.domain.machines.fleet import Instance


@dataclass(frozen=True, slots=True)
class Exemption:
    """One exemption: what it covers, why, and for how long."""

    reason: str
    last_day: date
    """The last day on which it holds."""
    until_at: int
    """When it ends: the end of that day."""
    instance: str = ""
    """Name or id of the one instance it covers; else it goes by `tag`."""
    tag: str = ""
    """A tag ("keep") or a tag with its value ("purpose=serving") of the instances it covers."""

    def covers(self, instance: Instance) -> bool:
        """It is about this instance."""
        if self.instance:
            return self.instance in {instance.id, instance.name, instance.told_name}
        key, equals, value = self.tag.partition("=")
        borne = tags.tag_of(instance.tags, key) if key else None
        return borne is not None and (not equals or tags.same_spelling(borne[1], value))


def exemption_ends_at(last_day: date, zone: str) -> int:
    """The instant at which a day is over in a time zone."""
    midnight = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    return int(midnight.timestamp() * 1000)


def exemption_of(known: Iterable[Exemption], instance: Instance, now: int) -> Exemption | None:
    """The exemption that holds now for an instance, the longest where several do; None when none does."""
    holding = (each for each in known if now < each.until_at and each.covers(instance))
    return max(holding, key=lambda each: each.until_at, default=None)
