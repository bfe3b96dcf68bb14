"""`valet grafana-dashboard`: a dashboard of Valet's own figures."""

import json

import click


@click.command("grafana-dashboard", short_help="Print a Grafana dashboard of Valet's figures.")
def grafana_dashboard() -> None:
    """Print a dashboard as Grafana imports it: Dashboards, New, Import. It asks which Prometheus scrapes Valet.

    \b
    Example:
      valet grafana-dashboard > valet-dashboard.json
    """
    from bot.telemetry.dashboard import dashboard

    click.echo(json.dumps(dashboard(), indent=2))
