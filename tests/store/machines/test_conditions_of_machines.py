"""Each condition of the statements about machines and people counts: without any one of them, nothing is found."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import UncoveredMachine
from bot.domain.machines.packing import GpuSum, pack_sums
from store import forget as stored_forget
from store import home as stored_home
from store import own_settings as stored_own_settings
from store import people as stored_people
from store.machines import agents, rollups, source_history
from store.machines import fleet as stored_fleet
from store.machines import names as stored_names
from store.machines import notices as stored_notices
from store.machines import others as stored_others
from store.machines import owned as stored_owned
from store.machines import readings as stored_readings
from store.machines import sources as stored_sources
from tests.neighbours import FAR, MACHINE, NEAR, NIA, TEAM
from tests.store.conditions import GONE, STANDS, Condition, asked, hold, put, row_in, written

ACROSS, KIND, SOURCE = "i-across", "p4d.24xlarge", "ec2/next-door"
ALONE = (f"UPDATE instances SET gone_at = 1 WHERE id = '{ACROSS}'",)
OWNED = put("instances", f"id = '{MACHINE}'", provider="owned")
WORKS = put("verdicts", state="active")
WASTES = put("verdicts", waste_micros=5)
FLEET = [
    Condition(
        asked(stored_fleet.missed_since, SOURCE, NEAR),
        (put("instances", gone_at=NEAR), put("instances", gone_at=None), put("instances", source="other")),
        (put("instances", gone_at=NEAR + 1),),
    ),
    Condition(asked(stored_fleet.missed_at, MACHINE), (put("instances", gone_at=None),), (GONE,)),
    *(
        Condition(
            lambda db, _, field=field: getattr(
                next(each for each in stored_fleet.unread_rented_sources(db, 2) if each.name == SOURCE), field
            ),
            (GONE, STANDS, OWNED, put("instances", source="other")),
            ALONE,
        )
        for field in ("running", "micros_per_hour")
    ),
    Condition(asked(stored_fleet.unread_rented_sources, 2), (put("sources", ok_at=2),)),
    Condition(asked(stored_fleet.unread_rented_sources, 1), (put("sources", ok_at=1),), (put("sources", ok_at=None),)),
    Condition(
        lambda db, _: not all(each.exact for each in stored_fleet.unread_rented_sources(db, 2)),
        (put("instances", rate_exact=1),),
        (put("instances", rate_exact=0, rate_micros=5),),
    ),
    *(
        Condition(written(stored_fleet.forget_verdicts_of_stopped), ("DELETE FROM verdicts",), (before,))
        for before in (STANDS, GONE)
    ),
    Condition(lambda db, _: not written(stored_fleet.forget_verdicts_of_stopped)(db, None), (STANDS, GONE)),
    *(
        Condition(
            asked(stored_fleet.pool, TEAM), (put("instances", state="stopped"),), (put("instances", state=state),)
        )
        for state in ("running", "stopping")
    ),
    *(
        Condition(
            asked(stored_fleet.gone_instances, word),
            (put("instances", gone_at=None), *others),
            (GONE, put("instances", f"id = '{MACHINE}'", own_name="given")),
        )
        for word, others in (
            ("Next-Door", (put("instances", name="x"),)),
            ("Given", (put("instances", own_name="x"),)),
            (MACHINE.upper(), ()),
        )
    ),
    Condition(
        written(stored_names.looks_of, []), (put("instances", looks_like="x"),), (put("instances", looks_like=None),)
    ),
    Condition(
        lambda db, _: stored_names.looks_of(db, [MACHINE]) == {"x"},
        (put("instances", looks_like="y"),),
        (put("instances", f"id = '{MACHINE}'", looks_like="x"),),
    ),
]
REPORTED = row_in(
    "hosts", host=MACHINE, reported_at=1, gpus_seen=8, agent_version="", driver="", error="", fewer_since=5
)
HOUR = NEAR // HOUR_MS * HOUR_MS
UNROLLED = {level: row_in("unrolled", level=level, start=0, host=MACHINE) for level in ("hour", "day")}
GRACE = HOUR_MS + rollups.ROLLUP_GRACE_MS
COUNTED = pack_sums([GpuSum(0, active=1)])
MEASURING = [
    Condition(asked(agents.host_of, "0" * 64), (put("tokens", revoked_at=1),)),
    Condition(asked(agents.revoke_token, "next-door", 1), (put("tokens", revoked_at=1),)),
    Condition(asked(agents.live_tokens), (put("tokens", revoked_at=1),)),
    Condition(
        written(agents.note_seen, "next-door", "::1", 1), (put("tokens", revoked_at=1), put("tokens", host="other"))
    ),
    Condition(asked(agents.report_of, MACHINE), (put("hosts", host="other"),), (REPORTED,)),
    Condition(asked(agents.reports, [MACHINE]), (put("hosts", host="other"),), (REPORTED,)),
    Condition(written(agents.forget_missing, MACHINE), (put("hosts", host="other"),), (REPORTED,)),
    Condition(
        lambda db, _: agents.given_name(db, MACHINE) == "given",
        (put("given_names", host="other"),),
        (row_in("given_names", host=MACHINE, name="given"),),
    ),
    Condition(
        asked(stored_readings.quiet_from, MACHINE, NEAR + 1),
        (put("boots", host="other"), put("boots", quiet_from=NEAR + 1)),
    ),
    Condition(asked(stored_readings.booted, NEAR + 1), (put("boots", quiet_from=NEAR + 1),)),
    Condition(
        asked(stored_readings.seen_until, MACHINE, 1), (put("gpus", host="other"), put("gpus", last_minute_at=0))
    ),
    Condition(asked(stored_readings.gpu_rows, MACHINE), (put("gpus", host="other"),)),
    Condition(written(stored_readings.drop_gpus, MACHINE, [0]), (put("gpus", host="other"), put("gpus", gpu=1))),
    Condition(asked(stored_readings.traces_of, MACHINE, FAR, window_minutes=1), (put("gpus", host="other"),)),
    Condition(asked(stored_readings.newest_minute, MACHINE), (put("gpus", host="other"),)),
    Condition(
        asked(stored_readings.users_on, MACHINE, 1),
        (put("gpus", host="other"), put("gpus", last_minute_at=0), put("gpus", users="[]")),
    ),
    Condition(
        asked(stored_readings.programs_on, MACHINE, 1),
        (put("gpus", host="other"), put("gpus", last_minute_at=0), put("gpus", process="")),
    ),
    *(
        Condition(
            written(stored_readings.prune, FAR),
            (change,),
            ("DELETE FROM minutes", "DELETE FROM pushes", "DELETE FROM boots", before),
        )
        for before, change in (
            (
                row_in(
                    "pushes", host=MACHINE, boot_id="", seq=1, received_at=FAR - stored_readings.MINUTES_KEPT_MS - 1
                ),
                put("pushes", received_at=FAR - stored_readings.MINUTES_KEPT_MS),
            ),
            (
                row_in("boots", host=MACHINE, boot_id="", minute_zero=0, quiet_from=0, seen_at=FAR - 60 * DAY_MS - 1),
                put("boots", seen_at=FAR - 60 * DAY_MS),
            ),
            (
                row_in("minutes", host=MACHINE, minute=FAR - 49 * HOUR_MS - MINUTE_MS, gpus=b""),
                put("minutes", minute=FAR - 49 * HOUR_MS),
            ),
        )
    ),
    *(
        Condition(
            asked(read, MACHINE, 0, length),
            (put(table, host="other"), put(table, start=length), put(table, start=-length)),
            (row_in(table, start=0, host=MACHINE, gpus=COUNTED),),
        )
        for read, table, length in (
            (rollups.gpu_sums_by_hour, "hours", HOUR_MS),
            (rollups.rolled_days, "days", DAY_MS),
        )
    ),
    Condition(
        lambda db, _: rollups.hour_strip(db, MACHINE, 0)[-1].known_minutes == 0,
        (put("unrolled", host="other"), put("unrolled", level="day"), put("unrolled", start=HOUR_MS)),
        (row_in("hours", start=0, host=MACHINE, gpus=COUNTED), UNROLLED["hour"]),
    ),
    Condition(
        asked(rollups.due_rollups, GRACE, limit=1),
        (put("unrolled", start=1), put("unrolled", level="day")),
        (UNROLLED["hour"],),
    ),
    Condition(asked(rollups.due_rollups, DAY_MS + HOUR_MS, limit=1), (put("unrolled", start=1),), (UNROLLED["day"],)),
    Condition(
        lambda db, _: [level for level, _, _ in rollups.due_rollups(db, GRACE, limit=9)] == ["hour"],
        (put("unrolled", level="day"),),
        (UNROLLED["hour"],),
    ),
    Condition(
        written(rollups.prune, FAR + rollups.HOURS_KEPT_MS),
        (put("hours", start=FAR),),
        (row_in("hours", start=FAR - 1, host=MACHINE, gpus=b""),),
    ),
    Condition(
        written(rollups.prune, FAR + rollups.HOURS_KEPT_MS),
        (row_in("unrolled", level="day", start=FAR - 1, host="other"),),
        (
            row_in("hours", start=FAR - 1, host=MACHINE, gpus=b""),
            row_in("unrolled", level="hour", start=1, host="other"),
        ),
    ),
]
READ = row_in("places_read", source="s", place="p", read_until=1, ok_at=1, error="")
TRAIL = row_in("trails", instance_id=MACHINE, source="s", gpu=0, head=NEAR, quiet=b"", active=b"")
TROUBLE = row_in("source_troubles", id=7, source="s", since=1, error="", is_prompt=0, told_at=5, over_at=6)
NOTICE = row_in(
    "machine_notices",
    id=7,
    instance_id=MACHINE,
    kind="k",
    person="",
    since=1,
    detail="",
    noticed_at=1,
    looked_at=1,
    over_at=5,
)


def trouble(number: int = 7):
    return stored_sources.SourceTrouble(
        id=number,
        source="s",
        since=1,
        ok_at=None,
        error="",
        is_prompt=False,
        told_at=None,
        well_since=None,
        over_at=None,
    )


def notice(number: int = 7):
    return stored_notices.Notice(number, MACHINE, "agent silent", "", 1, "", 1, 1, None, None)


TELLING = [
    Condition(asked(source_history.targets), (STANDS, GONE), ALONE),
    Condition(asked(source_history.places_read, "s"), (put("places_read", source="t"),), (READ,)),
    Condition(
        asked(source_history.instances_seen, "s", NEAR),
        (put("trails", source="t"), put("trails", head=NEAR - 1)),
        (TRAIL,),
    ),
    Condition(asked(source_history.histories, ["s"]), (put("trails", source="t"),), (TRAIL,)),
    Condition(
        asked(source_history.histories_of, MACHINE, ["s"]),
        (put("trails", source="t"), put("trails", instance_id=ACROSS)),
        (TRAIL,),
    ),
    Condition(
        asked(source_history.histories_by_source, "s", [MACHINE]),
        (put("trails", source="t"), put("trails", instance_id=ACROSS)),
        (TRAIL,),
    ),
    Condition(written(source_history.prune, NEAR + 1), (put("trails", head=NEAR + 1),), (TRAIL,)),
    Condition(
        asked(stored_sources.open_troubles),
        (put("source_troubles", over_at=1),),
        (TROUBLE, put("source_troubles", over_at=None)),
    ),
    *(
        Condition(act, (put("source_troubles", id=8),), (TROUBLE,))
        for act in (
            written(stored_sources.change_error, trouble(), "x"),
            written(stored_sources.note_well, trouble(), 1),
            written(stored_sources.note_troubles_told, [trouble()], 1),
            written(stored_sources.note_troubles_over, [trouble()], 1),
        )
    ),
    Condition(asked(stored_sources.troubles_told_at, 5), (put("source_troubles", told_at=4),), (TROUBLE,)),
    Condition(
        asked(stored_sources.troubles_over_at, 6),
        (put("source_troubles", told_at=None), put("source_troubles", over_at=5)),
        (TROUBLE,),
    ),
    Condition(
        written(stored_sources.prune, 7),
        (put("source_troubles", over_at=7), put("source_troubles", over_at=None)),
        (TROUBLE,),
    ),
    Condition(
        asked(stored_notices.current),
        (put("machine_notices", over_at=1),),
        (NOTICE, put("machine_notices", over_at=None)),
    ),
    *(
        Condition(act, (put("machine_notices", id=8),), (NOTICE,))
        for act in (
            asked(stored_notices.by_id, 7),
            written(stored_notices.note_notice_told, notice(), 1),
            written(stored_notices.note_notice_over, notice(), 1),
        )
    ),
    Condition(
        written(stored_notices.prune, 6),
        (put("machine_notices", over_at=6), put("machine_notices", over_at=None)),
        (NOTICE,),
    ),
    *(
        Condition(
            asked(stored_others.uncovered_named, word),
            (change,),
            (row_in("others", id="i-tpu", source="s", name="Tpu", type="t", what="TPU"),),
        )
        for word, change in (("tPU", put("others", name="x")), ("I-TPU", put("others", id="x")))
    ),
    Condition(
        asked(stored_others.uncovered_kind, "t"),
        (put("others", type="x"),),
        (row_in("others", id="i-tpu", source="s", name="Tpu", type="t", what="TPU"),),
    ),
    Condition(
        written(stored_others.keep, "s", [UncoveredMachine("i-tpu", "Tpu", "t", "TPU")]),
        (put("others", what="TPU"),),
        (row_in("others", id="i-tpu", source="s", name="Tpu", type="t", what="else"),),
    ),
    Condition(
        written(stored_others.keep, "s", []),
        (put("others", source="x"),),
        (row_in("others", id="i-tpu", source="s", name="", type="", what=""),),
    ),
    Condition(
        asked(stored_owned.announced),
        (put("retirements", state="kept"),),
        (
            row_in(
                "retirements",
                id="end",
                instance_id=MACHINE,
                name="",
                who="",
                reason="",
                state="announced",
                at=1,
                changed_by="",
            ),
        ),
    ),
]
SEEN = row_in("home_views", person=NIA, opened_at=NEAR, shown="")
OWN = row_in(
    "own_settings",
    person=NIA,
    digest="mornings",
    quiet_from="20:00",
    quiet_until="08:00",
    reminders="all",
    digest_day="2099-12-30",
)
ASKED = row_in("people_names", person=NIA, name="Nia", asked_at=5)
CHOOSING = [
    *(
        Condition(act, (put("home_views", person="U0OLA"), *others), (SEEN,))
        for act, others in (
            (asked(stored_home.note_drawn, NIA, "x"), ()),
            (written(stored_home.forget_desk, NIA), ()),
            (asked(stored_home.has_opened_since, NIA, NEAR), (put("home_views", opened_at=NEAR - 1),)),
        )
    ),
    Condition(written(stored_home.forget_before, NEAR + 1), (put("home_views", opened_at=NEAR + 1),), (SEEN,)),
    Condition(asked(stored_home.opened_since, NEAR, 1), (put("home_views", opened_at=NEAR - 1),), (SEEN,)),
    Condition(
        lambda db, _: stored_own_settings.own_settings_of(db, NIA).digest == "mornings",
        (put("own_settings", person="U0OLA"),),
        (OWN,),
    ),
    Condition(
        lambda db, _: stored_own_settings.own_settings_of(db, NIA).muted,
        (put("muted_machines", person="U0OLA"),),
        (row_in("muted_machines", person=NIA, instance_id=MACHINE),),
    ),
    Condition(asked(stored_own_settings.digest_readers), (put("own_settings", digest="off"),), (OWN,)),
    Condition(
        asked(stored_own_settings.note_digest_day, NIA, "2099-12-31"),
        (put("own_settings", person="U0OLA"), put("own_settings", digest_day="2099-12-31")),
        (OWN,),
    ),
    Condition(
        asked(stored_forget.leavers, 6, 9),
        (put("people_names", left_at=6), put("people_names", left_at=None)),
        (ASKED, put("people_names", left_at=5)),
    ),
    Condition(asked(stored_people.known), (put("people_names", name=""),), (ASKED,)),
    Condition(
        lambda db, _: NIA in stored_people.unasked(db, 6, 9),
        (put("people_names", asked_at=6), put("people_names", asked_at=7)),
        (ASKED,),
    ),
]


@pytest.mark.parametrize("condition", [*FLEET, *MEASURING, *TELLING, *CHOOSING])
def test_without_any_one_of_its_conditions_no_machine_is_there(awake, condition):
    hold(awake, condition)
