//! The faults: named misbehaviours of the service's stand-in. Each fault says what goes wrong, and
//! with which failure class the bridge must end the login. A fault without a class is odd but
//! allowed: the login must succeed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The part of a login that a fault affects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultPlace {
    /// The authorization response, which comes back to the redirect URI.
    WayBack,
    /// The token endpoint's answer.
    TokenAnswer,
    /// The ID token.
    IdToken,
    /// The key set.
    KeySet,
    /// Userinfo.
    Userinfo,
}

impl FaultPlace {
    /// Every place, in the order of a login.
    pub const ALL: &[Self] = &[
        Self::WayBack,
        Self::TokenAnswer,
        Self::IdToken,
        Self::KeySet,
        Self::Userinfo,
    ];
}

macro_rules! faults {
    ($(
        [$place:ident]
        $($variant:ident, $id:literal, $class:expr, $ja:literal, $en:literal;)*
    )*) => {
        /// One misbehaviour of the service, by name.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Fault {
            $($(#[doc = $en] $variant,)*)*
        }

        impl Fault {
            /// Every fault, in the order in which a login meets them.
            pub const ALL: &[Self] = &[$($(Self::$variant),*),*];

            /// The stable name, in kebab case.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $($(Self::$variant => $id,)*)* }
            }

            /// What goes wrong, in Japanese.
            #[must_use]
            pub const fn description_ja(self) -> &'static str {
                match self { $($(Self::$variant => $ja,)*)* }
            }

            /// What goes wrong, in English.
            #[must_use]
            pub const fn description_en(self) -> &'static str {
                match self { $($(Self::$variant => $en,)*)* }
            }

            /// The failure class with which the bridge must end the login, if the bridge accepts
            /// only ES256 ID tokens, an accepted `acr` is configured, and the app didn't send
            /// `max_age`. `None`: the login must succeed.
            #[must_use]
            pub const fn class(self) -> Option<&'static str> {
                match self { $($(Self::$variant => $class,)*)* }
            }

            /// The part of the login that the fault affects.
            #[must_use]
            pub const fn place(self) -> FaultPlace {
                match self { $($(Self::$variant => FaultPlace::$place,)*)* }
            }
        }
    };
}

