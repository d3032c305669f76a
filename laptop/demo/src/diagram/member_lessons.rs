//! The lessons of a member's verification, as `lessons.rs` has those of a login.

use loopback::journal::{Hop, Party};

use super::lessons::Lesson;
use crate::expected::finds_no_card_user;

/// The lesson of a hop that belongs to a verification, if there is one.
pub(super) fn lesson(hop: &Hop) -> Option<Lesson> {
    use Party::{App, Bridge, Browser, Cognito, Service, Verification};
    let request = hop.request.as_str();
    let (method, path) = request.split_once(' ').unwrap_or((request, ""));
    let last = path.rsplit('/').next().unwrap_or_default();
    Some(match (hop.from, hop.to, method, last) {
        (Browser, App, "POST", "sign-in") => SIGN_IN,
        (Browser, App, "GET", "login") if path == "/members/login" => SIGN_IN_AT_THE_PAGE,
        (Browser, App, "POST", "verify") => BEGIN,
        (Browser, App, "GET", "verified") => BACK,
        (Browser, App, "POST", "go-on") => GO_ON,
        (Browser, App, "POST", "take-back") => TAKE_BACK,
        (Browser, Cognito, "POST", "login") => PASSWORD,
        (App, Verification, "POST", "verifications") => TICKET,
        (App, Verification, "POST", "complete") => COMPLETE,
        (App, Verification, "GET", "me") => STATE,
        (App, Verification, "DELETE", "me") => WITHDRAW,
        (Browser, Bridge, "GET", "verify") => VERIFY,
        (Browser, Bridge, "GET", "callback") if is_of_a_verification(hop) => CALLBACK,
        (Verification, Service, "POST", "token") => EXCHANGE,
        (Verification, Service, "GET", "certs") => SERVICE_KEYS,
        (Verification, Service, "GET", "userinfo") => USERINFO,
        (Verification, Cognito, "GET", "openid-configuration" | "jwks.json") => POOL_KEYS,
        (App, Cognito, "InitiateAuth", _) => INITIATE_AUTH,
        (Verification, Cognito, "AdminGetUser", _) if is_of_a_card_user(hop) => CARD_USER,
        (Verification, Cognito, "AdminGetUser", _) => MEMBER,
        (Verification, Cognito, "ListUsers", _) => OWNER,
        (Verification, Cognito, "AdminUpdateUserAttributes", _) => RECORD,
        (_, _, "TokenGeneration_Authentication", _) => TOKEN_GENERATION,
        _ => return None,
    })
}

/// Whether the bridge sent the browser back to the members' app.
fn is_of_a_verification(hop: &Hop) -> bool {
    let mut answer = hop.step.iter().flat_map(|step| &step.answer);
    answer.any(|one| one.name.starts_with("verification_"))
}

/// Whether the function asked for the user that a login with the card would have made, and found
/// none.
fn is_of_a_card_user(hop: &Hop) -> bool {
    hop.step.as_ref().is_some_and(finds_no_card_user)
}

const SIGN_IN: Lesson = Lesson {
    title: ("パスワードでサインインする", "Sign in with a password"),
    why: (
        "会員は、今までどおりパスワードでサインインします。カードは使いません。",
        "The member signs in with a password, as always. No card is needed.",
    ),
    source: "docs/members.md",
    answer: Some(("アプリの結果を返す", "Return the app’s result")),
};

const SIGN_IN_AT_THE_PAGE: Lesson = Lesson {
    title: (
        "Cognito の画面へ移動させる",
        "Send the browser to Cognito’s page",
    ),
    why: (
        "アプリは、本人確認に必要なスコープ digital-auth/verify を求めます。リソースサーバーのスコープは、Cognito の画面でのサインインだけで得られます。",
        "The app asks for the scope digital-auth/verify, which a verification needs. Scopes of a \
        resource server come only from sign-ins at Cognito’s page.",
    ),
    source: "docs/members.md",
    answer: None,
};

