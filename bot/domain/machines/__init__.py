"""Machines with GPUs: what they are called, what was measured of them, and whether they work."""
