"""How well the guardrail judges, and in which regions. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass

PROFILE_REGIONS: dict[str, tuple[str, ...]] = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "au": ("ap-southeast-2",),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}
"""By geography, the regions in which a guardrail of the tier STANDARD may judge a text; a narrower one before a wider. Source: Bedrock user
guide, "Supported Regions for cross-Region guardrail inference"."""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How well prompts and topics are judged, and where. STANDARD is AWS's better one: more robust against attacks, in all languages and
    within code, which CLASSIC doesn't look into. Source: Bedrock user guide, "Safeguard tiers for guardrails policies".

    Attributes:
        name: STANDARD or CLASSIC.
        profile: what a guardrail of the tier STANDARD needs: where else it may judge.
    """

    name: str
    profile: str | None


def tier(model_id: str, region: str) -> Tier:
    """STANDARD, where that judges a text nowhere but where the model's own profile sends it; otherwise CLASSIC, which judges it here.

    Args:
        model_id: an inference profile. Of those of a country AWS has no guardrail profile for Japan, and APAC's would leave it.
    """
    geography = model_id.partition(".")[0]
    if geography == "global":
        geography = next((one for one, regions in PROFILE_REGIONS.items() if region in regions), geography)
    if region not in PROFILE_REGIONS.get(geography, ()):
        return Tier(name="CLASSIC", profile=None)
    return Tier(name="STANDARD", profile=f"{geography}.guardrail.v1:0")
