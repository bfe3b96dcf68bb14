"""What the provider says it cost: its list prices, and later its bills."""
