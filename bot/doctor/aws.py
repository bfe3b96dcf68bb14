"""Whether AWS lets Valet look and stop, tried by dry runs in each account and region."""

from collections.abc import Iterator

from bot.doctor.finding import Finding, error, fine
from bot.errors import SettingsError
from bot.settings import Settings

HINT = "Check credentials, role and network; `valet iam-policy` prints what the role needs."


def check(settings: Settings, tag: tuple[str, str]) -> Iterator[Finding]:
    """One finding per thing that was tried; none where the settings name no account."""
    if not settings.aws:
        return
    from bot.providers.ec2 import Ec2

    try:
        found = Ec2([entry.account for entry in settings.aws]).check_access(tag)
    except SettingsError as wrong:
        yield error("V501", str(wrong), "Correct [[aws]] in the settings.")
        return
    for access in found:
        sentence = f"{access.source}: {access.sentence}"
        if access.ok:
            yield fine("V502", sentence)
        else:
            yield error("V502", sentence, HINT)
