"""What there is and whether it works: sweeps, deliveries of agents, other sources, verdicts."""
