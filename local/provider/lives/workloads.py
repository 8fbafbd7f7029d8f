"""How containers, their watch and their guard go on."""

from __future__ import annotations

from collections.abc import Mapping

from local.provider.catalogue.containers import RESOURCES as _CONTAINERS
from local.provider.life import Ask, Life, kept_here, tagging
from local.provider.reading import Reading, Seen, Sent, pairs, plainly, spelled, tags
from local.provider.table import Call, Json, Members

_ALARM_TAGS, _ALARM_UNTAG = tagging("cloudwatch:TagResource", "cloudwatch:UntagResource", ("ResourceARN", "Tags", "TagKeys"))
_LOG_TAGS, _LOG_UNTAG = tagging("logs:TagResource", "logs:UntagResource", ("resourceArn", "tags", "tagKeys"))
_ECR_TAGS, _ECR_UNTAG = tagging("ecr:TagResource", "ecr:UntagResource", ("resourceArn", "tags", "tagKeys"))
_ECS_TAGS, _ECS_UNTAG = tagging("ecs:TagResource", "ecs:UntagResource", ("resourceArn", "tags", "tagKeys"))
_SCALING_TAGS, _SCALING_UNTAG = tagging(
    "application-autoscaling:TagResource", "application-autoscaling:UntagResource", ("ResourceARN", "Tags", "TagKeys")
)
_WAF_TAGS, _WAF_UNTAG = tagging("wafv2:TagResource", "wafv2:UntagResource", ("ResourceARN", "Tags", "TagKeys"))

_CREATE_SERVICE = next(one for one in _CONTAINERS if one.token == "aws:ecs/service:Service").calls[0]
_SERVICE_CHANGES: Members = {
    **{name: member for name, member in _CREATE_SERVICE.members.items() if name not in {"name", "iamRole", "volumeConfiguration"}},
    "cluster": "cluster",
    "name": "service",
    "desiredCount": "desiredCount",
    "taskDefinition": "taskDefinition",
    "networkConfiguration": "networkConfiguration",
    "availabilityZoneRebalancing": "availabilityZoneRebalancing",
    "enableExecuteCommand": "enableExecuteCommand",
    "enableEcsManagedTags": "enableECSManagedTags",
    "propagateTags": "propagateTags",
    "platformVersion": "platformVersion",
}
_ALARM_READS: Mapping[str, Reading] = {
    "actionsEnabled": Seen("ActionsEnabled", default=True),
    "okActions": "OKActions",
    **plainly("AlarmActions", "AlarmDescription", "InsufficientDataActions"),
    **tags("tagged.Tags"),
}
_SERVICE = {"cluster": "{cluster}", "service": "{name}"}
_SCALED = {"ServiceNamespace": "{serviceNamespace}", "ResourceId": "{resourceId}", "ScalableDimension": "{scalableDimension}"}
_WEB_ACL = {"Name": "{name}", "Scope": "{scope}", "Id": "{id}"}

