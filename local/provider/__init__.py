"""The stand-in for the AWS provider: what `pulumi-resource-aws` is to the engine, with no AWS account behind it.

Read `resource_type.py` first: a resource type is one declarative entry in `services/`, and to add a type is to add an entry.
"""
