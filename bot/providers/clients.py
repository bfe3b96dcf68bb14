"""AWS's clients for several accounts and regions, and what their failures say. The only file that imports boto3."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from functools import cache, partial
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError
from botocore.session import Session as CoreSession
from botocore.session import get_session

from bot.errors import Unreachable, ValetError
from bot.providers.accounts import AwsAccount
from bot.providers.ec2_errors import NO_ANSWER_ERRORS, PARSER_ERROR, UNUSABLE, AwsError, reading_failed

SESSION_NAME = "valet"
_REGION_IN_URL = re.compile(r"\.([a-z]+(?:-[a-z]+)+-\d+)\.amazonaws\.com")
log = logging.getLogger(__name__)
PATIENT = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=3,
    read_timeout=10,
    user_agent_extra="gpu-valet",
)
ONCE = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    read_timeout=60,
    user_agent_extra="gpu-valet",
)
"""For requests that cost money each: a job comes back to them later."""
HOMES = {"us-gov-": "us-gov-west-1", "cn-": "cn-north-1", "eusc-": "eusc-de-east-1"}
OF_STS = frozenset({"AssumeRole", "GetCallerIdentity"})
"""Asked on the way to another service."""

QUICK = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=3,
    read_timeout=5,
    user_agent_extra="gpu-valet",
)
"""For what is asked while somebody waits."""


def partitions(regions: Sequence[str]) -> list[str]:
    """AWS's partitions that these regions are in, such as aws and aws-us-gov, each once."""
    known = _new_session()
    return sorted({known.get_partition_for_region(region) for region in regions})


@cache
def _descriptions() -> Any:
    """What botocore has read of AWS's services: EC2's takes 40 MB and a fifth of a second, so one for all sessions."""
    return get_session().get_component("data_loader")


def _new_session() -> CoreSession:
    session = get_session()
    session.register_component("data_loader", _descriptions())
    return session


class _Role:
    """Credentials of an assumed role, in the place where botocore looks for credentials; renewed as they run out."""

    def __init__(self, sts: Any, account: AwsAccount) -> None:
        asked = {"RoleArn": account.role_arn, "RoleSessionName": SESSION_NAME, "ExternalId": account.external_id}
        self._refresh = create_assume_role_refresher(sts, {name: value for name, value in asked.items() if value})

    def load_credentials(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._refresh, "assume-role")


def _nobody_waits() -> None:
    return


class Clients:
    """boto3's clients, each made on first use and kept. Raises what botocore raises."""

    def __init__(self) -> None:
        self._lock = Lock()  # making a client is not thread-safe, using one is
        self._sessions: dict[AwsAccount | None, CoreSession] = {}
        self._date: int | None = None
        self.on_answer: Callable[[], None] = _nobody_waits
        """Called whenever a call has come to its end."""
        self._made: dict[tuple[AwsAccount | None, str, str, Config], Any] = {}

    def get(self, account: AwsAccount, service: str, region: str, *, config: Config = PATIENT) -> Any:
        """The client of a service in a region, with the account's credentials."""
        with self._lock:
            return self._client(account if account.role_arn else None, service, region, config=config)

    def _client(self, role: AwsAccount | None, service: str, region: str, *, config: Config = PATIENT) -> Any:
        key = (role, service, region, config)
        if key not in self._made:
            session = self._session(role)
            # A client made without credentials would stay without, even when they come a minute later.
            if session.get_credentials() is None:
                raise NoCredentialsError
            boto = boto3.Session(botocore_session=session)
            client = boto.client(service, region_name=region, config=config)
            client.meta.events.register("after-call", self._note_date)
            self._made[key] = client
        return self._made[key]

    def _note_date(self, parsed: Mapping[str, Any], **_: Any) -> None:
        self.on_answer()
        headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        try:
            self._date = int(parsedate_to_datetime(str(headers.get("date", ""))).timestamp() * 1000)
        except ValueError:
            return

    def time(self, accounts: Sequence[AwsAccount]) -> int | None:
        """What AWS's clock says, UTC milliseconds, whole seconds; None where it does not answer.

        Asks for what needs no permission. A refusal tells the time as well: a wrong clock is one reason for it.
        """
        self._date = None
        for account in accounts:
            call_aws(partial(self._ask, account))
        return self._date

    def _ask(self, account: AwsAccount) -> None:
        self.get(account, "sts", account.regions[0], config=QUICK).get_caller_identity()

    def _session(self, role: AwsAccount | None) -> CoreSession:
        if role not in self._sessions:
            session = _new_session()
            if role is not None:
                sts = self._client(None, "sts", role.regions[0])
                session.register_component("credential_provider", _Role(sts, role))
            self._sessions[role] = session
        return self._sessions[role]


