"""The checks against the emulator, as far as it has the services: with the state that `make up` recorded, and without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from operations import administrator
from operations.account import connect
from operations.planned import Planned, State, in_emulator, resources_of
from operations.preflight import CALLS, run
from operations.taken import NAMED
from tests.components.tables import env_of
from tests.plans import Plan

STACK = "dev"


def test_what_is_there_is_this_stacks_or_taken(drilled: Path, plan: Callable[..., Plan]) -> None:
    account = connect(STACK, "", calls=CALLS, place=drilled)
    states: tuple[State, State] = (in_emulator(drilled, STACK), {})
    made, new = (Planned(stack=STACK, env=env_of(STACK), resources=resources_of(plan(STACK), account.number, one)) for one in states)
    assert administrator.withheld(account, made) == [], "what is as planned isn't changed"
    found = {(one.check, one.kind): one.text for one in run(account, made)}
    assert {("zones", "pass"), ("log policies", "pass"), ("Lambda executions", "pass")} <= found.keys()
    assert found["names", "pass"].startswith("0 are free")
    assert {kind for check, kind in found if check == "names"} == {"pass"}
    # The emulator lacks agents' runtimes and gateways; what else has a name is taken.
    taken = [one for one in run(account, new) if (one.check, one.kind) == ("names", "fail")]
    planned = [one for kind in NAMED if "agentcore" not in kind for one in made.of(kind)]
    assert len(taken) == len(planned)
