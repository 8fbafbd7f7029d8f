"""The agents, and what stands between them and everybody else, as they were planned: see `test_plan_is_honest.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.local.recorded import Resources, held, ids, of, pairs

Client = Callable[[str], Any]


def test_the_web_acl(made: Resources, client: Client) -> None:
    (acl,) = of(made, "aws:wafv2/webAcl:WebAcl")
    (identity,) = ids(made, "aws:wafv2/webAcl:WebAcl")
    waf = client("wafv2")
    there = waf.get_web_acl(Name=acl["name"], Id=identity, Scope=acl["scope"])["WebACL"]
    tags = waf.list_tags_for_resource(ResourceARN=there["ARN"])["TagInfoForResource"]["TagList"]
    answer = json.loads(json.dumps(there).replace("CloudWatch", "Cloudwatch"))  # as the SDK spells it
    assert held(acl, answer, scope="REGIONAL", tags=pairs(tags)) == acl
