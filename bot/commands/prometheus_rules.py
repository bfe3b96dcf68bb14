"""`valet prometheus-rules`: recording rules for a Prometheus server, and alerts on Valet itself."""

import click


@click.command("prometheus-rules", short_help="Print recording rules or alerts for Prometheus.")
@click.option("--alerts", is_flag=True, help="Print alerts on Valet's own /metrics instead.")
def prometheus_rules(*, alerts: bool) -> None:
    """Print recording rules for GPU activity, for a Prometheus server that scrapes dcgm-exporter.

    Valet needs none of them; they make queries over days cheap where there are thousands of GPUs. With them, the
    settings may name gpu:activity_pct under percent_metrics, and no other utilisation metric.

    With --alerts: when Valet is down, blind, late or full, each with what to do first. ValetDown expects that the
    scrape job has "valet" in its name.

    \b
    Example:
      valet prometheus-rules > /etc/prometheus/valet.rules.yml
      valet prometheus-rules --alerts > /etc/prometheus/valet.alerts.yml
    """
    from importlib.resources import files

    if alerts:
        from bot.telemetry.alerts import alert_rules

        click.echo(alert_rules(), nl=False)
    else:
        click.echo(files("bot.telemetry").joinpath("rules.yml").read_text(), nl=False)
