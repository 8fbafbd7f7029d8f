"""CrossGuard on one side, plain data on the other: the only module that knows the SDK.

The SDK deserialises every resource once for each of its policies, so there is one for all rules of single resources, and one for all
across resources. It reports a policy that touches an unknown value as advisory and forgets its other findings, so its proxies are walked
once here, each key by itself.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_policy as crossguard

import exemptions
import limits
from defaults import effective
from plain import UNKNOWN, Plain
from rule import Family, Finding, Reference, Resource, ResourceRule, Stack, StackRule, judge_resource, judge_stack
from system import table_of

RESOURCE_POLICY = "environment"
"""The one policy of all rules of single resources, whose configuration all rules are judged with: configuration files name it so."""

SYSTEM_POLICY = "system"
"""The one policy of all rules across resources."""

EXEMPTIONS_RULE = "exemptions/current"
"""The one rule that is judged last, for it is about what all others found."""

APPROVED_RULES = "approved/"
"""How the ids of rules begin that say that something isn't approved: they are silent about what another rule has found a fault in."""

FINDINGS = "EVOLUTION_FINDINGS"
"""The environment variable that may name a file: each finding that is reported is appended to it, as a line of JSON."""

PROGRAM = Path(__file__).resolve().parent.parent
"""Where the program is, unless the pack is published: it is deployed with the pack that lies in it."""


def to_plain(value: Any) -> Plain:
    """A value of CrossGuard as plain data. What can't be read is UNKNOWN: an unknown value, a file that is on disk, and whatever else
    comes."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[object, object]", value)
        return {str(key): _at(mapping, key) for key in mapping}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Sequence):
        return [_at(value, index) for index in range(len(cast("Sequence[object]", value)))]
    if isinstance(value, pulumi.RemoteArchive | pulumi.RemoteAsset):
        return {"uri": value.uri}
    if isinstance(value, pulumi.StringAsset):
        return {"text": value.text}
    if isinstance(value, pulumi.FileArchive):  # packed by somebody else
        return {"path": value.path}
    if isinstance(value, pulumi.AssetArchive):
        files = {name: one.path for name, one in value.assets.items() if isinstance(one, pulumi.FileAsset)}
        return [*folders_of(files), *(to_plain(one) for name, one in value.assets.items() if name not in files)]
    return UNKNOWN


def folders_of(files: Mapping[str, str]) -> list[str]:
    """The folders that an archive is packed from: as the program has them, or else as one of them has the others.

    A file that has another name in the archive stands for itself.

    Args:
        files: their paths, by their names in the archive.
    """
    paths = {name: os.path.normpath(PROGRAM / path) for name, path in files.items()}
    folders = {path.removesuffix(f"{os.sep}{os.path.normpath(name)}") for name, path in paths.items()}
    program = PROGRAM if (PROGRAM / "Pulumi.yaml").is_file() else Path(os.path.commonpath(folders)).parent if folders else PROGRAM
    return sorted(Path(one).relative_to(program).as_posix() if Path(one).is_relative_to(program) else one for one in folders)


def _at(container: Any, key: Any) -> Plain:
    try:
        return to_plain(container[key])
    except Exception:  # an unknown value, or nesting too deep to read
        return UNKNOWN


def to_properties(value: Any) -> dict[str, Plain]:
    """A resource's properties as plain data."""
    plain = to_plain(value)
    return plain if isinstance(plain, dict) else {}


def project_and_stack(urn: str) -> tuple[str, str]:
    """The project and the stack of a URN (`urn:pulumi:<stack>::<project>::<type>::<name>`); empty where it is none."""
    parts = urn.split("::")
    return (parts[1], parts[0].removeprefix("urn:pulumi:")) if len(parts) > 2 else ("", "")


def record(finding: Finding) -> None:
    """Append a finding to the file that FINDINGS names, if it does: for who runs the pack and shows its findings in another form.

    A file that can't be written to is said, and keeps no finding from the engine.
    """
    path = os.environ.get(FINDINGS)
    if not path:
        return
    about = finding.resource
    line = {
        "rule": finding.rule_id,
        "severity": finding.severity.name.lower(),
        "urn": about.urn if about else "",
        "resource": about.name if about else "",
        "type": about.type if about else "",
        "message": finding.message,
        "fix": finding.fix,
        "why": finding.why,
        "text": str(finding),
    }
    try:
        with Path(path).open("ab", buffering=0) as file:  # a line is written at once, whoever else writes
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        print(f"{FINDINGS}: {error}", file=sys.stderr, flush=True)


def utc_today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


