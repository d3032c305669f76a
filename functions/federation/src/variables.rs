//! The environment variables of the bridge: the meaning, the form and the default of each.
//! `cargo xtask docs` writes `docs/configuration` from them, and the [configuration](crate::config)
//! reads them.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, Variable, form};
use function_kit::telemetry;
pub use function_kit::telemetry::{LOG_LEVEL, METRICS_NAMESPACE, STACK_NAME};

/// The default of the service's addresses, which are only needed with `SERVICE=custom`.
const REQUIRED_WITH_CUSTOM: IfUnset = IfUnset::Said(Bilingual {
    en: "required with `custom`",
    ja: "`custom` のとき必須",
});

/// Every variable that is read.
pub const ALL: &[&[Variable]] = &[VARIABLES, telemetry::VARIABLES];

function_kit::variables! {
    /// The bridge's own URL; also `iss` of its ID tokens
    ISSUER {
        ja: "ブリッジ自身の URL。IDトークンの `iss` にもなる",
        form: Bilingual {
            en: "an `https` URL of nothing but the host, in its normal form (lower case, without \
                `:443`), without path and without `/` at its end; up to 246 characters",
            ja: "ホスト名だけの `https` の URL。正規形（小文字、`:443` なし）で書き、パスも終わりの `/` も付けない。246文字まで",
        },
        if_unset: IfUnset::Refused,
        example: "https://login.example.jp",
    }
    /// The client ID that Cognito uses here
    CLIENT_ID {
        ja: "Cognito がここで使うクライアント ID",
        form: Bilingual {
            en: "1 to 255 visible ASCII characters",
            ja: "見える ASCII 1〜255文字",
        },
        if_unset: IfUnset::Refused,
        example: "amazon-cognito",
    }
    /// Cognito's client secret
    CLIENT_SECRETS {
        ja: "Cognito のクライアントシークレット",
        form: form::SECRET,
        if_unset: IfUnset::Refused,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:client-secrets-…",
    }
    /// The secret that a CloudFront in front shows in the header `x-front-door`; requests without
    /// it are refused
    FRONT_DOOR_SECRETS {
        ja: "前に置いた CloudFront が、ヘッダー `x-front-door` で示す秘密。示さないリクエストは拒否する",
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
            ja: "`https` の URL、512文字まで。空白区切りで複数書ける",
        },
        if_unset: IfUnset::Refused,
        example: "https://myprefix.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse",
    }
    /// The name of this bridge's identity provider in the user pool; it is part of a verified
    /// record
    PROVIDER_NAME {
        ja: "ユーザープールでの、このブリッジの ID プロバイダーの名前。検証済みの記録に入る",
        form: form::PROVIDER_NAME,
        if_unset: IfUnset::Refused,
        example: "MynaApp",
    }
    /// The keys of the seals
    SEALING_KEYS {
        ja: "封の鍵",
        form: form::SECRET,
        if_unset: IfUnset::Refused,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:sealing-keys-…",
    }
    /// The keys of the verified records; the same as the triggers have
    RECORD_KEYS {
        ja: "検証済みの記録の鍵。トリガーと同じもの",
        form: form::SECRET,
        if_unset: IfUnset::Refused,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:record-keys-…",
    }
    /// RSA keys of ID tokens; the first signs, all are published
    ID_TOKEN_KEYS {
        ja: "IDトークンの RSA 鍵。先頭が署名し、全部が公開される",
        form: form::KEYS,
        if_unset: IfUnset::Refused,
        example: "arn:aws:kms:ap-northeast-1:123456789012:key/1111…",
    }
    /// RSA or P-256 keys of client assertions; the first signs, all are published
    ASSERTION_KEYS {
        ja: "クライアントアサーションの RSA または P-256 鍵。先頭が署名し、全部が公開される",
        form: form::KEYS,
        if_unset: IfUnset::Refused,
        example: "arn:aws:kms:ap-northeast-1:123456789012:key/2222…",
    }
    /// Which service
    SERVICE {
        ja: "どのサービスか",
        form: Bilingual {
            en: "`sandbox`, `production`, `custom`",
            ja: "`sandbox`、`production`、`custom`",
        },
        if_unset: IfUnset::Refused,
        example: "sandbox",
    }
    /// The client ID that the Digital Agency gave
    SERVICE_CLIENT_ID {
        ja: "デジタル庁が出したクライアント ID",
        form: Bilingual {
            en: "up to 255 letters and digits",
            ja: "英数字 255文字まで",
        },
        if_unset: IfUnset::Said(Bilingual {
            en: "empty (not connected)",
            ja: "空（未接続）",
        }),
        example: "RP00000001",
    }
    /// The service's issuer
    SERVICE_ISSUER {
        ja: "サービスの発行者",
        form: form::ADDRESS,
        if_unset: REQUIRED_WITH_CUSTOM,
        example: "https://service.example/realms/main",
    }
    /// Where the browser goes
    SERVICE_AUTHORIZATION_ENDPOINT {
        ja: "ブラウザーが行く所",
        form: form::ADDRESS,
        if_unset: REQUIRED_WITH_CUSTOM,
        example: "https://service.example/auth",
    }
    /// The token endpoint; also `aud` of client assertions
    SERVICE_TOKEN_ENDPOINT {
        ja: "トークンエンドポイント。アサーションの `aud` にもなる",
        form: form::ADDRESS,
        if_unset: REQUIRED_WITH_CUSTOM,
        example: "https://service.example/token",
    }
    /// Userinfo
    SERVICE_USERINFO_ENDPOINT {
        ja: "UserInfo",
        form: form::ADDRESS,
        if_unset: REQUIRED_WITH_CUSTOM,
        example: "https://service.example/userinfo",
    }
    /// The service's public keys
    SERVICE_JWKS_URI {
        ja: "サービスの公開鍵",
        form: form::ADDRESS,
        if_unset: REQUIRED_WITH_CUSTOM,
        example: "https://service.example/certs",
    }
    /// The algorithms of the service's ID tokens that are accepted
    SERVICE_ID_TOKEN_ALGORITHMS {
        ja: "サービスの IDトークンで許すアルゴリズム",
        form: Bilingual {
            en: "`ES256`, `RS256`, separated by spaces",
            ja: "`ES256`、`RS256`。空白区切り",
        },
        if_unset: IfUnset::Value("ES256"),
        example: "ES256 RS256",
    }
    /// The attributes to ask for; `openid` is added
    ATTRIBUTES {
        ja: "求める属性。`openid` は自動で付く",
        form: Bilingual {
            en: "`name`, `address`, `birthdate`, `gender`, each once, separated by spaces; `none`, \
                or empty, asks for none",
            ja: "`name`、`address`、`birthdate`、`gender`。1回ずつ、空白区切り。`none` か空なら1つも求めない",
        },
        if_unset: IfUnset::Refused,
        example: "name address birthdate gender",
    }
    /// `acr_values` of the authorization request
    ACR_VALUES {
        ja: "認可リクエストの `acr_values`",
        form: Bilingual {
            en: "text; `none` leaves it out",
            ja: "文字列。`none` で送らない",
        },
        if_unset: IfUnset::Value("aal3 crl"),
        example: "aal3 crl",
    }
    /// The values of `acr` that are accepted
    ACCEPTED_ACR {
        ja: "受け入れる `acr`",
        form: Bilingual {
            en: "separated by commas; `any` for all",
            ja: "カンマ区切り。`any` で何でも",
        },
        if_unset: IfUnset::Said(Bilingual {
            en: "required with `production` (also where its issuer is given as `custom`), else \
                `any`",
            ja: "`production` では必須（`custom` で本番の発行者を指定したときも）。ほかは `any`",
        }),
        example: "aal3",
    }
    /// Whether an ID token of the service without `auth_time` is refused; `yes` once the service
    /// is known to send it
    REQUIRE_AUTH_TIME {
        ja: "`auth_time` のないサービスの IDトークンを拒否するか。送ることが確かになったら `yes`",
        form: form::YES_OR_NO,
        if_unset: IfUnset::Value("no"),
        example: "yes",
    }
    /// Whether a token answer of the service without `scope` is refused. A `scope` that lacks what
    /// was asked for is refused either way
    GRANTED_SCOPE {
        ja: "`scope` のないサービスのトークン応答を拒否するか。求めたものが欠けた `scope` は、どちらでも拒否する",
        form: Bilingual {
            en: "`required`, `optional`",
            ja: "`required`、`optional`",
        },
        if_unset: IfUnset::Value("required"),
        example: "optional",
    }
    /// Whether the service's answer (`/callback`) needs `iss` (RFC 9207); `required` once it is
    /// known to send it
    CALLBACK_ISS {
        ja: "サービスの応答（`/callback`）に `iss` が要るか（RFC 9207）。送ることが確かになったら `required`",
        form: Bilingual {
            en: "`optional`, `required`",
            ja: "`optional`、`required`",
        },
        if_unset: IfUnset::Value("optional"),
        example: "required",
    }
}
