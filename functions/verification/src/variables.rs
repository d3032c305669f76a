//! The environment variables of the function. Those that it has in common with other functions are
//! declared in `relying-party`, `member-flow` and `function-kit`. `cargo xtask docs` writes
//! `docs/configuration` from all of them.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, Variable, form};
use function_kit::telemetry;
pub use function_kit::telemetry::LOG_LEVEL;
pub use member_flow::MEMBER_KEYS;
pub use member_flow::apps::MEMBER_APPS;
use relying_party::variables as service;
pub use relying_party::variables::{
    ACCEPTED_ACR, ASSERTION_KEYS, ATTRIBUTES, ISSUER, SERVICE, SERVICE_AUTHORIZATION_ENDPOINT,
    SERVICE_CLIENT_ID, SERVICE_ISSUER, SERVICE_JWKS_URI, SERVICE_TOKEN_ENDPOINT,
    SERVICE_USERINFO_ENDPOINT,
};
use user_pool::{attribute, scope};

/// Every variable that is read.
pub const ALL: &[&[Variable]] = &[service::VARIABLES, MEMBERS, VARIABLES, telemetry::VARIABLES];

/// The variables that the bridge has, too. Here both are required.
const MEMBERS: &[Variable] = &[
    required(member_flow::apps::VARIABLES),
    required(member_flow::VARIABLES),
];

const fn required(declared: &[Variable]) -> Variable {
    match declared {
        [variable] => Variable {
            if_unset: IfUnset::Refused,
            ..*variable
        },
        _ => unreachable!(),
    }
}

function_kit::variables! {
    /// The user pool’s ID
    USER_POOL_ID {
        ja: "ユーザープールの ID",
        form: Bilingual {
            en: "`REGION_…`, up to 55 characters",
            ja: "`REGION_…`、55文字まで",
        },
        if_unset: IfUnset::Refused,
        example: "ap-northeast-1_EXAMPLE",
    }
    /// The user pool’s issuer: `iss` of its tokens. Its keys are read at
    /// `/.well-known/jwks.json` below it
    USER_POOL_ISSUER {
        ja: "ユーザープールの発行者。トークンの `iss`。公開鍵は、その下の \
            `/.well-known/jwks.json` から読む",
        form: form::ADDRESS,
        if_unset: IfUnset::Refused,
        example: "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_EXAMPLE",
    }
    /// Where the user pool’s keys are read, if not below its issuer
    USER_POOL_JWKS_URI {
        ja: "ユーザープールの公開鍵を読む場所。発行者の下でないとき",
        form: form::ADDRESS,
        if_unset: IfUnset::Said(Bilingual {
            en: "`USER_POOL_ISSUER` and `/.well-known/jwks.json`",
            ja: "`USER_POOL_ISSUER` に `/.well-known/jwks.json` を付けたもの",
        }),
        example: "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_EXAMPLE/.well-known/jwks.json",
    }
    /// The identifier of the resource server whose scope `verify` every request needs
    RESOURCE_SERVER {
        ja: "どのリクエストにもスコープ `verify` が要る、リソースサーバーの識別子",
        form: Bilingual {
            en: "1 to 256 visible ASCII characters, without `\"` and `\\`",
            ja: "表示可能な ASCII 文字 1〜256文字。`\"` と `\\` は使えない",
        },
        if_unset: IfUnset::Value(scope::RESOURCE_SERVER),
        example: "digital-auth",
    }
    /// The bridge’s name in the user pool: a user who signs in with the card is a member, too
    PROVIDER_NAME {
        ja: "ユーザープールでのブリッジの名前。カードでログインする利用者も、1人の会員に数える",
        form: form::PROVIDER_NAME,
        if_unset: IfUnset::Refused,
        example: "MynaApp",
    }
    /// The keys that seal the records; the same as in the bridge and the triggers
    RECORD_KEYS {
        ja: "記録の暗号化鍵。ブリッジとトリガーと同じもの",
        form: form::SECRET,
        if_unset: IfUnset::Refused,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:record-keys-…",
    }
    /// The attribute of the user pool that holds the record of a member’s verification; the same as
    /// in `pre-token-generation`
    MEMBER_RECORD_ATTRIBUTE {
        ja: "会員の本人確認の記録を入れるユーザープールの属性。`pre-token-generation` と同じもの",
        form: Bilingual {
            en: "`custom:` and a name of 1 to 20 characters, without white space",
            ja: "`custom:` と1〜20文字の名前。空白は使えない",
        },
        if_unset: IfUnset::Value(attribute::MEMBER_RECORD),
        example: "custom:member_record",
    }
    /// The service’s former issuers, if it has changed its issuer: their records count still; the
    /// same as in `pre-token-generation`
    FORMER_SERVICE_ISSUERS {
        ja: "サービスが発行者を変えたときの、以前の発行者。その記録を有効とみなし続ける。\
            `pre-token-generation` と同じもの",
        form: Bilingual {
            en: "URLs in normal form, up to 255 characters each, separated by spaces, without the \
                sandbox’s; they are only compared byte for byte, and never called",
            ja: "正規形の URL、それぞれ255文字まで。空白区切り。サンドボックスの発行者は不可。\
                1バイトずつ比べるだけで、呼び出さない",
        },
        if_unset: IfUnset::Said(Bilingual {
            en: "none",
            ja: "なし",
        }),
        example: "https://former.example/realms/main",
    }
    /// The table of persons and members
    MEMBER_TABLE {
        ja: "人と会員のテーブル",
        form: Bilingual {
            en: "the name of a DynamoDB table: 3 to 255 letters, digits, `_`, `-` and `.`",
            ja: "DynamoDB のテーブルの名前：英数字と `_`、`-`、`.` の3〜255文字",
        },
        if_unset: IfUnset::Refused,
        example: "digital-auth-members",
    }
    /// The key of the HMAC that stands for a person in the table. It must never change: with
    /// another key, every person is somebody else
    PERSON_KEY {
        ja: "テーブルで人を表す HMAC の鍵。変えてはならない。\
            別の鍵では、だれもが別の人になる",
        form: Bilingual {
            en: "the ARN of an HMAC key in AWS KMS (`HMAC_256`), or a reference to a secret (one \
                key, in the form of the sealing keys)",
            ja: "AWS KMS の HMAC 鍵（`HMAC_256`）の ARN、または、シークレットへの参照\
                （暗号化鍵と同じ形式の鍵1つ）",
        },
        if_unset: IfUnset::Refused,
        example: "arn:aws:kms:ap-northeast-1:123456789012:key/3333…",
    }
    /// How many members a person may verify
    MEMBERS_PER_PERSON {
        ja: "1人が本人確認できる会員の数",
        form: Bilingual {
            en: "`one`, `many`",
            ja: "`one`、`many`",
        },
        if_unset: IfUnset::Value("one"),
        example: "one",
    }
    /// With `one`: how long after a verification was taken back, or its member is gone, another
    /// member may be verified
    RELEASE_WAIT {
        ja: "`one` のとき、本人確認が取り消されるか、会員がいなくなってから、\
            別の会員を本人確認できるまで",
        form: Bilingual {
            en: "`none`, a number of days such as `30d` (up to 3650), or `never`",
            ja: "`none`、`30d` のような日数（3650まで）、`never`",
        },
        if_unset: IfUnset::Value("none"),
        example: "30d",
    }
}
