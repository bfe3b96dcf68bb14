"""How many examples hypothesis tries: a quarter of them on every push, all of them at night.

The nightly profile also draws other ones each time; the push always draws the same, so that a red one is red again.
"""

import os

import hypothesis

NIGHTLY = os.environ.get("VALET_TESTS") == "nightly"


def examples(number: int) -> int:
    """`number` at night, a quarter of it on a push."""
    return number if NIGHTLY else max(5, number // 4)


def load_profile() -> None:
    """What every test gets that says nothing else. No deadline: a busy machine is no failure."""
    hypothesis.settings.register_profile("valet", deadline=None, derandomize=not NIGHTLY, max_examples=examples(100))
    hypothesis.settings.load_profile("valet")
