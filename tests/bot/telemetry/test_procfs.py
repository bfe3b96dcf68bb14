"""Names of programs: from /proc, without command lines, and harmless to show."""

import os
import pwd
import sys

from bot.telemetry.procfs import describe_process, printable


def test_a_program_has_its_short_name_and_user():
    process = describe_process(os.getpid(), 12)

    assert process.user == pwd.getpwuid(os.getuid()).pw_name
    assert 0 < len(process.name) <= 15
    assert not any(argument in process.name for argument in sys.argv if len(argument) > 15)


def test_a_program_out_of_sight_has_no_name(tmp_path):
    process = describe_process(99, 12, proc=str(tmp_path))

    assert (process.name, process.user, process.memory_mib) == ("", "", 12)


def test_a_name_that_plays_tricks_is_made_harmless(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_bytes(b"\x1b[31mpy\xff\xe2\x80\xaethon\n")

    assert describe_process(7, None, proc=str(tmp_path)).name == "[31mpy\ufffdthon"


def test_text_is_cut_after_cleaning():
    assert printable("\n" * 100 + "abc", 2) == "ab"