LIVES: dict[str, Life] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": Life(
        look=Ask("cloudwatch:DescribeAlarms", {"AlarmNames": ["{id}"], "AlarmTypes": ["MetricAlarm"]}),
        at="MetricAlarms[0]",
        also={"tagged": Ask("cloudwatch:ListTagsForResource", {"ResourceARN": "{seen.AlarmArn}"})},
        reads=_ALARM_READS
        | plainly(
            "ComparisonOperator",
            "DatapointsToAlarm",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "MetricName",
            "Namespace",
            "Period",
            "Statistic",
            "Threshold",
            "TreatMissingData",
            "Unit",
        )
        | {"dimensions": Seen("Dimensions", pairs)},
        outputs={"arn": "AlarmArn"},
        puts=True,
        changes=(_ALARM_TAGS,),
        untag=_ALARM_UNTAG,
        remove=(Ask("cloudwatch:DeleteAlarms", {"AlarmNames": ["{id}"]}),),
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Life(
        look=Ask("cloudwatch:DescribeAlarms", {"AlarmNames": ["{id}"], "AlarmTypes": ["CompositeAlarm"]}),
        at="CompositeAlarms[0]",
        also={"tagged": Ask("cloudwatch:ListTagsForResource", {"ResourceARN": "{seen.AlarmArn}"})},
        reads=_ALARM_READS | plainly("AlarmRule"),
        outputs={"arn": "AlarmArn"},
        puts=True,
        changes=(_ALARM_TAGS,),
        untag=_ALARM_UNTAG,
        remove=(Ask("cloudwatch:DeleteAlarms", {"AlarmNames": ["{id}"]}),),
    ),
    "aws:cloudwatch/dashboard:Dashboard": Life(
        look=Ask("cloudwatch:GetDashboard", {"DashboardName": "{id}"}),
        at="@",
        reads=plainly("DashboardBody"),
        outputs={"dashboardArn": "DashboardArn"},
        puts=True,
        remove=(Ask("cloudwatch:DeleteDashboards", {"DashboardNames": ["{id}"]}),),
    ),
    "aws:cloudwatch/logGroup:LogGroup": Life(
        look=Ask("logs:DescribeLogGroups", {"logGroupNamePrefix": "{id}"}),
        at="logGroups[?logGroupName=='{id}'] | [0]",
        also={"tagged": Ask("logs:ListTagsForResource", {"resourceArn": "{arn}"})},
        reads=plainly("kmsKeyId", "retentionInDays") | tags("tagged.tags"),
        outputs={"logGroupClass": "logGroupClass"},
        changes=(
            Call("logs:AssociateKmsKey", {"kmsKeyId": "kmsKeyId"}, {"logGroupName": "{id}"}),
            Call("", kept_here("skipDestroy")),
            _LOG_TAGS,
        ),
        untag=_LOG_UNTAG,
        remove=(Ask("logs:DeleteLogGroup", {"logGroupName": "{id}"}, unless="skipDestroy"),),
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Life(
        look=Ask("logs:DescribeResourcePolicies"),
        at="resourcePolicies[?policyName=='{id}'] | [0]",
        reads=plainly("policyDocument"),
        puts=True,
        remove=(Ask("logs:DeleteResourcePolicy", {"policyName": "{id}"}),),
    ),
    "aws:ecr/repository:Repository": Life(
        look=Ask("ecr:DescribeRepositories", {"repositoryNames": ["{id}"]}),
        at="repositories[0]",
        also={"tagged": Ask("ecr:ListTagsForResource", {"resourceArn": "{seen.repositoryArn}"})},
        reads=plainly("imageTagMutability", "imageScanningConfiguration")
        | {"encryptionConfigurations": "[encryptionConfiguration]"}
        | tags("tagged.tags"),
        outputs={"arn": "repositoryArn", "registryId": "registryId"},
        changes=(
            Call("ecr:PutImageTagMutability", {"imageTagMutability": "imageTagMutability"}, {"repositoryName": "{id}"}),
            Call(
                "ecr:PutImageScanningConfiguration",
                {"imageScanningConfiguration": "imageScanningConfiguration"},
                {"repositoryName": "{id}"},
            ),
            Call("", kept_here("forceDelete")),
            _ECR_TAGS,
        ),
        untag=_ECR_UNTAG,
        remove=(Ask("ecr:DeleteRepository", {"repositoryName": "{id}", "force": "{forceDelete}"}),),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Life(
        look=Ask("ecr:GetLifecyclePolicy", {"repositoryName": "{id}"}),
        at="@",
        reads={"policy": "lifecyclePolicyText"},
        puts=True,
        remove=(Ask("ecr:DeleteLifecyclePolicy", {"repositoryName": "{id}"}),),
    ),
    "aws:ecs/cluster:Cluster": Life(
        look=Ask("ecs:DescribeClusters", {"clusters": ["{name}"], "include": ["SETTINGS", "CONFIGURATIONS", "TAGS"]}),
        at="clusters[?status=='ACTIVE'] | [0]",
        reads=plainly("settings", "configuration") | tags("tags"),
        answer={"id": "cluster.clusterArn"},
        outputs={"arn": "clusterArn"},
        changes=(
            Call(
                "ecs:UpdateCluster",
                {"name": "cluster", "settings": "settings", "configuration": "configuration"},
                structures={"ExecuteCommandLogConfiguration": {"s3BucketEncryptionEnabled": "s3EncryptionEnabled"}},
            ),
            _ECS_TAGS,
        ),
        untag=_ECS_UNTAG,
        remove=(Ask("ecs:DeleteCluster", {"cluster": "{name}"}),),
    ),
    "aws:ecs/taskDefinition:TaskDefinition": Life(
        look=Ask("ecs:DescribeTaskDefinition", {"taskDefinition": "{arn}"}),
        at="taskDefinition | [@] | [?status=='ACTIVE'] | [0]",
        also={"tagged": Ask("ecs:ListTagsForResource", {"resourceArn": "{arn}"})},
        reads=tags("tagged.tags"),
        answer={"arn": "taskDefinition.taskDefinitionArn", "revision": "taskDefinition.revision"},
        changes=(Call("", kept_here("skipDestroy", "trackLatest")), _ECS_TAGS),
        untag=_ECS_UNTAG,
        remove=(Ask("ecs:DeregisterTaskDefinition", {"taskDefinition": "{arn}"}, unless="skipDestroy"),),
    ),
    # The emulator doesn't say what it has of availabilityZoneRebalancing.
    "aws:ecs/service:Service": Life(
        look=Ask("ecs:DescribeServices", {"cluster": "{cluster}", "services": ["{name}"], "include": ["TAGS"]}),
        at="services[?status=='ACTIVE'] | [0]",
        reads=plainly("desiredCount", "taskDefinition", "launchType", "propagateTags", "platformVersion")
        | plainly("enableExecuteCommand")
        | {
            "networkConfiguration": (
                "networkConfiguration.awsvpcConfiguration."
                "{assignPublicIp: assignPublicIp=='ENABLED', subnets: subnets, securityGroups: securityGroups}"
            ),
            "deploymentMaximumPercent": "deploymentConfiguration.maximumPercent",
            "deploymentMinimumHealthyPercent": "deploymentConfiguration.minimumHealthyPercent",
            "deploymentCircuitBreaker": "deploymentConfiguration.deploymentCircuitBreaker",
        }
        | tags("tags"),
        answer={"id": "service.serviceArn"},
        outputs={"arn": "serviceArn"},
        changes=(Call("ecs:UpdateService", _SERVICE_CHANGES, structures=_CREATE_SERVICE.structures), _ECS_TAGS),
        moves=frozenset({"desiredCount"}),
        untag=_ECS_UNTAG,
        remove=(Ask("ecs:UpdateService", {**_SERVICE, "desiredCount": 0}), Ask("ecs:DeleteService", {**_SERVICE, "force": True})),
    ),
    # Whichever of the two bounds has changed, the real provider sends both.
    "aws:appautoscaling/target:Target": Life(
        look=Ask(
            "application-autoscaling:DescribeScalableTargets",
            {"ServiceNamespace": "{serviceNamespace}", "ResourceIds": ["{resourceId}"], "ScalableDimension": "{scalableDimension}"},
        ),
        at="ScalableTargets[0]",
        also={"tagged": Ask("application-autoscaling:ListTagsForResource", {"ResourceARN": "{seen.ScalableTargetARN}"})},
        reads=plainly("MinCapacity", "MaxCapacity") | {"suspendedState": Seen("SuspendedState", spelled, default={})} | tags("tagged.Tags"),
        outputs={"arn": "ScalableTargetARN", "roleArn": "RoleARN"},
        changes=(
            Call(
                "application-autoscaling:RegisterScalableTarget",
                {"minCapacity": "MinCapacity", "maxCapacity": "MaxCapacity", "suspendedState": "SuspendedState"},
                _SCALED,
            ),
            _SCALING_TAGS,
        ),
        untag=_SCALING_UNTAG,
        remove=(Ask("application-autoscaling:DeregisterScalableTarget", _SCALED),),
    ),
    "aws:appautoscaling/policy:Policy": Life(
        look=Ask("application-autoscaling:DescribeScalingPolicies", {**_SCALED, "PolicyNames": ["{name}"]}),
        at="ScalingPolicies[0]",
        reads=plainly("PolicyType") | {"targetTrackingScalingPolicyConfiguration": Sent("TargetTrackingScalingPolicyConfiguration")},
        outputs={"arn": "PolicyARN"},
        puts=True,
        remove=(Ask("application-autoscaling:DeleteScalingPolicy", {**_SCALED, "PolicyName": "{name}"}),),
    ),
    "aws:appautoscaling/scheduledAction:ScheduledAction": Life(
        look=Ask("application-autoscaling:DescribeScheduledActions", {**_SCALED, "ScheduledActionNames": ["{name}"]}),
        at="ScheduledActions[0]",
        reads=plainly("Schedule", "Timezone") | {"scalableTargetAction": Sent("ScalableTargetAction")},
        outputs={"arn": "ScheduledActionARN"},
        puts=True,
        remove=(Ask("application-autoscaling:DeleteScheduledAction", {**_SCALED, "ScheduledActionName": "{name}"}),),
    ),
    "aws:wafv2/webAcl:WebAcl": Life(
        look=Ask("wafv2:GetWebACL", _WEB_ACL),
        at="{{ARN: WebACL.ARN, Capacity: WebACL.Capacity, Rules: WebACL.Rules, DefaultAction: WebACL.DefaultAction, LockToken: LockToken}}",
        also={"tagged": Ask("wafv2:ListTagsForResource", {"ResourceARN": "{seen.ARN}"})},
        reads={"rules": Sent("Rules"), "defaultAction": Sent("DefaultAction")} | tags("tagged.TagInfoForResource.TagList"),
        answer={"id": "Summary.Id"},
        outputs={"arn": "ARN", "capacity": "Capacity", "lockToken": "LockToken"},
        changes=(
            Call(
                "wafv2:UpdateWebACL",
                {
                    "name": "Name",
                    "scope": "Scope",
                    "defaultAction": "DefaultAction",
                    "description": "Description",
                    "visibilityConfig": "VisibilityConfig",
                    "rules": "Rules",
                    "ruleJson": Json("Rules"),
                },
                {"Id": "{id}", "LockToken": "{lockToken}"},
            ),
            _WAF_TAGS,
        ),
        untag=_WAF_UNTAG,
        remove=(Ask("wafv2:DeleteWebACL", {**_WEB_ACL, "LockToken": "{lockToken}"}),),
    ),
    # One that is there with another ACL is not this one.
    "aws:wafv2/webAclAssociation:WebAclAssociation": Life(
        look=Ask("wafv2:GetWebACLForResource", {"ResourceArn": "{resourceArn}"}),
        at="[WebACL] | [?ARN=='{webAclArn}'] | [0]",
        remove=(Ask("wafv2:DisassociateWebACL", {"ResourceArn": "{resourceArn}"}),),
    ),
}
"""By type."""
