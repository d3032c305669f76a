//! Every class of failure of the bridge, in the order of a login. Each class has its name, its
//! OAuth error and HTTP status, the party that it concerns (which decides its log level), and the
//! texts for people and for the operator. All that is said about a class stands in its block here;
//! `cargo xtask docs` updates the documents. CONTRIBUTING says how to add a class.

use std::fmt;

use function_kit::failure::{Bilingual, Concern, Kind};
use function_kit::secrets::NoSecrets;
use http::StatusCode;

use crate::oauth_error::OAuthError;

/// Where and in which form a class is reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The endpoints and the form of the answer, in the words of the documents.
    pub words: Bilingual,
    /// Whether the HTTP status of the class is ever sent. A redirect has its own status.
    pub has_status: bool,
}

/// The sentences that people read of a failure. `{app}` stands for the name of the service's app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sentences {
    /// What happened.
    pub what_happened: Bilingual,
    /// What they can do.
    pub what_to_do: Bilingual,
}

function_kit::classes! {
    columns {
        /// The OAuth error that the client gets.
        oauth_error: OAuthError,
        /// The HTTP status, where the answer isn't a redirect.
        status: StatusCode,
        /// Where and in which form the class is reported.
        place: Place,
        /// The sentences for people, if a page reports the class.
        page: Option<Sentences>,
    }

    // Anywhere
    /// CloudFront is in front of the API (`FRONT_DOOR_SECRETS`), and the request did not come
    /// through it: `x-front-door` is missing or wrong.
    NotThroughFrontDoor = "not_through_front_door" {
        ja: "CloudFront を前に置いているのに（`FRONT_DOOR_SECRETS`）、\
            リクエストがそこを通っていません。`x-front-door` がないか、合っていません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::FORBIDDEN,
        place: Place {
            words: Bilingual {
                en: "the public documents, `/token`, `/userinfo`: JSON. Else: page",
                ja: "公開の文書、`/token`、`/userinfo`：JSON。ほか：ページ",
            },
            has_status: true,
        },
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "This does not work at this address.",
                ja: "このアドレスからは利用できません。",
            },
            what_to_do: Bilingual {
                en: "Go back to the app or site that you use, and begin again there. If this \
                    page appears again, please give the support ID on it to the operator of the \
                    app or site.",
                ja: "ご利用のアプリやサイトに戻り、そこからやり直してください。\
                    同じページが出る場合は、アプリやサイトの運営者に、\
                    このページのサポート番号をお知らせください。",
            },
        }),
        advice: Bilingual {
            en: "Scanners that call the API’s own host name need no action. If every login fails \
                with this class, the stack of `infra/edge.yaml` sends an old secret: make it send \
                the new one (“CloudFront's secret” in `docs/rotation.en.md`).",
            ja: "API の名前を直接呼び出すスキャンなら何もしません。\
                すべてのログインがこうなるなら、`infra/edge.yaml` \
                のスタックが古いシークレットを送っています。\
                新しいシークレットを送らせます（`docs/rotation.md` の「CloudFront \
                のシークレット」）。",
        },
    }
    /// There is no endpoint at this path.
    NotFound = "not_found" {
        ja: "そのパスのエンドポイントはありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::NOT_FOUND,
        place: Place {
            words: Bilingual { en: "anywhere: page", ja: "どこでも：ページ" },
            has_status: true,
        },
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "There is no page at this address.",
                ja: "このアドレスにはページがありません。",
            },
            what_to_do: Bilingual {
                en: "Go back to the app or site that you use, and begin again there.",
                ja: "ご利用のアプリやサイトに戻り、そこからやり直してください。",
            },
        }),
        advice: Bilingual {
            en: "If there are many, check the URLs configured in the app and in Cognito. Scanners \
                need nothing.",
            ja: "多いときは、アプリや Cognito に設定した URL を確かめます。\
                スキャンなら何もしません。",
        },
    }
    /// The endpoint does not have this method.
    MethodNotAllowed = "method_not_allowed" {
        ja: "そのエンドポイントにないメソッドです。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::METHOD_NOT_ALLOWED,
        place: Place {
            words: Bilingual {
                en: "`/authorize`, `/callback`: page. Else: JSON",
                ja: "`/authorize`、`/callback`：ページ。ほか：JSON",
            },
            has_status: true,
        },
        page: Some(CALLED_WRONGLY),
        advice: Bilingual {
            en: "Check Cognito’s settings (such as `attributes_request_method`).",
            ja: "Cognito の設定（`attributes_request_method` など）を確かめます。",
        },
    }
    /// The query is over 8 KiB, or the body over 16 KiB.
    TooLarge = "too_large" {
        ja: "クエリーが 8 KiB、または本文が 16 KiB を超えました。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::PAYLOAD_TOO_LARGE,
        place: Place {
            words: Bilingual {
                en: "`/authorize`, `/callback`: page. `/token`: JSON",
                ja: "`/authorize`、`/callback`：ページ。`/token`：JSON",
            },
            has_status: true,
        },
        page: Some(CALLED_WRONGLY),
        advice: Bilingual {
            en: "Check that the app’s `state` is not too long.",
            ja: "アプリの `state` が長すぎないか確かめます。",
        },
    }
    /// A defect of the function, or random numbers could not be generated.
    Internal = "internal" {
        ja: "関数の欠陥です。または、乱数を生成できませんでした。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::INTERNAL_SERVER_ERROR,
        place: Place {
            words: Bilingual {
                en: "anywhere: page, 302 or JSON",
                ja: "どこでも：ページ、302、または JSON",
            },
            has_status: true,
        },
        page: Some(A_PROBLEM),
        advice: Bilingual {
            en: "Look for `event=panic` in the log at that time (it only has the place in the \
                code), and report it.",
            ja: "同じ時刻のログの `event=panic`（コードの場所だけが書かれます）を見て、\
                報告してください。",
        },
    }
    /// One of `SEALING_KEYS`, `RECORD_KEYS`, `CLIENT_SECRETS` and `FRONT_DOOR_SECRETS` had to be
    /// read again, and could not be (an unknown key, a secret that doesn’t match, or last read 24
    /// hours ago).
    SecretsUnavailable = "secrets_unavailable" {
        ja: "`SEALING_KEYS`、`RECORD_KEYS`、`CLIENT_SECRETS`、`FRONT_DOOR_SECRETS` \
            のどれかを読み直す必要がありましたが、読み直せませんでした（知らない鍵、\
            一致しないシークレット、または読んでから24時間たった）。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: Place {
            words: Bilingual {
                en: "`/authorize`: 302 or page. `/callback`: page. `/token`, `/userinfo`, the \
                    public documents: JSON",
                ja: "`/authorize`：302 かページ。`/callback`：ページ。`/token`、`/userinfo`、\
                    公開の文書：JSON",
            },
            has_status: true,
        },
        page: Some(A_PROBLEM),
        advice: Bilingual {
            en: "Check AWS Secrets Manager, the function’s permissions, and the format of the \
                secrets.",
            ja: "AWS Secrets Manager の状態、関数の権限、シークレットの形式を確かめます。",
        },
    }
    /// The request could not be answered within 4 seconds, because the process took long to start.
    TooSlow = "too_slow" {
        ja: "4秒以内に応答できませんでした。プロセスの起動に時間がかかったためです。",
        concern: Concern::Operator,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check how long the start takes (`StartDuration`), and the function’s memory. The \
                user may try again.",
            ja: "起動の時間（`StartDuration`）と、関数のメモリーを確かめます。\
                利用者はやり直せます。",
        },
    }
    /// The event is not an HTTP API event. A call through the HTTP API never causes this.
    EventMalformed = "event_malformed" {
        ja: "HTTP API のイベントではありません。HTTP API を通した呼び出しでは起こりません。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: Place {
            words: Bilingual {
                en: "the function (only if it isn’t called through the HTTP API)",
                ja: "関数（HTTP API を通さずに呼び出されたときだけ）",
            },
            has_status: false,
        },
        page: None,
        advice: Bilingual {
            en: "Check who can call the function directly.",
            ja: "だれが関数を直接呼び出せるか確かめます。",
        },
    }

    // /authorize
    /// `SERVICE_CLIENT_ID` is empty.
    NotConnected = "not_connected" {
        ja: "`SERVICE_CLIENT_ID` が空です。",
        concern: Concern::Nobody,
        kind: Kind::Operator,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::FORBIDDEN,
        place: Place {
            words: Bilingual {
                en: "`/authorize`: page. `/token`: JSON",
                ja: "`/authorize`：ページ。`/token`：JSON",
            },
            has_status: true,
        },
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "This is not connected to the Digital Authentication App service yet, and \
                    cannot be used.",
                ja: "まだデジタル認証アプリサービスに接続されていないため、ご利用になれません。",
            },
            what_to_do: Bilingual {
                en: "For the operator: the public keys to register are at /client-jwks.json. When \
                    the Digital Agency has given you a client ID, set it as SERVICE_CLIENT_ID.",
                ja: "運営者の方へ：届け出る公開鍵は /client-jwks.json にあります。\
                    デジタル庁からクライアント ID を受け取ったら、\
                    SERVICE_CLIENT_ID に設定してください。",
            },
        }),
        advice: Bilingual {
            en: "Register the public keys of `/client-jwks.json` with the Digital Agency, and set \
                the client ID when you receive it.",
            ja: "`/client-jwks.json` の公開鍵をデジタル庁に届け出て、クライアント ID \
                を受け取ったら設定します。",
        },
    }
    /// A parameter comes twice, or the encoding is broken.
    MalformedRequest = "malformed_request" {
        ja: "パラメーターが重複しているか、エンコーディングが壊れています。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_AUTHORIZE,
        page: Some(CALLED_WRONGLY),
        advice: CHECK_THE_SETTINGS,
    }
    /// `client_id` is missing, or is not `CLIENT_ID`.
    UnknownClient = "unknown_client" {
        ja: "`client_id` がないか、`CLIENT_ID` と違います。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::UnauthorizedClient,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_AUTHORIZE,
        page: Some(CALLED_WRONGLY),
        advice: Bilingual {
            en: "Make `CLIENT_ID` and the `client_id` of Cognito’s identity provider the same.",
            ja: "`CLIENT_ID` と、Cognito の ID プロバイダーの `client_id` を合わせます。",
        },
    }
    /// `redirect_uri` is missing, or is none of `REDIRECT_URIS`.
    RedirectUriMismatch = "redirect_uri_mismatch" {
        ja: "`redirect_uri` がないか、`REDIRECT_URIS` のどれとも一致しません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_AUTHORIZE,
        page: Some(CALLED_WRONGLY),
        advice: Bilingual {
            en: "When the user pool’s domain changes, change `REDIRECT_URIS`.",
            ja: "ユーザープールのドメインを変えたら、`REDIRECT_URIS` も変えます。",
        },
    }
    /// There is no `state`.
    StateMissing = "state_missing" {
        ja: "`state` がありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: Bilingual {
            en: "Cognito always sends one. Find out whether another client calls the bridge.",
            ja: "Cognito は必ず送ります。ほかのクライアントがブリッジを呼んでいないか確かめます。",
        },
    }
    /// `state` does not fit into the cookie (under 4,096 bytes).
    StateTooLong = "state_too_long" {
        ja: "`state` が Cookie（4,096バイト未満）に入りません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: Bilingual {
            en: "Shorten the `state` that the app passes to Cognito.",
            ja: "アプリが Cognito に渡す `state` を短くします。",
        },
    }
    /// `response_type` is not `code`.
    UnsupportedResponseType = "unsupported_response_type" {
        ja: "`response_type` が `code` ではありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::UnsupportedResponseType,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// `scope` is not exactly `openid` and `ATTRIBUTES`.
    InvalidScope = "invalid_scope" {
        ja: "`scope` が、`openid` と `ATTRIBUTES` を合わせたものとちょうど同じではありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidScope,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: Bilingual {
            en: "Make Cognito’s `authorize_scopes` and `ATTRIBUTES` the same.",
            ja: "Cognito の `authorize_scopes` と `ATTRIBUTES` を合わせます。",
        },
    }
    /// `request` (a request object) is not supported.
    RequestNotSupported = "request_not_supported" {
        ja: "`request`（リクエストオブジェクト）は使えません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::RequestNotSupported,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// `request_uri` is not supported.
    RequestUriNotSupported = "request_uri_not_supported" {
        ja: "`request_uri` は使えません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::RequestUriNotSupported,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// `prompt=none` was sent, but this login always needs the person.
    LoginRequired = "login_required" {
        ja: "`prompt=none` が送られましたが、このログインには必ず本人の操作が必要です。",
        concern: Concern::Nobody,
        kind: Kind::Request,
        oauth_error: OAuthError::LoginRequired,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: Bilingual {
            en: "Nothing. The app tried a login without showing a page.",
            ja: "何もしません。アプリが、画面を出さないログインを試しただけです。",
        },
    }
    /// The client’s `nonce` is over 512 bytes.
    InvalidNonce = "invalid_nonce" {
        ja: "クライアントの `nonce` が512バイトを超えています。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// `code_challenge` does not have the format of S256.
    InvalidCodeChallenge = "invalid_code_challenge" {
        ja: "`code_challenge` が S256 の形式ではありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// `max_age` is not a number of seconds.
    InvalidMaxAge = "invalid_max_age" {
        ja: "`max_age` が秒数ではありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }

    // /verify: the browser of a member, whose app may be anybody's fault.
    /// The ticket is missing or can’t be read, it was changed, or it is of another stack.
    TicketInvalid = "ticket_invalid" {
        ja: "チケットがないか読み取れないか、書き換えられているか、\
            別のスタックのチケットです。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_VERIFY,
        page: Some(CALLED_WRONGLY),
        advice: Bilingual {
            en: "Check that the app sends the browser to the `url` that `POST /verifications` \
                gave, unchanged, and that both functions have the same `ISSUER` and \
                `MEMBER_KEYS`. If there are many, suspect an attack.",
            ja: "アプリが、`POST /verifications` の `url` を変えずにブラウザーを送っているか、\
                2つの関数の `ISSUER` と `MEMBER_KEYS` が同じかを確かめます。\
                多いときは攻撃を疑います。",
        },
    }
    /// More than five minutes passed since the app got the ticket.
    TicketExpired = "ticket_expired" {
        ja: "アプリがチケットを受け取ってから5分を過ぎました。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_VERIFY,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "This page was opened too late.",
                ja: "このページを開くのが遅すぎました。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: NOTHING,
    }
    /// The ticket’s return URL isn’t among those of its app client (any more).
    ReturnUrlNotAllowed = "return_url_not_allowed" {
        ja: "チケットの戻り先の URL が、そのアプリクライアントのものの中に（もう）ありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_VERIFY,
        page: Some(CALLED_WRONGLY),
        advice: Bilingual {
            en: "Make `MEMBER_APPS` of both functions the same.",
            ja: "2つの関数の `MEMBER_APPS` を同じにします。",
        },
    }

    // /callback: everything here comes from the browser, and anybody can write such an answer or
    // such a cookie by hand. So none of these classes alerts the operator by itself. What the
    // service itself answers comes at /token. If everybody's logins end here, the share of logins
    // that finish shows it.
    /// This browser has no cookie of this login or verification: the user came back in another
    /// browser or in a browser inside an app, or reloaded the page.
    NoPendingLogin = "no_pending_login" {
        ja: "このログイン（または本人確認）の Cookie が、このブラウザーにありません。\
            別のブラウザー、アプリ内ブラウザー、再読み込みのどれかが原因です。",
        concern: Concern::Nobody,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "You came back in another browser than the one in which you began, or the \
                    browser does not accept cookies, or what you began has already ended.",
                ja: "始めたときとは別のブラウザーに戻ったか、ブラウザーが Cookie \
                    を受け付けていないか、すでに終わっている可能性があります。",
            },
            what_to_do: Bilingual {
                en: "Go back to the browser in which you began, and begin again. Do not use a \
                    private window or a browser inside another app.",
                ja: "始めたブラウザーに戻り、もう一度やり直してください。\
                    プライベートブラウズや、ほかのアプリの中のブラウザーは使わないでください。",
            },
        }),
        advice: Bilingual {
            en: "If there are many, tell users in the app to come back to the browser in which \
                they began.",
            ja: "多いときは、アプリの案内に「最初のブラウザーに戻る」と書きます。",
        },
    }
    /// More than five minutes passed since the login began.
    LoginExpired = "login_expired" {
        ja: "ログインを始めてから5分を過ぎました。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "The authentication with {app} took more than five minutes, which is too \
                    long.",
                ja: "{app}での認証に5分以上かかったため、期限が切れました。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: THE_PERSON_SIGNS_IN_AGAIN,
    }
    /// The cookie was sealed with an unknown key, for another `ISSUER` or `CLIENT_ID`, or by
    /// another version of the bridge; or the login’s `redirect_uri` is no longer configured.
    ForeignLogin = "foreign_login" {
        ja: "Cookie が、知らない鍵で、別の `ISSUER` か `CLIENT_ID` に宛てて、\
            またはブリッジの別のバージョンで暗号化されています。または、ログインの `redirect_uri` \
            が設定から外されました。",
        concern: Concern::Unproven,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "This was begun with a configuration that is no longer in use, and cannot go \
                    on.",
                ja: "いまは使われていない設定で始まったため、続けられません。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: KEEP_OLD_KEYS,
    }
    /// The cookie was changed or is damaged, or the browser has two for the same `state`.
    AlteredLogin = "altered_login" {
        ja: "Cookie が改ざんされたか、壊れているか、同じ `state` に2つあります。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "What the browser kept is damaged or was changed.",
                ja: "ブラウザーに保存された情報が壊れているか、書き換えられています。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: Bilingual {
            en: "If there are many, suspect an attack.",
            ja: "多いときは攻撃を疑います。",
        },
    }
    /// The service’s answer can’t be read (no `state`, duplicate parameters, wrong encoding, an
    /// over-long code).
    MalformedCallback = "malformed_callback" {
        ja: "サービスの応答を読み取れません（`state` がない、パラメーターの重複、\
            エンコーディングの誤り、長すぎるコード）。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: Place {
            words: Bilingual {
                en: "`/callback`: page; 302 if the code’s format is wrong",
                ja: "`/callback`：ページ。コードの形式が誤りなら302",
            },
            has_status: true,
        },
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "The answer of {app} could not be read.",
                ja: "{app}から届いた応答を読み取れませんでした。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: ASK_THE_AGENCY,
    }
    /// `iss` of the answer is not the service’s issuer, or it is missing although `CALLBACK_ISS` is
    /// `required`.
    IssuerMismatch = "issuer_mismatch" {
        ja: "応答の `iss` がサービスの発行者と違うか、`CALLBACK_ISS` が `required` なのに `iss` \
            がありません。",
        concern: Concern::Unproven,
        kind: Kind::Browser,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: Bilingual {
            en: "Check `SERVICE_ISSUER`. If it is right, suspect a mix-up attack.",
            ja: "`SERVICE_ISSUER` を確かめます。正しければ、混同攻撃（mix-up）を疑います。",
        },
    }
    /// The person cancelled (`access_denied`, or an answer with neither code nor error).
    Cancelled = "cancelled" {
        ja: "利用者がやめました（`access_denied`、またはコードもエラーもない応答）。",
        concern: Concern::Nobody,
        kind: Kind::GivenUp,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: NOTHING,
    }
    /// The service returned `login_required`.
    ServiceLoginRequired = "service_login_required" {
        ja: "サービスが `login_required` を返しました。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::LoginRequired,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service returned `interaction_required` (or `consent_required`,
    /// `account_selection_required`).
    ServiceInteractionRequired = "service_interaction_required" {
        ja: "サービスが `interaction_required`（または `consent_required`、\
            `account_selection_required`）を返しました。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InteractionRequired,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service refused the authorization request with `invalid_request`.
    ServiceInvalidRequest = "service_invalid_request" {
        ja: "サービスが認可リクエストを `invalid_request` で拒否しました。",
        concern: Concern::Unproven,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: Bilingual {
            en: "Check `SERVICE_CLIENT_ID`, the registered redirect URI, and `ACR_VALUES`.",
            ja: "`SERVICE_CLIENT_ID`、届け出たリダイレクト URI、`ACR_VALUES` を確かめます。",
        },
    }
    /// The service returned `invalid_scope`.
    ServiceInvalidScope = "service_invalid_scope" {
        ja: "サービスが `invalid_scope` を返しました。",
        concern: Concern::Unproven,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: Bilingual {
            en: "Check that your contract allows the `ATTRIBUTES`.",
            ja: "`ATTRIBUTES` が、契約で認められた属性かどうか確かめます。",
        },
    }
    /// The service returned `unauthorized_client`.
    ServiceUnauthorizedClient = "service_unauthorized_client" {
        ja: "サービスが `unauthorized_client` を返しました。",
        concern: Concern::Unproven,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: Bilingual {
            en: "Check the state of the contract, and `SERVICE_CLIENT_ID`.",
            ja: "契約の状態と `SERVICE_CLIENT_ID` を確かめます。",
        },
    }
    /// The service returned `server_error`.
    ServiceServerError = "service_server_error" {
        ja: "サービスが `server_error` を返しました。",
        concern: Concern::Unproven,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service’s login page timed out (`temporarily_unavailable` with the description
    /// `authentication_expired`). This is not an outage.
    ServiceLoginExpired = "service_login_expired" {
        ja: "サービスのログイン画面が時間切れになりました（`error` が `temporarily_unavailable`、\
            説明が `authentication_expired`）。障害ではありません。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: THE_PERSON_SIGNS_IN_AGAIN,
    }
    /// The service returned `temporarily_unavailable`.
    ServiceTemporarilyUnavailable = "service_temporarily_unavailable" {
        ja: "サービスが `temporarily_unavailable` を返しました。",
        concern: Concern::Unproven,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: Bilingual {
            en: "Look at the service’s notices of incidents and maintenance.",
            ja: "サービスの障害・メンテナンスのお知らせを見ます。",
        },
    }
    /// The service returned an error that no other class covers.
    ServiceUnknownError = "service_unknown_error" {
        ja: "サービスが、ほかのどのエラー分類にも当てはまらないエラーを返しました。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: ASK_THE_AGENCY,
    }

    // /token: the client's part
    /// `client_id` or `client_secret` is wrong or missing.
    ClientAuthenticationFailed = "client_authentication_failed" {
        ja: "`client_id` か `client_secret` が違うか、ありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidClient,
        status: StatusCode::UNAUTHORIZED,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Make Cognito’s `client_secret` and `CLIENT_SECRETS` the same. Keep `previous` \
                while a secret is being changed.",
            ja: "Cognito の `client_secret` と `CLIENT_SECRETS` を合わせます。\
                シークレットを替えている間は `previous` を残します。",
        },
    }
    /// `grant_type` is not `authorization_code`.
    UnsupportedGrantType = "unsupported_grant_type" {
        ja: "`grant_type` が `authorization_code` ではありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::UnsupportedGrantType,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// The body is not a form, a parameter is missing or comes twice, or the encoding is broken.
    MalformedTokenRequest = "malformed_token_request" {
        ja: "本文がフォームでないか、パラメーターが足りないか重複しているか、\
            エンコーディングが壊れています。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// The code does not have the format of a code that this function issues.
    CodeMalformed = "code_malformed" {
        ja: "コードが、この関数が発行するコードの形式ではありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// The code was changed.
    CodeForged = "code_forged" {
        ja: "コードが改ざんされています。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual { en: "Suspect an attack.", ja: "攻撃を疑います。" },
    }
    /// The code is older than 60 seconds.
    CodeExpired = "code_expired" {
        ja: "コードの発行から60秒を過ぎました。",
        concern: Concern::Client,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If there are many, check how long Cognito takes to call, and the clocks.",
            ja: "多いときは、Cognito からの呼び出しの遅れと時計を確かめます。",
        },
    }
    /// The code was sealed with an unknown key, for another `ISSUER` or `CLIENT_ID`, or by another
    /// version of the bridge.
    CodeForeign = "code_foreign" {
        ja: "コードが、知らない鍵で、別の `ISSUER` か `CLIENT_ID` に宛てて、\
            またはブリッジの別のバージョンで暗号化されています。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: KEEP_OLD_KEYS,
    }
    /// `redirect_uri` is not that of the authorization request.
    CodeRedirectUriMismatch = "code_redirect_uri_mismatch" {
        ja: "`redirect_uri` が認可リクエストのものと違います。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual { en: "Suspect a stolen code.", ja: "コードの横取りを疑います。" },
    }
    /// `code_verifier` does not match, or only one of `code_challenge` and `code_verifier` was
    /// sent.
    CodeVerifierMismatch = "code_verifier_mismatch" {
        ja: "`code_verifier` が合わないか、`code_challenge` と `code_verifier` \
            の片方だけが届きました。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Cognito sends no PKCE. If another client sent it, check that client.",
            ja: "Cognito は PKCE を送りません。ほかのクライアントなら、その実装を確かめます。",
        },
    }

    // /token: the service's part. A person who begins a login can edit what the browser carries to
    // the service (its scope, `acr_values`, `nonce`) and to the bridge (`prompt`, `max_age`). A
    // class that can follow from that doesn't alert the operator by itself, and has a status below
    // 500. If everybody is refused, the share of logins that finish shows it.
    /// Signing with a key failed.
    SigningFailed = "signing_failed" {
        ja: "鍵による署名に失敗しました。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Read the name of KMS’s error in the log; check the state of the key, the \
                permission `kms:Sign`, and the quotas of KMS.",
            ja: "ログで KMS のエラーの名前を見て、鍵の状態、関数の `kms:Sign` の権限、KMS \
                のクォータを確かめます。",
        },
    }
    /// The service could not be reached within a second.
    ServiceUnreachable = "service_unreachable" {
        ja: "1秒以内にサービスに接続できませんでした。",
        concern: Concern::Service,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check the network (VPC, DNS) and the service’s notices.",
            ja: "ネットワーク（VPC、DNS）とサービスのお知らせを確かめます。",
        },
    }
    /// The service did not answer within the four seconds for the whole request (eight seconds for
    /// the exchange of a member’s verification).
    ServiceTimeout = "service_timeout" {
        ja: "リクエスト全体の期限の4秒以内（会員の本人確認での交換は8秒以内）に、サービスの応答が\
            届きませんでした。",
        concern: Concern::Service,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If it continues, look at the service’s notices.",
            ja: "続くときは、サービスのお知らせを見ます。",
        },
    }
    /// The service answered 429 or 5xx, or the connection broke.
    ServiceFailed = "service_failed" {
        ja: "サービスが 429 か 5xx を返したか、接続が途中で切れました。",
        concern: Concern::Service,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If it continues, look at the service’s notices. For a 429, check the number of \
                calls.",
            ja: "続くときは、サービスのお知らせを見ます。429 なら、呼び出しの数を確かめます。",
        },
    }
    /// The service refused its code, which was already used or too old.
    ServiceRefusedCode = "service_refused_code" {
        ja: "サービスがコードを拒否しました（使用済み、または古い）。",
        concern: Concern::Client,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If there are many, suspect replayed codes (an attack) or a wrong clock.",
            ja: "多いときは、コードの再利用（攻撃）か、時計のずれを疑います。",
        },
    }
    /// The service refused this client: client ID, key, assertion, or a clock that is off.
    ServiceRefusedClient = "service_refused_client" {
        ja: "サービスがこのクライアントを拒否しました（クライアント ID、鍵、アサーション、\
            時計のずれ）。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check that the public key of the first of `ASSERTION_KEYS` is the registered \
                one, that `SERVICE_CLIENT_ID` is the one that you received, and that the clock is \
                right. The service accepts a clock that is 40 s behind to 10 s ahead of its own; \
                `event=service_clock` in the log shows how far it is off.",
            ja: "`ASSERTION_KEYS` の先頭の鍵の公開鍵が届け出たものか、`SERVICE_CLIENT_ID` \
                が受け取ったものか、時計が合っているかを確かめます。時計は、\
                サービスの時計より40秒の遅れから10秒の進みまでなら拒否されません。\
                どれだけずれているかは、ログの `event=service_clock` で分かります。",
        },
    }
    /// The service, or a firewall in front of it, refused the token request for another reason.
    ServiceRefusedRequest = "service_refused_request" {
        ja: "サービスか、その前のファイアウォールが、トークンリクエストをほかの理由で拒否しました。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: ASK_IF_NOBODY_CAN,
    }
    /// The service’s token answer does not have the specified format.
    TokenAnswerMalformed = "token_answer_malformed" {
        ja: "サービスのトークン応答が、仕様の形式ではありません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service’s token answer is over 256 KiB.
    TokenAnswerTooLarge = "token_answer_too_large" {
        ja: "サービスのトークン応答が 256 KiB を超えました。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service’s token answer has no ID token. This also happens if a user removes `openid`
    /// from `scope` in the browser.
    IdTokenMissing = "id_token_missing" {
        ja: "サービスのトークン応答に、IDトークンがありません。利用者がブラウザーで `scope` から \
            `openid` を消したときも、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: ASK_IF_NOBODY_CAN,
    }
    /// The service’s public keys could not be fetched.
    KeySetUnavailable = "key_set_unavailable" {
        ja: "サービスの公開鍵を取得できませんでした。",
        concern: Concern::Service,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check `SERVICE_JWKS_URI` and the network.",
            ja: "`SERVICE_JWKS_URI` とネットワークを確かめます。",
        },
    }
    /// The answer with the service’s public keys is not a JWK Set, or is over 256 KiB.
    KeySetMalformed = "key_set_malformed" {
        ja: "サービスの公開鍵の応答が JWK Set でないか、256 KiB を超えました。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// No usable key verifies the ID token’s signature, and the service publishes a key that may be
    /// the token’s in a form that can’t be used (for example, no point of the curve, a short RSA
    /// key, a contradictory `alg`, or a private key). The token isn’t necessarily forged.
    KeySetKeyUnusable = "key_set_key_unusable" {
        ja: "使えるどの鍵でも IDトークンの署名を検証できず、そのトークンの鍵かもしれない鍵を、\
            サービスが使えない形式で公開しています（曲線上にない点、短い RSA 鍵、食い違う `alg`、\
            公開された秘密鍵など）。偽造とは限りません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "The reason is in the log (`event=service_key_passed_over`). Ask the Digital \
                Agency, giving the support id and the time.",
            ja: "ログの `event=service_key_passed_over` に理由があります。\
                サポート番号と時刻を添えてデジタル庁の窓口に問い合わせます。",
        },
    }
    /// The ID token is not a JWT, or its header or a claim that is checked has the wrong form.
    IdTokenMalformed = "id_token_malformed" {
        ja: "IDトークンが JWT でないか、ヘッダーまたは検査に使うクレームの形式が違います。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// The ID token’s algorithm is not accepted.
    IdTokenAlgorithm = "id_token_algorithm" {
        ja: "IDトークンのアルゴリズムが、許可したものではありません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If the service is known to use RS256, add it to `SERVICE_ID_TOKEN_ALGORITHMS`.",
            ja: "サービスが RS256 を使うと確かめられたら、\
                `SERVICE_ID_TOKEN_ALGORITHMS` に加えます。",
        },
    }
    /// No key with the token’s `kid` was found, even after the keys were fetched again; or there is
    /// no `kid`, and not exactly one key fits.
    IdTokenUnknownKey = "id_token_unknown_key" {
        ja: "トークンの `kid` の鍵が、取得し直しても見つかりません。または `kid` がなく、\
            鍵が1つに決まりません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// The ID token’s signature is wrong, even after the keys were fetched again.
    IdTokenSignature = "id_token_signature" {
        ja: "IDトークンの署名が、鍵を取得し直しても合いません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `iss` is missing, or is not the service’s issuer.
    IdTokenIssuer = "id_token_issuer" {
        ja: "`iss` がないか、サービスの発行者と違います。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check `SERVICE` or `SERVICE_ISSUER`.",
            ja: "`SERVICE` か `SERVICE_ISSUER` を確かめます。",
        },
    }
    /// `aud` is missing, or does not name this client alone.
    IdTokenAudience = "id_token_audience" {
        ja: "`aud` がないか、このクライアントだけを指していません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check `SERVICE_CLIENT_ID`.",
            ja: "`SERVICE_CLIENT_ID` を確かめます。",
        },
    }
    /// `azp` names another client.
    IdTokenAuthorizedParty = "id_token_authorized_party" {
        ja: "`azp` が別のクライアントを指しています。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `exp` is missing, or passed 60 seconds ago or more.
    IdTokenExpired = "id_token_expired" {
        ja: "`exp` がないか、60秒以上前に過ぎています。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CLOCK_MIX_UP_OR_ATTACK,
    }
    /// `iat` is missing, or is more than 60 seconds away from now.
    IdTokenIssuedAt = "id_token_issued_at" {
        ja: "`iat` がないか、現在から60秒を超えて離れています。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CLOCK_MIX_UP_OR_ATTACK,
    }
    /// `nbf` is more than 60 seconds in the future.
    IdTokenNotYetValid = "id_token_not_yet_valid" {
        ja: "`nbf` が60秒を超えて未来です。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CLOCK_MIX_UP_OR_ATTACK,
    }
    /// `nonce` is missing, or is not this login’s. This also happens if a user edits it in the
    /// browser.
    IdTokenNonce = "id_token_nonce" {
        ja: "`nonce` がないか、このログインのものではありません。\
            利用者がブラウザーで書き換えたときも、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `at_hash` does not match the access token that came with it.
    IdTokenAccessTokenHash = "id_token_access_token_hash" {
        ja: "`at_hash` が、一緒に届いたアクセストークンと合いません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `sub` is missing, empty, or over 255 bytes.
    IdTokenSubject = "id_token_subject" {
        ja: "`sub` がないか、空か、255バイトを超えています。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `auth_time` is more than 60 seconds in the future, or not above 0. A value in milliseconds
    /// would be far in the future.
    IdTokenAuthenticationTime = "id_token_auth_time" {
        ja: "`auth_time` が60秒を超えて未来か、0以下です。秒ではなくミリ秒の値だと、\
            遠い未来になります。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check that your clock is right. If it continues, ask the Digital Agency.",
            ja: "自分の時計が合っているか確かめます。続くときはデジタル庁の窓口に問い合わせます。",
        },
    }
    /// `acr` is missing, is not in `ACCEPTED_ACR`, or is over 255 bytes. This also happens if a
    /// user edits `acr_values` in the browser.
    AssuranceNotAccepted = "assurance_not_accepted" {
        ja: "`acr` がないか、`ACCEPTED_ACR` にないか、255バイトより長いです。利用者がブラウザーで \
            `acr_values` を書き換えたときも、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If nobody can sign in, ask the Digital Agency which `acr` the service returns, \
                and set it in `ACCEPTED_ACR`.",
            ja: "だれもログインできないときは、サービスが返す `acr` の値をデジタル庁に確かめ、\
                `ACCEPTED_ACR` に設定します。",
        },
    }
    /// The ID token has no `auth_time`, and `REQUIRE_AUTH_TIME` is `yes`.
    AuthenticationTimeMissing = "auth_time_missing" {
        ja: "IDトークンに `auth_time` がなく、`REQUIRE_AUTH_TIME` が `yes` です。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If it happens to every user, the service doesn’t return `auth_time`: set \
                `REQUIRE_AUTH_TIME` to `no`, and ask the Digital Agency.",
            ja: "すべての利用者で起きるなら、サービスが `auth_time` を返していません。\
                `REQUIRE_AUTH_TIME` を `no` にし、デジタル庁に問い合わせます。",
        },
    }
    /// The client asked for a new authentication (`prompt=login`, `max_age`), and `auth_time` does
    /// not show one: it is missing or too old.
    AuthenticationTooOld = "authentication_too_old" {
        ja: "クライアントが `prompt=login` か `max_age` で新しい認証を求めましたが、\
            `auth_time` がそれを示していません（ない、または古い）。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If it happens to one user, do nothing. If it happens to every user, the service \
                doesn’t return `auth_time`: remove `prompt` and `max_age` from the app’s \
                requests, and ask the Digital Agency.",
            ja: "1人だけなら何もしません。すべての利用者で起きるなら、サービスが `auth_time` \
                を返していません。アプリのリクエストから `prompt` と `max_age` を外し、\
                デジタル庁に問い合わせます。",
        },
    }
    /// `scope` of the token answer lacks a scope that was asked for. This also happens if a user
    /// edits `scope` in the browser.
    ScopeNotGranted = "scope_not_granted" {
        ja: "トークン応答の `scope` に、求めたスコープが足りません。利用者がブラウザーで `scope` \
            を書き換えたときも、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If nobody can sign in, make `ATTRIBUTES` and your contract the same. If they are \
                the same, ask the Digital Agency whether the service lists every granted \
                attribute in `scope`: no setting accepts a shorter list.",
            ja: "だれもログインできないなら、`ATTRIBUTES` と契約の内容を合わせます。\
                合っているなら、サービスが許可した属性をすべて `scope` に並べているかを、\
                デジタル庁に問い合わせます。足りない `scope` を受け入れる設定はありません。",
        },
    }
    /// The token answer has no `scope`, and `GRANTED_SCOPE` is `required`.
    ScopeNotConfirmed = "scope_not_confirmed" {
        ja: "トークン応答に `scope` がなく、`GRANTED_SCOPE` が `required` です。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If it happens to every user, ask the Digital Agency whether the service leaves \
                `scope` out. `GRANTED_SCOPE=optional` accepts an answer without it. Then, if a \
                user removes an attribute from `scope` in the browser, only its absence shows it, \
                and a gender may be absent anyway.",
            ja: "すべての利用者で起きるなら、サービスが `scope` を省いているのかを、\
                デジタル庁に問い合わせます。`GRANTED_SCOPE=optional` なら、`scope` \
                のない応答を受け入れます。その場合、利用者がブラウザーで `scope` \
                から消した属性は、届かないことでしか分かりません。性別は、\
                もともと届かないことがあります。",
        },
    }
    /// The service refused the userinfo request (4xx).
    UserinfoRefused = "userinfo_refused" {
        ja: "サービスが UserInfo のリクエストを拒否しました（4xx）。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The userinfo answer is not a JSON object (`application/jwt` is not accepted either), or a
    /// name comes twice in it.
    UserinfoMalformed = "userinfo_malformed" {
        ja: "UserInfo の応答が JSON のオブジェクトでないか（`application/jwt` も受け付けません）、\
            同じ名前が2回あります。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The userinfo answer is over 256 KiB.
    UserinfoTooLarge = "userinfo_too_large" {
        ja: "UserInfo の応答が 256 KiB を超えました。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// `sub` of userinfo is missing, or differs from `sub` of the ID token.
    UserinfoSubjectMismatch = "userinfo_subject_mismatch" {
        ja: "UserInfo の `sub` が IDトークンのものと違うか、ありません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// Name, address or birth date was asked for and did not come. With `GRANTED_SCOPE=optional`,
    /// this also happens if a user edits `scope` in the browser.
    AttributeMissing = "attribute_missing" {
        ja: "求めた氏名・住所・生年月日のどれかが届きませんでした。`GRANTED_SCOPE=optional` では、\
            利用者がブラウザーで `scope` を書き換えたときも、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If nobody can sign in, make `ATTRIBUTES` and your contract the same.",
            ja: "だれもログインできないときは、`ATTRIBUTES` と契約の内容を合わせます。",
        },
    }
    /// An attribute does not have a known format. Its value is not written anywhere.
    AttributeMalformed = "attribute_malformed" {
        ja: "属性が、想定した形式ではありません。値はどこにも書き込みません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// Name, address, `acr` and the rest together do not fit into a verified record (2,047 bytes).
    /// A name of 100 and an address of 200 characters fit. The values are not written anywhere.
    RecordTooLong = "record_too_long" {
        ja: "氏名・住所・`acr` などを合わせると、検証済みの記録の上限（2,047バイト）\
            に収まりません。氏名100文字と住所200文字なら収まります。値はどこにも書き込みません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }

    // /userinfo
    /// There is no bearer token.
    AccessTokenMissing = "access_token_missing" {
        ja: "Bearer のアクセストークンがありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidToken,
        status: StatusCode::UNAUTHORIZED,
        place: AT_USERINFO,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// The access token was not issued by this function, or was changed.
    AccessTokenInvalid = "access_token_invalid" {
        ja: "アクセストークンがこの関数の発行したものでないか、改ざんされています。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidToken,
        status: StatusCode::UNAUTHORIZED,
        place: AT_USERINFO,
        page: None,
        advice: KEEP_OLD_KEYS,
    }
    /// The access token is older than five minutes.
    AccessTokenExpired = "access_token_expired" {
        ja: "アクセストークンの発行から5分を過ぎました。",
        concern: Concern::Client,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidToken,
        status: StatusCode::UNAUTHORIZED,
        place: AT_USERINFO,
        page: None,
        advice: NOTHING,
    }

    // /verifications: the members' API. Only apps of this stack's user pool can call it, with the
    // token of a member. What a member can cause is never the operator's concern.
    /// There is no access token of the user pool, or it isn’t one (another issuer, an ID token, a
    /// wrong signature, not valid yet).
    MemberTokenInvalid = "member_token_invalid" {
        ja: "ユーザープールのアクセストークンがないか、そうではありません（別の発行者、IDトークン、\
            署名の誤り、まだ有効でない）。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidToken,
        status: StatusCode::UNAUTHORIZED,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "The app sends the member’s access token (not the ID token) of this user pool as \
                `Authorization: Bearer …`. If all are refused, check `USER_POOL_ISSUER`.",
            ja: "アプリは、このユーザープールの、会員のアクセストークン（IDトークンではなく）を \
                `Authorization: Bearer …` で送ります。すべて拒否されるなら、`USER_POOL_ISSUER` \
                を確かめます。",
        },
    }
    /// The access token has expired.
    MemberTokenExpired = "member_token_expired" {
        ja: "アクセストークンの期限が切れています。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidToken,
        status: StatusCode::UNAUTHORIZED,
        place: AT_VERIFICATIONS,
        page: None,
        advice: NOTHING,
    }
    /// The access token’s `client_id` isn’t in `MEMBER_APPS`.
    MemberAppUnknown = "member_app_unknown" {
        ja: "アクセストークンの `client_id` が `MEMBER_APPS` にありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::UnauthorizedClient,
        status: StatusCode::FORBIDDEN,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "If members of this app may verify, add its client to `MEMBER_APPS`.",
            ja: "このアプリの会員が本人確認をしてよいなら、クライアントを `MEMBER_APPS` に加えます。",
        },
    }
    /// The access token lacks the scope `verify` of the resource server.
    MemberScopeMissing = "member_scope_missing" {
        ja: "アクセストークンに、リソースサーバーのスコープ `verify` がありません。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidScope,
        status: StatusCode::FORBIDDEN,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "The app asks for `digital-auth/verify` at the sign-in. For sign-ins by SDK, add \
                it to `SDK_SCOPES`.",
            ja: "アプリは、ログインで `digital-auth/verify` を求めます。SDK でのログインなら、\
                `SDK_SCOPES` に加えます。",
        },
    }
    /// The body isn’t the JSON that the operation takes: a member is missing or has a wrong form.
    VerificationMalformed = "verification_malformed" {
        ja: "本文が、その操作の JSON ではありません。メンバーがないか、形式が違います。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Compare the app’s request with `docs/members.en.md`.",
            ja: "アプリのリクエストを `docs/members.md` と比べます。",
        },
    }
    /// The code or the continuation belongs to another member than the access token.
    VerificationOfAnotherMember = "verification_of_another_member" {
        ja: "コードか継続が、アクセストークンの会員とは別の会員のものです。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::FORBIDDEN,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "The member signed in as somebody else meanwhile. If there are many, suspect an \
                attack: somebody has others verify their account.",
            ja: "途中で別の会員としてログインした場合です。\
                多いときは、他人に自分のアカウントの本人確認をさせる攻撃を疑います。",
        },
    }
    /// The code or the continuation was given to another app client than that of the access token.
    VerificationOfAnotherApp = "verification_of_another_app" {
        ja: "コードか継続が、アクセストークンとは別のアプリクライアントのものです。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::FORBIDDEN,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "One app client begins and completes. If there are many, suspect an attack.",
            ja: "始めるのも終えるのも、同じアプリクライアントです。多いときは攻撃を疑います。",
        },
    }
    /// The continuation isn’t one of this stack, or was changed.
    ContinuationInvalid = "continuation_invalid" {
        ja: "継続が、このスタックのものでないか、書き換えられています。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "The app sends the continuation unchanged. If there are many, suspect an attack.",
            ja: "アプリは、継続を変えずに送ります。多いときは攻撃を疑います。",
        },
    }
    /// More than ten minutes passed since the verification got its continuation.
    ContinuationExpired = "continuation_expired" {
        ja: "継続を受け取ってから10分を過ぎました。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "The member verifies again, with the card.",
            ja: "会員は、もう一度カードで本人確認をします。",
        },
    }
    /// Another member is verified as this person, or was until recently (`RELEASE_WAIT`), or the
    /// person is a user who signs in with the card.
    PersonAlreadyVerified = "person_already_verified" {
        ja: "別の会員が、この人として本人確認をしているか、最近までしていました\
            （`RELEASE_WAIT`）。または、この人がカードでログインする利用者です。",
        concern: Concern::Nobody,
        kind: Kind::Service,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::CONFLICT,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Nothing: this is the rule that one person verifies one member. The person takes \
                the other verification back, or you release it (`docs/members.en.md`).",
            ja: "何もしません。1人が本人確認できる会員は1人、という決まりです。\
                本人がほかの本人確認を取り消すか、運用者が取り消します（`docs/members.md`）。",
        },
    }
    /// The member is verified as another person, or signs in with another person’s card.
    MemberIsAnotherPerson = "member_is_another_person" {
        ja: "会員が、別の人として本人確認をしているか、別の人のカードでログインします。",
        concern: Concern::Nobody,
        kind: Kind::Service,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::CONFLICT,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Nothing: a member takes the verification back before somebody else verifies as \
                them.",
            ja: "何もしません。会員は、別の人として本人確認をする前に、いまのものを取り消します。",
        },
    }
    /// The member took this verification back, or another one after they had begun this one.
    VerificationTakenBack = "verification_taken_back" {
        ja: "会員が、この本人確認か、これを始めた後に別の本人確認を取り消しました。",
        concern: Concern::Nobody,
        kind: Kind::GivenUp,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::CONFLICT,
        place: AT_VERIFICATIONS,
        page: None,
        advice: NOTHING,
    }
    /// The access token’s user doesn’t exist any more, is disabled, or has another name in the user
    /// pool.
    MemberGone = "member_gone" {
        ja: "アクセストークンの利用者がもういないか、無効にされているか、\
            ユーザープールでの名前が違います。",
        concern: Concern::Nobody,
        kind: Kind::Request,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::FORBIDDEN,
        place: AT_VERIFICATIONS,
        page: None,
        advice: NOTHING,
    }
    /// Another pass of this member, or of this person, is under way.
    VerificationUnderWay = "verification_under_way" {
        ja: "この会員か、この人の、別の本人確認が進んでいます。",
        concern: Concern::Nobody,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::TOO_MANY_REQUESTS,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Nothing: the app goes on with the continuation, after `Retry-After`.",
            ja: "何もしません。アプリは `Retry-After` の後に、継続で続けます。",
        },
    }
    /// Amazon Cognito or DynamoDB gets more requests than it takes: 25 writes of users in a second
    /// for the whole account, for example.
    TooManyRequests = "too_many_requests" {
        ja: "Amazon Cognito か DynamoDB へのリクエストが、受け付ける数を超えました\
            （利用者への書き込みは、アカウント全体で1秒に25回など）。",
        concern: Concern::Unproven,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::TOO_MANY_REQUESTS,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Nothing, if it is a rush: the app goes on with the continuation, after \
                `Retry-After`. If it lasts, see who else writes users of this account.",
            ja: "混み合っただけなら何もしません。アプリは `Retry-After` の後に、継続で続けます。\
                続くときは、ほかに誰がこのアカウントの利用者に書き込んでいるかを調べます。",
        },
    }
    /// The user pool doesn’t answer, or answers with an error of its own.
    UserPoolUnavailable = "user_pool_unavailable" {
        ja: "ユーザープールが応答しないか、自身のエラーを返します。",
        concern: Concern::Unproven,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Look at the state of Amazon Cognito in this Region.",
            ja: "このリージョンの Amazon Cognito の状態を見ます。",
        },
    }
    /// The user pool refuses a call: a missing permission, or an attribute that isn’t in its
    /// schema.
    UserPoolRefused = "user_pool_refused" {
        ja: "ユーザープールが呼び出しを拒否しました。権限がないか、属性がスキーマにありません。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::INTERNAL_SERVER_ERROR,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Check that the user pool has the attribute `custom:member_record`, and the \
                function’s permissions `cognito-idp:AdminGetUser`, `ListUsers` and \
                `AdminUpdateUserAttributes` for this user pool.",
            ja: "ユーザープールに属性 `custom:member_record` があるか、\
                関数にこのユーザープールへの `cognito-idp:AdminGetUser`、`ListUsers`、\
                `AdminUpdateUserAttributes` の権限があるかを確かめます。",
        },
    }
    /// The table doesn’t answer, or other requests write the same entries all the time.
    MemberTableUnavailable = "member_table_unavailable" {
        ja: "テーブルが応答しないか、ほかのリクエストが同じ項目に書き込み続けています。",
        concern: Concern::Unproven,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Look at the state of Amazon DynamoDB in this Region.",
            ja: "このリージョンの Amazon DynamoDB の状態を見ます。",
        },
    }
    /// The table refuses a call, or an entry or a member’s record has another form: a missing
    /// permission, a wrong name, or a newer version of the function.
    MemberTableRefused = "member_table_refused" {
        ja: "テーブルが呼び出しを拒否したか、項目か会員の記録が別の形式です。権限がない、\
            名前が違う、関数の新しいバージョン、のどれかです。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::INTERNAL_SERVER_ERROR,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Check `MEMBER_TABLE` and the function’s permissions for it, and deploy the newest \
                version.",
            ja: "`MEMBER_TABLE` と、それへの関数の権限を確かめ、最新のバージョンをデプロイします。",
        },
    }
    /// The HMAC of the person could not be made.
    PersonKeyUnavailable = "person_key_unavailable" {
        ja: "その人の HMAC を作れませんでした。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_VERIFICATIONS,
        page: None,
        advice: Bilingual {
            en: "Check the key in `PERSON_KEY`, and the permission `kms:GenerateMac`.",
            ja: "`PERSON_KEY` の鍵と、`kms:GenerateMac` の権限を確かめます。",
        },
    }
}

