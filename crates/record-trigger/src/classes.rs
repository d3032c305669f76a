//! The classes of both triggers, one closed list: why a trigger fails, or refuses a verified
//! record. A record is refused with the first class that fits. A new class is a new block here;
//! `cargo xtask docs` updates the documents.

use four_attributes::RecordRefusal;
use function_kit::failure::{Bilingual, Concern, Kind};
use function_kit::secrets::NoSecrets;

/// What a class does to a sign-in, in the trigger `inbound-federation`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AtSignIn {
    /// The sign-in ends, and nothing is written.
    Ends,
    /// The class never occurs there.
    Never,
}

/// What a class does to tokens, in the trigger `pre-token-generation`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AtTokens {
    /// Cognito issues no tokens.
    Ends,
    /// The record is refused. That is a decision and no failure, so the tokens are issued, without
    /// claims from the record.
    Refused {
        /// What the tokens still say.
        leaves: Leaves,
        /// Who has to act on it. Any user can cause such a refusal, so one alone doesn't alert the
        /// operator. If most records are refused, the share of accepted records shows it.
        concern: Concern,
    },
    /// The class never occurs there.
    Never,
}

/// What the tokens still say of a user whose record is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Leaves {
    /// Nothing.
    Nothing,
    /// That the user isn't verified: a verification was good once, but doesn't fulfil the policy
    /// now.
    NotVerified,
}

