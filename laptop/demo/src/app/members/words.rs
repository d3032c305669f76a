//! What a member is told about a class of failure: the sentences that `docs/members` recommends to
//! apps.

use loopback::pages::Language;

use crate::expected::CANCELLED;

/// What a member is told, if there is a sentence for this class.
pub(crate) fn told(class: &str, language: Language) -> Option<&'static str> {
    let mut all = WORDS.iter();
    let words = all.find(|(_, _, classes)| classes.contains(&class));
    words.map(|(ja, en, _)| language.say(ja, en))
}

const BEGIN_AGAIN: Words = (
    "もう一度始めてください。",
    "Please begin again.",
    &[
        "service_login_required",
        "service_interaction_required",
        "service_invalid_request",
        "service_invalid_scope",
        "service_unauthorized_client",
        "service_unknown_error",
        "issuer_mismatch",
        "malformed_callback",
        "code_verifier_mismatch",
        "code_malformed",
        "code_forged",
        "code_foreign",
        "continuation_invalid",
    ],
);

/// A sentence in Japanese and in English, and its classes.
type Words = (&'static str, &'static str, &'static [&'static str]);

const WORDS: &[Words] = &[
    (
        "本人確認をやめました。いつでもできます。",
        "You cancelled. You can verify at any time.",
        &[CANCELLED],
    ),
    (
        "時間がかかりすぎました。もう一度始めてください。",
        "That took too long. Please begin again.",
        &[
            "service_login_expired",
            "code_expired",
            "continuation_expired",
        ],
    ),
    (
        "いまは利用できません。後でもう一度お試しください。",
        "The service can’t be used now. Please try later.",
        &["service_temporarily_unavailable", "service_server_error"],
    ),
    BEGIN_AGAIN,
    (
        "後でもう一度お試しください。",
        "Please try later",
        &["secrets_unavailable", "internal"],
    ),
    (
        "カードで、もう一度始めてください。",
        "Please begin again, with the card.",
        &["authentication_too_old", "assurance_not_accepted"],
    ),
    (
        "途中で別のアカウントにログインしています。本人確認をするアカウントにログインして、もう一度始めてください。",
        "You signed in as somebody else meanwhile. Sign in to the account that you want to verify, \
        and begin again.",
        &["verification_of_another_member"],
    ),
    (
        "このカードは、別のアカウントの本人確認に使われています。そのアカウントを使わないなら、そちらで取り消すか、お問い合わせください。",
        "This card has verified another account. If you don’t use that one any more, take its \
        verification back there, or ask us.",
        &["person_already_verified"],
    ),
    (
        "このアカウントは、別の方の本人確認が済んでいます。先に取り消してください。",
        "This account belongs to another person. Take that verification back first.",
        &["member_is_another_person"],
    ),
    (
        "この本人確認は取り消されました。もう一度始められます。",
        "You took this verification back. Begin again if you want to verify.",
        &["verification_taken_back"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The row of each class has its sentence, in the documents of both languages.
    #[test]
    fn the_sentences_are_those_of_the_documents() {
        let documents = [
            include_str!("../../../../../docs/members.md"),
            include_str!("../../../../../docs/members.en.md"),
        ];
        for (ja, en, classes) in WORDS {
            for (document, sentence) in documents.into_iter().zip([ja, en]) {
                for class in *classes {
                    let name = format!("`{class}`");
                    let has_both = |line: &str| {
                        line.starts_with('|') && line.contains(&name) && line.contains(sentence)
                    };
                    assert!(document.lines().any(has_both), "{class}: {sentence}");
                }
            }
        }
    }

    #[test]
    fn another_class_has_no_sentence() {
        assert_eq!(told("service_timeout", Language::English), None);
        assert_eq!(
            told("member_is_another_person", Language::English),
            Some("This account belongs to another person. Take that verification back first.")
        );
    }
}
