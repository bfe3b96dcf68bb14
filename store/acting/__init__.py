"""Actions and their decisions, and what rules keep of a machine: snoozes, stops announced, images."""
