"""What the roles of this system may change: one list, with a reason for each. What isn't in it they only read, whoever approves it.

Each figure of the list stands for a part of the system, by what takes the role on: a name alone makes nobody the switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from actions import READING, Action, meaning
from conditions import narrows
from documents import Statement
from globs import POLICY_VARIABLE, WILDCARD, glob, meet
from limits import APPROVED
from plain import shown
from rules.aws.identity_actions import is_wildcard_action


class Part(Enum):
    """What takes a role on: the safety switch, `resume`, the gateway or the schedules; OTHER is anything else, and nothing."""

    SWITCH = 1
    RESUME = 2
    GATEWAY = 3
    SCHEDULES = 4
    OTHER = 5


ANY = frozenset(Part)
HALT = frozenset({Part.SWITCH, Part.RESUME})

MODE = "arn:*:ssm:*:*:parameter/evolution/{stack}/mode"
MODES = (MODE, *(MODE.replace("{stack}", tier) for tier in APPROVED))
"""Of this stack, and of those that may be beside it in the account."""

ENGINE = "arn:*:ecs:*:*:service/evolution-system-{stack}/evolution-engine-{stack}"
DEAD_LETTERS = "arn:*:sqs:*:*:evolution-dead-letters-*"
ACCESS_LOGS = "arn:*:s3:::evolution-access-logs-*"


def _function(stem: str) -> tuple[str, ...]:
    """A function of any stack, and its versions and aliases."""
    return (f"arn:*:lambda:*:*:function:{stem}-*",)


RESUME_FUNCTION, SWITCH_FUNCTION = _function("evolution-resume"), _function("evolution-safety-switch")


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """One thing that may be done, and by whom.

    Attributes:
        why: what it is needed for.
        by: whose roles may hold it.
        only: ARN patterns that its resources must be within; any resource where there are none. `{stack}` is the stack's name.
        never: ARN patterns that its resources must not meet.
        where: by condition key, the pattern that its values must keep to; one of the keys is enough, none is needed where there are none.
    """

    why: str
    by: frozenset[Part] = ANY
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict[str, str])


def _same(write: Write, *actions: str) -> dict[str, tuple[Write, ...]]:
    return dict.fromkeys(actions, (write,))


WRITES: Mapping[str, tuple[Write, ...]] = {
    # The halt, and the way back.
    "ssm:PutParameter": (
        Write(why="The switch and resume write the mode.", by=HALT, only=(MODE,)),
        Write(why="A parameter of its own; the mode is the switch's and resume's.", never=MODES),
    ),
    "application-autoscaling:RegisterScalableTarget": (
        Write(
            why="The switch suspends the engine's autoscaling, and resume restores its bounds. AWS makes the id: the tag names the target.",
            by=HALT,
            where={"aws:resourcetag/environment": "{stack}"},
        ),
    ),
    "ecs:UpdateService": (Write(why="The switch sets the engine's count to 0, and resume restores it.", by=HALT, only=(ENGINE,)),),
    "lambda:InvokeFunction": (
        Write(why="The schedules start the switch and the trigger.", by=frozenset({Part.SCHEDULES}), never=RESUME_FUNCTION),
        Write(why="A function of its own; resume is a person's, the switch the schedule's.", never=(*RESUME_FUNCTION, *SWITCH_FUNCTION)),
    ),
    # Data.
    **_same(
        Write(why="The engine and the trigger keep evolutions, individuals and checkpoints."),
        *("dynamodb:PutItem", "dynamodb:UpdateItem"),
    ),
    "s3:PutObject": (Write(why="The engine and the archiver keep artifacts. The access logs are S3's to write.", never=(ACCESS_LOGS,)),),
    **_same(Write(why="Who reads or writes what is encrypted uses its key."), "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
    "kms:CreateGrant": (
        Write(
            why="AgentCore encrypts the gateway's data by a grant of its role.",
            by=frozenset({Part.GATEWAY}),
            where={"kms:viaservice": "bedrock-agentcore.*.amazonaws.com"},
        ),
    ),
    "sqs:SendMessage": (Write(why="What failed goes to the dead letters, and work to queues."),),
    **_same(
        Write(why="Work is taken from a queue; nobody takes dead letters away but a person.", never=(DEAD_LETTERS,)),
        *("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"),
    ),
    # What is said of it.
    **_same(Write(why="What runs writes its own log."), "logs:CreateLogStream", "logs:PutLogEvents"),
    **_same(Write(why="What runs is traced."), "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    "cloudwatch:PutMetricData": (Write(why="Metrics; alarms/score-writers says who may write to which namespace."),),
    # The agents and their model.
    **_same(
        Write(why="The agents ask the model; agentcore/model says which one."),
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
    ),
    "bedrock:ApplyGuardrail": (Write(why="Every answer goes through the guardrail."),),
    "bedrock-agentcore:InvokeGateway": (Write(why="The handler asks the agents through the gateway."),),
    "bedrock-agentcore:InvokeAgentRuntime": (Write(why="The gateway asks the runtime, and nobody else.", by=frozenset({Part.GATEWAY})),),
    **_same(
        Write(why="The gateway asks its policy engine whether a request may pass.", by=frozenset({Part.GATEWAY})),
        *("bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions"),
    ),
    **_same(
        Write(why="AgentCore gives a runtime the tokens of its own identity."),
        "bedrock-agentcore:GetWorkloadAccessToken",
        "bedrock-agentcore:GetWorkloadAccessTokenForJWT",
        "bedrock-agentcore:GetWorkloadAccessTokenForUserId",
    ),
    # AWS classes it as reading.
    "ecr:GetAuthorizationToken": (Write(why="Who pulls the image signs in to the registry first."),),
}
"""All that roles of this system may do besides reading, in AWS's spelling."""

