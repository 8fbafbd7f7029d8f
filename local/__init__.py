"""The embedded cloud: the real Pulumi engine, run over this repository with no AWS account, no Pulumi account and no credentials."""


class LocalError(Exception):
    """The local run can't go on; the message is for the person who started it: what, why and what to do."""
