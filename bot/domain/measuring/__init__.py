"""Readings, and the rule that turns them into verdicts."""
