"""`valet prometheus-rules`: recording rules for a Prometheus server."""

import click


@click.command("prometheus-rules", short_help="Print recording rules for Prometheus.")
def prometheus_rules() -> None:
    """Print recording rules for GPU activity, for a Prometheus server that scrapes dcgm-exporter.

    Valet needs none of them; they make queries over days cheap where there are thousands of GPUs. With them, the
    settings may name gpu:activity_pct under percent_metrics, and no other utilisation metric.

    \b
    Example:
      valet prometheus-rules > /etc/prometheus/valet.rules.yml
    """
    from importlib.resources import files

    click.echo(files("bot.telemetry").joinpath("rules.yml").read_text(), nl=False)
