"""What EC2's refusals and silences mean, in sentences that say what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.acting.launch import Order
from bot.domain.machines.fleet import Instance
from bot.errors import NoCapacity, NotThere, Refused, Unreachable, ValetError
from bot.providers.aws_meaning import AwsMeaning, aws_meaning, bare_code
from bot.providers.aws_words import cause_of, missing_right, plain_message

PARSER_ERROR = "ResponseParserError"
NO_ANSWER_ERRORS = {
    "ConnectTimeoutError": "no connection in time",
    "ConnectionClosedError": "the connection was closed",
    "CredentialRetrievalError": "no credentials came from where they are got; look at what hands them out",
    "EndpointConnectionError": "no connection",
    "MetadataRetrievalError": "no credentials came from the machine's or container's role; look whether it has one",
    "ProxyConnectionError": "no connection to the proxy; look at HTTPS_PROXY",
    "ReadTimeoutError": "no answer in time",
    PARSER_ERROR: "an answer came that is not AWS's; a proxy or a sign-in page may stand between",
    "RuntimeError": "the credentials that came had run out already; look at this machine's clock",
    "SSLError": "the connection is not to be trusted; a proxy may stand between, or AWS_CA_BUNDLE is missing",
    "SSOError": "the sign-in has run out; `aws sso login` renews it",
    "TokenRetrievalError": "the sign-in has run out; `aws sso login` renews it",
    "ConnectionError": "the connection broke",
    "HTTPClientError": "the connection broke",
}
"""By the SDK's errors, those of a kind before the kind."""
UNUSABLE = {
    "NoCredentialsError": "no credentials were found",
    "ParamValidationError": "the role_arn or the external_id is malformed",
    "PartialCredentialsError": "the credentials are incomplete",
    "ProfileNotFound": "the profile named by AWS_PROFILE does not exist",
    "InvalidRegionError": "that is no region's name; correct regions under [[aws]]",
    "ConfigParseError": "the SDK's own settings can't be read; look at AWS_CONFIG_FILE",
    "InvalidConfigError": "the SDK's own settings are wrong; look at AWS_CONFIG_FILE",
}

NO_SUCH_SENTENCE = "AWS knows no {name} ({id}) in {region}: that is no instance's id."
NOT_SEEN = "InvalidInstanceID.NotFound"
"""AWS's own answers differ for a while, so it may know the machine a moment later: callers look again."""
NOT_ALLOWED = (
    "AWS doesn't let Valet {verb} {name}: its role lacks ec2:{operation}, or {name} lacks the tag the role asks for. "
    "`valet iam-policy` prints both."
)
WRONG_STATE = "{name} can't be {verb}{ed} in the state it is in now. Look again in a minute."
ELSEWHERE = frozenset(
    {"InsufficientFreeAddressesInSubnet", "InvalidAvailabilityZone", "InvalidSubnetID.NotFound", "Unsupported"}
)
"""What another subnet or zone could mend."""
WRONG_STATE_CODES = frozenset({"IncorrectInstanceState", "IncorrectState"})
"""What time could mend when a machine is started: it is still stopping."""
REFUSALS = {
    "denied": NOT_ALLOWED,
    "InvalidInstanceID.Malformed": NO_SUCH_SENTENCE,
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
    "MaxSpotInstanceCountExceeded": "The account may have no more spot machines in {region}: {code}. Ask AWS for more.",
    "VcpuLimitExceeded": "The account may have no more vCPUs of this kind in {region}: {code}. Ask AWS for more.",
    "limit": "The account has reached a limit of AWS's in {region}: {code}. Ask AWS for more.",
}
"""By code, and by meaning for what has no sentence of its own."""
NO_TEMPLATE = "AWS has no launch template {template} in {region}, or not that version. An admin can correct [[launch]]."
LAUNCH_REFUSALS = {
    **LIMITS,
    "denied": "AWS doesn't let Valet launch {name}: {code}. `valet iam-policy --only launch` prints what it needs.",
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
    "Unsupported": "AWS offers no {type} in {zone} any more: {code}. Start a clone of {name} elsewhere.",
    "UnsupportedOperation": "AWS can't start {name}: it is a spot machine. Whoever made it starts it.",
}
PASSING = frozenset({"throttled", "expired", "skewed"})
"""What AWS has not done, and may do when it is asked later."""
POLICY = {
    "ec2": "`valet iam-policy` prints",
    "athena": "`valet iam-policy --only bill` prints",
    "glue": "`valet iam-policy --only bill` prints",
    "s3": "`valet iam-policy --only bill` prints",
    "ssm": "`valet iam-policy --only run` prints",
}
SAYS: Mapping[AwsMeaning, str] = {
    "expired": (
        "the credentials have run out; those of a role are renewed at the next try, others have to be given anew"
    ),
    "credentials": "AWS does not accept the credentials, or the region is not switched on",
    "no region": "the region is not switched on for the account; whoever runs it can, or take it out of [[aws]]",
    "throttled": "too many requests were made in the account just now",
}


