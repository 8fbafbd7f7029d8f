"""Patches ministack's functions where they differ from AWS and this system needs AWS's behaviour."""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

HttpResponse = tuple[int, dict[str, str], bytes]
Query = dict[str, list[str]] | None
Messages = list[dict[str, Any]]


def patch_guardrails(bedrock: Any) -> None:
    """Mend four differences: an id has a hyphen, which AWS's pattern refuses; an ARN isn't accepted as an id; policies have the names of
    the request (`filtersConfig`) instead of the response (`filters`), so that botocore drops them and drift goes unseen; deleting one
    version deletes the guardrail."""
    bedrock._GUARDRAIL_RE = re.compile("^/guardrails/(.+)$")  # an ARN has a slash
    create, get, delete = bedrock._create_guardrail, bedrock._get_guardrail, bedrock._delete_guardrail

    def create_guardrail(body: bytes) -> HttpResponse:
        before = set(bedrock._guardrails.keys())
        answer: HttpResponse = create(body)
        for old in set(bedrock._guardrails.keys()) - before:
            guardrail = bedrock._guardrails.pop(old)
            new = old.replace("-", "")
            tags = bedrock._tags.pop(guardrail["GuardrailArn"], None)
            guardrail |= {"GuardrailId": new, "GuardrailArn": bedrock._guardrail_arn(new)}
            bedrock._guardrails[new] = guardrail
            if tags:
                bedrock._tags[guardrail["GuardrailArn"]] = tags
            return answer[0], answer[1], answer[2].replace(old.encode(), new.encode())
        return answer

    def get_guardrail(identifier: str, query: Query) -> HttpResponse:
        status, headers, body = get(identifier, query)
        return status, headers, json.dumps(_as_response(json.loads(body))).encode()

    def delete_guardrail(identifier: str, query: Query) -> HttpResponse:
        versions: list[str] = (query or {}).get("guardrailVersion") or []
        if not versions:
            return delete(identifier, query)
        guardrail = re.sub(".*/", "", identifier)
        bedrock._guardrail_versions.pop(f"{guardrail}/{versions[0]}", None)
        return 202, {"Content-Type": "application/json"}, b"{}"

    bedrock._create_guardrail, bedrock._get_guardrail, bedrock._delete_guardrail = create_guardrail, get_guardrail, delete_guardrail


def patch_converse(runtime: Any) -> None:
    """Send the parts of a message that are marked for the guardrail to the model and to the guardrail; ministack ignores them.

    Source: Bedrock user guide, "Include a guardrail with the Converse API".
    """
    everything, newest = runtime._messages_text, runtime._last_user_text

    def messages_text(messages: Messages) -> str:
        return everything([{**message, "content": [_marked(part) or part for part in message["content"]]} for message in messages])

    def last_user_text(messages: Messages) -> str:
        """Of a message with marked parts, only these."""
        judged = [{**message, "content": [*filter(None, map(_marked, message["content"]))] or message["content"]} for message in messages]
        return newest(judged)

    runtime._messages_text, runtime._last_user_text = messages_text, last_user_text


def patch_secrets(secretsmanager: Any) -> None:
    """Keep old versions: ministack deletes one as soon as there are two newer ones.

    Secrets Manager deletes versions without a label only beyond a hundred, and none of the last day. A champion names the version of the
    key with which it was signed. Source: API reference, PutSecretValue.
    """
    promote = secretsmanager._apply_current_promotion

    def apply_current_promotion(secret: dict[str, Any], version: str) -> None:
        before = dict(secret["Versions"])
        promote(secret, version)
        secret["Versions"] = {**before, **secret["Versions"]}

    secretsmanager._apply_current_promotion = apply_current_promotion


def patch_zones(ec2: Any, zones: Mapping[str, Mapping[str, str]]) -> None:
    """Show the zones of each region that the stand-in shows, by their ids; ministack has three in each, numbered by their letters."""
    numbered = ec2._az_id_for_zone_name

    def zone_id(name: str) -> str:
        return zones.get(name[:-1], {}).get(name[-1]) or numbered(name)

    def describe(_: object) -> HttpResponse:
        region: str = ec2.get_region()
        same = f"<regionName>{region}</regionName><zoneState>available</zoneState><zoneType>availability-zone</zoneType>"
        same += f"<optInStatus>opt-in-not-required</optInStatus><groupName>{region}-zg-1</groupName>"
        named = [(region + letter, zone_id(region + letter)) for letter in zones.get(region, "abc")]
        listed = "".join(f"<item><zoneName>{name}</zoneName><zoneId>{number}</zoneId>{same}</item>" for name, number in named)
        return ec2._xml(200, "DescribeAvailabilityZonesResponse", f"<availabilityZoneInfo>{listed}</availabilityZoneInfo>")

    ec2._az_id_for_zone_name = zone_id
    ec2._ACTION_MAP["DescribeAvailabilityZones"] = describe


def patch_deliveries(logs: Any) -> None:
    """Take X-Ray as a destination, which has no configuration; ministack refuses it.

    Source: CloudWatch Logs API reference, PutDeliveryDestination.
    """
    put = logs._put_delivery_destination

    def put_delivery_destination(data: dict[str, Any]) -> HttpResponse:
        if data.get("deliveryDestinationType") != "XRAY":
            return put(data)
        made = {"name": data["name"], "arn": logs._make_delivery_destination_arn(data["name"]), "deliveryDestinationType": "XRAY"}
        logs._delivery_destinations[data["name"]] = {**made, "tags": dict(data.get("tags", {}))}
        return logs._get_delivery_destination(data)

    logs._put_delivery_destination = put_delivery_destination


def _marked(part: dict[str, Any]) -> dict[str, Any] | None:
    return part.get("guardContent", {}).get("text")


def _as_response(value: Any) -> Any:
    """A policy under the names of AWS's response."""
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        return {name.removesuffix("Config"): _as_response(item) for name, item in given.items() if item is not None}
    return [_as_response(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value
