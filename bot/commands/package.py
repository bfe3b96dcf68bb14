"""What pip installs elsewhere: an address, a repository, a file, or a name on an index of one's own."""

import re
from dataclasses import dataclass
from pathlib import Path

import click

from bot.commands.options import USUAL, settings_of
from bot.errors import Refused

package_option = click.option(
    "--package",
    metavar="WHAT",
    help="What pip installs: a wheel's address, git+https://... or the like. Default: package under [install].",
)
index_option = click.option(
    "--index",
    metavar="URL",
    help="Your own index, if WHAT is a name and version there. Default: index under [install].",
)
ADDRESS = re.compile(r"([A-Za-z0-9._\[\],-]+ *@ *)?(git\+|hg\+|svn\+|bzr\+)?[a-z]+(\+[a-z]+)?://\S+")
INDEX = re.compile(r"https?://[^\s?#@'\"]+", re.ASCII)
WANTED = "a wheel's address, git+https://... or a name on an index of yours with --index"


@dataclass(frozen=True, slots=True)
class Package:
    """What pip is given; an empty `what` where nothing says it."""

    what: str = ""
    index: str = ""
    """The index that names are looked up in, packages that it needs included; none: pip's own."""

    def __post_init__(self) -> None:
        if not self.what.isprintable():
            raise Refused("--package must be one line.")
        if self.index and not INDEX.fullmatch(self.index):
            raise Refused("--index must be an address such as https://pypi.example.com/simple, without a password.")
        if self.what and not self.index and not (self.is_file or ADDRESS.fullmatch(self.what)):
            raise Refused(
                f'"{self.what}" would be looked up in a public index, where that name may be anybody\'s: give {WANTED}.'
            )
        if re.search(r"(^|[ @+])http://", self.what) and not self.has_hash:
            raise Refused(
                "What comes over http:// can be changed on its way: give https://, or end it with #sha256=..."
            )

    @property
    def is_file(self) -> bool:
        """Whether it is a wheel or a folder on the machine that installs it."""
        return self.what.startswith(("/", "./", "../")) or (self.what.endswith(".whl") and "://" not in self.what)

    @property
    def is_repository(self) -> bool:
        """Whether git has to be there."""
        return "git+" in self.what

    @property
    def has_hash(self) -> bool:
        """Whether it says which file it must be."""
        return bool(re.search(r"#(.*&)?sha(256|384|512)=[0-9a-f]{64,}", self.what))


def package_of(config_path: Path, what: str | None, index: str | None) -> Package:
    """As typed, or as the settings say; they are not looked at where it is typed, or there are none. Raises Refused."""
    if what or (config_path == USUAL and not config_path.exists()):
        return Package(what or "", index or "")
    install = settings_of(config_path).install
    return Package(install.package, index or install.index)
