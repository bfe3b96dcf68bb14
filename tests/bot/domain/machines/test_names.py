"""Names that can be taken for each other are told apart, and no name poses as another machine's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.machines.names import NAME_WIDEST, NamedMachine, distinct_names, shown_look

FIRST, SECOND = "i-0aaaaaaaaaa111111", "i-0aaaaaaaaaa222222"


def called(*bearers: NamedMachine) -> list[str]:
    apart = distinct_names(bearers)
    return [apart[each.id] for each in bearers]


@pytest.mark.parametrize(
    "twin",
    [
        "train-7",
        "Train-7",
        "TRAIN-7",
        "tr\u0430in-7",  # Cyrillic a
        "\u0422RAIN-7",  # Cyrillic T
        "train\u20117",  # a hyphen that does not break
        "train\u22127",  # a minus sign
        "tra\u200bin-7",  # no width
        "train-7\u3164",  # a letter that shows as nothing
        "traln-7",
        "tra1n-7",
        "\uff54rain-7",  # full width
        "tra\u0131n-7",  # dotless i
        "\u03c4rain-7",  # Greek tau
    ],
)
def test_names_that_pass_for_each_other_look_the_same(twin):
    assert shown_look(twin) == shown_look("train-7")


@pytest.mark.parametrize("other", ["train-8", "train-77", "train_7", "brain-7", "7-train"])
def test_other_names_look_different(other):
    assert shown_look(other) != shown_look("train-7")


def test_names_that_differ_only_where_they_are_cut_look_the_same():
    assert shown_look("x" * 70 + "1") == shown_look("x" * 70 + "2")


def test_a_name_of_its_own_is_shown_as_it_is():
    assert called(NamedMachine(FIRST, "train-7")) == ["train-7"]


def test_machines_of_one_name_carry_the_end_of_their_id():
    assert called(NamedMachine(FIRST, "train-7"), NamedMachine(SECOND, "train-7")) == [
        "train-7/111111",
        "train-7/222222",
    ]


def test_as_much_of_an_id_is_shown_as_tells_them_apart():
    first, second = NamedMachine("i-0aaaaaaaa1c333333", "w"), NamedMachine("i-0aaaaaaaa2c333333", "w")

    assert called(first, second) == ["w/1c333333", "w/2c333333"]


def test_a_machine_that_is_gone_leaves_its_name_to_the_living():
    assert called(NamedMachine(FIRST, "train-7", is_gone=True), NamedMachine(SECOND, "train-7")) == [
        "train-7/111111",
        "train-7",
    ]


def test_an_owned_host_of_a_rented_machines_name_says_so():
    assert called(NamedMachine("dgx-1", "dgx-1"), NamedMachine(FIRST, "dgx-1")) == ["dgx-1/owned", "dgx-1/111111"]


def test_owned_hosts_that_look_alike_show_the_odd_letter():
    assert called(NamedMachine("gpu-a", "gpu-a"), NamedMachine("gpu-\u0430", "gpu-\u0430")) == [
        "gpu-a/owned",
        "gpu-\u0430/U+0430",
    ]


@pytest.mark.parametrize("name", ["train-7/222222", "train-7/owned", "dgx-1/U+0430", SECOND, "a/i-0aa"])
def test_a_name_that_reads_like_a_mark_or_an_id_carries_its_own_id(name):
    assert called(NamedMachine(FIRST, name)) == [f"{name}/111111"]


@given(st.text(min_size=1, max_size=120), st.text(alphabet="0123456789abcdef", min_size=17, max_size=17))
def test_no_name_pushes_the_end_of_an_id_out_of_sight(name, other):
    first, second = NamedMachine(FIRST, name), NamedMachine(f"i-{other}", name)

    for each, shown in zip((first, second), called(first, second), strict=True):
        assert shown.endswith(f"/{each.id[-6:]}")
        assert len(shown) + 4 * shown.count("&") <= NAME_WIDEST
