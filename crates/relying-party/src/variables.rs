//! The environment variables about the service and our client there: the meaning, the form and the
//! default of each. `cargo xtask docs` writes `docs/configuration` from them, and
//! [`ServiceSettings`](crate::service::ServiceSettings) reads them.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, form};

/// The default of the service's addresses, which are only needed with `SERVICE=custom`.
const REQUIRED_WITH_CUSTOM: IfUnset = IfUnset::Said(Bilingual {
    en: "required with `custom`",
    ja: "`custom` のとき必須",
});

function_kit::variables! {
    /// The bridge's own URL; also `iss` of its ID tokens
    ISSUER {
        ja: "ブリッジ自身の URL。IDトークンの `iss` にもなる",
        form: Bilingual {
            en: "an `https` URL that consists only of the host name, in normal form (lower case, \
                without `:443`), without a path and without `/` at the end; up to 246 characters",
            ja: "ホスト名だけの `https` の URL。正規形（小文字、`:443` なし）で書き、パスも末尾の \
                `/` も付けない。246文字まで",
        },
        if_unset: IfUnset::Refused,
        example: "https://login.example.jp",
    }
    /// RSA or P-256 keys of client assertions; the first key signs, all keys are published
    ASSERTION_KEYS {
        ja: "クライアントアサーションの RSA または P-256 鍵。先頭の鍵で署名し、\
            すべての鍵を公開する",
        form: form::KEYS,
        if_unset: IfUnset::Refused,
        example: "arn:aws:kms:ap-northeast-1:123456789012:key/2222…",
    }
    /// Which environment of the service to use
    SERVICE {
        ja: "接続先のサービスの環境",
        form: Bilingual {
            en: "`sandbox`, `production`, `custom`",
            ja: "`sandbox`、`production`、`custom`",
        },
        if_unset: IfUnset::Refused,
        example: "sandbox",
    }
    /// The client ID that the Digital Agency issued
    SERVICE_CLIENT_ID {
        ja: "デジタル庁が発行したクライアント ID",
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
    /// The authorization endpoint, to which the browser is sent
    SERVICE_AUTHORIZATION_ENDPOINT {
        ja: "認可エンドポイント。ブラウザーの行き先",
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
    /// The userinfo endpoint
    SERVICE_USERINFO_ENDPOINT {
        ja: "UserInfo エンドポイント",
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
    /// The algorithms that are accepted for the service's ID tokens
    SERVICE_ID_TOKEN_ALGORITHMS {
        ja: "サービスの IDトークンで受け入れるアルゴリズム",
        form: Bilingual {
            en: "`ES256`, `RS256`, separated by spaces",
            ja: "`ES256`、`RS256`。空白区切り",
        },
        if_unset: IfUnset::Value("ES256"),
        example: "ES256 RS256",
    }
    /// The attributes to ask for; `openid` is added automatically
    ATTRIBUTES {
        ja: "求める属性。`openid` は自動で付く",
        form: Bilingual {
            en: "`name`, `address`, `birthdate`, `gender`, each once at most, separated by \
                spaces; `none`, or an empty value, asks for none",
            ja: "`name`、`address`、`birthdate`、`gender`。それぞれ1回まで、空白区切り。`none` \
                か空なら1つも求めない",
        },
        if_unset: IfUnset::Refused,
        example: "name address birthdate gender",
    }
    /// `acr_values` of the authorization request
    ACR_VALUES {
        ja: "認可リクエストの `acr_values`",
        form: Bilingual {
            en: "text; with `none`, it is not sent",
            ja: "文字列。`none` なら送らない",
        },
        if_unset: IfUnset::Value("aal3 crl"),
        example: "aal3 crl",
    }
    /// The values of `acr` that are accepted
    ACCEPTED_ACR {
        ja: "受け入れる `acr` の値",
        form: Bilingual {
            en: "separated by commas; `any` for all values",
            ja: "カンマ区切り。`any` ならすべて",
        },
        if_unset: IfUnset::Said(Bilingual {
            en: "required with `production` (also with `custom` and production's issuer), \
                otherwise `any`",
            ja: "`production` では必須（`custom` で本番の発行者を指定したときも）。ほかは `any`",
        }),
        example: "aal3",
    }
    /// Whether ID tokens of the service without `auth_time` are refused; set `yes` once it is
    /// certain that the service returns it
    REQUIRE_AUTH_TIME {
        ja: "`auth_time` のないサービスの IDトークンを拒否するか。\
            サービスが必ず返すことが確かめられたら `yes`",
        form: form::YES_OR_NO,
        if_unset: IfUnset::Value("no"),
        example: "yes",
    }
    /// Whether a token answer of the service without `scope` is refused. A `scope` that lacks
    /// something that was asked for is always refused
    GRANTED_SCOPE {
        ja: "`scope` のないサービスのトークン応答を拒否するか。求めたものが足りない `scope` は、\
            どちらの設定でも拒否する",
        form: Bilingual {
            en: "`required`, `optional`",
            ja: "`required`、`optional`",
        },
        if_unset: IfUnset::Value("required"),
        example: "optional",
    }
}
