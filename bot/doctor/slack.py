"""One question to Slack's Web API, with whatever comes of it; no answer ever carries a token."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import SECOND_MS, Clock
from bot.settings import Secrets, Settings
from handlers.manifest import bot_scopes
from handlers.profiles import profile
from handlers.send import Garbled, part, slacks_clock

NO_SLACK_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class SlackAnswer:
    """What Slack said; `error` is empty when it agreed."""

    error: str = ""
    detail: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""


def ask_slack(call: Callable[[], SlackResponse]) -> SlackAnswer:
    """Make the call. Slack's refusal and its silence are answers too."""
    try:
        return _said(call())
    except SlackApiError as refusal:
        answer = refusal.response
        return (
            _said(answer)
            if isinstance(answer, SlackResponse)
            else SlackAnswer(NO_SLACK_ANSWER, "an answer that isn't Slack's")
        )
    except OSError as silence:
        reason = getattr(silence, "reason", silence)
        return SlackAnswer(NO_SLACK_ANSWER, str(getattr(reason, "strerror", None) or reason))
    except (SlackClientError, HTTPException, ValueError) as other:
        # The text of a ValueError may quote a header, and with it the token.
        return SlackAnswer(NO_SLACK_ANSWER, f"an answer that isn't Slack's ({type(other).__name__})")


def _said(answer: SlackResponse) -> SlackAnswer:
    headers = {name.lower(): value if isinstance(value, str) else value[0] for name, value in answer.headers.items()}
    if not isinstance(answer.data, dict):
        return SlackAnswer(NO_SLACK_ANSWER, "an answer that isn't Slack's", headers=headers)
    refused = "" if answer.data.get("ok") else str(answer.data.get("error") or f"status {answer.status_code}")
    return SlackAnswer(refused, content=answer.data, headers=headers)


SLACK_TIMEOUT_S = 5
DRIFT = 60 * SECOND_MS
REFUSED_FROM_MS = 300 * SECOND_MS
"""Slack's signatures are refused beyond this."""
NOT_SLACKS = "an answer that isn't Slack's"

WITHOUT = {
    "channels:history": "one message may appear twice after a crash",
    "groups:history": "one message may appear twice after a crash",
    "files:write": "Valet sends no CSV files",
    "im:history": "Valet hears nothing that people write to it in person",
}
"""What Valet does without each scope that may be left out."""
SLACK_HINTS = {
    NO_SLACK_ANSWER: "Check the network, the proxy (HTTPS_PROXY) and SLACK_API_URL.",
    "account_inactive": "The app was removed from the workspace; install it again and copy its new token.",
    "channel_not_found": "Check the id (channel details, at the bottom). In a private channel: /invite @valet.",
    "invalid_auth": "Copy the token again from the app's page at https://api.slack.com/apps.",
    "is_archived": "Name another channel.",
    "missing_scope": "Give it the scopes that `valet manifest` prints, and install the app again.",
    "no_such_subteam": "Check the id of the user group.",
    "not_allowed_token_type": "The tokens may be mixed up: xoxb- is the bot's, xapp- the app's.",
    "not_in_channel": "Invite Valet there: /invite @valet.",
    "ratelimited": "Try again in a minute.",
    "token_revoked": "Install the app again and copy its new token.",
    "user_not_found": "Check the id (profile, Copy member ID).",
}


