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
type Text = (&'static str, &'static str);

/// The lesson of a hop, if there is one.
pub(super) fn lesson(hop: &Hop) -> Option<Lesson> {
    use Party::{App, Bridge, Browser, Cognito, Service};
    let (method, path) = hop
        .request
        .split_once(' ')
        .unwrap_or((hop.request.as_str(), ""));
    let status = hop.step.as_ref().and_then(|step| step.status);
    let last = path.rsplit('/').next().unwrap_or_default();
    let lesson = match (hop.from, hop.to, method, last) {
        (Browser, App, "GET", "login") => LOGIN,
        (Browser, App, "GET", "callback") => APP_CALLBACK,
        (Browser, App, "POST", "refresh") => REFRESH,
        (Browser, Cognito, "GET", "authorize") if status == Some(200) => HOSTED_PAGE,
        (Browser, Cognito, "GET", "authorize") => COGNITO_AUTHORIZE,
        (Browser, Cognito, "GET", "idpresponse") => IDP_RESPONSE,
        (Browser, Bridge, "GET", "authorize") => BRIDGE_AUTHORIZE,
        (Browser, Bridge, "GET", "callback") => BRIDGE_CALLBACK,
        (Browser, Service, "GET", "auth") => SERVICE_AUTHORIZE,
        (Browser, Service, "GET", "test-card") => TEST_CARD_PAGE,
        (Browser, Service, "POST", "test-card") => TEST_CARD,
        (Browser, Service, "GET", "consent") => CONSENT_PAGE,
        (Browser, Service, "POST", "consent") => CONSENT,
        (Cognito, Bridge, "POST", "token") => BRIDGE_TOKEN,
        (Cognito, Bridge, "GET", "jwks.json") => BRIDGE_KEYS,
        (Cognito, Bridge, "GET" | "POST", "userinfo") => BRIDGE_USERINFO,
        (Bridge, Service, "POST", "token") => SERVICE_TOKEN,
        (Bridge, Service, "GET", "certs") => SERVICE_KEYS,
        (Bridge, Service, "GET", "userinfo") => SERVICE_USERINFO,
        (App, Cognito, "POST", "token") if grants(hop, "refresh_token") => APP_REFRESH,
        (App, Cognito, "POST", "token") => APP_TOKEN,
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

/// Whether a token request has this `grant_type`.
fn grants(hop: &Hop, grant_type: &str) -> bool {
    let parameters = hop.step.iter().flat_map(|step| &step.parameters);
    let mut grants = parameters.filter(|parameter| parameter.name == "grant_type");
    grants.any(|parameter| parameter.value == grant_type)
}

const LOGIN: Lesson = Lesson {
    title: ("ログインを始める", "Begin the login"),
    why: (
        "アプリは、このログインだけで使う値を3つ作って覚えます。state は戻ってきたのが同じブラウザーか、nonce は届いた IDトークンがこのログインのものか、\
        code_verifier はコードを持ってきたのが自分かを、あとで確かめるためのものです。ブラウザーには、行き先と、\
        値そのものではなく code_challenge（code_verifier のハッシュ）を渡します。",
        "The app makes three values for this login alone, and remembers them: state, to see later \
        that the same browser came back; nonce, to see that the ID token belongs to this login; \
        code_verifier, to show that whoever redeems the code is the app itself. The browser gets \
        the way to go, and of the verifier only its hash, the code_challenge.",
    ),
    source: "RFC 6749 §10.12; OIDC Core §3.1.2.1; RFC 7636 §4.1",
    answer: None,
};

const HOSTED_PAGE: Lesson = Lesson {
    title: ("ログイン画面を開く", "Open the sign-in page"),
    why: (
        "Cognito は、アプリのクライアント ID とコールバック URL が登録されたものと1文字も違わないことを先に確かめます。\
        ここを緩くすると、コードを別のサイトへ送らせることができてしまいます。確かめたあとで、ログインの方法を選ぶ画面を出します。",
        "Cognito first checks that client id and callback URL are exactly those that are \
        registered: if it were lax, somebody could have the code sent to another site. Then it \
        shows the page on which one chooses how to sign in.",
    ),
    source: "RFC 6749 §3.1.2; RFC 9700 §2.1",
    answer: None,
};

const COGNITO_AUTHORIZE: Lesson = Lesson {
    title: ("マイナアプリを選ぶ", "Choose the Myna App"),
    why: (
        "Cognito から見ると、ブリッジはふつうの OpenID Provider です。Cognito は、自分の長い state だけを付けて、ブラウザーを送り出します。\
        nonce も PKCE も付けません。デジタル認証アプリサービスが必ず求めるこの2つを、このあとブリッジが補います。",
        "To Cognito, the bridge is an ordinary OpenID Provider. It sends the browser there with a \
        long state of its own, and with neither nonce nor PKCE. The service demands both, so the \
        bridge adds them.",
    ),
    source: "RFC 6749 §4.1.1; RFC 9700 §2.1.1",
    answer: None,
};

const BRIDGE_AUTHORIZE: Lesson = Lesson {
    title: ("ブリッジが引き継ぐ", "The bridge takes over"),
    why: (
        "ブリッジは、サービスに送る自分の state・nonce・code_challenge を新しく作ります。Cognito の長い state と、あとで要る値は、\
        暗号で封をした Cookie に入れ、このブラウザーに預けます。だからデータベースが要らず、別のブラウザーでは続きができません。",
        "The bridge makes a state, a nonce and a code_challenge of its own for the service. \
        Cognito’s long state, and what is needed later, go into a sealed (encrypted) cookie that \
        this browser keeps. So there is no database, and no other browser can go on with this \
        login.",
    ),
    source: "RFC 7636 §4.2; OIDC Core §3.1.2.1; RFC 9700 §4.7.1",
    answer: None,
};

const SERVICE_AUTHORIZE: Lesson = Lesson {
    title: ("サービスに認証を求める", "Ask the service"),
    why: (
        "サービスは、登録されたクライアントとリダイレクト URI か、state・nonce・PKCE がそろっているか、知らないパラメーターがないかを、\
        1つずつ確かめます（知らないパラメーターは、OAuth では無視してよいものですが、シミュレーターは間違いに気づけるように拒否します）。\
        本物ではここでスマートフォンのアプリが開き、マイナンバーカードを読みます。",
        "The service checks one by one: is the client registered, and the redirect URI; are state, \
        nonce and PKCE there; is there no parameter that it doesn’t know (OAuth would ignore one; \
        the stand-in refuses it, so that a mistake is seen). In real life the app on the phone \
        opens now, and reads the My Number Card.",
    ),
    source: "RFC 6749 §3.1; OIDC Core §3.1.2.2; RFC 7636 §4.3",
    answer: None,
};

const TEST_CARD_PAGE: Lesson = Lesson {
    title: ("カードの画面を開く", "Open the card’s page"),
    why: (
        "カードと暗証番号のかわりに、テスト利用者とサービスの応答を選ぶ画面です。この画面はサービスのもので、アプリも Cognito もブリッジも、ここでの操作を見ることはできません。",
        "The page on which a test person and the service’s answer are chosen, in place of card and \
        PIN. It is the service’s own: neither app nor Cognito nor bridge sees what is done there.",
    ),
    source: "OIDC Core §3.1.2.3",
    answer: None,
};

const TEST_CARD: Lesson = Lesson {
    title: ("本人を認証する", "Authenticate"),
    why: (
        "本物では、カードの中の鍵で署名して、本人であることを示します。その鍵がカードの外に出ることはありません。アプリが受け取るのは、あとで届く「だれであるか」\
        という署名付きの答えだけです。",
        "In real life a key in the card signs, and so shows who is there. That key never leaves \
        the card; all that the app will get is a signed statement of who it was.",
    ),
    source: "OIDC Core §3.1.2.3",
    answer: None,
};

const CONSENT_PAGE: Lesson = Lesson {
    title: ("渡す情報を確かめる", "See what is handed over"),
    why: (
        "だれに何を渡すのかを、渡す前に本人に示します。ブリッジが求めた scope の属性だけで、それより多くも少なくもありません。",
        "Before anything is handed over, the person sees what, and to whom: the attributes of the \
        scopes that the bridge asked for, no more and no fewer.",
    ),
    source: "OIDC Core §3.1.2.4; OIDC Core §5.4",
    answer: None,
};

const CONSENT: Lesson = Lesson {
    title: ("同意して戻る", "Consent, and go back"),
    why: (
        "同意すると、サービスは1回だけ使えるコードを付けて、登録済みのリダイレクト URI へブラウザーを戻します。コードは URL に現れるので、\
        それだけでは何もできないように作られています。使うには、クライアントの署名と code_verifier が要ります。",
        "The service sends the browser back to the registered redirect URI with a code that works \
        once. The code stands in a URL, so it is made useless by itself: to redeem it takes the \
        client’s signature and the code_verifier.",
    ),
    source: "RFC 6749 §4.1.2; RFC 6749 §10.5",
    answer: None,
};

const BRIDGE_CALLBACK: Lesson = Lesson {
    title: ("ブリッジに戻る", "Back at the bridge"),
    why: (
        "ブリッジは Cookie の封を開き、state が同じであること、つまりログインを始めたのと同じブラウザーであることを確かめます。\
        iss も確かめ、別のサービスの答えを混ぜる攻撃（mix-up）を防ぎます。サービスのコードは、自分の封に入れて Cognito に渡します。\
        Cognito の state は1バイトも変えません。",
        "The bridge opens the cookie’s seal and checks that state is the same: this is the browser \
        in which the login began. It checks iss too, against answers of another service mixed in. \
        The service’s code goes on to Cognito inside a seal of the bridge; Cognito’s own state \
        goes back byte for byte.",
    ),
    source: "RFC 6749 §10.12; RFC 9207 §2.4; RFC 9700 §4.4",
    answer: None,
};

const IDP_RESPONSE: Lesson = Lesson {
    title: ("Cognito に戻る", "Back at Cognito"),
    why: (
        "Cognito も、自分の Cookie と state を確かめます。ここから先は、ブラウザーを待たせたまま、サーバーどうしが直接話します（バックチャネル）。\
        トークンも基本4情報も、ブラウザーの URL には現れません。",
        "Cognito checks its own cookie and state. From here on, while the browser waits, servers \
        talk to each other (the back channel): no token and no attribute is ever in a URL of the \
        browser.",
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
        "Cognito は共有の秘密（client_secret）で名乗り、封をしたコードを出します。ブリッジは封を開き、自分が作ったものか、60秒以内か、\
        このクライアントのものかを確かめてから、中にあった本当のコードをサービスに出します。",
        "Cognito authenticates with a shared secret, and hands in the sealed code. The bridge \
        opens it, sees that it made it itself, within the last 60 s, for this client, and then \
        redeems the service’s code that was inside.",
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
        "サービスには共有の秘密がありません。ブリッジは、自分の鍵で署名した60秒以内の JWT（クライアントアサーション）で名乗ります。\
        本番の鍵は AWS KMS から出ません（このデモの鍵は、起動のたびに作る手元のものです）。code_verifier は、ログインを始めたのが自分であることを示します。\
        サービスはコードも jti も1回しか受け取りません。",
        "With the service there is no shared secret. The bridge authenticates with a JWT (client \
        assertion) that its own key signed, good for 60 s. In production that key never leaves AWS \
        KMS; in this demo it is a local one, new with every start. The code_verifier shows that it \
        began this login. The service takes the code, and the jti, once.",
    ),
    source: "RFC 7523 §2.2; RFC 7636 §4.5; RFC 6749 §4.1.3",
    answer: None,
};

const SERVICE_KEYS: Lesson = Lesson {
    title: ("サービスの公開鍵を得る", "Get the service’s keys"),
    why: (
        "IDトークンの署名を確かめる公開鍵です。ブリッジは覚えておき、知らない kid が来たときだけ取り直します。サービスが鍵を替えても、ログインは止まりません。",
        "The public keys that the ID token’s signature is checked with. The bridge keeps them, and \
        fetches them again only for a kid that it doesn’t know: so logins go on when the service \
        rotates its keys.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §4.5",
    answer: None,
};

const SERVICE_USERINFO: Lesson = Lesson {
    title: ("基本4情報を受け取る", "Get the four attributes"),
    why: (
        "氏名・住所・生年月日・性別は、IDトークンではなくここで受け取ります。sub が IDトークンと同じであること、形が正しいことを確かめます。\
        1つでも欠ければログインは失敗し、半分だけ成功することはありません。",
        "Name, address, birth date and gender come from here, not in the ID token. The sub must be \
        that of the ID token, and each must have its form. If one can’t be had, the login fails: \
        it never half succeeds.",
    ),
    source: "OIDC Core §5.3; RFC 6750 §2.1",
    answer: None,
};

const BRIDGE_KEYS: Lesson = Lesson {
    title: ("ブリッジの公開鍵を得る", "Get the bridge’s keys"),
    why: (
        "Cognito は、IDトークンが届くたびに鍵を取りに来ます。ブリッジは、新しい鍵を署名に使う前からここに載せておきます。",
        "Cognito fetches the keys for every ID token. The bridge publishes a new key here before \
        it signs with it.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §5",
    answer: None,
};

const COGNITO_ID_TOKEN: Lesson = Lesson {
    title: ("IDトークンを確かめる", "Verify the ID token"),
    why: (
        "届いた IDトークンを信じる前に、署名・発行者・宛先・期限を確かめます。IDトークンは署名された文書にすぎません。受け取った側が確かめて、はじめて意味を持ちます。",
        "Before the ID token is believed: its signature, issuer, audience and time. It is only a \
        signed document; it means something once its receiver has checked it.",
    ),
    source: "OIDC Core §3.1.3.7",
    answer: None,
};

const BRIDGE_USERINFO: Lesson = Lesson {
    title: ("属性を尋ねる", "Ask for the attributes"),
    why: (
        "ブリッジは何も保存していません。Cognito に渡したアクセストークンそのものが、確かめ終えたクレームを封じたものです。ここでは封を開いて答えるだけで、サービスには尋ねません。",
        "The bridge has stored nothing: the access token that Cognito holds is itself the verified \
        claims, sealed. Here the seal is opened, and nobody else is asked.",
    ),
    source: "OIDC Core §5.3; RFC 6750 §2.1",
    answer: None,
};

const COGNITO_USERINFO: Lesson = Lesson {
    title: ("userinfo を確かめる", "Check userinfo"),
    why: (
        "userinfo の答えは、IDトークンと同じ人（sub）のものでなければ使えません。",
        "What userinfo says may be used only if it is about the same person (sub) as the ID token.",
    ),
    source: "OIDC Core §5.3.2",
    answer: None,
};

const USER_POOL: Lesson = Lesson {
    title: ("ユーザープールに書き込む", "Write into the user pool"),
    why: (
        "クレームを、属性マッピングのとおりにユーザープールの属性へ写します。ログインのたびに新しくなります。この図には個人の情報を載せないので、値の大きさだけを示しています。",
        "Claims become attributes of the user pool, as the attribute mapping says, anew with every \
        login. This diagram shows nothing personal, so it tells their sizes only.",
    ),
    source: "Cognito: attribute mapping",
    answer: None,
};

const INBOUND_FEDERATION: Lesson = Lesson {
    title: ("書き込む前に確かめる", "Check before it is written"),
    why: (
        "Cognito がユーザープールに書き込む前に、トリガーの関数がプロバイダーの答えを見て、どのクレームを通すかを決めます。\
        関数は、封をした記録を開き、この人のものかを確かめ、属性をその記録から取ります。疑いがあればエラーを返し、だれもログインしません。図には、名前と大きさだけを載せています。",
        "Before Cognito writes into the user pool, a trigger function sees what the provider said, \
        and decides which claims go through. It opens the sealed record, checks that it is this \
        person’s, and takes the attributes from it. Any doubt is an error, and nobody is signed \
        in. The diagram shows names and sizes only.",
    ),
    source: "Cognito: Lambda triggers",
    answer: Some(("通すクレームを返す", "The claims that go through")),
};

const TOKEN_GENERATION: Lesson = Lesson {
    title: ("トークンの中身を決める", "Decide what the tokens hold"),
    why: (
        "トークンを作る前に、トリガーの関数が、アプリの求める範囲（scope）に応じてクレームを決めます。ユーザープールの属性は、本人が書き換えているかもしれません。\
        そのため関数は、封をした記録を開いて確かめ直し、求められていない情報は入れません。",
        "Before tokens are made, a trigger function decides their claims by what the app asked for \
        (scope). Users may have overwritten what the user pool holds. So the function opens the \
        sealed record again, and puts in nothing that wasn’t asked for.",
    ),
    source: "Cognito: Lambda triggers",
    answer: Some(("クレームを返す", "The claims")),
};

const TOKEN_GENERATION_AGAIN: Lesson = Lesson {
    title: (
        "トークンの中身を決め直す",
        "Decide anew what the tokens hold",
    ),
    why: (
        "トークンを新しくするときも、トリガーの関数がクレームを決めます。年齢は、このときの日付で数え直します。",
        "When tokens are refreshed, the trigger function decides their claims again. Ages are \
        counted anew, at this day.",
    ),
    source: "Cognito: Lambda triggers",
    answer: Some(("クレームを返す", "The claims")),
};

const ADMIN_GET_USER: Lesson = Lesson {
    title: ("記録を読む", "Read the record"),
    why: (
        "届いたイベントに記録の属性がないとき、関数は自分の権限でユーザープールから読みます。シミュレーターは署名の形だけを見ます。署名が正しいかは確かめません。",
        "If the event doesn’t carry the record’s attribute, the function reads it from the user \
        pool with its own role. The stand-in looks at the form of the signature, and doesn’t \
        verify it.",
    ),
    source: "Cognito: user pools API",
    answer: None,
};

const GET_USER: Lesson = Lesson {
    title: ("自分の属性を読む", "Read one’s own attributes"),
    why: (
        "ユーザーは、アクセストークンに aws.cognito.signin.user.admin があれば、自分の属性のうち、アプリクライアントに許されたものを読めます。",
        "With aws.cognito.signin.user.admin in the access token, users read those of their \
        attributes that the app client may read.",
    ),
    source: "Cognito: user pools API",
    answer: None,
};

const UPDATE_USER: Lesson = Lesson {
    title: ("自分の属性を書き換える", "Overwrite one’s own attributes"),
    why: (
        "ユーザーは、アクセストークンに aws.cognito.signin.user.admin があれば、自分の属性を書き換えられます。\
        だから、ユーザープールにあるだけでは、確かめた情報とは言えません。",
        "With aws.cognito.signin.user.admin in the access token, users overwrite their own \
        attributes. So what a user pool holds is not verified by being there.",
    ),
    source: "Cognito: attribute permissions",
    answer: None,
};

const APP_CALLBACK: Lesson = Lesson {
    title: ("アプリに戻る", "Back at the app"),
    why: (
        "アプリも、state が自分の出したものか、同じブラウザーに戻ったかを確かめます。\
        これがないと、攻撃者のアカウントで気づかずにログインさせられることがあります（ログイン CSRF）。",
        "The app checks that state is one that it gave out, and that this is the same browser. \
        Without that, somebody could be signed in to an attacker’s account without noticing (login \
        CSRF).",
    ),
    source: "RFC 6749 §10.12; RFC 9700 §4.7.1",
    answer: Some(("アプリの結果を返す", "The app’s answer")),
};

const APP_TOKEN: Lesson = Lesson {
    title: ("コードを引き換える（アプリ）", "Redeem the code (app)"),
    why: (
        "アプリには秘密がありません（公開クライアント）。かわりに code_verifier を出し、ログインを始めたのが自分であることを示します。\
        コードを盗んだだけの人は、これを知りません。",
        "The app has no secret (it is a public client). It hands in the code_verifier instead, and \
        so shows that it began this login; somebody who only stole the code doesn’t know it.",
    ),
    source: "RFC 7636 §4.5; RFC 6749 §4.1.3",
    answer: None,
};

const REFRESH: Lesson = Lesson {
    title: ("トークンを更新する", "Refresh the tokens"),
    why: (
        "トークンは1時間で切れます。アプリは、ログインのときに受け取ったリフレッシュトークンで、人の手もカードも借りずに新しいトークンを求めます。\
        頼めるのは、この利用者のセッションがあるブラウザーだけです。",
        "Tokens expire after an hour. With the refresh token from the sign-in the app asks for new \
        ones, without the person and without the card. Only the browser that has this person’s \
        session can have that done.",
    ),
    source: "RFC 6749 §1.5",
    answer: Some(("アプリの結果を返す", "The app’s answer")),
};

const APP_REFRESH: Lesson = Lesson {
    title: ("リフレッシュトークンを使う", "Use the refresh token"),
    why: (
        "スコープはログインのときのまま、増やせません。クレームは新しく作られるので、年齢はきょうの日付で数え直されます。本人確認の日時は、ログインのときのままです。",
        "The scopes stay those of the sign-in, and can’t grow. The claims are made anew, so an age \
        is that of today. When the identity was verified stays as it was.",
    ),
    source: "RFC 6749 §6; OIDC Core §12",
    answer: None,
};

const APP_KEYS: Lesson = Lesson {
    title: ("ユーザープールの公開鍵を得る", "Get the user pool’s keys"),
    why: (
        "アプリが受け取った IDトークンの署名を確かめるための公開鍵です。",
        "The public keys that the app checks its ID token’s signature with.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §5",
    answer: None,
};

const APP_ID_TOKEN: Lesson = Lesson {
    title: ("IDトークンを確かめる", "Verify the ID token"),
    why: (
        "発行者がユーザープールか、宛先が自分か、期限内か、署名が正しいか、nonce が自分の出したものか、アクセストークンと組になっているかを確かめます。\
        1つでも違えば、だれもログインしていません。",
        "Is the issuer the user pool, the audience this app, the time right, the signature good, \
        the nonce the one that was sent, and does the access token belong to it? If one isn’t so, \
        nobody is signed in.",
    ),
    source: "OIDC Core §3.1.3.7; OIDC Core §3.1.3.8",
    answer: None,
};

const APP_USERINFO: Lesson = Lesson {
    title: ("userinfo を尋ねる", "Ask for userinfo"),
    why: (
        "Cognito が持つ属性を、アクセストークンを見せて尋ねます。sub が IDトークンと同じかも確かめます。答えの中身は図には載せず、クレームの名前だけを示しています。",
        "The attributes that Cognito holds, for the access token; their sub must be that of the ID \
        token. The diagram shows the names of the claims, not what they say.",
    ),
    source: "OIDC Core §5.3",
    answer: None,
};

/// What a parameter is for, if it is one that a newcomer may not know.
pub(super) fn meaning(name: &str) -> Option<Text> {
    let text = match name {
        "state" => (
            "行って戻るまで同じブラウザーであることの目印",
            "Ties the way there and the way back to one browser",
        ),
        "nonce" => (
            "IDトークンをこのログインに結びつける値",
            "Ties the ID token to this login",
        ),
        "code_challenge" => (
            "code_verifier のハッシュ（SHA-256）",
            "The hash (SHA-256) of the code_verifier",
        ),
        "code_challenge_method" => ("ハッシュの種類", "How it was hashed"),
        "code_verifier" => (
            "ログインを始めた本人だけが知る値",
            "Known only to whoever began the login",
        ),
        "code" => ("1回だけトークンに替えられる引換券", "Good for tokens, once"),
        "client_id" => ("だれが頼んでいるか", "Who asks"),
        "client_secret" => ("共有の秘密", "The shared secret"),
        "client_assertion" => (
            "自分の鍵で署名した、名乗るための JWT",
            "A signed JWT by which the client authenticates",
        ),
        "client_assertion_type" => ("名乗り方", "How it authenticates"),
        "redirect_uri" => (
            "ブラウザーを戻す先。登録済みのものだけ",
            "Where the browser goes back to; a registered one only",
        ),
        "location" => ("ブラウザーの次の行き先", "Where the browser goes next"),
        "response_type" => ("欲しいもの：コード", "What is wanted: a code"),
        "grant_type" => ("何と引き換えるか", "What is handed in"),
        "scope" => ("求める情報の範囲", "What is asked for"),
        "acr_values" => ("求める認証の強さ", "How strong the authentication must be"),
        "iss" => ("だれの答えか", "Whose answer it is"),
        "session_state" => (
            "サービスのセッションの目印（使わない）",
            "A mark of the service’s session (unused)",
        ),
        "identity_provider" => ("選んだログインの方法", "The chosen way to sign in"),
        "lang" => ("画面の言語", "Language of the pages"),
        "set-cookie" => ("ブラウザーに預けるもの", "What the browser keeps"),
        "cookie" => ("ブラウザーが預かっていたもの", "What the browser kept"),
        "authorization" => ("アクセストークン（Bearer）", "The access token (Bearer)"),
        "id_token" => (
            "だれであるかの、署名付きの答え",
            "The signed statement of who it is",
        ),
        "access_token" => ("属性を受け取るための鍵", "The key to the attributes"),
        "refresh_token" => (
            "新しいトークンを求めるためのもの（ブリッジは使わない）",
            "For asking for newer tokens (unused by the bridge)",
        ),
        "tokenResponse" => (
            "プロバイダーのトークンの応答にあるもの",
            "What the provider’s token answer has",
        ),
        "idToken" => ("IDトークンのクレーム", "The ID token’s claims"),
        "userInfo" => ("userinfo のクレーム", "The claims of userinfo"),
        "userAttributesToMap" => ("通すクレーム", "The claims that go through"),
        "userAttributes" | "UserAttributes" => (
            "ユーザープールの属性の名前",
            "The names of the attributes in the user pool",
        ),
        "scopes" => ("アプリの求める範囲", "What the app asks for"),
        "groupsToOverride" => ("ユーザーのグループ", "The user’s groups"),
        "idToken: add" => (
            "IDトークンに入れるクレーム",
            "Claims that the ID token gets",
        ),
        "idToken: suppress" => (
            "IDトークンから除くクレーム",
            "Claims that the ID token loses",
        ),
        "accessToken: add" => (
            "アクセストークンに入れるクレーム",
            "Claims that the access token gets",
        ),
        "accessToken: suppress" => (
            "アクセストークンから除くクレーム",
            "Claims that the access token loses",
        ),
        "token_type" => ("トークンの使い方", "How the token is used"),
        "expires_in" => ("有効な秒数", "Good for so many seconds"),
        "error" => ("エラーの種類", "Kind of error"),
        "error_description" => (
            "エラーの説明（ブリッジからは、エラー分類とサポート番号）",
            "About the error (from the bridge: its class and support id)",
        ),
        "login" => ("進行中のログインの目印", "Which login this is about"),
        "persona" => ("選んだテスト利用者", "The chosen test person"),
        "answer" => ("選んだ応答", "The chosen answer"),
        "claims" => ("受け取ったクレームの名前", "The names of the claims"),
        "sub" => ("利用者の識別子", "The user’s identifier"),
        _ => return None,
    };
    Some(text)
}
