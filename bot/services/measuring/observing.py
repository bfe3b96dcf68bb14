"""What CloudWatch and Prometheus say, read every minute and kept as trails."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.measuring.trails import KEPT_MINUTES, Observation, Told, Trail, follow
from bot.domain.measuring.verdict import IdleRule
from bot.errors import Impaired, ValetError, answering
from bot.services.desk import Desk
from bot.telemetry import Source
from store.measuring import observations

AHEAD = 3 * MINUTE
"""A minute that lies further ahead than this was placed by a clock that has been set back since."""
EVERYWHERE = ""
"""Stands for the places of a source that broke off before it told of any."""


def observe(desk: Desk, sources: Sequence[Source]) -> None:
    """Ask every source about every running instance; one that fails leaves the others' readings fresh."""
    for source in sources:
        now, db = desk.clock(), desk.store.reading()
        targets = observations.targets(db)
        known = {each.place: each.read_until for each in observations.places(db, source.name)}
        read_until = {place: at for place, at in known.items() if at is not None and at <= now}
        rules = {team: desk.settings.rule_of(team) for team in {target.team for target in targets}}
        rule_for = {target.id: rules[target.team] for target in targets}
        try:
            with answering(source.name):
                for told in source.read(targets, read_until, now):
                    record(desk, source.name, told, now, rule_for=rule_for)
        except Impaired:
            raise
        except ValetError as error:  # one that broke off has told of no place in words of its own
            for place in known or {EVERYWHERE: None}:
                record(desk, source.name, Told(place, error=str(error)), now, rule_for=rule_for)
        else:
            if EVERYWHERE in known:
                record(desk, source.name, Told(EVERYWHERE), now, rule_for=rule_for)


def record(desk: Desk, source: str, told: Told, now: int, *, rule_for: Mapping[str, IdleRule]) -> None:
    """Write one answer, in one transaction; `rule_for` has the rule of each instance, by id."""
    with desk.store.writing() as db:
        observations.heard(db, source, told, now)
        observations.save(db, source, _carried(db, source, told, now=now, rule_for=rule_for))


def _carried(
    db: Database, source: str, told: Told, *, now: int, rule_for: Mapping[str, IdleRule]
) -> dict[tuple[str, int | None], Trail]:
    seen = [each for each in told.observations if each.known and each.minute < now and each.instance_id in rule_for]
    kept = observations.of_source(db, source, (each.instance_id for each in seen))
    carried = {}
    for key, of_one in groupby(sorted(seen, key=_place_in_order), key=lambda each: (each.instance_id, each.gpu)):
        before = kept.get(key)
        if before is not None and before.head > now + AHEAD:
            before = None
        trail = follow(before, of_one, rule_for[key[0]])
        if trail is not None:
            carried[key] = trail
    return carried


def _place_in_order(told: Observation) -> tuple[str, int, int]:
    return told.instance_id, -1 if told.gpu is None else told.gpu, told.minute


def prune(desk: Desk) -> None:
    """Drop trails that are too old to matter."""
    with desk.store.writing() as db:
        observations.prune(db, desk.clock() - KEPT_MINUTES * MINUTE)
