"""The permissions boundaries: each is the union of its roles' grants. One is for roles that may call models, one for all others.

A permission that is added to a role by hand or by a later edit has no effect. There are two boundaries because a managed policy is limited
to 6,144 characters, and so that only agents can ever call a model.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import cast

from components import iam, iam_agentcore, iam_functions
from components.iam import Statement, document
from components.naming import Names


def workload_grants(names: Names, model_id: str) -> list[Statement]:
    """The grants of the roles in the VPC, which its endpoints must allow."""
    return _distinct(
        iam.execution_grants(names),
        iam.engine_grants(names),
        iam.monitor_grants(names),
        iam_agentcore.runtime_grants(names),
        iam_agentcore.model_grants(names, model_id),
    )


def agent_grants(names: Names, model_id: str) -> list[Statement]:
    """The grants of the roles that may call models: the runtime, its gateway and the handler, with an image and without."""
    return _distinct(
        iam_agentcore.runtime_grants(names),
        iam_agentcore.gateway_grants(names),
        iam_functions.base_grants(names, names.handler_function),
        *(iam_agentcore.asking_grants(names, model_id, through_gateway=gateway) for gateway in (True, False)),
    )


def system_grants(names: Names) -> list[Statement]:
    """The grants of all other roles of the stack."""
    return _distinct(
        iam.flow_logs_grants(names),
        iam.execution_grants(names),
        iam.engine_grants(names),
        iam.monitor_grants(names),
        iam_agentcore.prompt_log_grants(names),
        *iam_functions.function_grants(names).values(),
        iam_functions.scheduler_grants(names),
    )


def _distinct(*grants: Iterable[Statement]) -> list[Statement]:
    union: dict[str, Statement] = {}
    for statement in itertools.chain(*grants):
        union.setdefault(json.dumps({**statement, "Sid": ""}, sort_keys=True), statement)
    return list(union.values())


def boundary(grants: Iterable[Statement]) -> str:
    """The permissions boundary of the roles with these grants, without duplicates."""
    merged = _merged(_merged(grants, "Resource", "Action"), "Action", "Resource")
    return document(*(_short(one) for one in merged if not any(_covers(other, one) for other in merged if other is not one)))


def _merged(statements: Iterable[Statement], same: str, joined: str) -> list[Statement]:
    """Merge statements that differ only in `joined`: allowing a on r and b on r is allowing a and b on r."""
    groups: dict[str, Statement] = {}
    for statement in statements:
        key = json.dumps([_sorted(statement[same]), statement.get("Condition")], sort_keys=True)
        group = groups.setdefault(key, {**statement, joined: []})
        group[joined] = _sorted([*_sorted(group[joined]), *_sorted(statement[joined])])
    return list(groups.values())


def _covers(wide: Statement, narrow: Statement) -> bool:
    """Whether `wide` grants all that `narrow` does. After merging, no two statements cover each other."""
    return wide.get("Condition") == narrow.get("Condition") and all(
        set(_sorted(wide[part])) >= set(_sorted(narrow[part])) for part in ("Action", "Resource")
    )


def _short(statement: Statement) -> Statement:
    """The statement without its Sid, and with a single action or resource as text."""
    return {
        key: value[0] if isinstance(value, list) and len(cast("list[str]", value)) == 1 else value
        for key, value in statement.items()
        if key != "Sid"
    }


def _sorted(value: object) -> list[str]:
    return sorted({value} if isinstance(value, str) else set(cast("list[str]", value)))
