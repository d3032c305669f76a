//! The lessons of the diagram: what each hop of a login is for, and why it is done that way, in
//! Japanese and English, with references to the specifications. An arrow shows its lesson when it
//! is opened. A hop is recognized by its caller, its callee, the method and the path; a parameter
//! by its name.

use loopback::journal::{Hop, Party};

/// The explanation of a hop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lesson {
    /// What happens, in a few words.
    pub(super) title: Text,
    /// What it is for, and why it is done that way.
    pub(super) why: Text,
    /// The references: paragraphs, separated by `; `.
    pub(super) source: &'static str,
    /// The title of the answer, if the answer has a row of its own.
    pub(super) answer: Option<Text>,
}

/// A text in Japanese and English.
pub(super) type Text = (&'static str, &'static str);

/// The lesson of a hop, if there is one.
pub(super) fn lesson(hop: &Hop) -> Option<Lesson> {
    use Party::{App, Bridge, Browser, Cognito, Service};
    let (method, path) = hop
        .request
        .split_once(' ')
        .unwrap_or((hop.request.as_str(), ""));
    let last = path.rsplit('/').next().unwrap_or_default();
    let lesson = match (hop.from, hop.to, method, last) {
        (Browser, App, "GET", "login") => LOGIN,
        (Browser, App, "GET", "callback") => APP_CALLBACK,
        (Browser, App, "POST", "refresh") => REFRESH,
        (Browser, Cognito, "GET", "login") => HOSTED_PAGE,
        (Browser, Cognito, "GET", "logout") => COGNITO_LOGOUT,
        (Browser, Cognito, "GET", "authorize") if !has(hop, "identity_provider") => APP_CHECKED,
        (Browser, Cognito, "GET", "authorize") => COGNITO_AUTHORIZE,
        (Browser, Cognito, "GET", "idpresponse") => IDP_RESPONSE,
        (Browser, Bridge, "GET", "authorize") => BRIDGE_AUTHORIZE,
        (Browser, Bridge, "GET", "callback") => BRIDGE_CALLBACK,
        (Browser, Service, "GET", "auth") => SERVICE_AUTHORIZE,
        (Browser, Service, "GET", "test-card") => TEST_CARD_PAGE,
        (Browser, Service, "POST", "test-card") if is_cancelled(hop) => CANCEL,
        (Browser, Service, "POST", "test-card") => TEST_CARD,
        (Browser, Service, "GET", "consent") => CONSENT_PAGE,
        (Browser, Service, "POST", "consent") if is_cancelled(hop) => REFUSE,
        (Browser, Service, "POST", "consent") => CONSENT,
        (Cognito, Bridge, "POST", "token") => BRIDGE_TOKEN,
        (Cognito, Bridge, "GET", "jwks.json") => BRIDGE_KEYS,
        (Cognito, Bridge, "GET" | "POST", "userinfo") => BRIDGE_USERINFO,
        (Bridge, Service, "POST", "token") => SERVICE_TOKEN,
        (Bridge, Service, "GET", "certs") => SERVICE_KEYS,
        (Bridge, Service, "GET", "userinfo") => SERVICE_USERINFO,
        (App, Cognito, "POST", "token") if grants(hop, "refresh_token") => APP_REFRESH,
        (App, Cognito, "POST", "token") => APP_TOKEN,
        (App, Cognito, "POST", "revoke") => APP_REVOKE,
        (App, Cognito, "GET", "jwks.json") => APP_KEYS,
        (App, Cognito, "GET", "userInfo") => APP_USERINFO,
        _ => match hop.request.as_str() {
            "ID token of the provider" => COGNITO_ID_TOKEN,
            "userinfo of the provider" => COGNITO_USERINFO,
            "user pool: write the mapped attributes" => USER_POOL,
            "verify ID token" => APP_ID_TOKEN,
            "InboundFederation_ExternalProvider" => INBOUND_FEDERATION,
            "TokenGeneration_HostedAuth" => TOKEN_GENERATION,
            "TokenGeneration_RefreshTokens" => TOKEN_GENERATION_AGAIN,
            "AdminGetUser" => ADMIN_GET_USER,
            "GetUser" => GET_USER,
            "UpdateUserAttributes" | "DeleteUserAttributes" => UPDATE_USER,
            _ => return None,
        },
    };
    Some(lesson)
}

/// Whether a request has this parameter.
fn has(hop: &Hop, name: &str) -> bool {
    let mut parameters = hop.step.iter().flat_map(|step| &step.parameters);
    parameters.any(|parameter| parameter.name == name)
}

/// Whether the service sends the browser back because the person cancelled.
fn is_cancelled(hop: &Hop) -> bool {
    let mut answer = hop.step.iter().flat_map(|step| &step.answer);
    answer.any(|one| one.name == "error" && one.value == "access_denied")
}

