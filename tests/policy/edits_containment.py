"""Edits of the plan by somebody who wants the watched to reach what watches it, and changes that a team makes and that must pass."""

from __future__ import annotations

from typing import Any

from tests.policy.builders import TAGS, UNKNOWN, Node, Nodes, document
from tests.policy.edits import Edit, adding
from tests.policy.planned import edit_at

ACCOUNT, OTHER = "000000000000", "999999999999"
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
ADMIN = f"{ROLE}Admin"
ENGINE, SWITCH = f"{ROLE}evolution-engine-prod-us-east-1", f"{ROLE}evolution-safety-switch-prod-us-east-1"
MODE = ARN.format("ssm", "parameter/evolution/prod/mode")
FUNCTION = ARN.format("lambda", "function:{}")
RESUME = FUNCTION.format("evolution-resume-prod")
TOPIC = ARN.format("sns", "evolution-system-alerts-prod")
KEY = ARN.format("kms", "key/11111111-2222-4333-8444-555555555555")

OF_ENGINE, OF_SWITCH, OF_SCHEDULES = (
    f"{name}-role-grants" for name in ("compute-engine", "evolution-safety-switch", "evolution-scheduler")
)

GRANTS, MANAGED, POLICIES, LEADS, ROLES, TRUST, TYPES = (
    f"containment/{name}"
    for name in ("grants", "managed-policies", "resource-policies", "switch-and-resume", "own-roles", "trust", "known-types")
)


def more(name: str, path: str, statement: dict[str, Any]) -> Edit:
    """Add a statement to a document."""

    def edit(nodes: Nodes) -> None:
        node = nodes[name]
        property_name, *_ = path.split(".")
        text = node.props[property_name]
        statements = edit_at(text, ["Statement", "0", "Sid"], "First")
        count = statements.count('"Effect"') if isinstance(statements, str) else 0
        node.props[property_name] = edit_at(text, ["Statement", str(count)], statement)

    return edit


def granting(action: Any, resource: Any = "*", to: str = OF_ENGINE, **more_of_it: Any) -> Edit:
    return more(to, "policy", {"Effect": "Allow", "Action": action, "Resource": resource, **more_of_it})


def admitting(name: str, principal: Any, action: Any, resource: str = "*", **more_of_it: Any) -> Edit:
    return more(name, "policy", {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more_of_it})


