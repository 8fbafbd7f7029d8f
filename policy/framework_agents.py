"""The lists about agents: which of their checks the pack makes. Each line is as in `frameworks.py`.

Sources: prowler's tracker of AWS's AI/ML security assessment (public issue 12597), read in November 2026; AWS Bedrock AgentCore developer
guide, "Security best practices for AgentCore Runtime"; AWS Well-Architected, Agentic AI Lens, appendix A, "Security"; OWASP Top 10 for
Agentic Applications 2026.
"""

from __future__ import annotations

PROWLER = """
AC-01 | runtimes in a VPC |
AC-02 | AgentCore's full-access policy is not attached | identity/managed-policies
AC-03 | access to AgentCore that nobody uses is withdrawn | ! used
AC-04 | runtimes log and are traced | agentcore/runtime-logs agentcore/log-delivery agentcore/traces-delivered workload/function-traced
AC-05 | agents' images under a customer-managed key | encryption/repository-cmk
AC-06 | browsers are recorded |
AC-07 | memories under a customer-managed key |
AC-08 | endpoints for AgentCore | ! Nothing in the network calls AgentCore. Models have one (network/model-endpoint).
AC-09 | AgentCore's service-linked role | ! AWS makes it with the first runtime; `make preflight` says whether it can.
AC-10 | resource policies are not public | identity/no-public-access identity/one-account agentcore/only-gateway agentcore/only-handler
AC-11 | policy engines under a customer-managed key |
AC-12 | gateways under a customer-managed key |
AG-24 | gateways authorize who calls |
AG-25 | gateways enforce policies |
AG-26 | gateways show no inner errors |
AG-27 | gateways behind a web ACL | agentcore/web-acl-association
FS-66 | runtimes get the end user's token | ! jwt
"""

AGENTCORE = """
sessions | each user has sessions of their own | ! There are no end users: one caller, the handler, opens every session, for one request.
vm-credentials | the runtime's role may do only what its agent does | approved/new-access containment/grants
cli-policies | no policies made by the CLI | approved/new-access
runtime-arns | grants name runtimes | identity/no-wildcard-resource
for-user | few may invoke for a user | agentcore/only-gateway
escalation | a runtime's role may do no more than its callers | identity/no-escalation approved/new-access
vpc-conditions | only approved networks, by IAM's condition keys | ! The plan is refused before it is deployed (agentcore/private-network).
access-analyzer | policies are validated | identity/document identity/known-action identity/resource-fits
runtime-and-endpoint | a policy on the runtime and on each endpoint | agentcore/only-gateway
cross-account | cross-account access on both | identity/one-account
confused-deputy | trust names account and source | identity/trust-source agentcore/own-role
input-validation | the entry point validates what it is given | ! It is the code's; the tests of handler and agents send what is malformed.
gateway-in-front | callers pass a gateway | agentcore/only-gateway agentcore/gateway-leads-to-runtime
gateway-policies | policies at the gateway decide who may ask what | agentcore/policy-engine agentcore/policies
gateway-guardrails | a guardrail at the gateway | ! The agents' own calls pass one (agentcore/guardrail-used); a gateway's would judge JSON.
interceptors | functions inspect what passes | ! Refused (agentcore/gateway-callers): what is in between may change what agents are asked.
sigv4-or-jwt | IAM between services, JWT for end users | agentcore/gateway-authorizer agentcore/gateway-callers
prefer-jwt | tokens identify users | ! jwt
no-tokens-in-code | no token is written down | agentcore/credential-provider environment/no-secret
user-id | the user's id comes from who is authenticated | ! There are no end users, and nobody may send one (agentcore/only-gateway).
outbound-identity | AgentCore Identity for other services | ! The agents call no other service.
mmds-v2 | credentials only by MMDSv2 | ! Every runtime made since February 2026 has it, and the provider no property for it.
not-root | containers don't run as root | ! The user is the image's; the tests of the image hold it, and of tasks workload/not-root.
private-subnets | runtimes in private subnets | agentcore/private-network network/private-placement
security-groups | least privilege in security groups | network/narrow-egress
private-link | endpoints for AgentCore's interfaces | ! See prowler AC-08.
image-endpoints | endpoints for images and logs | network/endpoint network/endpoints
s3-endpoint | a scoped policy on S3's endpoint | approved/new-access network/endpoint agentcore/service-endpoint
tls | TLS in transit | identity/tls-only
header-limits | few and short headers | agentcore/gateway-target agentcore/gateway-callers
at-rest | runtimes encrypt at rest | ! A runtime takes no key of one's own.
cloudtrail | invocations are on the trail | account/trail-events
command-logs | commands are on record | ! Nobody may send one (agentcore/only-gateway).
command-execution | few may run commands | agentcore/only-gateway
flow-logs | VPC flow logs | network/flow-logs
platform-server | agents don't reach localhost | ! It is the code's: what evolves runs behind a wall of its own, and agents have no tools.
"""

