"""The engine's image. It can't be built here, so its Dockerfile is read, and its start command is run as the image would run it: a clean
environment of its own requirements, another user, and a source tree that nobody can write to."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from components import containers
from components.naming import Names
from tests.engine import attacks, aws
from tests.engine.attacks import ATTACKS
from tests.engine.aws import LIMITS, ROOT, EngineCloud
from tests.engine.test_agent import ENVIRONMENT, REQUEST

ENGINE = ROOT / "engine"
NAMES = Names(stack="dev", region="us-east-1", account="000000000000")
USER, GROUP = map(int, containers.UNPRIVILEGED_USER.split(":"))


@dataclass(frozen=True)
class Instruction:
    """An instruction of a Dockerfile."""

    instruction: str
    rest: str

    @property
    def words(self) -> list[str]:
        """An exec form's words; fails on a shell form."""
        words = json.loads(self.rest)
        assert isinstance(words, list), f"{self.instruction} must be in exec form"
        return words  # pyright: ignore[reportUnknownVariableType] (JSON)


def steps() -> list[Instruction]:
    text = "\n".join(line for line in (ENGINE / "Dockerfile").read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    lines = text.replace("\\\n", " ").splitlines()
    return [Instruction(*line.strip().split(maxsplit=1)) for line in lines if line.strip()]


STEPS = steps()


def the(instruction: str) -> Instruction:
    (step,) = (step for step in STEPS if step.instruction == instruction)
    return step


# What it says.


@pytest.mark.slow
def test_the_dockerfile_has_no_finding_of_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run(
        [hadolint, "--no-color", "--disable-ignore-pragma", ENGINE / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_every_stage_starts_from_one_digest() -> None:
    arguments = dict(step.rest.split("=", 1) for step in STEPS if step.instruction == "ARG")
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", arguments["PYTHON_DIGEST"])
    for step in STEPS:
        if step.instruction == "FROM":
            assert step.rest.split()[0].endswith("@${PYTHON_DIGEST}")


def test_nothing_runs_in_a_shell() -> None:
    for step in STEPS:
        if step.instruction in ("RUN", "CMD", "ENTRYPOINT"):
            assert step.words


def test_it_runs_as_the_user_that_the_task_names_and_never_becomes_another() -> None:
    assert the("USER").rest == containers.UNPRIVILEGED_USER
    last = [step.instruction for step in STEPS].index("USER")
    assert not any(step.instruction in ("RUN", "COPY", "ADD") for step in STEPS[last:])


def test_the_scratch_volume_is_named_so_that_the_user_may_write_to_it() -> None:
    (container,) = json.loads(containers.monitor_container(NAMES, LIMITS, image="i", task="cartpole"))
    assert the("VOLUME").words == [mount["containerPath"] for mount in container["mountPoints"] if not mount["readOnly"]]


def test_its_packages_are_hashed_wheels() -> None:
    (install,) = (step.words for step in STEPS if step.instruction == "RUN" and "pip" in step.words)
    assert {"--require-hashes", "--only-binary=:all:"} <= set(install)


def test_it_exposes_what_the_commands_listen_on() -> None:
    assert str(containers.ENGINE_PORT) in the("EXPOSE").rest.split()
    assert "8080" in the("EXPOSE").rest.split(), "AgentCore's contract"


def test_without_a_command_it_is_agentcores_because_agentcore_cant_name_one() -> None:
    assert the("ENTRYPOINT").words == ["python", "-m", "engine"]
    assert the("CMD").words == ["agent"]


def test_the_build_sees_the_sources_and_nothing_else() -> None:
    exclude, *include = [line for line in (ENGINE / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert exclude == "*"
    patterns = [line.removeprefix("!").removeprefix("**/") for line in include]
    seen = {path.name for path in ENGINE.iterdir() if any(fnmatch(path.name, pattern) for pattern in patterns)}
    assert seen == {path.name for path in ENGINE.glob("*.py")} | {"requirements.txt"}


@pytest.mark.slow
def test_every_package_has_a_wheel_for_the_images_python_on_arm64(tmp_path: Path) -> None:
    tag = next(step.rest for step in STEPS if step.rest.startswith("PYTHON_TAG=")).removeprefix("PYTHON_TAG=")
    version = ".".join(tag.split("-")[0].split(".")[:2])
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 26, 27, 28)]
    for_arm = ["--only-binary=:all:", f"--python-version={version}", "--implementation=cp", *platforms]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", str(tmp_path)]
    got = subprocess.run(
        [*pip, *for_arm, "--require-hashes", "-r", ENGINE / "requirements.txt"], capture_output=True, text=True, check=False
    )
    assert got.returncode == 0, got.stderr[-800:]


# How it runs.


@dataclass(frozen=True)
class Image:
    """What the image would be.

    Attributes:
        python: of its environment.
        app: the read-only folder of the sources.
        user: who runs it: the image's own user, who has no entry in /etc/passwd, where the tests run as root.
    """

    python: Path
    app: Path
    scratch: Path
    user: Mapping[str, Any]

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The Dockerfile's, the task's, and nothing else."""
        own = dict(word.split("=", 1) for step in STEPS if step.instruction == "ENV" for word in step.rest.split())
        return {**own, "HOME": str(self.scratch), "TMPDIR": str(self.scratch), **given}

    def start(self, command: str, given: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.python, *the("ENTRYPOINT").words[1:], command, *arguments],
            env=self.environment(given),
            cwd=self.app,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **self.user,
        )

    def run(self, command: str, given: Mapping[str, str]) -> tuple[int, str]:
        """The exit code, and what it wrote to stderr."""
        process = self.start(command, given)
        _, errors = process.communicate(timeout=60)
        return process.returncode, errors


@pytest.fixture(scope="module")
def image(_processes: None) -> Iterator[Image]:
    # Not under pytest's own folder, which only its owner may enter.
    place = Path(tempfile.mkdtemp(prefix="evolution-image-"))
    place.chmod(0o755)
    user: dict[str, Any] = {"user": USER, "group": GROUP, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        python = place / "venv/bin/python"
        subprocess.run([_interpreter(user), "-m", "venv", "--without-pip", place / "venv"], check=True, capture_output=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, "--only-binary=:all:", "--require-hashes", "-r", ENGINE / "requirements.txt"], check=True, timeout=300)
        app, scratch = place / "app", place / "scratch"
        shutil.copytree(ENGINE, app / "engine", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (app, *app.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        scratch.mkdir()
        scratch.chmod(0o777)
        yield Image(python, app, scratch, user)
    finally:
        for path in place.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(stat.S_IRWXU)
        shutil.rmtree(place)


def _interpreter(user: Mapping[str, Any]) -> str:
    """A Python that the user can reach: root's own may be in root's home."""
    for name in (os.path.realpath(sys.executable), *(f"/usr/bin/python3.{minor}" for minor in (14, 13, 12, 11))):
        try:
            subprocess.run([name, "-c", ""], check=True, capture_output=True, **user)
        except (OSError, subprocess.CalledProcessError):
            continue
        return name
    pytest.skip("the image's user can reach no Python here; run the tests as another user than root")


def test_nobody_can_write_to_the_sources(image: Image) -> None:
    attempt = "open('engine/another.py', 'w')"
    refused = subprocess.run([image.python, "-c", attempt], cwd=image.app, capture_output=True, text=True, check=False, **image.user)
    assert "PermissionError" in refused.stderr


@pytest.mark.parametrize("command", ["engine", "monitor", "agent"])
def test_without_its_environment_a_command_ends_with_2_and_one_line(image: Image, command: str) -> None:
    code, errors = image.run(command, {})
    assert code == 2
    assert errors.count("\n") == 1
    assert errors.startswith(f"{command}: the environment can't be used: ")
    assert "EVOLUTION_ENVIRONMENT is missing" in errors


def test_the_tasks_own_command_and_environment_get_as_far_as_aws(image: Image) -> None:
    (container,) = json.loads(
        containers.engine_container(NAMES, LIMITS, image="i", cpu=1, memory=1, islands=4, strategy="sep-cma-es", task="cartpole")
    )
    given = {one["name"]: one["value"] for one in container["environment"]}
    code, errors = image.run(container["command"][0], {**given, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"})
    assert (code, errors.count("\n")) == (1, 1), errors
    assert "credentials" in errors


def test_the_agent_answers_pings_refuses_what_it_must_and_ends_cleanly(image: Image) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    process = image.start("agent", {**ENVIRONMENT, **nowhere, "EVOLUTION_PORT": "0"})
    try:
        port = _port(process)
        status, answer = _ask(port, "/ping")
        assert (status, answer["status"]) == (200, "Healthy")
        status, answer = _ask(port, "/invocations", b'{"prompt": "Only a prompt."}')
        assert (status, answer["kind"]) == (200, "bad_request")
        status, answer = _ask(port, "/invocations", json.dumps(REQUEST).encode())
        assert (status, answer["kind"]) == (200, "halted"), "the mode can't be read, so it counts as halted"
    finally:
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert "Traceback" not in output


def test_the_engine_evolves_its_own_task_and_ends_cleanly(image: Image, world: EngineCloud) -> None:
    evolution_id = world.trigger("evo-image", generations=1)
    changes = {"EVOLUTION_TASK": "cartpole", "EVOLUTION_ISLANDS": "1", "EVOLUTION_POPULATION": "8", "EVOLUTION_METRIC_SECONDS": "1"}
    process = image.start("engine", aws.variables(world.endpoint, **changes))
    try:
        port = _port(process)
        aws.wait_for(lambda: world.header(evolution_id)["status"] != "running", 45, "the evolution is over")
        assert world.header(evolution_id)["status"] == "finished"
        assert [aws.get(port, path)[0] for path in ("/health", "/ready", "/status")] == [200, 200, 200]
    finally:
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, ""), output
    assert "Traceback" not in output


@pytest.mark.parametrize("attack", ["ReadsOthersEnvironments", "WritesIntoOthersMemory", "KillsEverybody", "AsksForCredentials"])
def test_a_task_gets_at_nothing_of_the_worker_though_its_user_is_the_same(image: Image, world: EngineCloud, attack: str) -> None:
    """Root, as whom the tests may run, reads everything: so this is the image's user."""
    evolution_id = world.trigger(f"evo-image-{attack}", generations=1)
    shutil.copytree(ROOT / "tests/engine", image.scratch / "tests/engine", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    changes = {"EVOLUTION_TASK": f"tests.engine.attacks:{attack}", "EVOLUTION_ISLANDS": "1", "EVOLUTION_POPULATION": "16"}
    process = image.start("engine", aws.variables(world.endpoint, PYTHONPATH=str(image.scratch), **changes))
    try:
        aws.wait_for(lambda: world.header(evolution_id)["status"] != "running", 45, "the evolution is over")
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert world.header(evolution_id)["status"] == "finished", output
    assert re.search(rf"individual \d+ because: .*({ATTACKS[getattr(attacks, attack)]})", output), output
    assert "ItWorked" not in output


def test_a_human_decides_in_the_image_though_its_user_has_no_name(image: Image, world: EngineCloud) -> None:
    evolution_id = world.trigger("evo-image-decides", generations=1)
    changes = {"EVOLUTION_TASK": "cartpole", "EVOLUTION_ISLANDS": "2", "EVOLUTION_POPULATION": "8", "AI_AUTONOMY_LEVEL": "1"}
    environment = aws.variables(world.endpoint, **changes)
    process = image.start("engine", environment)
    try:
        aws.wait_for(lambda: world.header(evolution_id)["status"] != "running", 45, "the evolution is over")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    first, second = sorted(one["agent_id"] for one in world.store().awaiting() if one["agent_id"].startswith(evolution_id))
    for command, arguments in (("approve", (first,)), ("refuse", (second, "--by", "jo@example.com"))):
        decides = image.start(command, environment, *arguments)
        output, errors = decides.communicate(timeout=30)
        assert (decides.returncode, errors) == (0, ""), errors
        assert output.startswith(arguments[0])
    who = f"uid-{USER}" if image.user else getpass.getuser()
    assert [world.promotion(one)["decided_by"] for one in (first, second)] == [who, "jo@example.com"]


def test_unsafe_agents_are_culled_in_the_image_too(image: Image, world: EngineCloud) -> None:
    world.trigger("evo-image-culls", generations=1)
    world.set_mode("halted")
    culls = image.start("cull", aws.variables(world.endpoint, EVOLUTION_TASK="cartpole"))
    output, errors = culls.communicate(timeout=30)
    assert (culls.returncode, errors) == (0, ""), errors
    assert output == "0 of 0 individuals of evo-image-culls were culled\n"


def test_a_task_is_evolved_in_the_image_without_aws(image: Image) -> None:
    evolves = image.start("evolve", {}, "phrase", "--population=40", "--generations=3", f"--out={image.scratch}")
    output, errors = evolves.communicate(timeout=60)
    assert evolves.returncode == 0, errors
    assert "champion: " in output
    assert re.search("'[ a-z,.]{64}'", output), f"in the task's own words: {output}"
    assert (image.scratch / "phrase.svg").read_text(encoding="utf-8").startswith("<svg")


def _port(process: subprocess.Popen[str]) -> int:
    """Where it says that it listens."""
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"on port (\d+)", line):
            return int(found[1])
    raise AssertionError("it ended without listening")


def _ask(port: int, path: str, body: bytes | None = None) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
