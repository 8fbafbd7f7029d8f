"""How every type of the catalogue goes on after it was made, and the list of what the emulator can't make.

A type of the catalogue is either in LIVES or in LACKING; a test holds that.
"""

from __future__ import annotations

from typing import Final

from local.provider.life import Life
from local.provider.lives import agents, functions, identity, network, storage, workloads

LIVES: Final[dict[str, Life]] = {
    **network.LIVES,
    **identity.LIVES,
    **storage.LIVES,
    **workloads.LIVES,
    **functions.LIVES,
    **agents.LIVES,
}
"""By type."""

LACKING: Final[dict[str, str]] = {
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": "ministack's AgentCore has runtimes and memories, but no gateways",
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": "ministack's AgentCore has no gateways, and so no targets of theirs",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "ministack's WAF has no logging",
}
"""What the emulator lacks, with the reason: checked by AWS's model like everything else, then kept as Pulumi's state alone."""
