"""What public Pulumi programs plan, which no one here wrote: their resources as data, with UNKNOWN where they use outputs.

Each names the repository and the path that it was read from. Some resources of types that the pack does not know are left out.
"""

from __future__ import annotations

import json
from typing import Any

from tests.policy.builders import UNKNOWN, Node, Nodes, document


def node(kind: str, props: dict[str, Any] | None = None, **references: str) -> Node:
    """A resource, by the first part of its type and its class (`iam/role:Role`). What comes from another resource is UNKNOWN."""
    unknown = {name: UNKNOWN for name in references if name not in (props or {})}
    return Node(f"aws:{kind}", {**(props or {}), **unknown}, {name: [source] for name, source in references.items()})


def trusted(service: str, **more: Any) -> Node:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return node("iam/role:Role", {"assumeRolePolicy": document(statement), **more})


def grant(role: str, actions: list[str], resource: str) -> Node:
    text = document({"Effect": "Allow", "Action": actions, "Resource": resource})
    return node("iam/rolePolicy:RolePolicy", {"policy": text}, role=role)


def open_to(*ports: int) -> list[dict[str, Any]]:
    return [{"protocol": "tcp", "fromPort": float(port), "toPort": float(port), "cidrBlocks": ["0.0.0.0/0"]} for port in ports]


ANYWHERE = [{"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": ["0.0.0.0/0"]}]
WRITE_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
MANAGED = "arn:aws:iam::aws:policy/"
ID_KEY = {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}]}
CODE: dict[str, Any] = {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "0" * 64, "assets": {}}
"""An archive, as the engine gives it."""

# pulumi/examples: aws-py-fargate/__main__.py
FARGATE: Nodes = {
    "cluster": node("ecs/cluster:Cluster", {"name": "cluster-1a2b3c4"}),
    "web-secgrp": node(
        "ec2/securityGroup:SecurityGroup",
        {"vpcId": "vpc-0a1b2c3d", "description": "Enable HTTP access", "ingress": open_to(80), "egress": ANYWHERE},
    ),
    "app-lb": node("lb/loadBalancer:LoadBalancer", {"subnets": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]}, securityGroups="web-secgrp"),
    "app-tg": node("lb/targetGroup:TargetGroup", {"port": 80.0, "protocol": "HTTP", "targetType": "ip", "vpcId": "vpc-0a1b2c3d"}),
    "web": node(
        "lb/listener:Listener",
        {"port": 80.0, "defaultActions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
        loadBalancerArn="app-lb",
        defaultActions="app-tg",
    ),
    "task-exec-role": trusted("ecs-tasks"),
    "task-exec-policy": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"{MANAGED}service-role/AmazonECSTaskExecutionRolePolicy"},
        role="task-exec-role",
    ),
    "app-task": node(
        "ecs/taskDefinition:TaskDefinition",
        {
            "family": "fargate-task-definition",
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": json.dumps(
                [{"name": "my-app", "image": "nginx", "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]}]
            ),
        },
        executionRoleArn="task-exec-role",
    ),
    "app-svc": node(
        "ecs/service:Service",
        {
            "name": "app-svc-1a2b3c4",
            "desiredCount": 3.0,
            "launchType": "FARGATE",
            "networkConfiguration": {"assignPublicIp": True, "subnets": ["subnet-0a1b2c3d"], "securityGroups": [UNKNOWN]},
            "loadBalancers": [{"targetGroupArn": UNKNOWN, "containerName": "my-app", "containerPort": 80.0}],
        },
        cluster="cluster",
        taskDefinition="app-task",
        networkConfiguration="web-secgrp",
        loadBalancers="app-tg",
    ),
}

