"""A word to systemd where it supervises Valet: ready, still ticking, ending. Elsewhere nobody listens.

Protocol: sd_notify(3), one datagram to the socket that NOTIFY_SOCKET names.
"""

import logging
import socket

log = logging.getLogger(__name__)
READY = "READY=1"
TICKS = "WATCHDOG=1"
ENDING = "STOPPING=1"


def notify_systemd(word: str, address: str) -> None:
    """Say it; does nothing without an address."""
    if not address:
        return
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(word.encode(), path)
        except OSError as error:
            log.warning("systemd could not be told %s: %s", word, error)