def asker(
    clients: Clients, accounts: Sequence[AwsAccount], service: str, *, config: Config = PATIENT
) -> Callable[[str, str, Mapping[str, Any]], Any]:
    """A function that makes a call of a service in one place: (source, operation, parameters) -> answer.

    It raises Unreachable when AWS can't or won't say. Sources are those of `AwsAccount.source`.
    """
    places = {account.source(region): (account, region) for account in accounts for region in account.regions}

    def ask(place: str, operation: str, asked: Mapping[str, Any]) -> Any:
        if place not in places:
            raise Unreachable(f"No [[aws]] entry covers {place}", retryable=False)
        account, region = places[place]
        said = call_aws(
            lambda: getattr(clients.get(account, service, region, config=config), operation)(**asked), service
        )
        if isinstance(said, AwsError):
            raise reading_failed(said, region)
        return said

    return ask


def call_aws(call: Callable[[], Any], service: str = "") -> Any:
    """Make a call; its answer, or a Said when it failed, in whatever way: an answer can be anything.

    Errors of our own pass through.
    """
    try:
        return call()
    except ValetError:
        raise
    except Exception as error:  # noqa: BLE001 - the SDK raises what it likes of an answer that is not AWS's
        return said_by(error, service)


@contextmanager
def told_as(told: Callable[[AwsError], ValetError]) -> Iterator[None]:
    """Calls, and the reading of their answers: whatever fails is raised as the error that `told` makes of it."""
    try:
        yield
    except ValetError:
        raise
    except Exception as error:
        raise told(said_by(error)) from error


def said_by(error: Exception, service: str = "") -> AwsError:
    """A failure of a call, or of reading its answer, in our words. `service` is whose call it was."""
    if not isinstance(error, ClientError):
        return _unanswered(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    code = str(error.response.get("Error", {}).get("Code") or "")
    if status < 500 and (not code or code.isdigit()):  # botocore's stopgaps where a body is not AWS's: a proxy's page
        return AwsError(PARSER_ERROR)
    message = str(error.response.get("Error", {}).get("Message") or "")
    asked = "sts" if error.operation_name in OF_STS else service
    return AwsError(code or "no code", status, error.operation_name, message, asked)


def _unanswered(error: Exception) -> AwsError:
    """Of a kind of error that is known the kind; of one that is none of the SDK's, that nothing could be read."""
    kinds = type(error).__mro__ if isinstance(error, BotoCoreError) else (type(error),)
    known = next((kind.__name__ for kind in kinds if kind.__name__ in {*NO_ANSWER_ERRORS, *UNUSABLE}), "")
    if known:
        return AwsError(known, message=_no_such_region(error))
    if isinstance(error, BotoCoreError):
        return AwsError(type(error).__name__)
    log.debug("AWS gave an answer that can't be read", exc_info=error)
    return AwsError(PARSER_ERROR, message=f"in reading it: {type(error).__name__}")


def _no_such_region(error: Exception) -> str:
    """That an address which nobody answers at names a region that is not known; empty where it does not."""
    named = _REGION_IN_URL.search(str(error)) if isinstance(error, EndpointConnectionError) else None
    if named is None:
        return ""
    return "" if named[1] in regions() else f"no region {named[1]} is known, so look at regions under [[aws]]"


def regions() -> frozenset[str]:
    """Every region of EC2 that the SDK knows, of all partitions."""
    known = get_session()
    return frozenset(
        each for partition in known.get_available_partitions() for each in known.get_available_regions("ec2", partition)
    )


def home_of(region: str) -> str:
    """The region of its partition that is switched on for every account, and tells of all others."""
    return next((home for start, home in HOMES.items() if region.startswith(start)), "us-east-1")
