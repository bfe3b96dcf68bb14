"""What it costs: rates, charges, the bill, forecasts, budgets, savings, and rent or buy."""