const PASSWORD: Lesson = Lesson {
    title: ("パスワードを確かめる", "Check the password"),
    why: (
        "パスワードを受け取るのは Cognito だけです。アプリには、コードを持ったブラウザーが戻ります。",
        "Only Cognito gets the password. The app gets the browser back, with a code.",
    ),
    source: "docs/members.md",
    answer: None,
};

const INITIATE_AUTH: Lesson = Lesson {
    title: (
        "トークンを得る（SDK と同じ API）",
        "Get tokens (by the API of SDKs)",
    ),
    why: (
        "AWS の SDK（Amplify など）と同じ呼び出しです。この呼び出しで得られるスコープは aws.cognito.signin.user.admin だけなので、\
        設定したスコープ（SDK_SCOPES）をトリガーが加えます。リフレッシュトークンを使うときも同じです。",
        "The same call as an AWS SDK makes (Amplify, for example). By itself it brings only the \
        scope aws.cognito.signin.user.admin, so the trigger adds the scopes that are configured \
        (SDK_SCOPES). The same goes for a refresh.",
    ),
    source: "Cognito: user pools API; docs/members.md",
    answer: None,
};

const TOKEN_GENERATION: Lesson = Lesson {
    title: ("トークンの中身を決める", "Decide the content of the tokens"),
    why: (
        "トリガーの関数は、会員の記録があれば、そこからクレームを作ります。Cognito は、この関数を5秒まで待ちます。\
        パスワードでのサインインのとき、関数がユーザープールの答えを待つのは1秒までです。間に合わなければ、クレームなしのトークンが出ます。",
        "If the member has a record, the trigger function makes the claims from it. Cognito waits \
        up to 5 seconds for the function. At a sign-in with a password, the function waits 1 \
        second at most for the user pool: if that is late, the tokens come without these claims.",
    ),
    source: "Cognito: Lambda triggers; docs/members.md",
    answer: Some(("クレームを返す", "Return the claims")),
};

const BEGIN: Lesson = Lesson {
    title: ("本人確認を始める", "Begin the verification"),
    why: (
        "アプリのサーバーは、この本人確認だけで使う state と code_verifier を作り、会員のセッションに保存します。\
        会員 API に今送るのは、state と、code_verifier のハッシュ（code_challenge）です。ブラウザーは、どちらも、\
        暗号化されたチケットの中に入れて運び、戻るときに state を見せます。code_verifier そのものは、完了するときに、\
        アプリのサーバーが会員 API に送ります。ブラウザーには渡りません。",
        "The app’s server makes a state and a code_verifier for this verification alone, and keeps \
        them with the member’s session. The members’ API gets the state now, and the hash of the \
        code_verifier (code_challenge). The browser carries both inside the sealed ticket, and \
        shows the state when it comes back. The code_verifier itself goes from the app’s server \
        to the members’ API when it completes, and never to the browser.",
    ),
    source: "RFC 7636 §4.1; RFC 9700 §4.7.1",
    answer: Some(("ブラウザーを移動させる", "Send the browser on")),
};

const TICKET: Lesson = Lesson {
    title: ("チケットを求める", "Ask for a ticket"),
    why: (
        "会員のアクセストークンで呼び出します。API Gateway がトークンを確かめ、関数がもう一度確かめます。返るのは、会員・アプリ・戻り先・\
        code_challenge を暗号化したチケットです。5分間だけ使えます。",
        "The call has the member’s access token. API Gateway checks it, and the function checks it \
        again. The answer is a ticket, in which the member, the app, the return URL and the \
        code_challenge are sealed. It is valid for five minutes.",
    ),
    source: "Amazon API Gateway, JWT authorizers; RFC 6750 §2.1; docs/members.md",
    answer: None,
};

