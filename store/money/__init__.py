"""Prices, the ledger and its sums, the bill, forecasts and how they turned out, budgets, savings, weekly reports."""
