"""The stand-in for the AWS provider: what `pulumi-resource-aws` is to Pulumi, with no AWS account behind it.

Read `resource_type.py` first: a resource type is one declarative entry in `services/`, with a row in `facts.json`.
"""
