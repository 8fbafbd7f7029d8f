"""Which checks of others the pack makes, by which of its rules, and why it leaves the others out.

Sources: AWS Security Hub user guide, "Control reference", read in November 2026; cdk-nag 3.0.2 RULES.md (AwsSolutions); checkov 3.3.30
`--list --framework terraform`. Of each, what concerns the resource types of this system. The lists about agents are in
`framework_agents.py`, those about an account in `framework_account.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from framework_account import ACCOUNT_PROWLER, CIS
from framework_agents import AGENTCORE, LENS, OWASP, PROWLER
from rule import Rule

UNSIGNED = "The functions are deployed as source, reviewed with the program; there is no artifact to sign."
ACCOUNT_WIDE = "It is a setting of the account, not of a stack: the account's owner makes it once."
NOT_HERE = "The system has none."
ROTATION = "The secret is a threshold and a key that two tasks must read alike; a deployment that changes the threshold replaces both."
USED = "It is seen in use, not in a plan; what is granted, is what the reviewers have approved (approved/new-access)."
JWT = "There are no end users, and a runtime that takes tokens can't be called by an IAM gateway (agentcore/gateway-callers refuses it)."
COSTS = "What evolution leaves behind can be made again; a second copy would cost more than it protects."


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameworkCheck:
    """A check of somebody else's.

    Attributes:
        id: as rules' `controls` name it.
        rules: rules of the pack that make it, beside those whose `controls` name it.
        like: other checks that ask the same: their rules make it too.
        unless: why the pack doesn't make it.
    """

    id: str
    about: str
    rules: tuple[str, ...] = ()
    like: str = ""
    unless: str = ""


def _checks(source: str, text: str) -> Iterator[FrameworkCheck]:
    """One a line: id, what it asks, and one of: nothing (rules name it), rules' ids, `= another check`, `! why not`."""
    for line in text.strip().splitlines():
        number, about, how = (part.strip() for part in line.split("|"))
        name = f"{source} {number}"
        if how.startswith("!"):
            reason = how.removeprefix("!").strip()
            yield FrameworkCheck(id=name, about=about, unless=REASONS.get(reason, reason))
        elif how.startswith("="):
            yield FrameworkCheck(id=name, about=about, like=how.removeprefix("=").strip())
        else:
            yield FrameworkCheck(id=name, about=about, rules=tuple(how.split()))


REASONS = {
    "account": ACCOUNT_WIDE,
    "none": NOT_HERE,
    "costs": COSTS,
    "unsigned": UNSIGNED,
    "rotation": ROTATION,
    "used": USED,
    "jwt": JWT,
}