def setting(name: str, path: str, value: Any, *sources: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        first, *_ = path.split(".")
        nodes[name].props = edit_at(nodes[name].props, path.split("."), value)
        nodes[name].references[first] = list(sources)

    return edit


def node(kind: str, *sources: str, **props: Any) -> Edit:
    """A resource more; what comes from others is the property whose value isn't known."""
    references = {key: list(sources) for key, value in props.items() if UNKNOWN in str(value)}
    return adding("more", Node(f"aws:{kind}", {**props, "tagsAll": TAGS}, references))


def attached(policy: Any, role: str = "evolution-engine-prod-us-east-1") -> Edit:
    return node("iam/rolePolicyAttachment:RolePolicyAttachment", role=role, policyArn=policy)


TO_RESUME = {"arn": UNKNOWN, "roleArn": f"{ROLE}evolution-scheduler-prod-us-east-1"}

ATTACKS: list[tuple[str, Edit, set[str]]] = [
    # The mode, by name, by pattern, by what isn't named.
    ("the mode", granting("ssm:PutParameter", MODE), {GRANTS}),
    ("the mode, by its end", granting("ssm:PutParameter", ARN.format("ssm", "parameter/*/mode")), {GRANTS}),
    ("the mode, by its beginning", granting("ssm:PutParameter", ARN.format("ssm", "parameter/evo*")), {GRANTS}),
    ("the mode, by a short ARN", granting("ssm:PutParameter", "arn:aws:ssm"), {GRANTS}),
    ("the mode, in whatever region", granting("ssm:PutParameter", "arn:aws:ssm:*:*:parameter/evolution/????/mod?"), {GRANTS}),
    ("the mode, by a tag of the caller", granting("ssm:PutParameter", ARN.format("ssm", "parameter/${aws:PrincipalTag/x}")), {GRANTS}),
    (
        "every parameter but one",
        more(OF_ENGINE, "policy", {"Effect": "Allow", "Action": "ssm:PutParameter", "NotResource": TOPIC}),
        {GRANTS},
    ),
    ("the mode, by a wildcard in the action", granting("ssm:Put*", MODE), {GRANTS}),
    ("the mode, by a single character", granting("ssm:PutParamete?", MODE), {GRANTS}),
    ("the mode, in any case", granting("SSM:PUTPARAMETER", MODE), {GRANTS}),
    ("the mode is deleted", granting(["ssm:DeleteParameter", "ssm:DeleteParameters"], MODE), {GRANTS}),
    ("another stack's mode, for the switch", granting("ssm:PutParameter", ARN.format("ssm", "parameter/evolution/*"), OF_SWITCH), {GRANTS}),
    # What scales, and what runs.
    ("the scalable target", granting("application-autoscaling:RegisterScalableTarget"), {GRANTS}),
    ("a scheduled action", granting("application-autoscaling:PutScheduledAction"), {GRANTS}),
    ("the engine's count", granting("ecs:UpdateService", ARN.format("ecs", "service/*/evolution-engine-prod")), {GRANTS}),
    ("the monitor's count, for the switch", granting("ecs:UpdateService", ARN.format("ecs", "service/*"), OF_SWITCH), {GRANTS}),
    ("a task of its own", granting("ecs:RunTask", ARN.format("ecs", "task-definition/*")), {GRANTS}),
    ("a shell", granting("ecs:ExecuteCommand", ARN.format("ecs", "task/*")), {GRANTS}),
    # What tells that evolution is unsafe.
    ("alarms are deleted", granting("cloudwatch:DeleteAlarms", ARN.format("cloudwatch", "alarm:*")), {GRANTS}),
    ("alarms are set to OK", granting("cloudwatch:SetAlarmState", ARN.format("cloudwatch", "alarm:*")), {GRANTS}),
    ("alarms don't act", granting("cloudwatch:Disable*", ARN.format("cloudwatch", "alarm:*")), {GRANTS}),
    ("the topic speaks to nobody", granting(["sns:Unsubscribe", "sns:SetSubscriptionAttributes"], TOPIC), {GRANTS}),
    ("the topic says what isn't", granting("sns:Publish", TOPIC), {GRANTS}),
    ("the schedule ends", granting("scheduler:UpdateSchedule", ARN.format("scheduler", "schedule/evolution-prod/*")), {GRANTS}),
    ("a log is deleted", granting("logs:DeleteLogGroup", ARN.format("logs", "log-group:/evolution/prod/engine:*")), {GRANTS}),
    ("a log is forgotten", granting("logs:PutRetentionPolicy", ARN.format("logs", "log-group:/evolution/prod/engine:*")), {GRANTS}),
    ("the trail is stopped", granting("cloudtrail:StopLogging", ARN.format("cloudtrail", "trail/*")), {GRANTS}),
    ("dead letters are taken away", granting("sqs:DeleteMessage", ARN.format("sqs", "evolution-dead-letters-prod")), {GRANTS}),
    ("access logs are written over", granting("s3:PutObject", "arn:aws:s3:::evolution-*/*"), {GRANTS}),
    # What halts.
    ("the switch's code", granting("lambda:UpdateFunctionCode", FUNCTION.format("evolution-safety-switch-prod")), {GRANTS}),
    ("the switch's concurrency", granting("lambda:PutFunctionConcurrency", FUNCTION.format("evolution-safety-switch-prod")), {GRANTS}),
    ("the switch's permission", granting("lambda:RemovePermission", FUNCTION.format("evolution-safety-switch-prod")), {GRANTS}),
    ("the switch is kept busy", granting("lambda:InvokeFunction", FUNCTION.format("evolution-s*")), {GRANTS}),
    ("resume is invoked", granting("lambda:InvokeFunction", RESUME), {GRANTS}),
    ("resume is invoked by a version", granting("lambda:InvokeFunction", f"{RESUME}:*"), {GRANTS}),
    ("resume is invoked by the schedules", granting("lambda:InvokeFunction", FUNCTION.format("evolution-*"), OF_SCHEDULES), {GRANTS}),
    # What stands around the agents.
    ("the guardrail", granting("bedrock:UpdateGuardrail", ARN.format("bedrock", "guardrail/*")), {GRANTS}),
    (
        "the runtime, past the gateway",
        granting("bedrock-agentcore:InvokeAgentRuntime", ARN.format("bedrock-agentcore", "runtime/*")),
        {GRANTS},
    ),
    ("a harness", granting("bedrock-agentcore:InvokeHarness", ARN.format("bedrock-agentcore", "harness/*")), {GRANTS}),
    ("a browser", granting("bedrock-agentcore:StartBrowserSession", ARN.format("bedrock-agentcore", "browser/*")), {GRANTS}),
    ("an agent of Bedrock's", granting("bedrock:InvokeAgent", ARN.format("bedrock", "agent-alias/*/*")), {GRANTS}),
    ("the web ACL", granting("wafv2:DisassociateWebACL", ARN.format("wafv2", "regional/webacl/*/*")), {GRANTS}),
    ("the key is disabled", granting(["kms:DisableKey", "kms:ScheduleKeyDeletion"], KEY), {GRANTS}),
    ("the key is lent", granting("kms:CreateGrant", KEY, Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}), {GRANTS}),
    # More rights, by itself or by another.
    ("grants of its own", granting("iam:PutRolePolicy", ENGINE), {GRANTS}),
    ("no boundary any more", granting("iam:DeleteRolePermissionsBoundary", ENGINE), {GRANTS}),
    ("a role elsewhere", granting("sts:AssumeRole", f"arn:aws:iam::{OTHER}:role/x"), {GRANTS}),
    ("a role by a token", granting("sts:AssumeRoleWithWebIdentity", ADMIN), {GRANTS}),
    ("a session of another name", granting("sts:GetFederationToken"), {GRANTS}),
    ("a pod's role", granting("eks-auth:AssumeRoleForPodIdentity", ARN.format("eks", "cluster/x")), {GRANTS}),
    ("credentials from Cognito", granting("cognito-identity:GetCredentialsForIdentity"), {GRANTS}),
    (
        "a role for a function",
        granting("iam:PassRole", SWITCH, Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
        {GRANTS},
    ),
    ("a stack that does it", granting("cloudformation:CreateStack", ARN.format("cloudformation", "stack/*/*")), {GRANTS}),
    ("an automation that does it", granting("ssm:StartAutomationExecution", ARN.format("ssm", "automation-definition/*:*")), {GRANTS}),
    ("a state machine that does it", granting("states:StartExecution", ARN.format("states", "stateMachine:*")), {GRANTS}),
    ("a rule that does it", granting(["events:PutRule", "events:PutTargets"], ARN.format("events", "rule/*")), {GRANTS}),
    ("everything but one", more(OF_ENGINE, "policy", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), {GRANTS}),
    ("everything", granting("*"), {GRANTS}),
    ("a service by a pattern", granting("ss?:PutParameter", MODE), {GRANTS}),
    ("an action that nobody knows", granting("ssm:ReplaceParameter", MODE), {GRANTS}),
    ("in the boundary", granting("iam:PutRolePolicy", ENGINE, "security-boundary"), {GRANTS}),
    (
        "by the role's own list",
        setting("compute-engine-role", "inlinePolicies", [{"policy": document({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})}]),
        {GRANTS},
    ),
    (
        "by a policy that nobody holds yet",
        node("iam/policy:Policy", name="x", policy=document({"Effect": "Allow", "Action": "sns:DeleteTopic", "Resource": TOPIC})),
        {GRANTS},
    ),
    (
        "by grants of a role from elsewhere",
        node(
            "iam/rolePolicy:RolePolicy", role="Admin", policy=document({"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": MODE})
        ),
        {GRANTS},
    ),
    ("the engine runs as the switch", setting("compute-engine-task", "taskRoleArn", UNKNOWN, "evolution-safety-switch-role"), {GRANTS}),
    ("the trigger runs as resume", setting("evolution-trigger", "role", UNKNOWN, "evolution-resume-role"), {GRANTS}),
    # Policies from elsewhere.
    ("administrator", attached("arn:aws:iam::aws:policy/AdministratorAccess"), {MANAGED}),
    ("an account's own", attached(f"arn:aws:iam::{ACCOUNT}:policy/unseen"), {MANAGED}),
    ("one of AWS's that is called as ours", attached("arn:aws:iam::aws:policy/evolution-boundary-prod-us-east-1"), {MANAGED}),
    ("one that isn't known", attached(UNKNOWN), {MANAGED}),
    ("in the role itself", setting("compute-engine-role", "managedPolicyArns", ["arn:aws:iam::aws:policy/AmazonSSMFullAccess"]), {MANAGED}),
    # Who takes a role on.
    (
        "the engine takes on the switch's role",
        setting("evolution-safety-switch-role", "assumeRolePolicy.Statement.0.Principal", {"AWS": ENGINE}),
        {TRUST},
    ),
    (
        "the account does",
        more(
            "evolution-safety-switch-role",
            "assumeRolePolicy",
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"},
        ),
        {TRUST},
    ),
    (
        "a workflow does",
        more(
            "evolution-safety-switch-role",
            "assumeRolePolicy",
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            },
        ),
        {TRUST},
    ),
    # Resources' own policies.
    ("the topic admits the engine", admitting("monitoring-alerts-policy", {"AWS": ENGINE}, "sns:SetTopicAttributes", TOPIC), {POLICIES}),
    (
        "the topic admits the account's roles",
        admitting("monitoring-alerts-policy", "*", "sns:Subscribe", TOPIC, Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
        {POLICIES},
    ),
    (
        "events publish to the topic",
        admitting(
            "monitoring-alerts-policy",
            {"Service": "events.amazonaws.com"},
            "sns:Publish",
            TOPIC,
            Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        ),
        {POLICIES},
    ),
    ("the key admits the engine", admitting("security-key", {"AWS": ENGINE}, "kms:DisableKey"), {POLICIES}),
    (
        "the key admits everybody but one",
        more("security-key", "policy", {"Effect": "Allow", "NotPrincipal": {"AWS": ADMIN}, "Action": "kms:DisableKey", "Resource": "*"}),
        {POLICIES},
    ),
    ("the key admits another account", admitting("security-key", {"AWS": f"arn:aws:iam::{OTHER}:root"}, "kms:Decrypt"), {POLICIES}),
    ("the queue admits the engine", admitting("evolution-dead-letters-policy", {"AWS": ENGINE}, "sqs:PurgeQueue"), {POLICIES}),
    (
        "the bucket admits the engine",
        admitting("data-access-logs-policy", {"AWS": ENGINE}, "s3:DeleteObject*", "arn:aws:s3:::*"),
        {POLICIES},
    ),
    (
        "the bus admits anybody",
        node(
            "cloudwatch/eventBusPolicy:EventBusPolicy",
            policy=document({"Effect": "Allow", "Principal": {"AWS": ENGINE}, "Action": "events:PutRule", "Resource": "*"}),
        ),
        {POLICIES},
    ),
    ("a grant of the key", node("kms/grant:Grant", granteePrincipal=ENGINE, operations=["CreateGrant"], keyId=KEY), {POLICIES}),
    (
        "a permission for the switch's code",
        node("lambda/permission:Permission", function="evolution-trigger-prod", action="lambda:UpdateFunctionCode", principal=ENGINE),
        {POLICIES},
    ),
    (
        "a permission for the engine to invoke the switch",
        node("lambda/permission:Permission", function="evolution-safety-switch-prod", action="lambda:InvokeFunction", principal=ENGINE),
        {POLICIES},
    ),
    # What leads to resume, or to the switch.
    (
        "a schedule resumes",
        node("scheduler/schedule:Schedule", "evolution-resume", target=TO_RESUME, scheduleExpression="rate(1 hour)"),
        {LEADS},
    ),
    ("a rule resumes", node("cloudwatch/eventTarget:EventTarget", rule="x", arn=RESUME), {LEADS}),
    (
        "a pipe resumes",
        node("pipes/pipe:Pipe", "evolution-resume", source="x", target=UNKNOWN, roleArn=f"{ROLE}evolution-scheduler-prod-us-east-1"),
        {LEADS, GRANTS},
    ),
    (
        "a queue resumes",
        node("lambda/eventSourceMapping:EventSourceMapping", functionName="evolution-resume-prod", eventSourceArn=ARN.format("sqs", "x")),
        {LEADS},
    ),
    (
        "the topic resumes",
        node("sns/topicSubscription:TopicSubscription", "evolution-resume", topic=TOPIC, protocol="lambda", endpoint=UNKNOWN),
        {LEADS},
    ),
    ("a URL resumes", node("lambda/functionUrl:FunctionUrl", functionName=f"{RESUME}:live", authorizationType="AWS_IAM"), {LEADS}),
    (
        "a person's permission",
        node("lambda/permission:Permission", function=RESUME, action="lambda:InvokeFunction", principal=ACCOUNT),
        {LEADS},
    ),
    ("an alias of resume", node("lambda/alias:Alias", "evolution-resume", functionName=UNKNOWN, functionVersion="1", name="live"), {LEADS}),
    ("a deployment invokes it", node("lambda/invocation:Invocation", functionName="evolution-resume-prod", input="{}"), {LEADS}),
    (
        "a bucket resumes",
        node("s3/bucketNotification:BucketNotification", bucket="x", lambdaFunctions=[{"lambdaFunctionArn": RESUME}]),
        {LEADS},
    ),
    (
        "logs resume",
        node("cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", destinationArn=RESUME, logGroup="x", filterPattern=""),
        {LEADS},
    ),
    (
        "a state machine resumes",
        node(
            "sfn/stateMachine:StateMachine",
            roleArn=f"{ROLE}evolution-scheduler-prod-us-east-1",
            definition='{"States": {"a": {"Parameters": {"FunctionName": "evolution-resume-prod"}}}}',
        ),
        {LEADS, GRANTS},
    ),
    (
        "an API resumes",
        node(
            "apigatewayv2/integration:Integration",
            integrationUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{RESUME}/invocations",
        ),
        {LEADS},
    ),
    (
        "the switch has no concurrency",
        node("lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", "evolution-safety-switch", functionName=UNKNOWN),
        {LEADS},
    ),
    # Roles from elsewhere.
    ("a schedule with an administrator's role", setting("evolution-trigger-schedule", "target.roleArn", ADMIN), {ROLES}),
    ("the engine's task with one", setting("compute-engine-task", "taskRoleArn", ADMIN), {ROLES}),
    ("a role that isn't known", setting("compute-engine-task", "taskRoleArn", UNKNOWN, "data-state"), {ROLES}),
    (
        "a schedule writes the mode",
        node(
            "scheduler/schedule:Schedule",
            target={"arn": "arn:aws:scheduler:::aws-sdk:ssm:putParameter", "roleArn": ADMIN, "input": '{"Value": "running"}'},
        ),
        {ROLES},
    ),
    (
        "an automation with an administrator's role",
        node("cfg/remediationConfiguration:RemediationConfiguration", parameters=[{"name": "AutomationAssumeRole", "staticValue": ADMIN}]),
        {ROLES},
    ),
    # What no rule knows.
    ("a bucket by its old type", node("s3/bucketV2:BucketV2", bucket="files", acl="public-read-write"), {TYPES}),
    ("whatever Cloud Control makes", node("cloudcontrol/resource:Resource", typeName="AWS::Lambda::Url", desiredState="{}"), {TYPES}),
    ("a command on whoever deploys", adding("more", Node("command:local:Command", {"create": "curl example.com"})), {TYPES}),
]
"""What it is, the edit, and the containment rules that must fire: exactly these. Other families may have their own to say."""


def _worker(nodes: Nodes) -> None:
    """A function more, with a queue of its own and its grants, as a team would add it."""
    trust = nodes["evolution-trigger-role"].props["assumeRolePolicy"]
    boundary = nodes["evolution-trigger-role"]
    nodes["worker-role"] = Node(
        "aws:iam/role:Role",
        {**boundary.props, "name": "evolution-worker-prod-us-east-1", "assumeRolePolicy": trust},
        dict(boundary.references),
    )
    queue = ARN.format("sqs", "evolution-work-prod")
    reads = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    nodes["worker-role-grants"] = Node(
        "aws:iam/rolePolicy:RolePolicy",
        {"role": UNKNOWN, "policy": document({"Effect": "Allow", "Action": reads, "Resource": queue})},
        {"role": ["worker-role"]},
    )


RIGHT: list[tuple[str, Edit]] = [
    ("reads more", granting(["dynamodb:DescribeTable", "dynamodb:Scan"], ARN.format("dynamodb", "table/evolution-state-prod"))),
    ("reads by a pattern", granting("s3:GetObject*", "arn:aws:s3:::evolution-artifacts-prod-000000000000-us-east-1/*")),
    ("a parameter of its own", granting("ssm:PutParameter", ARN.format("ssm", "parameter/evolution/prod/cursor"))),
    ("parameters of its own", granting("ssm:PutParameter", ARN.format("ssm", "parameter/evolution/prod/cursor-*"))),
    ("another table", granting(["dynamodb:PutItem", "dynamodb:UpdateItem"], ARN.format("dynamodb", "table/evolution-lineage-prod"))),
    ("another queue", granting("sqs:SendMessage", ARN.format("sqs", "evolution-work-prod"))),
    ("another bucket", granting("s3:PutObject", "arn:aws:s3:::evolution-reports-prod-000000000000-us-east-1/*")),
    ("another function", granting("lambda:InvokeFunction", FUNCTION.format("evolution-trigger-prod"), OF_SCHEDULES)),
    ("what is denied is no grant", more(OF_ENGINE, "policy", {"Effect": "Deny", "Action": ["iam:*", "ssm:PutParameter"], "Resource": "*"})),
    ("all but reading is denied", more(OF_ENGINE, "policy", {"Effect": "Deny", "NotAction": "*:Get*", "Resource": "arn:aws:s3:::other"})),
    ("a function more", _worker),
    ("telemetry of Lambda's", attached("arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess")),
    (
        "a cost anomaly",
        admitting(
            "monitoring-alerts-policy",
            {"Service": "costalerts.amazonaws.com"},
            "sns:Publish",
            TOPIC,
            Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        ),
    ),
    ("the key is used by the engine, by name", admitting("security-key", {"AWS": ENGINE}, "kms:Decrypt")),
    (
        "an alarm of resume's",
        node(
            "cloudwatch/metricAlarm:MetricAlarm",
            "monitoring-alerts",
            name="resume-throttles-prod",
            dimensions={"FunctionName": "evolution-resume-prod"},
            alarmActions=[UNKNOWN],
        ),
    ),
    ("a log group that is called as resume", node("cloudwatch/logGroup:LogGroup", name="/aws/lambda/evolution-resume-prod/extra")),
    ("a role of AWS's own", node("appautoscaling/target:Target", roleArn=f"{ROLE}aws-service-role/autoscaling.amazonaws.com/x")),
]
"""What keeps the watched from what watches it, however it is written: no containment rule has a thing to say."""