def check(secrets: Secrets, settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Ask Slack everything Valet depends on; ends early where nothing more can be learnt."""
    client = WebClient(
        token=secrets.bot_token, base_url=secrets.slack_api_url, timeout=SLACK_TIMEOUT_S, retry_handlers=[]
    )
    who = ask_slack(client.auth_test)
    if who.error == NO_SLACK_ANSWER:
        yield error(
            "V301", f"Slack does not answer at {secrets.slack_api_url}: {who.detail}.", SLACK_HINTS[NO_SLACK_ANSWER]
        )
        return
    yield from _drift(who, clock())
    yield _identity(who)
    if not who.error:
        yield from _scopes(who)
    yield _socket(secrets)
    if who.error:
        return
    yield from _channels(client, settings)
    yield from _deciders(client, settings)
    yield from _groups(client, settings)


def _refused(number: str, what: str, said: SlackAnswer, hint: str = "") -> Finding:
    sentence = f"{what}: Slack says {said.error}." if said.error != NO_SLACK_ANSWER else f"{what}: {said.detail}."
    return error(number, sentence, hint or SLACK_HINTS.get(said.error, "Look the word up in Slack's documentation."))


def _identity(who: SlackAnswer) -> Finding:
    if who.error:
        return _refused("V301", "The bot token is refused", who)
    if not all(isinstance(who.content.get(name), str) for name in ("user", "team", "team_id", "user_id")):
        return error("V301", f"Slack does not say who Valet is: {NOT_SLACKS}.", SLACK_HINTS[NO_SLACK_ANSWER])
    return fine("V301", f"Valet is @{who.content.get('user')} in the workspace {who.content.get('team')}.")


def _drift(said: SlackAnswer, now: int) -> Iterator[Finding]:
    theirs = slacks_clock(said.headers)
    if theirs is not None:
        yield from drift(theirs, now, "Slack's")


def drift(theirs: int, now: int, whose: str) -> Iterator[Finding]:
    """How far this clock is off another's."""
    off = abs(now - theirs)
    sentence = f"This clock and {whose} differ by {off // SECOND_MS} s."
    if off > REFUSED_FROM_MS:
        yield error("V202", sentence, "Set the clock (NTP). Beyond 300 s signed requests are refused.")
    elif off > DRIFT:
        yield warning("V202", sentence, "Set the clock (NTP).")
    else:
        yield fine("V202", sentence)


def _socket(secrets: Secrets) -> Finding:
    if secrets.signing_secret:
        return fine("V303", "A signing secret is set, so requests come by signed HTTP; Socket Mode was not tried.")
    client = WebClient(
        token=secrets.app_token, base_url=secrets.slack_api_url, timeout=SLACK_TIMEOUT_S, retry_handlers=[]
    )
    said = ask_slack(lambda: client.apps_connections_open(app_token=secrets.app_token))
    if said.error == "missing_scope":
        return _refused("V303", "Socket Mode can't be opened", said, "Give the app-level token connections:write.")
    if said.error:
        return _refused("V303", "Socket Mode can't be opened", said)
    return fine("V303", "Socket Mode can be opened.")


def _scopes(who: SlackAnswer) -> Iterator[Finding]:
    if "x-oauth-scopes" not in who.headers:
        return
    granted = {scope.strip() for scope in who.headers["x-oauth-scopes"].split(",")} - {""}
    lacking, spare = sorted(set(bot_scopes()) - granted), sorted(granted - set(bot_scopes()))
    missing = [scope for scope in lacking if scope not in WITHOUT]
    for what in dict.fromkeys(WITHOUT[scope] for scope in lacking if scope in WITHOUT):
        without = " and ".join(scope for scope in lacking if WITHOUT.get(scope) == what)
        yield warning("V308", f"Without {without} {what}.", "Install the app again and grant it, if you want that.")
    if missing:
        yield error("V302", f"The bot token lacks scopes: {', '.join(missing)}.", SLACK_HINTS["missing_scope"])
    if spare:
        yield warning(
            "V304", f"The bot token has scopes Valet has no use for: {', '.join(spare)}.", "Take them from the app."
        )
    if not missing:
        yield fine("V302", "The bot token has every scope it needs.")


def _channels(client: WebClient, settings: Settings) -> Iterator[Finding]:
    named = {settings.slack.channel, *(team.channel for team in settings.teams.values())} - {""}
    for channel in sorted(named):
        # Also what the outbox needs, to find out after a crash what was posted.
        said = ask_slack(partial(client.conversations_history, channel=channel, limit=1))
        if said.error == "missing_scope":
            said = ask_slack(partial(client.conversations_info, channel=channel))
            if not said.error and not (isinstance(told := said.content.get("channel"), dict) and told.get("is_member")):
                said = replace(said, error="not_in_channel")
        if said.error:
            yield _refused("V305", f"Valet can't use the channel {channel}", said)
        else:
            yield fine("V305", f"Valet is in the channel {channel}.")


def _deciders(client: WebClient, settings: Settings) -> Iterator[Finding]:
    roster = settings.roster()
    named = roster.admins.union(*(team.approvers for team in roster.teams))
    bad = 0
    for user in sorted(named):
        wrong = yield from _decider(client, user)
        bad += wrong
    if named and not bad:
        yield fine("V306", f"Slack knows everybody who decides ({len(named)}).")


def _decider(client: WebClient, user: str) -> Generator[Finding, None, bool]:
    said = ask_slack(lambda: client.users_info(user=user))
    if said.error:
        yield _refused("V306", f"{user}, who is to decide, can't be looked up", said)
        return True
    try:
        person = profile(part(said.content, "user", dict))
    except Garbled:
        yield error(
            "V306", f"{user}, who is to decide, can't be looked up: {NOT_SLACKS}.", SLACK_HINTS[NO_SLACK_ANSWER]
        )
        return True
    if person.is_gone or person.is_bot:
        kind = "is deactivated" if person.is_gone else "is a bot"
        yield error("V306", f"{user}, who is to decide, {kind}.", "Name somebody else as approver or admin.")
        return True
    if person.is_guest:
        yield warning(
            "V306",
            f"{user}, who is to decide, is a guest, and guests do so only where a team says so.",
            "Name somebody else, or set guests_approve = true under [teams.NAME].",
        )
        return True
    return False


def _groups(client: WebClient, settings: Settings) -> Iterator[Finding]:
    groups = {group for team in settings.teams.values() for group in (team.usergroup, team.approver_group)}
    for group in sorted(groups - {""}):
        said = ask_slack(partial(client.usergroups_users_list, usergroup=group))
        if said.error:
            yield _refused("V307", f"The user group {group} can't be read", said)
        elif not isinstance(users := said.content.get("users"), list):
            yield error("V307", f"The user group {group} can't be read: {NOT_SLACKS}.", SLACK_HINTS[NO_SLACK_ANSWER])
        else:
            yield fine("V307", f"The user group {group} has {len(users)} members.")
