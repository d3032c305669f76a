//! The environment variables of the trigger. Those that it has in common with other functions are
//! declared in `record-trigger` and `function-kit`. `cargo xtask docs` writes `docs/configuration`
//! from all of them.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, Variable, form};
use function_kit::telemetry;
pub use function_kit::telemetry::LOG_LEVEL;
use record_trigger::records;
pub use record_trigger::records::{ATTRIBUTES, PROVIDER_NAME, RECORD_KEYS, SERVICE_ISSUER};
use user_pool::{attribute, scope};

/// Every variable that is read.
pub const ALL: &[&[Variable]] = &[records::VARIABLES, VARIABLES, telemetry::VARIABLES];

/// The name of a custom attribute in a user pool (AWS, SchemaAttributeType).
const CUSTOM_ATTRIBUTE: Bilingual = Bilingual {
    en: "`custom:` and a name of 1 to 20 characters, without white space",
    ja: "`custom:` と1〜20文字の名前。空白は使えない",
};

function_kit::variables! {
    /// The identifier of the resource server whose scopes grant claims
    RESOURCE_SERVER {
        ja: "クレームを許可するスコープの、リソースサーバーの識別子",
        form: Bilingual {
            en: "1 to 256 visible ASCII characters, without `\"` and `\\`",
            ja: "表示可能な ASCII 文字 1〜256文字。`\"` と `\\` は使えない",
        },
        if_unset: IfUnset::Value(scope::RESOURCE_SERVER),
        example: "digital-auth",
    }
    /// The ages of the scopes `age_over_…`
    AGES {
        ja: "スコープ `age_over_…` の年齢",
        form: Bilingual {
            en: "numbers from 1 to 150, each once at most, separated by spaces",
            ja: "1〜150の数。それぞれ1回まで、空白区切り",
        },
        if_unset: IfUnset::Value("18 20"),
        example: "16 18 20 65",
    }
    /// The scopes of the resource server that sign-ins through the API get. Their tokens can't ask
    /// for any
    SDK_SCOPES {
        ja: "API でのログインに与える、リソースサーバーのスコープ。\
            そのトークンはスコープを求められない",
        form: Bilingual {
            en: "`CLIENT_ID:SCOPE`, separated by spaces: an app client’s ID and a scope’s name, \
                without the resource server; `none` for none",
            ja: "`CLIENT_ID:SCOPE`。空白区切り。アプリクライアントの ID と、\
                リソースサーバーを除いたスコープの名前。`none` ならなし",
        },
        if_unset: IfUnset::Value("none"),
        example: "1example23456789:verify 1example23456789:verified",
    }
    /// How long a verification counts
    MAX_VERIFICATION_AGE {
        ja: "検証の有効期間",
        form: Bilingual {
            en: "a number and `d` (days, up to 99,999), `h` (hours) or `m` (minutes); `none` for \
                no limit",
            ja: "数に `d`（日、99,999まで）、`h`（時間）、`m`（分）のどれかを付けたもの。`none` \
                なら無期限",
        },
        if_unset: IfUnset::Value("365d"),
        example: "90d",
    }
    /// The values of a record's `acr` that are accepted; the same as in the bridge
    ACCEPTED_ACR {
        ja: "記録の `acr` のうち、受け入れる値。ブリッジと同じもの",
        form: Bilingual {
            en: "separated by commas; `any` for all values",
            ja: "カンマ区切り。`any` ならすべて",
        },
        if_unset: IfUnset::Value("any"),
        example: "aal3",
    }
    /// Whether records without a time of authentication are refused
    REQUIRE_AUTH_TIME {
        ja: "認証の時刻のない記録を拒否するか",
        form: form::YES_OR_NO,
        if_unset: IfUnset::Value("no"),
        example: "yes",
    }
    /// The attribute of the user pool that holds the record of a sign-in with the card
    RECORD_ATTRIBUTE {
        ja: "カードでのログインの記録を入れるユーザープールの属性",
        form: CUSTOM_ATTRIBUTE,
        if_unset: IfUnset::Value(attribute::RECORD),
        example: "custom:verified_record",
    }
    /// The attribute of the user pool that holds the record of a member’s verification
    MEMBER_RECORD_ATTRIBUTE {
        ja: "会員の本人確認の記録を入れるユーザープールの属性",
        form: CUSTOM_ATTRIBUTE,
        if_unset: IfUnset::Value(attribute::MEMBER_RECORD),
        example: "custom:member_record",
    }
    /// The attribute of the user pool that holds the time of verification
    VERIFIED_AT_ATTRIBUTE {
        ja: "検証した時刻を入れるユーザープールの属性",
        form: CUSTOM_ATTRIBUTE,
        if_unset: IfUnset::Value(attribute::VERIFIED_AT),
        example: "custom:verified_at",
    }
}