const POOL_KEYS: Lesson = Lesson {
    title: ("ユーザープールの公開鍵を得る", "Get the user pool’s keys"),
    why: (
        "会員のアクセストークンの署名を確かめるための公開鍵です。API Gateway も関数も、一度得た鍵を使い続けます。",
        "The keys that verify the signature of the member’s access token. Both API Gateway and the \
        function keep them.",
    ),
    source: "RFC 7517 §5",
    answer: None,
};

const VERIFY: Lesson = Lesson {
    title: ("チケットを持って行く", "Bring the ticket"),
    why: (
        "ブリッジはチケットを復号し、ログインと同じように state・nonce・code_verifier を作って、暗号化した Cookie に入れます。\
        Cookie の種類だけで、ログインの続きか、本人確認の続きかが決まります。",
        "The bridge opens the ticket. As for a login, it makes state, nonce and code_verifier, and \
        seals them into a cookie. The cookie alone decides whether a callback belongs to a login \
        or to a verification.",
    ),
    source: "RFC 9700 §4.7.1; docs/members.md",
    answer: None,
};

const CALLBACK: Lesson = Lesson {
    title: ("ブリッジに戻る", "Back at the bridge"),
    why: (
        "ブリッジは Cookie・state・iss を確かめ、サービスのコードを暗号化して、会員のアプリの戻り先に渡します。ブリッジは交換をしないので、\
        だれのカードかを知りません。",
        "The bridge checks cookie, state and iss, seals the service’s code, and sends it to the \
        return URL of the members’ app. The bridge doesn’t exchange it, so it never learns whose \
        card it is.",
    ),
    source: "RFC 6749 §10.12; RFC 9207 §2.4; docs/members.md",
    answer: Some(("アプリに戻す", "Send back to the app")),
};

const BACK: Lesson = Lesson {
    title: ("アプリに戻る", "Back at the app"),
    why: (
        "アプリのサーバーは、iss と、state がこのブラウザーで始めた本人確認の値であることを確かめます。名前が verification_ で始まるので、\
        OAuth のコールバックと取り違えることはありません。",
        "The app’s server checks iss, and that state is that of the verification which this \
        browser began. The names begin with verification_, so the answer is never mistaken for an \
        OAuth callback.",
    ),
    source: "RFC 9207 §2.4; RFC 9700 §4.7.1; docs/members.md",
    answer: Some(("アプリの結果を返す", "Return the app’s result")),
};

const COMPLETE: Lesson = Lesson {
    title: ("本人確認を完了する", "Complete the verification"),
    why: (
        "始めた会員のアクセストークンと、始めたブラウザーのための code_verifier の両方が要ります。関数は、サービスとコードを交換し、\
        この人で本人確認したほかの会員がいないことをテーブルで確かめ、記録を書きます。テーブルにあるのは人の HMAC だけで、属性はありません。",
        "It takes both the access token of the member who began and the code_verifier for the \
        browser that began. The function exchanges the code with the service, looks in its table \
        whether the person is another member’s already, and writes the record. In the table, a \
        person is an HMAC, without any attribute.",
    ),
    source: "RFC 7636 §4.6; docs/members.md",
    answer: None,
};

const GO_ON: Lesson = Lesson {
    title: ("続ける", "Go on"),
    why: (
        "サービスのコードは1回しか使えません。交換した後で止まったときは、暗号化された続きの値で、カードを読み取り直さずに続けます。",
        "The service’s code can be used once. A verification that had to stop after the exchange \
        goes on with a sealed continuation, and the card isn’t read again.",
    ),
    source: "docs/members.md",
    answer: Some(("アプリの結果を返す", "Return the app’s result")),
};

const MEMBER: Lesson = Lesson {
    title: ("会員を確かめる", "Look the member up"),
    why: (
        "トークンの username と sub が、同じ1人の有効な利用者を指すことを確かめます。この後の書き込みは username を宛先にするからです。",
        "The token’s username and sub have to be of one enabled user, since what is written later \
        addresses the username.",
    ),
    source: "Cognito: user pools API",
    answer: None,
};