LENS = """
AGENTSEC01-BP01 | memories are isolated and whole | containment/grants data-protection/table-recovery data-protection/bucket-versioning
AGENTSEC01-BP02 | what goes into memory is validated | ! It is the code's: the store takes only individuals of the engine's own form.
AGENTSEC01-BP03 | made-up facts don't spread | agentcore/guardrail-grounding workload/safety-monitor
AGENTSEC02-BP01 | tools are authorized | agentcore/policies approved/types approved/new-access
AGENTSEC02-BP02 | tools' inputs and outputs are validated | ! The agents have no tools.
AGENTSEC02-BP03 | a registry of approved tools | approved/types approved/what-runs
AGENTSEC03-BP01 | agents authenticate | agentcore/gateway-authorizer agentcore/only-handler agentcore/only-gateway
AGENTSEC03-BP02 | agents and people have permissions of their own | identity/trust-service identity/no-user containment/trust
AGENTSEC03-BP03 | least privilege within boundaries | identity/boundary approved/new-access
AGENTSEC03-BP04 | permissions are reviewed | approved/new-access
AGENTSEC04-BP01 | guardrails | agentcore/policy-engine agentcore/guardrail agentcore/guardrail-tier agentcore/guardrail-used
AGENTSEC04-BP02 | people decide what is critical | environment/container-limits environment/function-limits alarms/autonomy
AGENTSEC05-BP01 | decisions are on record | agentcore/prompts-recorded agentcore/log-delivery data-protection/log-deletion
AGENTSEC05-BP02 | agents' calls are traced | agentcore/traces-delivered workload/function-traced
AGENTSEC06-BP01 | messages between agents are encrypted and signed | identity/tls-only agentcore/gateway-authorizer
AGENTSEC06-BP02 | the order of work is controlled | workload/schedule environment/scale-bounds
AGENTSEC06-BP03 | boundaries of trust between agents | containment/grants containment/own-roles
AGENTSEC06-BP04 | strange coordination is noticed | alarms/safety-score-average alarms/safety-score-minimum alarms/model-tokens
AGENTSEC07-BP01 | people aren't overloaded | ! One alert for each change of the alarm; how many come is seen in use, not in a plan.
AGENTSEC07-BP02 | people see how sure an agent is | alarms/dashboard
AGENTSEC07-BP03 | several review what is critical | ! It is the repository's: CODEOWNERS and protected environments, which tests hold.
AGENTSEC07-BP04 | strange behaviour is noticed and contained | alarms/switch alarms/gateway-errors containment/switch-settings
AGENTSEC07-BP05 | red teaming | ! It is done on what runs: `make drill` shows the halt, the tests of the wall attack it.
AGENTSEC08-BP01 | inputs are filtered in several layers | agentcore/guardrail-prompt-attack agentcore/web-acl-groups agentcore/web-acl-body
AGENTSEC08-BP02 | outputs are filtered | agentcore/model-log-masked agentcore/guardrail-sensitive-information
AGENTSEC09-BP01 | code is scanned | workload/scan-on-push
AGENTSEC09-BP02 | penetration tests | ! It is done on what runs, not on a plan.
AGENTSEC09-BP03 | continuous validation | governance/judged
AGENTSEC09-BP04 | controlled places for tests | ! Tests run against the emulator; dev is a stack of its own.
AGENTSEC09-BP05 | threats are noticed while it runs | account/detector
"""

OWASP = """
ASI01 | agents' goals are hijacked | agentcore/guardrail-prompt-attack agentcore/guardrail-used alarms/guardrail-interventions
ASI02 | tools are misused | agentcore/policies approved/types approved/new-access
ASI03 | identities and privileges are abused | agentcore/only-handler agentcore/only-gateway containment/grants identity/no-escalation
ASI04 | the supply chain is poisoned | workload/image-by-digest workload/own-repository agentcore/model approved/what-runs
ASI05 | code runs that nobody expected | network/name-list network/narrow-egress workload/unprivileged agentcore/private-network
ASI06 | memory and context are poisoned | agentcore/guardrail-grounding workload/safety-monitor containment/grants
ASI07 | agents talk insecurely | agentcore/only-gateway agentcore/gateway-callers identity/tls-only
ASI08 | failures cascade | environment/scale-bounds workload/function-failures alarms/agents-errors alarms/switch governance/budget
ASI09 | people trust agents too much | alarms/autonomy environment/container-limits approved/guards
ASI10 | agents go rogue | agentcore/policy-engine alarms/safety-score-minimum alarms/switch-may-halt containment/switch-settings
"""

DOUBTS: dict[str, str] = {
    "Security Hub BedrockAgentCore.2": "It lets CUSTOM_JWT pass: whoever another issuer vouches for would ask the agents.",
    "Security Hub BedrockAgentCore.7": "It is right. AgentCore's guide isn't: it calls the sandbox the most restrictive mode, but code "
    "in it resolves names and reaches S3, and so sends data out. AWS's own interpreter stands in one; no grant starts it.",
    "prowler AC-01": "Any subnet passes. Here the subnets must be private, too.",
    "prowler AC-10": "An Allow to the account's root passes, though it admits everybody with a grant. Here the gateway's policy and the "
    "runtime's name one role, and deny all others.",
    "prowler AG-24": "It lets CUSTOM_JWT pass, and AUTHENTICATE_ONLY with a policy engine, which then decides alone.",
    "prowler FS-66": "A runtime takes IAM or tokens, not both. With a JWT authorizer behind an IAM gateway, the gateway could not sign its "
    "calls, and whoever has a token would come past it.",
}
"""Where a list is wrong here, or in doubt, and why."""
