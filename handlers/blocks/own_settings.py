"""A person's own settings: shown, as fields, and the digest in person."""

from bot.domain.own_settings import OwnSettings
from handlers.blocks import forms as form_blocks
from handlers.blocks.buttons import MY_SETTINGS
from handlers.blocks.parts import Block, Filled, Reply, actions, context, lines, section
from handlers.blocks.words import esc

QUIET_HINT = "Only what can't wait comes then, as a stop of what you hold. The same time twice: no quiet hours."
DIGESTS = (("Off", "off"), ("Mornings", "mornings"))
REMINDERS = (("All: 30, 15 and 5 minutes before", "all"), ("The last only: 5 minutes before", "last"))


def own_settings_shown(own: OwnSettings, muted: list[str], zone: str) -> Reply:
    """What somebody has chosen."""
    quiet = "none" if own.quiet.never else f"{own.quiet.begins:%H:%M} to {own.quiet.ends:%H:%M} ({esc(zone)})"
    text = lines(
        [
            "*Your settings*",
            f"• Quiet hours: {quiet}",
            f"• Digest in person: {own.digest}",
            f"• Reminders before a claim ends: {'the last only' if own.reminders == 'last' else 'all'}",
            f"• Muted machines: {', '.join(esc(name, 60) for name in muted[:20]) or 'none'}",
        ]
    )
    return Reply(text, [section(text), actions(form_blocks.form_button("Change", MY_SETTINGS))])


def settings_fields(own: OwnSettings, machines: list[tuple[str, str]], zone: str, given: Filled) -> list[Block]:
    """The form; `machines` by name and id are those that can be muted."""
    begins, ends = ("", "") if own.quiet.never else (f"{own.quiet.begins:%H:%M}", f"{own.quiet.ends:%H:%M}")
    begins, ends = given.one("quiet_begins") or begins, given.one("quiet_ends") or ends
    fields = [
        context(f"Times are in {esc(zone)}, as you have it in Slack."),
        form_blocks.picker_field("quiet_begins", "Quiet from", "timepicker", value=begins, optional=True),
        form_blocks.picker_field("quiet_ends", "Quiet until", "timepicker", value=ends, optional=True, hint=QUIET_HINT),
        form_blocks.choice_field(
            "digest", "Digest in person", _options(DIGESTS), chosen=given.one("digest") or own.digest
        ),
        form_blocks.choice_field(
            "reminders", "Reminders of claims", _options(REMINDERS), chosen=given.one("reminders") or own.reminders
        ),
    ]
    if not machines:
        return fields
    options = [form_blocks.option(name, instance_id) for name, instance_id in machines]
    hint = "You hear no news of these; questions still come."
    return [*fields, form_blocks.several_field("muted", "Muted machines", options, chosen=sorted(own.muted), hint=hint)]


def _options(choices: tuple[tuple[str, str], ...]) -> list[Block]:
    return [form_blocks.option(label, value) for label, value in choices]


def open_questions(count: int) -> list[str]:
    """How many wait for somebody's word."""
    if not count:
        return []
    return ["1 question; the home tab shows it."] if count == 1 else [f"{count} questions; the home tab shows them."]


def own_digest(glance: Reply) -> Reply:
    """A morning's digest for one person: the same as the bare command shows."""
    said = "*Good morning.* This is your desk today."
    return Reply(f"{said}\n{glance.text}", [section(said), *glance.blocks, actions(_change())])


def _change() -> Block:
    return form_blocks.form_button("My settings", MY_SETTINGS)
