"""`valet forecast`: forecast daily spend from a file."""

from pathlib import Path

import click

from bot.errors import NotFound, Refused

CSV_FILE = click.Path(path_type=Path)


@click.command("forecast", short_help="Forecast daily spend from a CSV file.")
@click.option(
    "--history",
    "history_path",
    type=CSV_FILE,
    required=True,
    metavar="IN.csv",
    help="Daily history: series,date,value. Any number of series; leave today out, it isn't over.",
)
@click.option(
    "--out",
    "out_path",
    type=CSV_FILE,
    required=True,
    metavar="OUT.csv",
    help="Where to write the forecast; replaced as a whole, or not at all.",
)
@click.option(
    "--horizon",
    type=click.IntRange(1, 366),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Days ahead, 1 to 366. Beyond 60 it is a planning range.",
)
@click.option(
    "--events",
    "events_path",
    type=CSV_FILE,
    metavar="EV.csv",
    help="Known changes: series,date,delta. The daily level moves by delta from that date on.",
)
@click.option("--final", "is_final", is_flag=True, help="Every day is billed in full: none is doubted or left out.")
def forecast(history_path: Path, out_path: Path, horizon: int, events_path: Path | None, *, is_final: bool) -> None:
    """Forecast daily spend from a CSV file.

    OUT.csv has series,h,date,mean,lo80,hi80,lo95,hi95: one row per series and day ahead (h = 1 is the day after the
    series' last one), and one with h = 0 for the total of the horizon. 80 of 100 totals should fall between lo80 and
    hi80, and 95 between lo95 and hi95. Bounds of days don't add up to the total's. They are empty where a series has
    under three days of history. Amounts keep the unit of the file.

    Missing, absurd and half-billed days are repaired, and a line on standard error says so; with --final all days count
    as they are. Where eight weeks prove that weekdays differ, so do the days ahead. One value a week or a month
    is refused, as is a file without any value; a series that gives back more than it costs, such as credits, has a
    forecast below zero. A planned stop or launch
    given by --events is worth more than any history.

    \b
    Example:
      valet forecast --history spend.csv --out forecast.csv --horizon 30 --events stops.csv
    """
    from bot.services.money.forecast_files import forecast_csv

    try:
        written = forecast_csv(history_path, out_path, horizon=horizon, events_path=events_path, is_final=is_final)
    except NotFound as missing:
        raise click.ClickException(
            " ".join([str(missing), *[f'Nearest: "{name}".' for name in missing.nearest[:1]]])
        ) from missing
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    for left_out in written.notes:
        click.echo(left_out, err=True)
    for name, outlook in written.forecasts.items():
        for note in outlook.notes:
            click.echo(f"{name}: {note}", err=True)
    click.echo(f"{len(written.forecasts)} series, {horizon} days ahead, written to {out_path}", err=True)