impl From<NoSecrets> for Class {
    fn from(_: NoSecrets) -> Self {
        Self::SecretsUnavailable
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

// Places: endpoints that report many classes in the same form.

const AT_TOKEN: Place = Place {
    words: Bilingual {
        en: "`/token`: JSON",
        ja: "`/token`：JSON",
    },
    has_status: true,
};

const PAGE_OF_AUTHORIZE: Place = Place {
    words: Bilingual {
        en: "`/authorize`: page",
        ja: "`/authorize`：ページ",
    },
    has_status: true,
};

const PAGE_OF_VERIFY: Place = Place {
    words: Bilingual {
        en: "`/verify`: page",
        ja: "`/verify`：ページ",
    },
    has_status: true,
};

const FROM_AUTHORIZE: Place = Place {
    words: Bilingual {
        en: "`/authorize`: 302",
        ja: "`/authorize`：302",
    },
    has_status: false,
};

const PAGE_OF_CALLBACK: Place = Place {
    words: Bilingual {
        en: "`/callback`: page",
        ja: "`/callback`：ページ",
    },
    has_status: true,
};

const FROM_CALLBACK: Place = Place {
    words: Bilingual {
        en: "`/callback`: 302",
        ja: "`/callback`：302",
    },
    has_status: false,
};

const AT_VERIFICATIONS: Place = Place {
    words: Bilingual {
        en: "`/verifications`: JSON",
        ja: "`/verifications`：JSON",
    },
    has_status: true,
};

const AT_USERINFO: Place = Place {
    words: Bilingual {
        en: "`/userinfo`: JSON + `WWW-Authenticate`",
        ja: "`/userinfo`：JSON＋`WWW-Authenticate`",
    },
    has_status: true,
};

// Sentences for people.

const SIGN_IN_AGAIN: Bilingual = Bilingual {
    en: "Go back to the app or site in which you began, and begin again.",
    ja: "始めたアプリやサイトに戻り、もう一度やり直してください。",
};

const CALLED_WRONGLY: Sentences = Sentences {
    what_happened: Bilingual {
        en: "The app or site sent a wrong request.",
        ja: "アプリやサイトからの呼び出しに誤りがあります。",
    },
    what_to_do: Bilingual {
        en: "Please give the support ID on this page to the operator of the app or site in which \
            you began.",
        ja: "始めたアプリやサイトの運営者に、\
            このページのサポート番号をお知らせください。",
    },
};

/// Also used if a page reports a class that has no sentences of its own, which doesn't happen.
pub const A_PROBLEM: Sentences = Sentences {
    what_happened: Bilingual {
        en: "There is a problem with this service.",
        ja: "このサービスで問題が起きました。",
    },
    what_to_do: Bilingual {
        en: "Wait a little, then begin again. If the problem continues, please give the support \
            ID on this page to the operator of the app or site.",
        ja: "少し待ってから、もう一度やり直してください。続く場合は、\
            アプリやサイトの運営者に、このページのサポート番号をお知らせください。",
    },
};

// Advice for the operator.

const CHECK_THE_SETTINGS: Bilingual = Bilingual {
    en: "Check the settings of the app or of Cognito.",
    ja: "アプリか Cognito の設定を確かめます。",
};

const THE_PERSON_SIGNS_IN_AGAIN: Bilingual = Bilingual {
    en: "Nothing. The user signs in again.",
    ja: "何もしません。利用者がもう一度ログインします。",
};

const KEEP_OLD_KEYS: Bilingual = Bilingual {
    en: "Check that no old key was removed from `SEALING_KEYS` too early.",
    ja: "`SEALING_KEYS` から古い鍵を早く外しすぎていないか確かめます。",
};

const ASK_THE_AGENCY: Bilingual = Bilingual {
    en: "If it continues, ask the Digital Agency, giving the support id and the time.",
    ja: "続くときは、サポート番号と時刻を添えてデジタル庁の窓口に問い合わせます。",
};

const NOTHING: Bilingual = Bilingual {
    en: "Nothing.",
    ja: "何もしません。",
};

const ASK_IF_NOBODY_CAN: Bilingual = Bilingual {
    en: "If nobody can sign in, ask the Digital Agency, giving the support id and the time.",
    ja: "だれもログインできないときは、\
        サポート番号と時刻を添えてデジタル庁の窓口に問い合わせます。",
};

const MIX_UP_OR_ATTACK: Bilingual = Bilingual {
    en: "If it continues, ask the Digital Agency. If it happened once, suspect a mix-up or an \
        attack, and read the log entries around that time.",
    ja: "続くときはデジタル庁の窓口に問い合わせます。1回だけなら、取り違えや攻撃を疑い、\
        その前後のログを確かめます。",
};

const CLOCK_MIX_UP_OR_ATTACK: Bilingual = Bilingual {
    en: "Check that your clock is right. If it continues, ask the Digital Agency. If it happened \
        once, suspect a mix-up or an attack, and read the log entries around that time.",
    ja: "自分の時計が合っているか確かめます。続くときはデジタル庁の窓口に問い合わせます。\
        1回だけなら、取り違えや攻撃を疑い、その前後のログを確かめます。",
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_class_has_a_name_of_its_own_in_printable_ascii() {
        let names: HashSet<_> = Class::ALL.iter().map(|class| class.name()).collect();
        assert_eq!(names.len(), Class::ALL.len());
        for name in names {
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn a_class_has_sentences_for_people_where_a_page_tells_it_and_nowhere_else() {
        for class in Class::ALL {
            let place = class.place().words;
            let is_on_a_page = place.en.contains("page");
            assert_eq!(place.ja.contains("ページ"), is_on_a_page, "{class}");
            assert_eq!(class.page().is_some(), is_on_a_page, "{class}");
        }
    }
}
