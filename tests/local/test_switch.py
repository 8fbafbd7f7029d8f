"""The safety switch, from end to end: one stack's life in the emulator, told once; each test looks at one chapter.

What the emulator does not evaluate (an alarm's dimensions, missing data) is held by the shape of the alarms and by the policy pack.
"""

from __future__ import annotations

import fcntl
import json
import pickle
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from components.naming import METRIC_NAMESPACE
from local import emulator, lifecycle
from local.previews import ROOT
from tests.components.tables import table_of
from tests.local.conftest import Run
from tests.local.system import CLUSTER, ENGINE, MODE, SERVICE, STACK, UNSAFE, Halt, Invoked, System, until

SCHEDULE_SECONDS = 180
"""The switch's schedule is due every minute; a busy machine comes later."""

HALTED = Halt(mode="halted", bounds=(0, ENGINE.maximum, True), desired=0)

OTHER_IMAGE = "sha256:" + "ab" * 32

EDITED = """import pulumi


def edited(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    if args.name not in ("evolution-mode", "evolution-trigger"):
        return None
    return pulumi.ResourceTransformationResult({**args.props, "description": "Edited during a halt."}, args.opts)


pulumi.runtime.register_stack_transformation(edited)
"""
"""What the edited program begins with. A provider's update of the mode parameter would send its value, too; the function shows that the
edit is made."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was seen, in this order.

    Attributes:
        first: before there was an image; `first_alarms` in ALARM then, `first_woken` the switch.
        begun: after none → image; `alarms` before and after that, and `composite`, the rule of the one over them; `said` what `up` said.
        swapped: after image → image, with the count that the autoscaler had chosen in between.
        halt_seconds: from a bad score to the whole halt.
        refused: the trigger, during the halt.
        repeats: the switch, again and again; `versions` the mode parameter's before and after.
        unsafe: resume, while the alarm fires.
        forced_seconds: from resumption by hand to the next halt by the schedule.
        quiet: after the alarm was OK again.
        redeployed: after `up` with edited descriptions and edited bounds, which said `said_in_halt`; `refreshed` after refresh and `up`.
        resumed: resume, and what it left.
    """

    first: Halt
    first_alarms: list[str]
    first_woken: Invoked
    alarms: tuple[Mapping[str, str], Mapping[str, str]]
    composite: str
    said: str
    begun: Halt
    swapped: Halt
    halt_seconds: float
    halted: Halt
    refused: Invoked
    repeats: list[Invoked]
    versions: tuple[int, int]
    unsafe: Invoked
    after_unsafe: Halt
    forced_seconds: float
    forced: Halt
    quiet: Halt
    said_in_halt: str
    redeployed: Halt
    refreshed: Halt
    resumed: Invoked
    after_resumed: Halt


