"""Load, decide, save, act."""
