"""What EC2's refusals and silences mean, in sentences that say what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.acting.launches import Order
from bot.domain.fleet import Instance
from bot.errors import NoCapacity, NotThere, Refused, Unreachable, ValetError
from bot.providers.aws_words import cause_of, plain_words

THROTTLED = frozenset(
    {
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
SERVICES = {
    "GetCostAndUsage": "ce",
    "GetCostForecast": "ce",
    "GetMetricData": "cloudwatch",
    "GetProducts": "pricing",
    "ListMetrics": "cloudwatch",
}
"""Whose operations these are; EC2's where it is not said."""
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
SKEWED = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
"""What is signed at another time than AWS's: the clock of Valet's machine is wrong."""
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
BAD_CREDENTIALS = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "OptInRequired", "SignatureDoesNotMatch", "UnrecognizedClientException"}
)
NO_ANSWER = {
    "ConnectTimeoutError": "no connection in time",
    "ConnectionClosedError": "the connection was closed",
    "EndpointConnectionError": "no connection",
    "ReadTimeoutError": "no answer in time",
    "ResponseParserError": "an answer came that is not AWS's; a proxy or a sign-in page may stand between",
}
UNUSABLE = {
    "NoCredentialsError": "no credentials were found",
    "ParamValidationError": "the role_arn or the external_id is malformed",
    "PartialCredentialsError": "the credentials are incomplete",
    "ProfileNotFound": "the profile named by AWS_PROFILE does not exist",
}

