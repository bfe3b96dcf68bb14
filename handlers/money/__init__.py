"""What it costs: forecasts, reports, the bill, budgets, savings, prices, rent or buy."""
