"""Whether the account takes the gateway's traces: AWS refuses their delivery where it doesn't."""

from __future__ import annotations

from collections.abc import Iterator

from operations.account import Account
from operations.outcome import Outcome
from operations.planned import Planned

CALLS = frozenset({"xray:GetTraceSegmentDestination", "xray:ListResourcePolicies"})

SEARCHED = "CloudWatchLogs"
"""Where X-Ray keeps an account's traces once Transaction Search is on. Source: X-Ray API reference, GetTraceSegmentDestination."""

TRACE_POLICIES = 5
"""Resource policies of an account's region. Source: X-Ray API reference, PutResourcePolicy."""


def traces(account: Account, planned: Planned) -> Iterator[Outcome]:
    """Where the account's traces go, which is one setting of a region, and room for who may send them."""
    if not any(one.inputs.get("logType") == "TRACES" for one in planned.of("cloudwatch/logDeliverySource")):
        return
    answer = account.call("xray:GetTraceSegmentDestination")
    if answer["Destination"] != SEARCHED:
        text = (
            "the account's traces go to X-Ray alone, and AWS refuses to deliver the gateway's there. Turn Transaction Search on, once a "
            "region: docs/deploying.md, Traces"
        )
        command = f"aws xray update-trace-segment-destination --destination {SEARCHED} --region {account.region}"
        yield Outcome(check="traces", kind="fail", text=text, command=command)
    elif answer["Status"] != "ACTIVE":
        text = f"Transaction Search is {answer['Status']}: ask again in some minutes"
        yield Outcome(check="traces", kind="fail", text=text)
    listed = [one["PolicyName"] for page in account.pages("xray:ListResourcePolicies") for one in page.get("ResourcePolicies", [])]
    new = {one.inputs["policyName"] for one in planned.of("xray/resourcePolicy")} - set(listed)
    text = f"{len(listed)} of {TRACE_POLICIES} policies of X-Ray are there, {len(new)} are new"
    if len(listed) + len(new) > TRACE_POLICIES:
        yield Outcome(
            check="traces",
            kind="fail",
            text=f"{text}. This can't be raised: delete what isn't needed of {', '.join(listed)}",
            command=f"aws xray delete-resource-policy --policy-name <one of them> --region {account.region}",
        )
    elif (answer["Destination"], answer["Status"]) == (SEARCHED, "ACTIVE"):
        yield Outcome(check="traces", kind="pass", text=text)
