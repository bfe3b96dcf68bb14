"""Who uses what: claims, the line, bookings, and all that is held against what is measured."""
