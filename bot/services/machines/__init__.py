"""What there is and whether it works: looks at providers, deliveries of agents, other sources, verdicts."""
