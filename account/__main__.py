"""What an AWS account needs before the evolution system: where the state is, who deploys, and what watches."""

import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws

# The checkout: what both of its programs use is in components/.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from account.access import Access, AccessArgs
from account.names import AccountNames
from account.state import State, StateArgs, backend
from account.table import common_tags, load
from account.watch import Watch, WatchArgs

account = load(pulumi.Config().get("account"))
names = AccountNames(number=account.number, region=account.region)

# Every resource is made by this provider: one account and no other, one region, and the account's tags on everything that takes them.
provider = aws.Provider(
    "aws",
    region=account.region,
    allowed_account_ids=[account.number],
    default_tags={"tags": common_tags(pulumi.get_stack())},
)
on_aws = pulumi.ResourceOptions(providers=[provider])

state = State("state", StateArgs(names=names, account=account), on_aws)
access = Access("access", AccessArgs(names=names, account=account), on_aws)
Watch("watch", WatchArgs(names=names, account=account, key_arn=state.key_arn, access_logs=state.access_logs), on_aws)

pulumi.export("account", account.model_dump(mode="json"))
pulumi.export("roles", access.roles)
pulumi.export("backend", backend(names))
