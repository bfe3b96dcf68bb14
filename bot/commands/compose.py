"""`valet compose`: the bot behind Caddy, as Docker Compose runs it."""

import click

from bot import __version__
from bot.commands.unit import HTTP, SOCKET_MODE

CADDY = "caddy:2.11"
LOCAL = f"valet:{__version__}"
"""It is on no registry, so it is built here, and nothing is pulled."""

SLACK_REQUESTS = "/slack/events"
BUILT_HERE = "is built here, in a checkout: valet dockerfile | docker build -t {image} -f - ."


@click.command("compose", short_help="Print compose.yaml and a Caddyfile for TLS.")
@click.option("--domain", required=True, metavar="NAME", help="The name agents reach Valet by: valet.example.com.")
@click.option(
    "--image",
    default=LOCAL,
    show_default=True,
    metavar="IMAGE",
    help="The image: one built here, or REGISTRY/NAME:TAG, best with @sha256:...",
)
@click.option("--caddy-image", default=CADDY, show_default=True, metavar="IMAGE", help="The image of Caddy.")
@click.option("--http", is_flag=True, help="Slack's requests come by HTTP instead of Socket Mode.")
@click.option("--caddyfile", is_flag=True, help="Print the Caddyfile that belongs beside it.")
def compose(domain: str, image: str, caddy_image: str, *, http: bool, caddyfile: bool) -> None:
    """Print compose.yaml, and with --caddyfile the Caddyfile beside it: Valet with TLS in front.

    Caddy gets the certificate and renews it. Only /v1 and /healthz can be reached from outside, and /slack/events with
    --http. Both containers are read-only and without rights; secrets are files.

    \b
    Examples:
      valet compose --domain valet.example.com > compose.yaml
      valet compose --domain valet.example.com --caddyfile > Caddyfile
    """
    import re

    from bot.commands.files import filled_file
    from bot.errors import Refused

    if not re.fullmatch(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9][a-z0-9-]*", domain, re.ASCII):
        raise Refused("--domain must be a name such as valet.example.com, without https:// and port.")
    for option, name in (("--image", image), ("--caddy-image", caddy_image)):
        if not re.fullmatch(r"[a-z0-9][\w./:@-]*", name, re.ASCII):
            raise Refused(f"{option} must be the name of an image.")
    if caddyfile:
        word, path = (", Slack", f" {SLACK_REQUESTS}") if http else ("", "")
        click.echo(filled_file("Caddyfile", DOMAIN=domain, SLACK_WORD=word, SLACK_PATH=path), nl=False)
        return
    click.echo(_compose_file(domain, image, caddy_image, http=http), nl=False)


def _compose_file(domain: str, image: str, caddy_image: str, *, http: bool) -> str:
    from bot.commands.files import filled_file

    names = HTTP if http else SOCKET_MODE
    is_local = "/" not in image
    return filled_file(
        "compose.yaml",
        DOMAIN=domain,
        HTTP_OPTION=" --http" if http else "",
        IMAGE=image,
        BUILD=BUILT_HERE.format(image=image) if is_local else "is pulled.",
        PULL="never" if is_local else "missing",
        CADDY=caddy_image,
        SECRET_FILES=" and ".join(names.values()),
        VARIABLES="\n".join(f"      {name}: /run/secrets/{file}" for name, file in names.items()),
        SECRETS=", ".join(names.values()),
        SECRET_SOURCES="\n".join(f"  {file}:\n    file: ./secrets/{file}" for file in names.values()),
    )
