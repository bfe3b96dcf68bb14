"""`valet iam-policy`: the least that AWS must allow."""

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
}
"""Why a document is not printed."""


@click.command("iam-policy", short_help="Print the AWS policies Valet needs.")
@config_option
@tag_option
@click.option(
    "--only",
    type=click.Choice(["read", "stop-start", "assume", "bill", "run", "launch", "clone"]),
    help="Print this document alone, as AWS takes it.",
)
@click.option(
    "--partition", help="For aws-us-gov, aws-cn and the like; by default that of the regions in the settings."
)
def iam_policy(config_path: Path, tag: tuple[str, str] | None, only: str | None, partition: str | None) -> None:
    """Print the AWS policies Valet needs, as JSON.

    "read" lets it look. "stop-start" lets it stop machines that carry the tag, and no others; leave it out, and Valet
    only looks. "assume" is for the credentials Valet runs with, where [[aws]] in the settings names roles to assume.
    "bill" is for [bill] with source = "athena": it reads the export and writes query results.
    "run" is for [runs]: it sends commands to machines that carry the tag, through Systems Manager.
    "launch" is for [[launch]]: it makes machines that bear the tag, and tags nothing but what it makes.
    "clone" is for clone = true under [actions]: it makes images of machines that carry the tag.
    None of them can terminate, change or tag a machine that exists.

    \b
    Example:
      aws iam put-role-policy --role-name valet --policy-name read \\
        --policy-document "$(valet iam-policy --only read)"
    """
    import json

    from bot.errors import Refused
    from bot.providers.policy import in_partition

    settings = settings_if_any(config_path)
    documents = in_partition(_documents(settings, tag or settings.managed_tag), partition or _partition(settings))
    if only and only not in documents:
        raise Refused(NOT_NEEDED[only])
    click.echo(json.dumps(documents[only] if only else documents, indent=2))


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


def _documents(settings: "Settings", tag: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """Those that these settings need, by name."""
    from bot.providers.policy import assume_policy, athena_policy, clone_policy, launch_policy, policies, run_policy

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
    return documents
