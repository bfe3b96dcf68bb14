"""The body of POST /v1/minutes as the door takes it: checked field by field, straight into the records of the domain.

Version 1 has every field in every object, exactly once: what is not known is sent as null. So the number of keys of a
valid body is known, and counting its colons tells cheaply that none was given twice.
"""

import dataclasses
import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import core_schema, from_json

from bot.domain.machines.readings import MOST_MIB, MOST_PCT, MOST_WATTS, Gpu, Minute, Process, Push
from bot.errors import Refused
from bot.telemetry.procfs import printable
from bot.telemetry.wire import MAX_AGE_TICKS, MAX_GPUS, MAX_MINUTES, MAX_NAME, MAX_PROCESSES, MAX_WORDS, WIRE_VERSION

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
MAX_TICK = 2**31
MAX_SEQ = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""


class BadBody(Refused):
    """The body is not what the wire format says."""


class OtherVersion(Refused):
    """The body is of a version that this door does not speak."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Says to pydantic: build the dataclass, each field within the type given for it here, none missing, none more."""

    fields: dict[str, Any]

    def __get_pydantic_core_schema__(self, record: type, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """The schema of the record."""
        names = [field.name for field in dataclasses.fields(record)]
        fields = [core_schema.dataclass_field(name, handler.generate_schema(self.fields[name])) for name in names]
        config = core_schema.CoreConfig(strict=True, extra_fields_behavior="forbid", allow_inf_nan=False)
        arguments = core_schema.dataclass_args_schema(record.__name__, fields)
        return core_schema.dataclass_schema(record, arguments, names, slots=True, frozen=True, config=config)


Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(printable)]
ShortText = Annotated[str, Field(max_length=MAX_WORDS), AfterValidator(lambda text: printable(text, MAX_WORDS))]
Version = Annotated[str, Field(max_length=32), AfterValidator(printable)]
Index = Annotated[int, Field(ge=0, lt=MAX_GPUS)]
Tick = Annotated[int, Field(ge=0, le=MAX_TICK)]
Percent = Annotated[float, Field(ge=0, le=MOST_PCT)] | None
Watts = Annotated[float, Field(ge=0, le=MOST_WATTS)] | None
Mib = Annotated[int, Field(ge=0, le=MOST_MIB)] | None
Count = Annotated[int, Field(ge=0, le=65_536)] | None

WireProcess = Annotated[Process, Limits({"name": Name, "user": Name, "memory_mib": Mib})]
WireGpu = Annotated[
    Gpu,
    Limits(
        {
            "index": Index,
            "uuid": Annotated[str, Field(max_length=96), AfterValidator(lambda text: printable(text, 96))],
            "name": Name,
            "memory_mib": Mib,
        }
    ),
]
WireMinute = Annotated[
    Minute,
    Limits(
        {
            "gpu": Index,
            "tick": Tick,
            "samples": Annotated[int, Field(ge=0, le=240)],
            "util_max": Percent,
            "util_mean": Percent,
            "codec_max": Percent,
            "watts": Watts,
            "memory_used_mib": Mib,
            "memory_total_mib": Mib,
            "compute_processes": Count,
            "graphics_processes": Count,
            "mig": bool,
            "error": ShortText | None,
            "processes": Annotated[tuple[WireProcess, ...], Field(max_length=MAX_PROCESSES)],
        }
    ),
]


class PushBody(BaseModel):
    """One delivery from one agent, version 1."""

    model_config = STRICT

    version: Annotated[int, Field(ge=WIRE_VERSION, le=WIRE_VERSION)]
    host: Annotated[str, Field(min_length=1, max_length=253)]
    boot_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]
    seq: Annotated[int, Field(ge=1, le=MAX_SEQ)]
    tick_now: Tick
    started_tick: Tick
    gpus: Annotated[tuple[WireGpu, ...], Field(max_length=MAX_GPUS)]
    minutes: Annotated[tuple[WireMinute, ...], Field(max_length=MAX_MINUTES)]
    agent_version: Version
    driver: Version
    error: ShortText | None

    def push(self) -> Push:
        """The record of it."""
        return Push(**{name: value for name, value in self.__dict__.items() if name != "version"})


_KEYS = {record: len(dataclasses.fields(record)) for record in (Process, Gpu, Minute)}


def parse_push(raw: bytes) -> Push:
    """Check a body; raises BadBody or OtherVersion with a sentence that repeats nothing of it."""
    try:
        push = PushBody.model_validate_json(raw).push()
    except ValidationError as error:
        raise _refusal(raw, error) from None
    if raw.count(b":") != _key_count(push):  # a colon in a name, or a key given twice
        _refuse_double_keys(raw)
    _check_ticks(push)
    return push


def _key_count(push: Push) -> int:
    processes = sum(len(minute.processes) for minute in push.minutes)
    nested = len(push.gpus) * _KEYS[Gpu] + len(push.minutes) * _KEYS[Minute] + processes * _KEYS[Process]
    return len(PushBody.model_fields) + nested


def _refuse_double_keys(raw: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise BadBody("A key is given twice.")

    json.loads(raw, object_pairs_hook=unique)  # valid, and so of known depth, before it comes here


def _check_ticks(push: Push) -> None:
    if push.started_tick > push.tick_now:
        raise BadBody("started_tick is after tick_now.")
    if len({gpu.index for gpu in push.gpus}) != len(push.gpus):
        raise BadBody("A GPU is listed twice.")
    if not push.minutes:
        return
    ticks = [minute.tick for minute in push.minutes]
    if max(ticks) > push.tick_now:
        raise BadBody("A minute is after tick_now.")
    if min(ticks) < push.tick_now - MAX_AGE_TICKS:
        raise BadBody(f"A minute is more than {MAX_AGE_TICKS} minutes before tick_now.")
    if len({(minute.gpu, minute.tick) for minute in push.minutes}) != len(ticks):
        raise BadBody("A minute of a GPU is given twice.")


_MANY_FAULTS = 50
_PROBLEMS = {
    "missing": "is missing",
    "unexpected_keyword_argument": "has an unknown key",
    "extra_forbidden": "has an unknown key",
    "finite_number": "must be a number",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "greater_than_equal": "is too small",
    "string_too_long": "is too long",
    "string_too_short": "is too short",
    "too_long": "has too many items",
}
_UNKNOWN_KEY = frozenset({"unexpected_keyword_argument", "extra_forbidden"})


def _refusal(raw: bytes, error: ValidationError) -> Refused:
    """A sentence for what pydantic found first: places by our own names, never the sender's words."""
    if _has_other_version(raw):
        return OtherVersion(f"This door speaks version {WIRE_VERSION} of the format only.")
    if error.error_count() > _MANY_FAULTS:
        return BadBody("The body is not in the format: nearly every field is wrong.")
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return BadBody("The body is not valid JSON.")
    place = first["loc"][:-1] if first["type"] in _UNKNOWN_KEY else first["loc"]
    problem = _PROBLEMS.get(first["type"], "is not of the right kind")
    return BadBody(f"{_place(place)} {problem}.")


def _place(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".") or "The body"


def _has_other_version(raw: bytes) -> bool:
    try:
        document = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return False
    version = document.get("version") if isinstance(document, dict) else None
    return type(version) is int and version != WIRE_VERSION
