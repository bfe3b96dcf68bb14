"""Where Valet is installed from on other machines."""

from pydantic import Field, field_validator

from bot.settings.values import Table


class InstallSettings(Table):
    """[install]"""

    package: str = Field(
        default="",
        description="What pip installs on machines and in images: a wheel's address, `git+https://...`, or a name and "
        "version on an index of yours; Valet itself is on none",
    )

    @field_validator("package")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("expected one line")
        return value
