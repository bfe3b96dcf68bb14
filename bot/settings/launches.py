"""What may be launched from chat."""

from pydantic import Field

from bot.settings.values import Name, Table


class LaunchSettings(Table):
    """[[launch]]"""

    name: Name = Field(description="What people call it: /gpu launch NAME")
    template: str = Field(min_length=1, description="EC2 launch template, by id (lt-...) or name")
    version: str = Field(default="$Default", min_length=1, description="Its version: a number, $Default or $Latest")
    region: str = Field(min_length=1, description="Region it is launched in")
    account: str = Field(
        default="", description="Account: the name of an [[aws]] entry, or its number; none: the first"
    )
    type: str = Field(min_length=1, description="Instance type; goes before the template's own")
    gpu: str = Field(default="", description="GPU model, for finding it: A100")
    gpus: int = Field(default=0, ge=0, le=64, description="How many GPUs it has")
    gpu_gib: int = Field(default=0, ge=0, description="Memory of one GPU, GiB")
    subnets: tuple[str, ...] = Field(
        default=(), description="Subnets, tried in turn where AWS has none left; none: the template's own"
    )
    instead: tuple[Name, ...] = Field(
        default=(), description="Names of other [[launch]] entries, offered when AWS has none left"
    )
    agent: bool = Field(
        default=False, description="Whether its user data installs the agent: the machine is ready when that reports"
    )
    teams: tuple[Name, ...] = Field(default=(), description="Teams whose people may launch it; none: all")
