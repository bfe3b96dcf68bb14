"""/gpu settings: what a person chooses for themselves, in words and as a form, and the digest in person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time

from bot.domain.own_settings import NO_QUIET, DigestInPerson, OwnSettings, QuietHours, Reminders
from bot.errors import Refused
from bot.services import home, own_settings, queries
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.own_settings import OWN_DIGEST
from handlers.blocks import home as home_blocks
from handlers.blocks import own_settings as own_settings_blocks
from handlers.blocks.buttons import MY_SETTINGS
from handlers.blocks.parts import Block, Filled, Reply
from handlers.blocks.silence import as_they_were
from handlers.controller import Draw
from handlers.parsing.moments import time_of_day
from handlers.verbs import Ask, BadField, Form, Verb, named

OwnChange = Callable[[OwnSettings], OwnSettings]
QUIET_BEGINS, QUIET_ENDS, DIGEST, REMINDERS, MUTED = "quiet_begins", "quiet_ends", "digest", "reminders", "muted"
USAGE = "settings [quiet 19:00-09:00|digest mornings|reminders last|mute train-7]"
_OFF = frozenset({"off", "no", "none", "never"})
_DIGEST: dict[str, DigestInPerson] = {
    **dict.fromkeys(("mornings", "morning", "on", "daily", "yes"), "mornings"),
    **dict.fromkeys(_OFF, "off"),
}
_REMINDERS: dict[str, Reminders] = {**dict.fromkeys(("last", "one"), "last"), **dict.fromkeys(("all", "on"), "all")}


def gpu_settings(ask: Ask) -> Reply:
    """Change one of them, or show all. Raises Refused."""
    first, rest = ask.words[0].lower().rstrip(":"), ask.words[1:]
    if first in {"show", "list"} and not rest:
        return _shown(ask, own_settings.own_settings_of(ask.ctx, ask.user))
    if first not in SETTINGS:
        raise Refused(f'There is no setting "{first[:40]}". Try `quiet`, `digest`, `reminders`, `mute` or `unmute`.')
    change = SETTINGS[first](
        ask, [word for word in rest if word.lower() not in {"hours", "from", "only", "to", "until"}]
    )
    return _shown(ask, own_settings.change_own_settings(ask.ctx, ask.user, change))


def _quiet(_ask: Ask, words: list[str]) -> OwnChange:
    said = [part for word in words for part in word.replace("–", "-").split("-") if part]  # noqa: RUF001 - people paste it
    if len(said) == 1 and said[0].lower() in _OFF:
        return lambda own: replace(own, quiet=NO_QUIET)
    times = [time_of_day(word, bare=True) for word in said]
    if len(times) != 2 or None in times:
        raise Refused("From when until when? Try `settings quiet 20:00-08:00`, or `settings quiet off`.")
    return lambda own: replace(own, quiet=_between(times[0], times[1]))


def _between(begins: time | None, ends: time | None) -> QuietHours:
    return NO_QUIET if begins is None or ends is None or begins == ends else QuietHours(begins, ends)


def _digest(_ask: Ask, words: list[str]) -> OwnChange:
    chosen = _DIGEST.get(" ".join(words).lower())
    if chosen is None:
        raise Refused("When do you want it? Try `settings digest mornings` or `settings digest off`.")
    return lambda own: replace(own, digest=chosen)


def _reminders(_ask: Ask, words: list[str]) -> OwnChange:
    chosen = _REMINDERS.get(" ".join(words).lower())
    if chosen is None:
        raise Refused("Which reminders do you want? Try `settings reminders all` or `settings reminders last`.")
    return lambda own: replace(own, reminders=chosen)


def _mute(ask: Ask, words: list[str]) -> OwnChange:
    ids = _machines(ask, words, "mute")
    return lambda own: replace(own, muted=own.muted | ids)


def _unmute(ask: Ask, words: list[str]) -> OwnChange:
    if [word.lower() for word in words] in (["all"], ["everything"]):
        return lambda own: replace(own, muted=frozenset())
    ids = _machines(ask, words, "unmute")
    return lambda own: replace(own, muted=own.muted - ids)


def _machines(ask: Ask, words: list[str], verb: str) -> frozenset[str]:
    """The machines that are named, commas or not between them. Raises Refused, NotFound, Ambiguous."""
    rest = [part for word in words for part in word.split(",") if part]
    if not rest:
        raise Refused(f"Which machine? Try `settings {verb} train-7`, with a name of yours.")
    ids: set[str] = set()
    while rest:
        listing, rest = named(replace(ask, words=rest), "settings", has_note=False)
        ids.add(listing.instance.id)
    return frozenset(ids)


SETTINGS: dict[str, Callable[[Ask, list[str]], OwnChange]] = {
    "quiet": _quiet,
    "digest": _digest,
    "reminders": _reminders,
    "reminder": _reminders,
    "mute": _mute,
    "unmute": _unmute,
}
"""What each word after `settings` is about."""


def _shown(ask: Ask, own: OwnSettings) -> Reply:
    names = own_settings.names_of_muted(ask.ctx, own)
    return own_settings_blocks.own_settings_shown(own, names, ask.ctx.zone(ask.user))


def draw_settings_form(ask: Ask, given: Filled) -> list[Block]:
    """As they are, or as they were filled in."""
    own = own_settings.own_settings_of(ask.ctx, ask.user)
    machines = [(each.instance.name, each.instance.id) for each in own_settings.may_be_muted(ask.ctx, own)]
    return own_settings_blocks.settings_fields(own, machines, ask.ctx.zone(ask.user), given)


def submit_settings_form(ask: Ask, given: Filled) -> Reply:
    """As the words would, all at once."""
    begins, ends = (_time_in(given, name) for name in (QUIET_BEGINS, QUIET_ENDS))
    if (begins is None) != (ends is None):
        missing = QUIET_ENDS if ends is None else QUIET_BEGINS
        raise BadField(missing, "Fill in both times, or none for no quiet hours.")
    digest, reminders = _DIGEST.get(given.one(DIGEST), "off"), _REMINDERS.get(given.one(REMINDERS), "all")
    own = own_settings.own_settings_of(ask.ctx, ask.user)
    offered = {each.instance.id for each in own_settings.may_be_muted(ask.ctx, own)}

    def change(own: OwnSettings) -> OwnSettings:
        muted = (own.muted - offered) | (offered & set(given.all(MUTED)))
        return replace(own, quiet=_between(begins, ends), digest=digest, reminders=reminders, muted=frozenset(muted))

    return _shown(ask, own_settings.change_own_settings(ask.ctx, ask.user, change))


def _time_in(given: Filled, field: str) -> time | None:
    text = given.one(field)
    if not text:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadField(field, "That is no time of day. Try 20:00.") from None


SETTINGS_FORM = Form(
    name=MY_SETTINGS,
    title="My settings",
    send="Save",
    question="What do you want to change for yourself?",
    draw=draw_settings_form,
    submit=submit_settings_form,
    subject=QUIET_BEGINS,
)
FORMS = (SETTINGS_FORM,)
VERBS = (
    Verb(
        "settings",
        USAGE,
        "Your quiet hours, digest in person and reminders, and machines to hear nothing of.",
        gpu_settings,
        form=SETTINGS_FORM,
    ),
)


def draw_own_digest(ctx: Context, subject: str) -> Reply | None:
    """A digest in person; its subject is "person|date"."""
    person = subject.partition("|")[0]
    count = len(home.questions_to(ctx, person))
    asked, old = own_settings_blocks.open_questions(count), as_they_were(sources.unread_sources(ctx), ctx.clock())
    glance = home_blocks.at_a_glance(person, queries.held_by(ctx, person), asked, home.free_now(ctx, person), old)
    return own_settings_blocks.own_digest(glance)


MESSAGES: dict[str, Draw] = {OWN_DIGEST: draw_own_digest}
