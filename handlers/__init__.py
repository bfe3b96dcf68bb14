"""The Slack face: parse, call a service, show what came of it."""
