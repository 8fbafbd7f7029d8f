"""The embedded cloud: the real Pulumi CLI, run over this repository without an AWS account, a Pulumi account or credentials."""


class LocalError(Exception):
    """The local run can't continue. The message says what is wrong, why, and what to do."""
