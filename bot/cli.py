"""The command line: `valet` and its subcommands, each imported when it is asked for.

A GPU host runs only the agent, which must not pay for Slack, AWS or the database; hence nothing here is imported
before it is known which subcommand was meant.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from bot import __version__
from bot.domain.typography import marks
from bot.errors import ValetError

EXIT_REFUSED = 1
EXIT_LOCK_HELD = 75
"""EX_TEMPFAIL: another process looks after this database."""
MOST_OF_A_NAME = 250
"""Longer names make file systems complain."""

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("bot.commands.run", "Run the bot."),
    "demo": ("bot.commands.demo", "Try the bot in a browser, without Slack, AWS or GPUs."),
    "agent": ("bot.agent.command", "Watch this host's GPUs and report to the bot."),
    "status": ("bot.commands.status", "Print the fleet, as a table or as JSON."),
    "bill": ("bot.commands.bill", "Print what was billed, beside the ledger."),
    "ledger": ("bot.commands.ledger", "Print what the machines cost, as a table or as CSV."),
    "digest": ("bot.commands.digest", "Print the next digest of each channel; sends nothing."),
    "calendar": ("bot.commands.calendar", "Write what is claimed and booked as an iCalendar file."),
    "audit": ("bot.commands.audit", "Print who did what, when and why, or --csv, --json."),
    "verify-audit": ("bot.commands.verify_audit", "Check that nobody changed the audit."),
    "forget": ("bot.commands.forget", "Forget a person; the audit stays whole."),
    "backup": ("bot.commands.backup", "Copy the database, also while Valet runs."),
    "restore": ("bot.commands.restore", "Put a backup in the place of the database."),
    "forecast": ("bot.commands.forecast", "Forecast daily spend from a CSV file."),
    "rent-or-buy": ("bot.commands.rent_or_buy", "Weigh buying servers against renting them on."),
    "init": ("bot.commands.init", "Write settings, asking for what it needs."),
    "doctor": ("bot.commands.doctor", "Check settings, database, Slack, AWS and agents."),
    "manifest": ("bot.commands.manifest", "Print the Slack app manifest."),
    "iam-policy": ("bot.commands.iam_policy", "Print the AWS policies Valet needs."),
    "unit": ("bot.commands.unit", "Print a systemd unit that runs the bot."),
    "dockerfile": ("bot.commands.dockerfile", "Print a Dockerfile for the bot."),
    "compose": ("bot.commands.compose", "Print compose.yaml and a Caddyfile for TLS."),
    "prometheus-rules": ("bot.commands.prometheus_rules", "Print recording rules or alerts for Prometheus."),
    "grafana-dashboard": ("bot.commands.grafana_dashboard", "Print a Grafana dashboard of Valet's figures."),
    "mcp": ("bot.commands.mcp", "Let programs ask what Valet knows (MCP over stdio)."),
    "token": ("bot.commands.token", "Make, revoke and list tokens of agents."),
}
"""Name -> the module that holds it, under its own name, and what it does."""


class LazyGroup(click.Group):
    """A group that imports a subcommand only to run it or to show its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; dashes and quotes that keyboards make of plain ones are taken for those."""
        return super().parse_args(ctx, list(map(_plain, args)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, imported now."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name.replace("-", "_"))
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest names when there is no such subcommand."""
        if args[0] in COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from bot.nearest import nearest

        close = nearest(args[0], list(COMMANDS))
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise click.UsageError(f'There is no command "{args[0]}".{hint}', ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; an answer of no becomes its sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except ValetError as refused:
            click.echo(f"Error: {refused}", err=True)
            ctx.exit(_code(refused))
        except ModuleNotFoundError as absent:
            from bot.installation import lacks

            click.echo(f"Error: {lacks(absent, ctx.invoked_subcommand or '')}", err=True)
            ctx.exit(EXIT_REFUSED)


def _plain(arg: str) -> str:
    """As a plain keyboard has it, unless a file is called so."""
    is_file = len(arg) < MOST_OF_A_NAME and Path(arg).exists()
    return arg if arg.isascii() or is_file else marks(arg).strip()


def _code(refused: ValetError) -> int:
    # `store` is not imported for this: whoever raised Locked has done so.
    lock = sys.modules.get("store.lock")
    return EXIT_LOCK_HELD if lock is not None and isinstance(refused, lock.Locked) else EXIT_REFUSED


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="valet")
def main() -> None:
    """Look after GPU machines, rented and owned, from Slack.

    \b
    Exit codes:
      0   fine
      1   refused; standard error says why
      2   wrong usage
      69  Slack is not heard any more; start again
      75  another process looks after this database
    """
