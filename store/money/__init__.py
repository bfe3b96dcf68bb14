"""Prices, charges, the bill, what was expected, budgets and savings."""
