//! The functions' checks in words, in English and Japanese, with the source of each rule. The demo
//! shows them, and `cargo xtask docs` writes them into `docs/architecture`. A function reports a
//! check that passed by the failure class that the check rules out.

/// The words for one check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Words {
    /// The failure class that the check rules out. The functions report the check under this name.
    pub check: &'static str,
    /// What the check makes sure of, in a few English words: the text in the journal.
    pub english: &'static str,
    /// The same in Japanese.
    pub japanese: &'static str,
    /// The source of the rule, for example `RFC 7636 §4.6`.
    pub rule: &'static str,
}

/// The words of every check, in the order in which a login meets them.
pub const ALL: &[Words] = &[
    // /authorize
    entry(
        "unknown_client",
        "client_id is Amazon Cognito's",
        "client_id が Amazon Cognito のもの",
        "RFC 6749 §4.1.1",
    ),
    entry(
        "redirect_uri_mismatch",
        "redirect_uri is one of those configured, byte for byte",
        "redirect_uri が設定したものの1つと1バイトも違わない",
        "RFC 9700 §4.1.3",
    ),
    entry(
        "request_not_supported",
        "request is not sent",
        "request がない",
        "OIDC Core §6.1",
    ),
    entry(
        "request_uri_not_supported",
        "request_uri is not sent",
        "request_uri がない",
        "OIDC Core §6.2",
    ),
    entry(
        "state_missing",
        "state is there",
        "state がある",
        "RFC 6749 §10.12",
    ),
    entry(
        "unsupported_response_type",
        "response_type is code",
        "response_type が code",
        "RFC 6749 §4.1.1",
    ),
    entry(
        "invalid_scope",
        "scope is exactly what is configured",
        "scope が設定とちょうど同じ",
        "RFC 6749 §3.3",
    ),
    entry(
        "invalid_nonce",
        "nonce has 512 bytes at most, if it is there",
        "nonce が512バイト以下（なしでもよい）",
        "OIDC Core §3.1.2.1",
    ),
    entry(
        "invalid_code_challenge",
        "code_challenge is one by S256, if it is there",
        "code_challenge が S256 によるもの（なしでもよい）",
        "RFC 7636 §4.3",
    ),
    entry(
        "login_required",
        "prompt isn't none",
        "prompt が none でない",
        "OIDC Core §3.1.2.1",
    ),
    entry(
        "invalid_max_age",
        "max_age is a number of seconds, if it is there",
        "max_age が秒数（なしでもよい）",
        "OIDC Core §3.1.2.1",
    ),
    entry(
        "state_too_long",
        "state, sealed, fits into a cookie",
        "封をした state が Cookie に収まる",
        "RFC 6265 §6.1",
    ),
    // /callback
    entry(
        "no_pending_login",
        "state belongs to a cookie of this browser",
        "state に対応する Cookie をこのブラウザーが持っている",
        "RFC 9700 §4.7.1",
    ),
    entry(
        "altered_login",
        "the cookie's seal is whole",
        "Cookie の封が破られていない",
        "RFC 8452 §5",
    ),
    entry(
        "login_expired",
        "the login took five minutes at most",
        "ログイン開始から5分以内",
        "Cognito: five minutes",
    ),
    entry(
        "foreign_login",
        "the login was begun here, and its redirect_uri is still one of those configured",
        "ここで始まったログインで、その redirect_uri が今も設定にある",
        "RFC 9700 §4.1.3",
    ),
    entry(
        "issuer_mismatch",
        "iss is the service, if it came or has to",
        "iss がこのサービス（設定によっては、なしでもよい）",
        "RFC 9207 §2.4",
    ),
    entry(
        "cancelled",
        "code is there",
        "code がある",
        "RFC 6749 §4.1.2",
    ),
    entry(
        "malformed_callback",
        "code has the form of one",
        "code の形式が正しい",
        "RFC 6749 §A.11",
    ),
    // /token: the client's part
    entry(
        "client_authentication_failed",
        "client_id and client_secret are Amazon Cognito's",
        "client_id と client_secret が Amazon Cognito のもの",
        "RFC 6749 §2.3.1",
    ),
    entry(
        "unsupported_grant_type",
        "grant_type is authorization_code",
        "grant_type が authorization_code",
        "RFC 6749 §4.1.3",
    ),
    entry(
        "malformed_token_request",
        "code and redirect_uri are there",
        "code と redirect_uri がある",
        "RFC 6749 §4.1.3",
    ),
    entry(
        "code_malformed",
        "the code has the form of one that was issued here",
        "認可コードが、ここで発行したものの形式",
        "RFC 6749 §4.1.2",
    ),
    entry(
        "code_foreign",
        "the code was issued here, to this client",
        "認可コードが、ここでこのクライアントに発行したもの",
        "RFC 6749 §4.1.3",
    ),
    entry(
        "code_forged",
        "the code's seal is whole",
        "認可コードの封が破られていない",
        "RFC 8452 §5",
    ),
    entry(
        "code_expired",
        "the code is 60 s old at most",
        "認可コードの発行から60秒以内",
        "RFC 6749 §4.1.2",
    ),
    entry(
        "code_redirect_uri_mismatch",
        "redirect_uri is that of the login's beginning",
        "redirect_uri がログインの始まりと同じ",
        "RFC 6749 §4.1.3",
    ),
    entry(
        "code_verifier_mismatch",
        "code_verifier fits code_challenge, if the client sent one",
        "code_verifier が code_challenge に対応（クライアントが送ったとき）",
        "RFC 7636 §4.6",
    ),
    // /token: the service's part
    entry(
        "token_answer_malformed",
        "the token answer has its form, and a Bearer token",
        "トークンの応答が仕様どおりの形式で、Bearer トークンがある",
        "RFC 6749 §5.1",
    ),
    entry(
        "id_token_missing",
        "the token answer has an ID token",
        "トークンの応答に IDトークンがある",
        "OIDC Core §3.1.3.3",
    ),
    entry(
        "id_token_malformed",
        "the ID token is a signed JWT, its claims in their form",
        "IDトークンが署名付き JWT で、クレームの形式が正しい",
        "OIDC Core §3.1.3.7 step 1",
    ),
    entry(
        "id_token_issuer",
        "iss is the service",
        "iss がこのサービス",
        "OIDC Core §3.1.3.7 step 2",
    ),
    entry(
        "id_token_audience",
        "aud is this client and nobody else",
        "aud がこのクライアントだけ",
        "OIDC Core §3.1.3.7 step 3",
    ),
    entry(
        "id_token_authorized_party",
        "azp is this client, if it is there",
        "azp がこのクライアント（なしでもよい）",
        "OIDC Core §3.1.3.7 step 5",
    ),
    entry(
        "id_token_algorithm",
        "the ID token's algorithm is one of those configured",
        "IDトークンの alg が設定で許可したもの",
        "OIDC Core §3.1.3.7 step 7",
    ),
    entry(
        "id_token_unknown_key",
        "the service publishes a key of the ID token's kid",
        "IDトークンの kid の鍵をサービスが公開している",
        "OIDC Core §3.1.3.7 step 6",
    ),
    entry(
        "key_set_key_unusable",
        "that key is published in a form that can be used",
        "その鍵が使える形式で公開されている",
        "RFC 7517 §4",
    ),
    entry(
        "id_token_signature",
        "the ID token's signature fits the service's key of that kid",
        "IDトークンの署名が、kid の示すサービスの鍵によるもの",
        "OIDC Core §3.1.3.7 step 6",
    ),
    entry(
        "id_token_expired",
        "exp lies ahead",
        "exp が現在より後",
        "OIDC Core §3.1.3.7 step 9",
    ),
    entry(
        "id_token_issued_at",
        "iat is at most 60 s away",
        "iat と現在の差が60秒以内",
        "OIDC Core §3.1.3.7 step 10",
    ),
    entry(
        "id_token_not_yet_valid",
        "nbf, if there, is past",
        "nbf が現在以前（なしでもよい）",
        "RFC 7519 §4.1.5",
    ),
    entry(
        "id_token_nonce",
        "nonce is this login's",
        "nonce がこのログインのもの",
        "OIDC Core §3.1.3.7 step 11",
    ),
    entry(
        "assurance_not_accepted",
        "acr is one that the configuration accepts",
        "acr が設定で許可したもの",
        "OIDC Core §3.1.3.7 step 12",
    ),
    entry(
        "id_token_auth_time",
        "auth_time is a time that has been, if it is there",
        "auth_time が現在以前の時刻（なしでもよい）",
        "OIDC Core §2",
    ),
    entry(
        "auth_time_missing",
        "auth_time is there, if the configuration requires it",
        "auth_time がある（設定によっては、なしでもよい）",
        "OIDC Core §2",
    ),
    entry(
        "authentication_too_old",
        "auth_time is as recent as the client asked",
        "auth_time がクライアントの求める範囲で新しい",
        "OIDC Core §3.1.3.7 step 13",
    ),
    entry(
        "id_token_access_token_hash",
        "at_hash fits the access token, if it is there",
        "at_hash がアクセストークンに対応（なしでもよい）",
        "OIDC Core §3.1.3.8",
    ),
    entry(
        "id_token_subject",
        "sub is there, and has 255 bytes at most",
        "sub があり、255バイト以下",
        "OIDC Core §2",
    ),
    entry(
        "scope_not_confirmed",
        "scope is there, if the configuration requires it",
        "scope がある（設定によっては、なしでもよい）",
        "RFC 6749 §5.1",
    ),
    entry(
        "scope_not_granted",
        "scope, if it is there, holds all that was asked for",
        "scope に求めたものがすべてある（設定によっては、なしでもよい）",
        "RFC 6749 §3.3",
    ),
    entry(
        "userinfo_malformed",
        "userinfo is a JSON object in which no name comes twice",
        "userinfo が、同じ名前の2回現れない JSON オブジェクト",
        "OIDC Core §5.3.2",
    ),
    entry(
        "userinfo_subject_mismatch",
        "userinfo is about the ID token's subject",
        "userinfo の sub が IDトークンのものと同じ",
        "OIDC Core §5.3.2",
    ),
    entry(
        "attribute_missing",
        "the attributes that were asked for are there, but for a gender",
        "求めた属性がすべてある（性別は、なしでもよい）",
        "Digital Authentication App, userinfo",
    ),
    entry(
        "attribute_malformed",
        "the attributes have the form that is documented",
        "属性が仕様どおりの形式",
        "Digital Authentication App, userinfo",
    ),
    // /userinfo
    entry(
        "access_token_missing",
        "there is a Bearer token",
        "Bearer トークンがある",
        "RFC 6750 §2.1",
    ),
    entry(
        "access_token_invalid",
        "the access token was issued here, and its seal is whole",
        "ここで発行したアクセストークンで、封が破られていない",
        "RFC 6750 §3.1",
    ),
    entry(
        "access_token_expired",
        "the access token is five minutes old at most",
        "アクセストークンの発行から5分以内",
        "RFC 6750 §3.1",
    ),
    // The triggers
    entry(
        "provider_mismatch",
        "the other provider isn't called nearly like ours",
        "ほかのプロバイダーの名前が、こちらのものと紛らわしくない",
        "docs/failures.md",
    ),
    entry(
        "subject_mismatch",
        "sub of userinfo is that of the ID token, if userinfo came",
        "userinfo の sub が IDトークンのものと同じ（userinfo はなしでもよい）",
        "OIDC Core §5.3.2",
    ),
    entry(
        "record_missing",
        "there is a record",
        "記録がある",
        "docs/claims.md",
    ),
    entry(
        "record_malformed",
        "the record has its form",
        "記録の形式が正しい",
        "docs/claims.md",
    ),
    entry(
        "record_other_version",
        "the record has a form that is known here",
        "記録が、ここで読める版の形式",
        "docs/claims.md",
    ),
    entry(
        "record_unknown_key",
        "the record's key is one of the ring",
        "記録の鍵が設定にある",
        "docs/claims.md",
    ),
    entry(
        "record_forged",
        "the record opens: its seal is whole",
        "記録が開封でき、封が破られていない",
        "docs/claims.md",
    ),
    entry(
        "record_other_issuer",
        "the record is of this service",
        "記録がこのサービスのもの",
        "docs/claims.md",
    ),
    entry(
        "record_unlinked",
        "the record is this person's",
        "記録が本人のもの",
        "docs/claims.md",
    ),
    entry(
        "record_too_old",
        "the verification isn't too long ago, if there is a limit",
        "本人確認が古すぎない（期限があるとき）",
        "docs/claims.md",
    ),
    entry(
        "record_acr_not_accepted",
        "the record's acr is one that the configuration accepts",
        "記録の acr が設定で許可したもの",
        "docs/claims.md",
    ),
    entry(
        "record_auth_time_missing",
        "the record says when the person authenticated, if the configuration requires it",
        "記録に本人確認の時刻がある（設定によっては、なしでもよい）",
        "docs/claims.md",
    ),
];

/// The English words and the rule of a check, by the failure class that a function reports.
#[must_use]
pub fn words(check: &str) -> Option<(&'static str, &'static str)> {
    let words = ALL.iter().find(|words| words.check == check)?;
    Some((words.english, words.rule))
}

/// The Japanese of a check, by its English words.
#[must_use]
pub fn japanese(english: &str) -> Option<&'static str> {
    let words = ALL.iter().find(|words| words.english == english)?;
    Some(words.japanese)
}

const fn entry(
    check: &'static str,
    english: &'static str,
    japanese: &'static str,
    rule: &'static str,
) -> Words {
    Words {
        check,
        english,
        japanese,
        rule,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_has_words_of_its_own() {
        let of = |member: fn(&Words) -> &'static str| {
            let all: BTreeSet<_> = ALL.iter().map(member).collect();
            all.len()
        };
        assert_eq!(of(|words| words.check), ALL.len());
        assert_eq!(of(|words| words.english), ALL.len());
        for words in ALL {
            let own = (words.english, words.rule);
            assert_eq!(super::words(words.check), Some(own));
            assert_eq!(japanese(words.english), Some(words.japanese));
        }
        assert_eq!(words("no_such_check"), None);
        assert_eq!(japanese("no such words"), None);
    }
}