SECURITY_HUB = """
Bedrock.1 | knowledge bases' data sources under a customer-managed key |
BedrockAgentCore.1 | runtimes in a VPC |
BedrockAgentCore.2 | gateways authorize who calls |
BedrockAgentCore.3 | memories under a customer-managed key |
BedrockAgentCore.4 | gateways under a customer-managed key |
BedrockAgentCore.5 | browsers are not in the public network |
BedrockAgentCore.6 | browsers are recorded |
BedrockAgentCore.7 | code interpreters in a VPC |
CloudTrail.1 | a trail of every region |
CloudTrail.2 | trails are encrypted under a key |
CloudTrail.3 | there is a trail that is on |
CloudTrail.4 | log files are validated |
CloudTrail.5 | trails are sent to CloudWatch Logs | ! It is billed twice; GuardDuty reads the same events itself.
CloudTrail.6 | the trail's bucket is not public | = Security Hub S3.8
CloudTrail.7 | the trail's bucket has access logs | = Security Hub S3.9
CloudTrail.10 | event data stores are under a key | ! none
CloudWatch.15 | alarms have actions |
CloudWatch.16 | log groups keep their events for a time |
CloudWatch.17 | alarm actions are on |
DynamoDB.1 | tables scale with demand | data-protection/state-table data-protection/population-table data-protection/checkpoint-table
DynamoDB.2 | point-in-time recovery |
DynamoDB.3 | DAX encrypted at rest | ! none
DynamoDB.4 | tables in a backup plan | ! Point-in-time recovery gives back any second of 35 days; older populations are obsolete.
DynamoDB.5 | tables are tagged | governance/tags
DynamoDB.6 | deletion protection |
DynamoDB.7 | DAX encrypted in transit | ! none
EC2.2 | default security group lets nothing through |
EC2.6 | VPC flow logs |
EC2.15 | subnets give no public address |
EC2.18 | unrestricted ingress only on authorized ports |
EC2.19 | no unrestricted ingress on ports of high risk |
EC2.21 | network ACLs are not open |
ECR.1 | images are scanned |
ECR.2 | tags are immutable |
ECR.3 | a lifecycle policy |
ECR.4 | repositories are tagged | governance/tags
ECR.5 | repositories under a customer-managed key |
ECS.1 | secure network modes and users | workload/isolated workload/not-root workload/unprivileged
ECS.2 | services get no public address |
ECS.3 | the host's processes are not shared |
ECS.4 | containers are not privileged |
ECS.5 | root file systems are read-only |
ECS.8 | no secret in the environment |
ECS.9 | containers log |
ECS.10 | the latest Fargate platform |
ECS.12 | Container Insights |
ECS.13 | services are tagged | governance/tags
ECS.14 | clusters are tagged | governance/tags
ECS.15 | task definitions are tagged | governance/tags
ECS.16 | task sets get no public address | ! none
ECS.17 | not the host's network |
ECS.18 | EFS volumes encrypted in transit | ! none
ECS.19 | capacity providers with termination protection | ! none
ECS.20 | containers don't run as root |
ECS.21 | Windows containers don't run as administrator | ! none
GuardDuty.1 | GuardDuty is on |
IAM.1 | no full administrative privileges |
IAM.28 | an analyzer of external access |
IAM.2 | users have no policies of their own | identity/no-user
IAM.21 | no wildcard actions for services |
KMS.1 | managed policies don't allow decryption with every key | identity/no-wildcard-resource
KMS.2 | inline policies don't allow decryption with every key | identity/no-wildcard-resource
KMS.3 | keys are not deleted by mistake | data-protection/key-window data-protection/protect
KMS.4 | keys are rotated |
KMS.5 | keys are not public |
Lambda.1 | functions are not public |
Lambda.2 | supported runtimes |
Lambda.3 | functions in a VPC | ! The functions call AWS's interfaces only, listen to nothing, and would need every endpoint in the VPC.
Lambda.5 | functions in several availability zones | ! It is about functions in a VPC (Lambda.3); Lambda itself spans the zones.
Lambda.6 | functions are tagged | governance/tags
Lambda.7 | functions are traced |
S3.1 | the account blocks public access | ! account
S3.2 | buckets can't be read by everybody |
S3.3 | buckets can't be written by everybody |
S3.5 | only TLS |
S3.6 | other accounts get no dangerous actions | identity/one-account
S3.7 | replication to another region | ! costs
S3.8 | buckets block public access |
S3.9 | access logs |
S3.10 | versioned buckets have a lifecycle | = Security Hub S3.13
S3.11 | event notifications | ! Nothing waits for an object; access logs tell who touched one.
S3.12 | no ACLs |
S3.13 | a lifecycle |
S3.14 | versioning |
S3.15 | Object Lock | ! costs
S3.17 | encryption with KMS |
S3.19 | access points block public access | ! none
S3.20 | MFA delete | ! Only the account's root user can set it, and no deployment may be that.
S3.22 | writes are logged in CloudTrail | ! account
S3.23 | reads are logged in CloudTrail | ! account
S3.24 | multi-region access points block public access | ! none
SNS.1 | topics are encrypted |
SNS.3 | topics are tagged | governance/tags
SNS.4 | topics are not public |
SQS.1 | queues are encrypted |
SQS.2 | queues are tagged | governance/tags
SQS.3 | queues are not public |
SecretsManager.1 | secrets are rotated | ! rotation
SecretsManager.2 | rotation succeeds | ! rotation
SecretsManager.3 | unused secrets are removed | ! It is seen in use, not in a plan; the one secret is read by two roles.
SecretsManager.4 | secrets are rotated in time | ! rotation
SecretsManager.5 | secrets are tagged | governance/tags
WAF.10 | web ACLs have a rule |
WAF.11 | web ACLs log |
WAF.12 | rules have metrics |
"""

CDK_NAG = """
AwsSolutions-DDB3 | point-in-time recovery | = Security Hub DynamoDB.2
AwsSolutions-DDB4 | DAX is encrypted | ! none
AwsSolutions-EC23 | no ingress from everywhere | = Security Hub EC2.18
AwsSolutions-EC27 | security groups have a description | ! AWS gives each a default, and nothing rests on its text.
AwsSolutions-ECR1 | repositories are not open | identity/no-public-access
AwsSolutions-ECS2 | no variables in tasks | ! The limits must be seen to be judged; secrets may not be (environment/no-secret).
AwsSolutions-ECS4 | Container Insights | = Security Hub ECS.12
AwsSolutions-ECS7 | containers log | = Security Hub ECS.9
AwsSolutions-EVB1 | event buses are not open | identity/no-public-access
AwsSolutions-IAM4 | no AWS managed policies | identity/managed-policies
AwsSolutions-IAM5 | no wildcards in permissions | identity/no-wildcard-action identity/no-wildcard-resource
AwsSolutions-KMS5 | keys are rotated | = Security Hub KMS.4
AwsSolutions-L1 | the latest runtime | = Security Hub Lambda.2
AwsSolutions-S1 | access logs | = Security Hub S3.9
AwsSolutions-S2 | public access is blocked | = Security Hub S3.8
AwsSolutions-S10 | only TLS | = Security Hub S3.5
AwsSolutions-SMG4 | secrets are rotated | ! rotation
AwsSolutions-SNS3 | only TLS | identity/tls-only
AwsSolutions-SQS2 | queues are encrypted | = Security Hub SQS.1
AwsSolutions-SQS3 | queues have a dead-letter queue | ! The only queues are dead-letter queues, which the rule leaves out too.
AwsSolutions-SQS4 | only TLS | identity/tls-only
AwsSolutions-VPC3 | no network ACLs of one's own | = Security Hub EC2.21
AwsSolutions-VPC7 | VPC flow logs | = Security Hub EC2.6
"""

