"""What it costs: rates, the ledger, the bill, forecasts, budgets, savings, and rent or buy."""
