"""How this Valet was installed, and the line that brings what it lacks: the agent's packages are not the bot's."""

import json
import shlex
import sys
from importlib import metadata

OURS = frozenset({"bot", "handlers", "store"})


def line_for(extra: str) -> str:
    """The command that brings an extra, from where this Valet came: a checkout, a wheel, a repository."""
    return f"{shlex.quote(sys.executable)} -m pip install {_what(extra)}"


def lacks(error: ModuleNotFoundError, command: str) -> str:
    """What to install, in one sentence; the error itself where no package of others is missing."""
    root = (error.name or "").partition(".")[0]
    if not root or root in OURS or root in sys.stdlib_module_names:
        raise error
    return (
        f"`valet {command}` needs the packages of the bot, of which {root} is not installed here; "
        f"this brings them: {line_for('bot')}"
    )


def _what(extra: str) -> str:
    try:
        text = metadata.distribution("gpu-valet").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return f"'.[{extra}]', in the checkout"
    if text is None:
        return f"'gpu-valet[{extra}]', from the index it came from"
    origin = json.loads(text)
    url, folder = origin["url"], origin.get("dir_info")
    if folder is not None:
        path = shlex.quote(f"{url.removeprefix('file://')}[{extra}]")
        return f"-e {path}" if folder.get("editable") else path
    if version := origin.get("vcs_info"):
        url = f"{version['vcs']}+{url}@{version['commit_id']}"
    return shlex.quote(f"gpu-valet[{extra}] @ {url}")
