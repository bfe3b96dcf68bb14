"""What installs the bot: a unit that systemd takes, a Dockerfile that fits the program, and nothing smuggled in."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.commands.run import DRAIN_S
from bot.settings import SECRETS, Settings
from tests import pages


def printed(*words):
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def sections(text):
    """The unit as {section: {key: [values]}}."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[list(found)[-1]].setdefault(key, []).append(value)
    return found


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize(
    "options", [[], ["--http"], ["--litestream", "s3://acme/valet"], ["--litestream", "/srv/copy"]]
)
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path, options):
    name = "valet-litestream.service" if "--litestream" in options else "valet.service"
    file = tmp_path / name
    programs = ("--valet", sys.executable, "--litestream-program", sys.executable)
    file.write_text(printed("unit", *programs, *options))

    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False)

    assert [line for line in done.stderr.splitlines() if name in line] == []


def test_the_unit_runs_the_bot_with_secrets_from_files_only():
    service = sections(printed("unit"))["Service"]

    words = shlex.split(service["ExecStart"][0])
    assert words[-4:] == ["/opt/valet/bin/valet", "run", "--config", "/etc/valet/valet.toml"]
    for word in words[1:-4]:
        name, _, path = word.partition("=")
        assert name.removesuffix("_FILE") in SECRETS
        file = path.removeprefix("${CREDENTIALS_DIRECTORY}/")
        assert f"{file}:/etc/valet/{file}" in service["LoadCredential"]
    assert len(service["LoadCredential"]) == 2


def test_the_unit_for_http_brings_the_signing_secret_instead():
    text = printed("unit", "--http", "--secrets", "/run/keys/")

    assert "LoadCredential=slack-signing-secret:/run/keys/slack-signing-secret\n" in text
    assert "SLACK_APP_TOKEN" not in text


def test_litestream_is_a_unit_of_its_own_with_the_users_few_rights():
    bot, copier = (sections(printed("unit", *more))["Service"] for more in ([], ["--litestream", "s3://acme/valet"]))

    assert copier["ExecStart"] == ["/usr/bin/litestream replicate /var/lib/valet/valet.db s3://acme/valet"]
    assert bot["Environment"] == ["VALET_DB=/var/lib/valet/valet.db"]
    assert copier["User"] == ["valet"], "as systemd calls the dynamic user of valet.service"
    assert copier["UnsetEnvironment"] == ["AWS_CA_BUNDLE"]
    shared = bot.keys() & copier.keys() - {"ExecStart"}
    assert {key: copier[key] for key in shared} == {key: bot[key] for key in shared}
    assert "-exec" not in copier["ExecStart"][0]


def test_a_replica_in_a_folder_may_be_written_there():
    service = sections(printed("unit", "--litestream", "/srv/copy"))["Service"]

    assert service["ReadWritePaths"] == ["/srv/copy"]
    assert "s3://acme/x?endpoint=minio:9000" in printed("unit", "--litestream", "s3://acme/x?endpoint=minio:9000")


@pytest.mark.parametrize(
    "replica",
    ["s3://acme/a b", "sftp://valet:hunter2@nas/x", "s3://acme/%i", "s3://a/$HOME", "copy", "s3://a/x\nUser=root"],
)
def test_a_replica_that_systemd_would_read_otherwise_is_refused(replica):
    done = CliRunner().invoke(main, ["unit", "--litestream", replica])

    assert done.exit_code == 1
    assert "hunter2" not in done.output


def test_the_unit_starts_it_again_and_waits_for_its_end():
    service = sections(printed("unit"))["Service"]

    assert service["Restart"] == ["always"]
    assert int(service["TimeoutStopSec"][0]) > DRAIN_S
    assert int(service["RestartSec"][0]) < 10, "Slack keeps nothing for us in between"
    assert service["StateDirectory"] == ["valet"]
    assert service["Environment"] == ["VALET_DB=/var/lib/valet/valet.db"]


@pytest.mark.parametrize(
    "line", ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateDevices=yes"]
)
def test_the_unit_is_closed(line):
    assert f"\n{line}\n" in printed("unit")


@pytest.mark.parametrize(
    "path", ["valet.toml", "/etc/my valet.toml", "/etc/x\nExecStartPre=/bin/sh", "/etc/%h", "/a;b"]
)
@pytest.mark.parametrize("option", ["--valet", "--config", "--secrets"])
def test_nothing_but_plain_paths_gets_into_the_unit(option, path):
    done = CliRunner().invoke(main, ["unit", option, path])

    assert done.exit_code == 1
    assert f"{option} must be an absolute path" in done.stderr


