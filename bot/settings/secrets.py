"""What must not stand in a file under version control: read from the environment, or from files it names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsError


@dataclass(frozen=True)
class Secrets:
    """What must not stand in a file under version control. `repr` shows none of it."""

    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    slack_api_url: str = "https://slack.com/api/"

    def __repr__(self) -> str:
        return "Secrets(...)"


SECRETS = {
    "SLACK_BOT_TOKEN": "Bot token (xoxb-...)",
    "SLACK_APP_TOKEN": "App-level token for Socket Mode (xapp-...)",
    "SLACK_SIGNING_SECRET": "Set it to take Slack's requests over signed HTTP instead of Socket Mode",
}


def secrets(environment: Mapping[str, str] = os.environ) -> Secrets:
    """Read the secrets, each also from the file that NAME_FILE points at. Raises SettingsError."""
    found = {name: _secret(name, environment) for name in SECRETS}
    bot, app, signing = (found[name] for name in SECRETS)
    if not bot.startswith("xoxb-"):
        raise SettingsError("SLACK_BOT_TOKEN is missing or is no bot token: expected one that starts with xoxb-.")
    if not signing and not app.startswith("xapp-"):
        raise SettingsError(
            "SLACK_APP_TOKEN is missing or is no app token: expected one that starts with xapp- "
            "(or SLACK_SIGNING_SECRET for HTTP)."
        )
    url = environment.get("SLACK_API_URL", "") or Secrets.slack_api_url
    if not url.startswith(("https://", "http://")):
        raise SettingsError(f"SLACK_API_URL is {url!r}: expected an address that starts with https://.")
    return Secrets(bot, app, signing, url if url.endswith("/") else url + "/")


def _secret(name: str, environment: Mapping[str, str]) -> str:
    path = environment.get(f"{name}_FILE", "")
    if not path:
        return environment.get(name, "").strip()
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE names {path}, which can't be read: {type(error).__name__}.") from None


NEVER_SHOWN = frozenset({"power_on", "power_off", "command", "external_id", "package", "token_file"})
"""Settings in which somebody may have put a password: that they changed or are wrong is said, and not what they are."""
