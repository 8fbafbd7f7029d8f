"""Which availability zones a stack uses, and which of them its agents can run in. Pure decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

ZONE_IDS: dict[str, frozenset[str]] = {
    "us-east-1": frozenset({"use1-az1", "use1-az2", "use1-az4"}),
    "us-east-2": frozenset({"use2-az1", "use2-az2", "use2-az3"}),
    "us-west-2": frozenset({"usw2-az1", "usw2-az2", "usw2-az3"}),
    "ap-northeast-1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
    "ap-south-1": frozenset({"aps1-az1", "aps1-az2", "aps1-az3"}),
    "ap-southeast-1": frozenset({"apse1-az1", "apse1-az2", "apse1-az3"}),
    "ap-southeast-2": frozenset({"apse2-az1", "apse2-az2", "apse2-az3"}),
    "eu-central-1": frozenset({"euc1-az1", "euc1-az2", "euc1-az3"}),
    "eu-west-1": frozenset({"euw1-az1", "euw1-az2", "euw1-az3"}),
}
"""The zones in which AgentCore puts interfaces into a VPC, by their ids: a name means another place in every account. A further id of a
region may move the subnets of stacks that are deployed there, which AWS refuses: their networks are taken.
Source: AgentCore developer guide, "Configure AgentCore Runtime and tools for VPC"."""

LEAST_ZONES = 2
"""With one, its failure would stop all agents."""


def choose_zones(available: Mapping[str, str], wanted: int, region: str) -> tuple[str, ...]:
    """The first zones by name, but first those in which agents can run.

    The choice depends on nothing that changes while a stack exists: not on where its agents run at the moment, and a choice of more zones
    extends that of fewer.

    Args:
        available: the id of each zone by its name.

    Raises:
        pulumi.RunError: the region has fewer than the table wants.
    """
    if len(available) < wanted:
        raise pulumi.RunError(
            f"availability_zones is {wanted}, but {region} offers this account only {len(available)}: {', '.join(sorted(available))}. "
            f"Write `availability_zones: {len(available)}` or less, or choose another region."
        )
    takes_agents = ZONE_IDS.get(region, frozenset[str]())
    return tuple(sorted(available, key=lambda name: (available[name] not in takes_agents, name))[:wanted])


def agent_zones(zone_ids: Sequence[str], region: str) -> set[str]:
    """Those of the zones in which AgentCore runs agents.

    Args:
        zone_ids: of the private subnets, such as `use1-az1`.

    Raises:
        pulumi.RunError: there are fewer than two.
    """
    offered = ZONE_IDS[region]
    chosen = offered & set(zone_ids)
    if len(chosen) < LEAST_ZONES:
        raise pulumi.RunError(
            f"agent_network_mode is VPC, but AgentCore runs agents in only {len(chosen)} of the zones that the private subnets are in "
            f"({', '.join(zone_ids)}); in {region} it takes {', '.join(sorted(offered))}, and {LEAST_ZONES} are needed. "
            "Write a larger `availability_zones`, or choose another region."
        )
    return set(chosen)
