"""A game day: makes evolution look unsafe where it is deployed, measures the halt, and resumes: `python -m operations.drill`.

It uses only the ways that the system itself uses: it publishes a score as the safety monitor does, and resumes as a person does. It can't
set an alarm, the mode, a bound or a count; if anything goes wrong, evolution stays halted, and a person goes on from there.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from components.naming import METRIC_NAMESPACE
from operations import OperationError, Parser, chain, halt
from operations.account import ROOT, Account, AwsError, connect

CALLS = frozenset(
    {
        "sts:GetCallerIdentity",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricData",
        "ssm:GetParameter",
        "ecs:DescribeServices",
        "application-autoscaling:DescribeScalableTargets",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "lambda:GetPolicy",
        "lambda:GetFunctionConcurrency",
        "lambda:Invoke",
        "scheduler:GetSchedule",
        "logs:FilterLogEvents",
    }
)
"""All that it may call. Two of them change something: the score, and what the functions trigger and resume do."""

REAL_STACKS = ("dev", "staging")
"""The stacks that a drill may halt in a real account."""

BAD_SCORE, GOOD_SCORE = 0.0, 1.0
"""The worst and the best that the monitor can say: the share of safe individuals."""

TOTAL_SECONDS = 420
"""The halt takes up to four minutes, the way back to OK two to three."""

HALT_SECONDS = 240
"""Two periods of the alarm's metric, as much again for CloudWatch to evaluate the second, and a minute of the switch's schedule."""

MESSAGE_SECONDS = 30
"""From the halt until the switch's log must tell of the alarm's message: SNS delivers in a second, CloudWatch Logs shows it in ten."""

SCHEDULE_SECONDS = 120
"""An alarm that fires for so long must have woken the switch by its schedule: it is due every minute, and the log is late."""

REPEAT_SECONDS = 20
"""A minute of the metric holds three of them, so that one good score of the monitor's doesn't hide them in the average."""

POLL_SECONDS = 0.25
"""What the halt is measured to."""


class DrillFailedError(OperationError):
    """The drill has begun and failed. What is halted stays halted."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Seconds since some moment, and waiting."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a drill has seen.

    Attributes:
        halt_seconds: from the bad score to mode `halted` and desired count 0.
        woken_by: what woke the switch while the alarm fired.
        ok_seconds: from the bad score to the alarm's OK.
        left: what couldn't be put back, each a sentence.
    """

    halt_seconds: float
    woken_by: frozenset[str]
    ok_seconds: float
    left: tuple[str, ...]


@dataclass(kw_only=True)
class Drill:
    """One game day.

    Attributes:
        say: gets a line for each thing seen.
        begun: whether the bad score was put: from then on something may be halted.
    """

    account: Account
    stack: str
    say: Callable[[str], object] = print
    clock: Clock = field(default_factory=Clock)
    begun: bool = False

    def __post_init__(self) -> None:
        self.names = self.account.names(self.stack)
        self._start = self._put_at = 0.0
        self._score = BAD_SCORE

    def run(self) -> Report:
        """The whole of it.

        Raises:
            OperationError: the stack isn't in a state to be drilled, or something in its chain is broken; nothing was changed.
            DrillFailedError: something didn't do what it must.
        """
        before = self._ready()
        self._say_start(before)
        log = chain.SwitchLog(self.account, self.names, time.time())
        self.begun = True
        try:
            return self._act(before, log)
        except AwsError as error:
            raise DrillFailedError(f"AWS refused a call, or didn't answer: {error}") from None

    def _ready(self) -> halt.Halt:
        alarm = halt.alarm(self.account, self.names)["StateValue"]
        if alarm != halt.OK:
            raise OperationError(
                f"the alarm {self.names.unsafe_alarm} is in {alarm} already, so nothing can be tried: see docs/runbook.md, Looking."
            )
        now = halt.look(self.account, self.names)
        if now.mode != halt.RUNNING or now.bounds.suspended or now.desired == 0:
            raise OperationError(f"{self.stack} doesn't run ({now}): resume it first, docs/runbook.md, Resuming.")
        if causes := chain.broken(self.account, self.names):
            raise OperationError(f"the halt can't work, and nothing was tried: {'; '.join(causes)}. `pulumi up --refresh` makes it again.")
        return now

    def _say_start(self, before: halt.Halt) -> None:
        where = "the emulator" if self.account.emulated else f"account {self.account.number}"
        self.say(f"{self.stack} in {where}, {self.account.region}: {before}")
        if self.account.emulated:
            self.say("No safety monitor runs in the emulator: the good score, too, is put by this drill, as the monitor would.")

    def _act(self, before: halt.Halt, log: chain.SwitchLog) -> Report:
        self._start = self.clock.now()
        self._publish(BAD_SCORE)
        self._say(f"the score is {BAD_SCORE:g}, put as the safety monitor would")
        halted = self._until_halted(log)
        self._say("halted: the mode, the bounds and the count of engines")
        self._until_the_message(log)
        self._try_the_trigger()
        self._score = GOOD_SCORE  # no more bad ones; the monitor's own score what is stored
        ok = self._until_ok()
        self._say(f"the alarm is {halt.OK} again")
        woken = log.read().by
        if "schedule" not in woken and ok - halted >= SCHEDULE_SECONDS:
            raise DrillFailedError(f"{self._why(log, 'the schedule did not wake the switch')}, in {ok - halted:.0f} s of alarm")
        self._say(f"woken by: {', '.join(sorted(woken))}" + ("" if "schedule" in woken else "; the schedule is on, and wasn't due"))
        if causes := chain.broken(self.account, self.names):
            raise DrillFailedError(f"nothing is resumed, for the next halt can't work: {'; '.join(causes)}")
        self._resume(ok)
        left = self._as_before(before)
        for one in left:
            self.say(f"not put back: {one}")
        self._say("everything else runs as before")
        return Report(halt_seconds=halted, woken_by=woken, ok_seconds=ok, left=left)

    def _until_halted(self, log: chain.SwitchLog) -> float:
        if not self._wait(lambda: halt.look(self.account, self.names).whole, HALT_SECONDS):
            state = halt.alarm(self.account, self.names)["StateValue"]
            why = self._why(log, "the switch was not woken" if state == halt.ALARM else "CloudWatch doesn't see the score as unsafe")
            now = halt.look(self.account, self.names)
            raise DrillFailedError(f"no halt in {HALT_SECONDS} s, and the alarm is in {state}: {why}. Now: {now}")
        return self._seconds()

    def _until_the_message(self, log: chain.SwitchLog) -> None:
        """The schedule alone would halt, too, but up to a minute later: then the way of the alarm's message is broken."""
        if not self._wait(lambda: "alarm" in log.read().by, MESSAGE_SECONDS, every=1):
            by = ", ".join(sorted(log.read().by)) or "nothing that its log tells of"
            why = self._why(log, "no link of the chain looks broken, so look at the topic's failed deliveries and the key's policy")
            raise DrillFailedError(f"the alarm's message did not wake the switch, it was woken by {by}: {why}")

    def _try_the_trigger(self) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        answer = self.account.invoke(self.names.trigger_function, {"scheduled_time": now})
        if answer.get("outcome") != "refused" or answer.get("kind") != halt.HALTED:
            raise DrillFailedError(f"during the halt the trigger must refuse, and it answered: {answer}")
        self._say("the trigger was tried, and refused: nothing starts during the halt")

    def _until_ok(self) -> float:
        if not self._wait(lambda: halt.alarm(self.account, self.names)["StateValue"] == halt.OK, self._rest()):
            whose = "this drill's" if self.account.emulated else "the monitor's"
            raise DrillFailedError(f"{TOTAL_SECONDS} s are over, and after {whose} good score the alarm still fires")
        return self._seconds()

    def _resume(self, ok: float) -> None:
        answer = self.account.invoke(self.names.resume_function, {"reason": f"a drill, OK after {ok:.0f} s"})
        if answer.get("outcome") != "resumed":
            raise DrillFailedError(f"resume must answer `resumed`, and it answered: {answer}")
        self._say(f"resume answered: {answer.get('message')}")

    def _as_before(self, before: halt.Halt) -> tuple[str, ...]:
        """What isn't, of what nobody can put back.

        Raises:
            DrillFailedError: something isn't that must be.
        """
        self._wait(lambda: halt.look(self.account, self.names).running >= before.bounds.minimum, self._rest(), every=1)
        now = halt.look(self.account, self.names)
        state = halt.alarm(self.account, self.names)["StateValue"]
        if (now.mode, now.bounds, state) != (before.mode, before.bounds, halt.OK) or now.running < before.bounds.minimum:
            raise DrillFailedError(f"resumed, but it isn't as before. Before: {before}. Now: {now}, and the alarm is in {state}")
        if now.desired == before.desired:
            return ()
        return (f"the autoscaler's count was {before.desired} and is {now.desired}: it moves with the load again",)

    def _why(self, log: chain.SwitchLog, otherwise: str) -> str:
        """The cause of a failure, as far as it can be seen."""
        try:
            causes = chain.broken(self.account, self.names)
        except OperationError as error:
            causes = [str(error)]
        if faults := log.read().faults:
            causes.append(f"the switch fails: {faults[-1]}")
        return "; ".join(causes) or otherwise

    def _wait(self, true: Callable[[], bool], seconds: float, *, every: float = POLL_SECONDS) -> bool:
        """Wait until something is true, at most so long, and keep the score up meanwhile."""
        end = self.clock.now() + min(seconds, self._rest())
        while not true():
            if self.clock.now() >= end:
                return False
            self.clock.sleep(every)
            if self.clock.now() - self._put_at >= REPEAT_SECONDS and (self._score == BAD_SCORE or self.account.emulated):
                self._publish(self._score)
        return True

    def _publish(self, score: float) -> None:
        """As the monitor does (engine/monitor.py)."""
        datum = {
            "MetricName": "SafetyScore",
            "Unit": "None",
            "Value": score,
            "Dimensions": [{"Name": "Environment", "Value": self.stack}],
        }
        self.account.call("cloudwatch:PutMetricData", Namespace=METRIC_NAMESPACE, MetricData=[datum])
        self._put_at = self.clock.now()

    def _seconds(self) -> float:
        return self.clock.now() - self._start

    def _rest(self) -> float:
        return max(0.0, TOTAL_SECONDS - self._seconds())

    def _say(self, line: str) -> None:
        self.say(f"{self._seconds():6.1f} s  {line}")


