"""Slash commands: the words people type, and what each of them does."""
