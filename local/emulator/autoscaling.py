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
_NAMES = {"ServiceNamespace": "service namespace", "ResourceId": "resource ID", "ScalableDimension": "scalable dimension"}


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
        self._policies: list[JsonObject] = []
        self._actions: list[JsonObject] = []

    def load(self) -> None:
        """Load the saved data."""
        saved = kept.load(self._file, {"targets": [], "policies": []})
        self._targets, self._policies, self._actions = saved["targets"], saved["policies"], saved.get("actions", [])

    def save(self) -> None:
        """Save all data for the next start."""
        kept.save(self._file, {"targets": self._targets, "policies": self._policies, "actions": self._actions})

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
            "DescribeScalingPolicies": self._describe_policies,
            "DeleteScalingPolicy": self._delete_policy,
            "PutScheduledAction": self._put_action,
            "DescribeScheduledActions": self._describe_actions,
            "DeleteScheduledAction": self._delete_action,
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
        hidden = {"region", "Tags"}
        found = self._found(self._targets, region, request, "ResourceIds", "ResourceId")
        return {"ScalableTargets": [{name: value for name, value in one.items() if name not in hidden} for one in found]}

    async def _deregister(self, region: str, request: JsonObject) -> JsonObject:
        target = self._existing(region, request, "found")
        self._targets.remove(target)
        self._policies = [policy for policy in self._policies if not _same(policy, region, request)]
        self._actions = [action for action in self._actions if not _same(action, region, request)]
        return {}

    async def _put_policy(self, region: str, request: JsonObject) -> JsonObject:
        self._existing(region, request, "registered")
        policy = next((one for one in self._policies if _same(one, region, request) and one["PolicyName"] == request["PolicyName"]), None)
        if policy is None:
            name, resource = request["PolicyName"], f"{request['ServiceNamespace']}/{request['ResourceId']}"
            arn = f"arn:aws:autoscaling:{region}:{ACCOUNT}:scalingPolicy:{uuid.uuid4()}:resource/{resource}:policyName/{name}"
            policy = {"region": region, "PolicyARN": arn, "CreationTime": time.time(), "PolicyType": "StepScaling"}
            self._policies.append(policy)
        policy |= request
        return {"PolicyARN": policy["PolicyARN"], "Alarms": []}

    async def _describe_policies(self, region: str, request: JsonObject) -> JsonObject:
        wanted = {**request, "ResourceIds": [request["ResourceId"]]} if "ResourceId" in request else request
        found = self._found(self._policies, region, wanted, "PolicyNames", "PolicyName")
        return {"ScalingPolicies": [{name: value for name, value in one.items() if name != "region"} for one in found]}

    async def _delete_policy(self, region: str, request: JsonObject) -> JsonObject:
        left = [one for one in self._policies if not (_same(one, region, request) and one["PolicyName"] == request["PolicyName"])]
        if len(left) == len(self._policies):
            what = f"scaling policy found for {_described(request)}, policy name: {request['PolicyName']}"
            raise ApiError("ObjectNotFoundException", f"No {what}")
        self._policies = left
        return {}

    async def _put_action(self, region: str, request: JsonObject) -> JsonObject:
        self._existing(region, request, "registered")
        name = request["ScheduledActionName"]
        action = next((one for one in self._actions if _same(one, region, request) and one["ScheduledActionName"] == name), None)
        schedule = request.get("Schedule", (action or {}).get("Schedule"))
        if not schedule or not RATE.fullmatch(schedule):
            raise ApiError("ValidationException", f"Schedule {schedule} is none that is served here; write rate(<number> minutes)")
        if action is None:
            resource = f"{request['ServiceNamespace']}/{request['ResourceId']}"
            arn = f"arn:aws:autoscaling:{region}:{ACCOUNT}:scheduledAction:{uuid.uuid4()}:resource/{resource}:scheduledActionName/{name}"
            action = {"region": region, "ScheduledActionARN": arn, "CreationTime": time.time(), "Timezone": "UTC"}
            self._actions.append(action)
        # AWS doesn't document when a rate's first run is: here it is at once.
        action |= {**request, "due": 0.0}
        return {}

    async def _describe_actions(self, region: str, request: JsonObject) -> JsonObject:
        hidden = {"region", "due"}
        wanted = {**request, "ResourceIds": [request["ResourceId"]]} if "ResourceId" in request else request
        found = self._found(self._actions, region, wanted, "ScheduledActionNames", "ScheduledActionName")
        return {"ScheduledActions": [{name: value for name, value in one.items() if name not in hidden} for one in found]}

    async def _delete_action(self, region: str, request: JsonObject) -> JsonObject:
        name = request["ScheduledActionName"]
        left = [one for one in self._actions if not (_same(one, region, request) and one["ScheduledActionName"] == name)]
        if len(left) == len(self._actions):
            raise ApiError("ObjectNotFoundException", f"No scheduled action found for {_described(request)}, name: {name}")
        self._actions = left
        return {}

    async def act(self, now: float) -> None:
        """Run the scheduled actions that are due at a time in seconds, but for those whose target is suspended."""
        for action in self._actions:
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
            raise ApiError("ObjectNotFoundException", f"No scalable target {how} for {_described(request)}")
        return target

    def _by_arn(self, request: JsonObject) -> JsonObject:
        arn = request["ResourceARN"]
        target = next((one for one in self._targets if one["ScalableTargetARN"] == arn), None)
        if target is None:
            raise ApiError("ResourceNotFoundException", f"The resource {arn} does not exist")
        return target

    def _found(self, where: list[JsonObject], region: str, request: JsonObject, many: str, one: str) -> list[JsonObject]:
        """The items that pass the filters of a list request."""
        wanted = {name: [request[name]] for name in _KEY if name in request} | ({one: request[many]} if request.get(many) else {})
        return [item for item in where if item["region"] == region and all(item[name] in values for name, values in wanted.items())]


def _same(item: JsonObject, region: str, request: JsonObject) -> bool:
    return item["region"] == region and all(item[name] == request[name] for name in _KEY)


def _described(request: JsonObject) -> str:
    return ", ".join(f"{_NAMES[name]}: {request[name]}" for name in _KEY)
