"""The fleet as last seen, and what agents and other sources told of it."""
