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
            en: "Look for `event=panic` in the log at that time (it names only the place), and \
                report it.",
            ja: "同じ時刻のログの `event=panic`（場所だけが書かれます）を見て、報告してください。",
        },
    }
    /// The event isn’t one of this trigger, or lacks what every such event has.
    EventMalformed = "event_malformed" {
        ja: "イベントがこのトリガーのものでないか、必ずあるはずのものがありません。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check that each trigger of the user pool (`LambdaConfig`) names its own function. \
                If it does, report it: Cognito’s events may have changed.",
            ja: "ユーザープールのトリガー（`LambdaConfig`）が、\
                それぞれの関数を指しているか確かめます。正しければ、\
                Cognito のイベントが変わったおそれがあるので、報告してください。",
        },
    }
    /// The event has version 1, whose answer couldn’t keep attributes out of the tokens, or one
    /// that isn’t known.
    EventVersion = "event_version" {
        ja: "イベントが版1（応答で属性をトークンから外せない）か、知らない版です。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Never,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Set `LambdaVersion` of `PreTokenGenerationConfig` to `V2_0` or `V3_0` (the user \
                pool needs the plan Essentials or Plus).",
            ja: "`PreTokenGenerationConfig` の `LambdaVersion` を `V2_0` か `V3_0` にします（ユーザ\
                ープールに Essentials か Plus のプランが要ります）。",
        },
    }
    /// The provider’s name is `PROVIDER_NAME` but for upper and lower case, or a provider of
    /// another name brought a record of this bridge’s.
    ProviderMismatch = "provider_mismatch" {
        ja: "プロバイダーの名前が、大文字と小文字だけ `PROVIDER_NAME` と違います。または、\
            別の名前のプロバイダーが、このブリッジの記録を持ってきました。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Never,
        advice: Bilingual {
            en: "Set `PROVIDER_NAME` to the name exactly as the user pool has it.",
            ja: "`PROVIDER_NAME` を、ユーザープールにあるとおりの名前にします。",
        },
    }
    /// The ID token and userinfo of one sign-in have different `sub`s.
    SubjectMismatch = "subject_mismatch" {
        ja: "1回のログインの IDトークンと UserInfo で、`sub` が違います。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Never,
        advice: Bilingual {
            en: "Check that all URLs of Cognito’s identity provider are this bridge’s. If they \
                are, suspect a mix-up or an attack.",
            ja: "Cognito の ID プロバイダーの URL が、どれもこのブリッジのものか確かめます。\
                正しければ、取り違えや攻撃を疑います。",
        },
    }
    /// One of our users has no record: the bridge’s ID token had none, or the user pool has none.
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
            en: "Check that the bridge is of the same version, that `verified_record` is mapped, \
                and that the app client may write it. Who deleted their record signs in again.",
            ja: "ブリッジが同じ版か、`verified_record` がマッピングされているか、\
                アプリクライアントが書けるか確かめます。利用者が自分で消したときは、\
                もう一度ログインすれば戻ります。",
        },
    }
    /// The record isn’t in the form of one: its user overwrote it, for example. So is one whose
    /// verification lies more than 120 seconds ahead.
    RecordMalformed = "record_malformed" {
        ja: "記録の形ではありません。利用者が上書きしたときなどです。\
            検証した時刻が120秒を超えて未来の記録も、これです。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "If it was once, nothing: the next sign-in brings a new one. If there are many, \
                check which claim is mapped to the attribute.",
            ja: "1回だけなら何もしません。次のログインで新しい記録になります。多いときは、\
                その属性にどのクレームがマッピングされているか確かめます。",
        },
    }
    /// The record opened, and has a form that this version of the functions doesn’t know: the
    /// bridge is newer.
    RecordOtherVersion = "record_other_version" {
        ja: "記録は開きましたが、この版の関数が知らない形です。ブリッジが、もっと新しい版です。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Deploy the same version of all three functions. After going back to an older \
                version, a user gets a record of that version with the next sign-in.",
            ja: "3つの関数を同じ版にします。古い版に戻したときは、利用者の次のログインで、\
                その版の記録になります。",
        },
    }
    /// The record was sealed with a key that isn’t in `RECORD_KEYS` (also after they were read
    /// again).
    RecordUnknownKey = "record_unknown_key" {
        ja: "記録の封の鍵が `RECORD_KEYS` にありません（読み直しても）。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Check that all three functions have the same `RECORD_KEYS`, and that no old key \
                left it too early.",
            ja: "3つの関数の `RECORD_KEYS` が同じか、古い鍵を早く外しすぎていないか確かめます。",
        },
    }
    /// The record was changed. This is tampering.
    RecordForged = "record_forged" {
        ja: "記録が書き換えられています。改ざんです。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Suspect an attack (above). The next sign-in brings a new record.",
            ja: "攻撃を疑います（上の「改ざん」）。次のログインで新しい記録になります。",
        },
    }
    /// The record is of another issuer of the service (sandbox or production).
    RecordOtherIssuer = "record_other_issuer" {
        ja: "サービスの別の発行者（サンドボックスか本番）の記録です。",
        concern: Concern::Operator,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "Make `SERVICE_ISSUER` of all three functions the same; if the service has changed \
                it, name the former one in the triggers, too (`FormerServiceIssuers`). \
                Environments have keys of their own in `RECORD_KEYS`.",
            ja: "3つの関数の `SERVICE_ISSUER` を同じにします。サービスが変えたときは、\
                トリガーに前のものも書きます（`FormerServiceIssuers`）。`RECORD_KEYS` の鍵は、\
                環境ごとに別のものにします。",
        },
    }
    /// The record is somebody else’s (another `sub`, upper and lower case told apart), or came
    /// through another provider. Or the user was unlinked, and their record was left.
    RecordUnlinked = "record_unlinked" {
        ja: "ほかの人の記録（`sub` が違う。大文字と小文字も区別します）か、\
            別のプロバイダーを通った記録です。リンクを外した利用者に、記録が残っていても、\
            こうなります。",
        concern: Concern::Client,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Ends,
        at_tokens: REFUSED,
        advice: Bilingual {
            en: "If the user was unlinked, delete the record. If it was once, suspect a copied \
                record. If there are many, make `PROVIDER_NAME` of all three functions the same.",
            ja: "リンクを外した利用者なら、記録を消します。1回だけなら、記録の写しを疑います。\
                多いときは、3つの関数の `PROVIDER_NAME` を同じにします。",
        },
    }
    /// The verification is longer ago than `MAX_VERIFICATION_AGE`. `identity_verified` is `false`
    /// then.
    RecordTooOld = "record_too_old" {
        ja: "検証が `MAX_VERIFICATION_AGE` より前です。`identity_verified` は `false` になります。",
        concern: Concern::Nobody,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: OUTDATED,
        advice: Bilingual {
            en: "Nothing. The app sends the person to the card again, with `prompt=login`.",
            ja: "何もしません。アプリが `prompt=login` を付けて、もう一度カードを求めます。",
        },
    }
    /// The record’s `acr` is missing, or isn’t in `ACCEPTED_ACR` any more. `identity_verified` is
    /// `false` then.
    RecordAssuranceNotAccepted = "record_acr_not_accepted" {
        ja: "記録の `acr` がないか、もう `ACCEPTED_ACR` にありません。\
            `identity_verified` は `false` になります。",
        concern: Concern::Nobody,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: OUTDATED,
        advice: Bilingual {
            en: "Nothing, after you have changed it: the app sends the person to the card again. \
                Otherwise make `ACCEPTED_ACR` the same as the bridge’s.",
            ja: "変えた後なら、何もしません。アプリが、もう一度カードを求めます。そうでなければ、\
                `ACCEPTED_ACR` をブリッジと同じにします。",
        },
    }
    /// The record doesn’t say when the person authenticated, and `REQUIRE_AUTH_TIME` is `yes`.
    /// `identity_verified` is `false` then.
    RecordAuthenticationTimeMissing = "record_auth_time_missing" {
        ja: "記録に、いつ認証したかがなく、`REQUIRE_AUTH_TIME` が `yes` です。\
            `identity_verified` は `false` になります。",
        concern: Concern::Nobody,
        kind: Kind::Record,
        at_sign_in: AtSignIn::Never,
        at_tokens: OUTDATED,
        advice: Bilingual {
            en: "Nothing: it is so after you have set it. The app sends the person to the card \
                again.",
            ja: "何もしません。設定した後は、こうなります。アプリが、もう一度カードを求めます。",
        },
    }
    /// The event had no record or no `identities`, and the user pool didn’t give them
    /// (`AdminGetUser`): a missing right, too many calls, no answer, or the user is gone.
    UserUnavailable = "user_unavailable" {
        ja: "イベントに記録か識別子（`identities`）がなく、\
            ユーザープールからも得られませんでした（`AdminGetUser`）。権限がない、\
            呼び出しが多すぎる、応答がない、利用者がもういない、のどれかです。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Never,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check the function’s right `cognito-idp:AdminGetUser` on this user pool, and \
                Cognito’s quotas.",
            ja: "このユーザープールへの `cognito-idp:AdminGetUser` の権限と、\
                Cognito のクォータを確かめます。",
        },
    }
    /// It could not be decided within 4 seconds. Cognito waits for 5. Slow secrets or a slow user
    /// pool have classes of their own.
    TooSlow = "too_slow" {
        ja: "4秒以内に決められませんでした。Cognito は5秒しか待ちません。\
            秘密やユーザープールの遅れなら、それぞれのエラー分類になります。",
        concern: Concern::Operator,
        kind: Kind::Unavailable,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check the time to start (`StartDuration`) and the function’s memory. The user may \
                try again.",
            ja: "起動の時間（`StartDuration`）と、関数のメモリーを確かめます。\
                利用者はやり直せます。",
        },
    }
    /// The record’s key is unknown, or the keys were last read 24 hours ago, and `RECORD_KEYS`
    /// could not be read again.
    SecretsUnavailable = "secrets_unavailable" {
        ja: "記録の鍵が分からないか、読んでから24時間たち、`RECORD_KEYS` も読み直せませんでした。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        at_sign_in: AtSignIn::Ends,
        at_tokens: AtTokens::Ends,
        advice: Bilingual {
            en: "Check AWS Secrets Manager, the function’s rights, and the form of the document.",
            ja: "AWS Secrets Manager の状態、関数の権限、文書の形を確かめます。",
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
            RecordRefusal::TooOld => Self::RecordTooOld,
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
