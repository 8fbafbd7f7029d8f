"""Edits of whom the compliant stack lets in, by roles' trust and by resources' own policies, and the rules that must fire for each."""

from __future__ import annotations

from tests.policy.edits import Edit, adding, both, setting, without
from tests.policy.identity_builders import (
    BUCKET_OBJECTS,
    FOREIGN,
    OBJECTS,
    OURS,
    ROOT,
    admitting,
    denying,
    endpoint,
    function,
    through,
    trusted,
    trusting,
)
from tests.policy.samples import ACCOUNT, KEY_ARN, TOPIC_ARN, UNKNOWN, Node, document

WILD_ACTION = {"identity/no-wildcard-action"}
CLOSED = {"identity/trust-closed"}
SOURCE = {"identity/trust-source"}
TAKEN = {"identity/trust-service"}
ACCOUNTS = {"identity/one-account"}
PUBLIC = {"identity/no-public-access"}
DEPUTY = {"identity/confused-deputy"}
BREADTH = {"identity/key-breadth"}
TLS = {"identity/tls-only"}
OWN = {"identity/own-policy"}

EDITS: list[tuple[str, Edit, set[str]]] = [
    # Trust.
    ("everybody may take the role", trusting("*"), CLOSED),
    ("every AWS account may take the role", trusting({"AWS": "*"}, OURS), CLOSED),
    ("every service may take the role", trusting({"Service": "*.amazonaws.com"}, OURS), CLOSED),
    (
        "everybody but one may take the role",
        trusted(
            document(
                {
                    "Effect": "Allow",
                    "NotPrincipal": ROOT,
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
                }
            ),
        ),
        CLOSED,
    ),
    ("all of the account may take the role", trusting(ROOT), CLOSED),
    (
        "the account may take the role, by any name",
        trusting({"AWS": ACCOUNT}, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
        CLOSED,
    ),
    (
        "any workflow may take the role",
        trusting(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
            {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
            "sts:AssumeRoleWithWebIdentity",
        ),
        CLOSED,
    ),
    ("the role may be taken in any way", trusting({"Service": "ecs-tasks.amazonaws.com"}, OURS, "sts:*"), WILD_ACTION),
    ("tasks of any account", trusting({"Service": "ecs-tasks.amazonaws.com"}), SOURCE),
    (
        "tasks of any account that is said",
        trusting({"Service": "ecs-tasks.amazonaws.com"}, {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
        SOURCE,
    ),
    (
        "tasks of any account's clusters",
        trusting({"Service": "ecs-tasks.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:*:*"}}),
        SOURCE,
    ),
    ("a function's role that Bedrock takes", both(function(UNKNOWN, "guest"), trusting({"Service": "bedrock.amazonaws.com"}, OURS)), TAKEN),
    (
        "a function's role, by its ARN",
        both(function(f"arn:aws:iam::{ACCOUNT}:role/guest-prod"), trusting({"Service": "bedrock.amazonaws.com"}, OURS)),
        TAKEN,
    ),
    (
        "a function's role that others take, too",
        both(function(UNKNOWN, "guest"), trusting({"Service": ["lambda.amazonaws.com", "bedrock.amazonaws.com"]}, OURS)),
        TAKEN,
    ),
    (
        "a foreign account's tasks",
        trusting({"Service": "ecs-tasks.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": FOREIGN}}),
        ACCOUNTS,
    ),
    ("a foreign role", trusting({"AWS": f"arn:aws:iam::{FOREIGN}:role/guest"}), ACCOUNTS),
    # Resources' own policies.
    ("everybody publishes", admitting("topic-policy", "sns:Publish", "*", resource=TOPIC_ARN), PUBLIC),
    (
        "everybody of some network publishes",
        admitting("topic-policy", "sns:Publish", {"AWS": ["*"]}, {"StringEquals": {"aws:SourceVpc": "vpc-1"}}),
        PUBLIC,
    ),
    ("everybody reads", admitting("artifacts-policy", "s3:GetObject", "*", resource=BUCKET_OBJECTS), PUBLIC),
    (
        "everybody of any organization reads",
        admitting("artifacts-policy", "s3:GetObject", "*", {"StringLike": {"aws:PrincipalOrgID": "*"}}),
        PUBLIC,
    ),
    ("everybody decrypts", admitting("key", "kms:Decrypt", "*"), PUBLIC),
    ("everybody through the endpoint", through(Action="s3:GetObject", Resource=OBJECTS), PUBLIC),
    (
        "more than layers through the endpoint",
        through(Action="s3:GetObject", Resource=["arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*", OBJECTS]),
        PUBLIC,
    ),
    (
        "layers are written through the endpoint",
        through(Action="s3:PutObject", Resource="arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"),
        PUBLIC,
    ),
    (
        "everybody reads the secret",
        adding(
            "secret-policy",
            Node(
                "aws:secretsmanager/secretPolicy:SecretPolicy",
                {"policy": document({"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"})},
            ),
        ),
        PUBLIC,
    ),
    (
        "everybody pulls",
        adding(
            "pull",
            Node(
                "aws:ecr/repositoryPolicy:RepositoryPolicy",
                {"policy": document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "ecr:BatchGetImage"})},
            ),
        ),
        PUBLIC,
    ),
    ("alarms of any account publish", admitting("topic-policy", "sns:Publish", {"Service": "cloudwatch.amazonaws.com"}), DEPUTY),
    ("logs of any account decrypt", admitting("key", "kms:Decrypt", {"Service": "logs.us-east-1.amazonaws.com"}), DEPUTY),
    (
        "logs of any account are delivered",
        adding(
            "delivery",
            Node(
                "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
                {
                    "policyDocument": document(
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "delivery.logs.amazonaws.com"},
                            "Action": "logs:PutLogEvents",
                            "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:*",
                        }
                    )
                },
            ),
        ),
        DEPUTY,
    ),
    ("a service administers the key", admitting("key", "kms:PutKeyPolicy", {"Service": "logs.us-east-1.amazonaws.com"}, OURS), BREADTH),
    ("the whole account decrypts", admitting("key", ["kms:Decrypt"], ROOT), BREADTH),
    (
        "the account re-encrypts through anything",
        admitting("key", "kms:ReEncrypt*", ROOT, {"StringLike": {"kms:ViaService": "*"}}),
        BREADTH,
    ),
    ("a foreign account decrypts", admitting("key", "kms:Decrypt", {"AWS": f"arn:aws:iam::{FOREIGN}:role/guest"}), ACCOUNTS),
    (
        "a foreign account's alarms publish",
        admitting(
            "topic-policy",
            "sns:Publish",
            {"Service": "cloudwatch.amazonaws.com"},
            {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:{FOREIGN}:alarm:*"}},
        ),
        ACCOUNTS,
    ),
    ("the bucket has no policy", without("artifacts-policy"), TLS),
    ("the topic has no policy", without("topic-policy"), TLS),
    ("a queue has no policy", adding("queue", Node("aws:sqs/queue:Queue", {"name": "q", "kmsMasterKeyId": KEY_ARN})), TLS),
    ("the denial spares the objects", denying("artifacts-policy", Resource=BUCKET_OBJECTS.removesuffix("/*")), TLS),
    ("the denial spares the bucket", denying("artifacts-policy", Resource=BUCKET_OBJECTS), TLS),
    ("the denial is about another bucket", denying("artifacts-policy", Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]), TLS),
    ("the denial spares writing", denying("artifacts-policy", Action=["s3:GetObject", "s3:ListBucket"]), TLS),
    ("the denial is about one account", denying("artifacts-policy", Principal=ROOT), TLS),
    (
        "the denial has a second condition",
        denying(
            "artifacts-policy", Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
        ),
        TLS,
    ),
    ("the denial is of TLS", denying("artifacts-policy", Condition={"Bool": {"aws:SecureTransport": "true"}}), TLS),
    ("the key has AWS's policy", setting("key", "policy", None), OWN),
    ("the endpoint has AWS's policy", endpoint(None), OWN),
]