function_kit::classes! {
    columns {
        /// What the class does to a sign-in.
        at_sign_in: AtSignIn,
        /// What the class does to tokens.
        at_tokens: AtTokens,
    }

    /// A defect of the function.
    Internal = "internal" {
        ja: "関数の欠陥です。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Look for `event=panic` in the log at that time (it only has the place in the \
                code), and report it.",
            ja: "同じ時刻のログの `event=panic`（コードの場所だけが書かれます）を見て、\
                報告してください。",
        },
    }
    /// The event isn’t meant for this trigger, or lacks something that every such event has.
    EventMalformed = "event_malformed" {
        ja: "イベントがこのトリガー用のものでないか、必ずあるはずの項目がありません。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check that each trigger of the user pool (`LambdaConfig`) is set to its own \
                function. If it is, report this: Cognito’s events may have changed.",
            ja: "ユーザープールの各トリガー（`LambdaConfig`）に、\
                それぞれの関数が設定されているか確かめます。正しければ、Cognito \
                のイベントが変わったおそれがあるので、報告してください。",
        },
    }
    /// The version of the event is 1, whose answer can’t keep attributes out of the tokens, or is
    /// unknown.
    EventVersion = "event_version" {
        ja: "イベントのバージョンが、1（応答で属性をトークンから除けない）か、知らないものです。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Never,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Set `LambdaVersion` of `PreTokenGenerationConfig` to `V2_0` or `V3_0` (the user \
                pool needs the plan Essentials or Plus).",
            ja: "`PreTokenGenerationConfig` の `LambdaVersion` を `V2_0` か `V3_0` にします\
                （ユーザープールに Essentials か Plus のプランが要ります）。",
        },
    }
    /// The provider’s name differs from `PROVIDER_NAME` only in upper and lower case, or a provider
    /// of another name brought a record of this bridge.
    ProviderMismatch = "provider_mismatch" {
        ja: "プロバイダーの名前が、`PROVIDER_NAME` と大文字・小文字だけ違います。または、\
            別の名前のプロバイダーが、このブリッジの記録を持ってきました。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Never,
        advice: Bilingual {
            en: "Set `PROVIDER_NAME` to exactly the name in the user pool.",
            ja: "`PROVIDER_NAME` を、ユーザープールにあるとおりの名前にします。",
        },
    }
    /// The ID token and userinfo of one sign-in have different values of `sub`.
    SubjectMismatch = "subject_mismatch" {
        ja: "1回のログインの IDトークンと UserInfo とで、`sub` が違います。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Never,
        advice: Bilingual {
            en: "Check that all URLs of Cognito’s identity provider are those of this bridge. If \
                they are, suspect a mix-up or an attack.",
            ja: "Cognito の ID プロバイダーの URL が、どれもこのブリッジのものか確かめます。\
                正しければ、取り違えや攻撃を疑います。",
        },
    }
    /// A user of this provider has no record: it is missing in the bridge’s ID token, or in the
    /// user pool.
    RecordMissing = "record_missing" {
        ja: "このプロバイダーの利用者に記録がありません。ブリッジの IDトークンにないか、\
            ユーザープールにありません。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        // The user is linked and hasn't signed in with the card yet, or has deleted the record. If
        // all users lack it, it isn't mapped any more.
        at_tokens: AtTokens::Refused { leaves: Leaves::Nothing, concern: Concern::Unproven },
        advice: Bilingual {
            en: "Check that the bridge has the same version, that `verified_record` is mapped, \
                and that the app client may write it. If a user deleted the record, the next \
                sign-in brings a new one.",
            ja: "ブリッジが同じバージョンか、`verified_record` がマッピングされているか、\
                アプリクライアントに書き込みが許可されているか確かめます。\
                利用者が自分で消したときは、次のログインで新しい記録になります。",
        },
    }
    /// The value doesn’t have the format of a record: the user overwrote it, for example. A record
    /// also counts as malformed if its verification is more than 120 seconds in the future.
    RecordMalformed = "record_malformed" {
        ja: "記録の形式ではありません。利用者が上書きしたときなどに起きます。\
            検証した時刻が120秒を超えて未来の記録も、このエラー分類になります。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "If it happened once, do nothing: the next sign-in brings a new record. If there \
                are many, check which claim is mapped to the attribute.",
            ja: "1回だけなら何もしません。次のログインで新しい記録になります。多いときは、\
                その属性にどのクレームがマッピングされているか確かめます。",
        },
    }
    /// The record opened, but this version of the functions doesn’t know its format: the bridge is
    /// newer.
    RecordOtherVersion = "record_other_version" {
        ja: "記録は復号できましたが、このバージョンの関数が知らない形式です。\
            ブリッジのほうが新しいバージョンです。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Deploy the same version of all three functions. After a return to an older \
                version, each user gets a record of that version at the next sign-in.",
            ja: "3つの関数を同じバージョンにします。古いバージョンに戻したときは、\
                利用者の次のログインで、そのバージョンの記録になります。",
        },
    }
    /// The record was sealed with a key that isn’t in `RECORD_KEYS` (even after they were read
    /// again).
    RecordUnknownKey = "record_unknown_key" {
        ja: "記録を暗号化した鍵が、`RECORD_KEYS` にありません（読み直しても見つかりません）。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Check that all three functions have the same `RECORD_KEYS`, and that no old key \
                was removed too early.",
            ja: "3つの関数の `RECORD_KEYS` が同じか、古い鍵を早く外しすぎていないか確かめます。",
        },
    }
    /// The record was changed. This is tampering.
    RecordForged = "record_forged" {
        ja: "記録が改ざんされています。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Suspect an attack (see “Tampering” above). The next sign-in brings a new record.",
            ja: "攻撃を疑います（上の「改ざん」）。次のログインで新しい記録になります。",
        },
    }
    /// The record was made for another issuer of the service (sandbox or production).
    RecordOtherIssuer = "record_other_issuer" {
        ja: "サービスの別の発行者（サンドボックスか本番）の記録です。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Make `SERVICE_ISSUER` of all three functions the same. If the service has \
                changed its issuer, add the former one to the triggers (`FormerServiceIssuers`). \
                Each environment needs its own keys in `RECORD_KEYS`.",
            ja: "3つの関数の `SERVICE_ISSUER` を同じにします。サービスが発行者を変えたときは、\
                トリガーに前の発行者も設定します（`FormerServiceIssuers`）。`RECORD_KEYS` の鍵は、\
                環境ごとに別のものにします。",
        },
    }
    /// The record belongs to another user (its `sub` differs, perhaps only in upper and lower
    /// case), or came through another provider. The class also applies if the user was unlinked and
    /// the record stayed in the user pool.
    RecordUnlinked = "record_unlinked" {
        ja: "ほかの利用者の記録か（`sub` が違います。大文字と小文字も区別します）、\
            別のプロバイダーを通った記録です。リンクを外した利用者に記録が残っているときも、\
            こうなります。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "If the user was unlinked, delete the record. If it happened once, suspect a \
                copied record. If there are many, make `PROVIDER_NAME` of all three functions the \
                same.",
            ja: "リンクを外した利用者なら、記録を削除します。1回だけなら、記録のコピーを疑います。\
                多いときは、3つの関数の `PROVIDER_NAME` を同じにします。",
        },
    }
    /// The user has a record of a sign-in with the card and a record of a verification as a member,
    /// and they are of two different people. Neither counts.
    RecordConflict = "record_conflict" {
        ja: "カードでのログインの記録と、会員としての本人確認の記録があり、別の人のものです。\
            どちらも使いません。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Find out whose account it is. Then unlink the card’s identity and delete its \
                record, or release the member’s verification.",
            ja: "だれのアカウントかを確かめます。それから、カードの識別子のリンクを外して記録を\
                削除するか、会員の本人確認を取り消します。",
        },
    }
    /// The verification is longer ago than `MAX_VERIFICATION_AGE`. `identity_verified` is `false`
    /// then.
    RecordTooOld = "record_too_old" {
        ja: "検証した時刻が `MAX_VERIFICATION_AGE` より前です。`identity_verified` は `false` \
            になります。",
        concern: Concern::Nobody,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: OUTDATED,
        advice: Bilingual {
            en: "Nothing. The app asks the user to authenticate with the card again, with \
                `prompt=login`.",
            ja: "何もしません。アプリが `prompt=login` を付けて、\
                もう一度カードでの認証を求めます。",
        },
    }
    /// The record’s `acr` is missing, or isn’t in the current `ACCEPTED_ACR`. `identity_verified`
    /// is `false` then.
    RecordAssuranceNotAccepted = "record_acr_not_accepted" {
        ja: "記録の `acr` がないか、いまの `ACCEPTED_ACR` にありません。`identity_verified` は \
            `false` になります。",
        concern: Concern::Nobody,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: OUTDATED,
        advice: Bilingual {
            en: "If you have changed `ACCEPTED_ACR`, do nothing: the app asks the user to \
                authenticate with the card again. Otherwise make `ACCEPTED_ACR` the same as the \
                bridge’s.",
            ja: "`ACCEPTED_ACR` を変えた後なら、何もしません。アプリが、\
                もう一度カードでの認証を求めます。そうでなければ、`ACCEPTED_ACR` \
                をブリッジと同じにします。",
        },
    }
    /// The record has no time of authentication, and `REQUIRE_AUTH_TIME` is `yes`.
    /// `identity_verified` is `false` then.
    RecordAuthenticationTimeMissing = "record_auth_time_missing" {
        ja: "記録に認証の時刻がなく、`REQUIRE_AUTH_TIME` が `yes` です。`identity_verified` は \
            `false` になります。",
        concern: Concern::Nobody,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: OUTDATED,
        advice: Bilingual {
            en: "Nothing: this is expected after you set `REQUIRE_AUTH_TIME`. The app asks the \
                user to authenticate with the card again.",
            ja: "何もしません。`REQUIRE_AUTH_TIME` を設定した後は、こうなります。アプリが、\
                もう一度カードでの認証を求めます。",
        },
    }
    /// The event had no record or no `identities`, and they could not be read from the user pool
    /// (`AdminGetUser`): a missing permission, too many calls, no answer, or the user no longer
    /// exists.
    UserUnavailable = "user_unavailable" {
        ja: "イベントに記録か識別子（`identities`）がなく、\
            ユーザープールからも取得できませんでした（`AdminGetUser`）。権限がない、\
            呼び出しが多すぎる、応答がない、ユーザーがもういない、のどれかです。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Never,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check the function’s permission `cognito-idp:AdminGetUser` for this user pool, \
                and Cognito’s quotas.",
            ja: "このユーザープールへの `cognito-idp:AdminGetUser` の権限と、Cognito \
                のクォータを確かめます。",
        },
    }
    /// The event could not be handled within 4 seconds; Cognito waits for 5. Slow secrets or a slow
    /// user pool have other classes.
    TooSlow = "too_slow" {
        ja: "4秒以内に処理できませんでした。Cognito は5秒しか待ちません。\
            シークレットやユーザープールの遅れが原因なら、別のエラー分類になります。",
        concern: Concern::Operator,
        kind: Kind::Unavailable,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check how long the start takes (`StartDuration`), and the function’s memory. The \
                user may try again.",
            ja: "起動の時間（`StartDuration`）と、関数のメモリーを確かめます。\
                利用者はやり直せます。",
        },
    }
    /// The record’s key is unknown, or the keys were last read 24 hours ago, and `RECORD_KEYS`
    /// could not be read again.
    SecretsUnavailable = "secrets_unavailable" {
        ja: "記録の鍵が分からないか、鍵を読んでから24時間がたち、`RECORD_KEYS` \
            の読み直しにも失敗しました。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check AWS Secrets Manager, the function’s permissions, and the format of the \
                secret.",
            ja: "AWS Secrets Manager の状態、関数の権限、シークレットの形式を確かめます。",
        },
    }
}

