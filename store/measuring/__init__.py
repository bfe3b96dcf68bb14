"""What agents and sweeps saw."""
