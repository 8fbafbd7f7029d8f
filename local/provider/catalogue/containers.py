"""Image repositories, clusters, task definitions and services."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.table import FLAG, Call, Json, Local, ResourceType, choose, json_text

RESOURCES = (
    ResourceType(
        token="aws:ecr/repository:Repository",
        calls=(Call("ecr:CreateRepository", {"name": "repositoryName", "forceDelete": FLAG}),),
        id="{name}",
        outputs={
            "arn": "arn:aws:ecr:{region}:{account}:repository/{name}",
            "registryId": "{account}",
            "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
        },
        replaces=frozenset({"encryptionConfigurations", "name"}),
        defaults={"encryptionConfigurations.encryptionType": "AES256", "imageTagMutability": "MUTABLE"},
        computed=frozenset({"encryptionConfigurations", "encryptionConfigurations.kmsKey", "imageScanningConfiguration"}),
        name="name",
        tags=True,
    ),
    ResourceType(
        token="aws:ecr/lifecyclePolicy:LifecyclePolicy",
        calls=(Call("ecr:PutLifecyclePolicy", {"repository": "repositoryName", "policy": json_text("lifecyclePolicyText")}),),
        id="{repository}",
        outputs={"registryId": "{account}"},
        replaces=frozenset({"policy", "repository"}),
        deletes_first=True,
        equivalent={"policy": equivalence.documents},
    ),
    ResourceType(
        token="aws:ecs/cluster:Cluster",
        calls=(
            Call(
                "ecs:CreateCluster",
                {"name": "clusterName"},
                structures={"ExecuteCommandLogConfiguration": {"s3BucketEncryptionEnabled": "s3EncryptionEnabled"}},
            ),
        ),
        id="{arn}",
        outputs={"arn": "arn:aws:ecs:{region}:{account}:cluster/{name}"},
        replaces=frozenset({"name"}),
        computed=frozenset({"settings"}),
        sets=frozenset({"settings"}),
        name="name",
        tags=True,
    ),
    ResourceType(
        token="aws:ecs/taskDefinition:TaskDefinition",
        calls=(
            Call(
                "ecs:RegisterTaskDefinition",
                {"containerDefinitions": Json("containerDefinitions"), "skipDestroy": FLAG, "trackLatest": FLAG},
                structures={"Volume": {"hostPath": "host.sourcePath", "configureAtLaunch": "configuredAtLaunch"}},
            ),
        ),
        id="{family}",
        outputs={
            "arnWithoutRevision": "arn:aws:ecs:{region}:{account}:task-definition/{family}",
            "revision": "{revisionNumber}",
            "arn": "{arnWithoutRevision}:{revision}",
        },
        replaces=frozenset(
            {
                "containerDefinitions",
                "cpu",
                "enableFaultInjection",
                "ephemeralStorage",
                "executionRoleArn",
                "family",
                "ipcMode",
                "memory",
                "networkMode",
                "pidMode",
                "placementConstraints",
                "proxyConfiguration",
                "requiresCompatibilities",
                "runtimePlatform",
                "taskRoleArn",
                "volumes",
            }
        ),
        defaults={"skipDestroy": False, "trackLatest": False},
        computed=frozenset({"enableFaultInjection", "networkMode", "volumes.configureAtLaunch"}),
        sets=frozenset({"placementConstraints", "requiresCompatibilities", "volumes"}),
        read_back={"containerDefinitions": equivalence.containers_read_back},
        equivalent={"containerDefinitions": equivalence.containers},
        tags=True,
    ),
    ResourceType(
        token="aws:ecs/service:Service",
        calls=(
            Call(
                "ecs:CreateService",
                {
                    "name": "serviceName",
                    "alarms": "deploymentConfiguration.alarms",
                    "deploymentCircuitBreaker": "deploymentConfiguration.deploymentCircuitBreaker",
                    "deploymentMaximumPercent": "deploymentConfiguration.maximumPercent",
                    "deploymentMinimumHealthyPercent": "deploymentConfiguration.minimumHealthyPercent",
                    "iamRole": "role",
                    "orderedPlacementStrategies": "placementStrategy",
                    "volumeConfiguration": "volumeConfigurations",
                    "forceDelete": FLAG,
                    "forceNewDeployment": FLAG,
                    "sigintRollback": FLAG,
                    "waitForSteadyState": FLAG,
                    "triggers": Local(dict),
                },
                structures={
                    "LoadBalancer": {"elbName": "loadBalancerName"},
                    "NetworkConfiguration": {
                        "subnets": "awsvpcConfiguration.subnets",
                        "securityGroups": "awsvpcConfiguration.securityGroups",
                        "assignPublicIp": choose("awsvpcConfiguration.assignPublicIp", "ENABLED", "DISABLED"),
                    },
                    "ServiceConnectService": {"clientAlias": "clientAliases"},
                    "ServiceConnectTlsConfiguration": {"issuerCertAuthority": "issuerCertificateAuthority"},
                    "ServiceManagedEBSVolumeConfiguration": {"sizeInGb": "sizeInGiB"},
                },
            ),
        ),
        id="{arn}",
        outputs={
            "arn": "arn:aws:ecs:{region}:{account}:service/{cluster:last}/{name}",
            "cluster": "default",
        },
        replaces=frozenset({"cluster", "iamRole", "launchType", "name", "schedulingStrategy"}),
        defaults={
            "deploymentMaximumPercent": 200,
            "deploymentMinimumHealthyPercent": 100,
            "enableEcsManagedTags": False,
            "enableExecuteCommand": False,
            "networkConfiguration.assignPublicIp": False,
            "schedulingStrategy": "REPLICA",
            "waitForSteadyState": False,
        },
        computed=frozenset(
            {
                "alarms",
                "availabilityZoneRebalancing",
                "cluster",
                "deploymentCircuitBreaker",
                "deploymentConfiguration",
                "deploymentController",
                "iamRole",
                "launchType",
                "platformVersion",
                "triggers",
            }
        ),
        sets=frozenset(
            {
                "capacityProviderStrategies",
                "loadBalancers",
                "networkConfiguration.securityGroups",
                "networkConfiguration.subnets",
                "placementConstraints",
                "vpcLatticeConfigurations",
            }
        ),
        name="name",
        tags=True,
    ),
)