GONE = "AWS knows no {name} ({id}) in {region} any more: it was terminated."
NOT_ALLOWED = (
    "AWS doesn't let Valet {verb} {name}: its role lacks ec2:{operation}, or {name} lacks the tag the role asks for. "
    "`valet iam-policy` prints both."
)
WRONG_STATE = "{name} can't be {verb}{ed} in the state it is in now. Look again in a minute."
NO_CAPACITY = frozenset(
    {
        "InsufficientCapacity",
        "InsufficientCapacityOnHost",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "ReservationCapacityExceeded",
    }
)
ELSEWHERE = frozenset(
    {"InsufficientFreeAddressesInSubnet", "InvalidAvailabilityZone", "InvalidSubnetID.NotFound", "Unsupported"}
)
"""What another subnet or zone could mend."""
SOON = frozenset({"IncorrectInstanceState", "IncorrectState"})
"""What time could mend when a machine is started: it is still stopping."""
CAME_SHORT = frozenset(f"Server.{code}" for code in NO_CAPACITY)
"""StateReason of a machine that EC2 began to start and then had no room for."""
REFUSALS = {
    **dict.fromkeys(FORBIDDEN, NOT_ALLOWED),
    "InvalidInstanceID.Malformed": GONE,
    "InvalidInstanceID.NotFound": GONE,
    "IncorrectInstanceState": WRONG_STATE,
    "IncorrectState": WRONG_STATE,
}
STOP_REFUSALS = {
    **REFUSALS,
    "OperationNotPermitted": "{name} has stop protection. Its owner can lift it in AWS; Valet can't and won't.",
    "UnsupportedOperation": "AWS can't stop {name}: it is spot or boots from instance store. End it where it was made.",
}
LIMITS = {
    "InstanceLimitExceeded": "The account may have no more machines like {name} in {region}: {code}. Ask AWS for more.",
    "VcpuLimitExceeded": "The account may have no more vCPUs of this kind in {region}: {code}. Ask AWS for more.",
}
NO_TEMPLATE = "AWS has no launch template {template} in {region}, or not that version. An admin can correct [[launch]]."
LAUNCH_REFUSALS = {
    **LIMITS,
    **dict.fromkeys(
        FORBIDDEN, "AWS doesn't let Valet launch {name}: {code}. `valet iam-policy --only launch` prints what it needs."
    ),
    "InvalidLaunchTemplateId.Malformed": NO_TEMPLATE,
    "InvalidLaunchTemplateId.NotFound": NO_TEMPLATE,
    "InvalidLaunchTemplateId.VersionNotFound": NO_TEMPLATE,
    "InvalidLaunchTemplateName.NotFoundException": NO_TEMPLATE,
    "Unsupported": "AWS offers no {type} in {region} where {name} is to be: {code}. An admin can change [[launch]].",
}
COPY_LAUNCH_REFUSALS = {
    **LAUNCH_REFUSALS,
    "Unsupported": "AWS offers no {type} where {name} is to be, in {region}: {code}. Try another type.",
}
START_REFUSALS = {
    **REFUSALS,
    **LIMITS,
    "UnsupportedOperation": "AWS can't start {name}: it is a spot machine. Whoever made it starts it.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """How a call to AWS failed, without the SDK's own types."""

    code: str
    """AWS's error code, or the name of the SDK's error when there was no answer."""
    status: int = 0
    """HTTP status; 0 when there was no answer."""
    operation: str = ""
    message: str = ""
    """AWS's own words."""

    @property
    def is_passing(self) -> bool:
        """The same call may work later."""
        if self.code in THROTTLED | EXPIRED | SKEWED or self.status >= 500:
            return True
        return self.status == 0 and self.code not in UNUSABLE

    @property
    def words(self) -> str:
        """The failure in a few words."""
        if self.status == 0:
            known = NO_ANSWER.get(self.code) or UNUSABLE.get(self.code) or self.code
            return f"{known}; {self.message}" if self.message else known
        said = cause_of(self.code, self.message, is_skewed=self.code in SKEWED) or self._by_code
        if not said and self.code not in THROTTLED and self.status < 500:
            said = plain_words(self.message)
        return f"{self.code}: {said}" if said else self.code

    @property
    def _by_code(self) -> str:
        """What its code alone says; empty where it says nothing that is known."""
        if self.operation == "AssumeRole" and self.code in FORBIDDEN:
            return "the role may not be assumed; check its trust policy and external_id"
        if self.code in FORBIDDEN:
            right = f"{SERVICES.get(self.operation, 'ec2')}:{self.operation}"
            return f"Valet's role lacks {right}; `valet iam-policy` prints what it needs"
        if self.code in EXPIRED:
            return "the credentials have run out; they are renewed at the next try"
        if self.code in BAD_CREDENTIALS:
            return "AWS does not accept the credentials, or the region is not switched on"
        return ""


def reading_failed(said: Said, region: str) -> Unreachable:
    """The error of a look that failed, whatever the reason: nothing was asked to change."""
    how = "did not answer for" if said.is_passing else "can't be asked about"
    return Unreachable(f"AWS {how} {region}: {said.words}", retryable=said.is_passing)


def stop_failed(said: Said, instance: Instance) -> ValetError:
    """Refused when AWS said no for good; Unreachable when it may have stopped the instance, or may do so later."""
    return _failed(said, _Try("stop", "ped", "StopInstances", _of(instance)), STOP_REFUSALS)


def start_failed(said: Said, instance: Instance) -> ValetError:
    """NoCapacity or Refused when AWS said no; Unreachable when it may have started the instance, or may do so later."""
    if said.code in NO_CAPACITY:
        return NoCapacity(f"AWS has no {instance.type} left in {instance.zone or instance.region} just now.")
    if said.code in SOON:
        return NoCapacity(f"{instance.name} can't be started in the state it is in now.")
    return _failed(said, _Try("start", "ed", "StartInstances", _of(instance)), START_REFUSALS)


def launch_failed(said: Said, order: Order) -> ValetError:
    """NoCapacity or Refused when AWS said no; Unreachable when it may have made the machine, or may do so later."""
    if said.code in NO_CAPACITY:
        return NoCapacity(f"AWS has no {order.type} left in {order.subnet or order.region} just now.")
    words = {"name": order.name, "region": order.region, "template": order.template, "type": order.type}
    refusals = COPY_LAUNCH_REFUSALS if order.image_id else LAUNCH_REFUSALS
    failed = _failed(said, _Try("launch", "ed", "RunInstances", words), refusals)
    return NotThere(str(failed)) if said.code in ELSEWHERE and isinstance(failed, Refused) else failed


def copy_failed(said: Said, instance: Instance) -> ValetError:
    """Refused when AWS said no for good; Unreachable when it may be making the image, or may do so later.

    That the name is taken says that an earlier call has arrived.
    """
    if said.code == "InvalidAMIName.Duplicate":
        return Unreachable(f"AWS is making the image of {instance.name} already.")
    return _failed(said, _Try("clone", "d", "CreateImage", _of(instance)), REFUSALS)


@dataclass(frozen=True, slots=True)
class _Try:
    """What was asked of AWS."""

    verb: str
    ed: str
    operation: str
    words: Mapping[str, str]


def _of(instance: Instance) -> dict[str, str]:
    return {"name": instance.name, "id": instance.id, "region": instance.region}


def _failed(said: Said, tried: _Try, refusals: Mapping[str, str]) -> ValetError:
    verb, name = tried.verb, tried.words["name"]
    if said.code in THROTTLED | EXPIRED | SKEWED:
        return Unreachable(f"AWS has not {verb}{tried.ed} {name} yet: {said.words}.")
    if said.is_passing:
        return Unreachable(f"AWS did not confirm the {verb} of {name}: {said.words}. It may {verb} all the same.")
    if said.status == 0 or said.code in BAD_CREDENTIALS:
        return Unreachable(f"AWS was not asked to {verb} {name}: {said.words}.", retryable=False)
    if said.operation == "AssumeRole":
        return Refused(f"Valet can't reach the account of {name}: {said.words}.")
    if cause := cause_of(said.code, said.message):
        return Refused(f"AWS refused to {verb} {name}: {cause}.")
    sentence = refusals.get(said.code, "AWS refused to {verb} {name}: {code}.")
    words = plain_words(said.message).rstrip(".")
    code = f"{said.code} ({words})" if words else said.code
    more = {"code": code, "verb": verb, "ed": tried.ed, "operation": tried.operation}
    return Refused(sentence.format(**tried.words, **more))


def group_member(instance: Instance) -> Refused:
    """The refusal of a stop that EC2 would grant, whereupon the group would terminate and replace the machine."""
    return Refused(f"{instance.name} is in the Auto Scaling group {instance.asg}. Scale the group instead.")
