"""Reads `valet.toml` again when it says something else, or when somebody asks (SIGHUP), and has that take effect.

A file is taken at its word once two looks have seen the same: an editor may write in two steps, and a ConfigMap is
swapped by a link. One that is gone or empty for a moment is being written; after `PATIENCE_LOOKS` it is refused.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from bot.errors import Impaired, SettingsError, ValetError
from bot.outside import SettingsFile
from bot.redaction import hide
from bot.services import settings_reads
from bot.services.context import Context
from bot.settings import Settings
from bot.settings.changes import changes, with_running
from bot.settings.reading import parse_text

log = logging.getLogger(__name__)
LOOK_EVERY_S = 2
PATIENCE_LOOKS = 15
"""So many looks in a row must find no file, or an empty one, before that is said: half a minute."""
Contents = tuple[bytes | None, ...]
"""Of the settings file, and of the files that it names; None for one that is not there."""


class SettingsWatch:
    """Looks at the file; `prepare` makes what other settings need, and what it returns has them count from then on."""

    def __init__(
        self,
        file: SettingsFile,
        running: Settings,
        prepare: Callable[[Settings], Callable[[], None]],
    ) -> None:
        self._path, self._environment = file.path, file.environment
        self._running, self._prepare = running, prepare
        self._file_says = running
        """As the file had it last, with what waits for a restart."""
        self._settled: Contents | None = None
        """What was taken up, or refused, last; None before the first time."""
        self._seen: Contents | None = None
        self._looks_without = 0
        self._is_asked = False

    def ask(self) -> None:
        """Read it at the next look, whatever the file looks like. May be called from anywhere, also by a signal."""
        self._is_asked = True

    def look(self, ctx: Context) -> bool:
        """See whether the file says something else, and take that up or refuse it; whether other settings count now."""
        before = self._running
        self._look(ctx)
        return self._running is not before

    def _look(self, ctx: Context) -> None:
        is_asked, self._is_asked = self._is_asked, False
        contents, before = self._contents(), self._seen
        self._seen = contents
        self._looks_without = 0 if (contents[0] or b"").strip() else self._looks_without + 1
        is_whole = self._looks_without == 0 or self._looks_without >= PATIENCE_LOOKS
        is_new = contents != self._settled and contents == before and is_whole
        if is_new or is_asked:
            self._read(ctx, contents, "on SIGHUP" if is_asked else "the file changed")
            self._settled = contents

    def _contents(self) -> Contents:
        files = {team.pausing.holidays_file for team in self._file_says.teams.values()} - {""}
        return tuple(_content(path) for path in (self._path, *map(Path, sorted(files))))

    def _read(self, ctx: Context, contents: Contents, why: str) -> None:
        try:
            self._take(ctx, self._parsed(contents[0]), why)
        except Impaired:
            raise  # nothing is noted or told now, so nothing is taken up either: the next look tries again
        except ValetError as error:
            if contents != self._settled:
                sentence = hide(str(error))
                log.error("The settings of before go on: %s", sentence)  # noqa: TRY400 - the sentence says it all
                settings_reads.tell_refused(ctx, sentence, why=why)

    def _parsed(self, content: bytes | None) -> Settings:
        """The settings in the file. Raises SettingsError."""
        if content is None:
            raise SettingsError(f"There is no settings file {self._path} any more, or it can't be read.")
        if not content.strip():
            raise SettingsError(f"{self._path} is empty.")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise SettingsError(f"{self._path} can't be read: {error}.") from None
        return parse_text(text, str(self._path), self._environment)

    def _take(self, ctx: Context, read: Settings, why: str) -> None:
        """First all that may fail, then the swap. Raises SettingsError, also where no parts can be made of them."""
        new, waiting = with_running(self._running, read)
        swap = self._prepare(new) if new != self._running else None
        changed = changes(self._file_says, read)
        if changed:
            settings_reads.tell_changed(ctx, changed, waiting, ctx.roster().admins | set(new.slack.admins), why=why)
        else:
            settings_reads.note_settings_read(ctx, waiting)
        if swap:
            swap()
        self._running, self._file_says = new, read
        for change in changed:
            log.info("settings read again: %s", change)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
