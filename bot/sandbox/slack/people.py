"""The cast of the sandbox: Ada, Bob, Cy and the bot, their channels, and their direct messages."""

from bot.sandbox.slack.records import BOT_USER, SLACKBOT, Channel, Person

ADA = "U0ADA0001"
BOB = "U0BOB0001"
CY = "U0CYC0001"

GPUS = "C0GPUS001"
ML_PLATFORM = "C0MLPLAT1"
FINANCE = "C0FINANC1"

PEOPLE = (
    Person(ADA, "ada", "Ada", "nlp"),
    Person(BOB, "bob", "Bob", "approver", is_admin=True),
    Person(CY, "cy", "Cy", "vision"),
)
VALET_PERSON = Person(BOT_USER, "valet", "Valet", is_bot=True)
SLACKBOT_PERSON = Person(SLACKBOT, "slackbot", "Slackbot", is_bot=True)

CHANNELS = (
    Channel(GPUS, "gpus", "Who runs what on which GPU", frozenset({ADA, BOB, CY, BOT_USER}), is_general=True),
    Channel(ML_PLATFORM, "ml-platform", "Idle machines and approvals", frozenset({ADA, BOB, BOT_USER})),
    Channel(FINANCE, "finance", "The bill", frozenset({BOB, BOT_USER})),
)


def direct_channel(person: Person) -> Channel:
    """The direct messages between a person and the bot: D0ADA0001 for U0ADA0001."""
    return Channel("D" + person.id[1:], person.handle, members=frozenset({person.id, BOT_USER}), dm_of=person.id)
