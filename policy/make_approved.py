"""Writes down what plans of this system hold, as policy/approved has it: pure functions over plans; tests/approve.py makes them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import wrap

from approval import GROUPS, OF, Names, has_image, names_of, read, recording, written
from choices import NAMES_OF, OPEN, UNSET
from covering import lacks
from documents import PLACES, DocumentKind, statements_of
from make_choices import bound_with_image, choices_of, grouped, rows_with
from options import options_of
from order import FIRST, THEN, order_of
from outputs import outputs_like, referred, taken_from
from plain import Plain, Unknown, dig, items, number
from presence import ROWS
from properties import ANY, EVERYWHERE, MAY, SOME
from rule import Resource, Stack
from rules.aws.holdings import holdings
from rules.aws.identity_holders import HOLDERS
from shape import called_in, identity_of, kept_in, settings_of, tag_keys, told_in, way_of
from tokens import GUARDRAIL, ROLE
from variables import given_by

WIDTH = 140
"""The longest line of a file, where what is on it can be broken."""

SEVERAL = 3
"""Roles that have a statement alike, from which on it is said once: with fewer nothing is saved."""

WORD = 40
"""The longest text of a list of which several stand on a line: a flag, an action, a name; what is longer is read by itself."""

Filled = Callable[[str], Mapping[str, Plain]]
"""By type, what the provider fills in."""

FILLED = frozenset({ANY, NAMES_OF, OPEN, UNSET, FIRST, THEN, OF})
"""Lists of which several entries stand on a line: reviewers read what has a value of its own."""


def grants_of(stacks: Iterable[Stack]) -> dict[str, Plain]:
    """All that is granted in any of the stacks, with placeholders for what differs."""
    trust: defaultdict[str, list[Plain]] = defaultdict(list)
    roles: defaultdict[str, list[Plain]] = defaultdict(list)
    before: defaultdict[str, list[Plain]] = defaultdict(list)
    documents: defaultdict[str, list[Plain]] = defaultdict(list)
    endpoints: defaultdict[str, list[Plain]] = defaultdict(list)
    for stack in stacks:
        names = names_of(stack)

        def generalised(resource: Resource, kind: DocumentKind, names: Names = names) -> list[Plain]:
            statements: list[Plain] = [written(one) for one in statements_of(resource) if one.kind is kind]
            return json.loads(names.generalise(json.dumps(statements)))

        called = {role.urn: names.generalise(str(role.at("name"))) for role in stack.of_type(ROLE)}
        for role in stack.of_type(ROLE):
            trust[called[role.urn]] += generalised(role, DocumentKind.TRUST)
        for holder, urns in holdings(stack):
            for urn in urns or ():
                granted = roles if has_image(stack) else before
                granted[called[urn]] += generalised(holder, DocumentKind.IDENTITY)
        for resource in stack.resources:
            place = PLACES.get(resource.type)
            if place and place.kind is DocumentKind.ENDPOINT:
                endpoints[names.generalise(str(resource.at("serviceName")))] += [
                    {key: value for key, value in one.items() if key != "Principal"}
                    for one in generalised(resource, place.kind)
                    if isinstance(one, dict)
                ]
            elif place and resource.type not in HOLDERS and any(statements_of(resource)):
                documents[GROUPS[resource.type]] += generalised(resource, place.kind)
    own: dict[str, dict[str, list[Plain]]] = {
        name: {"trust": merged(trust[name]), "grants": merged(roles[name]), "without_image": _beyond(before[name], roles[name])}
        for name in sorted(trust)
    }
    return {
        "shared": [*_shared(own, "trust"), *_shared(own, "grants")],
        "roles": {name: {part: [*said] for part, said in parts.items() if said} for name, parts in own.items()},
        "documents": {group: merged(documents[group]) for group in sorted(documents)},
        "endpoints": {
            "beside": _beyond(
                [one for service in sorted(endpoints) for one in endpoints[service]],
                [one for granted in (roles, before) for name in granted for one in granted[name]],
            ),
            "kept": {service: kept for service in sorted(endpoints) if (kept := _recording(endpoints[service]))},
        },
    }


def listed_of(stacks: Sequence[Stack], made: Sequence[Stack], filled: Filled) -> dict[str, Plain]:
    """What is set in any of the stacks, and to what, by type and by resource; which options; what waits for what; and what a row of the
    table brings along.

    Args:
        stacks: before their first deployment.
        made: some of them after it: only these tell an output of another resource from what is made of it.
        filled: by type, what the provider fills in.
    """
    named = [(stack, names_of(stack)) for stack in stacks]
    types, own = choices_of(named, [(stack, names_of(stack)) for stack in made])
    bound = bound_with_image(named, types, own)
    rows = rows_with(named)
    by_type: defaultdict[str, list[tuple[Resource, Names]]] = defaultdict(list)
    for stack, names in named:
        for resource in stack.resources:
            by_type[resource.type].append((resource, names))
    for kind, found in types.items():
        known = EVERYWHERE | {entry.rstrip(SOME + MAY) for entry in found}
        parts = {name.rpartition(".")[0] for name in known} - {""}
        found |= {f"{name}{MAY}": value for name, value in filled(kind).items() if name not in known and name.rpartition(".")[0] in parts}
    return {
        "types": {kind: grouped(found) for kind, found in types.items()},
        **({ROWS: rows} if rows else {}),
        "resources": {kind: {name: grouped(entries) for name, entries in found.items()} for kind, found in own.items()},
        "with_image": {"resources": {kind: {name: grouped(entries) for name, entries in found.items()} for kind, found in bound.items()}},
        "tags": [*sorted({key for stack in stacks for resource in stack.resources for key in tag_keys(resource)})],
        "options": {kind: {**given} for kind in sorted(by_type) if (given := options_of(by_type[kind]))},
        "order": order_of(stacks),
    }


def shape_of(stacks: Sequence[Stack], made: Sequence[Stack], filled: Filled) -> dict[str, Plain]:
    """The same of this system's stacks; and what runs and is told what, and how the way to the halt and the guardrail are set up."""
    told: defaultdict[str, defaultdict[str, list[tuple[bool, dict[str, Plain]]]]] = defaultdict(lambda: defaultdict(list))
    floors: dict[str, dict[str, dict[str, Plain]]] = {}
    settings: defaultdict[str, defaultdict[str, list[dict[str, Plain]]]] = defaultdict(lambda: defaultdict(list))
    for stack in stacks:
        names = names_of(stack)
        called = called_in(stack, names)
        for runner, called_so, variables in told_in(stack, names):
            told[runner.type][called_so].append((has_image(stack), variables))
        for _, bucket, prefix, key, value in kept_in(stack, names):
            found = floors.setdefault(bucket, {}).setdefault(prefix, {})
            found[key] = min(number(value) or 0, number(found.get(key, value)) or 0)
        for resource in (*way_of(stack), *stack.of_type(GUARDRAIL)):
            found = settings_of(resource, names, called)
            settings[resource.type][identity_of(found)].append(found)
    outputs: defaultdict[tuple[str, str], defaultdict[str, list[frozenset[str]]]] = defaultdict(lambda: defaultdict(list))
    for stack in made:
        names, resources = names_of(stack), {one.urn: one for one in stack.resources}
        for runner, called_so, variables in told_in(stack, names):
            for name, value in variables.items():
                outputs[runner.type, called_so][name].append(outputs_like(value, referred(runner, given_by(runner), resources), names))
    all_told: defaultdict[str, dict[str, Plain]] = defaultdict(dict)
    with_image: defaultdict[str, dict[str, Plain]] = defaultdict(dict)
    for kind, name in sorted((one, name) for one in told for name in told[one]):
        all_told[kind][name] = everywhere = _told([one for _, one in told[kind][name]], outputs[kind, name])
        narrower = _told([one for image, one in told[kind][name] if image], outputs[kind, name])
        if narrower and narrower != everywhere:
            with_image[kind][name] = narrower
    listed = listed_of(stacks, made, filled)
    return {
        **listed,
        "with_image": {"resources": dig(listed, "with_image", "resources"), "variables": {**with_image}},
        "variables": {**all_told},
        "floors": {bucket: {**floors[bucket]} for bucket in sorted(floors)},
        "settings": {kind: {key: _common(settings[kind][key]) for key in sorted(settings[kind])} for kind in sorted(settings)},
    }