/// Whether a token request has this `grant_type`.
fn grants(hop: &Hop, grant_type: &str) -> bool {
    let parameters = hop.step.iter().flat_map(|step| &step.parameters);
    let mut grants = parameters.filter(|parameter| parameter.name == "grant_type");
    grants.any(|parameter| parameter.value == grant_type)
}

const LOGIN: Lesson = Lesson {
    title: ("ログインを始める", "Begin the login"),
    why: (
        "アプリは、このログインだけで使う値を3つ作り、保存します。state は、戻ってきたブラウザーが同じブラウザーかどうかを、後で確かめるための値です。nonce は、届いた \
        IDトークンがこのログインのために発行されたかどうかを確かめるための値です。code_verifier は、コードをトークンに交換するのがこのアプリであることを示すための値です。\
        ブラウザーには、移動先の URL を渡します。そこには、code_verifier そのものではなく、そのハッシュ（code_challenge）を入れます。",
        "The app makes three values for this login alone, and stores them. With state it checks \
        later that the same browser came back. With nonce it checks that the ID token was issued \
        for this login. With code_verifier it shows that it is the app itself that exchanges the \
        code for tokens. The browser gets the URL to go to. The URL has only the hash of the \
        code_verifier, the code_challenge.",
    ),
    source: "RFC 6749 §10.12; OIDC Core §3.1.2.1; RFC 7636 §4.1",
    answer: None,
};

const APP_CHECKED: Lesson = Lesson {
    title: ("アプリを確かめる", "Check the app"),
    why: (
        "Cognito は、まず、アプリのクライアント ID とコールバック URL が、登録された値と完全に一致することを確かめます。この検査が緩いと、\
        攻撃者がコードを別のサイトへ送らせることができます。ログインの方法が指定されていないので、ブラウザーをログイン画面へ移動させます。",
        "Cognito first checks that the client ID and the callback URL are exactly the registered \
        ones. If this check were lax, an attacker could have the code sent to another site. The \
        request doesn't say how to sign in, so Cognito sends the browser to its sign-in page.",
    ),
    source: "RFC 6749 §3.1.2; RFC 9700 §2.1",
    answer: None,
};

const HOSTED_PAGE: Lesson = Lesson {
    title: ("ログイン画面を開く", "Open the sign-in page"),
    why: (
        "ログインの方法を選ぶ画面です。リクエストのパラメーターはアプリのもののままなので、Cognito はここでもう一度確かめます。\
        アプリが identity_provider を送れば、この画面は表示されません。",
        "The page on which the user chooses how to sign in. The parameters are still the app's, \
        so Cognito checks them once more here. If the app sends identity_provider, this page isn't \
        shown.",
    ),
    source: "RFC 6749 §3.1.2; RFC 9700 §2.1",
    answer: None,
};

const COGNITO_LOGOUT: Lesson = Lesson {
    title: ("Cognito からログアウトする", "Sign out of Cognito"),
    why: (
        "Cognito は自分の Cookie を消し、登録されたログアウト URL へブラウザーを移動させます。アプリのトークンは、期限まで有効なままです。",
        "Cognito deletes its own cookie, and sends the browser to a registered logout URL. The \
        app's tokens stay valid until they expire.",
    ),
    source: "RFC 9700 §2.1",
    answer: None,
};

const APP_REVOKE: Lesson = Lesson {
    title: ("リフレッシュトークンを取り消す", "Revoke the refresh token"),
    why: (
        "リフレッシュトークンと、同じログインのアクセストークンは、Cognito ではもう使えません。署名だけを確かめる API は、アクセストークンを期限まで受け付けます。",
        "Cognito no longer accepts the refresh token and the access tokens of the same sign-in. An \
        API that checks only the signature takes an access token until it expires.",
    ),
    source: "RFC 7009 §2.1",
    answer: None,
};

const COGNITO_AUTHORIZE: Lesson = Lesson {
    title: ("マイナアプリを選ぶ", "Choose the Myna App"),
    why: (
        "Cognito にとって、ブリッジはふつうの OpenID Provider です。Cognito は、自分の長い state だけを付けて、ブラウザーをブリッジへ移動させます。\
        nonce も PKCE も付けません。デジタル認証アプリサービスは nonce と PKCE を必ず求めるので、この後でブリッジが補います。",
        "To Cognito, the bridge is an ordinary OpenID Provider. Cognito sends the browser to the \
        bridge with a long state of its own, but without nonce and PKCE. The Digital \
        Authentication App service requires both, so the bridge adds them next.",
    ),
    source: "RFC 6749 §4.1.1; RFC 9700 §2.1.1",
    answer: None,
};

