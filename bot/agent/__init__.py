"""The small process on a GPU host."""
