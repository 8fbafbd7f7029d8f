"""A fifth set of unsafe edits: the way to the halt, access, networks, what is stored, who is told, and the agents."""

from __future__ import annotations

from tests.policy.attacks import ACCOUNT, ARN, ARTIFACTS, at, attack
from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import DELETED, Edit

LETTERS = ARN.format("sqs", "evolution-{}-prod")
GUARDRAIL = "policy.Statement.{}.Condition.StringLike"

SAFETY = (
    attack(
        "resume opens a thousand engines",
        "After a halt the autoscaler may start ten times as many engines as the table allows.",
        at("evolution-resume", "environment.variables.ENGINE_MAXIMUM", "1000"),
        "environment/functions-told",
    ),
    attack(
        "the scheduler's role is for another group's schedules",
        "EventBridge Scheduler can't take the role on, so the switch isn't asked each minute any more and a failed halt isn't repeated.",
        at(
            "evolution-scheduler-role",
            "assumeRolePolicy.Statement.0.Condition.ArnLike",
            {"aws:SourceArn": ARN.format("scheduler", "schedule-group/evolution-none")},
        ),
        "approved/new-access",
    ),
    attack(
        "the switch shares the account's executions",
        "While other functions use up the account's concurrency, the switch is throttled and the halt waits.",
        at("evolution-safety-switch", "reservedConcurrentExecutions", -1),
        "workload/reserved-executions",
    ),
    attack(
        "two of three alarms",
        "One bad score alone, of the average, the worst agent or the memory, doesn't halt evolution any more.",
        at(
            "monitoring-unsafe",
            "alarmRule",
            'AT_LEAST(2, ALARM, ("evolution-safety-score-prod", "evolution-safety-score-worst-prod", "evolution-agent-memory-prod"))',
        ),
        "alarms/evolution-unsafe",
    ),
)
SAFETY_STAGING = (
    attack(
        "a deployment resumes",
        "Each `up` during a halt writes `running` into the mode again, without anybody's decision.",
        at("evolution-mode", "ignoreChanges", ("allowedPattern", "dataType", "description", "name", "tier", "type")),
        "workload/untouched-mode",
    ),
)
"""The way from a score to the halt."""

