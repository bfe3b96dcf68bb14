"""Builds the stand-in for libnvidia-ml.so.1 and runs Python against it, as on a host with GPUs."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("fake_nvml.c")
ROOT = Path(__file__).parents[3]


def build(folder: Path, *, old: bool = False, number: int = 1) -> Path:
    """Compile the library into the folder; `old` leaves out what drivers before 510 do not have.

    `number` is the driver it belongs to, for scripts that say `kernel`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        "gcc",
        "-O2",
        "-Wall",
        "-Werror",
        "-shared",
        f"-DBUILD={number}",
        "-fPIC",
        "-o",
        str(folder / "libnvidia-ml.so.1"),
        str(SOURCE),
    ]
    subprocess.run([*command, *(["-DOLD_DRIVER"] if old else [])], check=True)
    return folder


def has_compiler() -> bool:
    return shutil.which("gcc") is not None


@dataclass(frozen=True)
class GpuHost:
    """A host whose GPUs do what a script says; see fake_nvml.c for its words."""

    folder: Path
    libraries: Path | None
    """None: a host without a driver."""

    def does(self, script: str) -> None:
        """Set what the GPUs do from the next start of NVML on, or at once for a running agent."""
        new = self.folder / "script.new"
        new.write_text(script)
        new.rename(self.script)

    @property
    def script(self) -> Path:
        return self.folder / "script"

    @property
    def held(self) -> Path:
        """A file that is there while somebody has NVML started."""
        return self.folder / "held"

    def environment(self, *, live: bool = False) -> dict[str, str]:
        env = {key: value for key, value in os.environ.items() if key not in {"LD_LIBRARY_PATH", "FAKE_NVML_LIVE"}}
        env["FAKE_NVML_HELD"] = str(self.held)
        env |= {"PYTHONPATH": str(ROOT), "FAKE_NVML": str(self.script), "XDG_STATE_HOME": str(self.folder / "state")}
        env |= {"LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else {}
        return env | ({"FAKE_NVML_LIVE": "1"} if live else {})

    def python(self, code: str, *arguments: str, live: bool = False) -> subprocess.CompletedProcess[str]:
        """Run code on the host."""
        command = [sys.executable, "-c", code, *arguments]
        env = self.environment(live=live)
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    def answers(self, code: str, *arguments: str, live: bool = False) -> Any:
        """Run code that prints JSON, and read it."""
        done = self.python(code, *arguments, live=live)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
