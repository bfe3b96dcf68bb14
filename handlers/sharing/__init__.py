"""Claims, the line, bookings, and the questions asked about them."""
