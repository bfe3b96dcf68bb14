"""Cards of actions, and what is told of stops by rule."""
