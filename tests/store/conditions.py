"""What a statement needs so that it finds or does something, and each change that alone must keep it from that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.domain.clock import HOUR_MS
from tests.neighbours import MACHINE, NEAR, PAT, STOP


@dataclass(frozen=True, slots=True)
class Condition:
    """`act` finds or does something after `before`, and nothing after any one of `changes` as well.

    What it is given besides the database was read by `look` before the change, as by somebody who comes too late.
    """

    act: Callable[[Any, Any], Any]
    changes: tuple[str, ...]
    before: tuple[str, ...] = ()
    look: Callable[[Any], Any] = lambda _: None


def hold(awake: Any, condition: Condition) -> None:
    """Each change alone keeps the statement from its work; assertion errors name the change."""
    with awake.writing() as db:
        db.execute("SAVEPOINT as_it_was")
        for change in (None, *condition.changes):
            for sql in condition.before:
                db.execute(sql)
            seen = condition.look(db)
            if change is not None:
                assert db.execute(change).rowcount > 0, f"changes nothing: {change}"
            assert bool(condition.act(db, seen)) is (change is None), change or "nothing was changed"
            db.execute("ROLLBACK TO as_it_was")


def written(write: Callable[..., object], *args: Any, **options: Any) -> Callable[[Any, Any], int]:
    """How many rows a statement without an answer writes."""

    def act(db: Any, _: Any) -> int:
        so_far = db.conn.total_changes
        write(db, *args, **options)
        return int(db.conn.total_changes - so_far)

    return act


def asked(read: Callable[..., Any], *args: Any, **options: Any) -> Callable[[Any, Any], Any]:
    """What a statement answers that needs nothing but these."""
    return lambda db, _: read(db, *args, **options)


def row_in(table: str, **columns: object) -> str:
    """One more row with these values."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(map(_written, columns.values()))})"


def put(table: str, where: str = "1", **columns: object) -> str:
    """These values in the rows of a table."""
    pairs = (f"{name} = {_written(value)}" for name, value in columns.items())
    return f"UPDATE {table} SET {', '.join(pairs)} WHERE {where}"


def _written(value: object) -> str:
    if value is None or isinstance(value, bytes):
        return "NULL" if value is None else f"x'{value.hex()}'"
    return str(value) if isinstance(value, int) else f"'{value}'"


def be(state: str, **columns: object) -> str:
    """The stop next door, in a state in which others have decided it, with these columns."""
    ended = "NULL" if state in {"pending", "approved", "executing"} else str(NEAR)
    known: dict[str, object] = {"decider": f"'{PAT}'", "decided_at": NEAR, "executing_at": NEAR, "finished_at": ended}
    known |= {"retry_at": "NULL"} | columns
    sets = "".join(f", {name} = {value}" for name, value in known.items())
    return f"UPDATE actions SET state = '{state}'{sets} WHERE id = '{STOP}'"


def of_kind(kind: str, **columns: object) -> str:
    """The action next door as one of another kind, with these columns."""
    known: dict[str, object] = {"kind": f"'{kind}'", "batch": "''", "length": "NULL" if kind == "stop" else HOUR_MS}
    if kind == "launch":
        known |= {"instance_id": "NULL", "template": "'big'"}
    sets = ", ".join(f"{name} = {value}" for name, value in (known | columns).items())
    return f"UPDATE actions SET {sets} WHERE id = '{STOP}'"


GONE = f"UPDATE instances SET gone_at = 1 WHERE id = '{MACHINE}'"
STANDS = f"UPDATE instances SET state = 'stopped' WHERE id = '{MACHINE}'"
MADE = f"UPDATE actions SET made_id = '{MACHINE}'"
LAUNCH, CLONE, RESIZE, START = (of_kind(kind) for kind in ("launch", "clone", "resize", "start"))
