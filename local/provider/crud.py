"""Creates, reads, updates and deletes one resource in the emulator, as its type's entry in `services/` says."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, cast

from local.provider.assets import contents
from local.provider.cloud import Cloud, CloudError
from local.provider.diff import planned, same
from local.provider.members import Local
from local.provider.outputs import ACCOUNT, compute, fill
from local.provider.reading import AsSent, Field, Reading, as_properties, pairs, reconciled, search
from local.provider.request import PreparedRequest, request_of, requests, takes
from local.provider.resource_type import Call, Request, ResourceType
from local.provider.wire import UNKNOWN

Values = Mapping[str, Any]


class CrudError(Exception):
    """The local cloud can't do what Pulumi asks for; the message says why and what to do."""


class Crud:
    """The operations on resources of one type, which the emulator must have, in one region."""

    def __init__(self, cloud: Cloud, resource: ResourceType, region: str) -> None:
        assert resource.read is not None, resource.not_emulated
        self._cloud = cloud
        self._type = resource
        self._read = resource.read
        self._region = region

    def create(self, inputs: Values) -> tuple[str, dict[str, Any]]:
        """Create a resource, and return its id and outputs. If a request after the first fails, the resource is deleted again.

        Raises:
            CloudError: AWS refused one of the requests.
            CrudError: the resource isn't found after it was created.
        """
        (first, prepared), *further = self._creation(inputs)
        answer = self._cloud.send(first.operation, _with_region(first, prepared.parameters, self._region), self._region)
        created = {name: search(path, answer) for name, path in self._type.created.items()}
        identity = created.pop("id", None)
        if identity is None:
            identity, _ = compute(self._type, {**inputs, **created}, self._region)
        try:
            for request in self._type.after_create:
                self._send_filled(request, {**inputs, **created, "id": identity})
            for call, prepared in further:
                self._send(call, prepared.parameters, identity, inputs)
            outputs = self.outputs(identity, {**inputs, **created})
        except CloudError:
            self.delete(identity, {**inputs, **created})
            raise
        if outputs is None:
            raise CrudError(
                f"{first.operation} made {identity}, and {self._read.request.operation} doesn't find it; mend the type's `read`"
            )
        return identity, outputs

    def outputs(self, identity: str, state: Values) -> dict[str, Any] | None:
        """The resource's outputs; None if it no longer exists. What only AWS can know and doesn't return is left out."""
        found = self._found({**state, "id": identity})
        if found is None:
            return None
        there = {name: value for name, path in self._read.outputs.items() if (value := search(path, found)) is not None}
        inputs = {name: value for name, value in state.items() if name not in self._type.outputs}
        created = {name: state[name] for name in self._type.created if name != "id" and name in state}
        _, rest = compute(self._type, {**inputs, **created, **there}, self._region, identity=identity, draw=False)
        return {**rest, **created, **there}

    def read(self, identity: str, state: Values, inputs: Values) -> dict[str, Any] | None:
        """The resource's actual inputs, spelled as the program spells them where they mean the same; None if it no longer exists.

        Args:
            identity: the id.
            state: the recorded inputs and outputs.
            inputs: the recorded inputs that may be compared.

        Raises:
            CloudError: AWS refused a request.
        """
        known = {**state, "id": identity}
        found = self._found(known)
        if found is None:
            return None
        there: dict[str, Any] = dict(cast(dict[str, Any], found)) if isinstance(found, dict) else {"it": found}
        there |= {name: self._ask(request, {**known, "found": found}) or {} for name, request in self._further().items()}
        wanted = planned(self._type, {}, inputs)
        made = dict(inputs)
        for name, reading in {**self._read.properties, **self._tags()}.items():
            if isinstance(reading, AsSent):
                if name in inputs:
                    asked = self._creation(wanted)[0][1].parameters.get(reading.member)
                    if reconciled(asked, there.get(reading.member)) != asked:
                        made[name] = as_properties(there.get(reading.member))
                continue
            field = Field(reading) if isinstance(reading, str) else reading
            if name in inputs or field.default is not None:
                made[name] = field.reconciled(wanted.get(name, field.default), search(field.path, there))
                if name in inputs and same(self._type, name, wanted[name], made[name]):
                    made[name] = inputs[name]
                if name not in inputs and made[name] == field.default:
                    del made[name]
        return made

    def update(self, identity: str, before: Values, inputs: Values) -> dict[str, Any]:
        """Change a resource from its recorded inputs and outputs to new inputs, and return its outputs.

        Raises:
            CloudError: AWS refused a change.
            CrudError: the resource no longer exists, or no call of its type makes this change.
        """
        there = self.outputs(identity, before)
        if there is None:
            raise CrudError(f"{identity} is gone from the local cloud; run `make refresh`, then `make up` again")
        ignored = self._type.write_only | {"id", "region"} | (self._type.outputs.keys() - inputs.keys())
        had, wanted = planned(self._type, {}, before), planned(self._type, before, inputs)
        changed = {
            name
            for name in (had.keys() | wanted.keys()) - ignored
            if not same(self._type, name, contents(had.get(name)), contents(wanted.get(name)))
        }
        inputs = {name: value for name, value in wanted.items() if name in inputs or name in changed}
        known = {**before, **inputs, **there, "id": identity, "added": _added(inputs, before), "removed": _added(before, inputs)}
        changes = list(self._changes(changed, inputs, known))
        unknown = changed - self._without_request() - {name for names, _, _ in changes for name in names}
        if unknown:
            raise CrudError(
                f"the local cloud doesn't know how AWS changes {', '.join(sorted(unknown))} of {self._type.token} in place; "
                "add the call to `update` of the type's entry in local/provider/services/"
            )
        for _, call, parameters in changes:
            if call.before:
                self._send_filled(call.before, known)
            self._send(call, parameters, identity, inputs)
        if "tags" in changed:
            self._untag(before, inputs, known)
        outputs = self.outputs(identity, {**before, **inputs})
        if outputs is None:
            raise CrudError(f"{identity} was changed and then not found in the local cloud; run `make refresh`")
        return outputs

    def delete(self, identity: str, state: Values) -> None:
        """Delete a resource with its recorded inputs and outputs. It is no error if it no longer exists.

        Raises:
            CloudError: AWS refused to delete it.
        """
        known = {**state, "id": identity}
        for one in self._type.deletion:
            if isinstance(one, Call):
                with _ignoring_what_is_gone():
                    self._send(one, request_of(one, state, self._resolver(known)).parameters, identity, state)
            else:
                self._send_filled(one, known)

    def _creation(self, inputs: Values) -> list[tuple[Call, PreparedRequest]]:
        """The requests that create it."""
        creating = self._type.creation
        return [(call, prepared) for call, prepared in requests(self._type.calls, inputs) if any(call is one for one in creating)]

    def _found(self, known: Values) -> Any:
        """The resource in the answer to its read request; None if it no longer exists."""
        answer = self._ask(self._read.request, known)
        return None if answer is None else search(fill(self._read.path, self._resolver(known)), answer) or None

    def _ask(self, request: Request, known: Values) -> dict[str, Any] | None:
        """The answer; None if it says that the resource doesn't exist."""
        try:
            return self._cloud.send(request.operation, self._filled(request, known), self._region)
        except CloudError as error:
            if error.not_found:
                return None
            raise

    def _further(self) -> dict[str, Request]:
        """The further read requests, by the names of their answers."""
        tags = self._type.tags
        return {**self._read.further, **({"tagged": tags.read} if tags and tags.read else {})}

    def _tags(self) -> dict[str, Reading]:
        """Where its tags are, if they are compared."""
        tags = self._type.tags
        if tags is None or tags.path is None:
            return {}
        return {"tags": Field(f"tagged.{tags.path}" if tags.read else tags.path, pairs, default={}, whole=True)}

    def _without_request(self) -> set[str]:
        """The properties that change in place without a request."""
        kept = {name for call in self._type.creation for name, member in call.members.items() if isinstance(member, Local)}
        deleting = {name for one in self._type.deletion if isinstance(one, Call) for name in one.members}
        tags = {"tags"} if self._type.tags and self._type.tags.tag is None else set[str]()
        return kept | deleting | tags | self._type.provider_only

    def _changes(self, changed: set[str], inputs: Values, known: Values) -> Iterator[tuple[set[str], Call, Values]]:
        """The requests that make the changes, each with the properties that it changes."""
        first, *later = self._type.creation
        further = {name for call in self._type.calls[1:] for name in call.members if name not in first.members}
        if self._type.create_overwrites and changed - further:
            yield changed - further, first, self._creation(inputs)[0][1].parameters
        tag = self._type.tags.tag if self._type.tags else None
        if tag and not any("tags" in call.members for call in later):
            later.append(tag)
        for call in (*later, *self._type.changes):
            taken = {name for name in changed if takes(call, name, inputs.get(name))}
            if taken:
                sent = {name: value for name, value in inputs.items() if name in changed or name not in self._type.unsent_unless_changed}
                yield taken, call, request_of(call, sent, self._resolver(known)).parameters

    def _untag(self, before: Values, inputs: Values, known: Values) -> None:
        had: dict[str, str] = before.get("tags") or {}
        has: dict[str, str] = inputs.get("tags") or {}
        gone = sorted(had.keys() - has.keys())
        if gone and self._type.tags and self._type.tags.untag:
            self._send_filled(self._type.tags.untag, {**known, "goneTags": gone, "gonePairs": [{"Key": key} for key in gone]})

    def _send(self, call: Call, parameters: Values, identity: str, inputs: Values) -> None:
        if call.holds(inputs):
            self._cloud.send(call.operation, _with_id(parameters, identity), self._region)

    def _send_filled(self, request: Request, known: Values) -> None:
        """Send a request, or one for each item of its listing. It is no error if something no longer exists."""
        if not request.holds(known):
            return
        items: Sequence[Any] = [None]
        if request.each is not None:
            listing, path = request.each
            items = search(path, self._ask(listing, known) or {}) or []
        for item in items:
            with _ignoring_what_is_gone():
                self._cloud.send(request.operation, self._filled(request, {**known, "each": item}), self._region)

    def _filled(self, request: Request, known: Values) -> dict[str, Any]:
        resolve = self._resolver(known)
        return {name: value for name, template in request.parameters.items() if (value := fill(template, resolve)) is not None}

    def _resolver(self, known: Values) -> Callable[[str], Any]:
        values: dict[str, Any] = {"account": ACCOUNT, "region": self._region, **known}

        def resolve(name: str) -> Any:
            first, _, rest = name.partition(".")
            return values.get(first, {}).get(rest) if rest else values.get(first)

        return resolve


@contextlib.contextmanager
def _ignoring_what_is_gone() -> Generator[None]:
    try:
        yield
    except CloudError as error:
        if not error.not_found:
            raise


def _with_region(call: Call, parameters: Values, region: str) -> dict[str, Any]:
    """S3 wants the region of a new bucket as a parameter, except us-east-1."""
    if call.operation == "s3:CreateBucket" and region != "us-east-1":
        return {**parameters, "CreateBucketConfiguration": {"LocationConstraint": region}}
    return dict(parameters)


def _added(properties: Values, others: Values) -> dict[str, list[Any]]:
    """By property, the items of lists in `properties` that the same lists in `others` lack; without empty results."""
    lists = {name: cast("list[Any]", value) for name, value in properties.items() if isinstance(value, list)}
    more = {name: [item for item in items if item not in (others.get(name) or ())] for name, items in lists.items()}
    return {name: items for name, items in more.items() if items}


def _with_id(value: Any, identity: str) -> Any:
    """The parameters with the resource's own id in the place of UNKNOWN."""
    if value is UNKNOWN:
        return identity
    if isinstance(value, dict):
        return {key: _with_id(item, identity) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_with_id(item, identity) for item in cast(list[Any], value)]
    return value
