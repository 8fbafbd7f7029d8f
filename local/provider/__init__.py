"""The stand-in for the AWS provider: what `pulumi-resource-aws` is to the engine, with no AWS account behind it.

Read `table.py` first: a resource type is one declarative entry in `catalogue/`, and to add a type is to add an entry.
"""
