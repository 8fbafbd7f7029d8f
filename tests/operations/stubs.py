"""An account whose answers a test gives, through botocore's own stubs: a request or an answer that AWS's model doesn't have is an error."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.session import Session
from botocore.stub import Stubber

from operations.account import Account
from operations.planned import Planned, Resource
from operations.preflight import CALLS
from tests.components.tables import env_of

NUMBER, REGION = "123456789012", "us-east-1"

SESSION: Any = Session()
"""One for all, for it reads AWS's models once."""

Answer = Mapping[str, Any] | str
"""What AWS answers, or the code of its refusal."""


def stubbed(*answers: tuple[str, Answer]) -> Account:
    """An account that answers these calls, in this order, and no other."""
    clients: dict[str, Any] = {}
    stubs: dict[str, Any] = {}
    for operation, answer in answers:
        service, _, name = operation.partition(":")
        if service not in clients:
            clients[service] = SESSION.create_client(service, region_name=REGION, aws_access_key_id="one", aws_secret_access_key="two")
            stubs[service] = Stubber(clients[service])
        method = xform_name(name)
        if isinstance(answer, str):
            stubs[service].add_client_error(method, answer, "said so")
        else:
            stubs[service].add_response(method, dict(answer))
    for stub in stubs.values():
        stub.activate()
    return Account(number=NUMBER, region=REGION, calls=CALLS, session=SESSION, clients=clients)


def planned(stack: str = "prod", **resources: Mapping[str, Any] | list[Mapping[str, Any]]) -> Planned:
    """A plan with these resources, by type, such as `ec2__eip`; those with `made` in their inputs are there already."""
    found: list[Resource] = []
    for kind, given in resources.items():
        for inputs in given if isinstance(given, list) else [given]:
            found.append(Resource(type=kind.replace("__", "/"), inputs=inputs, before={} if inputs.get("made") else None))
    return Planned(stack=stack, env=env_of(stack), resources=tuple(found))
