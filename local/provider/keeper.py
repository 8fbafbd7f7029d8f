"""Makes, finds, changes and removes resources in the emulator, as their entries in `catalogue/` and `lives/` say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from local.provider.assets import contents
from local.provider.cloud import Cloud, CloudError
from local.provider.difference import planned, same
from local.provider.life import Ask, Life
from local.provider.lives import LIVES
from local.provider.outputs import ACCOUNT, compute, fill
from local.provider.reading import Seen, Sent, reconciled, search, spelled
from local.provider.request import request_of, requests
from local.provider.table import Call, ResourceType
from local.provider.wire import UNKNOWN

Values = Mapping[str, Any]


class KeeperError(Exception):
    """The local cloud can't do what the engine asks; the message says why and what to do."""


class Keeper:
    """One resource of the emulator's: its type and its region."""

    def __init__(self, cloud: Cloud, resource: ResourceType, region: str) -> None:
        self._cloud = cloud
        self._resource = resource
        self._life: Life = LIVES[resource.token]
        self._region = region

    def create(self, inputs: Values) -> tuple[str, dict[str, Any]]:
        """Make it and give its id and outputs. Where a later step fails, what the first one made is removed again.

        Raises:
            CloudError: AWS's answer to one of the requests was a refusal.
        """
        (first, request), *further = [(call, request) for call, request in requests(self._calls, inputs) if call.at == "create"]
        parameters = _with_region(first, request.parameters, self._region)
        answer = self._cloud.send(first.operation, parameters, self._region)
        given = {name: search(path, answer) for name, path in self._life.answer.items()}
        identity, _ = compute(self._resource, {**inputs, **given}, self._region, identity=given.pop("id", None))
        try:
            for ask in self._life.then:
                self._ask(ask, {**inputs, **given, "id": identity})
            for call, request in further:
                self._send(call, request.parameters, identity, inputs)
            outputs = self.outputs(identity, {**inputs, **given})
        except CloudError:
            self.delete(identity, inputs, given)
            raise
        if outputs is None:
            raise KeeperError(f"{first.operation} made {identity}, and {self._life.look.operation} doesn't find it; mend the type's Life")
        return identity, outputs

    def outputs(self, identity: str, state: Values) -> dict[str, Any] | None:
        """What AWS computes for it, as it is now; None if it is gone. What only AWS could know and doesn't say is left out."""
        found = self._found({**state, "id": identity})
        if found is None:
            return None
        seen = {name: value for name, path in self._life.outputs.items() if (value := search(path, found)) is not None}
        inputs = {name: value for name, value in state.items() if name not in self._resource.outputs}
        given = {name: state[name] for name in self._life.answer if name != "id" and name in state}
        _, rest = compute(self._resource, {**inputs, **given, **seen}, self._region, identity=identity, draw=False)
        return {**rest, **given, **seen}

    def seen(self, identity: str, state: Values, inputs: Values) -> dict[str, Any] | None:
        """Its inputs as they really are, in the words of the program where it is what the program wrote; None if it is gone.

        Args:
            identity: its id.
            state: its inputs and outputs, as recorded.
            inputs: its inputs, as recorded, less those that may not be looked at.

        Raises:
            CloudError: AWS refused to say.
        """
        known = {**state, "id": identity}
        found = self._found(known)
        if found is None:
            return None
        there: dict[str, Any] = dict(cast(dict[str, Any], found)) if isinstance(found, dict) else {"it": found}
        there |= {name: self._look(ask, {**known, "seen": found}) or {} for name, ask in self._life.also.items()}
        wanted = planned(self._resource, {}, inputs)
        _, first = next(iter(requests(self._calls, wanted)))
        made = dict(inputs)
        for name, reading in self._life.reads.items():
            if isinstance(reading, Sent):
                if name in inputs:
                    asked = first.parameters.get(reading.member)
                    if reconciled(asked, there.get(reading.member)) != asked:
                        made[name] = spelled(there.get(reading.member))
                continue
            at = Seen(reading) if isinstance(reading, str) else reading
            if name in inputs or at.default is not None:
                there_now = at.form(search(at.path, there))
                kept = reconciled(wanted.get(name, at.default), there_now)
                made[name] = there_now if at.whole else kept
                if name in inputs and same(self._resource, name, wanted[name], kept):
                    made[name] = inputs[name]
        return {name: value for name, value in made.items() if name in inputs or value != self._default(name)}

    def update(self, identity: str, before: Values, inputs: Values) -> dict[str, Any]:
        """Change what differs between two states of its inputs and give its outputs.

        Args:
            identity: its id.
            before: its inputs and outputs so far.
            inputs: the inputs that it should have.

        Raises:
            CloudError: AWS refused a change.
            KeeperError: it is gone, or no call is known that makes this change.
        """
        seen = self.outputs(identity, before)
        if seen is None:
            raise KeeperError(f"{identity} is gone from the local cloud; run `make refresh`, then `make up` again")
        ignored = self._resource.write_only | {"region"} | (self._resource.outputs.keys() - inputs.keys())
        had, wanted = planned(self._resource, {}, before), planned(self._resource, before, inputs)
        changed = {
            name
            for name in (had.keys() | wanted.keys()) - ignored
            if not same(self._resource, name, contents(had.get(name)), contents(wanted.get(name)))
        }
        inputs = {name: value for name, value in wanted.items() if name in inputs or name in changed}
        known = {**before, **inputs, **seen, "id": identity, "added": _beyond(inputs, before), "removed": _beyond(before, inputs)}
        sends = list(self._changes(changed, inputs, known))
        unknown = changed - {name for names, _ in sends for name in names}
        if unknown:
            raise KeeperError(
                f"the local cloud doesn't know how AWS changes {', '.join(sorted(unknown))} of {self._resource.token} in place; "
                "add the call to the type's entry in local/provider/lives/"
            )
        for _, send in sends:
            send()
        if "tags" in changed:
            self._untag(before, inputs, known)
        outputs = self.outputs(identity, {**before, **inputs})
        if outputs is None:
            raise KeeperError(f"{identity} was changed and then not found in the local cloud; run `make refresh`")
        return outputs

    def delete(self, identity: str, inputs: Values, outputs: Values) -> None:
        """Remove it; what is gone already is no error.

        Raises:
            CloudError: AWS refused to remove it.
        """
        known = {**inputs, **outputs, "id": identity}
        if any("{lockToken}" in str(ask.parameters) for ask in self._life.remove):
            known |= self.outputs(identity, known) or {}
        for call in self._calls:
            if call.at == "delete":
                self._forgiving(lambda call=call: self._send(call, request_of(call, inputs).parameters, identity, inputs))
        for ask in self._life.remove:
            self._ask(ask, known)

    def _default(self, name: str) -> Any:
        reading = self._life.reads.get(name)
        return reading.default if isinstance(reading, Seen) else None

    def _found(self, known: Values) -> Any:
        """The resource in the answer to `look`; None if it is gone."""
        answer = self._look(self._life.look, known)
        return None if answer is None else search(fill(self._life.at, self._resolver(known)), answer) or None

    def _look(self, ask: Ask, known: Values) -> dict[str, Any] | None:
        """The answer; None if it says that the thing is gone."""
        try:
            return self._cloud.send(ask.operation, self._filled(ask.parameters, known), self._region)
        except CloudError as error:
            if error.gone:
                return None
            raise

    @property
    def _calls(self) -> Sequence[Call]:
        return self._resource.calls

    def _changes(self, changed: set[str], inputs: Values, known: Values) -> Iterator[tuple[set[str], Callable[[], object]]]:
        """The requests that make the changes, each with the properties that it takes care of."""
        identity = str(known["id"])
        further = {name for call in self._calls[1:] for name in call.members if name not in self._calls[0].members}
        if self._life.puts and changed - further:
            first, request = next(iter(requests(self._calls, inputs)))
            yield changed - further, lambda: self._send(first, request.parameters, identity, inputs)
        later = [call for call in self._calls[1:] if call.at == "create"]
        kept = {name for call in self._calls if call.at == "delete" for name in call.members}
        yield changed & kept, lambda: None
        for call in (*later, *self._life.changes):
            takes = changed & call.members.keys() & {name for name, value in inputs.items() if value is not None}
            if takes and call.operation:
                fixed = self._filled(call.fixed, known)
                still = {name: value for name, value in inputs.items() if name in changed or name not in self._life.moves}
                parameters = request_of(replace(call, fixed=fixed), still).parameters
                yield takes, lambda call=call, parameters=parameters: self._send(call, parameters, identity, inputs)
            elif takes:
                yield takes, lambda: None

    def _untag(self, before: Values, inputs: Values, known: Values) -> None:
        had: dict[str, str] = before.get("tags") or {}
        has: dict[str, str] = inputs.get("tags") or {}
        gone = sorted(had.keys() - has.keys())
        if gone and self._life.untag:
            self._ask(self._life.untag, {**known, "goneTags": gone, "gonePairs": [{"Key": key} for key in gone]})

    def _send(self, call: Call, parameters: Values, identity: str, inputs: Values) -> None:
        wanted = call.only is None or inputs.get(call.only[0]) == call.only[1]
        if wanted and (call.unless is None or inputs.get(call.unless[0]) != call.unless[1]):
            self._cloud.send(call.operation, _owned(parameters, identity), self._region)

    def _ask(self, ask: Ask, known: Values) -> None:
        if (ask.only and not known.get(ask.only)) or (ask.unless and known.get(ask.unless)):
            return
        items: list[Any] = [None]
        if ask.each is not None:
            listing, path = ask.each
            try:
                answer = self._cloud.send(listing.operation, self._filled(listing.parameters, known), self._region)
            except CloudError as error:
                if error.gone:
                    return
                raise
            items = search(path, answer) or []
        for item in items:
            parameters = self._filled(ask.parameters, {**known, "each": item})
            self._forgiving(lambda parameters=parameters: self._cloud.send(ask.operation, parameters, self._region))

    def _forgiving(self, send: Callable[[], object]) -> None:
        """Send, and take for done what can't be done because the thing is gone."""
        try:
            send()
        except CloudError as error:
            if not error.gone:
                raise

    def _filled(self, parameters: Values, known: Values) -> dict[str, Any]:
        resolve = self._resolver(known)
        return {name: value for name, template in parameters.items() if (value := fill(template, resolve)) is not None}

    def _resolver(self, known: Values) -> Callable[[str], Any]:
        values: dict[str, Any] = {"account": ACCOUNT, "region": self._region, **known}

        def resolve(name: str) -> Any:
            first, _, rest = name.partition(".")
            return values.get(first, {}).get(rest) if rest else values.get(first)

        return resolve


def _with_region(call: Call, parameters: Values, region: str) -> dict[str, Any]:
    """S3 alone wants to be told the region of a new bucket, except in its first one."""
    if call.operation == "s3:CreateBucket" and region != "us-east-1":
        return {**parameters, "CreateBucketConfiguration": {"LocationConstraint": region}}
    return dict(parameters)


def _beyond(properties: Values, others: Values) -> dict[str, list[Any]]:
    """What the lists of `properties` hold that the same lists of `others` don't; nothing of those that hold no more."""
    lists = {name: cast("list[Any]", value) for name, value in properties.items() if isinstance(value, list)}
    more = {name: [item for item in items if item not in (others.get(name) or ())] for name, items in lists.items()}
    return {name: items for name, items in more.items() if items}


def _owned(value: Any, identity: str) -> Any:
    """The parameters with the resource's own id where it was not known yet."""
    if value is UNKNOWN:
        return identity
    if isinstance(value, dict):
        return {key: _owned(item, identity) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_owned(item, identity) for item in cast(list[Any], value)]
    return value