const BRIDGE_AUTHORIZE: Lesson = Lesson {
    title: ("ブリッジが引き継ぐ", "The bridge takes over"),
    why: (
        "ブリッジは、サービスに送る state・nonce・code_challenge を新しく作ります。Cognito の長い state と、後で必要な値は、暗号化して \
        Cookie に入れ、このブラウザーに保存します。そのため、ブリッジにデータベースは要りません。また、別のブラウザーでこのログインを続けることはできません。",
        "The bridge makes its own state, nonce and code_challenge for the service. Cognito’s long \
        state, and the values that are needed later, go into a sealed (encrypted) cookie in this \
        browser. So the bridge needs no database, and no other browser can go on with this login.",
    ),
    source: "RFC 7636 §4.2; OIDC Core §3.1.2.1; RFC 9700 §4.7.1",
    answer: None,
};

const SERVICE_AUTHORIZE: Lesson = Lesson {
    title: ("サービスに認証を求める", "Ask the service to authenticate"),
    why: (
        "サービスは、クライアントとリダイレクト URI が登録されているか、state・nonce・PKCE がそろっているか、知らないパラメーターがないかを、\
        1つずつ確かめます（OAuth では、知らないパラメーターを無視してもかまいません。シミュレーターは、間違いに気づけるように拒否します）。実際のサービスでは、\
        ここでスマートフォンのアプリが開き、マイナンバーカードを読み取ります。",
        "The service checks one by one that the client and the redirect URI are registered, that \
        state, nonce and PKCE are there, and that there is no unknown parameter (in OAuth, unknown \
        parameters may be ignored; the stand-in refuses them, so that mistakes are noticed). With \
        the real service, the app on the phone opens now, and reads the My Number Card.",
    ),
    source: "RFC 6749 §3.1; OIDC Core §3.1.2.2; RFC 7636 §4.3",
    answer: None,
};

const TEST_CARD_PAGE: Lesson = Lesson {
    title: ("カードの画面を開く", "Open the card’s page"),
    why: (
        "カードと暗証番号の代わりに、テスト利用者とサービスの応答を選ぶ画面です。この画面はサービスの画面なので、ここでの操作は、アプリ、Cognito、ブリッジのどれからも見えません。",
        "On this page, a test person and the service’s answer are chosen, in place of card and \
        PIN. The page belongs to the service. The app, Cognito and the bridge can’t see what is \
        done there.",
    ),
    source: "OIDC Core §3.1.2.3",
    answer: None,
};

const TEST_CARD: Lesson = Lesson {
    title: ("本人を認証する", "Authenticate"),
    why: (
        "実際のサービスでは、カードの中の鍵で署名して、本人であることを証明します。その鍵がカードの外に出ることはありません。アプリが受け取るのは、後で届く、\
        だれが認証されたかを示す署名付きの情報だけです。",
        "With the real service, a key in the card signs, and so proves who the user is. That key \
        never leaves the card. All that the app gets is a signed statement, later, of who was \
        authenticated.",
    ),
    source: "OIDC Core §3.1.2.3",
    answer: None,
};

const CANCEL: Lesson = Lesson {
    title: ("キャンセルして戻る", "Cancel, and go back"),
    why: (
        "利用者がカードの画面でキャンセルすると、サービスは、コードの代わりにエラー access_denied を付けて、ブラウザーを戻します。\
        だれのカードかは、どこにも伝わりません。",
        "If the user cancels on the card’s page, the service sends the browser back with the error \
        access_denied in place of a code. Nobody learns whose card it is.",
    ),
    source: "RFC 6749 §4.1.2.1; OIDC Core §3.1.2.6",
    answer: None,
};

const REFUSE: Lesson = Lesson {
    title: ("同意せずに戻る", "Refuse consent, and go back"),
    why: (
        "利用者が同意しなければ、サービスは、コードの代わりにエラー access_denied を付けて、ブラウザーを戻します。情報は、何も渡しません。",
        "If the user doesn’t consent, the service sends the browser back with the error \
        access_denied in place of a code. Nothing is handed over.",
    ),
    source: "RFC 6749 §4.1.2.1; OIDC Core §3.1.2.6",
    answer: None,
};

const CONSENT_PAGE: Lesson = Lesson {
    title: ("渡す情報を確かめる", "See what is handed over"),
    why: (
        "情報を渡す前に、だれに何を渡すのかを利用者に示します。渡す属性は、ブリッジが要求した scope の属性と完全に一致します。",
        "Before anything is handed over, the user sees what will be handed over, and to whom. \
        These are exactly the attributes of the scopes that the bridge requested.",
    ),
    source: "OIDC Core §3.1.2.4; OIDC Core §5.4",
    answer: None,
};

