"""What others ask of an AWS account, one check a line as `frameworks.py` reads them.

Sources: CIS Amazon Web Services Foundations Benchmark 3.0.0; prowler, prowler/providers/aws/services.
"""

from __future__ import annotations

CIS = """
1.16 | no policy of full administrative privileges | = Security Hub IAM.1
1.17 | a role for those who speak with AWS's support | ! It is for people, and no deployment's.
1.20 | an analyzer of external access | = Security Hub IAM.28
1.22 | AWSCloudShellFullAccess is not attached | identity/managed-policies
2.1.1 | buckets refuse requests without TLS | = Security Hub S3.5
2.1.2 | MFA delete | ! See Security Hub S3.20.
2.1.4 | buckets block public access | = Security Hub S3.8
3.1 | a trail of every region | = Security Hub CloudTrail.1
3.2 | log files are validated | = Security Hub CloudTrail.4
3.4 | the trail's bucket has access logs | = Security Hub S3.9
3.5 | trails are encrypted under a key | = Security Hub CloudTrail.2
3.6 | keys are rotated | = Security Hub KMS.4
3.7 | VPC flow logs | = Security Hub EC2.6
3.8 | writes of objects are recorded | ! Access logs tell who wrote what; the trail records the state's bucket.
3.9 | reads of objects are recorded | ! See CIS AWS Foundations 3.0 3.8.
"""

ACCOUNT_PROWLER = """
accessanalyzer_enabled | an analyzer of external access | = Security Hub IAM.28
cloudtrail_agentcore_data_events_enabled | the trail has the events of AgentCore |
cloudtrail_bedrock_logging_enabled | the trail has the events of models |
cloudtrail_kms_encryption_enabled | trails are encrypted under a key | = Security Hub CloudTrail.2
cloudtrail_log_file_validation_enabled | log files are validated | = Security Hub CloudTrail.4
cloudtrail_logs_s3_bucket_access_logging_enabled | the trail's bucket has access logs | = Security Hub S3.9
cloudtrail_logs_s3_bucket_is_not_publicly_accessible | the trail's bucket is not public | = Security Hub S3.8
cloudtrail_multi_region_enabled_logging_management_events | a trail of every region and of all management events | account/trail
guardduty_is_enabled | GuardDuty is on | = Security Hub GuardDuty.1
iam_no_custom_policy_permissive_role_assumption | nobody takes on every role | identity/no-wildcard-resource
iam_policy_allows_passrole_without_condition | roles are passed to named services | identity/pass-role
iam_policy_allows_privilege_escalation | no privilege escalation | identity/no-escalation
iam_policy_no_full_access_to_cloudtrail | no policy of cloudtrail:* | identity/no-wildcard-action
iam_policy_no_full_access_to_kms | no policy of kms:* | identity/no-wildcard-action
iam_role_cross_service_confused_deputy_prevention | services take roles on for this account | identity/trust-source
iam_role_github_oidc_trust_subject_restricted | GitHub's workflows are trusted by name | identity/trust-closed
"""
