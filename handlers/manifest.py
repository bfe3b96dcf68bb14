"""The app manifest: what Slack must grant, and which commands and events it sends us.

`manifest.json` is the template. There is no `chat:write.public`: Valet posts where it was invited, and only there it
can read back what it has posted after a crash.
"""

import json
from importlib.resources import files
from typing import Any

from bot.settings import Settings

EVENTS_PATH = "/slack/events"
"""Where the HTTP side takes commands, events and clicks."""


def manifest(settings: Settings, *, http_url: str | None = None) -> dict[str, Any]:
    """The manifest with the settings' command names, for Socket Mode.

    With `http_url`, the address where Slack reaches Valet (https://valet.example.com), it is for signed HTTP instead.
    """
    made: dict[str, Any] = json.loads(files("handlers").joinpath("manifest.json").read_text())
    commands = made["features"]["slash_commands"]
    for command, name in zip(commands, (settings.slack.gpu_command, settings.slack.cost_command), strict=True):
        command["command"] = name
    if http_url:
        _over_http(made, http_url.rstrip("/") + EVENTS_PATH)
    return made


def bot_scopes() -> tuple[str, ...]:
    """The scopes the bot's token has use for."""
    return tuple(manifest(Settings())["oauth_config"]["scopes"]["bot"])


def optional_scopes() -> tuple[str, ...]:
    """Those of them that whoever installs the app may leave out."""
    return tuple(manifest(Settings())["oauth_config"]["scopes"]["bot_optional"])


def _over_http(made: dict[str, Any], url: str) -> None:
    for command in made["features"]["slash_commands"]:
        command["url"] = url
    settings = made["settings"]
    settings["socket_mode_enabled"] = False
    settings["event_subscriptions"]["request_url"] = url
    settings["interactivity"]["request_url"] = url