def advice(drill: Drill) -> str:
    """What a person does after a drill that began and didn't end: the state, and the runbook's part."""
    state = "unknown"
    halted = True
    with contextlib.suppress(OperationError):
        now = halt.look(drill.account, drill.names)
        state, halted = str(now), now.mode == halt.HALTED or now.desired == 0
    local = (
        f" AWS_ENDPOINT_URL={drill.account.endpoint} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local" if drill.account.emulated else ""
    )
    lines = [
        f"{drill.stack} is left as it is, {'halted' if halted else 'NOT halted'}: {state}.",
        "Its bad score may still halt it for some minutes. To go on from here:",
        "",
        f"export STACK={drill.stack} AWS_DEFAULT_REGION={drill.account.region}{local}",
    ]
    if drill.account.emulated:
        metric = f"--namespace {METRIC_NAMESPACE} --metric-name SafetyScore --dimensions Environment={drill.stack}"
        lines += [
            "# In the emulator nobody scores: put a good score as the monitor would, two minutes after the last bad one.",
            f"aws cloudwatch put-metric-data {metric} --value {GOOD_SCORE:g}",
        ]
    return "\n".join([*lines, "", runbook("Resuming" if halted else "The switch itself fails")])


def runbook(title: str) -> str:
    """A section of the runbook."""
    text = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    return f"## {title}\n" + text.partition(f"\n## {title}\n")[2].partition("\n## ")[0].rstrip()


