"""The one reader of `valet.toml` and the environment."""

from bot.settings.reading import load, parse
from bot.settings.secrets import SECRETS, Secrets, secrets
from bot.settings.whole import Settings

__all__ = ["SECRETS", "Secrets", "Settings", "load", "parse", "secrets"]