def _common(all_settings: Sequence[Mapping[str, Plain]]) -> dict[str, Plain]:
    """What they have in common, and ANY where they differ."""
    keys = sorted({key for settings in all_settings for key in settings})
    values = {key: [settings.get(key) for settings in all_settings] for key in keys}
    return {key: found[0] if all(one == found[0] for one in found) else ANY for key, found in values.items()}


def _told(all_variables: Sequence[Mapping[str, Plain]], outputs: Mapping[str, Sequence[frozenset[str]]]) -> dict[str, Plain]:
    """What all are told; with MAY after its name, what some aren't.

    Args:
        outputs: by name, which outputs of others it was in each stack that is made.
    """
    common = {key: [one[key] for one in all_variables if key in one] for one in all_variables for key in one}
    return {
        key if len(found) == len(all_variables) else f"{key}{MAY}": _value(found, outputs.get(key, ()))
        for key, found in sorted(common.items())
    }


def _value(found: Sequence[Plain], outputs: Sequence[frozenset[str]]) -> Plain:
    """What all are; where none is known, the output that it was; else ANY."""
    if isinstance(found[0], Unknown):
        return taken_from(outputs) if outputs and all(outputs) and all(isinstance(one, Unknown) for one in found) else ANY
    return found[0] if all(one == found[0] for one in found) else ANY


