"""What admins are told when Valet itself is in trouble."""

from collections.abc import Sequence

from bot.domain.machines.sources import SourceTrouble
from bot.domain.machines.states import in_words
from bot.domain.restores import Difference
from handlers.blocks.parts import Reply, lines, plainly
from handlers.blocks.words import code, esc, gpu_command, length, near, say

_NAMED = 8
_MOST_DIFFERENT = 20

IS_DAMAGED = "the database is damaged; an admin has to restore a backup"
_DATABASE_REMEDIES = {
    "the disk is full": "Make room on its disk, and I go on by myself.",
    "it may not be written": "Give Valet's user the right to write it and its folder, and I go on by myself.",
    "its file can't be opened": "Give Valet's user the right to read and write it, and I go on by myself.",
    "another program keeps it locked": "End that program, and I go on by myself.",
}


def backup_failed(reason: str) -> Reply:
    """The nightly backup could not be made."""
    return plainly(
        f"The nightly backup failed: {esc(reason, 900)} I try again every 10 minutes. "
        "`valet backup` on Valet's machine tries at once."
    )


def impaired_reply(reason: str, backup: str) -> Reply:
    """The database can't be used; `backup` is the newest there is, if any."""
    known = _restore(backup) if reason == IS_DAMAGED else _DATABASE_REMEDIES.get(reason)
    remedy = known or "`valet doctor` on its machine tells more."
    return plainly(
        f"*Valet's database can't be used: {esc(reason)}.* Until then I stop and start nothing, and take no "
        f"claims or answers. People who ask are told so. {remedy}"
    )


def refused(sentence: str, reason: str, backup: str) -> Reply:
    """The answer to whoever asks for anything meanwhile."""
    return plainly(f"{say(sentence)} {_restore(backup)}" if reason == IS_DAMAGED else say(sentence))


def _restore(backup: str) -> str:
    """What an admin must do about damage."""
    if not backup:
        return "No backup lies where the settings say; with one from elsewhere, `valet restore FILE` on its machine."
    return f"On its machine, {code(f'valet restore {backup}', 300)} puts the newest one back, and I go on by myself."


def usable_again(reason: str) -> Reply:
    """The database works again; `reason` is why it did not."""
    if reason == IS_DAMAGED:
        return plainly(
            "A backup was restored, and Valet goes on with it. Once every source is read again, I say from when on "
            "things are missing, and which machines are otherwise than stored."
        )
    return plainly(
        "Valet's database can be used again. Nothing that I had confirmed is lost; what I refused meanwhile has to be "
        "asked for again."
    )


def restored(known_until: int | None, at: int, found: Sequence[Difference], unread: Sequence[str]) -> Reply:
    """A copy of the database was put back, and every source was read again since, but for those unread."""
    since = f"since {near(known_until, at)}" if known_until is not None else "after it was made"
    lost = (
        "claims, bookings, places in line, answers and requests of that time have to be made again. A message may come "
        "twice; no stop, start, launch or job is done twice."
    )
    head = f"*A copy of the database was put back ({near(at, at)}).* What happened {since} is not in it: {lost}"
    said = [head, "Machines that are otherwise than stored:" if found else "Every machine is as stored."]
    said += [f"• {_otherwise(each)}" for each in found[:_MOST_DIFFERENT]]
    if len(found) > _MOST_DIFFERENT:
        said.append(f"And {len(found) - _MOST_DIFFERENT} more.")
    if unread:
        said.append(f"Not read since then, so nothing is known of them: {esc(', '.join(unread[:_NAMED]), 400)}.")
    return plainly(lines(said))


def _otherwise(each: Difference) -> str:
    name = code(each.name, 60)
    if not each.before:
        return f"{name} was not known; it is {in_words(each.after)}."
    if not each.after:
        return f"{name} is gone; it was {in_words(each.before)}."
    if each.before == each.after:
        return f"{name} was started again meanwhile."
    return f"{name} is {in_words(each.after)}; it was {in_words(each.before)}."


def clock_off(seconds: int, whose: str) -> Reply:
    """Our clock and Slack's, AWS's or both differ by so many seconds."""
    way = "ahead of" if seconds > 0 else "behind"
    return plainly(
        f"*The clock of Valet's machine is {abs(seconds):,} s {way} {whose}.* Claims, digests and charges "
        "go by it. Beyond 300 s, signed requests from Slack are refused. Set the clock (NTP)."
    )


def clock_right(whose: str) -> Reply:
    """They agree again."""
    return plainly(f"The clock of Valet's machine agrees with {whose} again.")


def sources_failing(found: Sequence[SourceTrouble], now: int) -> Reply:
    """Sources that have not been readable for some minutes, told once."""
    are = "A source" if len(found) == 1 else f"{len(found)} sources"
    said = [f"*{are} can't be read.* What I say of {'it' if len(found) == 1 else 'them'} is as old as this:"]
    for each in found[:_NAMED]:
        last = f"last read {near(each.ok_at, now)}" if each.ok_at is not None else "never read"
        said.append(f"• {esc(each.source, 80)}: {last}. {esc(each.error.rstrip('.'), 400)}.")
    if len(found) > _NAMED:
        said.append(f"And {len(found) - _NAMED} more; {gpu_command('status')} and `/healthz` name them.")
    said.append("No machine there is called idle or stopped meanwhile. I go on trying, and say when it is over.")
    return plainly(lines(said))


def sources_again(found: Sequence[SourceTrouble]) -> Reply:
    """They can be read again."""
    names = ", ".join(esc(each.source, 80) for each in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    length_ms = max((each.well_since or each.since) - each.since for each in found)
    return plainly(f"Can be read again: {names}{more}. It took {length(length_ms)}.")


def settings_changed(changed: Sequence[str], waiting: str) -> Reply:
    """Settings were read again and count; `waiting` are those that only a restart takes up."""
    said = ["*I read `valet.toml` again.* It counts from now on:", *(f"• {code(each, 300)}" for each in changed)]
    return plainly(lines([*said, *([f"{_after_restart(waiting)}."] if waiting else [])]))


def _after_restart(waiting: str) -> str:
    return f"Only a restart takes up {code(waiting, 200)}; until then the value of before counts"


def settings_refused(why: str) -> Reply:
    """Settings were read again and are wrong."""
    return plainly(
        f"*I can't take up `valet.toml` as it is now.* {esc(why, 900)} The settings of before go on. "
        "Correct the file, and I read it by myself; `valet doctor` says whether it is right."
    )


def settings_line(read_at: int, waiting: str, refused: str, now: int) -> str:
    """For admins: when the settings in force were read, and whether the file says something else."""
    said = f"Settings read {near(read_at, now)}."
    said += f" {_after_restart(waiting)}." if waiting else ""
    return f"{said} :warning: The file has changed and can't be taken up: {esc(refused, 300)}" if refused else said


def another_bot(host: str, *, stands_by: bool) -> Reply:
    """Two processes are connected to one Slack app; `stands_by`: the one on `host` does nothing for that reason."""
    does = "does nothing until the other has ended" if stands_by else "was there first and goes on"
    return plainly(
        f"*Two Valets are connected to this Slack app.* The one on {code(host)} {does}. Each has a database of its "
        "own, so they would give one machine to two people. Stop the one that should not run: an old host, a laptop, "
        "a restored copy. If the other can't be found, make a new app-level token and give it to the right one only. "
        "`valet run --take-over` acts although another is there."
    )


def alone_again(host: str) -> Reply:
    """Only the one on that host is left."""
    return plainly(f"Only one Valet is connected to this Slack app again: the one on {code(host)}.")