CHECKOV = """
CKV_AWS_7 | keys are rotated | = Security Hub KMS.4
CKV_AWS_18 | access logs | = Security Hub S3.9
CKV_AWS_21 | versioning | = Security Hub S3.14
CKV_AWS_23 | security groups have a description | ! See cdk-nag AwsSolutions-EC27.
CKV_AWS_24 | no ingress from everywhere to SSH | = Security Hub EC2.18
CKV_AWS_25 | no ingress from everywhere to RDP | = Security Hub EC2.18
CKV_AWS_26 | topics are encrypted | = Security Hub SNS.1
CKV_AWS_27 | queues are encrypted | = Security Hub SQS.1
CKV_AWS_28 | point-in-time recovery |
CKV_AWS_32 | repositories are not public | identity/no-public-access
CKV_AWS_33 | no wildcard principal in key policies | = Security Hub KMS.5
CKV_AWS_35 | trails are encrypted under a key | = Security Hub CloudTrail.2
CKV_AWS_36 | log files are validated | = Security Hub CloudTrail.4
CKV_AWS_40 | policies are not attached to users | identity/no-user
CKV_AWS_45 | no secret in functions' environment |
CKV_AWS_50 | functions are traced | = Security Hub Lambda.7
CKV_AWS_51 | tags are immutable | = Security Hub ECR.2
CKV_AWS_53 | public ACLs are blocked | = Security Hub S3.8
CKV_AWS_54 | public policies are blocked | = Security Hub S3.8
CKV_AWS_55 | public ACLs are ignored | = Security Hub S3.8
CKV_AWS_56 | public buckets are restricted | = Security Hub S3.8
CKV_AWS_60 | roles are taken only by named services or principals | identity/trust-closed
CKV_AWS_61 | roles are not taken by all services | identity/trust-closed
CKV_AWS_62 | no full administrative privileges | = Security Hub IAM.1
CKV_AWS_63 | no * as an action | identity/no-wildcard-action
CKV_AWS_65 | Container Insights | = Security Hub ECS.12
CKV_AWS_66 | log groups keep their events for a time | = Security Hub CloudWatch.16
CKV_AWS_67 | a trail of every region | = Security Hub CloudTrail.1
CKV_AWS_70 | buckets don't allow everybody | identity/no-public-access
CKV_AWS_72 | queues don't allow every action | identity/no-wildcard-action
CKV_AWS_97 | EFS volumes encrypted in transit | ! none
CKV_AWS_115 | functions have a limit of concurrency |
CKV_AWS_116 | functions have a dead-letter queue |
CKV_AWS_117 | functions in a VPC | ! See Security Hub Lambda.3.
CKV_AWS_119 | tables under a customer-managed key | encryption/table-cmk
CKV_AWS_130 | subnets give no public address | = Security Hub EC2.15
CKV_AWS_136 | repositories under a key | = Security Hub ECR.5
CKV_AWS_143 | Object Lock | ! costs
CKV_AWS_144 | replication to another region | ! costs
CKV_AWS_145 | buckets under a key | = Security Hub S3.17
CKV_AWS_149 | secrets under a customer-managed key | encryption/secret-cmk
CKV_AWS_158 | log groups under a key | encryption/log-group-cmk
CKV_AWS_163 | images are scanned | = Security Hub ECR.1
CKV_AWS_168 | queues are not public | = Security Hub SQS.3
CKV_AWS_169 | topics are not public | = Security Hub SNS.4
CKV_AWS_173 | functions' variables under a key |
CKV_AWS_175 | web ACLs have a rule | = Security Hub WAF.10
CKV_AWS_192 | web ACLs stop Log4j lookups | agentcore/web-acl-groups
CKV_AWS_223 | ECS exec is logged | workload/no-shell
CKV_AWS_224 | ECS exec under a customer-managed key | workload/no-shell
CKV_AWS_227 | keys are enabled | encryption/key-usable
CKV_AWS_238 | GuardDuty is on | = Security Hub GuardDuty.1
CKV_AWS_249 | execution role and task role differ | ! Each is judged by what it grants.
CKV_AWS_251 | trails are on | = Security Hub CloudTrail.3
CKV_AWS_258 | function URLs authorize who calls |
CKV_AWS_260 | no ingress from everywhere to port 80 | = Security Hub EC2.18
CKV_AWS_272 | functions' code is signed | ! unsigned
CKV_AWS_273 | people sign in without IAM users | identity/no-user
CKV_AWS_274 | AdministratorAccess is not attached | identity/managed-policies
CKV_AWS_277 | no ingress from everywhere to any port | = Security Hub EC2.18
CKV_AWS_286 | no privilege escalation | identity/no-escalation identity/pass-role
CKV_AWS_287 | no exposure of credentials | identity/no-wildcard-resource identity/no-escalation
CKV_AWS_288 | no data exfiltration | identity/no-wildcard-resource
CKV_AWS_289 | no management of permissions without constraints | identity/no-escalation
CKV_AWS_290 | no write access without constraints | identity/no-wildcard-resource
CKV_AWS_297 | schedules under a customer-managed key | ! A schedule holds the name of what it starts and no data.
CKV_AWS_300 | failed uploads are aborted |
CKV_AWS_301 | functions are not public | = Security Hub Lambda.1
CKV_AWS_304 | secrets are rotated within 90 days | ! rotation
CKV_AWS_319 | alarm actions are on | = Security Hub CloudWatch.17
CKV_AWS_332 | the latest Fargate platform | = Security Hub ECS.10
CKV_AWS_333 | services get no public address | = Security Hub ECS.2
CKV_AWS_334 | containers are not privileged | = Security Hub ECS.4
CKV_AWS_335 | the host's processes are not shared | = Security Hub ECS.3
CKV_AWS_336 | root file systems are read-only | = Security Hub ECS.5
CKV_AWS_337 | parameters under a customer-managed key | encryption/parameter-cmk
CKV_AWS_338 | logs are kept for a year | = Security Hub CloudWatch.16
CKV_AWS_355 | no * as a resource where it can be scoped | identity/no-wildcard-resource
CKV_AWS_358 | GitHub's workflows are trusted by name (documents) | identity/trust-closed
CKV_AWS_363 | supported runtimes | = Security Hub Lambda.2
CKV_AWS_364 | services call functions for named sources |
CKV_AWS_379 | only TLS | = Security Hub S3.5
CKV_AWS_382 | no egress to everywhere on any port | network/narrow-egress
CKV_AWS_385 | topics are not for other accounts | identity/one-account
CKV_AWS_387 | queues are not public by wildcards | = Security Hub SQS.3
CKV_AWS_393 | GitHub's workflows are trusted by name (roles) | identity/trust-closed
CKV2_AWS_6 | buckets have a public access block | = Security Hub S3.8
CKV2_AWS_11 | VPC flow logs | = Security Hub EC2.6
CKV2_AWS_12 | default security group lets nothing through |
CKV2_AWS_16 | tables scale with demand | = Security Hub DynamoDB.1
CKV2_AWS_31 | web ACLs log | = Security Hub WAF.11
CKV2_AWS_34 | parameters are encrypted | encryption/parameter-cmk
CKV2_AWS_40 | no full IAM privileges | identity/no-wildcard-action identity/no-escalation
CKV2_AWS_56 | IAMFullAccess is not attached | identity/managed-policies
CKV2_AWS_57 | secrets are rotated | ! rotation
CKV2_AWS_61 | buckets have a lifecycle | = Security Hub S3.13
CKV2_AWS_62 | event notifications | ! See Security Hub S3.11.
CKV2_AWS_64 | keys have a policy of their own | identity/own-policy
CKV2_AWS_65 | no ACLs | = Security Hub S3.12
CKV2_AWS_73 | queues under a customer-managed key | encryption/queue-cmk
"""

CHECKS = (
    *_checks("Security Hub", SECURITY_HUB),
    *_checks("prowler", PROWLER),
    *_checks("AgentCore", AGENTCORE),
    *_checks("agentic lens", LENS),
    *_checks("OWASP", OWASP),
    *_checks("cdk-nag", CDK_NAG),
    *_checks("checkov", CHECKOV),
    *_checks("CIS AWS Foundations 3.0", CIS),
    *_checks("prowler", ACCOUNT_PROWLER),
)


def made_by(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """By check, the ids of the rules that make it."""
    named: dict[str, set[str]] = {check.id: set(check.rules) for check in CHECKS}
    for rule in rules:
        for control in rule.controls:
            named.setdefault(control, set()).add(rule.id)
    return {check.id: tuple(sorted(named[check.id] | named.get(check.like, set()))) for check in CHECKS}
