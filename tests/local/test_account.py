"""An account in the emulator: brought up beside what it has already, unchanged by a second time, and not destroyed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from account.names import AUDIENCE, ISSUER
from local import LocalError, emulator, lifecycle, stackfile
from local.previews import ROOT
from local.projects import ACCOUNT, SYSTEM
from tests.account.tables import ALL_ON, account_table
from tests.local.conftest import VENV, Run
from tests.local.system import clients
from tests.plans import Plan

GITHUB = account_table()["github"]
PROVIDER = f"arn:aws:iam::000000000000:oidc-provider/{ISSUER}"


@pytest.mark.parametrize("account", stackfile.stacks(ROOT / ACCOUNT.folder))
def test_the_pack_finds_nothing_in_a_committed_account(preview: Callable[..., Plan], account: str) -> None:
    """Nor in the sample with all that an account can have."""
    planned = preview(account, project=ACCOUNT, edits=ALL_ON if account == ACCOUNT.stack else None)
    assert planned.succeeded, planned.text
    assert planned.findings == ()
    assert planned.policy_packs


def test_an_account_comes_up_beside_what_it_has_and_stays(act: Run, own_place: Path) -> None:
    rows: dict[str, object] = {**ALL_ON, "stacks": ["dev"]}
    up = partial(lifecycle.up, pack=False)
    emulator.start(own_place, "sandbox", VENV)
    iam = clients(own_place, "sandbox")("iam")
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])

    refused = act(up, own_place, "sandbox", project=ACCOUNT, edits=rows)
    assert not refused.succeeded
    (error,) = refused.errors
    assert "EntityAlreadyExists" in error
    assert "\n" not in error.strip()

    rows["github"] = {**GITHUB, "provider_arn": PROVIDER}
    made = act(up, own_place, "sandbox", project=ACCOUNT, edits=rows)
    assert made.succeeded, made.text
    assert act(lifecycle.refresh, own_place, "sandbox", project=ACCOUNT, edits=rows).succeeded
    again = act(up, own_place, "sandbox", project=ACCOUNT, edits=rows)
    assert again.operations == {}
    assert made.resources == again.resources == again.changes["same"]
    assert made.outputs["backend"]["secrets_provider"] == "awskms://alias/account-state?region=us-east-1"

    role = iam.get_role(RoleName="account-deploy-dev")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/account-boundary-dev")
    attached = iam.list_attached_role_policies(RoleName="account-deploy-dev")["AttachedPolicies"]
    assert {one["PolicyName"].rpartition("-")[0] for one in attached} == {"account-deploy-dev"}

    target = lifecycle.Target(stack="sandbox", project=ACCOUNT, place=own_place, venv=VENV)
    with pytest.raises(LocalError, match=r"sandbox holds data that is protected: state-access-logs, .*state-key, .*watch-records"):
        lifecycle.destroy(target)


def test_each_project_has_a_local_cloud_of_its_own(tmp_path: Path) -> None:
    account, system = (lifecycle.Target(stack="dev", project=one, repo=tmp_path).home for one in (ACCOUNT, SYSTEM))
    assert account == system / "account"