# pulumi/examples: aws-py-static-website/__main__.py
STATIC_WEBSITE: Nodes = {
    "contentBucket": node(
        "s3/bucket:Bucket",
        {"bucket": "www.example.com", "acl": "public-read", "website": {"indexDocument": "index.html", "errorDocument": "404.html"}},
    ),
    "index.html": node("s3/bucketObject:BucketObject", {"key": "index.html", "acl": "public-read"}, bucket="contentBucket"),
    "east": Node("pulumi:providers:aws", {"region": "us-east-1"}),
    "certificate": node("acm/certificate:Certificate", {"domainName": "www.example.com", "validationMethod": "DNS"}),
    "validation": node(
        "route53/record:Record", {"zoneId": "Z0123456789", "ttl": 600.0, "records": [UNKNOWN]}, name="certificate", type="certificate"
    ),
    "requestLogs": node("s3/bucket:Bucket", {"bucket": "www.example.com-logs", "acl": "private"}),
    "cdn": node(
        "cloudfront/distribution:Distribution",
        {
            "enabled": True,
            "aliases": ["www.example.com"],
            "origins": [{"originId": UNKNOWN, "domainName": UNKNOWN, "customOriginConfig": {"originProtocolPolicy": "http-only"}}],
            "defaultCacheBehavior": {"targetOriginId": UNKNOWN, "viewerProtocolPolicy": "redirect-to-https"},
            "viewerCertificate": {"acmCertificateArn": UNKNOWN, "sslSupportMethod": "sni-only"},
            "loggingConfig": {"bucket": UNKNOWN, "includeCookies": False},
        },
        origins="contentBucket",
        viewerCertificate="certificate",
        loggingConfig="requestLogs",
    ),
}

# pulumi/examples: aws-ts-serverless-raw/index.ts
SERVERLESS: Nodes = {
    "counterTable": node(
        "dynamodb/table:Table",
        {"attributes": [{"name": "Id", "type": "S"}], "hashKey": "Id", "readCapacity": 1.0, "writeCapacity": 1.0},
    ),
    "mylambda-role": trusted("lambda"),
    "mylambda-access": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": f"{MANAGED}AWSLambdaFullAccess"}, role="mylambda-role"
    ),
    "mylambda": node(
        "lambda/function:Function",
        {
            "runtime": "dotnetcore2.1",
            "code": CODE,
            "timeout": 300.0,
            "handler": "app::app.Functions::GetAsync",
            "environment": {"variables": {"COUNTER_TABLE": UNKNOWN}},
        },
        role="mylambda-role",
        environment="counterTable",
    ),
    "api": node("apigateway/restApi:RestApi", {}, body="mylambda"),
    "api-deployment": node("apigateway/deployment:Deployment", {"stageName": ""}, restApi="api"),
    "api-stage": node("apigateway/stage:Stage", {"stageName": "api"}, restApi="api", deployment="api-deployment"),
    "api-lambda-permission": node(
        "lambda/permission:Permission",
        {"action": "lambda:invokeFunction", "principal": "apigateway.amazonaws.com"},
        function="mylambda",
        sourceArn="api-deployment",
    ),
}

# pulumi/examples: aws-py-webserver/__main__.py
WEB_SERVER: Nodes = {
    "web-secgrp": node("ec2/securityGroup:SecurityGroup", {"description": "Enable HTTP access", "ingress": open_to(80)}),
    "web-server-www": node(
        "ec2/instance:Instance",
        {"instanceType": "t2.micro", "ami": "ami-0a1b2c3d", "vpcSecurityGroupIds": [UNKNOWN], "userData": "#!/bin/bash\n"},
        vpcSecurityGroupIds="web-secgrp",
    ),
}

