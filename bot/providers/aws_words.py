"""What AWS's messages say that their codes do not: whose policy denies, that a clock is wrong, a key closed."""

import re

_MOST = 240
_ENCODED = re.compile(r"\s*Encoded authorization failure message:\s*\S+")
_DENIED = (
    ("service control policy", "an organisation's policy (SCP) denies it; whoever runs that organisation can allow"),
    (
        "resource control policy",
        "an organisation's policy (RCP) denies it; whoever runs that organisation can allow",
    ),
    ("permissions boundary", "the permissions boundary of Valet's role denies it; whoever set that boundary can allow"),
    ("session policy", "the session policy of Valet's role denies it; whoever set that can allow"),
    ("vpc endpoint policy", "the policy of the VPC endpoint denies it; whoever runs that network can allow"),
    ("resource-based policy", "a policy on the resource denies it; its owner can allow"),
    ("explicit deny", "a policy denies it explicitly, which no other policy undoes; whoever wrote it can allow"),
)
_ACTION = re.compile(r"perform:?\s+([a-z0-9-]+:[A-Za-z]+)")
_UNSUBSCRIBED = re.compile(r"not enabled for cost explorer|cost explorer (is )?not (been )?enabled", re.IGNORECASE)
_CLOCK = re.compile(r"signature (expired|not yet current)|must be within|request has expired", re.IGNORECASE)
_KEY = re.compile(r"kms:|CreateGrant|\bKMS\b|customer.managed key", re.IGNORECASE)
CLOCK = "this machine's clock is not AWS's; set it (NTP), and it goes on by itself"
EXPIRED_OR_CLOCK = f"{CLOCK}; or the credentials have run out, and new ones are needed"
UNSUBSCRIBED = "Cost Explorer is not switched on; somebody who may opens it once in the paying account's billing pages"
_MENDED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"no output location|output location .*(not|invalid)|(verify|create) output bucket", re.IGNORECASE),
        "there is no place for the results of queries, or it can't be used; name one as output under [bill]",
    ),
    (
        re.compile(r"work ?group .*(not found|does ?n.t exist|not exist)", re.IGNORECASE),
        "there is no such workgroup; correct workgroup under [bill]",
    ),
    (
        re.compile(r"EntityNotFound|(TABLE|SCHEMA|CATALOG)_NOT_FOUND|(table|database) \S+ not found", re.IGNORECASE),
        "there is no such table; correct database and table under [bill]",
    ),
    (
        re.compile(r"bytes scanned limit", re.IGNORECASE),
        "the workgroup's limit of bytes scanned stopped it; whoever runs that workgroup can raise it",
    ),
)
"""What Athena says by words alone, and what mends it."""
KEY = (
    "its disk is encrypted with a key that Valet's role may not use; the owner of the key can allow kms:CreateGrant, "
    "kms:Decrypt and kms:GenerateDataKeyWithoutPlaintext to the role"
)


def cause_of(code: str, message: str, *, is_skewed: bool = False) -> str:
    """What is behind a refusal, and who can mend it; empty where AWS's words tell nothing that is known."""
    lowered = message.lower()
    if is_skewed or (message and _CLOCK.search(message) and "Expired" not in code):
        return EXPIRED_OR_CLOCK if code == "RequestExpired" else CLOCK
    if _UNSUBSCRIBED.search(message):
        return UNSUBSCRIBED
    if _KEY.search(message):
        return KEY
    mended = next((said for known, said in _MENDED if known.search(message)), "")
    if mended:
        return mended
    denied = next((said for words, said in _DENIED if words in lowered and "den" in lowered), "")
    if not denied:
        return ""
    action = _ACTION.search(message)
    return f"{denied} {action[1]}" if action else f"{denied} it"


def missing_right(message: str) -> str:
    """The right that AWS says is missing, such as "glue:GetTable"; empty where it names none."""
    named = _ACTION.search(message)
    return named[1] if named else ""


def plain_message(message: str) -> str:
    """AWS's words without what nobody can read, in one line."""
    return " ".join(_ENCODED.sub("", message).split())[:_MOST]
