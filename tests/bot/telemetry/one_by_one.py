"""A door in front of something that takes one push at a time."""

from bot.telemetry.deliveries import Outcome


def one_by_one(receive):
    """As the door wants it, from a function of a push and an address: what it raises is what became of that one."""

    def receive_group(deliveries) -> list[Outcome]:
        return [_outcome(receive, each) for each in deliveries]

    return receive_group


def _outcome(receive, delivery) -> Outcome:
    try:
        return receive(delivery.push, delivery.ip)
    except Exception as error:  # noqa: BLE001 - as the door does
        return error
