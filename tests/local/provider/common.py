"""What the samples of several services name: one account's things, and how an edit is written."""

from __future__ import annotations

import json

ACCOUNT = "000000000000"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-dev-us-east-1"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:evolution-system-alerts-dev"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
TAGS = {"Purpose": "AI Evolution System"}

GONE = object()
"""In an edit: take the property out."""

Edit = tuple[str, str, object, str, str]
"""Type, property to edit, what to put there, the property that the refusal must name, and words that it must hold."""