IDENTITY = (
    attack(
        "the archiver's right ends with the year",
        "From New Year on each finished evolution is refused by S3, and lost when its dead letter is.",
        at(
            "evolution-archiver-role-grants",
            "policy.Statement.2.Condition",
            {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
        ),
        "approved/guards",
    ),
    attack(
        "the gateway denies only what comes through AWS",
        "Whoever in the account is granted InvokeGateway asks the agents past the handler's limits.",
        at("agentcore-gateway-policy", "policy.Statement.1.Condition.Bool", {"aws:ViaAWSService": "true"}),
        "agentcore/only-handler",
    ),
    attack(
        "a denial for another region's callers",
        "The denial in front of the runtime's default endpoint never applies, so whoever is granted the call passes the gateway by.",
        at(
            "agentcore-runtime-default-policy",
            "policy.Statement.1.Condition.StringEquals",
            {"aws:RequestedRegion": "eu-west-1"},
        ),
        "agentcore/only-gateway",
    ),
    attack(
        "the boundary denies the record of prompts",
        "Bedrock's role may not write prompts and answers any more, whatever its own grants say.",
        at(
            "security-boundary",
            "policy.Statement.+",
            {"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": ARN.format("logs", "log-group:/evolution/prod/prompts:*")},
        ),
        "approved/guards",
    ),
)
"""Who may do what."""

NETWORK = (
    attack(
        "everything else is one name",
        "The DNS firewall blocks one name alone, so data leaves in lookups of any other.",
        at("network-dns-everything", "domains", ["blocked.example.com"]),
        "network/name-list",
    ),
    attack(
        "a name more that may be looked up",
        "Whoever owns the domain reads what the engine asks for below it.",
        at("network-dns-allowed", "domains.+", "*.telemetry.example.org"),
        "approved/choices",
    ),
    attack(
        "a DNS firewall beside the network",
        "The rules are all there, and the VPC isn't associated with them: every name is answered.",
        Edit("network-dns-association", "", DELETED, frozenset()),
        "network/name-list",
    ),
    attack(
        "any guardrail will do",
        "An engine that was taken over asks the model through the endpoint with an empty guardrail of anybody's.",
        (
            at("network-bedrock-runtime-endpoint", GUARDRAIL.format(0), {"bedrock:GuardrailIdentifier": "*"}),
            at("network-bedrock-runtime-endpoint", GUARDRAIL.format(1), {"bedrock:GuardrailIdentifier": "*"}),
        ),
        "agentcore/model",
    ),
)
NETWORK_STAGING = (
    attack(
        "routes that a VPN announces",
        "Whoever runs the other end of the VPN draws the private subnet's traffic to AWS towards itself.",
        at("network-private-1-routes", "propagatingVgws", ["vgw-0123456789abcdef0"]),
        "approved/properties",
    ),
)
"""Where traffic goes."""

DATA = (
    attack(
        "a day of recovery",
        "What was written over two days ago can't be restored any more; it was 35 days.",
        at("data-state", "pointInTimeRecovery", {"enabled": True, "recoveryPeriodInDays": 1}),
        "data-protection/table-recovery",
    ),
    attack(
        "a stream of what was deleted only",
        "No finished evolution reaches the archiver: the filter lets removals through, and nothing else.",
        at("evolution-archiver-reads-stream", "filterCriteria", {"filters": [{"pattern": '{"eventName": ["REMOVE"]}'}]}),
        "approved/properties",
    ),
    attack(
        "records that fail go to a queue of nobody's",
        "What couldn't be archived is sent to a queue that no alarm watches and that keeps it a minute.",
        at(
            "evolution-archiver",
            "environment",
            {
                "variables": {
                    "EVOLUTION_ENVIRONMENT": "prod",
                    "EVOLUTION_ARTIFACTS_BUCKET": ARTIFACTS,
                    "EVOLUTION_DEAD_LETTERS_URL": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/nobodys",
                }
            },
        ),
        "approved/what-runs",
    ),
    attack(
        "dead letters of another topic",
        "A call of the switch that SNS couldn't deliver is lost: the queue takes no message of the alert topic.",
        at(
            "evolution-dead-letters-policy",
            "policy.Statement.0.Condition.ArnLike",
            {"aws:SourceArn": ARN.format("sns", "evolution-none-prod")},
        ),
        "alarms/switch-is-called",
        "approved/new-access",
    ),
)
"""What is stored, and its record."""

ALARMS = (
    attack(
        "an attack of five minutes counts by the minute",
        "A hundred blocked requests a minute are needed, where it was a hundred in five: an attack five times as large isn't noticed.",
        at("monitoring-web-acl-blocked", "period", 60),
        "approved/choices",
    ),
    attack(
        "five minutes of five",
        "Writes that are throttled every other minute, and lost, are never told; it was five of ten.",
        at("monitoring-evolution-state-throttles", "evaluationPeriods", 5),
        "alarms/throttles",
    ),
    attack(
        "a thousand failures of the switch",
        "That the halt itself fails is never told: the switch runs once or twice a minute.",
        at("monitoring-safety-switch-errors", "threshold", 1000),
        "alarms/function-errors",
    ),
    attack(
        "three periods of ten seconds",
        "The engine publishes once a minute, so three periods in a row never have data, and the alarm never fires.",
        at("monitoring-instantiation-speed", "period", 10),
        "alarms/instantiation-speed",
    ),
)
ALARMS_DEV = (
    attack(
        "a budget that is over",
        "From January on nobody is told what evolution costs.",
        at("monitoring-budget", "timePeriodEnd", "2026-12-31_00:00"),
        "approved/properties",
    ),
)
"""Who is told."""

CEDAR = f"""permit(
  principal == AgentCore::IamEntity::"arn:aws:sts::{ACCOUNT}:assumed-role/evolution-agentcore-handler-prod-us-east-1",
  action == AgentCore::Action::"runtime___POST:/invocations",
  resource == AgentCore::Gateway::"{ARN.format("bedrock-agentcore", "gateway/evolution-prod-??????????")}"
) when {{
  context.input has autonomy_percent && context.input.autonomy_percent >= 0 && // context.input.autonomy_percent <= 85 &&
  context.input has agent_memory_bytes && context.input.agent_memory_bytes >= 1 // && context.input.agent_memory_bytes <= 6656
}};
"""

AGENTS = (
    attack(
        "the fence's bounds are a remark",
        "The gateway lets requests of any autonomy and memory through; the bounds stand behind slashes.",
        at("agentcore-gateway-permit", "definition.cedar.statement", CEDAR),
        "agentcore/policies",
    ),
    attack(
        "hatred in prompts is only noted",
        "The filter finds harmful prompts and sends them to the model all the same.",
        at("agentcore-guardrail", "contentPolicyConfig.filtersConfigs.1.inputAction", "NONE"),
        "agentcore/guardrail-harm",
    ),
    attack(
        "known attacks of some years ago",
        "The managed rules stay at their first version, which knows none of the attacks since.",
        at("security-web-acl", "rules.1.statement.managedRuleGroupStatement.version", "Version_1.1"),
        "approved/properties",
    ),
    attack(
        "somebody reads along at the gateway",
        "A function sees and may rewrite each request and answer, behind the web ACL.",
        at(
            "agentcore-gateway",
            "interceptorConfigurations",
            [
                {
                    "interceptionPoints": ["REQUEST", "RESPONSE"],
                    "interceptor": {"lambda": {"arn": ARN.format("lambda", "function:reads-along")}},
                    "inputConfiguration": {"passRequestHeaders": True},
                }
            ],
        ),
        "agentcore/gateway-callers",
    ),
)
"""Agents, the guardrail and the fence."""

OTHERS = (
    attack(
        "another program's alarm is written over",
        "CloudWatch keeps one alarm a name: billing's now watches our function and tells our topic, and billing's failures tell nobody.",
        at("monitoring-resume-errors", "name", "billing-api-errors-prod"),
        "approved/choices",
    ),
    attack(
        "a revision for another program's service",
        "Whatever starts the family's latest revision runs our image next time, in place of billing's.",
        at("compute-monitor-task", "family", "billing-api-prod"),
        "approved/choices",
    ),
    attack(
        "another program's failed events",
        "Billing's function is no longer retried, and what it failed on lies in our queue.",
        Edit(
            "billing-invocations",
            "",
            Node(
                "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
                {
                    "functionName": "billing-charge-prod",
                    "maximumRetryAttempts": 0,
                    "maximumEventAgeInSeconds": 60,
                    "destinationConfig": {"onFailure": {"destination": UNKNOWN}},
                },
                {"destinationConfig": ["evolution-dead-letters"]},
                outputs={"tagsAll": TAGS},
            ),
            frozenset(),
        ),
        "approved/presence",
    ),
    attack(
        "another program's alerts by e-mail",
        "Somebody outside reads what billing's alarms say; the name is one that addresses of the table have.",
        Edit(
            "monitoring-alerts-to-0",
            "",
            Node(
                "aws:sns/topicSubscription:TopicSubscription",
                {"topic": ARN.format("sns", "billing-alerts-prod"), "protocol": "email", "endpoint": "someone@example.org"},
                outputs={"tagsAll": TAGS},
            ),
            frozenset(),
        ),
        "containment/subscriptions",
    ),
)
"""Parts of other programs."""