SERVICES: Mapping[str, frozenset[str]] = {
    "sns:Publish": frozenset({"cloudwatch", "budgets", "costalerts"}),
    "sqs:SendMessage": frozenset({"events", "sns"}),
    "s3:PutObject": frozenset({"delivery.logs", "logging.s3"}),
    "logs:CreateLogStream": frozenset({"delivery.logs"}),
    "logs:PutLogEvents": frozenset({"delivery.logs"}),
    "xray:PutTraceSegments": frozenset({"delivery.logs"}),
    "lambda:InvokeFunction": frozenset({"events", "s3", "scheduler", "sns"}),
    "kms:CreateGrant": frozenset({"fargate"}),
}
"""What services of AWS may do by the policies of resources, and which: alarms and costs reach the topic, logs, traces and events where
they are kept. A key's use is `identity/key-breadth`'s to judge."""

BY_NAME = {action.lower(): writes for action, writes in WRITES.items()}

READS = re.compile(r"(BatchCheck|BatchGet|ConditionCheck|Count|Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search)[A-Z]\w*|Query|Scan")
"""How actions begin that only read. AWS classes some as reading that act (InvokeAgent, StartQuery, Chat)."""

HANDS_OUT = re.compile(r"ApiKey|Credential|Password|Token|(Embed|Presigned|Signed|Upload)Url")
"""Reads that give credentials of somebody else, or of a longer life."""


def is_read(action: Action) -> bool:
    """Whether an action changes nothing, starts nothing and hands out nothing."""
    name = action.name.partition(":")[2]
    return action.level in READING and bool(READS.fullmatch(name)) and not HANDS_OUT.search(name)


@lru_cache(maxsize=4096)
def _writes_of(action: str) -> tuple[str, ...]:
    """The actions that a text in a policy stands for and that do more than read."""
    return tuple(one.name for one in meaning(action).actions if not is_read(one))


def beyond(statement: Statement, part: Part, stack: str) -> Iterator[str]:
    """What a statement allows that a part's role may not hold, as a message names it."""
    if statement.excepted_actions:
        yield "everything but a NotAction"
    for action in dict.fromkeys(statement.actions):
        if is_wildcard_action(action) or not meaning(action).actions:
            yield shown(action)  # nobody can tell what it is
        for name in () if is_wildcard_action(action) else _writes_of(action):
            if not any(_holds(write, statement, part, stack) for write in BY_NAME.get(name.lower(), ())):
                yield name


def listed(action: str) -> str:
    """What the list says of an action."""
    return " ".join(write.why for write in BY_NAME.get(action.lower(), ()))


def _reaches(resource: str, pattern: str) -> bool:
    """Whether a resource in a policy stands for something that an ARN pattern does, too.

    IAM completes a shorter ARN with `*`, and a `*` may reach beyond a colon. Source: IAM user guide, "IAM JSON policy elements: Resource".
    """
    parts, wanted = resource.split(":", 5), pattern.split(":", 5)
    if len(parts) == 6 and not any(WILDCARD.search(part) for part in parts[:5]):
        return parts[2] == wanted[2] and meet(parts[5], wanted[5])  # in whatever region and account
    return meet(resource if len(parts) in (1, 6) else f"{resource}:*", pattern)


def _holds(write: Write, statement: Statement, part: Part, stack: str) -> bool:
    if part not in write.by:
        return False
    if (write.only or write.never) and statement.excepted_resources:
        return False
    resources = [POLICY_VARIABLE.sub("*", one) for one in statement.resources] or ["*"]
    only, never = ([one.replace("{stack}", stack) for one in patterns] for patterns in (write.only, write.never))
    if only and not all(any(glob(pattern, one) for pattern in only) for one in resources):
        return False
    if any(_reaches(one, pattern) for pattern in never for one in resources):
        return False
    wanted = {key: value.replace("{stack}", stack) for key, value in write.where.items()}
    return not wanted or any(narrows(statement.conditions, {key: lambda it, to=to: glob(to, it)}) for key, to in wanted.items())
