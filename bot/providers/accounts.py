"""Which AWS accounts to look at, and what a check of the access to them found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """One AWS account: the way in, and the regions to look at."""

    regions: tuple[str, ...]
    role_arn: str | None = None
    """The role to assume; None uses the credentials this process runs with."""
    external_id: str | None = None
    name: str = "default"
    """Stands for the account where no role names its number."""

    @property
    def key(self) -> str:
        """The account number of the role, else the name. Known without asking AWS, so a source keeps its name."""
        parts = (self.role_arn or "").split(":")
        return parts[4] if len(parts) > 4 and parts[4] else self.name

    def source(self, region: str) -> str:
        """What `Instance.source` and `SourceSnapshot.source` say: "ec2/111122223333/us-east-1"."""
        return f"ec2/{self.key}/{region}"


@dataclass(frozen=True, slots=True)
class Access:
    """One thing that was tried on a source, whether it may be done, and a sentence for people."""

    source: str
    ok: bool
    sentence: str
