"""Writes the test data of infra/rules.guard for `cfn-guard test`: python rules.py FILE

The first case has resources that satisfy every rule. Each further case changes one value of them,
which exactly one rule must refuse. If a clause of a rule has no effect, a case fails.
"""

import json
import sys
from pathlib import Path

# Instead of a value: the key is removed.
ABSENT = object()

POLICIES = "policies_have_no_wildcard_but_for_traces"

NAMED = {"Effect": "Allow", "Action": "kms:Sign", "Resource": "arn:key"}
TRACES = {
    "Effect": "Allow",
    "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "Resource": "*",
}
EITHER = {"Fn::If": ["HasKey", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]}
ANY = {"Fn::If": ["HasKey", {"Ref": "Key"}, "*"]}

SIGNS_IN = {"Principal": {"Service": "lambda.amazonaws.com"}}
LIMIT = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}

AS_IT_SHOULD_BE = {
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": "arn:role",
            "LoggingConfig": {"LogGroup": "logs"},
            "TracingConfig": {"Mode": "Active"},
            "Timeout": 25,
            "Runtime": "provided.al2023",
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Statement": [SIGNS_IN]},
            "Policies": [
                {
                    "PolicyDocument": {
                        "Statement": [NAMED | {"Resource": [EITHER, "arn:key"]}, TRACES]
                    }
                }
            ],
        },
    },
    "Policy": {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": [NAMED | {"Resource": EITHER}, TRACES]}},
    },
    "Api": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {"Principal": "apigateway.amazonaws.com", "SourceArn": "arn:api"},
    },
    "Trigger": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Principal": "cognito-idp.amazonaws.com",
            "SourceArn": "arn:pool",
            "SourceAccount": "123456789012",
        },
    },
    "Key": {
        "Type": "AWS::KMS::Key",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "KeyUsage": "SIGN_VERIFY",
            "KeySpec": "RSA_2048",
            "KeyPolicy": {"Statement": [{"Principal": {"AWS": "arn:root"}}]},
        },
    },
    "TableKey": {
        "Type": "AWS::KMS::Key",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EnableKeyRotation": True,
            "KeyPolicy": {"Statement": [{"Principal": {"AWS": "arn:root"}}]},
        },
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEType": "KMS", "KMSMasterKeyId": "arn:key"},
        },
    },
    "OpenRoute": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {"AuthorizationType": "NONE"},
    },
    "Route": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "AuthorizationType": "JWT",
            "AuthorizerId": "authorizer",
            "AuthorizationScopes": ["digital-auth/verify"],
        },
    },
    "Authorizer": {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "AuthorizerType": "JWT",
            "JwtConfiguration": {"Issuer": "https://pool", "Audience": ["client"]},
        },
    },
    "Secret": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"GenerateSecretString": {"PasswordLength": 64}},
    },
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 90}},
    "Stage": {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {
            "AccessLogSettings": {"DestinationArn": "arn:logs"},
            "DefaultRouteSettings": LIMIT,
            "RouteSettings": {
                "ANY /authorize": LIMIT,
                "ANY /token": LIMIT,
                "ANY /verify": {"Fn::If": ["HasMembers", LIMIT, {"Ref": "AWS::NoValue"}]},
            },
        },
    },
    "Pool": {
        "Type": "AWS::Cognito::UserPool",
        "DeletionPolicy": "Retain",
        "Properties": {
            "DeletionProtection": "ACTIVE",
            "UsernameConfiguration": {"CaseSensitive": True},
            "UserPoolTier": "ESSENTIALS",
            "Schema": [
                {"Name": name, "Mutable": True, "StringAttributeConstraints": {"MaxLength": "2048"}}
                for name in ["name", "address"]
            ]
            + [
                {
                    "Fn::If": [
                        "HasMembers",
                        {"Mutable": True, "StringAttributeConstraints": {"MaxLength": "2048"}},
                        {"Ref": "AWS::NoValue"},
                    ]
                }
            ],
        },
    },
    "Client": {
        "Type": "AWS::Cognito::UserPoolClient",
        "Properties": {
            "ReadAttributes": ["locale"],
            "WriteAttributes": ["name"],
            "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
            "AllowedOAuthFlows": ["code"],
            "EnableTokenRevocation": True,
            "PreventUserExistenceErrors": "ENABLED",
        },
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"AlarmActions": ["arn:topic"], "AlarmDescription": "what to do"},
    },
    "Distribution": {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {
            "DistributionConfig": {
                "WebACLId": "arn:acl",
                "ViewerCertificate": {"MinimumProtocolVersion": "TLSv1.2_2021"},
                "Origins": [{"CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}}],
                "DefaultCacheBehavior": {"ViewerProtocolPolicy": "https-only"},
                "CacheBehaviors": [
                    {"ViewerProtocolPolicy": "https-only"},
                    {"ViewerProtocolPolicy": "https-only"},
                ],
            }
        },
    },
    "WebAcl": {
        "Type": "AWS::WAFv2::WebACL",
        "Properties": {
            "VisibilityConfig": {"SampledRequestsEnabled": False},
            "Rules": [{"VisibilityConfig": {"SampledRequestsEnabled": False}}] * 2,
        },
    },
}

# For each rule, the changes that it must refuse: the place, and the new value.
REFUSED = {
    "functions_have_a_role_a_log_and_traces_of_their_own": [
        ("Function/Properties/Role", ABSENT),
        ("Function/Properties/LoggingConfig", ABSENT),
        ("Function/Properties/LoggingConfig/LogGroup", ABSENT),
        ("Function/Properties/TracingConfig/Mode", "PassThrough"),
        ("Function/Properties/Timeout", 26),
        ("Function/Properties/Runtime", "provided.al2"),
    ],
    "roles_are_for_lambda_and_have_nothing_attached": [
        ("Role/Properties/ManagedPolicyArns", ["arn:policy"]),
        (
            "Role/Properties/AssumeRolePolicyDocument/Statement",
            [SIGNS_IN, {"Principal": {"Service": "ec2.amazonaws.com"}}],
        ),
        ("Role/Properties/AssumeRolePolicyDocument/Statement", [SIGNS_IN, {"Principal": "*"}]),
    ],
    POLICIES: [
        (statements, [NAMED, wrong])
        for statements in [
            "Role/Properties/Policies/0/PolicyDocument/Statement",
            "Policy/Properties/PolicyDocument/Statement",
        ]
        for wrong in [
            NAMED | {"Effect": "Deny"},
            NAMED | {"Action": "kms:*"},
            NAMED | {"Action": "*"},
            NAMED | {"Action": ["kms:GetPublicKey", "kms:*"]},
            {"Effect": "Allow", "NotAction": "kms:Sign", "Resource": "arn:key"},
            NAMED | {"NotAction": "kms:Sign"},
            {"Effect": "Allow", "Action": "kms:Sign", "NotResource": "arn:key"},
            NAMED | {"NotResource": "arn:key"},
            {"Effect": "Allow", "Action": "kms:Sign"},
            # The wildcard, in each form that Resource can have.
            NAMED | {"Resource": "*"},
            NAMED | {"Resource": ["*"]},
            NAMED | {"Resource": ["arn:key", "*"]},
            NAMED | {"Resource": [{"Ref": "Key"}, "*"]},
            NAMED | {"Resource": ANY},
            NAMED | {"Resource": [ANY]},
            TRACES | {"Action": ["xray:PutTraceSegments", "kms:Sign"]},
        ]
    ],
    "functions_are_called_by_known_callers": [
        ("Api/Properties/SourceArn", ABSENT),
        ("Api/Properties/Principal", "*"),
        ("Trigger/Properties/SourceArn", ABSENT),
        ("Trigger/Properties/SourceAccount", ABSENT),
    ],
    "keys_outlive_the_stack_and_are_used_by_this_account": [
        ("Key/DeletionPolicy", ABSENT),
        ("Key/DeletionPolicy", "Delete"),
        ("Key/UpdateReplacePolicy", ABSENT),
        ("Key/UpdateReplacePolicy", "Delete"),
        ("Key/Properties/KeyUsage", "KEY_AGREEMENT"),
        ("TableKey/Properties/EnableKeyRotation", ABSENT),
        ("TableKey/Properties/EnableKeyRotation", False),
        ("Key/Properties/KeySpec", ABSENT),
        ("Key/Properties/KeyPolicy/Statement/0/Principal", {"Service": "lambda.amazonaws.com"}),
        ("Key/Properties/KeyPolicy/Statement/0/Principal", "*"),
    ],
    "secrets_are_generated": [
        ("Secret/Properties/GenerateSecretString", ABSENT),
        ("Secret/Properties/SecretString", "in the template"),
    ],
    "logs_end": [("Logs/Properties/RetentionInDays", ABSENT)],
    "stages_are_limited_and_logged": [
        ("Stage/Properties/AccessLogSettings", ABSENT),
        ("Stage/Properties/AccessLogSettings/DestinationArn", ABSENT),
        ("Stage/Properties/DefaultRouteSettings", ABSENT),
        ("Stage/Properties/DefaultRouteSettings/ThrottlingRateLimit", ABSENT),
        ("Stage/Properties/DefaultRouteSettings/ThrottlingBurstLimit", ABSENT),
        ("Stage/Properties/RouteSettings/ANY ~1token/ThrottlingRateLimit", ABSENT),
        ("Stage/Properties/RouteSettings/ANY ~1token/ThrottlingBurstLimit", ABSENT),
        ("Stage/Properties/RouteSettings/ANY ~1verify/Fn::If/1/ThrottlingRateLimit", ABSENT),
        ("Stage/Properties/RouteSettings/ANY ~1verify/Fn::If/1/ThrottlingBurstLimit", ABSENT),
    ],
    "user_pools_are_protected": [
        ("Pool/DeletionPolicy", ABSENT),
        ("Pool/Properties/DeletionProtection", "INACTIVE"),
        ("Pool/Properties/UsernameConfiguration", ABSENT),
        ("Pool/Properties/UsernameConfiguration/CaseSensitive", False),
        ("Pool/Properties/UserPoolTier", "LITE"),
        ("Pool/Properties/Schema/1/Mutable", False),
        ("Pool/Properties/Schema/1/StringAttributeConstraints/MaxLength", ABSENT),
        ("Pool/Properties/Schema/2/Fn::If/1/Mutable", False),
        ("Pool/Properties/Schema/2/Fn::If/1/StringAttributeConstraints/MaxLength", ABSENT),
    ],
    "clients_read_nothing_and_take_no_password": [
        ("Client/Properties/ReadAttributes", ABSENT),
        ("Client/Properties/ReadAttributes", ["locale", "name"]),
        ("Client/Properties/WriteAttributes", ABSENT),
        ("Client/Properties/WriteAttributes", []),
        ("Client/Properties/WriteAttributes", ["name", "custom:member_record"]),
        ("Client/Properties/ReadAttributes", ["locale", "custom:member_record"]),
        (
            "Client/Properties/ExplicitAuthFlows",
            ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
        ),
        ("Client/Properties/AllowedOAuthFlows", ["code", "implicit"]),
        ("Client/Properties/EnableTokenRevocation", False),
        ("Client/Properties/PreventUserExistenceErrors", "LEGACY"),
    ],
    "alarms_tell_somebody": [
        ("Alarm/Properties/AlarmActions", ABSENT),
        ("Alarm/Properties/AlarmActions", []),
        ("Alarm/Properties/AlarmDescription", ABSENT),
    ],
    "tables_outlive_the_stack_and_can_be_restored": [
        ("Table/DeletionPolicy", ABSENT),
        ("Table/DeletionPolicy", "Delete"),
        ("Table/UpdateReplacePolicy", ABSENT),
        ("Table/Properties/DeletionProtectionEnabled", False),
        ("Table/Properties/PointInTimeRecoverySpecification", ABSENT),
        (
            "Table/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
            False,
        ),
        ("Table/Properties/SSESpecification/SSEType", ABSENT),
        ("Table/Properties/SSESpecification/KMSMasterKeyId", ABSENT),
    ],
    "routes_behind_an_authorizer_demand_a_scope": [
        ("Route/Properties/AuthorizationType", "CUSTOM"),
        ("Route/Properties/AuthorizerId", ABSENT),
        ("Route/Properties/AuthorizationScopes", ABSENT),
        ("Route/Properties/AuthorizationScopes", []),
    ],
    "authorizers_know_issuer_and_apps": [
        ("Authorizer/Properties/AuthorizerType", "REQUEST"),
        ("Authorizer/Properties/JwtConfiguration/Issuer", ABSENT),
        ("Authorizer/Properties/JwtConfiguration/Audience", ABSENT),
        ("Authorizer/Properties/JwtConfiguration/Audience", []),
    ],
    "distributions_are_guarded_and_keep_no_log": [
        (f"Distribution/Properties/DistributionConfig/{where}", what)
        for where, what in [
            ("WebACLId", ABSENT),
            ("ViewerCertificate/MinimumProtocolVersion", "TLSv1.2_2019"),
            ("Origins/0/CustomOriginConfig/OriginProtocolPolicy", "match-viewer"),
            ("DefaultCacheBehavior/ViewerProtocolPolicy", "redirect-to-https"),
            ("CacheBehaviors/1/ViewerProtocolPolicy", "allow-all"),
            ("Logging", {"Bucket": "logs"}),
        ]
    ],
    "web_acls_take_no_samples": [
        ("WebAcl/Properties/VisibilityConfig/SampledRequestsEnabled", True),
        ("WebAcl/Properties/Rules/1/VisibilityConfig/SampledRequestsEnabled", True),
    ],
}


def changed(where, what):
    """The resources with one value changed.

    The place is a JSON pointer (RFC 6901) without its first slash.
    """
    # Not copy.deepcopy: an object that is in two places would be one object in the copy too, and
    # change in both places.
    resources = json.loads(json.dumps(AS_IT_SHOULD_BE))
    *path, last = (part.replace("~1", "/") for part in where.split("/"))
    parent = resources
    for part in path:
        parent = parent[int(part) if isinstance(parent, list) else part]
    if what is ABSENT:
        del parent[last]
    else:
        parent[last] = what
    return resources


def case(name, resources, rules):
    return {"name": name, "input": {"Resources": resources}, "expectations": {"rules": rules}}


cases = [case("as it should be", AS_IT_SHOULD_BE, dict.fromkeys(REFUSED, "PASS"))]
for rule, changes in REFUSED.items():
    for where, what in changes:
        name = f"{where}: {'absent' if what is ABSENT else json.dumps(what)}"
        # Every other rule must pass.
        rules = {other: "FAIL" if other == rule else "PASS" for other in REFUSED}
        cases.append(case(name, changed(where, what), rules))
Path(sys.argv[1]).write_text(json.dumps(cases, indent=1), encoding="utf-8")
