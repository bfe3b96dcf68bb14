"""Block Kit, purely: records in, list of dicts out."""
