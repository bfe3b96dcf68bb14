"""What was charged without a price is corrected once there is one, by rows of its own, and every sum follows."""