class Frame:
    """The pack's rules as CrossGuard policies, and the configuration that they share.

    Args:
        today: the day that exemptions are judged by.
    """

    def __init__(self, families: Sequence[Family], today: Callable[[], datetime.date] = utc_today) -> None:
        self._families = families
        self._today = today
        self._rules = frozenset(rule.id for family in families for rule in family.rules)
        self._configuration: dict[str, Plain] = {}
        self._limits = limits.configured({})
        self._exemptions = exemptions.Exemptions()
        self._broken: set[str] = set()
        self._inputs: dict[str, dict[str, Plain]] = {}

    def policies(self) -> list[crossguard.Policy]:
        """The CrossGuard policies. The one that is configured comes first, so that the other is judged with its configuration."""
        return [self._resource_policy(), self._stack_policy()]

    def _resource_policy(self) -> crossguard.ResourceValidationPolicy:
        by_type: defaultdict[str, list[ResourceRule]] = defaultdict(list)
        for family in self._families:
            for rule in family.resource_rules:
                for token in rule.types:
                    by_type[token].append(rule)

        def validate(args: crossguard.ResourceValidationArgs, report: crossguard.ReportViolation) -> None:
            self._configure(args.get_config())
            self._inputs[args.urn] = props = effective(args.resource_type, to_properties(args.props))
            rules = by_type.get(args.resource_type)
            if not rules:
                return
            project, stack = project_and_stack(args.urn)
            resource = Resource(
                urn=args.urn,
                type=args.resource_type,
                name=args.name,
                props=props,
                limits=self._limits.of(stack),
                protect=args.opts.protect,
                parent=args.opts.parent,
                ignore_changes=tuple(args.opts.ignore_changes),
            )
            for rule in rules:
                for finding in self._not_exempted(judge_resource(rule, resource), project, stack):
                    self._broken.add(resource.urn)
                    report(str(finding), None)
                    record(finding)

        return crossguard.ResourceValidationPolicy(
            name=RESOURCE_POLICY,
            description="What is made must be safe by itself.",
            validate=validate,
            enforcement_level=crossguard.EnforcementLevel.MANDATORY,
            severity=crossguard.Severity.CRITICAL,
            config_schema=crossguard.PolicyConfigSchema(
                properties={"limits": {"type": "object"}, "exemptions": {"type": "array"}},
            ),
        )

    def _stack_policy(self) -> crossguard.StackValidationPolicy:
        def validate(args: crossguard.StackValidationArgs, report: crossguard.ReportViolation) -> None:
            if not args.resources:
                return
            stack = self._stack(args.resources)
            for finding in self._judge_stack(stack):
                report(str(finding), finding.resource.urn if finding.resource else None)
                record(finding)

        return crossguard.StackValidationPolicy(
            name=SYSTEM_POLICY,
            description="The stack must hold all that its safety rests on, and refer to the right things.",
            validate=validate,
            enforcement_level=crossguard.EnforcementLevel.MANDATORY,
            severity=crossguard.Severity.CRITICAL,
        )

    def _judge_stack(self, stack: Stack) -> Iterator[Finding]:
        rules: list[StackRule] = [rule for family in self._families for rule in family.stack_rules]
        broken, self._broken = self._broken, set()
        for rule in sorted(rules, key=lambda rule: rule.id.startswith(APPROVED_RULES)):
            if rule.id == EXEMPTIONS_RULE:
                continue
            for finding in self._not_exempted(judge_stack(rule, stack), stack.project, stack.name):
                urn = finding.resource.urn if finding.resource else ""
                if not rule.id.startswith(APPROVED_RULES) or urn not in broken:
                    yield finding
                broken.add(urn)
        resources = {(resource.urn, resource.type, resource.name) for resource in stack.resources}
        faults = self._exemptions.faults(resources, project=stack.project, stack=stack.name, today=self._today())
        judged = replace(stack, exemption_faults=tuple(faults))
        for rule in rules:
            if rule.id == EXEMPTIONS_RULE:
                yield from judge_stack(rule, judged)

    def _not_exempted(self, findings: Iterable[Finding], project: str, stack: str) -> Iterator[Finding]:
        for finding in findings:
            about = finding.resource
            of = (about.urn, about.type, about.name) if about else exemptions.root_of(project, stack)
            if not self._exemptions.take(finding.rule_id, *of, project=project, stack=stack, today=self._today()):
                yield finding

    def _stack(self, resources: list[crossguard.PolicyResource]) -> Stack:
        project, name = project_and_stack(resources[0].urn)
        limits = self._limits.of(name)
        inputs, self._inputs = self._inputs, {}
        plain = [
            Resource(
                urn=resource.urn,
                type=resource.resource_type,
                name=resource.name,
                props=effective(resource.resource_type, to_properties(resource.props)),
                limits=limits,
                protect=resource.opts.protect,
                parent=resource.parent.urn if resource.parent else None,
                ignore_changes=tuple(resource.opts.ignore_changes),
                delete_before_replace=bool(resource.opts.delete_before_replace),
                inputs=inputs.get(resource.urn),
                dependencies=tuple(one.urn for one in resource.dependencies),
                references={
                    key: tuple(Reference(urn=one.urn, type=one.resource_type) for one in found)
                    for key, found in resource.property_dependencies.items()
                },
            )
            for resource in resources
        ]
        return Stack(
            name=name,
            project=project,
            resources=tuple(plain),
            limits=limits,
            table=table_of(os.environ.get("PULUMI_CONFIG", ""), plain),
            configuration_faults=self._limits.faults,
        )

    def _configure(self, config: Mapping[str, Any]) -> None:
        configuration = to_properties(config)
        if configuration == self._configuration:
            return
        self._configuration = configuration
        found, faults = exemptions.configured(configuration.get("exemptions"), self._rules, self._today())
        self._limits = limits.configured(configuration, faults)
        self._exemptions = exemptions.Exemptions(() if self._limits.faults else found)
        for one in self._exemptions.all:
            # The engine shows what a pack writes here, at each run and once more at the end; an advisory finding would need a policy of
            # its own, which costs a deserialisation of every resource.
            print(f"Policy exemption: {one}", file=sys.stderr, flush=True)
