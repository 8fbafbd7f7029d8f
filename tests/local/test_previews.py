"""The local run: what it refuses before the engine starts, what it keeps away from the engine, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local import LocalError, cli, previews, stackfile, workspace

Preview = Callable[..., previews.Plan]

EXPORT_ENVIRONMENT = "import os, pulumi; pulumi.export('variables', dict(os.environ))"


def run_local(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local", "preview", *arguments]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120, check=False)


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{path.name} no longer says {before}: mend this test"
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("autonomy_percent: 75", "autonomy_percent: 120", ["autonomy_percent is 120", "Example"]),
        ("autonomy_percent: 75", "autonomy_percnt: 75", ["autonomy_percnt", "Did you mean `autonomy_percent`?"]),
        ("autonomy_percent: 75", "autonomy_percent: 75\n    autonomy_percent: 60", ["autonomy_percent is written twice"]),
        ("protect_data: false", "protect_data: no", ["protect_data is 'no'"]),
        ("autonomy_percent: 75", "autonomy_percent: [75", ["isn't valid YAML: line "]),
        ("evolution-system:environment:", "evolution-system:enviroment:", ["holds no environment table"]),
    ],
)
def test_a_bad_stack_file_is_one_error_before_the_engine_starts(small_checkout: Path, before: str, after: str, named: list[str]) -> None:
    edit(small_checkout / "Pulumi.dev.yaml", before, after)
    run = run_local(small_checkout)
    assert run.returncode == 1
    assert run.stdout == "", "the engine must not have started"
    assert run.stderr.count("error:") == 1
    assert "Traceback" not in run.stderr
    assert "Pulumi.dev.yaml" in run.stderr
    for words in named:
        assert words in run.stderr
    assert not (small_checkout / ".local").exists(), "nothing may be left behind"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--stack", "nope"], "The stacks are: dev, prod."),
        (["--stack", ""], "The stacks are: dev, prod."),
        (["--image", "evolution-engine:latest"], "sha256:"),
        (["--stak", "dev"], "--help"),
        (["--project", "nope"], "PROJECT is one of system, account."),
        (["--project", "account", "--stack", "nope"], "The accounts are: sandbox."),
        (["--project", "account", "--image", "none"], "an account has no image"),
    ],
)
def test_a_wrong_argument_is_one_error(small_checkout: Path, arguments: list[str], named: str) -> None:
    run = run_local(small_checkout, *arguments)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1, "one line"
    assert named in run.stderr


def test_a_second_run_in_the_same_place_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        with pytest.raises(LocalError, match=rf"another local run \(process {os.getpid()}\)"):
            previews.preview("dev", place=tmp_path)


def test_the_lock_of_a_killed_engine_does_not_block_the_next_run(small_checkout: Path, preview: Preview, tmp_path: Path) -> None:
    assert preview("dev", repo=small_checkout, pack=False, place=tmp_path / "place").succeeded
    locks = tmp_path / "place/state/.pulumi/locks/organization/evolution-system/dev"
    locks.mkdir(parents=True, exist_ok=True)
    content = '{"pid": 1, "username": "x", "hostname": "x", "timestamp": "2026-01-01T00:00:00Z"}'
    (locks / "0b8e1a4c-0000-4000-8000-000000000000.json").write_text(content, encoding="utf-8")
    assert preview("dev", repo=small_checkout, pack=False, place=tmp_path / "place").succeeded


def test_an_engine_that_was_killed_while_it_wrote_does_not_block_the_next_run(
    small_checkout: Path, preview: Preview, tmp_path: Path
) -> None:
    assert preview("dev", repo=small_checkout, pack=False, place=tmp_path / "place").succeeded
    described = list((tmp_path / "place/state/.pulumi/stacks").rglob("dev.json.attrs"))
    assert described, "the engine keeps one beside its record"
    described[0].write_bytes(b"")
    assert preview("dev", repo=small_checkout, pack=False, place=tmp_path / "place").succeeded


def test_nothing_of_the_users_environment_reaches_the_program_or_the_pack(
    small_checkout: Path, preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONFIG_FILE", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME", "HTTPS_PROXY", "PYTHONPATH"):
        monkeypatch.setenv(name, "/the/users/own")
    seen = small_checkout / "seen"
    (small_checkout / "__main__.py").write_text(EXPORT_ENVIRONMENT, encoding="utf-8")
    (small_checkout / "policy/__main__.py").write_text(
        f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(repr(dict(os.environ)))\n"
        "from pulumi_policy import PolicyPack, StackValidationPolicy\n"
        "PolicyPack('sees', policies=[StackValidationPolicy('lenient', 'Lets all pass.', lambda args, report: None)])\n",
        encoding="utf-8",
    )
    planned = preview("dev", repo=small_checkout)
    assert planned.succeeded, planned.text
    variables = planned.outputs["variables"]
    assert "/the/users/own" not in variables.values()
    assert not [name for name in variables if name.startswith("AWS_")]
    assert "/the/users/own" not in seen.read_text(encoding="utf-8")
    assert "'AWS_" not in seen.read_text(encoding="utf-8")


def test_an_aws_provider_on_path_does_not_stand_in_for_the_stand_in(
    small_checkout: Path, preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = small_checkout / "bin/pulumi-resource-aws"
    real.parent.mkdir()
    real.write_text(f"#!/bin/sh\n: > {small_checkout}/used\nexit 1\n", encoding="utf-8")
    real.chmod(0o755)
    monkeypatch.setenv("PATH", f"{real.parent}:{os.environ['PATH']}")
    main = "import pulumi_aws as aws\naws.Provider('aws', region='us-east-1')\n"
    (small_checkout / "__main__.py").write_text(main, encoding="utf-8")
    planned = preview("dev", repo=small_checkout, pack=False)
    assert planned.succeeded, planned.text
    assert not planned.diagnostics
    assert not (small_checkout / "used").exists()


def test_the_environment_of_the_process_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    with workspace.environment_of_this_process({"PATH": "/bin"}):
        assert dict(os.environ) == {"PATH": "/bin"}
    assert dict(os.environ) == before


def test_an_error_of_the_program_is_shown_once_and_begins_in_the_program(small_checkout: Path) -> None:
    (small_checkout / "__main__.py").write_text("import pulumi\ndef broken(): raise KeyError('lost')\nbroken()\n", encoding="utf-8")
    run = run_local(small_checkout, "--no-pack")
    assert run.returncode == 1
    assert run.stdout.count("KeyError: 'lost'") == 1
    assert "in broken" in run.stdout
    assert "site-packages" not in run.stdout + run.stderr
    assert "CommandError" not in run.stdout + run.stderr


def test_a_run_error_of_the_program_is_its_message_alone(small_checkout: Path) -> None:
    (small_checkout / "__main__.py").write_text("import pulumi\nraise pulumi.RunError('Turn the key first.')\n", encoding="utf-8")
    run = run_local(small_checkout, "--no-pack")
    assert run.returncode == 1
    assert "error: Turn the key first." in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_what_the_program_says_is_heard_and_its_debugging_is_not(preview: Preview, small_checkout: Path) -> None:
    says = "import pulumi\npulumi.log.debug('not asked for')\npulumi.log.info('for information')\npulumi.log.warn('a warning')\n"
    (small_checkout / "__main__.py").write_text(says, encoding="utf-8")
    plan = preview("dev", repo=small_checkout, pack=False)
    assert plan.succeeded, plan.text
    assert {one.message for one in plan.diagnostics} >= {"for information", "a warning"}
    assert "not asked for" not in plan.text


def test_the_local_image_stands_in_only_where_the_table_names_none(small_checkout: Path) -> None:
    own = "sha256:" + "a" * 64

    def image_of(**options: str) -> object:
        content, _ = stackfile.read(small_checkout, "dev", **options)  # pyright: ignore[reportArgumentType] (image alone)
        return content["config"]["evolution-system:environment"].get("engine_image_digest")

    assert image_of() == stackfile.LOCAL_IMAGE_DIGEST
    assert image_of(image="none") is None
    assert image_of(image=own) == own
    edit(small_checkout / "Pulumi.dev.yaml", "    region:", f"    engine_image_digest: {own}\n    region:")
    assert image_of() == own
    assert image_of(image="none") is None


def test_a_preview_leaves_the_checkout_as_it_was(preview: Preview) -> None:
    def status() -> str:
        command = ["git", "-C", str(previews.ROOT), "status", "--porcelain"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    before = status()
    assert preview("dev").succeeded
    assert status() == before


def test_what_belongs_to_the_deployed_stack_stays_away_from_the_engine(small_checkout: Path) -> None:
    stack_file = small_checkout / "Pulumi.dev.yaml"
    salt = "secretsprovider: awskms://alias/deployed\nencryptedkey: AAAA\nencryptionsalt: not a salt\n"
    stack_file.write_text(salt + stack_file.read_text(encoding="utf-8") + "  other:token:\n    secure: AAAA\n", encoding="utf-8")
    run = run_local(small_checkout, "--no-pack")
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_zone_count_that_the_region_lacks_is_refused_before_the_engine_starts(small_checkout: Path) -> None:
    edit(small_checkout / "Pulumi.dev.yaml", "region: us-east-1", "region: us-east-2")
    edit(small_checkout / "Pulumi.dev.yaml", "availability_zones: 3", "availability_zones: 4")
    run = run_local(small_checkout)
    assert run.returncode == 1
    assert run.stdout == ""
    assert "us-east-2 offers this account only 3: us-east-2a, us-east-2b, us-east-2c." in run.stderr


@pytest.mark.slow
def test_a_pack_ends_with_its_engine() -> None:
    script = str(previews.ROOT / "local/pack.py")
    engine_of_it = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import subprocess, sys; print(subprocess.Popen([sys.executable, {script!r}, '127.0.0.1:1']).pid, flush=True); input()",
        ],
        cwd=previews.ROOT / "policy",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with engine_of_it:
        assert engine_of_it.stdout
        pack = Path("/proc") / engine_of_it.stdout.readline().strip()
        time.sleep(1)
        assert pack.exists(), "the pack must serve as long as its engine is there"
        engine_of_it.kill()
    deadline = time.monotonic() + 60
    while pack.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not pack.exists(), "a pack whose engine was killed must end"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_stops_the_engine_and_leaves_nothing(small_checkout: Path, stop: signal.Signals) -> None:
    (small_checkout / "__main__.py").write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    # A shell starts what runs in the background with SIGINT ignored.
    start = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", start, "-m", "local", "preview"]
    with subprocess.Popen(command, cwd=small_checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert "Previewing" in process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(stop)
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert "Traceback" not in said
    assert "interrupted" in said
    assert not (small_checkout / ".local/work").exists()
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(small_checkout) not in running, "nothing may be left running"


@pytest.mark.slow
def test_an_engine_that_does_not_stop_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "STOP_SECONDS", 0.2)
    stubborn = tmp_path / "pulumi"
    plugin = f"import os, time; os.setpgid(0, 0); open({str(tmp_path / 'plugin')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    stubborn.write_text(f"#!/bin/sh\ntrap '' INT\n{sys.executable} -c \"{plugin}\" &\nwait\n", encoding="utf-8")
    stubborn.chmod(0o755)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 3)  # by then the plugin has written its number, on a slow machine too
    try:
        with pytest.raises(KeyboardInterrupt):
            workspace.InterruptibleCli(cli.Cli(path=stubborn, version="3.258.0"), {"PATH": os.environ["PATH"]}).run([], str(tmp_path), {})
    finally:
        signal.signal(signal.SIGALRM, before)
    plugin_state = ["ps", "-o", "stat=", "-p", (tmp_path / "plugin").read_text(encoding="utf-8")]

    def ended() -> bool:
        return subprocess.run(plugin_state, capture_output=True, text=True, check=False).stdout[:1] in {"", "Z"}

    deadline = time.monotonic() + 60  # a killed process is there until the kernel has cleared it away
    while not ended() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ended(), "the plugin must have been ended, though it has a process group of its own"
