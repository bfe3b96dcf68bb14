"""What can go wrong, as sentences fit to show a person.

ValetError
+-- Refused          the answer is no; nothing was changed
|   +-- NoCapacity   the provider has none left just now; later may help
|   +-- NotThere     that place can't have it; another one could
|   +-- NotFound     no such thing; carries the nearest names
|   +-- Ambiguous    several machines could be meant; carries which
|   +-- RequestOpen  something else is asked for and not decided; carries which request
|   +-- UnknownToken an agent's token was revoked, or never given out
|   +-- SettingsError  the configuration is wrong; the start is refused
+-- Unreachable      someone we depend on did not answer; `retryable` says whether later may help
    +-- Impaired     our own database can't be used: full disk, no right to write, damage
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.parts import plain

log = logging.getLogger(__name__)


class ValetError(Exception):
    """The root: `sentence` is for a person, and names people and commands by parts; `str(error)` is its plain form."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        """As logs and files have it."""
        return plain(self.sentence)


class Refused(ValetError):
    """The answer is no, and nothing was changed."""


class NotFound(Refused):
    """Nothing goes by that name; `nearest` holds the names that come closest."""

    def __init__(self, sentence: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.nearest = nearest


class Ambiguous(Refused):
    """A word could mean several machines; `instance_ids` says which."""

    def __init__(self, sentence: str, word: str, instance_ids: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.word = word
        self.instance_ids = instance_ids


class RequestOpen(Refused):
    """Something else is asked for, which has to be decided first: `card` names the card of that request."""

    def __init__(self, sentence: str, card: str) -> None:
        super().__init__(sentence)
        self.card = card


class UnknownToken(Refused):
    """An agent's token is no token of its host, or not any more."""


class SettingsError(Refused):
    """A setting is wrong: the sentence names the key, the value and what was expected."""


class NoCapacity(Refused):
    """The provider has no such machine left just now."""


class NotThere(Refused):
    """That place can't have such a machine; another subnet or zone could."""


class Unreachable(ValetError):
    """Slack, AWS or the disk did not do its part."""

    def __init__(self, sentence: str, *, retryable: bool = True) -> None:
        super().__init__(sentence)
        self.retryable = retryable


class Impaired(Unreachable):
    """The database can't be used: nothing was changed, and nothing will be until it can. `reason` is why, in short."""

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason


@contextmanager
def answering(who: str) -> Iterator[None]:
    """Whatever goes wrong in reading an answer of somebody outside is Unreachable, which every caller expects.

    An answer can be anything: a sign-in page by the name of AWS, a list where a table was. `who` begins the sentence.
    """
    try:
        yield
    except ValetError:
        raise
    except Exception as error:
        log.debug("%s gave an answer that can't be read", who, exc_info=True)
        what = type(error).__name__
        raise Unreachable(f"{who} gave an answer that can't be read ({what}); a proxy may stand between") from error