def allowed(stack: str, number: str) -> None:
    """Refuse a stack that no drill may halt.

    Raises:
        OperationError: it is a real one, and neither dev nor staging.
    """
    if number and stack not in REAL_STACKS:
        raise OperationError(
            f"a drill halts what it is run against, and {stack} isn't for that: STACK={' or STACK='.join(REAL_STACKS)} in a real account, "
            f"or the emulator (`make up STACK={stack}`, and no ACCOUNT)."
        )


def main(arguments: list[str]) -> int:
    """Run a drill: 0 if the halt and everything after it was as it must be, 1 if not, 130 when interrupted."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.default_int_handler)
    parser = Parser(prog="python -m operations.drill", description=__doc__)
    parser.add_argument("--stack", default="dev", help="which stack (default: dev)")
    parser.add_argument("--account", default="", help="the real account's twelve digits; without it, the stack's emulator")
    drill, status = None, 1
    try:
        options = parser.parse_args(arguments)
        allowed(options.stack, options.account)
        account = connect(options.stack, options.account, calls=CALLS)
        drill = Drill(account=account, stack=options.stack, say=lambda line: print(line, flush=True), clock=Clock())
        report = drill.run()
        print(f"passed: halted {report.halt_seconds:.1f} s after the bad score, woken by {', '.join(sorted(report.woken_by))}")
        status = 0
    except OperationError as error:
        print(f"{'failed' if drill and drill.begun else 'error'}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted" if drill and drill.begun else "interrupted: nothing was changed", file=sys.stderr)
        status = 130
    finally:  # after a bug of the drill's, too
        if status and drill and drill.begun:
            print(advice(drill), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
