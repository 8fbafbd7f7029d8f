"""The rules, one family a module; a family that is large has parts, named after it."""

from __future__ import annotations

from rule import Family
from rules import (
    agentcore,
    alarms,
    data_protection,
    encryption,
    environment,
    exemptions,
    governance,
    identity,
    network,
    workload,
)

FAMILIES: tuple[Family, ...] = (
    environment.FAMILY,
    encryption.FAMILY,
    identity.FAMILY,
    alarms.FAMILY,
    network.FAMILY,
    workload.FAMILY,
    data_protection.FAMILY,
    agentcore.FAMILY,
    governance.FAMILY,
    exemptions.FAMILY,
)
