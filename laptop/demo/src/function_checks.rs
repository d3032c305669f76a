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

/// The words of the checks of a login, in the order in which a login meets them.
pub const OF_A_LOGIN: &[Words] = &[
    // /authorize
    entry(
        "unknown_client",
        "client_id is Amazon Cognito's",
        "client_id が Amazon Cognito の client_id",
        "RFC 6749 §4.1.1",
    ),
    entry(
        "redirect_uri_mismatch",
        "redirect_uri is a configured one, byte for byte",
        "redirect_uri が、設定した値の1つと完全に一致",
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
        "scope が設定と完全に一致",
        "RFC 6749 §3.3",
    ),
    entry(
        "invalid_nonce",
        "nonce, if present, has 512 bytes at most",
        "nonce が512バイト以下（なしでもよい）",
        "OIDC Core §3.1.2.1",
    ),
    entry(
        "invalid_code_challenge",
        "code_challenge, if present, has the form of S256",
        "code_challenge が S256 の形式（なしでもよい）",
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
        "max_age, if present, is a number of seconds",
        "max_age が秒数（なしでもよい）",
        "OIDC Core §3.1.2.1",
    ),
    entry(
        "state_too_long",
        "the sealed state fits into a cookie",
        "暗号化した state が Cookie に収まる",
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
        "the cookie wasn't changed",
        "Cookie が改ざんされていない",
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
        "the login began at this bridge, and its redirect_uri is still configured",
        "このブリッジで始めたログインで、redirect_uri が今も設定にある",
        "RFC 9700 §4.1.3",
    ),
    entry(
        "issuer_mismatch",
        "iss is the service (if it is sent, or required)",
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
        "code has the right form",
        "code の形式が正しい",
        "RFC 6749 §A.11",
    ),
    // /token: the client's part
    entry(
        "client_authentication_failed",
        "client_id and client_secret are Amazon Cognito's",
        "client_id と client_secret が、Amazon Cognito の値",
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
        "the code has the form of this bridge's codes",
        "認可コードが、このブリッジの発行する形式",
        "RFC 6749 §4.1.2",
    ),
    entry(
        "code_foreign",
        "this bridge issued the code to this client",
        "このブリッジが、このクライアントに発行した認可コード",
        "RFC 6749 §4.1.3",
    ),
    entry(
        "code_forged",
        "the code wasn't changed",
        "認可コードが改ざんされていない",
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
        "redirect_uri is the same as when the login began",
        "redirect_uri がログインを始めたときと同じ",
        "RFC 6749 §4.1.3",
    ),
    entry(
        "code_verifier_mismatch",
        "code_verifier fits code_challenge, if the client sent code_challenge",
        "code_verifier が code_challenge に対応（クライアントが送ったとき）",
        "RFC 7636 §4.6",
    ),
    // /token: the service's part
    entry(
        "token_answer_malformed",
        "the token answer has the right form, and a Bearer token",
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
        "the ID token is a signed JWT, and its claims have the right form",
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
        "aud is this client only",
        "aud がこのクライアントだけ",
        "OIDC Core §3.1.3.7 step 3",
    ),
    entry(
        "id_token_authorized_party",
        "azp, if present, is this client",
        "azp がこのクライアント（なしでもよい）",
        "OIDC Core §3.1.3.7 step 5",
    ),
    entry(
        "id_token_algorithm",
        "the ID token's algorithm is a configured one",
        "IDトークンの alg が、設定で許可した値",
        "OIDC Core §3.1.3.7 step 7",
    ),
    entry(
        "id_token_unknown_key",
        "the service publishes a key with the ID token's kid",
        "IDトークンの kid の鍵をサービスが公開している",
        "OIDC Core §3.1.3.7 step 6",
    ),
    entry(
        "key_set_key_unusable",
        "that key is published in a usable form",
        "その鍵が使える形式で公開されている",
        "RFC 7517 §4",
    ),
    entry(
        "id_token_signature",
        "the service's key with that kid verifies the ID token's signature",
        "IDトークンの署名を、kid の示すサービスの鍵で検証できる",
        "OIDC Core §3.1.3.7 step 6",
    ),
    entry(
        "id_token_expired",
        "exp is in the future",
        "exp が現在より後",
        "OIDC Core §3.1.3.7 step 9",
    ),
    entry(
        "id_token_issued_at",
        "iat is within 60 s of the present",
        "iat と現在の差が60秒以内",
        "OIDC Core §3.1.3.7 step 10",
    ),
    entry(
        "id_token_not_yet_valid",
        "nbf, if present, isn't in the future",
        "nbf が現在以前（なしでもよい）",
        "RFC 7519 §4.1.5",
    ),
    entry(
        "id_token_nonce",
        "nonce is this login's",
        "nonce がこのログインの値",
        "OIDC Core §3.1.3.7 step 11",
    ),
    entry(
        "assurance_not_accepted",
        "acr is a value that the configuration accepts",
        "acr が、設定で許可した値",
        "OIDC Core §3.1.3.7 step 12",
    ),
    entry(
        "id_token_auth_time",
        "auth_time, if present, isn't in the future",
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
        "auth_time is as recent as the client requires",
        "auth_time が、クライアントの求める新しさ",
        "OIDC Core §3.1.3.7 step 13",
    ),
    entry(
        "id_token_access_token_hash",
        "at_hash, if present, fits the access token",
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
        "scope, if present, has all scopes that were requested",
        "scope に、求めたスコープがすべてある（設定によっては、なしでもよい）",
        "RFC 6749 §3.3",
    ),
    entry(
        "userinfo_malformed",
        "userinfo is a JSON object in which no name comes twice",
        "userinfo が JSON オブジェクトで、同じ名前が2回以上現れない",
        "OIDC Core §5.3.2",
    ),
    entry(
        "userinfo_subject_mismatch",
        "userinfo's sub is the ID token's",
        "userinfo の sub が IDトークンの sub と同じ",
        "OIDC Core §5.3.2",
    ),
    entry(
        "attribute_missing",
        "all requested attributes are there (gender may be missing)",
        "求めた属性がすべてある（性別は、なしでもよい）",
        "Digital Authentication App, userinfo",
    ),
    entry(
        "attribute_malformed",
        "the attributes have the documented form",
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
        "this bridge issued the access token, and it wasn't changed",
        "このブリッジが発行したアクセストークンで、改ざんされていない",
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
        "the other provider's name isn't confusingly like this provider's",
        "ほかのプロバイダーの名前が、このプロバイダーの名前と紛らわしくない",
        "docs/failures.md",
    ),
    entry(
        "subject_mismatch",
        "userinfo's sub, if userinfo was received, is the ID token's",
        "userinfo の sub が IDトークンの sub と同じ（userinfo はなしでもよい）",
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
        "the record has the right form",
        "記録の形式が正しい",
        "docs/claims.md",
    ),
    entry(
        "record_other_version",
        "the record has a version that this function supports",
        "記録が、この関数の対応しているバージョン",
        "docs/claims.md",
    ),
    entry(
        "record_unknown_key",
        "the record's key is a configured one",
        "記録の暗号化に使った鍵が設定にある",
        "docs/claims.md",
    ),
    entry(
        "record_forged",
        "the record can be opened, and wasn't changed",
        "記録を復号でき、改ざんされていない",
        "docs/claims.md",
    ),
    entry(
        "record_other_issuer",
        "the record's issuer is this service",
        "記録の発行者がこのサービス",
        "docs/claims.md",
    ),
    entry(
        "record_unlinked",
        "the record is this user's",
        "記録がこの利用者の記録",
        "docs/claims.md",
    ),
    entry(
        "record_conflict",
        "the user's two records are of one person",
        "この利用者の2つの記録が、同じ人の記録",
        "docs/claims.md",
    ),
    entry(
        "record_too_old",
        "the verification isn't too old (if there is a limit)",
        "本人確認が古すぎない（期限があるとき）",
        "docs/claims.md",
    ),
    entry(
        "record_acr_not_accepted",
        "the record's acr is a value that the configuration accepts",
        "記録の acr が、設定で許可した値",
        "docs/claims.md",
    ),
    entry(
        "record_auth_time_missing",
        "the record has the time of authentication, if the configuration requires it",
        "記録に本人確認の時刻がある（設定によっては、なしでもよい）",
        "docs/claims.md",
    ),
];

