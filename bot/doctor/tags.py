"""Whether tags of machines mean what they look like."""

from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, fine, warning
from bot.domain import tags
from bot.domain.listing import Filter
from bot.errors import Unreachable
from bot.settings import Settings
from store import listings
from store.checkup import looking

MOST = 10
"""So many machines are named."""


def check(settings: Settings) -> Iterator[Finding]:
    """One finding per machine with a doubtful tag; none before there are machines, or where nobody can look."""
    path = Path(settings.database)
    if not path.exists():
        return
    try:
        with looking(path) as db:
            found = [each.instance for each in listings.page(db, Filter(provider="ec2"), limit=-1)]
    except (Unreachable, OSError):
        return
    told = [(each, " ".join(tags.doubts(each.tags, settings.known_tags))) for each in found]
    doubtful = [(each, said) for each, said in told if said]
    for instance, said in doubtful[:MOST]:
        yield warning("V503", f"{instance.name} ({instance.id}): {said}", "Correct its tags in AWS.")
    if len(doubtful) > MOST:
        more = f"Tags of {len(doubtful) - MOST} more machines look as if they meant something else."
        yield warning("V503", more, "`/gpu why <instance>` tells of each.")
    if found and not doubtful:
        yield fine("V503", "The tags of machines mean what they look like.")
