"""Plain records and decisions: no clock, no store, no network."""
