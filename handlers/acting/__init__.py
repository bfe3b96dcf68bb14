"""What is done to machines: asked for, decided, stopped by rule, left alone."""
