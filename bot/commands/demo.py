"""`valet demo`: everything on embedded defaults."""

import logging
import signal
import threading
import webbrowser

import click


@click.command()
@click.option("--port", default=0, show_default="any free one", type=click.IntRange(0, 65535), help="Port of the page.")
@click.option("--no-browser", is_flag=True, help="Only print the page's address.")
def demo(port: int, *, no_browser: bool) -> None:
    """Try Valet: a small Slack in your browser, a made-up fleet, and the real bot between them.

    Needs no Slack, AWS or GPU. Everything is kept in a temporary folder and gone afterwards.
    """
    from bot.demo import serve

    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())

    def ready(url: str) -> None:
        click.echo(f"Valet's demo is at {url} (Ctrl-C ends it). Try: /gpu status")
        if not no_browser:
            webbrowser.open(url)

    serve(port, ready, over)
