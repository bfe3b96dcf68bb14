"""A Slack on loopback and a made-up fleet: the demo, and what story tests use."""
