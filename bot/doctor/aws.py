"""Whether AWS lets Valet look and stop, tried by dry runs in each account and region."""

from collections.abc import Iterator

from bot.doctor.finding import Finding, error, fine
from bot.doctor.slack import drift
from bot.domain.clock import Clock, system_clock
from bot.errors import SettingsError
from bot.settings import Settings

HINT = "Check credentials, role and network; `valet iam-policy` prints what the role needs."


def check(settings: Settings, tag: tuple[str, str], clock: Clock = system_clock) -> Iterator[Finding]:
    """One finding per thing that was tried; none where the settings name no account."""
    if not settings.aws:
        return
    from bot.providers.ec2 import Ec2

    accounts = [entry.account for entry in settings.aws]
    try:
        room = Ec2(accounts)
        theirs = room.clients.time(accounts[:1])
        found = room.check_access(tag)
    except SettingsError as wrong:
        yield error("V501", str(wrong), "Correct [[aws]] in the settings.")
        return
    if theirs is not None:
        yield from drift(theirs, clock(), "AWS's")
    for access in found:
        sentence = f"{access.source}: {access.sentence}"
        if access.ok:
            yield fine("V502", sentence)
        else:
            yield error("V502", sentence, HINT)
