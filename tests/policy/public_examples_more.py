"""Ten more public programs as data, in the form of `public_examples.py`: of Python, TypeScript, Go and YAML."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.public_examples import ANYWHERE, CODE, MANAGED, WRITE_LOGS, grant, node, open_to, trusted

CLIENTS: dict[str, Any] = {"cidrBlocks": ["0.0.0.0/0"], "protocol": "tcp"}


def subnet(zone: str, number: int) -> Nodes:
    """A public subnet of the WordPress program."""
    return {
        f"wp-example-net-subnet-{zone}": node(
            "ec2/subnet:Subnet",
            {
                "assignIpv6AddressOnCreation": False,
                "mapPublicIpOnLaunch": True,
                "cidrBlock": f"10.100.{number}.0/24",
                "availabilityZone": zone,
            },
            vpcId="wp-example-net-vpc",
        ),
        f"vpc-route-table-assoc-{zone}": node(
            "ec2/routeTableAssociation:RouteTableAssociation",
            {},
            routeTableId="wp-example-net-rt",
            subnetId=f"wp-example-net-subnet-{zone}",
        ),
    }


# pulumi/examples: aws-py-wordpress-fargate-rds/__main__.py, network.py, backend.py, frontend.py
WORDPRESS: Nodes = {
    "db_password": Node("random:index/randomPassword:RandomPassword", {"length": 16.0, "special": True, "overrideSpecial": "_%@"}),
    "wp-example-net-vpc": node(
        "ec2/vpc:Vpc",
        {"cidrBlock": "10.100.0.0/16", "instanceTenancy": "default", "enableDnsHostnames": True, "enableDnsSupport": True},
    ),
    "wp-example-net-igw": node("ec2/internetGateway:InternetGateway", {}, vpcId="wp-example-net-vpc"),
    "wp-example-net-rt": Node(
        "aws:ec2/routeTable:RouteTable",
        {"vpcId": UNKNOWN, "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN}]},
        {"vpcId": ["wp-example-net-vpc"], "routes": ["wp-example-net-igw"]},
    ),
    **subnet("us-west-2a", 0),
    **subnet("us-west-2b", 1),
    "wp-example-net-rds-sg": node(
        "ec2/securityGroup:SecurityGroup",
        {
            "description": "Allow client access.",
            "ingress": [{**CLIENTS, "fromPort": 3306.0, "toPort": 3306.0, "description": "Allow rds access."}],
            "egress": ANYWHERE,
        },
        vpcId="wp-example-net-vpc",
    ),
    "wp-example-net-fe-sg": node(
        "ec2/securityGroup:SecurityGroup",
        {"description": "Allow all HTTP(s) traffic.", "ingress": open_to(443, 80), "egress": ANYWHERE},
        vpcId="wp-example-net-vpc",
    ),
    "wp-example-be-sng": node(
        "rds/subnetGroup:SubnetGroup", {"subnetIds": [UNKNOWN, UNKNOWN]}, subnetIds="wp-example-net-subnet-us-west-2a"
    ),
    "wp-example-be-rds": node(
        "rds/instance:Instance",
        {
            "dbName": "lampdb",
            "allocatedStorage": 20.0,
            "engine": "mysql",
            "engineVersion": "5.7",
            "instanceClass": "db.t3.micro",
            "storageType": "gp2",
            "username": "admin",
            "vpcSecurityGroupIds": [UNKNOWN],
            "skipFinalSnapshot": True,
            "publiclyAccessible": False,
        },
        dbSubnetGroupName="wp-example-be-sng",
        password="db_password",
        vpcSecurityGroupIds="wp-example-net-rds-sg",
    ),
    "wp-example-fe-ecs": node("ecs/cluster:Cluster", {"name": "wp-example-fe-ecs-1a2b3c4"}),
    "wp-example-fe-alb": node(
        "lb/loadBalancer:LoadBalancer",
        {"securityGroups": [UNKNOWN], "subnets": [UNKNOWN, UNKNOWN]},
        securityGroups="wp-example-net-fe-sg",
        subnets="wp-example-net-subnet-us-west-2a",
    ),
    "wp-example-fe-listener": node(
        "lb/listener:Listener",
        {"port": 80.0, "defaultActions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
        loadBalancerArn="wp-example-fe-alb",
    ),
    "wp-example-fe-task-role": trusted("ecs-tasks"),
    "wp-example-fe-task-policy": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"{MANAGED}service-role/AmazonECSTaskExecutionRolePolicy"},
        role="wp-example-fe-task-role",
    ),
    "wp-example-fe-app-task": node(
        "ecs/taskDefinition:TaskDefinition",
        {
            "family": "fargate-task-definition",
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
        },
        executionRoleArn="wp-example-fe-task-role",
        containerDefinitions="wp-example-be-rds",
    ),
    "wp-example-fe-app-svc": node(
        "ecs/service:Service",
        {
            "name": "wp-example-fe-app-svc-1a2b3c4",
            "desiredCount": 1.0,
            "launchType": "FARGATE",
            "networkConfiguration": {"assignPublicIp": True, "subnets": [UNKNOWN], "securityGroups": [UNKNOWN]},
        },
        cluster="wp-example-fe-ecs",
        taskDefinition="wp-example-fe-app-task",
        networkConfiguration="wp-example-net-fe-sg",
    ),
}

# pulumi/examples: aws-py-stepfunctions/__main__.py, iam.py
STEP_FUNCTIONS: Nodes = {
    "lambdaRole": trusted("lambda"),
    "lambdaRolePolicy": grant("lambdaRole", WRITE_LOGS, "arn:aws:logs:*:*:*"),
    "sfnRole": trusted("states.us-west-2"),
    "sfnRolePolicy": grant("sfnRole", ["lambda:InvokeFunction"], "*"),
    "helloWorldFunction": node(
        "lambda/function:Function", {"runtime": "python3.12", "handler": "hello.handler", "code": CODE}, role="lambdaRole"
    ),
    "stateMachine": node("sfn/stateMachine:StateMachine", {}, roleArn="sfnRole", definition="helloWorldFunction"),
}

# pulumi/examples: aws-go-lambda-gateway/main.go
GO_GATEWAY: Nodes = {
    "task-exec-role": trusted("lambda"),
    "lambda-log-policy": grant("task-exec-role", WRITE_LOGS, "arn:aws:logs:*:*:*"),
    "basicLambda": node("lambda/function:Function", {"runtime": "go1.x", "handler": "handler", "code": CODE}, role="task-exec-role"),
    "UpperCaseGateway": node(
        "apigateway/restApi:RestApi",
        {
            "name": "UpperCaseGateway",
            "description": "An API Gateway for the UpperCase function",
            "policy": document(
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole", "Sid": ""},
                {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*", "Sid": ""},
            ),
        },
    ),
    "AnyMethod": node("apigateway/method:Method", {"httpMethod": "ANY", "authorization": "NONE"}, restApi="UpperCaseGateway"),
    "APIPermission": node(
        "lambda/permission:Permission",
        {"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com"},
        function="basicLambda",
        sourceArn="UpperCaseGateway",
    ),
}

# pulumi/examples: aws-py-redshift-glue-etl/__main__.py
WAREHOUSE: Nodes = {
    "vpc": node("ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}),
    "subnet": node("ec2/subnet:Subnet", {"cidrBlock": "10.0.1.0/24"}, vpcId="vpc"),
    "subnet-group": node("redshift/subnetGroup:SubnetGroup", {"subnetIds": [UNKNOWN]}, subnetIds="subnet"),
    "redshift-role": trusted("redshift", managedPolicyArns=[f"{MANAGED}AmazonS3ReadOnlyAccess"]),
    "s3-vpc-endpoint": node(
        "ec2/vpcEndpoint:VpcEndpoint",
        {"serviceName": "com.amazonaws.us-west-2.s3", "routeTableIds": [UNKNOWN]},
        vpcId="vpc",
        routeTableIds="vpc",
    ),
    "cluster": node(
        "redshift/cluster:Cluster",
        {
            "clusterIdentifier": "my-redshift-cluster",
            "databaseName": "dev",
            "masterUsername": "admin",
            "masterPassword": "S3cr3tP4ssword",
            "nodeType": "ra3.xlplus",
            "clusterType": "single-node",
            "publiclyAccessible": False,
            "skipFinalSnapshot": True,
        },
        clusterSubnetGroupName="subnet-group",
        vpcSecurityGroupIds="vpc",
        iamRoles="redshift-role",
    ),
    "glue-catalog-db": node("glue/catalogDatabase:CatalogDatabase", {"name": "my-glue-db"}),
    "glue-role": trusted("glue", managedPolicyArns=[f"{MANAGED}AmazonS3FullAccess", f"{MANAGED}service-role/AWSGlueServiceRole"]),
    "events": node("s3/bucket:Bucket", {"bucket": "events-1a2b3c4", "forceDestroy": True}),
    "glue-crawler": node(
        "glue/crawler:Crawler",
        {"schedule": "cron(0/15 * * * ? *)", "s3Targets": [{"path": UNKNOWN}]},
        databaseName="glue-catalog-db",
        role="glue-role",
        s3Targets="events",
    ),
    "glue-redshift-connection": node(
        "glue/connection:Connection",
        {
            "connectionType": "JDBC",
            "connectionProperties": {"JDBC_CONNECTION_URL": UNKNOWN, "USERNAME": "admin", "PASSWORD": "S3cr3tP4ssword"},
        },
        connectionProperties="cluster",
    ),
    "glue-job-bucket": node("s3/bucket:Bucket", {"bucket": "glue-job-bucket-1a2b3c4", "forceDestroy": True}),
    "glue-job": node(
        "glue/job:Job",
        {
            "glueVersion": "3.0",
            "numberOfWorkers": 10.0,
            "workerType": "G.1X",
            "defaultArguments": {"--job-bookmark-option": "job-bookmark-enable", "--RedshiftRoleARN": UNKNOWN, "--TempDir": UNKNOWN},
            "command": {"scriptLocation": UNKNOWN, "pythonVersion": "3"},
        },
        roleArn="glue-role",
        command="glue-job-bucket",
        defaultArguments="redshift-role",
    ),
}

# pulumi/examples: aws-py-assume-role/create-role/__main__.py
ASSUMED_ROLE: Nodes = {
    "unprivileged-user": node("iam/user:User", {"name": "unprivileged"}),
    "unprivileged-user-key": node("iam/accessKey:AccessKey", {}, user="unprivileged-user"),
    "allow-s3-management": node("iam/role:Role", {"description": "Allow management of S3 buckets"}, assumeRolePolicy="unprivileged-user"),
    "allow-s3-management-policy": grant("allow-s3-management", ["s3:*"], "*"),
}

# pulumi/examples: aws-ts-ecr-cache/index.ts
IMAGE_CACHE: Nodes = {
    "pullThroughCacheECR": node("ecr/repository:Repository", {"name": "pull-through-cache-ecr"}),
    "ecrPullThroughCacheDockerHubSecret": node(
        "secretsmanager/secret:Secret", {"name": "ecr-pullthroughcache/dockerHubSecret", "recoveryWindowInDays": 0.0}
    ),
    "dockerHubSecretValue": node(
        "secretsmanager/secretVersion:SecretVersion",
        {"secretString": json.dumps({"username": "acme", "accessToken": "dckr_pat_0123"})},
        secretId="ecrPullThroughCacheDockerHubSecret",
    ),
    "dockerHubCacheRule": node(
        "ecr/pullThroughCacheRule:PullThroughCacheRule",
        {"ecrRepositoryPrefix": "docker-hub", "upstreamRegistryUrl": "registry-1.docker.io"},
        credentialArn="ecrPullThroughCacheDockerHubSecret",
    ),
    "k8sCacheRule": node(
        "ecr/pullThroughCacheRule:PullThroughCacheRule", {"ecrRepositoryPrefix": "k8si0", "upstreamRegistryUrl": "registry.k8s.io"}
    ),
}

# pulumi/examples: aws-ts-ecs-anywhere/index.ts
ECS_ANYWHERE: Nodes = {
    "ssmRole": trusted("ssm"),
    "rpa-ssmrole-ssminstancecore": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": f"{MANAGED}AmazonSSMManagedInstanceCore"}, role="ssmRole"
    ),
    "rpa-ssmrole-ec2containerservice": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"{MANAGED}service-role/AmazonEC2ContainerServiceforEC2Role"},
        role="ssmRole",
    ),
    "taskExecutionRole": trusted("ecs-tasks"),
    "rpa-ecsanywhere-ecstaskexecution": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"{MANAGED}service-role/AmazonECSTaskExecutionRolePolicy"},
        role="taskExecutionRole",
    ),
    "taskRole": trusted("ecs-tasks"),
    "taskRolePolicy": node(
        "iam/rolePolicy:RolePolicy",
        {
            "policy": document(
                {
                    "Effect": "Allow",
                    "Action": [f"ssmmessages:{verb}{what}Channel" for verb in ("Create", "Open") for what in ("Control", "Data")],
                    "Resource": "*",
                },
                {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    "Resource": "*",
                },
            )
        },
        role="taskRole",
    ),
    "ecsanywhere-ssmactivation": node("ssm/activation:Activation", {"registrationLimit": 2.0}, iamRole="ssmRole"),
    "cluster": node("ecs/cluster:Cluster", {"name": "cluster-1a2b3c4"}),
    "logGroup": node("cloudwatch/logGroup:LogGroup", {"name": "logGroup-1a2b3c4"}),
    "lb": Node("digitalocean:index/loadBalancer:LoadBalancer", {"region": "nyc1"}),
    "app": Node("awsx:ecr:Repository", {}),
    "taskdefinition": node(
        "ecs/taskDefinition:TaskDefinition",
        {"family": "ecs-anywhere", "requiresCompatibilities": ["EXTERNAL"]},
        taskRoleArn="taskRole",
        executionRoleArn="taskExecutionRole",
        containerDefinitions="logGroup",
    ),
    "service": node(
        "ecs/service:Service",
        {"name": "service-1a2b3c4", "launchType": "EXTERNAL", "desiredCount": 1.0},
        cluster="cluster",
        taskDefinition="taskdefinition",
    ),
}

# pulumi/examples: aws-yaml-static-website/Pulumi.yaml
YAML_SITE: Nodes = {
    "site-bucket": Node("aws-native:s3:Bucket", {"websiteConfiguration": {"indexDocument": "index.html"}}),
    "index.html": node("s3/bucketObject:BucketObject", {"key": "index.html", "acl": "public-read", "contentType": "text/html"}),
    "bucketPolicy": Node("aws:s3/bucketPolicy:BucketPolicy", {"bucket": UNKNOWN, "policy": UNKNOWN}, {"bucket": ["site-bucket"]}),
}

# pulumi/examples: aws-ts-lambda-secrets/index.ts
FUNCTION_SECRETS: Nodes = {
    "apikey": node("secretsmanager/secret:Secret", {"name": "apikey-1a2b3c4"}),
    "secretversion-apikey": node("secretsmanager/secretVersion:SecretVersion", {"secretString": "0123456789"}, secretId="apikey"),
    "roleLambdaWithSecrets": trusted("lambda"),
    "rpa-basic": node(
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"{MANAGED}service-role/AWSLambdaBasicExecutionRole"},
        role="roleLambdaWithSecrets",
    ),
    "secretsPolicy": node("iam/policy:Policy", {}, policy="apikey"),
    "rpa-secrets": node("iam/rolePolicyAttachment:RolePolicyAttachment", {}, role="roleLambdaWithSecrets", policyArn="secretsPolicy"),
    "lambdaWithSecrets": node(
        "lambda/function:Function",
        {
            "runtime": "nodejs16.x",
            "handler": "index.handler",
            "code": CODE,
            "timeout": 15.0,
            "environment": {"variables": {"APIKEY": UNKNOWN, "ENVVAR1": "value"}},
        },
        role="roleLambdaWithSecrets",
        environment="apikey",
    ),
}

# jaxxstorm/pulumi-examples: python/aws/cloudformation_template/__main__.py
TEMPLATE: Nodes = {
    "key": Node("tls:index/privateKey:PrivateKey", {"algorithm": "RSA", "rsaBits": 4096.0}),
    "generated": node("ec2/keyPair:KeyPair", {}, publicKey="key"),
    "ec2-instance": node(
        "cloudformation/stack:Stack",
        {
            "templateUrl": "https://s3.us-west-2.amazonaws.com/cloudformation-templates-us-west-2/EC2InstanceWithSecurityGroupSample.template",
            "parameters": {"KeyName": UNKNOWN},
        },
        parameters="generated",
    ),
}
