"""Application Auto Scaling, which ministack lacks: targets, policies, scheduled actions and tags. Capacity stays within a target's bounds.

Each registration of a target adjusts the service's desired count into [min, max], also if the call doesn't name them or scaling is
suspended. Source: API reference, RegisterScalableTarget. Policies scale nothing here: nothing runs that could be measured. A scheduled
action registers its bounds at its times, unless they are suspended. Source: user guide, "Suspend and resume scaling". It runs in the
emulator's virtual environment, so it may import nothing but the standard library."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING or __package__:
    from local.emulator import kept
else:  # the emulator's process has only this folder on its path
    import kept

TARGET_PREFIX: Final = "AnyScaleFrontendService."
"""The prefix of the service's X-Amz-Target header. Source: botocore's model."""

ACCOUNT: Final = "000000000000"

JsonObject = dict[str, Any]
CallEcs = Callable[[str, str, JsonObject], Awaitable[JsonObject]]
"""Sends a request to ECS: region, operation, parameters."""

POLL_SECONDS: Final = 1.0
"""How often due scheduled actions are looked for."""

RATE: Final = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86400}

_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


KINDS: Final = {"Policy": "ScalingPolicies", "ScheduledAction": "ScheduledActions"}
"""What a target may have several of, by the start of their members' names (PolicyName, PolicyARN), each with the member that lists them."""

INTERNAL: Final = {"region", "Tags", "due"}
"""What is kept of an item and isn't in an answer."""


