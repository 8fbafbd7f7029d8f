"""What the emulator made and no state knows: of a run that was cut off between the making and the recording."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping

from local import LocalError
from local.provider.cloud import CloudError
from local.provider.ledger import Creation, Ledger
from local.state import State


def settle(endpoint: str, record: State) -> list[str]:
    """Have the emulator forget what is recorded by now, so that whoever asks for it again gets a new one; the URNs of the rest.

    Raises:
        LocalError: the emulator can't be asked.
    """
    with _in_one_line():
        return _made(_settled(Ledger(endpoint), record))


def remove(endpoint: str, record: State) -> list[str]:
    """Remove what isn't recorded; the URNs of what that was.

    Raises:
        LocalError: the emulator can't be asked, or refuses to remove something.
    """
    with _in_one_line():
        rest = _settled(Ledger(endpoint), record)
        if rest:
            from local.provider.cloud import Cloud  # what it needs takes 0.5 s to import, and is hardly ever needed
            from local.provider.once import Once

            Once(Cloud(endpoint)).remove(rest, spared=[(one["type"], one["id"]) for one in record.all() if "id" in one])
        return _made(rest)


def _settled(ledger: Ledger, record: State) -> dict[str, Creation]:
    recorded = {(one["urn"], one.get("id")) for one in record.all()}
    begun = ledger.all()
    rest = {urn: one for urn, one in begun.items() if (urn, one.id) not in recorded}
    ledger.forget(begun.keys() - rest.keys())
    return rest


def _made(creations: Mapping[str, Creation]) -> list[str]:
    """Those of which there is something."""
    return [urn for urn, one in creations.items() if one.answered]


@contextlib.contextmanager
def _in_one_line() -> Generator[None]:
    try:
        yield
    except CloudError as error:
        raise LocalError(f"what a run that was cut off had begun can't be looked after: {error}. Run the same command again.") from None
