//! The Japanese translations of the journal's English texts: checks, sources of rules, and the
//! steps that one party does alone. The stand-ins write the journal in English, and JSON output
//! stays English; pages and the terminal show the translations. The checks of the functions are
//! translated in [`crate::function_checks`]. Names of the protocol and references to paragraphs
//! aren't translated.

use std::borrow::Cow;

use loopback::pages::Language;

use crate::function_checks;

/// English and Japanese, sorted by the English text for binary search.
#[rustfmt::skip] // One line each, where they fit into one.
const TEXTS: &[(&str, &str)] = &[
    ("AWS Signature Version 4", "AWS 署名バージョン4"),
    ("Amazon API Gateway, CORS for HTTP APIs", "Amazon API Gateway、HTTP API の CORS"),
    ("Amazon API Gateway, JWT authorizers", "Amazon API Gateway、JWT オーソライザー"),
    ("Amazon API Gateway, quotas for HTTP APIs", "Amazon API Gateway、HTTP API のクォータ"),
    ("Amazon API Gateway, routes for HTTP APIs", "Amazon API Gateway、HTTP API のルート"),
    ("Amazon API Gateway, throttling for HTTP APIs", "Amazon API Gateway、HTTP API のスロットリング"),
    ("Cognito: Lambda triggers", "Cognito：Lambda トリガー"),
    ("Cognito: a JWKS request for every ID token", "Cognito：IDトークンごとに JWKS を取得"),
    ("Cognito: attribute mapping", "Cognito：属性マッピング"),
    ("Cognito: attribute permissions", "Cognito：属性の読み書きの権限"),
    ("Cognito: authorize endpoint", "Cognito：認可エンドポイント"),
    ("Cognito: five minutes", "Cognito：5分の制限"),
    ("Cognito: linking federated users", "Cognito：フェデレーションのユーザーのリンク"),
    ("Cognito: logout endpoint", "Cognito：ログアウトエンドポイント"),
    ("Cognito: quotas", "Cognito：クォータ"),
    ("Cognito: revocation endpoint", "Cognito：取り消しエンドポイント"),
    ("Cognito: token endpoint", "Cognito：トークンエンドポイント"),
    ("Cognito: user pools API", "Cognito：ユーザープールの API"),
    ("Cognito: verifying tokens", "Cognito：トークンの検証"),
    ("Digital Authentication App, authorization request", "デジタル認証アプリ、認可リクエスト"),
    ("Digital Authentication App, token request", "デジタル認証アプリ、トークンリクエスト"),
    ("Digital Authentication App, userinfo", "デジタル認証アプリ、userinfo の応答"),
    ("ID token of the provider", "プロバイダーの IDトークンを検証"),
    ("JSON that is cut off", "途中で切れた JSON"),
    ("PKCE is S256 or absent", "PKCE は S256（なしでもよい）"),
    (
        "SECRET_HASH is there if the client has a secret, and is right",
        "シークレットのあるクライアントなら、正しい SECRET_HASH がある",
    ),
    ("a route takes the request", "リクエストに合うルートがある"),
    ("a user is signed in in this browser", "このブラウザーでログインしている"),
    ("acr_values is printable", "acr_values が印字可能な ASCII 文字（なしでもよい）"),
    ("alg is RS256", "alg が RS256"),
    ("alg is that of the key", "alg が鍵の種類に合う"),
    ("another one", "別の値"),
    ("at_hash, if present, fits the access token", "at_hash がアクセストークンに対応（なしでもよい）"),
    ("aud is the client only", "aud がこのクライアントだけ"),
    ("aud is the token endpoint, as one string", "aud がトークンエンドポイント（1つの文字列）"),
    ("aud, or client_id without aud, is in the audience", "aud（なければ client_id）が、設定した対象者のどれか"),
    ("client_assertion is there", "client_assertion がある"),
    ("client_assertion_type is jwt-bearer", "client_assertion_type が jwt-bearer"),
    ("client_id and redirect_uri come once", "client_id と redirect_uri が2回以上現れない"),
    ("client_id is an app client's", "client_id がアプリクライアントの ID"),
    ("client_id is registered", "client_id が登録済み"),
    ("client_id is there", "client_id がある"),
    ("code is there", "code がある"),
    ("code_challenge is a SHA-256 in base64url", "code_challenge が SHA-256 の値を base64url で表した形式"),
    ("code_challenge is there", "code_challenge がある"),
    ("code_challenge_method is S256", "code_challenge_method が S256"),
    ("code_challenge_method is there", "code_challenge_method がある"),
    ("code_verifier belongs to code_challenge", "code_verifier が code_challenge に対応"),
    ("code_verifier fits code_challenge", "code_verifier が code_challenge に対応"),
    ("code_verifier has the right form", "code_verifier の形式が正しい"),
    ("code_verifier is there", "code_verifier がある"),
    ("consent page", "同意のページ"),
    ("empty: all attributes from the provider", "空：プロバイダーから届いた属性をすべて使う"),
    ("every scope is allowed to the client", "scope がすべてクライアントに許可されている"),
    ("every scope is known", "未知の scope がない"),
    ("every scope is one that this app offers", "scope がすべて、このアプリで使えるスコープ"),
    ("everything is in the body", "パラメーターがすべて本文にある"),
    ("exp hasn't passed", "exp を過ぎていない"),
    ("exp is at most 60 s ahead", "exp が60秒以内"),
    ("exp is in the future", "exp が現在より後"),
    ("exp is there", "exp がある"),
    ("grant_type is authorization_code", "grant_type が authorization_code"),
    ("grant_type is known", "grant_type が定められた種類のもの"),
    ("grant_type is there", "grant_type がある"),
    ("iat is at most 60 s ago", "iat が60秒より前でない"),
    ("iat is there", "iat がある"),
    ("iat isn't in the future", "iat が未来でない"),
    ("identity_provider is the pool's", "identity_provider がユーザープールにある"),
    ("iss is client_id", "iss が client_id と同じ"),
    ("iss is federation's issuer", "iss が federation の発行者"),
    ("iss is the configured issuer", "iss が設定した発行者"),
    ("iss is the pool, aud is the app, exp is in the future", "iss がユーザープール、aud がアプリ、exp が現在より後"),
    ("it is a signed JWT", "署名付き JWT の形式"),
    ("jti is there", "jti がある"),
    ("jti was never used", "jti が使われたことがない"),
    ("kid is a registered key's", "kid が登録済みの鍵の kid"),
    ("kid is in the key set", "kid の鍵が JWKS にある"),
    ("logout_uri is a logout URL, exactly", "logout_uri が登録済みのログアウト URL と完全に一致"),
    ("missing", "なし"),
    ("nbf, if present, has passed", "nbf を過ぎている（なくてもよい）"),
    ("nbf, if present, isn't in the future", "nbf が現在以前（なしでもよい）"),
    ("no JWT", "JWT でない値"),
    ("no parameter comes twice", "同じパラメーターが2回以上現れない"),
    ("no scope comes twice", "同じ scope が2回以上現れない"),
    ("nonce has 1..=255 printable ASCII characters", "nonce が印字可能な ASCII 文字で1〜255文字"),
    ("nonce is the app's", "nonce がアプリの送った値"),
    ("nonce is there", "nonce がある"),
    ("nonce, if present, is that of the sign-in", "nonce がログインのときと同じ（なしでもよい）"),
    ("not received", "届かない"),
    ("nothing else is sent", "ほかのパラメーターがない"),
    ("now", "現在"),
    ("phone, email and profile come with openid", "phone・email・profile は openid と一緒"),
    ("prompt isn't none", "prompt が none でない"),
    ("redirect_uri is a callback URL, exactly", "redirect_uri が登録済みのコールバック URL と完全に一致"),
    ("redirect_uri is exactly one that is registered", "redirect_uri が登録済みの値と完全に一致"),
    ("redirect_uri is that of the authorization request", "redirect_uri が認可リクエストの値と同じ"),
    ("redirect_uri is the same as before", "redirect_uri が認可リクエストのときと同じ"),
    ("request line and headers have at most 10,240 bytes", "リクエスト行とヘッダーが合わせて 10,240バイト以下"),
    ("response_type is code", "response_type が code"),
    ("response_type is there", "response_type がある"),
    ("scope has openid", "scope に openid がある"),
    ("scope is there", "scope がある"),
    ("state has 1..=255 printable ASCII characters", "state が印字可能な ASCII 文字で1〜255文字"),
    ("state is known byte for byte, and unused", "state が発行したものと1バイトも違わず、未使用"),
    (
        "state is that of the verification that this browser began",
        "state が、このブラウザーで始めた本人確認の値",
    ),
    ("state is there", "state がある"),
    ("state was issued by this app", "state がこのアプリの発行した値"),
    ("sub is client_id", "sub が client_id と同じ"),
    ("sub is that of the ID token", "sub が IDトークンの sub と同じ"),
    ("sub is that of the sign-in", "sub がログインのときと同じ"),
    ("sub is there", "sub がある"),
    ("test-card page", "テストカード代替機能のページ"),
    ("that of this login", "このログインの値"),
    (
        "the Bearer token is an access token of this pool, not expired, with openid",
        "Bearer トークンが、このユーザープールの期限内のアクセストークンで、openid を含む",
    ),
    (
        "the access token has aws.cognito.signin.user.admin",
        "アクセストークンに aws.cognito.signin.user.admin がある",
    ),
    ("the access token hasn't expired", "アクセストークンの期限内"),
    ("the access token is one of this pool, and not expired", "このユーザープールのアクセストークンで、期限内"),
    ("the access token is valid", "アクセストークンが有効"),
    ("the answer has a state, and a code or an error", "state と、コードかエラーのどちらかがある"),
    ("the answer has state and iss, and a code or an error", "state と iss があり、コードかエラーのどちらかがある"),
    ("the answer is known", "選んだ応答が存在する"),
    ("the answer is the whole event, and its response is understood", "応答がイベント全体で、response を読み取れる"),
    ("the assertion is a JWT", "アサーションが JWT"),
    ("the assertion is the only credential", "クライアント認証がアサーションだけ"),
    (
        "the attributes fit the schema, and the app client may write them",
        "属性がスキーマに合い、アプリクライアントに書き込みが許可されている",
    ),
    ("the body has the operation's parameters", "本文に操作のパラメーターがある"),
    ("the body is a form", "本文がフォーム形式"),
    ("the body is a form, and no parameter comes twice", "フォーム形式で、同じパラメーターが2回以上現れない"),
    (
        "the category UserUpdate has requests left in this second",
        "カテゴリー UserUpdate の、この1秒のリクエスト数が上限以下",
    ),
    (
        "the client allows this flow (ExplicitAuthFlows)",
        "クライアントがこの AuthFlow を許可している（ExplicitAuthFlows）",
    ),
    ("the client may read all attributes that the scopes stand for", "scope に当たる属性を、クライアントがすべて読める"),
    ("the client may use this grant_type", "クライアントがこの grant_type を使える"),
    ("the client shows its secret, if it has one", "シークレットのあるクライアントが、正しいシークレットを示している"),
    ("the code hasn't expired", "認可コードの期限内"),
    ("the code is known, unused, and not older than five minutes", "認可コードが発行済み、未使用で、発行から5分以内"),
    ("the code is this client's", "このクライアントに発行した認可コード"),
    ("the code was issued", "認可コードが発行済み"),
    ("the code was issued to this client", "このクライアントに発行された認可コード"),
    ("the code wasn't used", "認可コードが未使用"),
    ("the connection was closed", "接続が切れた"),
    ("the cookie from the start of the login is there", "ログイン開始時の Cookie がある"),
    ("the decision is known", "同意かキャンセルかが選ばれている"),
    ("the filter has AWS's syntax, and a searchable attribute", "フィルターが AWS の構文で、検索できる属性を使っている"),
    ("the form is UTF-8", "フォームが UTF-8"),
    (
        "the form is on a page of the member who is signed in",
        "フォームが、いまサインインしている会員のページのもの",
    ),
    ("the form is this app's", "このアプリのフォーム"),
    ("the function answers in time and without an error", "関数が時間内に、エラーなしで応答する"),
    ("the identity is linked", "ID がユーザーにリンクされている"),
    ("the identity isn't linked yet, and can be linked to the user", "ID がまだリンクされておらず、ユーザーにリンクできる"),
    ("the issuer's keys are known", "発行者の鍵を取得できた"),
    ("the key set is fetched for this token", "このトークンのために JWKS を取得できた"),
    ("the login has no result yet", "このログインの結果がまだ出ていない"),
    ("the login hasn't expired", "ログインの期限内"),
    ("the login is pending", "ログインが進行中"),
    ("the login took five minutes at most", "ログイン開始から5分以内"),
    ("the login was begun in this browser", "このブラウザーで始めたログイン"),
    ("the operation is known", "操作が存在する"),
    ("the origin is allowed", "オリジンが許可されている"),
    ("the person is known", "テスト利用者が存在する"),
    ("the pool is this one", "このユーザープールの ID"),
    ("the query is form encoded UTF-8", "クエリーがフォーム形式の UTF-8"),
    ("the refresh token is known, and not older than 30 days", "リフレッシュトークンが発行済みで、発行から30日以内"),
    ("the refresh token was issued to this client", "このクライアントに発行されたリフレッシュトークン"),
    (
        "the request has a signature's form (the signature isn't verified)",
        "リクエストに署名の形式がある（署名が正しいかは検証しない）",
    ),
    ("the route's throttle lets it through", "ルートのスロットリングの範囲内"),
    ("the scheme is Bearer", "方式が Bearer"),
    ("the signature fits the pool's key", "署名をユーザープールの鍵で検証できる"),
    ("the signature is the key's", "署名をその鍵で検証できる"),
    ("the signature is valid", "署名が正しい"),
    ("the token has one of the route's scopes", "ルートのスコープのどれかがトークンにある"),
    ("the user is in the pool", "ユーザーがユーザープールにいる"),
    (
        "the user is in the pool, and the attributes fit the schema and are mutable",
        "利用者がユーザープールにいて、属性がスキーマに合い、変更できる",
    ),
    ("there is a client assertion", "クライアントアサーションを使っている"),
    ("there is a code, not an error", "エラーではなく、コードがある"),
    ("there is an Authorization header", "Authorization ヘッダーがある"),
    ("there is no query", "クエリーがない"),
    ("there is no request object", "リクエストオブジェクトがない"),
    ("token is a refresh token", "token がリフレッシュトークン"),
    ("token is there once", "token が1つだけある"),
    ("token_use is id", "token_use が id"),
    ("user pool: sign in without the provider", "ユーザープール：プロバイダーを通らないログイン"),
    ("user pool: write the mapped attributes", "ユーザープール：マッピングした属性を書き込む"),
    (
        "userinfo answers a JSON object (a sign-in goes on without it)",
        "userinfo が JSON オブジェクトを返す（返らなくてもログインは続く）",
    ),
    ("userinfo of the provider", "プロバイダーの userinfo を確認"),
    ("username and attributes fit the schema and the app client", "ユーザー名と属性が、スキーマとアプリクライアントの権限に合う"),
    ("username and password are those of a user who isn't disabled", "無効でない利用者の、ユーザー名とパスワード"),
    ("verify ID token", "IDトークンを検証"),
];