faults! {
    [WayBack]
    Cancel, "cancel", Some("cancelled"),
        "利用者がキャンセルする", "The user cancels: access_denied with a description.";
    CancelWithoutDescription, "cancel-without-description", Some("cancelled"),
        "キャンセル。error_descriptionなし", "The user cancels: access_denied without a description.";
    CancelHostileDescription, "cancel-hostile-description", Some("cancelled"),
        "キャンセル。error_descriptionに攻撃者の文字列",
        "The user cancels, and the description is markup and line breaks of an attacker.";
    ErrorInvalidRequest, "error-invalid-request", Some("service_invalid_request"),
        "エラーinvalid_request", "The service answers the authorization request with invalid_request.";
    ErrorInvalidScope, "error-invalid-scope", Some("service_invalid_scope"),
        "エラーinvalid_scope", "The service answers the authorization request with invalid_scope.";
    ErrorUnauthorizedClient, "error-unauthorized-client", Some("service_unauthorized_client"),
        "エラーunauthorized_client",
        "The service answers the authorization request with unauthorized_client.";
    ErrorLoginRequired, "error-login-required", Some("service_login_required"),
        "エラーlogin_required", "The service answers the authorization request with login_required.";
    ErrorInteractionRequired, "error-interaction-required", Some("service_interaction_required"),
        "エラーinteraction_required",
        "The service answers the authorization request with interaction_required.";
    ErrorServerError, "error-server-error", Some("service_server_error"),
        "エラーserver_error", "The service answers the authorization request with server_error.";
    ErrorTemporarilyUnavailable, "error-temporarily-unavailable",
        Some("service_temporarily_unavailable"), "エラーtemporarily_unavailable",
        "The service answers the authorization request with temporarily_unavailable.";
    ErrorAuthenticationExpired, "error-authentication-expired", Some("service_login_expired"),
        "ログイン画面の時間切れ（temporarily_unavailable、authentication_expired）",
        "The service's login page timed out, which Keycloak tells as temporarily_unavailable with \
        authentication_expired.";
    ErrorUnknown, "error-unknown", Some("service_unknown_error"),
        "知られていないエラー", "The service answers with an error code that no specification knows.";
    CallbackWrongIssuer, "callback-wrong-issuer", Some("issuer_mismatch"),
        "issが別の発行者", "The authorization response names another issuer (RFC 9207).";
    CallbackLengthenedIssuer, "callback-lengthened-issuer", Some("issuer_mismatch"),
        "issに1文字多い", "The issuer of the authorization response has one character too many.";
    CallbackWithoutIssuer, "callback-without-issuer", None,
        "issなし（成功する）", "The authorization response has no iss: accepted, it isn't announced.";
    CallbackExtraParameter, "callback-extra-parameter", None,
        "知られていないパラメーターつき（成功する）",
        "The authorization response has an unknown parameter: ignored.";
    CallbackWithoutState, "callback-without-state", Some("malformed_callback"),
        "stateなし", "The authorization response has no state.";
    CallbackOtherState, "callback-other-state", Some("no_pending_login"),
        "stateが別物", "The authorization response has a state that wasn't sent.";
    CallbackLengthenedState, "callback-lengthened-state", Some("malformed_callback"),
        "stateに1文字多い", "The state of the authorization response has one character too many.";
    CallbackWithoutCode, "callback-without-code", Some("cancelled"),
        "codeもerrorもなし（キャンセルとみなす）",
        "The authorization response has neither a code nor an error: that, too, is how a cancelled \
        login comes back.";
    CallbackDuplicateCode, "callback-duplicate-code", Some("malformed_callback"),
        "codeが二つ", "The authorization response has two codes.";
    CallbackForgedCode, "callback-forged-code", Some("service_refused_code"),
        "codeが偽物", "The authorization response has a code that the service never issued.";

    [TokenAnswer]
    TokenSlow, "token-slow", Some("service_timeout"),
        "トークン応答が遅い", "The token endpoint takes longer than the bridge may wait.";
    TokenConnectionClosed, "token-connection-closed", Some("service_failed"),
        "トークン応答の前に切断", "The token endpoint closes the connection instead of answering.";
    Token500, "token-500", Some("service_failed"),
        "トークン応答が500", "The token endpoint answers 500.";
    Token503, "token-503", Some("service_failed"),
        "トークン応答が503", "The token endpoint answers 503.";
    TokenRedirect, "token-redirect", Some("token_answer_malformed"),
        "トークン応答がリダイレクト", "The token endpoint redirects: not followed.";
    TokenBrokenJson, "token-broken-json", Some("token_answer_malformed"),
        "トークン応答のJSONが壊れている", "The token answer is cut off in the middle.";
    TokenHtml, "token-html", Some("token_answer_malformed"),
        "トークン応答がHTML", "The token endpoint answers 200 with a page.";
    TokenTooLarge, "token-too-large", Some("token_answer_too_large"),
        "トークン応答が256 KiBより大きい", "The token answer is larger than 256 KiB.";
    TokenInvalidClient, "token-invalid-client", Some("service_refused_client"),
        "トークン応答がinvalid_client", "The service refuses the client assertion.";
    TokenInvalidGrant, "token-invalid-grant", Some("service_refused_code"),
        "トークン応答がinvalid_grant", "The service refuses the code.";
    TokenInvalidRequest, "token-invalid-request", Some("service_refused_request"),
        "トークン応答がinvalid_request", "The service refuses the token request as malformed.";
    TokenWithoutExpiresIn, "token-without-expires-in", None,
        "expires_inなし（成功する）", "The token answer has no expires_in: it is only recommended.";
    TokenTypeLowerCase, "token-type-lower-case", None,
        "token_typeが小文字（成功する）", "The token type is `bearer`: compared without case.";
    TokenTypeUpperCase, "token-type-upper-case", None,
        "token_typeが大文字（成功する）", "The token type is `BEARER`: compared without case.";
    TokenTypeInvertedCase, "token-type-inverted-case", None,
        "token_typeの大文字と小文字が逆（成功する）",
        "The token type is `bEARER`: compared without case.";
    TokenTypeOther, "token-type-other", Some("token_answer_malformed"),
        "token_typeがmac", "The token type is `mac`.";
    TokenWithoutTokenType, "token-without-token-type", Some("token_answer_malformed"),
        "token_typeなし", "The token answer has no token type.";
    TokenWithoutAccessToken, "token-without-access-token", Some("token_answer_malformed"),
        "access_tokenなし", "The token answer has no access token.";
    TokenWithoutIdToken, "token-without-id-token", Some("id_token_missing"),
        "id_tokenなし", "The token answer has no ID token.";
    TokenReducedScope, "token-reduced-scope", Some("scope_not_granted"),
        "scopeが頼んだより少ない", "The token answer's scope lacks the last of those that were asked for.";
    TokenWithoutScope, "token-without-scope", Some("scope_not_confirmed"),
        "scopeなし（設定すれば成功する）",
        "The token answer has no scope: accepted only where that is configured.";

    [IdToken]
    IdTokenNotAJwt, "id-token-not-a-jwt", Some("id_token_malformed"),
        "IDトークンがJWTでない", "The ID token isn't a JWT.";
    IdTokenWrongIssuer, "id-token-wrong-issuer", Some("id_token_issuer"),
        "issが別の発行者", "The ID token was issued by somebody else.";
    IdTokenLengthenedIssuer, "id-token-lengthened-issuer", Some("id_token_issuer"),
        "issに1文字多い", "The issuer of the ID token has one character too many.";
    IdTokenMissingIssuer, "id-token-missing-issuer", Some("id_token_issuer"),
        "issなし", "The ID token has no iss.";
    IdTokenWrongAudience, "id-token-wrong-audience", Some("id_token_audience"),
        "audが別のクライアント", "The ID token is for another client.";
    IdTokenLengthenedAudience, "id-token-lengthened-audience", Some("id_token_audience"),
        "audに1文字多い", "The audience of the ID token has one character too many.";
    IdTokenMissingAudience, "id-token-missing-audience", Some("id_token_audience"),
        "audなし", "The ID token has no aud.";
    IdTokenSecondAudience, "id-token-second-audience", Some("id_token_audience"),
        "audにもう一つのクライアント", "The ID token is for the client and for another one.";
    IdTokenSecondAudienceWithoutAuthorizedParty,
        "id-token-second-audience-without-authorized-party", Some("id_token_audience"),
        "audにもう一つのクライアント、azpなし",
        "The ID token is for the client and for another one, and has no azp.";
    IdTokenAudienceArray, "id-token-audience-array", None,
        "audが要素一つの配列（成功する）", "The audience is an array of one: accepted.";
    IdTokenWrongAuthorizedParty, "id-token-wrong-authorized-party",
        Some("id_token_authorized_party"),
        "azpが別のクライアント", "The authorized party is another client.";
    IdTokenMissingAuthorizedParty, "id-token-missing-authorized-party", None,
        "azpなし（成功する）", "The ID token has no azp: not needed for a single audience.";
    IdTokenExpired, "id-token-expired", Some("id_token_expired"),
        "有効期限切れ", "The ID token expired two minutes ago.";
    IdTokenMissingExpiry, "id-token-missing-expiry", Some("id_token_expired"),
        "expなし", "The ID token has no exp.";
    IdTokenMissingIssuedAt, "id-token-missing-issued-at", Some("id_token_issued_at"),
        "iatなし", "The ID token has no iat.";
    IdTokenIssuedInFuture, "id-token-issued-in-future", Some("id_token_issued_at"),
        "iatが未来", "The ID token says it will be issued in ten minutes.";
    IdTokenNotYetValid, "id-token-not-yet-valid", Some("id_token_not_yet_valid"),
        "nbfが未来", "The ID token says it will be valid in ten minutes.";
    IdTokenMissingSubject, "id-token-missing-subject", Some("id_token_subject"),
        "subなし", "The ID token has no sub.";
    IdTokenOverlongSubject, "id-token-overlong-subject", Some("id_token_subject"),
        "subが300文字", "The subject has 300 characters; 255 are allowed (OIDC Core §2).";
    IdTokenLongSubject, "id-token-long-subject", None,
        "subが200文字（成功する）", "The subject has 200 characters: too long for Cognito, so hashed.";
    IdTokenSubjectWithSpace, "id-token-subject-with-space", None,
        "subに空白（成功する）", "The subject has a space: not for Cognito's username, so hashed.";
    IdTokenWrongNonce, "id-token-wrong-nonce", Some("id_token_nonce"),
        "nonceが別物", "The ID token has a nonce that wasn't sent.";
    IdTokenLengthenedNonce, "id-token-lengthened-nonce", Some("id_token_nonce"),
        "nonceに1文字多い", "The nonce of the ID token has one character too many.";
    IdTokenMissingNonce, "id-token-missing-nonce", Some("id_token_nonce"),
        "nonceなし", "The ID token has no nonce.";
    IdTokenWrongAccessTokenHash, "id-token-wrong-access-token-hash",
        Some("id_token_access_token_hash"),
        "at_hashが合わない", "The ID token has the hash of another access token.";
    IdTokenLengthenedAccessTokenHash, "id-token-lengthened-access-token-hash",
        Some("id_token_access_token_hash"),
        "at_hashに1文字多い", "The at_hash of the ID token has one character too many.";
    IdTokenMissingAccessTokenHash, "id-token-missing-access-token-hash", None,
        "at_hashなし（成功する）", "The ID token has no at_hash: optional in the code flow.";
    IdTokenWrongAssurance, "id-token-wrong-assurance", Some("assurance_not_accepted"),
        "acrが低い", "The ID token says `aal1`.";
    IdTokenMissingAssurance, "id-token-missing-assurance", Some("assurance_not_accepted"),
        "acrなし", "The ID token has no acr.";
    IdTokenMissingAuthenticationTime, "id-token-missing-authentication-time", None,
        "auth_timeなし（設定やアプリが求めなければ成功する）",
        "The ID token has no auth_time: nobody can say when it was. Refused only where the \
        configuration or the app asks for it.";
    IdTokenOldAuthentication, "id-token-old-authentication", None,
        "auth_timeが1時間前（max_ageがなければ成功する）",
        "The user was authenticated an hour ago: refused only where max_age or prompt=login asks.";
    IdTokenAuthenticatedInFuture, "id-token-authenticated-in-future", Some("id_token_auth_time"),
        "auth_timeがミリ秒（未来の時刻）", "auth_time is in milliseconds: a time far ahead.";
    IdTokenPlainAddress, "id-token-plain-address", None,
        "住所が文字列で入っている（成功する）",
        "The ID token has the address as a plain string, as a mapper of Keycloak writes it: not \
        used.";
    IdTokenUnsigned, "id-token-unsigned", Some("id_token_algorithm"),
        "署名なし（alg none）", "The ID token isn't signed: alg none.";
    IdTokenHs256, "id-token-hs256", Some("id_token_algorithm"),
        "HS256の署名", "The ID token is signed with HS256 and some secret.";
    IdTokenHs256PublicKey, "id-token-hs256-public-key", Some("id_token_algorithm"),
        "公開鍵を秘密にしたHS256の署名",
        "The ID token is signed with HS256 and the public key as secret (algorithm confusion).";
    IdTokenRs256, "id-token-rs256", Some("id_token_algorithm"),
        "RS256の署名（設定すれば成功する）",
        "The ID token is signed with RS256: accepted only where that is configured.";
    IdTokenPs256, "id-token-ps256", Some("id_token_algorithm"),
        "PS256の署名", "The ID token is signed with PS256.";
    IdTokenBadSignatureEs256, "id-token-bad-signature-es256", Some("id_token_signature"),
        "ES256の署名が合わない", "The ES256 signature doesn't belong to the ID token.";
    IdTokenBadSignatureRs256, "id-token-bad-signature-rs256", Some("id_token_algorithm"),
        "RS256の署名が合わない",
        "The RS256 signature doesn't belong to the ID token; where RS256 is configured, that is \
        what is found.";
    IdTokenUnknownKey, "id-token-unknown-key", Some("id_token_unknown_key"),
        "kidが公開されていない鍵", "The ID token names a key that isn't published.";
    IdTokenWithoutKeyIdSingleKey, "id-token-without-key-id-single-key", None,
        "kidなし、ES256の鍵は一つ（成功する）", "No kid, and one ES256 key is published: accepted.";
    IdTokenWithoutKeyIdSeveralKeys, "id-token-without-key-id-several-keys",
        Some("id_token_unknown_key"),
        "kidなし、ES256の鍵は二つ",
        "No kid, and two ES256 keys are published. Who has fetched the keys before finds a wrong \
        signature instead.";
    IdTokenRs256OneUnnamedKey, "id-token-rs256-one-unnamed-key", Some("id_token_algorithm"),
        "RS256の署名、kidなし、kidもalgもない鍵が種類ごとに一つ（RS256を設定すれば成功する）",
        "RS256 and no kid; one key of each type is published, without kid and alg: accepted where \
        RS256 is configured.";
    IdTokenRs256SeveralUnnamedKeys, "id-token-rs256-several-unnamed-keys",
        Some("id_token_algorithm"),
        "RS256の署名、kidなし、kidもalgもない鍵が種類ごとに三つ",
        "RS256 and no kid; three keys of each type are published, without kid and alg. Where RS256 \
        is configured, nobody knows which of them it is.";

    [KeySet]
    KeysRotated, "keys-rotated", None,
        "ログイン中に鍵が替わる（成功する）", "The keys are rotated between login and token: refetched.";
    KeysRotatedBeforeSigning, "keys-rotated-before-signing", None,
        "署名の直前に鍵が替わる（成功する）", "The keys are rotated just before signing: refetched.";
    KeySetUnknownKeys, "key-set-unknown-keys", None,
        "鍵セットに知らない種類の鍵（成功する）",
        "The key set also holds encryption keys and unknown key types: ignored (RFC 7517 §5).";
    KeySetShortCoordinates, "key-set-short-coordinates", None,
        "座標の先頭の0を落とした鍵（成功する）",
        "A coordinate of the key begins with zero, and is published without it, as older versions \
        of Keycloak did: the same number.";
    KeySetLongCoordinates, "key-set-long-coordinates", None,
        "座標の前に0がある鍵（成功する）",
        "The coordinates of the key are published with a zero before them, as signed numbers have \
        it: the same numbers.";
    KeySetPadded, "key-set-padded", None,
        "もう一つのBase64とパディングの鍵（成功する）",
        "The coordinates of the key are base64 with padding, in its other alphabet: the same \
        bytes.";
    KeySetRepeatedKey, "key-set-repeated-key", None,
        "同じ鍵が二度（成功する）", "The key is published twice: it is one.";
    KeyReplaced, "key-replaced", None,
        "kidを変えずに鍵が替わる（成功する）",
        "The key changes and keeps its kid: the signature doesn't fit the known one, so the keys \
        are refetched.";
    KeySetUnusableKey, "key-set-unusable-key", Some("key_set_key_unusable"),
        "使えない形の鍵",
        "The key that the ID token names is published as a point that isn't on the curve.";
    KeySetEmpty, "key-set-empty", Some("id_token_unknown_key"),
        "鍵セットが空", "The key set is empty.";
    KeySet500, "key-set-500", Some("key_set_unavailable"),
        "鍵セットの応答が500", "The key set answers 500.";
    KeySetSlow, "key-set-slow", Some("key_set_unavailable"),
        "鍵セットの応答が遅い", "The key set takes longer than the bridge may wait.";
    KeySetBrokenJson, "key-set-broken-json", Some("key_set_malformed"),
        "鍵セットのJSONが壊れている", "The key set is cut off in the middle.";
    KeySetTooLarge, "key-set-too-large", Some("key_set_malformed"),
        "鍵セットが256 KiBより大きい", "The key set is larger than 256 KiB.";

    [Userinfo]
    UserinfoOtherSubject, "userinfo-other-subject", Some("userinfo_subject_mismatch"),
        "UserInfoのsubが別人", "Userinfo is about somebody else.";
    UserinfoMissingSubject, "userinfo-missing-subject", Some("userinfo_subject_mismatch"),
        "UserInfoにsubなし", "Userinfo has no sub.";
    UserinfoJwt, "userinfo-jwt", Some("userinfo_malformed"),
        "UserInfoがapplication/jwt", "Userinfo comes as a JWT.";
    UserinfoNameTwice, "userinfo-name-twice", Some("userinfo_malformed"),
        "UserInfoに同じ名前が二度", "Userinfo has a name twice, as its JSON goes.";
    UserinfoBrokenJson, "userinfo-broken-json", Some("userinfo_malformed"),
        "UserInfoのJSONが壊れている", "Userinfo is cut off in the middle.";
    Userinfo401, "userinfo-401", Some("userinfo_refused"),
        "UserInfoが401", "Userinfo refuses the access token.";
    Userinfo500, "userinfo-500", Some("service_failed"),
        "UserInfoが500", "Userinfo answers 500.";
    UserinfoSlow, "userinfo-slow", Some("service_timeout"),
        "UserInfoが遅い", "Userinfo takes longer than the bridge may wait.";
    UserinfoTooLarge, "userinfo-too-large", Some("userinfo_too_large"),
        "UserInfoが256 KiBより大きい", "Userinfo is larger than 256 KiB.";
    UserinfoMissingName, "userinfo-missing-name", Some("attribute_missing"),
        "氏名が返らない", "No name is handed out.";
    UserinfoMissingAddress, "userinfo-missing-address", Some("attribute_missing"),
        "住所が返らない", "No address is handed out.";
    UserinfoMissingBirthdate, "userinfo-missing-birthdate", Some("attribute_missing"),
        "生年月日が返らない", "No birth date is handed out.";
    UserinfoOverlongName, "userinfo-overlong-name", Some("attribute_malformed"),
        "氏名が2,048バイトより長い", "The name has more than 2,048 bytes.";
    UserinfoNameNotAString, "userinfo-name-not-a-string", Some("attribute_malformed"),
        "氏名が文字列でない", "The name is a number.";
    UserinfoControlCharacter, "userinfo-control-character", Some("attribute_malformed"),
        "氏名に制御文字", "The name has a line break.";
    UserinfoInvisibleName, "userinfo-invisible-name", Some("attribute_malformed"),
        "氏名が見えない文字だけ", "The name is nothing but characters that nobody sees.";
    UserinfoDirectionalMark, "userinfo-directional-mark", Some("attribute_malformed"),
        "氏名に文字の向きの印", "The name has a mark of the writing direction.";
    UserinfoEmptyAddress, "userinfo-empty-address", Some("attribute_malformed"),
        "住所が空", "The address is empty.";
    UserinfoMalformedBirthdate, "userinfo-malformed-birthdate", Some("attribute_malformed"),
        "生年月日の形が違う", "The birth date has seven digits.";
    UserinfoImpossibleBirthdate, "userinfo-impossible-birthdate", Some("attribute_malformed"),
        "生年月日がない日", "The birth date is 31 February.";
    UserinfoMalformedGender, "userinfo-malformed-gender", Some("attribute_malformed"),
        "性別のコードが違う", "The gender is a code that doesn't exist.";
    UserinfoAddressObject, "userinfo-address-object", None,
        "住所がOIDCのオブジェクト（成功する）", "The address is OIDC's object with `formatted`.";
    UserinfoBirthdateWithHyphens, "userinfo-birthdate-with-hyphens", None,
        "生年月日がYYYY-MM-DD（成功する）", "The birth date has OIDC's form.";
    UserinfoGenderWord, "userinfo-gender-word", None,
        "性別がOIDCの語（成功する）", "The gender is OIDC's word, where it has one.";
    UserinfoAggregatedClaims, "userinfo-aggregated-claims", Some("attribute_missing"),
        "住所が集約クレーム（署名つきの別のトークン）にだけある",
        "The address is only in an aggregated claim: a JWT of somebody else beside the claims.";
    UserinfoDistributedClaims, "userinfo-distributed-claims", Some("attribute_missing"),
        "住所が分散クレーム（別のところで尋ねるもの）にだけある",
        "The address is only a distributed claim: it would have to be asked for elsewhere.";
    UserinfoExtraClaims, "userinfo-extra-claims", None,
        "頼んでいないクレームつき（成功する）",
        "Userinfo has claims that nobody asked for: they aren't handed on.";
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

/// No fault has this name.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("no fault has this name")]
pub struct UnknownFault;

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.id() == id)
            .ok_or(UnknownFault)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_its_own_name_in_kebab_case() {
        let mut ids = HashSet::new();
        for fault in Fault::ALL {
            let id = fault.id();
            assert!(ids.insert(id), "{id}");
            assert!(
                id.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{id}"
            );
            assert_eq!(id.parse(), Ok(*fault));
            assert!(!fault.description_ja().is_empty() && !fault.description_en().is_empty());
        }
    }

    #[test]
    fn the_faults_of_a_place_stand_together_in_the_order_of_a_login() {
        let in_order = FaultPlace::ALL.iter().flat_map(|place| {
            let there = move |fault: &&Fault| fault.place() == *place;
            Fault::ALL.iter().filter(there)
        });
        assert!(in_order.eq(Fault::ALL));
        assert_eq!(Fault::Cancel.place(), FaultPlace::WayBack);
        assert_eq!(Fault::UserinfoExtraClaims.place(), FaultPlace::Userinfo);
    }

    #[test]
    fn a_name_that_is_no_fault_is_an_error() {
        assert_eq!("normal".parse::<Fault>(), Err(UnknownFault));
        assert_eq!("Cancel".parse::<Fault>(), Err(UnknownFault));
    }

    #[test]
    fn a_class_is_in_snake_case() {
        for class in Fault::ALL.iter().filter_map(|fault| fault.class()) {
            assert!(
                class.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{class}"
            );
        }
    }
}
