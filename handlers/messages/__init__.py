"""What each kind of message in the outbox looks like, as things stand when it is sent."""
