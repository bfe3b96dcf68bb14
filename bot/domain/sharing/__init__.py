"""Who uses what: claims, the line, bookings, offers, and fair use."""
