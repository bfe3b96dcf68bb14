"""Commands that people may run on machines they hold."""

from pydantic import Field

from bot.domain.sharing.runs import RunTemplate
from bot.settings.values import Name, Table


class RunSettings(Table):
    """[runs.NAME]"""

    command: str = Field(min_length=1, max_length=4_000, description="Command for /bin/sh, as it stands")
    user: str = Field(
        pattern=r"^[a-z_][a-z0-9_-]{0,31}$", description="Account it runs under on rented machines; not root"
    )
    teams: tuple[Name, ...] = Field(default=(), description="Teams whose people may run it; none: everybody")

    def template(self, name: str) -> RunTemplate:
        """As the domain takes it."""
        return RunTemplate(name, self.command, self.user, frozenset(self.teams))
