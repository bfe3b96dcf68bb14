"""Hands a file to a person in their own messages with Valet, or says why Slack does not let it."""

import logging
from dataclasses import replace
from urllib.request import Request, urlopen

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.blocks.parts import Attached, Reply, plainly
from handlers.send import LOST, TIMEOUT_S, error_code, part, patiently, word

log = logging.getLogger(__name__)
MAY_NOT = frozenset({"missing_scope", "not_allowed_token_type", "file_uploads_disabled", "restricted_action"})


def handed(client: WebClient, user: str, reply: Reply) -> Reply:
    """Upload the reply's file; the reply to show then, or why there is no file."""
    if reply.file is None:
        return reply
    try:
        _upload(client, user, reply.file)
    except SlackApiError as error:
        code = error_code(error)
        log.warning("Slack did not take a file: %s", code)
        return plainly(_refused(code))
    except LOST as error:
        log.warning("a file could not be handed to Slack: %s", type(error).__name__)
        return plainly("Slack could not be reached with the file. Press the button again in a minute.")
    return replace(reply, file=None)


def _refused(code: str) -> str:
    if code in MAY_NOT:
        return (
            "Valet may not upload files here. An admin can install it anew with the scope `files:write` "
            "(`valet manifest` has it); until then `valet ledger --csv` prints the same figures."
        )
    return f"Slack did not take the file ({code}). `valet ledger --csv` prints the same figures."


def _upload(client: WebClient, user: str, file: Attached) -> None:
    """Slack's three steps: an address to upload to, the bytes, and where to show it."""
    content = file.content.encode()
    given = patiently(lambda: client.files_getUploadURLExternal(filename=file.name, length=len(content)))
    # the address is Slack's own answer, so it is no address of somebody else's choice
    with urlopen(Request(word(given, "upload_url"), data=content, method="POST"), timeout=TIMEOUT_S):  # noqa: S310
        pass
    channel = word(part(patiently(lambda: client.conversations_open(users=user)), "channel", dict), "id")
    files: list[dict[str, str | None]] = [{"id": word(given, "file_id"), "title": file.name}]
    patiently(lambda: client.files_completeUploadExternal(files=files, channel_id=channel))