def instructions(text):
    """The Dockerfile as (instruction, argument) pairs."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line]


WHEEL = "https://example.com/gpu_valet-0.1.0-py3-none-any.whl"
PACKAGES = [
    "",
    WHEEL,
    "./dist/gpu_valet-0.1.0-py3-none-any.whl",
    "git+https://example.com/valet@v0.1.0",
    "gpu-valet==0.1.0 --index https://pypi.example.com/simple",
]


def dockerfile(package=""):
    return printed("dockerfile", *(["--package", *package.split()] if package else []))


def test_the_dockerfile_fits_the_program():
    steps = instructions(dockerfile(WHEEL))
    found = dict(steps)

    assert steps[0][0] == "FROM"
    assert not found["FROM"].endswith("latest")
    assert found["USER"] == "10001"
    assert found["EXPOSE"] == str(Settings().door.port)
    assert f"127.0.0.1:{Settings().door.port}/healthz" in found["HEALTHCHECK"]
    assert found["ENTRYPOINT"] == '["valet"]'
    assert CliRunner().invoke(main, ["run", "--help"]).exit_code == 0
    assert found["CMD"] == '["run", "--config", "/etc/valet/valet.toml"]'
    assert "VALET_DB=/var/lib/valet/valet.db" in found["ENV"]


@pytest.mark.parametrize("package", PACKAGES)
def test_whatever_brings_the_wheel_all_else_is_installed_by_hash(package):
    runs = " && ".join(argument for instruction, argument in instructions(dockerfile(package)) if instruction == "RUN")

    installs = [step for step in re.split(r"\s*&&\s*", runs) if re.search(r"\bpip\b.* install ", step)]
    assert installs
    assert all("--require-hashes" in step or "--no-deps --no-index" in step for step in installs)


@pytest.mark.skipif(not shutil.which("hadolint"), reason="hadolint is not installed")
@pytest.mark.parametrize("package", PACKAGES)
def test_hadolint_finds_nothing_in_the_dockerfile(package):
    done = subprocess.run(
        ["hadolint", "-"], input=dockerfile(package), capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_an_image_is_built_from_the_checkout_where_nothing_says_what_to_install(tmp_path):
    settings = tmp_path / "valet.toml"
    settings.write_text("")

    from_here = instructions(printed("dockerfile", "--config", str(settings)))
    settings.write_text('[install]\npackage = "git+https://example.com/valet@v0.1.0"\n')
    from_there = instructions(printed("dockerfile", "--config", str(settings)))

    assert from_here[1] == ("COPY", ". /src")
    assert from_here[2][1].endswith("pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels /src")
    assert "install -y --no-install-recommends git" in from_there[1][1]
    assert from_there[2][1].endswith(
        "pip wheel --no-cache-dir --no-deps -w /wheels git+https://example.com/valet@v0.1.0"
    )


def test_a_wheel_in_the_folder_of_the_build_is_copied():
    assert instructions(dockerfile("./dist/gpu_valet-0.1.0-py3-none-any.whl"))[1] == (
        "COPY",
        "./dist/gpu_valet-0.1.0-py3-none-any.whl /wheels/",
    )


def test_an_index_of_ones_own_serves_all_of_the_image(tmp_path):
    settings = tmp_path / "valet.toml"
    settings.write_text('[install]\npackage = "gpu-valet==0.1.0"\nindex = "https://pypi.example.com/simple"\n')

    steps = instructions(printed("dockerfile", "--config", str(settings)))

    assert steps[1] == ("ENV", "PIP_INDEX_URL=https://pypi.example.com/simple")
    assert steps[2][1].endswith("-w /wheels gpu-valet==0.1.0")


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("gpu-valet", "may be anybody's"),
        ("gpu-valet[bot]==0.1.0", "may be anybody's"),
        ("gpu-valet; rm -rf /", "may be anybody's"),
        ("http://example.com/gpu_valet-0.1.0-py3-none-any.whl", "end it with #sha256="),
        ("git+http://example.com/valet", "end it with #sha256="),
        ("gpu-valet\nUSER root", "must be one line"),
        ("/srv/gpu_valet-0.1.0-py3-none-any.whl", "in the folder of the build"),
        ("./a b.whl", "in the folder of the build"),
        ("../gpu_valet-0.1.0-py3-none-any.whl", "in the folder of the build"),
    ],
)
def test_what_anybody_could_put_something_else_under_is_refused(package, said):
    done = CliRunner().invoke(main, ["dockerfile", "--package", package])

    assert done.exit_code == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    "words", [["--base", "python\nUSER root"], ["--index", "https://me:secret@example.com/simple"]]
)
def test_what_would_be_another_line_or_a_secret_does_not_get_into_the_image(words):
    assert CliRunner().invoke(main, ["dockerfile", "--package", "gpu-valet", *words]).exit_code == 1


def test_a_package_over_http_is_taken_with_its_hash():
    assert f"http://example.com/v.whl#sha256={'0' * 64}" in dockerfile(f"http://example.com/v.whl#sha256={'0' * 64}")


def test_no_page_tells_to_install_by_a_name_that_may_be_anybodys():
    texts = [pages.everything(), *(path.read_text() for path in (pages.ROOT / "bot").rglob("*.py"))]

    assert [text for text in texts if re.search(r"pip install [^\n]*['\" ]gpu-valet", text)] == []


def test_no_printed_file_installs_a_name_from_a_public_index():
    texts = [dockerfile(package) for package in PACKAGES]
    texts += [printed("unit"), printed("agent", "unit", "--server", "https://valet.example.com")]
    texts.append(printed("agent", "user-data", "--server", "https://valet.example.com", "--package", WHEEL))

    assert all("pypi.org" not in text for text in texts)
    lines = [line for text in texts for line in text.splitlines()]
    named = [line for line in lines if re.search(r"pip.* (install|wheel)\b.*gpu-valet", line)]
    assert named == ["RUN pip wheel --no-cache-dir --no-deps -w /wheels gpu-valet==0.1.0"]
    assert sum("PIP_INDEX_URL=https" in text for text in texts) == 1
