"""`valet iam-policy`: the least that AWS must allow."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands.options import config_option, settings_if_any, tag_option

if TYPE_CHECKING:
    from bot.settings import Settings

NOT_NEEDED = {
    "assume": "No [[aws]] in the settings names a role_arn, so there is nothing to assume.",
    "bill": '[bill] in the settings does not say source = "athena"; Cost Explorer is in the document "read".',
    "run": "No [runs] in the settings lists a command, so nothing needs that right.",
    "launch": "No [[launch]] in the settings lists a template, so nothing needs that right.",
    "clone": "[actions] in the settings does not say clone = true, so nothing needs that right.",
    "disks": "No --kms-key names a key of your own, so nothing needs that right.",
}
"""Why a document is not printed."""


@click.command("iam-policy", short_help="Print the AWS policies Valet needs.")
@config_option
@tag_option
@click.option(
    "--only",
    type=click.Choice(["read", "stop-start", "assume", "bill", "run", "launch", "clone", "disks", "agent"]),
    help="Print this document alone, as AWS takes it.",
)
@click.option(
    "--partition", help="For aws-us-gov, aws-cn and the like; by default that of the regions in the settings."
)
@click.option(
    "--kms-key",
    "keys",
    multiple=True,
    metavar="ARN",
    help="A KMS key of your own under which machines have disks; may be given several times.",
)
@click.option(
    "--token-parameter",
    default="/valet/agents/{instance}",
    show_default=True,
    metavar="NAME",
    help="Where machines find their token, as `valet agent user-data` has it.",
)
@click.option(
    "--cloudformation",
    is_flag=True,
    help="Print a CloudFormation template instead: the role that Valet assumes, and the role of GPU machines.",
)
def iam_policy(
    config_path: Path,
    tag: tuple[str, str] | None,
    only: str | None,
    partition: str | None,
    keys: tuple[str, ...],
    token_parameter: str,
    *,
    cloudformation: bool,
) -> None:
    """Print the AWS policies Valet needs, as JSON.

    "read" lets it look. "stop-start" lets it stop machines that carry the tag, and no others; leave it out, and Valet
    only looks. "assume" is for the credentials Valet runs with, where [[aws]] in the settings names roles to assume.
    "bill" is for [bill] with source = "athena": it reads the export and writes query results.
    "run" is for [runs]: it sends commands to machines that carry the tag, through Systems Manager.
    "launch" is for [[launch]]: it makes machines that bear the tag, and tags nothing but what it makes.
    "clone" is for clone = true under [actions]: it makes images of machines that carry the tag.
    "disks" is for --kms-key: EC2 gets a grant on the key when a machine starts.
    "agent", by --only, is for the machines: they read their token from the Parameter Store.
    None of them can terminate, change or tag a machine that exists.

    --cloudformation prints all but "assume" and "bill" as one template for the other account, fit for a StackSet. Its
    parameters ask for the role that Valet runs with, an ExternalId, and whether Valet may act or only look.

    \b
    Examples:
      valet iam-policy --cloudformation > valet-role.json
      aws iam put-role-policy --role-name valet --policy-name read \\
        --policy-document "$(valet iam-policy --only read)"
    """
    from bot.errors import Refused
    from bot.providers.policy import in_partition

    settings, keys_given = settings_if_any(config_path), _checked(keys)
    chosen_tag = tag or settings.managed_tag
    if cloudformation:
        click.echo(json.dumps(_template(settings, chosen_tag, keys_given, token_parameter), indent=2))
        return
    documents = _documents(settings, chosen_tag, keys_given)
    documents |= {"agent": _agent(token_parameter)} if only == "agent" else {}
    documents = in_partition(documents, partition or _partition(settings))
    if only and only not in documents:
        raise Refused(NOT_NEEDED[only])
    click.echo(json.dumps(documents[only] if only else documents, indent=2))


def _checked(keys: tuple[str, ...]) -> list[str]:
    """Raises Refused for what is no key."""
    import re

    from bot.errors import Refused

    wrong = [key for key in keys if not re.fullmatch(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+", key, re.ASCII)]
    if wrong:
        raise Refused(f'--kms-key must be the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID, not "{wrong[0]}".')
    return list(dict.fromkeys(keys))


def _agent(token_parameter: str) -> dict[str, Any]:
    from bot.agent.shipping import PARAMETER
    from bot.errors import Refused
    from bot.providers.policy import agent_policy

    if not token_parameter.strip("/") or not PARAMETER.fullmatch(token_parameter):
        raise Refused("--token-parameter must be a parameter's name; {instance} in it stands for the instance id.")
    return agent_policy(token_parameter)


def _template(settings: "Settings", tag: tuple[str, str], keys: list[str], token_parameter: str) -> dict[str, Any]:
    """What an account with machines needs; what Valet itself is allowed to assume, and the bill, are elsewhere."""
    from bot.providers.cloudformation import cloudformation

    documents = _documents(settings, tag, ["DISK-KEYS"])
    elsewhere = {"assume", "bill"}
    inside = {name: document for name, document in documents.items() if name not in elsewhere}
    return cloudformation(inside, _agent(token_parameter), tag, keys)


def _partition(settings: "Settings") -> str:
    """The one in which the regions are. Raises Refused where they are in several: each takes documents of its own."""
    from bot.errors import Refused
    from bot.providers.clients import partitions

    several = partitions([region for account in settings.aws for region in account.regions]) or ["aws"]
    if len(several) > 1:
        raise Refused(
            f"The regions in the settings are in {' and '.join(several)}, and each takes policies of its own. "
            f"Say for which: --partition {several[0]}."
        )
    return several[0]


def _documents(settings: "Settings", tag: tuple[str, str], keys: list[str]) -> dict[str, dict[str, Any]]:
    """Those that these settings need, by name."""
    from bot.providers.policy import (
        assume_policy,
        athena_policy,
        clone_policy,
        disks_policy,
        launch_policy,
        policies,
        run_policy,
    )

    documents = policies(*tag)
    named = [*(account.role_arn for account in settings.aws), settings.bill.role_arn]
    roles = list(dict.fromkeys(role for role in named if role))
    if roles:
        documents["assume"] = assume_policy(roles)
    if settings.bill.source == "athena":
        documents["bill"] = athena_policy(settings.bill.bucket, settings.bill.output)
    if settings.runs:
        documents["run"] = run_policy(*tag)
    if settings.launch or settings.actions.clone:
        documents["launch"] = launch_policy(*tag)
    if settings.actions.clone:
        documents["clone"] = clone_policy(*tag)
    if keys:
        documents["disks"] = disks_policy(keys)
    return documents