class ApiError(Exception):
    """An error response of AWS: its code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Autoscaling:
    """The targets, policies and scheduled actions of all regions, saved in a file while the emulator isn't running."""

    def __init__(self, ask: CallEcs, file: Path) -> None:
        self._ask = ask
        self._file = file
        self._targets: list[JsonObject] = []
        self._items: dict[str, list[JsonObject]] = {}

    def load(self) -> None:
        """Load the saved data."""
        saved = kept.load(self._file, {})
        self._targets = saved.get("targets", [])
        self._items = {"Policy": saved.get("policies", []), "ScheduledAction": saved.get("actions", [])}

    def save(self) -> None:
        """Save all data for the next start."""
        kept.save(self._file, {"targets": self._targets, "policies": self._items["Policy"], "actions": self._items["ScheduledAction"]})

    async def answer(self, region: str, operation: str, request: JsonObject) -> JsonObject:
        """Answer one request.

        Raises:
            ApiError: AWS would refuse it, or the operation isn't implemented.
        """
        operations: Mapping[str, Callable[[str, JsonObject], Awaitable[JsonObject]]] = {
            "RegisterScalableTarget": self._register,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": partial(self._describe, "Policy"),
            "DeleteScalingPolicy": partial(self._delete, "Policy"),
            "PutScheduledAction": self._put_action,
            "DescribeScheduledActions": partial(self._describe, "ScheduledAction"),
            "DeleteScheduledAction": partial(self._delete, "ScheduledAction"),
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._tags,
        }
        if operation not in operations:
            raise ApiError("UnknownOperationException", f"{operation} is not served; add it to local/emulator/autoscaling.py")
        return await operations[operation](region, request)

    async def _register(self, region: str, request: JsonObject) -> JsonObject:
        desired = await self._desired(region, request["ResourceId"])
        there = self._target(region, request)
        target: JsonObject = there or {
            "region": region,
            **{name: request[name] for name in _KEY},
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            "ScalableTargetARN": f"arn:aws:application-autoscaling:{region}:{ACCOUNT}:scalable-target/{secrets.token_hex(17)}",
            "CreationTime": time.time(),
            "SuspendedState": dict.fromkeys(
                ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
            ),
            "Tags": request.get("Tags", {}),
        }
        least, most = (request.get(name, target.get(name)) for name in ("MinCapacity", "MaxCapacity"))
        if least is None or most is None:
            raise ApiError("ValidationException", "MinCapacity and MaxCapacity must be specified when a scalable target is registered")
        if not 0 <= least <= most:
            raise ApiError("ValidationException", f"Maximum capacity {most} cannot be less than minimum capacity {least}")
        target |= {"MinCapacity": least, "MaxCapacity": most}
        target["SuspendedState"] |= request.get("SuspendedState", {})
        if there is None:
            self._targets.append(target)
        within = min(max(desired, least), most)
        if within != desired:
            _, cluster, service = request["ResourceId"].split("/")
            await self._ask(region, "UpdateService", {"cluster": cluster, "service": service, "desiredCount": within})
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    async def _describe_targets(self, region: str, request: JsonObject) -> JsonObject:
        return {"ScalableTargets": _listed(self._targets, region, request, "ResourceId")}

    async def _deregister(self, region: str, request: JsonObject) -> JsonObject:
        self._targets.remove(self._existing(region, request, "found"))
        self._items = {kind: [item for item in items if not _same(item, region, request)] for kind, items in self._items.items()}
        return {}

    def _put(self, kind: str, in_arn: str, region: str, request: JsonObject, new: JsonObject) -> JsonObject:
        """The target's item of that name, created with what is new if there is none, and changed as requested."""
        self._existing(region, request, "registered")
        item = self._item(kind, region, request)
        if item is None:
            owner, name = f"{request['ServiceNamespace']}/{request['ResourceId']}", request[f"{kind}Name"]
            arn = f"arn:aws:autoscaling:{region}:{ACCOUNT}:{in_arn}:{uuid.uuid4()}:resource/{owner}:{kind[0].lower()}{kind[1:]}Name/{name}"
            item = {"region": region, f"{kind}ARN": arn, "CreationTime": time.time(), **new}
            self._items[kind].append(item)
        item |= request
        return item

    async def _put_policy(self, region: str, request: JsonObject) -> JsonObject:
        policy = self._put("Policy", "scalingPolicy", region, request, {"PolicyType": "StepScaling"})
        return {"PolicyARN": policy["PolicyARN"], "Alarms": []}

    async def _put_action(self, region: str, request: JsonObject) -> JsonObject:
        schedule = request.get("Schedule", (self._item("ScheduledAction", region, request) or {}).get("Schedule"))
        if not schedule or not RATE.fullmatch(schedule):
            raise ApiError("ValidationException", f"Schedule {schedule} is none that is served here; write rate(<number> minutes)")
        # AWS doesn't document when a rate's first run is: here it is at once.
        self._put("ScheduledAction", "scheduledAction", region, {**request, "due": 0.0}, {"Timezone": "UTC"})
        return {}

    async def _describe(self, kind: str, region: str, request: JsonObject) -> JsonObject:
        return {KINDS[kind]: _listed(self._items[kind], region, request, f"{kind}Name")}

    async def _delete(self, kind: str, region: str, request: JsonObject) -> JsonObject:
        item = self._item(kind, region, request)
        if item is None:
            raise ApiError("ObjectNotFoundException", f"No {kind} {request[f'{kind}Name']} found for {request['ResourceId']}")
        self._items[kind].remove(item)
        return {}

    async def act(self, now: float) -> None:
        """Run the scheduled actions that are due at a time in seconds, but for those whose target is suspended."""
        for action in self._items["ScheduledAction"]:
            if action["due"] > now:
                continue
            number, unit = RATE.fullmatch(action["Schedule"]).groups()  # pyright: ignore[reportOptionalMemberAccess] (checked when it was put)
            action["due"] = now + int(number) * SECONDS[unit]
            target = self._target(action["region"], action)
            if target and not target["SuspendedState"]["ScheduledScalingSuspended"]:
                await self._register(action["region"], {**{name: action[name] for name in _KEY}, **action["ScalableTargetAction"]})

    async def _tag(self, _: str, request: JsonObject) -> JsonObject:
        self._by_arn(request)["Tags"].update(request["Tags"])
        return {}

    async def _untag(self, _: str, request: JsonObject) -> JsonObject:
        tags = self._by_arn(request)["Tags"]
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    async def _tags(self, _: str, request: JsonObject) -> JsonObject:
        return {"Tags": self._by_arn(request)["Tags"]}

    async def _desired(self, region: str, resource: str) -> int:
        """The desired count of a service, `service/<cluster>/<name>`."""
        kind, _, rest = resource.partition("/")
        cluster, _, name = rest.partition("/")
        if kind != "service" or not name:
            raise ApiError("ValidationException", f"Unsupported service namespace, resource type or scalable dimension: {resource}")
        answer = await self._ask(region, "DescribeServices", {"cluster": cluster, "services": [name]})
        active = [one for one in answer.get("services", ()) if one["status"] == "ACTIVE"]
        if not active:
            raise ApiError("ValidationException", f"ECS service doesn't exist: {resource}")
        return active[0]["desiredCount"]

    def _target(self, region: str, request: JsonObject) -> JsonObject | None:
        return next((target for target in self._targets if _same(target, region, request)), None)

    def _existing(self, region: str, request: JsonObject, how: str) -> JsonObject:
        target = self._target(region, request)
        if target is None:
            raise ApiError("ObjectNotFoundException", f"No scalable target {how} for {request['ResourceId']}")
        return target

    def _by_arn(self, request: JsonObject) -> JsonObject:
        arn = request["ResourceARN"]
        target = next((one for one in self._targets if one["ScalableTargetARN"] == arn), None)
        if target is None:
            raise ApiError("ResourceNotFoundException", f"The resource {arn} does not exist")
        return target

    def _item(self, kind: str, region: str, request: JsonObject) -> JsonObject | None:
        name = f"{kind}Name"
        return next((one for one in self._items[kind] if _same(one, region, request) and one[name] == request[name]), None)


def _listed(where: list[JsonObject], region: str, request: JsonObject, name: str) -> list[JsonObject]:
    """The items that pass the filters of a list request, such as `PolicyNames` for the name `PolicyName`, as its answer has them."""
    wanted = {key: [request[key]] for key in _KEY if key in request} | ({name: request[f"{name}s"]} if request.get(f"{name}s") else {})
    found = [item for item in where if item["region"] == region and all(item[key] in values for key, values in wanted.items())]
    return [{key: value for key, value in item.items() if key not in INTERNAL} for item in found]


def _same(item: JsonObject, region: str, request: JsonObject) -> bool:
    return item["region"] == region and all(item[name] == request[name] for name in _KEY)
