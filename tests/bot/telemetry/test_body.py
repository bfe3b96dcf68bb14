"""The body: accepted whole and exact, or refused with a sentence that repeats nothing."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.machines.readings import Gpu, Minute, Process, Push
from bot.telemetry.body import BadBody, OtherVersion, parse_push
from bot.telemetry.wire import MAX_AGE_TICKS, to_json

MINUTE = Minute(
    gpu=0,
    tick=100,
    samples=4,
    util_max=97.0,
    util_mean=12.5,
    watts=300.5,
    memory_used_mib=1200,
    memory_total_mib=81559,
    compute_processes=1,
    graphics_processes=0,
    processes=(Process("python3", "ada", 1100),),
)
PUSH = Push(
    host="dgx-1",
    boot_id="0f0e-1",
    seq=1,
    tick_now=101,
    started_tick=3,
    gpus=(Gpu(0, "GPU-0", "H100", 81559),),
    minutes=(MINUTE,),
    agent_version="0.1.0",
    driver="580.95.05",
)


def _with(change):
    document = json.loads(to_json(PUSH))
    change(document)
    return json.dumps(document).encode()


def test_what_the_agent_writes_is_what_the_door_reads():
    assert parse_push(to_json(PUSH)) == PUSH


PRINTABLE = st.text(st.characters(categories=["L", "N", "P"]), max_size=60)
MAYBE_PERCENT = st.none() | st.floats(0, 100)


@given(
    st.lists(
        st.builds(
            Minute,
            gpu=st.integers(0, 63),
            tick=st.integers(0, 101),
            samples=st.integers(0, 240),
            util_max=MAYBE_PERCENT,
            codec_max=MAYBE_PERCENT,
            watts=st.none() | st.floats(0, 5000),
            memory_used_mib=st.none() | st.integers(0, 4_194_304),
            compute_processes=st.none() | st.integers(0, 100),
            mig=st.booleans(),
            error=st.none() | PRINTABLE,
            processes=st.lists(st.builds(Process, PRINTABLE, PRINTABLE, st.none()), max_size=4).map(tuple),
        ),
        max_size=20,
        unique_by=lambda minute: (minute.gpu, minute.tick),
    )
)
def test_any_honest_push_passes_unchanged(minutes):
    push = replace(PUSH, minutes=tuple(minutes))

    assert parse_push(to_json(push)) == push


def test_names_lose_what_cannot_be_seen():
    sly = replace(MINUTE, processes=(Process("a\u202eb\x1b[0m\n", "<@U1>\u200b"),), error="x\x00y")

    read = parse_push(to_json(replace(PUSH, minutes=(sly,)))).minutes[0]

    assert (read.processes[0].name, read.processes[0].user, read.error) == ("ab[0m", "<@U1>", "xy")


def _set(path, value):
    def change(document):
        *way, last = path
        for step in way:
            document = document[step]
        document[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("minutes", 0, "util_max"), 100.1, "minutes[0].util_max is too large."),
        (("minutes", 0, "util_max"), -1, "minutes[0].util_max is too small."),
        (("minutes", 0, "util_max"), "5", "minutes[0].util_max is not of the right kind."),
        (("minutes", 0, "util_max"), True, "minutes[0].util_max is not of the right kind."),
        (("minutes", 0, "watts"), 5001, "minutes[0].watts is too large."),
        (("minutes", 0, "memory_used_mib"), 4_194_305, "minutes[0].memory_used_mib is too large."),
        (("minutes", 0, "memory_used_mib"), 1.5, "minutes[0].memory_used_mib is not of the right kind."),
        (("minutes", 0, "gpu"), 64, "minutes[0].gpu is too large."),
        (("minutes", 0, "gpu"), None, "minutes[0].gpu is not of the right kind."),
        (("minutes", 0, "tick"), 10**400, "minutes[0].tick is too large."),
        (("minutes", 0, "mig"), 1, "minutes[0].mig is not of the right kind."),
        (("minutes", 0, "evil\nkey"), 1, "minutes[0] has an unknown key."),
        (("minutes", 0, "processes", 0, "name"), "x" * 65, "minutes[0].processes[0].name is too long."),
        (("minutes", 0, "processes", 0, "cmdline"), "--password", "minutes[0].processes[0] has an unknown key."),
        (("minutes", 0, "processes"), [None], "minutes[0].processes[0] is not of the right kind."),
        (("minutes",), {}, "minutes is not of the right kind."),
        (("host",), "", "host is too short."),
        (("boot_id",), "a b", "boot_id is not of the right kind."),
        (("boot_id",), "a\n", "boot_id is not of the right kind."),
        (("seq",), 0, "seq is too small."),
        (("gpus", 0, "index"), 99, "gpus[0].index is too large."),
        (("started_tick",), 102, "started_tick is after tick_now."),
        (("tick_now",), 99, "A minute is after tick_now."),
        (("tick_now",), 101 + MAX_AGE_TICKS, "A minute is more than 2880 minutes before tick_now."),
        (("sneaky",), 1, "The body has an unknown key."),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_place(path, value, sentence):
    with pytest.raises(BadBody) as refusal:
        parse_push(_with(_set(path, value)))

    assert str(refusal.value) == sentence


@pytest.mark.parametrize("field", list(asdict(PUSH)))
def test_every_field_must_be_there(field):
    with pytest.raises(BadBody, match="is missing"):
        parse_push(_with(lambda document: document.pop(field)))


@pytest.mark.parametrize("field", list(asdict(MINUTE)))
def test_every_field_of_a_minute_must_be_there(field):
    with pytest.raises(BadBody, match="is missing"):
        parse_push(_with(lambda document: document["minutes"][0].pop(field)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_are_none_are_refused(number):
    with pytest.raises(BadBody):
        parse_push(to_json(PUSH).replace(b"97.0", number.encode()))


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        (b'"seq":1', b'"seq":1,"seq":1'),
        (b'"util_max":97.0', b'"util_max":97.0,"util_max" : 1'),
        (b'"user":"ada"', b'"user":"ada","user":"bob"'),
        (b'"index":0', b'"index":0,"\\u0069ndex":0'),
    ],
)
def test_a_key_given_twice_is_refused(once, twice):
    body = to_json(PUSH)
    assert once in body

    with pytest.raises(BadBody, match="A key is given twice"):
        parse_push(body.replace(once, twice, 1))


def test_colons_in_names_are_no_keys():
    colons = replace(MINUTE, processes=(Process('nginx: "w":', ":"),))
    push = replace(PUSH, minutes=(colons,))

    assert parse_push(to_json(push)) == push


def test_a_minute_given_twice_is_refused():
    with pytest.raises(BadBody, match="A minute of a GPU is given twice"):
        parse_push(to_json(replace(PUSH, minutes=(MINUTE, replace(MINUTE, util_max=0.0)))))


def test_a_gpu_listed_twice_is_refused():
    with pytest.raises(BadBody, match="A GPU is listed twice"):
        parse_push(to_json(replace(PUSH, gpus=PUSH.gpus * 2)))


def test_too_many_minutes_are_refused():
    minutes = tuple(replace(MINUTE, gpu=place % 64, tick=place // 64) for place in range(501))

    with pytest.raises(BadBody, match="minutes has too many items"):
        parse_push(to_json(replace(PUSH, minutes=minutes)))


@pytest.mark.parametrize("version", [0, 2, 10**30])
def test_another_version_is_told_apart_from_a_bad_body(version):
    def change(document):
        document.clear()
        document.update(version=version, something="else")

    with pytest.raises(OtherVersion, match="version 1"):
        parse_push(_with(change))


@pytest.mark.parametrize("version", [None, "1", 1.0, True, [], {}])
def test_a_version_that_is_none_is_a_bad_body(version):
    with pytest.raises(BadBody):
        parse_push(_with(_set(("version",), version)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"host":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b"9" * 200_000,
        b'{"version":1,' + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}",
        b'{"version":' + b"[" * 150 + b"]" * 150 + b"}",
    ],
)
def test_garbage_is_refused_quietly(raw):
    with pytest.raises(BadBody):
        parse_push(raw)


SECRET = "hunter2-secret"


@given(
    st.sampled_from(["host", "boot_id", "seq", "minutes", "gpus", SECRET]),
    st.recursive(
        st.just(SECRET) | st.none() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.just(SECRET), inner),
    ),
)
def test_a_refusal_never_repeats_what_was_sent(field, value):
    answer = ""
    try:
        parse_push(_with(_set((field,), value)))
    except (BadBody, OtherVersion) as error:
        answer = str(error)

    assert SECRET not in answer


@pytest.mark.parametrize(("wrong", "all_is"), [(50, False), (51, True)])
def test_of_a_body_that_is_nearly_all_wrong_no_single_field_is_named(wrong, all_is):
    def change(document):
        [minute] = document["minutes"]
        document["minutes"] = [{**minute, "tick": 101 - number, "watts": "x"} for number in range(wrong)]

    with pytest.raises(BadBody) as told:
        parse_push(_with(change))

    assert str(told.value).endswith("nearly every field is wrong.") is all_is