/// At tokens, a record that can't be read, or isn't this user's.
const REFUSED: AtTokens = AtTokens::Refused {
    leaves: Leaves::Nothing,
    concern: Concern::Client,
};

/// At tokens, a record that was good once, and doesn't fulfil the policy any more.
const OUTDATED: AtTokens = AtTokens::Refused {
    leaves: Leaves::NotVerified,
    concern: Concern::Nobody,
};

impl Class {
    /// Whether a sign-in or a refresh can end with this class.
    #[must_use]
    pub fn ends(self) -> bool {
        self.at_sign_in() == AtSignIn::Ends || self.at_tokens() == AtTokens::Ends
    }
}

impl From<NoSecrets> for Class {
    fn from(_: NoSecrets) -> Self {
        Self::SecretsUnavailable
    }
}

impl From<RecordRefusal> for Class {
    fn from(refusal: RecordRefusal) -> Self {
        match refusal {
            RecordRefusal::Malformed => Self::RecordMalformed,
            RecordRefusal::OtherVersion => Self::RecordOtherVersion,
            RecordRefusal::UnknownKey => Self::RecordUnknownKey,
            RecordRefusal::Forged => Self::RecordForged,
            RecordRefusal::OtherIssuer => Self::RecordOtherIssuer,
            RecordRefusal::Unlinked => Self::RecordUnlinked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_refused_wakes_no_operator() {
        for class in Class::ALL {
            if let AtTokens::Refused { concern, .. } = class.at_tokens() {
                assert!(
                    !matches!(concern, Concern::Service | Concern::Operator),
                    "{class:?}"
                );
            }
        }
    }
}
