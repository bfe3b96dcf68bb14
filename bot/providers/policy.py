"""The least that AWS must allow Valet, as IAM policy documents. A test compares them with the calls in the code."""

from typing import Any

READ = (
    "ce:GetCostAndUsage",
    "ce:GetCostForecast",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "ec2:DescribeAddresses",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeVolumes",
    "pricing:GetProducts",
)
STOP_START = ("ec2:StartInstances", "ec2:StopInstances")
FOLLOW_RUNS = ("ssm:CancelCommand", "ssm:GetCommandInvocation", "ssm:ListCommands")
RUN_ACTIONS = ("ssm:SendCommand",)
ASSUME = ("sts:AssumeRole",)
ATHENA = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetTableMetadata",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
CATALOG_ACTIONS = ("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable")
"""What Athena asks for on behalf of whoever asks it."""
READ_FILES = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket")
WRITE_RESULTS = (*READ_FILES, "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")
READ_TOKEN = ("ssm:GetParameter",)
"""What user data asks for on the machine."""
GRANT = ("kms:CreateGrant",)
USE_KEYS = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*")
"""What EC2 asks for on behalf of whoever starts, launches or copies a machine."""
FREE_ACTIONS = ("sts:GetCallerIdentity",)
"""Called too, but allowed to everybody: no policy needs to name it."""


def policies(tag_key: str, tag_value: str) -> dict[str, dict[str, Any]]:
    """The documents by name: "read" to look, "stop-start" to act on machines that carry the tag, and on no others.

    Neither can terminate, change or tag a machine, so Valet can't lift a protection or widen its own reach.
    """
    return {
        "read": _document("ValetRead", READ, "*"),
        "stop-start": _document(
            "ValetStopStart",
            STOP_START,
            "arn:aws:ec2:*:*:instance/*",
            Condition={"StringEquals": {f"aws:ResourceTag/{tag_key}": tag_value}},
        ),
    }


def assume_policy(role_arns: list[str]) -> dict[str, Any]:
    """The document for the credentials Valet runs with, so that they may assume the roles in other accounts."""
    return _document("ValetAssume", ASSUME, role_arns)


def run_policy(tag_key: str, tag_value: str) -> dict[str, Any]:
    """The document for runs: shell commands by Systems Manager on machines that carry the tag, and on no others."""
    tagged = {"StringEquals": {f"ssm:resourceTag/{tag_key}": tag_value}}
    statements = [
        _statement("ValetRun", RUN_ACTIONS, "arn:aws:ec2:*:*:instance/*", Condition=tagged),
        _statement("ValetRunShell", RUN_ACTIONS, "arn:aws:ssm:*::document/AWS-RunShellScript"),
        _statement("ValetFollowRuns", FOLLOW_RUNS, "*"),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def agent_policy(parameter: str) -> dict[str, Any]:
    """The document for GPU machines: to read the agent's token from the Parameter Store. {instance} is any of them."""
    resource = f"arn:aws:ssm:*:*:parameter/{parameter.removeprefix('/').replace('{instance}', '*')}"
    return _document("ValetAgentToken", READ_TOKEN, resource)


def disks_policy(keys: list[str]) -> dict[str, Any]:
    """The document for disks under KMS keys of one's own: EC2 gets a grant when a machine starts or is copied.

    Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    """
    for_ec2 = {"StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}}
    granted = {"Bool": {"kms:GrantIsForAWSResource": "true"}, **for_ec2}
    statements = [
        _statement("ValetDiskGrants", GRANT, keys, Condition=granted),
        _statement("ValetDisks", USE_KEYS, keys, Condition=for_ec2),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def athena_policy(bucket: str, output: str) -> dict[str, Any]:
    """The document to read a FOCUS export by Athena: from its bucket, with results to `output` (s3://...)."""
    results = output.removeprefix("s3://").partition("/")[0] or "BUCKET-OF-THE-RESULTS"
    statements = [
        _statement("ValetAthena", (*ATHENA, *CATALOG_ACTIONS), "*"),
        _statement("ValetExport", READ_FILES, _bucket(bucket or "BUCKET-OF-THE-EXPORT")),
        _statement("ValetResults", WRITE_RESULTS, _bucket(results)),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def in_partition(document: Any, partition: str) -> Any:
    """The same document for another of AWS's partitions, such as aws-us-gov: its ARNs, and in China EC2's own name.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    if isinstance(document, dict):
        return {key: in_partition(value, partition) for key, value in document.items()}
    if isinstance(document, list):
        return [in_partition(value, partition) for value in document]
    is_ec2 = isinstance(document, str) and document.startswith("ec2.") and document.endswith(".amazonaws.com")
    if partition == "aws-cn" and is_ec2:
        return f"{document}.cn"
    return document.replace("arn:aws:", f"arn:{partition}:", 1) if isinstance(document, str) else document


def _bucket(name: str) -> list[str]:
    return [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


def _document(sid: str, actions: tuple[str, ...], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [_statement(sid, actions, resource, **more)]}


def _statement(sid: str, actions: tuple[str, ...], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


LAUNCH_ACTIONS = ("ec2:RunInstances",)
COPY_ACTIONS = ("ec2:CreateImage",)
SEE = ("ec2:DescribeImages",)
TAG = ("ec2:CreateTags",)
"""Asked for by AWS where something is born with tags."""
PASS = ("iam:PassRole",)
"""Asked for by AWS where a launch template gives its machines a role."""
NO_ACCOUNT = frozenset({"image", "snapshot"})
LAUNCH_PARTS = (
    "image",
    "key-pair",
    "launch-template",
    "network-interface",
    "security-group",
    "snapshot",
    "subnet",
    "volume",
)


def launch_policy(tag_key: str, tag_value: str) -> dict[str, Any]:
    """The document to launch machines that bear the tag from their birth, and to tag nothing but what is being born.

    Its last statement lets machines be given a role; name the roles of your launch templates there, or leave it out.
    """
    born = {"StringEquals": {f"aws:RequestTag/{tag_key}": tag_value}}
    at_birth = {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
    to_machines = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ValetLaunch", LAUNCH_ACTIONS, [_of("instance")], born),
            _allow("ValetLaunchParts", LAUNCH_ACTIONS, [_of(part) for part in LAUNCH_PARTS], {}),
            _allow("ValetTagAtBirth", TAG, [_of("instance"), _of("volume")], at_birth),
            _allow("ValetGiveRole", PASS, ["arn:aws:iam::*:role/ROLE-OF-THE-MACHINES"], to_machines),
        ],
    }


def clone_policy(tag_key: str, tag_value: str) -> dict[str, Any]:
    """The document to make images of machines that bear the tag; to launch from them, "launch" is needed as well."""
    tagged = {"StringEquals": {f"aws:ResourceTag/{tag_key}": tag_value}}
    at_birth = {"StringEquals": {"ec2:CreateAction": "CreateImage"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ValetCopy", COPY_ACTIONS, [_of("instance")], tagged),
            _allow("ValetCopyParts", COPY_ACTIONS, [_of("image"), _of("snapshot")], {}),
            _allow("ValetSeeImages", SEE, ["*"], {}),
            _allow("ValetTagImages", TAG, [_of("image")], at_birth),
        ],
    }


def _of(part: str) -> str:
    # images and snapshots belong to no account here, as those of AWS itself do not either
    return f"arn:aws:ec2:*:{'' if part in NO_ACCOUNT else '*'}:{part}/*"


def _allow(sid: str, actions: tuple[str, ...], resources: list[str], condition: dict[str, Any]) -> dict[str, Any]:
    made = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
    return made | ({"Condition": condition} if condition else {})
