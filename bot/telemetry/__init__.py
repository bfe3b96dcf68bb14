"""How busy GPUs are, and how that reaches the bot."""
