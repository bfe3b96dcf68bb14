"""What people type when they want GPUs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.machines.models import gpu_kind
from bot.domain.sharing.gpu_spec import GpuSpec, count_spec_words, is_plain_spec, parse_gpu_spec
from bot.errors import Refused


@pytest.mark.parametrize(
    ("typed", "count", "meant"),
    [
        ("2xA100", 2, "a100"),
        ("2x a100 80gb", 2, "a100-80"),
        ("2 x a100-80", 2, "a100-80"),
        ("2 A100", 2, "a100"),
        ("2*a100", 2, "a100"),
        ("2\u00d7h100", 2, "h100"),
        ("a100", 1, "a100"),
        ("a100x2", 2, "a100"),
        ("A100:2", 2, "a100"),
        ("1xH100", 1, "h100"),
        ("40gb", 1, "40gb"),
        ("40 gb", 1, "40gb"),
        ("2x40gb", 2, "40gb"),
        ("2x >=40gb", 2, ">=40gb"),
        ("2", 2, "any"),
        ("2x", 2, "any"),
        ("2 gpus", 2, "any"),
        ("4xany", 4, "any"),
        ("4090", 1, "rtx 4090"),
        ("2x4090", 2, "rtx 4090"),
        ("rtx4090", 1, "rtx4090"),
        ("gtx980", 1, "gtx980"),
        ("8xGB200", 8, "gb200"),
        ("2 l40s", 2, "l40s"),
        ("2 4090", 2, "rtx 4090"),
        ("4090 x2", 2, "rtx 4090"),
        ("4090x1", 1, "rtx 4090"),
        ("2080tis x2", 2, "rtx 2080 ti"),
        ("a 100", 1, "a100"),
        ("a 40 gb gpu", 1, "40gb"),
        ("2 gpus a100", 2, "a100"),
        ("2 gpus with at least 80gb", 2, ">=80gb"),
        ("a100 with 80gb", 1, "a100-80"),
        ("2 a100, (80gb)", 2, "a100-80"),
        ("any two gpus", 2, "any"),
        ("any x2", 2, "any"),
        ("any 2", 2, "any"),
        ("a gpu", 1, "any"),
    ],
)
def test_a_want_is_read_as_it_is_typed(typed, count, meant):
    want = parse_gpu_spec(typed)

    assert want.count == count
    assert str(want.kind).removeprefix("RTX") == str(gpu_kind(meant)).removeprefix("RTX")


@pytest.mark.parametrize("typed", ["", " ", "0xA100", "-2", "000xA100", "2x40gb 80gb", "%", "2.5", "2xA100 gpus:2"])
def test_what_nobody_can_want_is_refused_with_an_example(typed):
    with pytest.raises(Refused, match=r"Try|such as|Say one"):
        parse_gpu_spec(typed)


WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
WAYS = (
    *("{n}x{model}", "{n}x {model}", "{n} x {model}", "{n}*{model}", "{n} {model}", "{n} {model}s", "{n}x{model}s"),
    *("{model} x{n}", "{model} x {n}", "{model}x{n}", "{model}s x{n}", "x{n} {model}", "{n} of {model}"),
    *("{n} of the {model}s", "{n} {model} gpus", "{n} gpus {model}", "{n} nvidia {model}s", "{n} {model} cards"),
    *("{model} gpus:{n}", "gpus:{n} {model}", "{word} {model}", "{word} {model}s", "{word} of the {model}'s"),
)


@given(
    st.sampled_from(WAYS),
    st.integers(1, 12),
    st.sampled_from(["a100", "h100", "t4", "l4", "a10g", "rtx4090", "4090", "a6000", "gb200", "2080ti"]),
    st.sampled_from([str, str.upper, str.title]),
    st.sampled_from(["", " for 6h", " 6h eval", " until 18:00 eval of a model", " for two days"]),
)
def test_however_a_number_of_a_model_is_said_it_is_the_same_want(way, count, model, case, after):
    typed = case(way.format(n=count, word=WORDS[count - 1], model=model))
    words = (typed + after).split()

    assert parse_gpu_spec(typed) == GpuSpec(count, gpu_kind(model))
    assert " ".join(words[: count_spec_words(words)]) == typed


@given(st.text(max_size=100))
def test_any_text_is_a_want_or_a_sentence(text):
    assert outcome(text).strip()


def outcome(text: str) -> str:
    try:
        want = parse_gpu_spec(text)
    except Refused as refused:
        return str(refused)
    assert want.count >= 1
    return str(want)


@given(
    st.integers(1, 512),
    st.sampled_from(["a100", "a100-80", "rtx6000 ada", "40gb", "any", "t4g", "4090", "gb200 nvl"]),
)
def test_a_want_is_read_again_as_it_is_written(count, meant):
    want = GpuSpec(count, gpu_kind(meant))

    assert parse_gpu_spec(str(want)) == want


@pytest.mark.parametrize(
    ("typed", "spec"),
    [
        ("2xA100 for 6h", "2xA100"),
        ("2 x a100 80gb for 6h fine-tune", "2 x a100 80gb"),
        ("2 a100 6h", "2 a100"),
        ("rtx 6000 ada 4h", "rtx 6000 ada"),
        ("a100 80 for 2h", "a100 80"),
        ("a100 eval of a model", "a100"),
        ("2x rtx 4090 until 18:00", "2x rtx 4090"),
        ("any >= 40 gb for 1h", "any >= 40 gb"),
        ("2 for 6h", "2"),
        ("2 gpus for 6h", "2 gpus"),
        ("4 hours", "4"),
        ("two of the a100s for 6h", "two of the a100s"),
        ("a100 x2 for 6h", "a100 x2"),
        ("a100 gpus:2 6h eval", "a100 gpus:2"),
        ("2 a100s 4 hours", "2 a100s"),
        ("a100 of mine", "a100"),
        ("a100 with 64 workers", "a100"),
        ("a100 two runs", "a100"),
        ("a100 at least for a day", "a100"),
    ],
)
def test_what_is_wanted_ends_where_the_time_or_the_note_begins(typed, spec):
    words = typed.split()

    assert " ".join(words[: count_spec_words(words)]) == spec


def test_a_plain_want_is_told_from_a_name():
    assert [is_plain_spec(word) for word in ("2xA100", "40gb", ">=40gb", "2", "train-7", "a100", "dgx-1")] == (
        [True] * 4 + [False] * 3
    )


@example(["2", "6h", "gb"])
@given(
    st.lists(st.sampled_from(["2", "2x", "a100", "80", "gb", "40gb", "for", "6h", "x", ">=", "rtx", "any", "é", "1x"]))
)
def test_the_words_that_tell_what_is_wanted_come_first_and_never_reach_the_time(words):
    end = count_spec_words(words)

    assert (end > 0) == bool(words)
    assert not {"for", "6h"} & set(words[1:end])
    assert outcome(" ".join(words[:end])).strip()
