"""Help in steps: two lines and the topics as buttons, then five lines a topic, each to be pasted as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.blocks.parts import Block, Reply, actions, button, lines, section
from handlers.blocks.words import code, cost_command, gpu_command

# Messages that stand in Slack carry these, so their text never changes.
HELP_BUTTON = "help"


@dataclass(frozen=True, slots=True)
class HelpTopic:
    """One topic: what to type, with {free}, {mine}, {owned} and {other} for machines, and what that does."""

    name: str
    label: str
    heading: str
    """Of its verbs in `topics`."""
    rows: tuple[tuple[str, str], ...]
    is_money: bool = False

    @property
    def verbs(self) -> frozenset[str]:
        """Those that have a line."""
        return frozenset(words.split()[0] for words, _ in self.rows)


HELP_TOPICS: tuple[HelpTopic, ...] = (
    HelpTopic(
        "looking",
        "Look",
        "Look",
        (
            ("status", "what runs, wasteful first"),
            ("status free", "what you can have now"),
            ("find 2xA100 for 6h", "what fits, cheapest first"),
            ("why {other}", "how that is known"),
            ("history {other}", "who did what"),
        ),
    ),
    HelpTopic(
        "sharing",
        "Share",
        "Share",
        (
            ("claim {free} for 4h", "it is yours"),
            ("extend {mine} 2h", "keep it longer"),
            ("release {mine}", "give it back"),
            ("request {other} a demo", "ask its holder"),
        ),
    ),
    HelpTopic(
        "waiting",
        "Wait",
        "Wait and book",
        (
            ("wait 1xA100 for 6h", "stand in line"),
            ("line", "your place"),
            ("book {free} tomorrow 20:00 for 6h", "for later"),
            ("bookings mine", "what you booked"),
        ),
    ),
    HelpTopic(
        "stopping",
        "Stop",
        "Stop, start, launch",
        (
            ("stop {mine} the run is over", "ask to stop it"),
            ("start {other}", "ask to start it"),
            ("snooze {mine} 4h", "keep it from stops"),
            ("hours {mine}", "when it may run"),
        ),
    ),
    HelpTopic("running", "Run", "Run jobs", (("run", "what can be run"), ("runs", "how your runs do"))),
    HelpTopic("own", "Yours", "Yours", (("settings", "quiet hours, digest, reminders"),)),
    HelpTopic(
        "admins",
        "Admin",
        "Look after machines and Valet",
        (
            ("drain {owned} new fans", "nobody gets more time"),
            ("retire {owned}", "it is gone"),
            ("undelivered", "what could not be posted"),
        ),
    ),
    HelpTopic(
        "money",
        "Money",
        "Money",
        (
            ("report last week", "what was spent"),
            ("idle yesterday", "what was wasted"),
            ("forecast", "what the month will cost"),
            ("budget", "what is left"),
        ),
        is_money=True,
    ),
)


@dataclass(frozen=True, slots=True)
class ExampleNames:
    """Machines of the reader's own world, as they can be typed."""

    free: str
    """One they can have now, where there is one."""
    mine: str
    other: str
    owned: str
    is_free: bool = False
    """Whether `free` really is."""


def overview(names: ExampleNames) -> Reply:
    """How to begin, and the topics."""
    example = gpu_command("claim", names.free, "for 4h")
    free = f"{example}: it is free now." if names.is_free else f"{example}."
    text = lines(
        [
            f"Ask in plain words: `who has {names.other}`, `what is free`.",
            f"Or type a command. Try {free}",
            "In threads, write `@valet` instead of the command.",
        ]
    )
    return Reply(text, [section(text), topic_row()], secret=True)


def topic_row() -> Block:
    """A button for each topic."""
    return actions(*(button(topic.label, f"{HELP_BUTTON}:{topic.name}", topic.name) for topic in HELP_TOPICS))


def topic_help(topic: HelpTopic, names: ExampleNames, also: Sequence[str] = ()) -> Reply:
    """What to type about one topic; `also` are its verbs without a line of their own."""
    command = cost_command if topic.is_money else gpu_command
    known = {"free": names.free, "mine": names.mine, "other": names.other, "owned": names.owned}
    rows = [f"{command(words.format(**known))}: {what}" for words, what in topic.rows]
    more = f"Also: {', '.join(f'`{verb}`' for verb in also)}." if also else ""
    text = lines([f"*{topic.label}*", *rows, more])
    return Reply(text, [section(text), topic_row()], secret=True, replace=True)


def verb_help(command: str, rows: list[tuple[str, str]]) -> Reply:
    """How one verb is typed, in each of its ways."""
    text = lines([*(f"{code(f'{command} {usage}', 120)}  {what}" for usage, what in rows)])
    return Reply(text, [section(text), topic_row()], secret=True)
