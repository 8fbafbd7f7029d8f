"""Availability zones by region."""

from typing import Final

ZONES: Final[dict[str, dict[str, str]]] = {
    "us-east-1": {"a": "use1-az1", "b": "use1-az2", "c": "use1-az3", "d": "use1-az4", "e": "use1-az5", "f": "use1-az6"},
    "us-east-2": {"a": "use2-az1", "b": "use2-az2", "c": "use2-az3"},
    "us-west-2": {"a": "usw2-az1", "b": "usw2-az2", "c": "usw2-az3", "d": "usw2-az4"},
    "ap-northeast-1": {"a": "apne1-az4", "c": "apne1-az1", "d": "apne1-az2"},
    "ap-south-1": {"a": "aps1-az1", "b": "aps1-az3", "c": "aps1-az2"},
    "ap-southeast-1": {"a": "apse1-az1", "b": "apse1-az2", "c": "apse1-az3"},
    "ap-southeast-2": {"a": "apse2-az1", "b": "apse2-az3", "c": "apse2-az2"},
    "eu-central-1": {"a": "euc1-az2", "b": "euc1-az3", "c": "euc1-az1"},
    "eu-west-1": {"a": "euw1-az1", "b": "euw1-az2", "c": "euw1-az3"},
}
"""The zone ids, by the letter of the zone's name, of the regions that `components/environment.py` takes. Source: "AWS Regions and
Availability Zones" in the AWS documentation. Each account has names in its own order, and this is one account's: a program that needs a
certain zone must use ids. ap-northeast-1 shows new accounts three of its zones."""
