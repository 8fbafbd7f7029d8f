"""The resource graph by layer: what a layer contains, and which other layers it uses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.previews import Plan, PlannedResource
from report.matrix import reach_of
from report.words import LAYER_PREFIX, counted, homes_of, noun_of, service_of


@dataclass(frozen=True, kw_only=True)
class Use:
    """How one layer uses another.

    Attributes:
        of: the other layer.
        links: the number of properties that come from resources of `of`.
        rests: whether a resource depends on one of `of`.
        acts: the AWS services whose resources in `of` the layer's roles may act on, by the names in their policies.
    """

    of: str
    links: int
    rests: bool
    acts: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """The use in words."""
        words = [f"{self.links} {'property' if self.links == 1 else 'properties'}"] if self.links else []
        words += [f"may act on its {', '.join(self.acts)}"] if self.acts else []
        return f"{self.of}: {'; '.join(words) or 'is made before'}"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One component with its resources, sorted by type and name, and the layers that it uses, in the layers' order."""

    name: str
    resources: tuple[PlannedResource, ...]
    uses: tuple[Use, ...]

    @property
    def contents(self) -> Sequence[tuple[str, Sequence[str]]]:
        """The counts of its resources, by AWS service: `("dynamodb", ["table", …])`."""
        by_service: dict[str, Counter[str]] = {}
        for resource in self.resources:
            by_service.setdefault(service_of(resource.type), Counter())[noun_of(resource.type)] += 1
        return [
            (service, [counted(count, noun) for noun, count in sorted(nouns.items(), key=lambda item: (-item[1], item[0]))])
            for service, nouns in sorted(by_service.items())
        ]


def layers_of(plan: Plan) -> tuple[Layer, ...]:
    """The planned layers, each after those that it uses."""
    homes = homes_of(plan)
    held: dict[str, list[PlannedResource]] = {}
    for resource in plan.resources:
        home = homes[resource.urn]
        if resource.type.startswith(LAYER_PREFIX):
            held.setdefault(home, [])
        elif home:
            held.setdefault(home, []).append(resource)
    links: Counter[tuple[str, str]] = Counter()
    for user, resources in held.items():
        for resource in resources:
            found = [urn for urns in resource.property_dependencies.values() for urn in urns]
            for urn in found:
                links[user, homes.get(urn, "")] += 1
            for urn in resource.dependencies:
                links[user, homes.get(urn, "")] += 0
    made_with = {user: {of: count for (one, of), count in links.items() if one == user and of in held and of != user} for user in held}
    order = _in_order(made_with)
    reach = reach_of(plan)
    return tuple(
        Layer(
            name=name,
            resources=tuple(sorted(held[name], key=lambda resource: (resource.type, resource.name))),
            uses=tuple(
                Use(of=of, links=made_with[name].get(of, 0), rests=of in made_with[name], acts=tuple(sorted(reach.get((name, of), ()))))
                for of in order
                if of != name and (of in made_with[name] or (name, of) in reach)
            ),
        )
        for name in order
    )


def _in_order(uses: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Each layer after those that it uses; of layers that use each other, the one with the fewest links first."""
    left = {name: dict(used) for name, used in uses.items()}
    order: list[str] = []
    while left:
        waits = {name: sum(links + 1 for of, links in used.items() if of in left) for name, used in left.items()}
        order.append(min(left, key=lambda name: (waits[name], name)))
        del left[order[-1]]
    return order
