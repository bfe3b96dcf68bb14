"""What kind of failure AWS tells of, by code, status and words, so that a new code of a known kind is understood."""

import re
from typing import Literal

AwsMeaning = Literal[
    "silent", "throttled", "expired", "skewed", "denied", "no region", "credentials", "capacity", "limit", "failed", ""
]
"""`silent`: no answer of AWS's came. `failed`: a fault of AWS's own. Empty: a refusal of another kind."""

_ORIGIN = re.compile(r"^(Client|Server)\.")
_BY_CODE: tuple[tuple[AwsMeaning, re.Pattern[str]], ...] = (
    ("skewed", re.compile(r"^(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)$")),
    ("expired", re.compile(r"Expired.*(Token|Credential)|(Token|Credential).*Expired|^TokenRefreshRequired$")),
    # Cost Explorer's LimitExceededException is of too many requests in a short time.
    (
        "throttled",
        re.compile(
            r"Throttl|TooManyRequests|SlowDown|RateExceeded|PriorRequestNotComplete|BandwidthLimitExceeded"
            r"|^RequestLimitExceeded(Exception)?$|^LimitExceeded(Exception)?$"
        ),
    ),
    ("capacity", re.compile(r"^Insufficient\w*(Capacity|CapacityOnHost)$|^ReservationCapacityExceeded$")),
    ("no region", re.compile(r"^(OptInRequired|RegionDisabled\w*|InvalidRegion\w*)$")),
    ("denied", re.compile(r"AccessDenied|Unauthorized|NotAuthorized|^Forbidden|AuthorizationError|AccessDisabled")),
    (
        "credentials",
        re.compile(
            r"^(AuthFailure|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature"
            r"|InvalidSignature\w*|UnrecognizedClient\w*|MissingAuthenticationToken\w*)$"
        ),
    ),
    ("limit", re.compile(r"(Limit|Count|Quota)Exceeded(Exception|Fault)?$")),
)
_BY_WORDS: tuple[tuple[AwsMeaning, re.Pattern[str]], ...] = (
    (
        "expired",
        re.compile(r"token (included in the request )?(is|has) expired|credentials? (has|have|is|are) expired"),
    ),
    ("throttled", re.compile(r"rate exceeded|too many (requests|calls)|slow down|reduce your request rate")),
    ("no region", re.compile(r"not (activated|enabled|supported|available) in (this|the) region")),
    ("denied", re.compile(r"not authorized|access denied|permission denied|insufficient (lake formation )?permission")),
    ("capacity", re.compile(r"(not have (sufficient|enough)|insufficient) [\w. -]*capacity")),
)
_SIGNED_AT = re.compile(r"signature (expired|not yet current)|request has expired")
_FROM_SERVER = 500


def bare_code(code: str) -> str:
    """A code without who is to blame for it: state reasons and some answers have that before it."""
    return _ORIGIN.sub("", code)


def aws_meaning(code: str, status: int, message: str) -> AwsMeaning:
    """The kind of a failure. `status` is HTTP's, 0 where no answer came; `code` is AWS's then, or the SDK's error."""
    if status == 0:
        return "silent"
    said = message.lower()
    named: AwsMeaning = next((meaning for meaning, known in _BY_CODE if known.search(bare_code(code))), "")
    if named in {"credentials", ""} and _SIGNED_AT.search(said):
        return "skewed"
    if named:
        return named
    if status == 429:
        return "throttled"
    worded: AwsMeaning = next((meaning for meaning, known in _BY_WORDS if known.search(said)), "")
    return worded or ("failed" if status >= _FROM_SERVER else "")