const CONSENT: Lesson = Lesson {
    title: ("同意して戻る", "Consent, and go back"),
    why: (
        "利用者が同意すると、サービスは、1回だけ使えるコードを付けて、登録済みのリダイレクト URI へブラウザーを戻します。コードは URL に現れるので、\
        コードだけでは何もできないようになっています。コードを使うには、クライアントの署名と code_verifier が必要です。",
        "When the user consents, the service sends the browser back to the registered redirect \
        URI, with a code that can be used once. The code appears in a URL, so it is useless by \
        itself. Using it takes the client’s signature and the code_verifier.",
    ),
    source: "RFC 6749 §4.1.2; RFC 6749 §10.5",
    answer: None,
};

const BRIDGE_CALLBACK: Lesson = Lesson {
    title: ("ブリッジに戻る", "Back at the bridge"),
    why: (
        "ブリッジは Cookie を復号し、state が同じであることを確かめます。これで、ログインを始めたブラウザーと同じであることが分かります。iss も確かめ、\
        別のサービスの応答を混ぜる攻撃（mix-up）を防ぎます。サービスのコードは、暗号化して自分のコードの中に入れ、Cognito に渡します。Cognito の state は、\
        1バイトも変えずに返します。",
        "The bridge opens the sealed cookie, and checks that state is the same. This shows that it \
        is the browser in which the login began. The bridge also checks iss, to prevent attacks \
        that mix in the answer of another service (mix-up). It passes the service’s code to \
        Cognito sealed inside a code of its own, and returns Cognito’s state byte for byte.",
    ),
    source: "RFC 6749 §10.12; RFC 9207 §2.4; RFC 9700 §4.4",
    answer: None,
};

const IDP_RESPONSE: Lesson = Lesson {
    title: ("Cognito に戻る", "Back at Cognito"),
    why: (
        "Cognito も、自分の Cookie と state を確かめます。ここからは、ブラウザーを待たせたまま、サーバーどうしが直接通信します（バックチャネル）。そのため、\
        トークンも基本4情報も、ブラウザーの URL には現れません。",
        "Cognito, too, checks its cookie and its state. From here on, the servers talk to each \
        other directly while the browser waits (the back channel). So no token and no attribute \
        ever appears in a URL of the browser.",
    ),
    source: "RFC 6749 §10.12; OIDC Core §3.1.2.7",
    answer: Some((
        "アプリへ送り返す（Cognito のコード）",
        "Send the browser to the app, with Cognito’s code",
    )),
};

const BRIDGE_TOKEN: Lesson = Lesson {
    title: ("コードを引き換える（Cognito）", "Redeem the code (Cognito)"),
    why: (
        "Cognito は、ブリッジと共有するシークレット（client_secret）で認証を受け、暗号化されたコードを送ります。ブリッジはコードを復号し、自分が発行したこと、\
        発行から60秒以内であること、このクライアントに発行したことを確かめます。その後、中に入っていたサービスのコードを、サービスに送ります。",
        "Cognito authenticates with a secret that it shares with the bridge (client_secret), and \
        sends the sealed code. The bridge opens the code, and checks that it issued the code \
        itself, within the last 60 s, to this client. Then it sends the service’s code that was \
        inside to the service.",
    ),
    source: "RFC 6749 §4.1.3; RFC 6749 §2.3.1",
    answer: Some((
        "ブリッジの IDトークンを渡す",
        "Hand over the bridge’s ID token",
    )),
};

const SERVICE_TOKEN: Lesson = Lesson {
    title: ("コードを引き換える（ブリッジ）", "Redeem the code (bridge)"),
    why: (
        "ブリッジとサービスの間に、共有するシークレットはありません。ブリッジは、自分の鍵で署名した、有効期間が60秒以内の JWT（クライアントアサーション）で認証を受けます。本番では、\
        その鍵が AWS KMS の外に出ることはありません（このデモでは、起動のたびに手元で作る鍵を使います）。code_verifier は、\
        ログインを始めたのがこのブリッジであることを示します。サービスは、コードも jti も、1回しか受け付けません。",
        "The bridge and the service share no secret. The bridge authenticates with a JWT (client \
        assertion) that is signed with its own key and valid for 60 s at most. In production that \
        key never leaves AWS KMS (this demo uses a local key, made at every start). The \
        code_verifier shows that this bridge began the login. The service accepts a code, and a \
        jti, only once.",
    ),
    source: "RFC 7523 §2.2; RFC 7636 §4.5; RFC 6749 §4.1.3",
    answer: None,
};

