"""From which regions a model can be called through which inference profiles. A pure function."""

from __future__ import annotations


def geographies_of(region: str) -> tuple[str, ...]:
    """The inference-profile prefixes that can be called from a region.

    Source: Bedrock user guide, "Supported Regions and models for inference profiles".
    """
    match region.partition("-")[0], region:
        case "us", _:
            return ("us", "global")
        case "eu", _:
            return ("eu", "global")
        case _, "ap-northeast-1":
            return ("apac", "jp", "global")
        case _, "ap-southeast-2":
            return ("apac", "au", "global")
        case _:
            return ("apac", "global")
