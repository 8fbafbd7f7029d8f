"""What the AWS provider's schema says of each type: `facts.json`, a row a type.

The rows were read off the provider's schemas (terraform-provider-aws 6.58.0, which the SDK 7.51.1 bridges or is newer than) by pattern,
with what CustomizeDiff and pulumi-aws's overrides add read by hand. Names are the SDK's. Of the parts of properties a row has those that
force a replacement, and of the rest those of blocks that the program uses.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The schema of one type. Names with dots are parts of properties: `dnsOptions.privateDnsPreference`."""

    terraform: str
    """The type's name in Terraform, by which its code is found."""

    framework: bool = False
    """Whether the provider writes the type with Terraform's plugin framework."""

    autoname: str | None = None
    """The property that the provider would fill in where the program doesn't (autonaming). Where the program does, whatever replaces the
    resource deletes it first, even if the name changes. Source: pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace; pulumi-aws,
    provider/autonaming.go. Types of the plugin framework have none: the bridge's provider_diff.go creates the new resource first, whatever
    its name is."""

    delete_before_replace: bool = False
    """Whether the provider deletes the resource before it replaces it, whatever its name is. Source: pulumi-aws,
    provider/resource_overrides.go, DeleteBeforeReplace."""

    force_new: Sequence[str] = ()
    """Properties and parts that can't be changed in place."""

    computed: Sequence[str] = ()
    """Outputs, and the inputs and parts that AWS fills in: to leave one of these out, or to remove it, is no difference."""

    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the provider fills in where the program gives nothing, by property or part: to give it is then no difference. Of a security
    group, the description is pulumi-aws's own. Source: provider/resource_overrides.go."""

    sets: Sequence[str] = ()
    """Lists, by property or part, whose order means nothing to the provider."""

    suppressed: Sequence[str] = ()
    """Properties and parts of which the provider takes some values for equal. Which ones, `ResourceType.diff_suppress` says."""

    notes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where this row differs from the provider's schema, by property or part, and why."""


SCHEMAS: Final[Mapping[str, Schema]] = {
    token: Schema(**row) for token, row in json.loads(Path(__file__).with_name("facts.json").read_text(encoding="utf-8")).items()
}
"""By type token."""
