"""What happens to a machine while its ledger runs."""

from contextlib import suppress
from typing import Any

from bot.errors import ValetError
from bot.services.sharing import claims
from store.sharing import claims as stored_claims
from tests.bot.services.room import ADA, CY, Room

EVENTS = ("nothing", "nothing", "ada", "cy", "release", "reopen", "silence", "hear")
"""As people and AWS are: mostly quiet. `stop` and `start` happen too, where a test draws them."""


def happens(room: Room, event: str, name: str, **claim: Any) -> None:
    """One event; what is refused has not happened. `claim` is how Ada and Cy claim it."""
    machine = room.machine(name)
    with suppress(ValetError):
        match event:
            case "ada" | "cy":
                claims.claim_gpus(room.ctx, machine.id, {"ada": ADA, "cy": CY}[event], **claim)
            case "release":
                for held in stored_claims.open_claims_on(room.ctx.store.reading(), machine.id)[:1]:
                    claims.release_claim(room.ctx, held.id, held.holder)
            case "reopen":
                room.reopen()
            case "silence":
                room.fleet.silence("us-east-1")
            case "hear":
                room.fleet.unsilence("us-east-1")
            case "stop":
                room.fleet.stop(machine)
            case "start":
                room.fleet.start(machine)