/// A text of the journal in this language. A text without a translation stays as it is: a reference
/// such as `RFC 7636 §4.6`, or a class of failure.
#[must_use]
pub fn text(language: Language, english: &str) -> &str {
    match language {
        Language::Japanese => japanese(english),
        Language::English => english,
    }
}

fn japanese(english: &str) -> &str {
    TEXTS
        .binary_search_by_key(&english, |(known, _)| known)
        .ok()
        .and_then(|position| TEXTS.get(position))
        .map(|(_, japanese)| *japanese)
        .or_else(|| function_checks::japanese(english))
        .unwrap_or(english)
}

/// The Japanese of a value in words, which isn't the value of an HTTP parameter: a text, or a size
/// such as `36 bytes`.
#[must_use]
pub fn japanese_value(english: &str) -> Cow<'_, str> {
    let seconds = |text: &str| text.parse::<u64>().ok();
    if let Some(size) = english.strip_suffix(" bytes") {
        Cow::Owned(format!("{size}バイト"))
    } else if let Some(past) = english.strip_suffix(" s ago").and_then(seconds) {
        Cow::Owned(format!("{past}秒前"))
    } else if let Some(ahead) = english
        .strip_prefix("in ")
        .and_then(|text| text.strip_suffix(" s"))
        .and_then(seconds)
    {
        Cow::Owned(format!("{ahead}秒後"))
    } else {
        Cow::Borrowed(japanese(english))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_sorted_and_none_comes_twice() {
        for pair in TEXTS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{:?}", pair[1].0);
        }
    }

    #[test]
    fn every_translation_has_japanese_characters_and_no_text_to_translate_has() {
        // Hiragana, katakana, and the unified ideographs.
        let is_japanese = |c: char| {
            ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c)
        };
        let of_functions = function_checks::all();
        let of_functions = of_functions.map(|words| (words.english, words.japanese));
        for (english, japanese) in TEXTS.iter().copied().chain(of_functions) {
            assert!(!english.contains(is_japanese), "{english}");
            assert!(japanese.contains(is_japanese), "{english}: {japanese}");
        }
    }

    #[test]
    fn every_text_is_found_and_another_stays_what_it_is() {
        for (english, told) in TEXTS {
            assert_eq!(japanese(english), *told);
        }
        // A check that both a stand-in and a function make has the same Japanese text.
        for words in function_checks::all() {
            assert_eq!(japanese(words.english), words.japanese);
            assert!(!japanese(words.rule).contains(": "), "{}", words.rule);
        }
        for other in ["", "RFC 7636 §4.6", "id_token_nonce", "docs/failures.md"] {
            assert_eq!(japanese(other), other);
        }
        assert_eq!(japanese_value("36 bytes"), "36バイト");
        assert_eq!(japanese_value("120 s ago"), "120秒前");
        assert_eq!(japanese_value("in 300 s"), "300秒後");
        assert_eq!(japanese_value("in the body s"), "in the body s");
        assert_eq!(japanese_value("not received"), "届かない");
        assert_eq!(japanese_value("eyJh…(1033)"), "eyJh…(1033)");
    }
}
