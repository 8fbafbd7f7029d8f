"""The resource types of this system that take tags, and those that don't. A test holds both against the provider's own classes."""

from __future__ import annotations

import tokens as t

TAGGABLE = frozenset(
    {
        *(t.AGENT_BROWSER, t.AGENT_CODE_INTERPRETER, t.AGENT_GATEWAY, t.AGENT_MEMORY, t.AGENT_POLICY_ENGINE),
        *(t.AGENT_RUNTIME, t.AGENT_RUNTIME_ENDPOINT),
        *(t.BUCKET, t.BUDGET, t.CLUSTER, t.COMPOSITE_ALARM, t.DEFAULT_NETWORK_ACL, t.DEFAULT_ROUTE_TABLE, t.DEFAULT_SECURITY_GROUP),
        *(
            t.DNS_DOMAINS,
            t.DNS_RULES,
            t.DNS_RULES_ASSOCIATION,
            t.EGRESS_RULE,
            t.EIP,
            t.ENDPOINT,
            t.EVENT_SOURCE_MAPPING,
            t.EXTERNAL_KEY,
            t.FLOW_LOG,
            t.FUNCTION,
            t.GUARDRAIL,
        ),
        *(t.IAM_POLICY, t.INGRESS_RULE, t.INTERNET_GATEWAY, t.KEY, t.LOAD_BALANCER, t.LOG_DELIVERY),
        *(t.LOG_DELIVERY_DESTINATION, t.LOG_DELIVERY_SOURCE),
        *(t.LOG_GROUP, t.METRIC_ALARM, t.NAT_GATEWAY, t.NETWORK_ACL, t.PARAMETER, t.QUEUE, t.REPLICA_KEY, t.REPOSITORY, t.ROLE),
        *(
            t.ROUTE_TABLE,
            t.SCALABLE_TARGET,
            t.SCHEDULE_GROUP,
            t.SECRET,
            t.SECURITY_GROUP,
            t.SERVICE,
            t.SUBNET,
            t.TABLE,
            t.TASK_DEFINITION,
            t.TOPIC,
        ),
        *(t.VPC, t.WEB_ACL),
    }
)
