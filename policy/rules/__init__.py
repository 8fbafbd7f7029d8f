"""The rules, one family a module."""

from __future__ import annotations

from rule import Family
from rules import alarms, encryption, environment, exemptions, identity, network, workload

FAMILIES: tuple[Family, ...] = (
    environment.FAMILY,
    encryption.FAMILY,
    identity.FAMILY,
    alarms.FAMILY,
    network.FAMILY,
    workload.FAMILY,
    exemptions.FAMILY,
)
