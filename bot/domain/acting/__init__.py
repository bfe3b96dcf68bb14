"""Things done to machines: actions, their limits, and the rules that lead to them."""