const SERVICE_KEYS: Lesson = Lesson {
    title: ("サービスの公開鍵を得る", "Get the service’s keys"),
    why: (
        "IDトークンの署名を検証するための公開鍵です。ブリッジは鍵を保持しておき、知らない kid の IDトークンが届いたときだけ、取得し直します。そのため、サービスが鍵を替えても、\
        ログインは止まりません。",
        "These public keys verify the ID token’s signature. The bridge keeps them, and fetches \
        them again only when an ID token has an unknown kid. So logins go on when the service \
        changes its keys.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §4.5",
    answer: None,
};

const SERVICE_USERINFO: Lesson = Lesson {
    title: ("基本4情報を受け取る", "Get the four attributes"),
    why: (
        "氏名・住所・生年月日・性別は、IDトークンからではなく、ここで受け取ります。ブリッジは、sub が IDトークンと同じであることと、属性の形式が正しいことを確かめます。\
        問題が1つでもあれば、ログイン全体が失敗します。一部だけ成功することはありません。",
        "Name, address, birth date and gender come from here, not from the ID token. The bridge \
        checks that sub is that of the ID token, and that the attributes have the right form. If \
        anything is wrong, the whole login fails. It never succeeds in part.",
    ),
    source: "OIDC Core §5.3; RFC 6750 §2.1",
    answer: None,
};

const BRIDGE_KEYS: Lesson = Lesson {
    title: ("ブリッジの公開鍵を得る", "Get the bridge’s keys"),
    why: (
        "Cognito は、IDトークンを検証するたびに、ブリッジの公開鍵を取得します。ブリッジは、新しい鍵を署名に使う前から、ここで公開しておきます。",
        "Cognito fetches the bridge’s public keys every time it verifies an ID token. The bridge \
        publishes a new key here before it signs with it.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §5",
    answer: None,
};

const COGNITO_ID_TOKEN: Lesson = Lesson {
    title: ("IDトークンを確かめる", "Verify the ID token"),
    why: (
        "Cognito は、IDトークンの内容を使う前に、署名・発行者・宛先・期限を検証します。IDトークンは署名された文書にすぎないので、受け取った側が検証して、はじめて信頼できます。",
        "Before Cognito uses the content of the ID token, it verifies signature, issuer, audience \
        and expiry. An ID token is only a signed document. It can be trusted only once its \
        receiver has verified it.",
    ),
    source: "OIDC Core §3.1.3.7",
    answer: None,
};

const BRIDGE_USERINFO: Lesson = Lesson {
    title: ("属性を取得する", "Request the attributes"),
    why: (
        "ブリッジは何も保存していません。Cognito に渡したアクセストークンは、検証済みのクレームを暗号化した値です。ここでは、アクセストークンを復号してクレームを返すだけで、\
        サービスには問い合わせません。",
        "The bridge stores nothing. The access token that it gave to Cognito is the verified \
        claims, sealed. Here the bridge only opens the access token and returns the claims. It \
        doesn’t ask the service.",
    ),
    source: "OIDC Core §5.3; RFC 6750 §2.1",
    answer: None,
};

const COGNITO_USERINFO: Lesson = Lesson {
    title: ("userinfo を確かめる", "Check userinfo"),
    why: (
        "userinfo の応答は、sub が IDトークンと同じとき、つまり同じ人の情報であるときだけ使えます。",
        "The answer of userinfo may be used only if its sub is the ID token’s, that is, if it is \
        about the same person.",
    ),
    source: "OIDC Core §5.3.2",
    answer: None,
};

const USER_POOL: Lesson = Lesson {
    title: ("ユーザープールに書き込む", "Write into the user pool"),
    why: (
        "Cognito は、クレームの値を、属性マッピングのとおりにユーザープールの属性に書き込みます。値は、ログインのたびに新しくなります。この図には個人情報を示さないので、\
        値の大きさだけを示しています。",
        "Cognito writes the values of the claims into attributes of the user pool, as the \
        attribute mapping says. They are updated at every login. This diagram shows no personal \
        information, so it shows only the sizes of the values.",
    ),
    source: "Cognito: attribute mapping",
    answer: None,
};

const INBOUND_FEDERATION: Lesson = Lesson {
    title: ("書き込む前に確かめる", "Check before it is written"),
    why: (
        "Cognito がユーザープールに書き込む前に、トリガーの関数がプロバイダーの応答を調べ、どのクレームを書き込むかを決めます。関数は、暗号化された記録を復号し、\
        この利用者の記録であることを確かめ、属性の値を記録から取ります。疑わしい点があればエラーを返し、ログインは失敗します。図には、名前と大きさだけを示しています。",
        "Before Cognito writes into the user pool, a trigger function examines the provider’s \
        answer, and decides which claims are written. It opens the sealed record, checks that it \
        is this user’s record, and takes the values of the attributes from it. If anything is \
        doubtful, it returns an error, and the login fails. The diagram shows only names and \
        sizes.",
    ),
    source: "Cognito: Lambda triggers",
    answer: Some(("書き込むクレームを返す", "Return the claims to write")),
};

const TOKEN_GENERATION: Lesson = Lesson {
    title: ("トークンの中身を決める", "Decide the content of the tokens"),
    why: (
        "Cognito がトークンを作る前に、トリガーの関数が、アプリの要求した scope に応じてクレームを決めます。ユーザープールの属性は、利用者が書き換えているかもしれません。\
        そのため、関数は、暗号化された記録を復号して検証し直し、要求されていない情報はトークンに入れません。",
        "Before Cognito makes tokens, a trigger function decides the claims according to the \
        scopes that the app requested. Users may have overwritten attributes in the user pool. So \
        the function opens the sealed record and verifies it again, and puts nothing into the \
        tokens that wasn’t requested.",
    ),
    source: "Cognito: Lambda triggers",
    answer: Some(("クレームを返す", "Return the claims")),
};

const TOKEN_GENERATION_AGAIN: Lesson = Lesson {
    title: (
        "トークンの中身を決め直す",
        "Decide the content of the tokens again",
    ),
    why: (
        "トークンを更新するときも、トリガーの関数がクレームを決めます。年齢は、更新した日の日付で計算し直します。",
        "When tokens are refreshed, the trigger function decides the claims again. Ages are \
        calculated again, for the date of the refresh.",
    ),
    source: "Cognito: Lambda triggers",
    answer: Some(("クレームを返す", "Return the claims")),
};

const ADMIN_GET_USER: Lesson = Lesson {
    title: ("記録を読む", "Read the record"),
    why: (
        "届いたイベントに記録の属性がないとき、関数は、自分の権限（IAM ロール）でユーザープールから記録を読みます。シミュレーターは、リクエストの署名の形式だけを確かめます。\
        署名が正しいかどうかは確かめません。",
        "If the event doesn’t have the attribute with the record, the function reads the record \
        from the user pool with its own IAM role. The stand-in checks only the form of the \
        request’s signature, and doesn’t verify it.",
    ),
    source: "Cognito: user pools API",
    answer: None,
};

const GET_USER: Lesson = Lesson {
    title: ("自分の属性を読む", "Read one’s own attributes"),
    why: (
        "アクセストークンに aws.cognito.signin.user.admin があれば、ユーザーは、アプリクライアントに許可された自分の属性を読めます。",
        "With aws.cognito.signin.user.admin in the access token, users can read those of their own \
        attributes that the app client may read.",
    ),
    source: "Cognito: user pools API",
    answer: None,
};

const UPDATE_USER: Lesson = Lesson {
    title: ("自分の属性を書き換える", "Overwrite one’s own attributes"),
    why: (
        "アクセストークンに aws.cognito.signin.user.admin があれば、ユーザーは自分の属性を書き換えられます。そのため、ユーザープールにある値が、\
        検証済みの情報とは限りません。",
        "With aws.cognito.signin.user.admin in the access token, users can overwrite their own \
        attributes. So a value in the user pool isn’t necessarily verified.",
    ),
    source: "Cognito: attribute permissions",
    answer: None,
};

const APP_CALLBACK: Lesson = Lesson {
    title: ("アプリに戻る", "Back at the app"),
    why: (
        "アプリも、state が自分の発行した値であることと、ログインを始めたブラウザーに戻ったことを確かめます。これを確かめないと、利用者が、\
        気づかないうちに攻撃者のアカウントでログインさせられることがあります（ログイン CSRF）。",
        "The app, too, checks that it issued this state, and that the browser is the one in which \
        the login began. Without these checks, a user could be signed in to an attacker’s account \
        without noticing (login CSRF).",
    ),
    source: "RFC 6749 §10.12; RFC 9700 §4.7.1",
    answer: Some(("アプリの結果を返す", "Return the app’s result")),
};

const APP_TOKEN: Lesson = Lesson {
    title: ("コードを引き換える（アプリ）", "Redeem the code (app)"),
    why: (
        "アプリにはシークレットがありません（パブリッククライアント）。その代わりに code_verifier を送り、ログインを始めたのがこのアプリであることを示します。\
        コードだけを盗んだ人は、code_verifier を知りません。",
        "The app has no secret (it is a public client). Instead it sends the code_verifier, and so \
        shows that it began this login. A person who only stole the code doesn’t know the \
        code_verifier.",
    ),
    source: "RFC 7636 §4.5; RFC 6749 §4.1.3",
    answer: None,
};

const REFRESH: Lesson = Lesson {
    title: ("トークンを更新する", "Refresh the tokens"),
    why: (
        "トークンは1時間で期限が切れます。アプリは、ログインのときに受け取ったリフレッシュトークンを使い、利用者の操作もカードもなしに、新しいトークンを得ます。更新を要求できるのは、\
        この利用者のセッションがあるブラウザーだけです。",
        "Tokens expire after an hour. With the refresh token from the sign-in, the app gets new \
        tokens, without the user and without the card. Only the browser that has this user’s \
        session can request this.",
    ),
    source: "RFC 6749 §1.5",
    answer: Some(("アプリの結果を返す", "Return the app’s result")),
};

const APP_REFRESH: Lesson = Lesson {
    title: ("リフレッシュトークンを使う", "Use the refresh token"),
    why: (
        "スコープはログインのときと同じで、増やすことはできません。クレームは新しく作られるので、年齢は今日の日付で計算し直されます。本人確認の日時は、ログインのときと変わりません。",
        "The scopes stay the same as at the sign-in, and can’t be extended. The claims are made \
        again, so ages are calculated for today. The time at which the identity was verified \
        doesn’t change.",
    ),
    source: "RFC 6749 §6; OIDC Core §12",
    answer: None,
};

const APP_KEYS: Lesson = Lesson {
    title: ("ユーザープールの公開鍵を得る", "Get the user pool’s keys"),
    why: (
        "アプリが受け取った IDトークンの署名を確かめるための公開鍵です。",
        "The app uses these public keys to verify the signature of the ID token that it received.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §5",
    answer: None,
};

const APP_ID_TOKEN: Lesson = Lesson {
    title: ("IDトークンを確かめる", "Verify the ID token"),
    why: (
        "アプリは、発行者がユーザープールであること、宛先（audience）がこのアプリであること、期限内であること、署名が正しいこと、nonce が自分の送った値であること、\
        アクセストークンが IDトークンに対応することを確かめます。1つでも違えば、ログインは失敗します。",
        "The app checks that the issuer is the user pool, that the audience is this app, that the \
        token hasn’t expired, that the signature is valid, that the nonce is the one that the app \
        sent, and that the access token belongs to the ID token. If one check fails, nobody is \
        signed in.",
    ),
    source: "OIDC Core §3.1.3.7; OIDC Core §3.1.3.8",
    answer: None,
};

const APP_USERINFO: Lesson = Lesson {
    title: ("userinfo を取得する", "Request userinfo"),
    why: (
        "アプリは、アクセストークンを送り、Cognito が持つ属性を取得します。sub が IDトークンと同じことも確かめます。図には、属性の値ではなく、\
        クレームの名前だけを示しています。",
        "The app sends the access token, and gets the attributes that Cognito holds. It checks \
        that the sub is the ID token’s. The diagram shows the names of the claims, not their \
        values.",
    ),
    source: "OIDC Core §5.3",
    answer: None,
};

/// What a parameter is for, if it is one that a newcomer may not know.
pub(super) fn meaning(name: &str) -> Option<Text> {
    let text = match name {
        "state" => (
            "送り出したブラウザーが戻ってきたことを確かめるための値",
            "Shows that the same browser comes back",
        ),
        "nonce" => (
            "IDトークンをこのログインに結びつける値",
            "Ties the ID token to this login",
        ),
        "code_challenge" => (
            "code_verifier のハッシュ（SHA-256）",
            "The hash (SHA-256) of the code_verifier",
        ),
        "code_challenge_method" => ("ハッシュの方式", "The hash method"),
        "code_verifier" => (
            "ログインを始めたクライアントだけが知る値",
            "Known only to the client that began the login",
        ),
        "code" => (
            "1回だけトークンに交換できる値",
            "Can be exchanged for tokens, once",
        ),
        "client_id" => (
            "リクエストを送るクライアント",
            "The client that sends the request",
        ),
        "client_secret" => ("共有するシークレット", "The shared secret"),
        "client_assertion" => (
            "自分の鍵で署名した、クライアント認証のための JWT",
            "A signed JWT with which the client authenticates",
        ),
        "client_assertion_type" => ("クライアント認証の方法", "How the client authenticates"),
        "redirect_uri" => (
            "ブラウザーを戻す先。登録済みの URI だけ",
            "Where the browser goes back to. Registered URIs only",
        ),
        "location" => ("ブラウザーの次の行き先", "Where the browser goes next"),
        "response_type" => (
            "求める応答の種類（コード）",
            "The kind of response requested (a code)",
        ),
        "grant_type" => (
            "トークンと交換するものの種類",
            "The kind of thing exchanged for tokens",
        ),
        "scope" => ("求める情報の範囲", "The information requested"),
        "acr_values" => (
            "求める認証の強さ",
            "The strength of authentication requested",
        ),
        "iss" => ("応答の発行者", "The issuer of the answer"),
        "issuer" => ("サービスの発行者の名前", "The service’s name as an issuer"),
        "id_token.alg" => ("署名の方式", "How the token is signed"),
        "id_token.kid" => ("署名した鍵の名前", "The name of the key that signed"),
        "id_token.iss" => ("IDトークンの発行者", "The issuer of the ID token"),
        "id_token.aud" => ("IDトークンの宛先", "For whom the ID token is"),
        "id_token.azp" => (
            "IDトークンを求めたクライアント",
            "The client that asked for it",
        ),
        "id_token.exp" => ("有効期限", "When it expires"),
        "id_token.iat" => ("発行の時刻", "When it was issued"),
        "id_token.nbf" => ("これより前は無効", "Not valid before"),
        "id_token.auth_time" => ("本人を認証した時刻", "When the person was authenticated"),
        "id_token.acr" => ("認証の強さ", "The strength of authentication"),
        "id_token.at_hash" => ("アクセストークンのハッシュ", "The hash of the access token"),
        "id_token.nonce" => (
            "IDトークンをこのログインに結びつける値",
            "Ties the ID token to this login",
        ),
        "id_token.sub" => (
            "利用者の識別子（長さだけ）",
            "The user’s identifier (its length only)",
        ),
        "content-type" => ("応答の本文の種類", "The kind of the answer’s body"),
        "body" => ("応答の本文", "The answer’s body"),
        "session_state" => (
            "サービスのセッションの識別子（使わない）",
            "Identifies the service’s session (unused)",
        ),
        "identity_provider" => ("選んだログインの方法", "The chosen way to sign in"),
        "lang" => ("画面の言語", "Language of the pages"),
        "set-cookie" => ("ブラウザーに保存する値", "What the browser stores"),
        "cookie" => ("ブラウザーが保存していた値", "What the browser has stored"),
        "authorization" => ("アクセストークン（Bearer）", "The access token (Bearer)"),
        "id_token" => (
            "だれが認証されたかを示す署名付きの情報",
            "The signed statement of who was authenticated",
        ),
        "access_token" => (
            "属性を取得するためのトークン",
            "The token for requesting the attributes",
        ),
        "refresh_token" => (
            "新しいトークンを得るためのトークン（ブリッジは使わない）",
            "The token for getting new tokens (unused by the bridge)",
        ),
        "tokenResponse" => (
            "プロバイダーのトークンの応答の内容",
            "The content of the provider’s token answer",
        ),
        "idToken" => ("IDトークンのクレーム", "The ID token’s claims"),
        "userInfo" => ("userinfo のクレーム", "The claims of userinfo"),
        "userAttributesToMap" => (
            "ユーザープールに書き込むクレーム",
            "The claims to write into the user pool",
        ),
        "userAttributes" | "UserAttributes" => (
            "ユーザープールの属性の名前",
            "The names of the attributes in the user pool",
        ),
        "scopes" => (
            "アプリが要求したスコープ",
            "The scopes that the app requested",
        ),
        "groupsToOverride" => ("ユーザーのグループ", "The user’s groups"),
        "idToken: add" => ("IDトークンに加えるクレーム", "Claims added to the ID token"),
        "idToken: suppress" => (
            "IDトークンから除くクレーム",
            "Claims removed from the ID token",
        ),
        "accessToken: add" => (
            "アクセストークンに加えるクレーム",
            "Claims added to the access token",
        ),
        "accessToken: suppress" => (
            "アクセストークンから除くクレーム",
            "Claims removed from the access token",
        ),
        "token_type" => ("トークンの使い方", "How the token is used"),
        "expires_in" => ("有効な秒数", "Lifetime in seconds"),
        "error" => ("エラーの種類", "The kind of error"),
        "error_description" => (
            "エラーの説明（ブリッジからは、エラー分類とサポート番号）",
            "Describes the error (from the bridge: class and support id)",
        ),
        "ticket" => (
            "暗号化した、本人確認の始まり（5分間）",
            "The sealed beginning of a verification (five minutes)",
        ),
        "return_url" => (
            "本人確認の後に戻る先。設定した URL だけ",
            "Where the browser goes after the verification. Configured URLs only",
        ),
        "verification_code" => (
            "始めた会員だけが完了に使える値",
            "Only the member who began can complete with it",
        ),
        "verification_error" => (
            "完了しない理由（エラー分類）",
            "Why there is no code: the class",
        ),
        "verification_support_id" => ("サポート番号", "The support id"),
        "continuation" => (
            "カードを読み取り直さずに続けるための値",
            "To go on without reading the card again",
        ),
        "custom:member_record" => ("会員の記録（暗号化済み）", "The member’s record (sealed)"),
        "login" => ("進行中のログインの識別子", "Identifies the pending login"),
        "persona" => ("選んだテスト利用者", "The chosen test person"),
        "answer" => ("選んだ応答", "The chosen answer"),
        "claims" => ("受け取ったクレームの名前", "The names of the claims"),
        "sub" => ("利用者の識別子", "The user’s identifier"),
        _ => return None,
    };
    Some(text)
}