@dataclass(frozen=True, slots=True)
class AwsError:
    """How a call to AWS failed, without the SDK's own types."""

    code: str
    """AWS's error code, or the name of the SDK's error when there was no answer."""
    status: int = 0
    """HTTP status; 0 when there was no answer."""
    operation: str = ""
    message: str = ""
    """AWS's own words."""

    service: str = ""
    """Whose operation it is, as policies name it; EC2's where it is not said."""

    @property
    def meaning(self) -> AwsMeaning:
        """The kind of failure."""
        return aws_meaning(self.code, self.status, self.message)

    @property
    def is_passing(self) -> bool:
        """The same call may work later."""
        if self.meaning in PASSING or self.status >= 500:
            return True
        return self.status == 0 and self.code not in UNUSABLE

    @property
    def words(self) -> str:
        """The failure in a few words."""
        if self.status == 0:
            known = NO_ANSWER_ERRORS.get(self.code) or UNUSABLE.get(self.code) or self.code
            return f"{known}; {self.message}" if self.message else known
        if self.code.isdigit():
            return f"{self.code}, which is a fault of AWS's or of a proxy before it"
        skewed = self.meaning == "skewed"
        said = cause_of(self.code, self.message, is_skewed=skewed) or self._by_meaning
        if not said and self.meaning != "throttled" and self.status < 500:
            said = plain_message(self.message)
        return f"{self.code}: {said}" if said else self.code

    @property
    def _by_meaning(self) -> str:
        """What its kind says; empty where that says nothing of what to do."""
        if self.meaning == "denied" and self.operation == "AssumeRole":
            return "the role may not be assumed; check its trust policy and external_id"
        if self.meaning == "denied":
            right = missing_right(self.message) or f"{self.service or 'ec2'}:{self.operation}"
            return f"Valet's role lacks {right}; {POLICY.get(right.partition(':')[0], POLICY['ec2'])} what it needs"
        return SAYS.get(self.meaning, "")


def reading_failed(said: AwsError, region: str) -> Unreachable:
    """The error of a look that failed, whatever the reason: nothing was asked to change."""
    how = "did not answer for" if said.is_passing else "can't be asked about"
    return Unreachable(f"AWS {how} {region}: {said.words}", retryable=said.is_passing)


def stop_failed(said: AwsError, instance: Instance) -> ValetError:
    """Refused when AWS said no for good; Unreachable when it may have stopped the instance, or may do so later."""
    return _failed(said, _Try("stop", "ped", "StopInstances", _of(instance)), STOP_REFUSALS)


def start_failed(said: AwsError, instance: Instance) -> ValetError:
    """NoCapacity or Refused when AWS said no; Unreachable when it may have started the instance, or may do so later."""
    if said.meaning == "capacity":
        return NoCapacity(f"AWS has no {instance.type} left in {instance.zone or instance.region} just now.")
    if said.code in WRONG_STATE_CODES:
        return NoCapacity(f"{instance.name} can't be started in the state it is in now.")
    return _failed(said, _Try("start", "ed", "StartInstances", _of(instance)), START_REFUSALS)


def launch_failed(said: AwsError, order: Order) -> ValetError:
    """NoCapacity or Refused when AWS said no; Unreachable when it may have made the machine, or may do so later."""
    if said.meaning == "capacity":
        return NoCapacity(f"AWS has no {order.type} left in {order.subnet or order.region} just now.")
    if order.shape and bare_code(said.code) == NOT_SEEN:
        return shape_not_seen(order.shape)
    words = {"name": order.name, "region": order.region, "template": order.template, "type": order.type}
    refusals = COPY_LAUNCH_REFUSALS if order.image_id else LAUNCH_REFUSALS
    failed = _failed(said, _Try("launch", "ed", "RunInstances", words), refusals)
    return NotThere(str(failed)) if said.code in ELSEWHERE and isinstance(failed, Refused) else failed


def shape_not_seen(like: Instance) -> NoCapacity:
    """Nothing was ordered: AWS does not show the machine that the new one is to be like. Later it may."""
    return NoCapacity(f"AWS shows no {like.name} ({like.id}) just now, and the new machine is to be in its shape.")


def copy_failed(said: AwsError, instance: Instance) -> ValetError:
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
    zone = instance.zone or instance.region
    return {"name": instance.name, "id": instance.id, "region": instance.region, "type": instance.type, "zone": zone}


def _failed(said: AwsError, tried: _Try, refusals: Mapping[str, str]) -> ValetError:
    verb, name = tried.verb, tried.words["name"]
    unseen = "it is not to be seen just now" if bare_code(said.code) == NOT_SEEN else ""
    if unseen or said.meaning in PASSING:
        return Unreachable(f"AWS has not {verb}{tried.ed} {name} yet: {unseen or said.words}.")
    if said.is_passing:
        return Unreachable(f"AWS did not confirm the {verb} of {name}: {said.words}. It may {verb} all the same.")
    if said.status == 0 or said.meaning in {"credentials", "no region"}:
        return Unreachable(f"AWS was not asked to {verb} {name}: {said.words}.", retryable=False)
    if said.operation == "AssumeRole":
        return Refused(f"Valet can't reach the account of {name}: {said.words}.")
    if cause := cause_of(said.code, said.message):
        return Refused(f"AWS refused to {verb} {name}: {cause}.")
    sentence = refusals.get(bare_code(said.code)) or refusals.get(said.meaning, "AWS refused to {verb} {name}: {code}.")
    words = plain_message(said.message).rstrip(".")
    code = f"{said.code} ({words})" if words else said.code
    more = {"code": code, "verb": verb, "ed": tried.ed, "operation": tried.operation}
    return Refused(sentence.format(**tried.words, **more))


def group_member(instance: Instance) -> Refused:
    """The refusal of a stop that EC2 would grant, whereupon the group would terminate and replace the machine."""
    return Refused(f"{instance.name} is in the Auto Scaling group {instance.asg}. Scale the group instead.")
