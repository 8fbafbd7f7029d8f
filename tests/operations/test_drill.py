"""A drill against a made-up AWS: what it measures, how it fails, and that whoever stops it finds evolution halted."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from operations import OperationError, drill
from operations.account import ROOT, connect
from operations.drill import CALLS, HALT_SECONDS, REPEAT_SECONDS, TOTAL_SECONDS, Drill, DrillFailedError
from tests.local.system import stub
from tests.operations.world import NAMES, World


def drilled(world: World, *, emulated: bool = False) -> Drill:
    return Drill(account=world.account(emulated=emulated), stack=NAMES.stack, say=lambda _: None, clock=world.clock)


def test_it_may_read_put_a_score_and_invoke_and_nothing_else() -> None:
    writes = {one for one in CALLS if not one.partition(":")[2].startswith(("Get", "Describe", "List", "Filter"))}
    assert writes == {"cloudwatch:PutMetricData", "lambda:Invoke"}


def test_a_call_that_is_not_in_its_list_is_not_sent() -> None:
    with pytest.raises(RuntimeError, match="ssm:PutParameter isn't in the list"):
        World().account().call("ssm:PutParameter", Name=NAMES.mode_parameter, Value="running")


def test_it_measures_the_halt_says_what_woke_the_switch_and_what_is_not_put_back() -> None:
    world = World()
    report = drilled(world).run()
    assert report.halt_seconds == pytest.approx(world.fires_after, abs=1)
    assert report.woken_by == {"alarm", "schedule"}
    assert report.left == ("the autoscaler's count was 5 and is 2: it moves with the load again",)
    assert (world.mode, world.bounds, world.desired) == ("running", (2, 10, False), 2)
    assert world.invoked == [NAMES.trigger_function, NAMES.resume_function]
    assert world.now < TOTAL_SECONDS


def test_the_bad_score_is_repeated_until_the_halt_and_the_good_one_is_the_monitors() -> None:
    world = World()
    drilled(world).run()
    moments = [at for at, _ in world.scores]
    assert {score for _, score in world.scores} == {0.0}
    assert [round(after - before) for before, after in itertools.pairwise(moments)] == [REPEAT_SECONDS] * 5


def test_in_the_emulator_the_drill_puts_the_good_score_and_says_so() -> None:
    world, said = World(monitored=False), list[str]()
    Drill(account=world.account(emulated=True), stack=NAMES.stack, say=said.append, clock=world.clock).run()
    assert [score for _, score in world.scores][-1] == 1.0
    assert any("No safety monitor runs in the emulator" in line for line in said)


@pytest.mark.parametrize(
    ("world", "cause"),
    [
        (World(delivers=False), "the alarm's message did not wake the switch, it was woken by schedule"),
        (World(works=False), f"no halt in {HALT_SECONDS} s, and the alarm is in ALARM: the switch fails: The alarm isn't there"),
        (World(fires_after=9999), f"no halt in {HALT_SECONDS} s, and the alarm is in OK: CloudWatch doesn't see the score"),
        (World(scheduled=False, fires_after=150), "the schedule did not wake the switch, in 1"),
        (World(refuses=False), "during the halt the trigger must refuse"),
        (World(monitored=False), f"{TOTAL_SECONDS} s are over, and after the monitor's good score the alarm still fires"),
        (World(resumes=False), "resume must answer `resumed`"),
        (World(starts=False), "resumed, but it isn't as before"),
    ],
    ids=["message", "switch", "metric", "schedule", "trigger", "monitor", "resume", "engines"],
)
def test_what_does_not_do_what_it_must_is_a_failure_that_names_the_cause(world: World, cause: str) -> None:
    with pytest.raises(DrillFailedError, match=cause.split("(")[0]):
        drilled(world).run()
    assert world.now <= TOTAL_SECONDS + 1
    assert {score for _, score in world.scores} == {0.0}


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (World(alarm="ALARM"), "evolution-unsafe-staging is in ALARM already"),
        (World(alarm="INSUFFICIENT_DATA"), "evolution-unsafe-staging is in INSUFFICIENT_DATA already"),
        (World(mode="halted"), "staging doesn't run"),
        (World(bounds=(0, 10, True)), "staging doesn't run"),
        (World(desired=0), "staging doesn't run"),
        (World(engine=False), "staging runs no engine yet"),
        (World(deployed=False), "staging isn't deployed in account 123456789012, us-east-1"),
    ],
)
def test_a_stack_that_is_not_ok_and_running_is_not_touched(world: World, said: str) -> None:
    with pytest.raises(OperationError, match=said) as refused:
        drilled(world).run()
    assert not isinstance(refused.value, DrillFailedError)
    assert "\n" not in str(refused.value)
    assert (world.scores, world.invoked) == ([], [])


def run_main(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    def connected(*_: object, **__: object) -> Any:
        return world.account()

    monkeypatch.setattr(drill, "connect", connected)
    monkeypatch.setattr(drill, "Clock", lambda: world.clock)
    return drill.main(["--stack", "staging", "--account", NAMES.account])


@pytest.mark.parametrize("at", [1, 115, 200])
def test_who_interrupts_it_is_told_how_to_go_on_and_nothing_is_resumed(
    at: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(interrupted_at=at)
    assert run_main(world, monkeypatch) == 130
    said = capsys.readouterr().err
    assert said.startswith("interrupted\n")
    halted = at > world.fires_after
    assert ("## Resuming" in said, "aws lambda invoke --function-name" in said) == (halted, halted)
    assert halted or "NOT halted" in said
    assert world.mode == ("halted" if halted else "running")
    assert NAMES.resume_function not in world.invoked


def test_a_failure_leaves_the_halt_and_ends_with_the_runbooks_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(delivers=False)
    assert run_main(world, monkeypatch) == 1
    said = capsys.readouterr().err
    assert said.startswith("failed: the alarm's message did not wake the switch")
    assert "## Resuming\n" in said
    assert "\nexport STACK=staging AWS_DEFAULT_REGION=us-east-1\n" in said
    assert world.mode == "halted"


def test_a_bug_of_the_drill_ends_with_the_runbooks_part_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    monkeypatch.setattr(drill.Drill, "_resume", lambda *_: 1 / 0)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(ZeroDivisionError):
        run_main(world, monkeypatch)
    assert "## Resuming\n" in capsys.readouterr().err


def test_a_passed_drill_ends_with_what_it_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(World(), monkeypatch) == 0
    assert "passed: halted 110.0 s after the bad score, woken by alarm, schedule\n" in capsys.readouterr().out


@pytest.mark.parametrize("stack", ["prod", "canary"])
def test_prod_is_never_drilled_in_a_real_account(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert drill.main(["--stack", stack, "--account", NAMES.account]) == 1
    assert capsys.readouterr().err.startswith(f"error: a drill halts what it is run against, and {stack} isn't for that")


IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
EXPIRED = b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A shell without any of a person's own AWS settings."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def refused(number: str, stack: str = "staging", place: Path | None = None) -> str:
    with pytest.raises(OperationError) as error:
        connect(stack, number, calls=CALLS, place=place)
    assert "\n" not in str(error.value)
    return str(error.value)


class TestConnect:
    def test_an_account_is_twelve_digits(self) -> None:
        assert refused("1234").startswith("ACCOUNT is '1234': write the account's twelve digits")

    @pytest.mark.usefixtures("shell")
    def test_without_credentials_nothing_is_asked(self) -> None:
        assert "there are no credentials that AWS takes (NoCredentialsError" in refused(NAMES.account)

    def test_a_profile_that_is_not_there_is_named(self, shell: pytest.MonkeyPatch) -> None:
        shell.setenv("AWS_PROFILE", "nobody")
        assert "nobody" in refused(NAMES.account)

    def test_a_shell_in_another_region_is_refused(self, shell: pytest.MonkeyPatch) -> None:
        shell.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        assert refused(NAMES.account).startswith("this shell's region is eu-west-1, and staging is in us-east-1")

    @pytest.mark.parametrize(
        ("status", "body", "said"),
        [
            (200, IDENTITY % b"999999999999", "these credentials are of account 999999999999, not of 123456789012"),
            (403, EXPIRED, "there are no credentials that AWS takes (ExpiredToken"),
        ],
        ids=["another", "expired"],
    )
    def test_credentials_of_another_account_or_of_yesterday_are_refused(
        self, shell: pytest.MonkeyPatch, status: int, body: bytes, said: str
    ) -> None:
        with stub(status=status, body=body, kind="text/xml") as sts:
            shell.setenv("AWS_ENDPOINT_URL_STS", sts.url)
            shell.setenv("AWS_ACCESS_KEY_ID", "one")
            shell.setenv("AWS_SECRET_ACCESS_KEY", "two")
            assert refused(NAMES.account).startswith(said)

    def test_an_emulator_that_is_not_up_is_named_with_what_brings_it_up(self, tmp_path: Path) -> None:
        assert refused("", "dev", tmp_path).startswith("dev isn't up in an emulator: run `make up STACK=dev`")

    def test_a_stack_without_a_file_is_refused(self) -> None:
        assert refused("", "nowhere").startswith("there is no stack 'nowhere'")


def test_the_runbooks_parts_that_a_failed_drill_prints_are_there() -> None:
    for title in ("Resuming", "The switch itself fails"):
        assert len(drill.runbook(title).splitlines()) > 3, f"docs/runbook.md under {ROOT} has no section {title!r} any more"
