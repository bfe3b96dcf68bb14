"""The buttons that the messages of several topics show; every other one stands with its topic."""

# Messages that stand in Slack carry these, so their text never changes.
CLAIM_BUTTON = "claim"
RELEASE_BUTTON = "release"
BOOKINGS_BUTTON = "bookings"
WHY_BUTTON = "why"
REQUEST_BUTTON = "request"
MY_SETTINGS = "my_settings"
"""The form of somebody's own settings."""
OPEN_CARD_BUTTON = "open_card"
