"""Resource types beside those of `tokens.py`: what an account has once, and those of which rules read one property or none: policies, other
accounts, and templates. The Evolution System has none of them."""

from __future__ import annotations

from tokens import EVENT_TARGET, FUNCTION_PERMISSION, KEY_GRANT, TOPIC_SUBSCRIPTION

ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
DETECTOR = "aws:guardduty/detector:Detector"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
TRAIL = "aws:cloudtrail/trail:Trail"

DOCUMENTS: dict[str, str] = {
    "aws:acmpca/policy:Policy": "policy",
    "aws:amp/resourcePolicy:ResourcePolicy": "policyDocument",
    "aws:cloudsearch/domainServiceAccessPolicy:DomainServiceAccessPolicy": "accessPolicy",
    "aws:cloudwatch/logDeliveryDestinationPolicy:LogDeliveryDestinationPolicy": "deliveryDestinationPolicy",
    "aws:codeartifact/domainPermissions:DomainPermissions": "policyDocument",
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": "policyDocument",
    "aws:codebuild/resourcePolicy:ResourcePolicy": "policy",
    "aws:dsql/clusterPolicy:ClusterPolicy": "policy",
    "aws:ecrpublic/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:elasticsearch/domainPolicy:DomainPolicy": "accessPolicies",
    "aws:glacier/vaultLock:VaultLock": "policy",
    "aws:glue/resourcePolicy:ResourcePolicy": "policy",
    "aws:mediastore/containerPolicy:ContainerPolicy": "policy",
    "aws:msk/clusterPolicy:ClusterPolicy": "policy",
    "aws:networkfirewall/resourcePolicy:ResourcePolicy": "policy",
    "aws:oam/sinkPolicy:SinkPolicy": "policy",
    "aws:opensearchingest/resourcePolicy:ResourcePolicy": "policy",
    "aws:pinpoint/smsvoicev2ResourcePolicy:Smsvoicev2ResourcePolicy": "policy",
    "aws:redshift/resourcePolicy:ResourcePolicy": "policy",
    "aws:redshiftserverless/resourcePolicy:ResourcePolicy": "policy",
    "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy": "policy",
    "aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy": "policy",
    "aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy": "policy",
    "aws:s3control/bucketPolicy:BucketPolicy": "policy",
    "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy": "policy",
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": "resourcePolicy",
    "aws:s3tables/tablePolicy:TablePolicy": "resourcePolicy",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "resourcePolicy",
    "aws:schemas/registryPolicy:RegistryPolicy": "policy",
    "aws:ses/identityPolicy:IdentityPolicy": "policy",
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": "policy",
    "aws:vpclattice/authPolicy:AuthPolicy": "policy",
    "aws:vpclattice/resourcePolicy:ResourcePolicy": "policy",
}
"""By type the property that holds a resource's own policy. A test holds it against the provider's own list."""

OPTIONAL_DOCUMENTS: dict[str, str] = {
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "repositoryPolicy",
    "aws:elasticsearch/domain:Domain": "accessPolicies",
    "aws:glacier/vault:Vault": "accessPolicy",
    "aws:opensearch/domain:Domain": "accessPolicies",
    "aws:s3/accessPoint:AccessPoint": "policy",
}
"""Without it the service's default holds."""

LEADS_OUT: dict[str, tuple[str, ...]] = {
    "aws:backup/plan:Plan": ("rules",),
    "aws:cloudwatch/eventPermission:EventPermission": ("principal",),
    EVENT_TARGET: ("arn",),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": ("destinationArn",),
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": ("accountId",),
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": ("accountId",),
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": ("principalArn",),
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": ("peerOwnerId",),
    KEY_GRANT: ("granteePrincipal", "retiringPrincipal"),
    "aws:lambda/layerVersionPermission:LayerVersionPermission": ("principal",),
    FUNCTION_PERMISSION: ("principal", "sourceAccount", "sourceArn"),
    "aws:ram/principalAssociation:PrincipalAssociation": ("principal",),
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": ("sharedAccounts",),
    "aws:rds/snapshot:Snapshot": ("sharedAccounts",),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": ("rules",),
    TOPIC_SUBSCRIPTION: ("endpoint",),
}
"""What lets another account in, or sends it something, without a document that says so: by type the properties that name it."""

TEMPLATES = frozenset(
    {
        "aws:cloudcontrol/resource:Resource",
        "aws:cloudformation/stack:Stack",
        "aws:cloudformation/stackInstances:StackInstances",
        "aws:cloudformation/stackSet:StackSet",
        "aws:cloudformation/stackSetInstance:StackSetInstance",
        "aws:serverlessrepository/cloudFormationStack:CloudFormationStack",
        "aws:servicecatalog/provisionedProduct:ProvisionedProduct",
    }
)
"""Types that make other resources, by a template or by their own type's name."""

WRAPPED = ("aws-native:", "awscc:", "terraform:")
"""How the types of other providers of AWS's resources begin: Cloud Control's, and any of Terraform's."""