def _recording(statements: Sequence[Plain]) -> list[Plain]:
    """What may not be lost of them."""
    return merged([written(one) for one in recording([*read([*statements], DocumentKind.IDENTITY)])])


def _beyond(statements: Sequence[Plain], granted: Sequence[Plain]) -> list[Plain]:
    """The statements that say more than what is granted."""
    known = [one for statement in granted for one in read([statement], DocumentKind.IDENTITY)]
    return merged([written(one) for statement in statements for one in read([statement], DocumentKind.IDENTITY) if lacks(known, one)])


def merged(statements: Iterable[Plain]) -> list[Plain]:
    """Statements that differ in their actions only, or in their resources only, as one; sorted, so that they are alike each time."""
    found = [one for one in statements if isinstance(one, dict)]
    for key in ("Resource", "Action"):
        alike: dict[str, dict[str, Plain]] = {}
        for one in found:
            rest = json.dumps({name: value for name, value in one.items() if name != key}, sort_keys=True)
            if key not in one:
                alike[json.dumps(one, sort_keys=True)] = one
                continue
            known = alike.setdefault(rest, {**one, key: []})
            values = sorted({str(value) for value in (*items(known[key]), *items(one[key]))})
            known[key] = [*values]
        found = [{**one, key: _one_or_many(one[key])} if key in one else one for one in alike.values()]
    return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))


def _shared(own: Mapping[str, dict[str, list[Plain]]], part: str) -> list[Plain]:
    """Take out what several roles have alike, and say it once with all of them."""
    roles: defaultdict[str, list[Plain]] = defaultdict(list)
    for name, parts in own.items():
        for statement in parts[part]:
            roles[json.dumps(statement)].append(name)
    groups: defaultdict[str, list[Plain]] = defaultdict(list)
    for statement, names in roles.items():
        if len(names) >= SEVERAL:
            groups[json.dumps(names)].append(json.loads(statement))
    for parts in own.values():
        parts[part] = [one for one in parts[part] if len(roles[json.dumps(one)]) < SEVERAL]
    return [{OF: json.loads(names), part: statements} for names, statements in sorted(groups.items())]


def _one_or_many(values: Plain) -> Plain:
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def as_text(value: Plain) -> str:
    """JSON in which whatever fits stands on a line of its own, so that a change is seen where it is."""
    return _as_text(value, "") + "\n"


def _as_text(value: Plain, margin: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if isinstance(value, list) and all(len(json.dumps(one)) <= WORD for one in value):
        return _filled(value, margin)
    if not isinstance(value, dict | list) or (len(margin) + len(flat) < WIDTH and not _holds_objects(value)):
        return flat
    inner = margin + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _as_text(one, inner) for one in value) + f"\n{margin}]"
    entries = (
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_filled(one, inner) if key in FILLED else _as_text(one, inner)}"
        for key, one in value.items()
    )
    return "{\n" + ",\n".join(entries) + f"\n{margin}}}"


def _filled(value: Plain, margin: str) -> str:
    """A list of names, as many on each line as fit."""
    flat = json.dumps(value)
    if not isinstance(value, list) or len(margin) + len(flat) < WIDTH:
        return flat
    lines = wrap(", ".join(json.dumps(one) for one in value), WIDTH - len(margin) - 4, break_long_words=False, break_on_hyphens=False)
    return "[\n" + "\n".join(f"{margin}  {line}" for line in lines) + f"\n{margin}]"


def _holds_objects(value: Mapping[str, Plain] | Sequence[Plain]) -> bool:
    """Whether an entry of it is an object that isn't a condition's."""
    return isinstance(value, dict) and any(isinstance(one, list) and any(isinstance(it, dict) for it in one) for one in value.values())
