"""The architecture as a Mermaid flowchart, for the README and the summary."""

import re
from collections import Counter
from collections.abc import Sequence

from report.layers import Layer
from report.words import counted, noun_of, service_of

SHOWN = 7
"""The most types that a box names, so that the picture stays readable."""

DETAILS = re.compile(
    r"alias|association|attachment|block|configuration|controls|delivery|elastic address|flow log|lifecycle|log group|logging|permission"
    r"|policy|role$|route|rule$|security group|subnet|subscription|version"
)
"""Types that are parts of others or in every layer: a box names them only if it has no other."""


def mermaid(layers: Sequence[Layer]) -> str:
    """A flowchart of the layers with their main resources."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in boxes_and_arrows(layers, totals=True))])


def boxes_and_arrows(layers: Sequence[Layer], *, totals: bool) -> list[str]:
    """The lines of the flowchart. An arrow leads from a layer to one that depends on it, unless others imply it.

    The layers may be in any order. With `totals`, a box has the number of all its resources.
    """
    boxes = [f'{layer.name}["<b>{layer.name}</b>{f" ({len(layer.resources)})" if totals else ""}<br/>{_holds(layer)}"]' for layer in layers]
    return boxes + [f"{of} --> {user}" for of, user in _arrows(layers)]


def _holds(layer: Layer) -> str:
    kinds = Counter((service_of(resource.type), noun_of(resource.type)) for resource in layer.resources)
    main = {kind: count for kind, count in kinds.items() if not DETAILS.search(kind[1])} or kinds
    ranked = sorted(main.items(), key=lambda item: (-item[1], item[0]))
    words = [counted(count, noun) for (_, noun), count in ranked[:SHOWN]]
    return "<br/>".join(", ".join(words[start : start + 2]) for start in range(0, len(words), 2))


def _arrows(layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """Pairs of a layer and one that depends on it, without those that a path over other layers implies."""
    names = [layer.name for layer in layers]
    rests = [(use.of, layer.name) for layer in layers for use in layer.uses if use.rests]
    forward = [pair for pair in rests if names.index(pair[0]) < names.index(pair[1])]  # layers may depend on each other

    def leads(start: str, end: str) -> bool:
        return any(of == start and (user == end or leads(user, end)) for of, user in forward)

    return [pair for pair in rests if not any(of == pair[0] and user != pair[1] and leads(user, pair[1]) for of, user in forward)]