const CARD_USER: Lesson = Lesson {
    title: ("カードの利用者はいない", "There is no user of the card"),
    why: (
        "同じ人が、カードのログインで作った別の利用者を持っていないかを確かめます。いなければ Cognito は400を返します。ここでは、それが正しい結果です。",
        "Does the same person have another user, made by a login with the card? If not, Cognito \
        answers 400. Here, that is the right answer.",
    ),
    source: "docs/members.md",
    answer: None,
};

const OWNER: Lesson = Lesson {
    title: (
        "先に本人確認した会員を探す",
        "Look for the member who was first",
    ),
    why: (
        "この人で本人確認した会員が、今もユーザープールにいるかを確かめます。アカウントが削除されていれば、場所が空きます。",
        "Is the member who verified as this person still in the user pool? A deleted account makes \
        room.",
    ),
    source: "docs/members.md",
    answer: None,
};

const RECORD: Lesson = Lesson {
    title: ("記録を書く", "Write the record"),
    why: (
        "暗号化した記録を、会員の属性 custom:member_record に書きます。どのアプリクライアントも、この属性を読み書きできません。会員のプロフィール\
        （氏名など）には、何も書きません。",
        "The sealed record goes into the member’s attribute custom:member_record, which no app \
        client can read or write. Nothing is written into the member’s profile (the name and so \
        on).",
    ),
    source: "docs/members.md; Cognito: user pools API",
    answer: None,
};

const EXCHANGE: Lesson = Lesson {
    title: ("コードを引き換える", "Redeem the code"),
    why: (
        "ログインのときのブリッジと同じく、自分の鍵で署名したクライアントアサーションと、code_verifier を送ります。",
        "As the bridge does in a login: with a client assertion that is signed with a key of its \
        own, and with the code_verifier.",
    ),
    source: "RFC 7523 §2.2; RFC 7636 §4.5; RFC 6749 §4.1.3",
    answer: None,
};

const SERVICE_KEYS: Lesson = Lesson {
    title: ("サービスの公開鍵を得る", "Get the service’s keys"),
    why: (
        "IDトークンの署名を検証するための公開鍵です。",
        "These public keys verify the ID token’s signature.",
    ),
    source: "OIDC Core §10.1.1; RFC 7517 §4.5",
    answer: None,
};

const USERINFO: Lesson = Lesson {
    title: ("基本4情報を受け取る", "Get the four attributes"),
    why: (
        "記録に入れる属性です。アプリに届くのは、そのスコープをアプリが求めたときだけです。",
        "The attributes for the record. An app gets them only if it asks for their scopes.",
    ),
    source: "OIDC Core §5.3; RFC 6750 §2.1",
    answer: None,
};

const TAKE_BACK: Lesson = Lesson {
    title: ("本人確認を取り消す", "Take the verification back"),
    why: (
        "会員は、自分の本人確認をいつでも取り消せます。",
        "Members can take their verification back at any time.",
    ),
    source: "docs/members.md",
    answer: Some(("アプリの結果を返す", "Return the app’s result")),
};

const STATE: Lesson = Lesson {
    title: ("今の状態を尋ねる", "Ask for the present state"),
    why: (
        "会員のページのための呼び出しです。トークンのクレームは発行したときのものなので、今の状態は会員 API に尋ねます。",
        "A call for the account page. The claims of a token are of the time at which it was \
        issued, so the present state is asked of the members’ API.",
    ),
    source: "docs/members.md",
    answer: None,
};

const WITHDRAW: Lesson = Lesson {
    title: (
        "記録を消し、場所を空ける",
        "Clear the record, and make room",
    ),
    why: (
        "まず記録を消し、次に、この人をほかの会員のために空けます。クレームは、次のトークンの更新からなくなります。すでに出たアクセストークンは、期限まで有効です。",
        "First the record is cleared, then the person is free for another member. The claims are \
        gone at the next refresh. Access tokens that are already out are valid until they expire.",
    ),
    source: "docs/members.md",
    answer: None,
};
