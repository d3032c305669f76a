//! The faults: named misbehaviours of the service's stand-in. Each fault says what goes wrong, and
//! with which failure class the bridge must end the login. A fault without a class is odd but
//! allowed: the login must succeed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The part of a login that a fault affects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultPlace {
    /// The user, who cancels.
    User,
    /// The authorization request, which the service answers with an error.
    Refusal,
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
        Self::User,
        Self::Refusal,
        Self::WayBack,
        Self::TokenAnswer,
        Self::IdToken,
        Self::KeySet,
        Self::Userinfo,
    ];

    /// The places whose faults take effect when the browser is sent back to the redirect URI.
    pub(crate) const BACK: [Self; 3] = [Self::User, Self::Refusal, Self::WayBack];

    /// The stable name, in kebab case.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Refusal => "refusal",
            Self::WayBack => "way-back",
            Self::TokenAnswer => "token-answer",
            Self::IdToken => "id-token",
            Self::KeySet => "key-set",
            Self::Userinfo => "userinfo",
        }
    }

    /// What goes wrong there: Japanese, English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("利用者のキャンセル", "The user cancels"),
            Self::Refusal => (
                "認可リクエストを拒否するサービスのエラー",
                "The service refuses the authorization request",
            ),
            Self::WayBack => (
                "認可レスポンス（アプリに戻るとき）の誤り",
                "In the authorization response (on the way back)",
            ),
            Self::TokenAnswer => ("トークンの応答の誤り", "In the token answer"),
            Self::IdToken => ("IDトークンの誤り", "In the ID token"),
            Self::KeySet => ("公開鍵（JWK Set）の誤り", "In the key set"),
            Self::Userinfo => ("UserInfo の誤り", "In userinfo"),
        }
    }
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
    [User]
    Cancel, "cancel", Some("cancelled"),
        "利用者がキャンセルする", "The user cancels: access_denied with a description.";
    CancelWithoutDescription, "cancel-without-description", Some("cancelled"),
        "利用者がキャンセルする。error_description がない",
        "The user cancels: access_denied without a description.";
    CancelHostileDescription, "cancel-hostile-description", Some("cancelled"),
        "利用者がキャンセルする。error_description に攻撃者の文字列がある",
        "The user cancels, and an attacker's markup and line breaks are in the description.";

    [Refusal]
    ErrorInvalidRequest, "error-invalid-request", Some("service_invalid_request"),
        "エラー invalid_request",
        "The service answers the authorization request with invalid_request.";
    ErrorInvalidScope, "error-invalid-scope", Some("service_invalid_scope"),
        "エラー invalid_scope", "The service answers the authorization request with invalid_scope.";
    ErrorUnauthorizedClient, "error-unauthorized-client", Some("service_unauthorized_client"),
        "エラー unauthorized_client",
        "The service answers the authorization request with unauthorized_client.";
    ErrorLoginRequired, "error-login-required", Some("service_login_required"),
        "エラー login_required", "The service answers the authorization request with login_required.";
    ErrorInteractionRequired, "error-interaction-required", Some("service_interaction_required"),
        "エラー interaction_required",
        "The service answers the authorization request with interaction_required.";
    ErrorServerError, "error-server-error", Some("service_server_error"),
        "エラー server_error", "The service answers the authorization request with server_error.";
    ErrorTemporarilyUnavailable, "error-temporarily-unavailable",
        Some("service_temporarily_unavailable"),
        "エラー temporarily_unavailable",
        "The service answers the authorization request with temporarily_unavailable.";
    ErrorAuthenticationExpired, "error-authentication-expired", Some("service_login_expired"),
        "ログイン画面の期限切れ（temporarily_unavailable と authentication_expired）",
        "The service's login page timed out. Keycloak reports this as temporarily_unavailable with \
        authentication_expired.";
    ErrorUnknown, "error-unknown", Some("service_unknown_error"),
        "仕様にないエラーコード", "The service answers with an error code that is in no specification.";

    [WayBack]
    CallbackWrongIssuer, "callback-wrong-issuer", Some("issuer_mismatch"),
        "iss が別の発行者", "The authorization response names another issuer (RFC 9207).";
    CallbackLengthenedIssuer, "callback-lengthened-issuer", Some("issuer_mismatch"),
        "iss が1文字長い", "The iss of the authorization response is one character too long.";
    CallbackWithoutIssuer, "callback-without-issuer", None,
        "iss がない（成功する）",
        "The authorization response has no iss: accepted, since the service doesn't announce it.";
    CallbackExtraParameter, "callback-extra-parameter", None,
        "知らないパラメーターがある（成功する）", "The authorization response has an unknown parameter: ignored.";
    CallbackWithoutState, "callback-without-state", Some("malformed_callback"),
        "state がない", "The authorization response has no state.";
    CallbackOtherState, "callback-other-state", Some("no_pending_login"),
        "state が送った値と違う", "The authorization response has a state that wasn't sent.";
    CallbackLengthenedState, "callback-lengthened-state", Some("malformed_callback"),
        "state が1文字長い", "The state of the authorization response is one character too long.";
    CallbackWithoutCode, "callback-without-code", Some("cancelled"),
        "code も error もない（キャンセルとみなす）",
        "The authorization response has neither a code nor an error: a cancelled login can also \
        come back like this.";
    CallbackDuplicateCode, "callback-duplicate-code", Some("malformed_callback"),
        "code が2つある", "The authorization response has two codes.";
    CallbackForgedCode, "callback-forged-code", Some("service_refused_code"),
        "code が偽物", "The authorization response has a code that the service never issued.";

    [TokenAnswer]
    TokenSlow, "token-slow", Some("service_timeout"),
        "トークンの応答が遅い", "The token endpoint takes longer than the bridge waits.";
    TokenConnectionClosed, "token-connection-closed", Some("service_failed"),
        "トークンを返す前に接続を切る", "The token endpoint closes the connection instead of answering.";
    Token500, "token-500", Some("service_failed"),
        "トークンの応答が500", "The token endpoint answers 500.";
    Token503, "token-503", Some("service_failed"),
        "トークンの応答が503", "The token endpoint answers 503.";
    TokenRedirect, "token-redirect", Some("token_answer_malformed"),
        "トークンの応答がリダイレクト", "The token endpoint redirects: not followed.";
    TokenBrokenJson, "token-broken-json", Some("token_answer_malformed"),
        "トークンの応答の JSON が途中で切れている", "The token answer is cut off in the middle.";
    TokenHtml, "token-html", Some("token_answer_malformed"),
        "トークンの応答が HTML", "The token endpoint answers 200 with a page.";
    TokenTooLarge, "token-too-large", Some("token_answer_too_large"),
        "トークンの応答が256 KiB より大きい", "The token answer is larger than 256 KiB.";
    TokenInvalidClient, "token-invalid-client", Some("service_refused_client"),
        "トークンの応答が invalid_client", "The service refuses the client assertion.";
    TokenInvalidGrant, "token-invalid-grant", Some("service_refused_code"),
        "トークンの応答が invalid_grant", "The service refuses the code.";
    TokenInvalidRequest, "token-invalid-request", Some("service_refused_request"),
        "トークンの応答が invalid_request", "The service refuses the token request as malformed.";
    TokenWithoutExpiresIn, "token-without-expires-in", None,
        "expires_in がない（成功する）", "The token answer has no expires_in, which is only recommended.";
    TokenTypeLowerCase, "token-type-lower-case", None,
        "token_type が小文字（成功する）", "The token type is `bearer`: case doesn't matter.";
    TokenTypeUpperCase, "token-type-upper-case", None,
        "token_type が大文字（成功する）", "The token type is `BEARER`: case doesn't matter.";
    TokenTypeInvertedCase, "token-type-inverted-case", None,
        "token_type の大文字と小文字が逆（成功する）", "The token type is `bEARER`: case doesn't matter.";
    TokenTypeOther, "token-type-other", Some("token_answer_malformed"),
        "token_type が mac", "The token type is `mac`.";
    TokenWithoutTokenType, "token-without-token-type", Some("token_answer_malformed"),
        "token_type がない", "The token answer has no token type.";
    TokenWithoutAccessToken, "token-without-access-token", Some("token_answer_malformed"),
        "access_token がない", "The token answer has no access token.";
    TokenWithoutIdToken, "token-without-id-token", Some("id_token_missing"),
        "id_token がない", "The token answer has no ID token.";
    TokenReducedScope, "token-reduced-scope", Some("scope_not_granted"),
        "scope が求めたものより少ない", "The token answer's scope lacks the last of the requested scopes.";
    TokenWithoutScope, "token-without-scope", Some("scope_not_confirmed"),
        "scope がない（設定すれば成功する）",
        "The token answer has no scope: accepted only if that is configured.";

    [IdToken]
    IdTokenNotAJwt, "id-token-not-a-jwt", Some("id_token_malformed"),
        "IDトークンが JWT でない", "The ID token isn't a JWT.";
    IdTokenWrongIssuer, "id-token-wrong-issuer", Some("id_token_issuer"),
        "iss が別の発行者", "The ID token has another issuer.";
    IdTokenLengthenedIssuer, "id-token-lengthened-issuer", Some("id_token_issuer"),
        "iss が1文字長い", "The iss of the ID token is one character too long.";
    IdTokenMissingIssuer, "id-token-missing-issuer", Some("id_token_issuer"),
        "iss がない", "The ID token has no iss.";
    IdTokenWrongAudience, "id-token-wrong-audience", Some("id_token_audience"),
        "aud が別のクライアント", "The ID token is for another client.";
    IdTokenLengthenedAudience, "id-token-lengthened-audience", Some("id_token_audience"),
        "aud が1文字長い", "The aud of the ID token is one character too long.";
    IdTokenMissingAudience, "id-token-missing-audience", Some("id_token_audience"),
        "aud がない", "The ID token has no aud.";
    IdTokenSecondAudience, "id-token-second-audience", Some("id_token_audience"),
        "aud に別のクライアントもある", "The ID token is for the client and for another one.";
    IdTokenSecondAudienceWithoutAuthorizedParty,
        "id-token-second-audience-without-authorized-party", Some("id_token_audience"),
        "aud に別のクライアントもあり、azp がない",
        "The ID token is for the client and for another one, and has no azp.";
    IdTokenAudienceArray, "id-token-audience-array", None,
        "aud が、要素が1つの配列（成功する）", "The audience is an array of one: accepted.";
    IdTokenWrongAuthorizedParty, "id-token-wrong-authorized-party",
        Some("id_token_authorized_party"),
        "azp が別のクライアント", "The authorized party is another client.";
    IdTokenMissingAuthorizedParty, "id-token-missing-authorized-party", None,
        "azp がない（成功する）", "The ID token has no azp: not needed for a single audience.";
    IdTokenExpired, "id-token-expired", Some("id_token_expired"),
        "exp が過ぎている（有効期限切れ）", "The ID token expired two minutes ago.";
    IdTokenMissingExpiry, "id-token-missing-expiry", Some("id_token_expired"),
        "exp がない", "The ID token has no exp.";
    IdTokenMissingIssuedAt, "id-token-missing-issued-at", Some("id_token_issued_at"),
        "iat がない", "The ID token has no iat.";
    IdTokenIssuedInFuture, "id-token-issued-in-future", Some("id_token_issued_at"),
        "iat が未来の時刻", "The iat of the ID token is ten minutes in the future.";
    IdTokenNotYetValid, "id-token-not-yet-valid", Some("id_token_not_yet_valid"),
        "nbf が未来の時刻", "The nbf of the ID token is ten minutes in the future.";
    IdTokenMissingSubject, "id-token-missing-subject", Some("id_token_subject"),
        "sub がない", "The ID token has no sub.";
    IdTokenOverlongSubject, "id-token-overlong-subject", Some("id_token_subject"),
        "sub が300文字", "The subject has 300 characters; 255 are allowed (OIDC Core §2).";
    IdTokenLongSubject, "id-token-long-subject", None,
        "sub が200文字（成功する）", "The subject has 200 characters: too long for Cognito, so hashed.";
    IdTokenSubjectWithSpace, "id-token-subject-with-space", None,
        "sub に空白がある（成功する）",
        "The subject has a space, which Cognito's username can't have, so it is hashed.";
    IdTokenWrongNonce, "id-token-wrong-nonce", Some("id_token_nonce"),
        "nonce が送った値と違う", "The ID token has a nonce that wasn't sent.";
    IdTokenLengthenedNonce, "id-token-lengthened-nonce", Some("id_token_nonce"),
        "nonce が1文字長い", "The nonce of the ID token is one character too long.";
    IdTokenMissingNonce, "id-token-missing-nonce", Some("id_token_nonce"),
        "nonce がない", "The ID token has no nonce.";
    IdTokenWrongAccessTokenHash, "id-token-wrong-access-token-hash",
        Some("id_token_access_token_hash"),
        "at_hash がアクセストークンと合わない", "The ID token has the hash of another access token.";
    IdTokenLengthenedAccessTokenHash, "id-token-lengthened-access-token-hash",
        Some("id_token_access_token_hash"),
        "at_hash が1文字長い", "The at_hash of the ID token is one character too long.";
    IdTokenMissingAccessTokenHash, "id-token-missing-access-token-hash", None,
        "at_hash がない（成功する）", "The ID token has no at_hash: optional in the code flow.";
    IdTokenWrongAssurance, "id-token-wrong-assurance", Some("assurance_not_accepted"),
        "acr の保証レベルが低い", "The acr of the ID token is `aal1`.";
    IdTokenMissingAssurance, "id-token-missing-assurance", Some("assurance_not_accepted"),
        "acr がない", "The ID token has no acr.";
    IdTokenMissingAuthenticationTime, "id-token-missing-authentication-time", None,
        "auth_time がない（設定やアプリが求めなければ成功する）",
        "The ID token has no auth_time, so the time of authentication isn't known. Refused only if \
        the configuration or the app requires it.";
    IdTokenOldAuthentication, "id-token-old-authentication", None,
        "auth_time が1時間前（ログインは max_age がなければ成功し、会員の本人確認は拒否される）",
        "The user was authenticated an hour ago: a login is refused only if max_age or \
        prompt=login requires it, a member's verification always.";
    IdTokenAuthenticatedInFuture, "id-token-authenticated-in-future", Some("id_token_auth_time"),
        "auth_time がミリ秒（未来の時刻になる）",
        "auth_time is in milliseconds, and so a time far in the future.";
    IdTokenPlainAddress, "id-token-plain-address", None,
        "IDトークンに住所が文字列で入っている（成功する）",
        "The ID token has the address as a plain string, as a mapper of Keycloak writes it. It \
        isn't used.";
    IdTokenUnsigned, "id-token-unsigned", Some("id_token_algorithm"),
        "署名がない（alg が none）", "The ID token isn't signed: alg none.";
    IdTokenHs256, "id-token-hs256", Some("id_token_algorithm"),
        "HS256 の署名", "The ID token is signed with HS256 and some shared key.";
    IdTokenHs256PublicKey, "id-token-hs256-public-key", Some("id_token_algorithm"),
        "公開鍵を共有鍵として使った HS256 の署名",
        "The ID token is signed with HS256 and the public key as the shared key (algorithm \
        confusion).";
    IdTokenRs256, "id-token-rs256", Some("id_token_algorithm"),
        "RS256 の署名（設定すれば成功する）",
        "The ID token is signed with RS256: accepted only if that is configured.";
    IdTokenPs256, "id-token-ps256", Some("id_token_algorithm"),
        "PS256 の署名", "The ID token is signed with PS256.";
    IdTokenBadSignatureEs256, "id-token-bad-signature-es256", Some("id_token_signature"),
        "ES256 の署名が正しくない", "The ES256 signature doesn't belong to the ID token.";
    IdTokenBadSignatureRs256, "id-token-bad-signature-rs256", Some("id_token_algorithm"),
        "RS256 の署名が正しくない",
        "The RS256 signature doesn't belong to the ID token. If RS256 is configured, the class is \
        that of a wrong signature.";
    IdTokenUnknownKey, "id-token-unknown-key", Some("id_token_unknown_key"),
        "kid の鍵が公開されていない", "The ID token names a key that isn't published.";
    IdTokenWithoutKeyIdSingleKey, "id-token-without-key-id-single-key", None,
        "kid がなく、ES256 の鍵は1つ（成功する）", "No kid, and one ES256 key is published: accepted.";
    IdTokenWithoutKeyIdSeveralKeys, "id-token-without-key-id-several-keys",
        Some("id_token_unknown_key"),
        "kid がなく、ES256 の鍵は2つ",
        "No kid, and two ES256 keys are published. A process that fetched the keys before finds a \
        wrong signature instead.";
    IdTokenRs256OneUnnamedKey, "id-token-rs256-one-unnamed-key", Some("id_token_algorithm"),
        "RS256 の署名で kid がなく、kid も alg もない鍵が種類ごとに1つ（RS256 を設定すれば成功する）",
        "RS256 and no kid; one key of each type is published, without kid and alg: accepted if \
        RS256 is configured.";
    IdTokenRs256SeveralUnnamedKeys, "id-token-rs256-several-unnamed-keys",
        Some("id_token_algorithm"),
        "RS256 の署名で kid がなく、kid も alg もない鍵が種類ごとに3つ",
        "RS256 and no kid; three keys of each type are published, without kid and alg. If RS256 is \
        configured, it isn't known which of them signed.";

    [KeySet]
    KeysRotated, "keys-rotated", None,
        "ログインの途中で鍵が替わる（成功する）",
        "The keys are rotated between login and token request. They are fetched again.";
    KeysRotatedBeforeSigning, "keys-rotated-before-signing", None,
        "署名の直前に鍵が替わる（成功する）", "The keys are rotated just before signing. They are fetched again.";
    KeySetUnknownKeys, "key-set-unknown-keys", None,
        "JWK Set に知らない種類の鍵がある（成功する）",
        "The key set also has encryption keys and unknown key types, which are ignored (RFC 7517 \
        §5).";
    KeySetShortCoordinates, "key-set-short-coordinates", None,
        "鍵の座標の、先頭の 0 が省かれている（成功する）",
        "A coordinate of the key begins with zero, and is published without it, as older versions \
        of Keycloak did: the same number.";
    KeySetLongCoordinates, "key-set-long-coordinates", None,
        "鍵の座標の前に、余分な 0 がある（成功する）",
        "The coordinates of the key are published with a zero before them, as signed numbers have \
        it: the same numbers.";
    KeySetPadded, "key-set-padded", None,
        "鍵の座標が、base64url ではなく、パディング付きの base64（成功する）",
        "The coordinates of the key are base64 with padding instead of base64url: the same bytes.";
    KeySetRepeatedKey, "key-set-repeated-key", None,
        "同じ鍵が2回公開されている（成功する）", "The key is published twice, and counts as one.";
    KeyReplaced, "key-replaced", None,
        "kid を変えずに鍵が替わる（成功する）",
        "The key changes and keeps its kid. The known key doesn't verify the signature, so the \
        keys are fetched again.";
    KeySetUnusableKey, "key-set-unusable-key", Some("key_set_key_unusable"),
        "鍵が使えない形式",
        "The key that the ID token names is published as a point that isn't on the curve.";
    KeySetEmpty, "key-set-empty", Some("id_token_unknown_key"),
        "JWK Set が空", "The key set is empty.";
    KeySet500, "key-set-500", Some("key_set_unavailable"),
        "JWK Set の応答が500", "The key set's endpoint answers 500.";
    KeySetSlow, "key-set-slow", Some("key_set_unavailable"),
        "JWK Set の応答が遅い", "The key set's endpoint takes longer than the bridge waits.";
    KeySetBrokenJson, "key-set-broken-json", Some("key_set_malformed"),
        "JWK Set の JSON が途中で切れている", "The key set is cut off in the middle.";
    KeySetTooLarge, "key-set-too-large", Some("key_set_malformed"),
        "JWK Set が256 KiB より大きい", "The key set is larger than 256 KiB.";

    [Userinfo]
    UserinfoOtherSubject, "userinfo-other-subject", Some("userinfo_subject_mismatch"),
        "UserInfo の sub が別の人", "Userinfo is about another person.";
    UserinfoMissingSubject, "userinfo-missing-subject", Some("userinfo_subject_mismatch"),
        "UserInfo に sub がない", "Userinfo has no sub.";
    UserinfoJwt, "userinfo-jwt", Some("userinfo_malformed"),
        "UserInfo が application/jwt", "Userinfo comes as a JWT.";
    UserinfoNameTwice, "userinfo-name-twice", Some("userinfo_malformed"),
        "UserInfo に同じ名前が2回ある", "The JSON of userinfo has the same name twice.";
    UserinfoBrokenJson, "userinfo-broken-json", Some("userinfo_malformed"),
        "UserInfo の JSON が途中で切れている", "Userinfo is cut off in the middle.";
    Userinfo401, "userinfo-401", Some("userinfo_refused"),
        "UserInfo の応答が401", "Userinfo refuses the access token.";
    Userinfo500, "userinfo-500", Some("service_failed"),
        "UserInfo の応答が500", "Userinfo answers 500.";
    UserinfoSlow, "userinfo-slow", Some("service_timeout"),
        "UserInfo の応答が遅い", "Userinfo takes longer than the bridge waits.";
    UserinfoTooLarge, "userinfo-too-large", Some("userinfo_too_large"),
        "UserInfo が256 KiB より大きい", "Userinfo is larger than 256 KiB.";
    UserinfoMissingName, "userinfo-missing-name", Some("attribute_missing"),
        "氏名が返らない", "No name is returned.";
    UserinfoMissingAddress, "userinfo-missing-address", Some("attribute_missing"),
        "住所が返らない", "No address is returned.";
    UserinfoMissingBirthdate, "userinfo-missing-birthdate", Some("attribute_missing"),
        "生年月日が返らない", "No birth date is returned.";
    UserinfoOverlongName, "userinfo-overlong-name", Some("attribute_malformed"),
        "氏名が2,048バイトより長い", "The name has more than 2,048 bytes.";
    UserinfoNameNotAString, "userinfo-name-not-a-string", Some("attribute_malformed"),
        "氏名が文字列でない", "The name is a number.";
    UserinfoControlCharacter, "userinfo-control-character", Some("attribute_malformed"),
        "氏名に制御文字がある", "The name has a line break.";
    UserinfoInvisibleName, "userinfo-invisible-name", Some("attribute_malformed"),
        "氏名が見えない文字だけ", "The name has only invisible characters.";
    UserinfoDirectionalMark, "userinfo-directional-mark", Some("attribute_malformed"),
        "氏名に、文字の向きを変える文字がある", "The name has a character that changes the writing direction.";
    UserinfoEmptyAddress, "userinfo-empty-address", Some("attribute_malformed"),
        "住所が空", "The address is empty.";
    UserinfoMalformedBirthdate, "userinfo-malformed-birthdate", Some("attribute_malformed"),
        "生年月日の形式が違う", "The birth date has seven digits.";
    UserinfoImpossibleBirthdate, "userinfo-impossible-birthdate", Some("attribute_malformed"),
        "生年月日が実在しない日付", "The birth date is 31 February.";
    UserinfoMalformedGender, "userinfo-malformed-gender", Some("attribute_malformed"),
        "性別のコードが実在しない", "The gender is a code that doesn't exist.";
    UserinfoAddressObject, "userinfo-address-object", None,
        "住所が OpenID Connect のオブジェクト（成功する）",
        "The address is OpenID Connect's object with `formatted`.";
    UserinfoBirthdateWithHyphens, "userinfo-birthdate-with-hyphens", None,
        "生年月日が YYYY-MM-DD（成功する）", "The birth date has OpenID Connect's form.";
    UserinfoGenderWord, "userinfo-gender-word", None,
        "性別が OpenID Connect の値（成功する）", "The gender is OpenID Connect's value, if there is one.";
    UserinfoAggregatedClaims, "userinfo-aggregated-claims", Some("attribute_missing"),
        "住所が集約クレーム（第三者の署名付きトークン）にだけある",
        "The address is only in an aggregated claim: a JWT of a third party beside the claims.";
    UserinfoDistributedClaims, "userinfo-distributed-claims", Some("attribute_missing"),
        "住所が分散クレーム（別のエンドポイントから取得するクレーム）にだけある",
        "The address is only a distributed claim: it would have to be fetched from another \
        endpoint.";
    UserinfoExtraClaims, "userinfo-extra-claims", None,
        "求めていないクレームもある（成功する）", "Userinfo has claims that weren't requested. They aren't handed on.";
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
        assert_eq!(Fault::Cancel.place(), FaultPlace::User);
        assert_eq!(Fault::ErrorUnknown.place(), FaultPlace::Refusal);
        assert_eq!(Fault::CallbackOtherState.place(), FaultPlace::WayBack);
        assert_eq!(Fault::UserinfoExtraClaims.place(), FaultPlace::Userinfo);
    }

    #[test]
    fn every_place_has_its_own_name_and_words_and_a_fault() {
        let ids: HashSet<_> = FaultPlace::ALL.iter().map(|place| place.id()).collect();
        let ja: HashSet<_> = FaultPlace::ALL.iter().map(|one| one.words().0).collect();
        let en: HashSet<_> = FaultPlace::ALL.iter().map(|one| one.words().1).collect();
        for distinct in [ids, ja, en] {
            assert_eq!(distinct.len(), FaultPlace::ALL.len(), "{distinct:?}");
        }
        for place in FaultPlace::ALL {
            assert!(Fault::ALL.iter().any(|fault| fault.place() == *place));
        }
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
