"""A web shop's orders: somebody else's program, which knows nothing of this repository. The one in ../yaml makes the same."""

import json

import pulumi_aws as aws

ACCOUNT = "123456789012"

key = aws.kms.Key(
    "key",
    enable_key_rotation=True,
    deletion_window_in_days=30,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": ["kms:DescribeKey", "kms:PutKeyPolicy"],
                    "Resource": "*",
                }
            ],
        }
    ),
)
orders = aws.dynamodb.Table(
    "orders",
    name="orders",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
)
news = aws.sns.Topic("news", name="news")
role = aws.iam.Role(
    "worker",
    name="worker",
    permissions_boundary=f"arn:aws:iam::{ACCOUNT}:policy/limits",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
                }
            ],
        }
    ),
)
aws.iam.RolePolicy(
    "worker-grants",
    name="worker-grants",
    role=role.id,
    policy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:*"], "Resource": "*"}]}
    ),
)
