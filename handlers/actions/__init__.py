"""Buttons: what each press does. Who may is decided here and now, on the server, never by who sees the button."""
