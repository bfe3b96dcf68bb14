"""The fleet as messages, and why a machine counts as idle or working."""
