"""What a pipeline's role may not send where data is kept, and who sends it then."""

from __future__ import annotations

from tests.rows import FIRST_IMAGE

WITHHELD = {
    "iam:CreatePolicyVersion",
    "iam:PutRolePermissionsBoundary",
    "kms:DisableKeyRotation",
    "ssm:PutParameter",
}
"""Changes that the stand-in could send, and a deployment of this program never does but to weaken a guard: an administrator makes them."""

FIRST = {
    "bedrock:PutModelInvocationLoggingConfiguration",
    "ec2:CreateTags",
    "iam:CreatePolicy",
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:TagPolicy",
    "iam:TagRole",
    "lambda:AddPermission",
    "lambda:CreateFunction",
    "s3:PutBucketPolicy",
    "sns:SetTopicAttributes",
    "ssm:PutParameter",
}
"""What an administrator's first `up` alone sends in staging and prod: roles, mode, its writers, guards' policies, the record of prompts,
and tags to the group that comes with the VPC."""

LATER = {
    "iam:TagPolicy",
    "iam:TagRole",
    "iam:UntagPolicy",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "kms:PutKeyPolicy",
    "lambda:UpdateFunctionCode",
    "sns:SetTopicAttributes",
}
"""The changes there that are an administrator's, of functions those of the switch and resume alone."""

SETTINGS = "lambda:UpdateFunctionConfiguration"
"""Of the switch and resume an administrator's as well. Only the bounds of the engine, which `resume` restores, are in rows."""

OF_ADMINISTRATORS = {"model_id": "another", "engine_image_digest": FIRST_IMAGE, "engine.minimum": "fewer", "engine.maximum": "fewer"}
"""The changes of rows that change what is granted, and `resume`: the first image comes with a role of its own."""