# pulumi/examples: aws-py-slackbot/__main__.py, iam.py
SLACK_BOT: Nodes = {
    "subscriptions": node("dynamodb/table:Table", {**ID_KEY, "billingMode": "PAY_PER_REQUEST"}),
    "lambdaRole": trusted("lambda"),
    "lambdaRolePolicy": grant("lambdaRole", WRITE_LOGS, "arn:aws:logs:*:*:*"),
    "dynamoAccess": grant("lambdaRole", ["dynamodb:GetItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], "*"),
    "mention-processing-lambda": node(
        "lambda/function:Function",
        {
            "runtime": "python3.7",
            "handler": "mention_processing_lambda.webhook_handler",
            "code": CODE,
            "environment": {
                "variables": {
                    "SLACK_TOKEN": "xoxb-1234-5678-abcdef",
                    "SLACK_VERIFICATION_CODE": "a1b2c3d4",
                    "SUBSCRIPTIONS_TABLE_NAME": UNKNOWN,
                }
            },
        },
        role="lambdaRole",
        environment="subscriptions",
    ),
    "mentionbot": node("apigateway/restApi:RestApi", {}, body="mention-processing-lambda"),
    "api-lambda-permission": node(
        "lambda/permission:Permission",
        {"action": "lambda:invokeFunction", "principal": "apigateway.amazonaws.com"},
        function="mention-processing-lambda",
        sourceArn="mentionbot",
    ),
}

# pulumi/examples: aws-py-apigatewayv2-eventbridge/__main__.py
EVENTS: Nodes = {
    "example": node("apigatewayv2/api:Api", {"protocolType": "HTTP"}),
    "stage": node("apigatewayv2/stage:Stage", {"name": "dev", "autoDeploy": True}, apiId="example"),
    "bus": node("cloudwatch/eventBus:EventBus", {"name": "bus-1a2b3c4"}),
    "rule": node("cloudwatch/eventRule:EventRule", {"eventPattern": json.dumps({"source": ["my-event-source"]})}, eventBusName="bus"),
    "api-gateway-role": trusted("apigateway", managedPolicyArns=[f"{MANAGED}AmazonEventBridgeFullAccess"]),
    "lambda-role": trusted("lambda"),
    "lambda-role-policy": grant("lambda-role", WRITE_LOGS, "arn:aws:logs:*:*:*"),
    "lambda": node(
        "lambda/function:Function", {"runtime": "python3.7", "handler": "handlers.capture_order", "code": CODE}, role="lambda-role"
    ),
    "lambda-target": node("cloudwatch/eventTarget:EventTarget", {}, arn="lambda", rule="rule", eventBusName="bus"),
    "lambda-permission": node(
        "lambda/permission:Permission",
        {"action": "lambda:InvokeFunction", "principal": "events.amazonaws.com"},
        function="lambda",
        sourceArn="rule",
    ),
}

# pulumi/examples: aws-py-appsync/__main__.py
GRAPHQL: Nodes = {
    "tenants": node("dynamodb/table:Table", {**ID_KEY, "readCapacity": 1.0, "writeCapacity": 1.0}),
    "iam-role": trusted("appsync"),
    "iam-policy": node("iam/policy:Policy", {}, policy="tenants"),
    "iam-policy-attachment": node("iam/rolePolicyAttachment:RolePolicyAttachment", {}, role="iam-role", policyArn="iam-policy"),
    "key": node("appsync/graphQLApi:GraphQLApi", {"authenticationType": "API_KEY", "schema": "type Query { a: ID }"}),
    "random-datasource-name": Node("random:index/randomString:RandomString", {"length": 15.0, "special": False}),
    "tenants-ds": node(
        "appsync/dataSource:DataSource",
        {"type": "AMAZON_DYNAMODB", "dynamodbConfig": {"tableName": UNKNOWN}},
        apiId="key",
        name="random-datasource-name",
        dynamodbConfig="tenants",
        serviceRoleArn="iam-role",
    ),
}

# pulumi/examples: aws-py-oidc-provider/__main__.py
OIDC: Nodes = {
    "oidcProvider": node(
        "iam/openIdConnectProvider:OpenIdConnectProvider", {"clientIdLists": ["acme"], "url": "https://api.pulumi.com/oidc"}
    ),
    "oidcProviderRole": node("iam/role:Role", {}, assumeRolePolicy="oidcProvider"),
}

# justinvp/templates-aws: aws.s3.Bucket.enable-default-server-side-encryption-typescript/index.ts
ENCRYPTED_BUCKET: Nodes = {
    "mykey": node("kms/key:Key", {"deletionWindowInDays": 10.0, "description": "This key is used to encrypt bucket objects"}),
    "mybucket": node(
        "s3/bucket:Bucket",
        {
            "bucket": "mybucket-1a2b3c4",
            "serverSideEncryptionConfiguration": {
                "rule": {"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": UNKNOWN, "sseAlgorithm": "aws:kms"}}
            },
        },
        serverSideEncryptionConfiguration="mykey",
    ),
}

# pulumi/examples: aws-py-secrets-manager/__main__.py
SECRET: Nodes = {
    "secret": node("secretsmanager/secret:Secret", {"name": "secret-1a2b3c4"}),
    "secret_version": node("secretsmanager/secretVersion:SecretVersion", {"secretString": "mysecret"}, secretId="secret"),
}
