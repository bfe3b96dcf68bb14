"""Names that come closest to a mistyped one."""

import difflib
from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """Up to `limit` names close to `word`, the closest first; case does not count."""
    by_lower = {name.lower(): name for name in names}
    return [by_lower[each] for each in difflib.get_close_matches(word.lower(), by_lower, limit, cutoff=0.55)]