@pytest.fixture(scope="module")
def story(act: Run, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Story:
    """The story, told once for all the processes that run tests."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    file = shared / "story.pickle"
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            place = shared / "story"
            place.mkdir()
            try:
                file.write_bytes(pickle.dumps(tell(act, place)))
            finally:
                emulator.stop(place, STACK)
    return pickle.loads(file.read_bytes())


def tell(act: Run, place: Path) -> Story:
    system = System(place)
    edited = edited_checkout(place)

    def up(image: str | None, **options: Any) -> str:
        done = act(partial(lifecycle.up, pack=False), place, image=image, **options)
        assert done.succeeded, done.text
        return done.text

    def desire(count: int) -> None:
        system("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=count)

    up("none")
    first, first_alarms, first_woken = system.halt(), firing(system), system.invoke("evolution-safety-switch", scheduled(system))
    idle = silences(system)
    said = up(None)
    alarms = (idle, silences(system))
    composite = system("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]["AlarmRule"]
    begun = system.halt()
    desire(ENGINE.maximum)
    up(OTHER_IMAGE)
    swapped = system.halt()

    started = time.monotonic()
    score(system, 0.5)
    until(lambda: system.halt() == HALTED)
    halt_seconds = time.monotonic() - started
    halted = system.halt()
    refused = system.invoke("evolution-trigger", {"scheduled_time": "2026-11-24T06:00:00Z"})
    before = version(system)
    repeats = [system.invoke("evolution-safety-switch", scheduled(system)) for _ in range(3)]
    score(system, 0.4)
    versions = (before, version(system))

    unsafe = system.invoke("evolution-resume", {"reason": "a test"})
    after_unsafe = system.halt()
    system.run_freely()
    assert system.halt() != HALTED
    forced_seconds = until(lambda: system.halt() == HALTED, SCHEDULE_SECONDS)
    forced = system.halt()

    calm(system)
    time.sleep(1)  # the OK reaches the switch through the topic
    quiet = system.halt()
    bounds = {"engine": {**table_of(STACK)["engine"], "minimum": 2, "maximum": 8}}
    said_in_halt = up(OTHER_IMAGE, repo=edited, edits=bounds)
    redeployed = system.halt()
    assert act(lifecycle.refresh, place, repo=edited, edits=bounds, image=OTHER_IMAGE).succeeded
    up(OTHER_IMAGE, repo=edited, edits={"engine": {**table_of(STACK)["engine"], "minimum": 1, "maximum": 7}})
    refreshed = system.halt()
    resumed = system.invoke("evolution-resume", {"reason": "a test"})
    return Story(
        first=first,
        first_alarms=first_alarms,
        first_woken=first_woken,
        alarms=alarms,
        composite=composite,
        said=said,
        begun=begun,
        swapped=swapped,
        halt_seconds=halt_seconds,
        halted=halted,
        refused=refused,
        repeats=repeats,
        versions=versions,
        unsafe=unsafe,
        after_unsafe=after_unsafe,
        forced_seconds=forced_seconds,
        forced=forced,
        quiet=quiet,
        said_in_halt=said_in_halt,
        redeployed=redeployed,
        refreshed=refreshed,
        resumed=resumed,
        after_resumed=system.halt(),
    )


def edited_checkout(place: Path) -> Path:
    """A checkout whose program says something else about what a halt must survive. Its layers are this checkout's."""
    copy = place / "checkout"
    kept = shutil.ignore_patterns("__pycache__", ".venv", ".local", ".git", "tests", "docs", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=kept)
    main = copy / "__main__.py"
    main.write_text(EDITED + main.read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def scheduled(system: System) -> Any:
    """What the schedule sends to the switch."""
    name = f"evolution-safety-switch-{STACK}"
    return json.loads(system("scheduler").get_schedule(Name=name, GroupName=f"evolution-{STACK}")["Target"]["Input"])


def score(system: System, value: float) -> None:
    """What the safety monitor publishes."""
    data = {"MetricName": "SafetyScore", "Dimensions": [{"Name": "Environment", "Value": STACK}], "Value": value}
    system("cloudwatch").put_metric_data(Namespace=METRIC_NAMESPACE, MetricData=[data])


def version(system: System) -> int:
    return system("ssm").get_parameter(Name=MODE)["Parameter"]["Version"]


def firing(system: System) -> list[str]:
    alarms = system("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM")
    return [one["AlarmName"] for one in (*alarms["MetricAlarms"], *alarms["CompositeAlarms"])]


def silences(system: System) -> dict[str, str]:
    """What the metric alarms take missing data for, by their names."""
    return {one["AlarmName"]: one["TreatMissingData"] for one in system("cloudwatch").describe_alarms()["MetricAlarms"]}


def calm(system: System) -> None:
    """Every alarm is OK again."""
    for name in firing(system):
        if name != UNSAFE:
            system("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")
    until(lambda: system.alarm() == "OK")


def steps(invoked: Invoked) -> list[str]:
    return [invoked.answer[key] for key in ("outcome", "mode", "bounds", "desired")]


def test_a_first_up_without_an_image_neither_pages_nor_halts(story: Story) -> None:
    assert story.first == Halt(mode="running", bounds=None, desired=None)
    assert story.first_alarms == []
    assert story.first_woken.answer["outcome"] == "safe"


def test_with_the_first_image_the_alarms_that_fail_closed_are_made_anew_before_the_old_ones_go(story: Story) -> None:
    """An alarm warms up only when it is made, and CloudWatch refuses to delete one that a composite depends on."""
    before, after = story.alarms
    assert {f"evolution-safety-score-idle-{STACK}", f"evolution-safety-score-worst-idle-{STACK}"} <= before.keys()
    assert after[f"evolution-safety-score-{STACK}"] == "breaching"
    assert not [name for name in after if "-idle-" in name]
    assert "-idle-" not in story.composite
    steps = [
        "MetricAlarm monitoring-safety-score created replacement",
        "CompositeAlarm monitoring-unsafe updated",
        "MetricAlarm monitoring-safety-score deleted original",
    ]
    places = [story.said.index(step) for step in steps]
    assert places == sorted(places), "the composite must lead to the new alarm before the old one goes"


def test_the_first_image_gives_the_tables_count(story: Story) -> None:
    engine = table_of(STACK)["engine"]
    assert story.begun == Halt(mode="running", bounds=(engine["minimum"], engine["maximum"], False), desired=engine["desired"])


def test_another_image_leaves_the_count_that_the_autoscaler_chose(story: Story) -> None:
    assert story.swapped.desired == ENGINE.maximum != ENGINE.desired


def test_a_bad_score_halts_everything(story: Story, record_property: Callable[[str, object], None]) -> None:
    record_property("seconds from the score to the halt", round(story.halt_seconds, 2))
    print(f"from the score to the whole halt: {story.halt_seconds:.2f} s")
    assert story.halted == HALTED


def test_during_a_halt_the_trigger_starts_nothing(story: Story) -> None:
    assert (story.refused.answer["outcome"], story.refused.answer["kind"]) == ("refused", "halted")


def test_repetitions_change_nothing(story: Story) -> None:
    assert [steps(one) for one in story.repeats] == [["halted", "already", "already", "already"]] * 3
    assert story.versions[0] == story.versions[1]


def test_resuming_while_unsafe_is_refused(story: Story) -> None:
    assert (story.unsafe.answer["outcome"], story.unsafe.answer["kind"]) == ("refused", "unsafe")
    assert story.after_unsafe == HALTED


def test_what_is_resumed_by_hand_while_unsafe_is_halted_again_by_the_schedule(story: Story) -> None:
    print(f"from the resumption by hand to the next halt: {story.forced_seconds:.0f} s")
    assert story.forced == HALTED


def test_an_ok_resumes_nothing(story: Story) -> None:
    assert story.quiet == HALTED


def test_no_deployment_ends_a_halt(story: Story) -> None:
    """The description of the mode parameter and the target's bounds are edited, with refresh and without."""
    assert "Function evolution-trigger updated" in story.said_in_halt
    assert "evolution-mode" not in story.said_in_halt
    for seen in (story.redeployed, story.refreshed):
        assert (seen.mode, seen.desired) == ("halted", 0)
        assert seen.bounds
        assert (seen.bounds[0], seen.bounds[2]) == (0, True)


def test_a_person_resumes_with_the_tables_bounds(story: Story) -> None:
    assert story.resumed.answer["outcome"] == "resumed"
    assert story.after_resumed == Halt(mode="running", bounds=(1, 7, False), desired=1)
