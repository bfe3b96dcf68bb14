"""What a machine costs while it stands still."""

MICROS_PER_GIB_MONTH = 80_000
"""EBS gp3, us-east-1, as of 2026-11; other kinds of disks and regions differ, so it is an estimate."""


def disks_per_month(gib: int) -> int:
    """Micro-dollars a month of disks, about."""
    return gib * MICROS_PER_GIB_MONTH