/// The words of the checks that only a member's verification makes, in the order in which a
/// verification meets them. Between them, it meets checks of a login.
pub const OF_A_VERIFICATION: &[Words] = &[
    // /verifications
    entry(
        "member_token_expired",
        "the access token hasn't expired",
        "アクセストークンの期限内",
        "Cognito: verifying tokens",
    ),
    entry(
        "member_token_invalid",
        "the access token is a signed one of this user pool, for a user",
        "このユーザープールが発行した利用者のアクセストークンで、署名が正しい",
        "Cognito: verifying tokens",
    ),
    entry(
        "member_app_unknown",
        "the access token is an app client's that may verify members",
        "本人確認に使える、アプリクライアントのアクセストークン",
        "docs/members.md",
    ),
    entry(
        "member_scope_missing",
        "the access token has the scope digital-auth/verify",
        "アクセストークンにスコープ digital-auth/verify がある",
        "RFC 6750 §3.1",
    ),
    entry(
        "not_connected",
        "the service's client is configured",
        "サービスのクライアントの設定がある",
        "docs/members.md",
    ),
    entry(
        "verification_malformed",
        "the request has the documented form, with code_challenge (S256) and state",
        "リクエストが仕様どおりの形式で、code_challenge（S256）と state がある",
        "RFC 7636 §4.3",
    ),
    entry(
        "return_url_not_allowed",
        "the return URL is one of the app client's, byte for byte",
        "戻り先の URL が、アプリクライアントに設定した値の1つと完全に一致",
        "RFC 9700 §4.1.3",
    ),
    // /verify
    entry(
        "ticket_invalid",
        "the function verification issued the ticket, and it wasn't changed",
        "関数 verification が発行したチケットで、改ざんされていない",
        "RFC 8452 §5",
    ),
    entry(
        "ticket_expired",
        "the ticket is five minutes old at most",
        "チケットの発行から5分以内",
        "docs/members.md",
    ),
    // /verifications/complete
    entry(
        "verification_of_another_member",
        "the member who began completes the verification",
        "本人確認を始めた会員が、完了する",
        "docs/members.md",
    ),
    entry(
        "verification_of_another_app",
        "the app client that began completes the verification",
        "本人確認を始めたアプリクライアントが、完了する",
        "docs/members.md",
    ),
    entry(
        "member_gone",
        "the user pool has one enabled user with the token's username and sub",
        "トークンの username と sub の、有効な利用者がユーザープールにいる",
        "docs/members.md",
    ),
    entry(
        "continuation_invalid",
        "the record can be opened for this member",
        "この会員の記録として復号できる",
        "docs/members.md",
    ),
    entry(
        "person_already_verified",
        "the person is verified for no other member (if that is the policy)",
        "この人で本人確認したほかの会員がいない（設定によっては、いてもよい）",
        "docs/members.md",
    ),
];

/// The words of every check.
pub fn all() -> impl Iterator<Item = &'static Words> {
    OF_A_LOGIN.iter().chain(OF_A_VERIFICATION)
}

/// The English words and the rule of a check, by the failure class that a function reports.
#[must_use]
pub fn words(check: &str) -> Option<(&'static str, &'static str)> {
    let words = all().find(|words| words.check == check)?;
    Some((words.english, words.rule))
}

/// The Japanese of a check, by its English words.
#[must_use]
pub fn japanese(english: &str) -> Option<&'static str> {
    let words = all().find(|words| words.english == english)?;
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
            let different: BTreeSet<_> = all().map(member).collect();
            different.len()
        };
        assert_eq!(of(|words| words.check), all().count());
        assert_eq!(of(|words| words.english), all().count());
        for words in all() {
            let own = (words.english, words.rule);
            assert_eq!(super::words(words.check), Some(own));
            assert_eq!(japanese(words.english), Some(words.japanese));
        }
        assert_eq!(words("no_such_check"), None);
        assert_eq!(japanese("no such words"), None);
    }
}
