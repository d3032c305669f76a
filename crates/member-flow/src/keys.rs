//! The keys of what travels in a member's verification.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, form};
use sealing::sealed::Audience;

function_kit::variables! {
    /// The keys that seal tickets, codes and what else travels in a member’s verification; the same
    /// in both functions
    MEMBER_KEYS {
        ja: "会員の本人確認で運ばれるもの（チケット、コードなど）の暗号化鍵。\
            2つの関数で同じもの",
        form: form::SECRET,
        if_unset: IfUnset::Said(Bilingual {
            en: "empty (no members are verified)",
            ja: "空（会員の本人確認をしない）",
        }),
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:member-keys-…",
    }
}

/// For whom tickets, codes and continuations are sealed: the members of one bridge.
#[must_use]
pub fn audience(issuer: &str) -> Audience {
    Audience::new(issuer, "members")
}
