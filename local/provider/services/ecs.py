"""Clusters, task definitions and services."""

from collections.abc import Mapping

from local.provider import equivalence
from local.provider.members import FLAG, Json, Local, Members, choose
from local.provider.reading import fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_ARN = "arn:aws:ecs:{region}:{account}"
_IN_THE_ANSWER = tagging("ecs", "resourceArn", "tags", "tagKeys", path="tags")
_CLUSTER: Mapping[str, Members] = {"ExecuteCommandLogConfiguration": {"s3BucketEncryptionEnabled": "s3EncryptionEnabled"}}
_SERVICE = {"cluster": "{cluster}", "service": "{name}"}

_SERVICE_MEMBERS: Members = {
    "alarms": "deploymentConfiguration.alarms",
    "deploymentCircuitBreaker": "deploymentConfiguration.deploymentCircuitBreaker",
    "deploymentMaximumPercent": "deploymentConfiguration.maximumPercent",
    "deploymentMinimumHealthyPercent": "deploymentConfiguration.minimumHealthyPercent",
    "orderedPlacementStrategies": "placementStrategy",
}
"""For a service's create and update requests."""

_SERVICE_STRUCTURES: Mapping[str, Members] = {
    "LoadBalancer": {"elbName": "loadBalancerName"},
    "NetworkConfiguration": {
        "subnets": "awsvpcConfiguration.subnets",
        "securityGroups": "awsvpcConfiguration.securityGroups",
        "assignPublicIp": choose("awsvpcConfiguration.assignPublicIp", "ENABLED", "DISABLED"),
    },
    "ServiceConnectService": {"clientAlias": "clientAliases"},
    "ServiceConnectTlsConfiguration": {"issuerCertAuthority": "issuerCertificateAuthority"},
    "ServiceManagedEBSVolumeConfiguration": {"sizeInGb": "sizeInGiB"},
}

RESOURCES = (
    ResourceType(
        token="aws:ecs/cluster:Cluster",
        create=Call("ecs:CreateCluster", {"name": "clusterName"}, structures=_CLUSTER),
        id="{arn}",
        outputs={"arn": f"{_ARN}:cluster/{{name}}"},
        created={"id": "cluster.clusterArn"},
        read=Read(
            Request("ecs:DescribeClusters", {"clusters": ["{name}"], "include": ["SETTINGS", "CONFIGURATIONS", "TAGS"]}),
            "clusters[?status=='ACTIVE'] | [0]",
            fields("settings", "configuration"),
            {"arn": "clusterArn"},
        ),
        update=Call("ecs:UpdateCluster", {"name": "cluster"}, structures=_CLUSTER, rest=True),
        delete=Request("ecs:DeleteCluster", {"cluster": "{name}"}),
        referred_to_as=(f"{_ARN}:cluster/{{name}}", "{name}"),
        tags=_IN_THE_ANSWER,
    ),
    ResourceType(
        token="aws:ecs/taskDefinition:TaskDefinition",
        create=Call(
            "ecs:RegisterTaskDefinition",
            {"containerDefinitions": Json("containerDefinitions"), "skipDestroy": FLAG, "trackLatest": FLAG},
            structures={"Volume": {"hostPath": "host.sourcePath", "configureAtLaunch": "configuredAtLaunch"}},
        ),
        id="{family}",
        outputs={
            "arnWithoutRevision": f"{_ARN}:task-definition/{{family}}",
            "revision": "{revisionNumber}",
            "arn": "{arnWithoutRevision}:{revision}",
        },
        created={"arn": "taskDefinition.taskDefinitionArn", "revision": "taskDefinition.revision"},
        read=Read(
            Request("ecs:DescribeTaskDefinition", {"taskDefinition": "{arn}"}),
            "taskDefinition | [@] | [?status=='ACTIVE'] | [0]",
        ),
        delete=Request("ecs:DeregisterTaskDefinition", {"taskDefinition": "{arn}"}, unless=("skipDestroy", True)),
        read_back={"containerDefinitions": equivalence.containers_read_back},
        diff_suppress={"containerDefinitions": equivalence.containers},
        references={"executionRoleArn": "aws:iam/role:Role", "taskRoleArn": "aws:iam/role:Role"},
        referred_to_as=(f"{_ARN}:task-definition/{{name}}", "{name}"),
        tags=tagging("ecs", "resourceArn", "tags", "tagKeys", read="ListTagsForResource"),
    ),
    ResourceType(
        token="aws:ecs/service:Service",
        create=Call(
            "ecs:CreateService",
            {
                **_SERVICE_MEMBERS,
                "name": "serviceName",
                "iamRole": "role",
                "volumeConfiguration": "volumeConfigurations",
                "forceDelete": FLAG,
                "forceNewDeployment": FLAG,
                "sigintRollback": FLAG,
                "waitForSteadyState": FLAG,
                "triggers": Local(dict),
            },
            structures=_SERVICE_STRUCTURES,
        ),
        id="{arn}",
        outputs={"arn": f"{_ARN}:service/{{cluster:last}}/{{name}}", "cluster": "default"},
        created={"id": "service.serviceArn"},
        # The emulator doesn't return availabilityZoneRebalancing.
        read=Read(
            Request("ecs:DescribeServices", {"cluster": "{cluster}", "services": ["{name}"], "include": ["TAGS"]}),
            "services[?status=='ACTIVE'] | [0]",
            {
                **fields("desiredCount", "enableExecuteCommand", "launchType", "platformVersion", "propagateTags", "taskDefinition"),
                "networkConfiguration": (
                    "networkConfiguration.awsvpcConfiguration."
                    "{assignPublicIp: assignPublicIp=='ENABLED', subnets: subnets, securityGroups: securityGroups}"
                ),
                "deploymentMaximumPercent": "deploymentConfiguration.maximumPercent",
                "deploymentMinimumHealthyPercent": "deploymentConfiguration.minimumHealthyPercent",
                "deploymentCircuitBreaker": "deploymentConfiguration.deploymentCircuitBreaker",
            },
            {"arn": "serviceArn"},
        ),
        update=Call("ecs:UpdateService", {**_SERVICE_MEMBERS, "name": "service"}, structures=_SERVICE_STRUCTURES, rest=True),
        unsent_unless_changed={"desiredCount"},
        delete=(Request("ecs:UpdateService", {**_SERVICE, "desiredCount": 0}), Request("ecs:DeleteService", {**_SERVICE, "force": True})),
        references={
            "cluster": "aws:ecs/cluster:Cluster",
            "iamRole": "aws:iam/role:Role",
            "taskDefinition": "aws:ecs/taskDefinition:TaskDefinition",
        },
        referred_to_as=(f"{_ARN}:service/{{cluster}}/{{name}}", "service/{cluster}/{name}"),
        tags=_IN_THE_ANSWER,
    ),
)
