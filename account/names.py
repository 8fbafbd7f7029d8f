"""Physical names and ARNs of what an account has once, and of the roles that its stacks are deployed with.

All begin with `account-`: what begins with `evolution-` is within the patterns of the system's own policies.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.naming import PARTITION

ISSUER = "token.actions.githubusercontent.com"
"""GitHub's identity provider, by its host. Source: GitHub's guide, "OpenID Connect in Amazon Web Services"."""

AUDIENCE = "sts.amazonaws.com"
"""Whom GitHub's tokens are for. Source: the same."""

STATE_ALIAS = "alias/account-state"
"""The alias of the state's key, as a stack's secrets provider names it."""


@dataclass(frozen=True, kw_only=True)
class AccountNames:
    """The names in one account.

    Attributes:
        number: the account's, twelve digits.
    """

    number: str
    region: str

    @property
    def state_bucket(self) -> str:
        return self._bucket("account-state")

    @property
    def access_logs_bucket(self) -> str:
        """Takes the access logs of the other buckets."""
        return self._bucket("account-access-logs")

    @property
    def records_bucket(self) -> str:
        """Takes what CloudTrail and Bedrock record."""
        return self._bucket("account-records")

    @property
    def any_key_arn(self) -> str:
        """Every key of the account: AWS makes a key's id."""
        return self._arn("kms", "key/*")

    @property
    def any_alias_arn(self) -> str:
        """Every alias of this project."""
        return self._arn("kms", "alias/account-*")

    @property
    def provider_arn(self) -> str:
        """GitHub's identity provider; AWS names it by its host."""
        return f"arn:{PARTITION}:iam::{self.number}:oidc-provider/{ISSUER}"

    @property
    def analyzer(self) -> str:
        return "account-external-access"

    @property
    def trail(self) -> str:
        return "account-trail"

    @property
    def trail_arn(self) -> str:
        return self._arn("cloudtrail", f"trail/{self.trail}")

    def role(self, kind: str, stack: str) -> str:
        """The role with which a stack's workflows deploy, look for `drift`, push an `image` or `drill`."""
        return f"account-{kind}-{stack}"

    def boundary(self, stack: str) -> str:
        """The permissions boundary of a stack's roles here."""
        return f"account-boundary-{stack}"

    def role_arn(self, role: str) -> str:
        return f"arn:{PARTITION}:iam::{self.number}:role/{role}"

    def policy_arn(self, policy: str) -> str:
        return f"arn:{PARTITION}:iam::{self.number}:policy/{policy}"

    def bucket_arn(self, bucket: str) -> str:
        return f"arn:{PARTITION}:s3:::{bucket}"

    def _bucket(self, stem: str) -> str:
        return f"{stem}-{self.number}-{self.region}"

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{PARTITION}:{service}:{self.region}:{self.number}:{resource}"
