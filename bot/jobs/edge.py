"""The job edge: work that fails is logged, and never ends the thread that it was done on."""

import logging
from collections.abc import Callable

from bot.errors import Impaired, ValetError

log = logging.getLogger(__name__)


def attempt(name: str, work: Callable[[], object]) -> tuple[bool, object]:
    """Whether the work came to its end, and what came of it."""
    try:
        return True, work()
    except Impaired as error:
        log.debug("%s had to wait: %s", name, error)  # the store itself says it, once
    except ValetError as error:
        log.error("%s failed: %s", name, error)  # noqa: TRY400 - the sentence says it all
    except Exception:  # the job edge: one failure must not end the others
        log.exception("%s failed", name)
    return False, None
