"""Things done to machines: asked for, decided, carried out, and those that follow from rules."""
