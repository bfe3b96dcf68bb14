"""Spend, the bill, forecasts, budgets, savings, prices, and rent or buy."""
