"""What people type beside the usage: it works, or it is refused with what to type; nothing is dropped silently."""

import pytest


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "claim train-7 gpus: 2 for 4 h fine-tune",
            "GPUs 0-1 of *train-7* are @Ada's until Mon 13:00 UTC (fine-tune).",
        ),
        ("claim train-7 fine-tune for 4h", "*train-7* is @Ada's until Mon 13:00 UTC (fine-tune)."),
        ('claim train-7 "resume for 2h" 4h', "*train-7* is @Ada's until Mon 13:00 UTC (resume for 2h)."),
        ("book train-7 for 2h tue 20:00", "@Ada booked *train-7* from Tue 24 Nov 20:00 UTC to Tue 22:00 UTC."),
        ("book train-7 tue 20:00 - 23:00", "@Ada booked *train-7* from Tue 24 Nov 20:00 UTC to Tue 23:00 UTC."),
        (
            "book train-7 tue 20:00 for 2h sync weekly",
            "@Ada booked *train-7* every Tuesday at 20:00 (UTC) for 2 h, until",
        ),
        ("snooze train-7 paper deadline 4h", "*train-7* is left alone until Mon 13:00 UTC: @Ada keeps it (paper deadl"),
    ],
)
def test_it_works(office, typed, said):
    assert office.types("ada", f"/gpu {typed}").startswith(said)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("claim train-7 for 4h for 6h", '"for 6h" comes on top of what you said before. Say it once;'),
        ("claim train-7 train-3 for 2h", "One at a time: say only the first, and then `claim train-3`."),
        ("claim a10g or h100 for 2h", "One at a time: say only the first, and then `claim h100`."),
        ("claim train-7 tomorrow 20:00 for 6h", '"tomorrow 20:00 for 6h" is a time. Say "until" before it'),
        (
            "release train-9 train-7",
            'I can\'t make sense of "train-7" here, so nothing was done. Try `release train-9`.',
        ),
        ("extend train-9 2h indeed", 'I can\'t make sense of "indeed" after that. Try `extend train-7 2h`.'),
        ("hand train-9 @bob @cy", 'I can\'t make sense of "@Cy" here, so nothing was done. Try `hand train-9 @Bob`.'),
        ("adopt train-9 gpus:2", "Adopting takes the GPUs your programs run on. `claim train-9 gpus:2` takes others."),
        ("launch a100-dev for 8h gpus:2", "This is about the whole machine, so leave out how many GPUs."),
        ("snooze train-7 4h until 18:00", '"until 18:00" comes on top of what you said before.'),
        ("book train-7 tue 20:00 for 2h every tuesday", "Bookings come back weekly. Say so before the day: `every tue"),
        ("book train-7 tue 20:00 gpus:2 for 2h gpus:3", '"gpus:3" comes on top of what you said before.'),
        ("bookings train-7 mine", 'I can\'t make sense of "mine" here, so nothing was done. Try `bookings train-7`.'),
        ("line train-7 mine", 'I can\'t make sense of "mine" here, so nothing was done. Try `line train-7`.'),
    ],
)
def test_it_is_refused_and_nothing_is_done(office, typed, said):
    office.types("ada", "/gpu claim train-9 for 4h")

    assert office.types("ada", f"/gpu {typed}").startswith(said)
    assert "@Ada to Mon 13:00 UTC" in office.types("cy", "/gpu status train-9")
    assert "unclaimed" in office.types("cy", "/gpu status train-7")


def test_extra_words_after_a_line_or_a_run_are_refused(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 eval for 2h gpus:2")

    assert office.types("cy", "/gpu line train-7").endswith(
        "1. @Cy: 2 GPUs for 2 h, since Mon 09:00 UTC (eval)\n[Leave the line]"
    )
    assert office.types("cy", "/gpu leave train-7 train-9").startswith('I can\'t make sense of "train-9" here')
    assert office.types("cy", "/gpu leave train-7") == "You are out of the line for 2 GPUs of *train-7*."
