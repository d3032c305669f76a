//! The environment variables of the bridge: the meaning, the form and the default of each. Those
//! about the service are declared in `relying-party`.
//! `cargo xtask docs` writes `docs/configuration` from them, and the [configuration](crate::config)
//! reads them.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, Variable, form};
use function_kit::telemetry;
pub use function_kit::telemetry::{LOG_LEVEL, METRICS_NAMESPACE, STACK_NAME};
pub use member_flow::MEMBER_KEYS;
pub use member_flow::apps::MEMBER_APPS;
use relying_party::variables as service;
pub use relying_party::variables::{
    ACCEPTED_ACR, ACR_VALUES, ASSERTION_KEYS, ATTRIBUTES, GRANTED_SCOPE, ISSUER, REQUIRE_AUTH_TIME,
    SERVICE, SERVICE_AUTHORIZATION_ENDPOINT, SERVICE_CLIENT_ID, SERVICE_ID_TOKEN_ALGORITHMS,
    SERVICE_ISSUER, SERVICE_JWKS_URI, SERVICE_TOKEN_ENDPOINT, SERVICE_USERINFO_ENDPOINT,
};

/// Every variable that is read.
pub const ALL: &[&[Variable]] = &[
    service::VARIABLES,
    VARIABLES,
    member_flow::apps::VARIABLES,
    member_flow::VARIABLES,
    telemetry::VARIABLES,
];

/// What applies if a variable of logins isn't set. All of them are set, or none.
const FOR_LOGINS: IfUnset = IfUnset::Said(Bilingual {
    en: "required for logins; empty where only members are verified (`MEMBER_APPS`)",
    ja: "ログインに必須。会員の本人確認だけなら空（`MEMBER_APPS`）",
});

function_kit::variables! {
    /// The client ID that Cognito uses at the bridge
    CLIENT_ID {
        ja: "Cognito がブリッジに対して使うクライアント ID",
        form: Bilingual {
            en: "1 to 255 visible ASCII characters",
            ja: "表示可能な ASCII 文字 1〜255文字",
        },
        if_unset: FOR_LOGINS,
        example: "amazon-cognito",
    }
    /// Cognito's client secret
    CLIENT_SECRETS {
        ja: "Cognito のクライアントシークレット",
        form: form::SECRET,
        if_unset: FOR_LOGINS,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:client-secrets-…",
    }
    /// The secret that CloudFront, if it is in front of the bridge, adds to each request in the
    /// header `x-front-door`; requests without it are refused
    FRONT_DOOR_SECRETS {
        ja: "前に置いた CloudFront が、リクエストのヘッダー `x-front-door` に付けるシークレット。\
            これがないリクエストは拒否する",
        form: form::SECRET,
        if_unset: IfUnset::Said(Bilingual {
            en: "empty (no CloudFront in front)",
            ja: "空（CloudFront を前に置かない）",
        }),
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:front-door-…",
    }
    /// Cognito's redirect URIs
    REDIRECT_URIS {
        ja: "Cognito のリダイレクト URI",
        form: Bilingual {
            en: "`https` URLs of up to 512 characters, separated by spaces",
            ja: "`https` の URL、それぞれ512文字まで。空白区切り",
        },
        if_unset: FOR_LOGINS,
        example: "https://myprefix.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse",
    }
    /// The name of this bridge's identity provider in the user pool; it is also stored in verified
    /// records
    PROVIDER_NAME {
        ja: "ユーザープールでの、このブリッジの ID プロバイダーの名前。検証済みの記録にも入る",
        form: form::PROVIDER_NAME,
        if_unset: FOR_LOGINS,
        example: "MynaApp",
    }
    /// The keys that seal cookies, codes and access tokens
    SEALING_KEYS {
        ja: "Cookie、コード、アクセストークンの暗号化鍵",
        form: form::SECRET,
        if_unset: FOR_LOGINS,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:sealing-keys-…",
    }
    /// The keys that seal the verified records; the same as in the triggers
    RECORD_KEYS {
        ja: "検証済みの記録の暗号化鍵。トリガーと同じもの",
        form: form::SECRET,
        if_unset: FOR_LOGINS,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:record-keys-…",
    }
    /// RSA keys of ID tokens; the first key signs, all keys are published
    ID_TOKEN_KEYS {
        ja: "IDトークンの RSA 鍵。先頭の鍵で署名し、すべての鍵を公開する",
        form: form::KEYS,
        if_unset: FOR_LOGINS,
        example: "arn:aws:kms:ap-northeast-1:123456789012:key/1111…",
    }
    /// Whether the service's answer at `/callback` must have `iss` (RFC 9207); set `required` once
    /// it is certain that the service sends it
    CALLBACK_ISS {
        ja: "`/callback` に届くサービスの応答に `iss` が必須か（RFC 9207）。\
            サービスが必ず送ることが確かめられたら `required`",
        form: Bilingual {
            en: "`optional`, `required`",
            ja: "`optional`、`required`",
        },
        if_unset: IfUnset::Value("optional"),
        example: "required",
    }
}
