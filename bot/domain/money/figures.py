"""Figures as people type them: 150000, $150,000, 150k, 12.5%."""

import re
from decimal import Decimal

_FIGURE = re.compile(r"\$?(\d{1,9}(?:,\d{3})*(?:\.\d{1,6})?)(k?)[%$]?", re.ASCII | re.IGNORECASE)


def figure(text: str) -> Decimal | None:
    """The number that is meant; None when it is none."""
    found = _FIGURE.fullmatch(text)
    return Decimal(found[1].replace(",", "")) * (1000 if found[2] else 1) if found else None
