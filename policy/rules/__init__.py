"""The rules, by family: each module's own, in the order of their definition.

Those in aws/ are judged on any program, those in evolution/ on stacks of this system only, those in account/ on the account that it is
deployed to. To what is approved by a shape (`properties.shaped_rule`) both are held.
"""

from __future__ import annotations

import rules.account.access
import rules.account.approved
import rules.account.state
import rules.account.watch
import rules.aws.access
import rules.aws.account
import rules.aws.agentcore
import rules.aws.agentcore_record
import rules.aws.agentcore_tools
import rules.aws.alarms
import rules.aws.data_protection
import rules.aws.data_protection_buckets
import rules.aws.encryption
import rules.aws.encryption_keys
import rules.aws.environment
import rules.aws.environment_repeated
import rules.aws.environment_secrets
import rules.aws.exemptions
import rules.aws.governance
import rules.aws.identity
import rules.aws.identity_actions
import rules.aws.identity_escalation
import rules.aws.identity_holders
import rules.aws.identity_resources
import rules.aws.network
import rules.aws.network_paths
import rules.aws.trust
import rules.aws.workload
import rules.aws.workload_containers
import rules.aws.workload_functions
import rules.evolution.agentcore
import rules.evolution.agentcore_fence
import rules.evolution.agentcore_guardrail
import rules.evolution.agentcore_model
import rules.evolution.agentcore_record
import rules.evolution.agentcore_waf
import rules.evolution.agentcore_way
import rules.evolution.alarm_actions
import rules.evolution.alarm_agents
import rules.evolution.alarm_dashboard
import rules.evolution.alarm_path
import rules.evolution.alarm_texts
import rules.evolution.alarm_watches
import rules.evolution.alarm_writers
import rules.evolution.alarms
import rules.evolution.approved
import rules.evolution.approved_choices
import rules.evolution.approved_shape
import rules.evolution.containment
import rules.evolution.containment_resources
import rules.evolution.containment_switch
import rules.evolution.data_protection
import rules.evolution.encryption_keys
import rules.evolution.encryption_logs
import rules.evolution.environment
import rules.evolution.environment_figures
import rules.evolution.environment_functions
import rules.evolution.environment_sources
import rules.evolution.environment_table
import rules.evolution.governance
import rules.evolution.identity_keys
import rules.evolution.network
import rules.evolution.network_ways
import rules.evolution.workload
import rules.evolution.workload_containers
import rules.evolution.workload_failures
import rules.evolution.workload_functions
import rules.evolution.workload_services
import rules.evolution.workload_untouched
from rule import Family

FAMILIES = (
    Family(
        "environment",
        "Nothing may run beyond its approved limits, unread, or with a secret in plain text.",
        (
            rules.aws.environment,
            rules.aws.environment_secrets,
            rules.aws.environment_repeated,
            rules.evolution.environment,
            rules.evolution.environment_sources,
            rules.evolution.environment_table,
            rules.evolution.environment_figures,
            rules.evolution.environment_functions,
        ),
    ),
    Family(
        "encryption",
        "What stores data must encrypt it under a customer-managed key.",
        (rules.aws.encryption, rules.aws.encryption_keys, rules.evolution.encryption_keys, rules.evolution.encryption_logs),
    ),
    Family(
        "identity",
        "Nobody may do more than is named.",
        (
            rules.aws.identity,
            rules.aws.identity_actions,
            rules.aws.identity_escalation,
            rules.aws.identity_resources,
            rules.aws.identity_holders,
            rules.aws.trust,
            rules.aws.access,
            rules.evolution.identity_keys,
        ),
    ),
    Family(
        "containment",
        "What evolves must not reach what watches and halts it.",
        (rules.evolution.containment, rules.evolution.containment_resources, rules.evolution.containment_switch),
    ),
    Family(
        "alarms",
        "What goes wrong must raise an alarm that somebody hears.",
        (
            rules.evolution.alarms,
            rules.aws.alarms,
            rules.evolution.alarm_actions,
            rules.evolution.alarm_dashboard,
            rules.evolution.alarm_path,
            rules.evolution.alarm_texts,
            rules.evolution.alarm_watches,
            rules.evolution.alarm_agents,
            rules.evolution.alarm_writers,
        ),
    ),
    Family(
        "network",
        "Nothing outside the private network may reach in, and nothing leaves by another way than those that are listed.",
        (rules.aws.network, rules.aws.network_paths, rules.evolution.network, rules.evolution.network_ways),
    ),
    Family(
        "workload",
        "What runs must be exactly what was reviewed, and no more than it needs.",
        (
            rules.aws.workload,
            rules.aws.workload_containers,
            rules.aws.workload_functions,
            rules.evolution.workload,
            rules.evolution.workload_containers,
            rules.evolution.workload_services,
            rules.evolution.workload_functions,
            rules.evolution.workload_failures,
            rules.evolution.workload_untouched,
        ),
    ),
    Family(
        "data-protection",
        "What is kept must survive a mistake.",
        (rules.aws.data_protection, rules.aws.data_protection_buckets, rules.evolution.data_protection),
    ),
    Family(
        "agentcore",
        "Agents must run where nobody else reaches them, and ask the approved model through the guardrail.",
        (
            rules.aws.agentcore,
            rules.aws.agentcore_tools,
            rules.aws.agentcore_record,
            rules.evolution.agentcore,
            rules.evolution.agentcore_way,
            rules.evolution.agentcore_fence,
            rules.evolution.agentcore_record,
            rules.evolution.agentcore_model,
            rules.evolution.agentcore_guardrail,
            rules.evolution.agentcore_waf,
        ),
    ),
    Family(
        "governance",
        "Everything must say whose it is, stand where it may, and cost what was agreed.",
        (rules.aws.governance, rules.evolution.governance),
    ),
    Family(
        "approved",
        "What nobody has approved must not be in a stack of this system.",
        (rules.evolution.approved, rules.evolution.approved_shape, rules.evolution.approved_choices, rules.account.approved),
    ),
    Family(
        "account",
        "Only named workflows may deploy, within a boundary, and what they do must stay on record.",
        (rules.aws.account, rules.account.access, rules.account.state, rules.account.watch),
    ),
    Family("exemptions", "An exemption must be in force, and needed.", (rules.aws.exemptions,)),
)
