//! Every class of failure of the bridge, in the order of a login. Each class has its name, its
//! OAuth error and HTTP status, the party that it concerns (which decides its log level), and the
//! texts for people and for the operator. A new class needs only a block here; `cargo xtask docs`
//! updates the documents.

use std::fmt;

use function_kit::failure::{Bilingual, Concern, Kind};
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
    /// There is a CloudFront in front (`FRONT_DOOR_SECRETS`), and the request did not come through
    /// it: `x-front-door` is missing or wrong.
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
                en: "You cannot sign in at this address.",
                ja: "このアドレスからはログインできません。",
            },
            what_to_do: Bilingual {
                en: "Go back to the app or site that you use, and sign in with its button. If this \
                    page comes again, please tell the support ID on it to the operator of the app \
                    or site.",
                ja: "ご利用のアプリやサイトに戻り、ログインのボタンからやり直してください。\
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
                en: "Go back to the app or site that you use, and sign in with its button.",
                ja: "ご利用のアプリやサイトに戻り、ログインのボタンからやり直してください。",
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
    /// A defect of the function, or there was no randomness.
    Internal = "internal" {
        ja: "関数の欠陥です。または乱数を得られませんでした。",
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
            en: "Look for `event=panic` in the log at that time (it names only the place), and \
                report it.",
            ja: "同じ時刻のログの `event=panic`（場所だけが書かれます）を見て、報告してください。",
        },
    }
    /// One of `SEALING_KEYS`, `RECORD_KEYS`, `CLIENT_SECRETS` and `FRONT_DOOR_SECRETS` had to be
    /// read again, and could not be (an unknown key, a secret that doesn’t match, or last read 24
    /// hours ago).
    SecretsUnavailable = "secrets_unavailable" {
        ja: "`SEALING_KEYS`、`RECORD_KEYS`、`CLIENT_SECRETS`、\
            `FRONT_DOOR_SECRETS` のどれかを読み直す必要があり、読み直せませんでした（知らない鍵、\
            合わないシークレット、または読んでから24時間たった）。",
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
            en: "Check AWS Secrets Manager, the function’s rights, and the form of the documents.",
            ja: "AWS Secrets Manager の状態、関数の権限、文書の形を確かめます。",
        },
    }
    /// It could not be answered within 4 seconds, because the process took long to start.
    TooSlow = "too_slow" {
        ja: "4秒以内に答えられませんでした。プロセスの起動に時間を取られました。",
        concern: Concern::Operator,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check the time to start (`StartDuration`) and the function’s memory. The user may \
                try again.",
            ja: "起動の時間（`StartDuration`）と、関数のメモリーを確かめます。\
                利用者はやり直せます。",
        },
    }
    /// It isn’t an event of the HTTP API. The HTTP API never sends such.
    EventMalformed = "event_malformed" {
        ja: "HTTP API のイベントではありません。HTTP API からは起こりません。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: Place {
            words: Bilingual {
                en: "the function (only if it is called otherwise)",
                ja: "関数（ほかの呼び出し方でだけ）",
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
                en: "This login is not connected to the Digital Authentication App service yet, \
                    and cannot be used.",
                ja: "このログインは、まだデジタル認証アプリサービスに接続されていないため、\
                    ご利用になれません。",
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
            en: "Hand the public keys of `/client-jwks.json` to the Digital Agency, and set the \
                client ID when it comes.",
            ja: "`/client-jwks.json` の公開鍵をデジタル庁に届け出て、\
                クライアント ID を受け取ったら設定します。",
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
            en: "Cognito always sends one. Find out whether another client calls.",
            ja: "Cognito は必ず送ります。ほかのクライアントが呼んでいないか確かめます。",
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
            en: "Make the `state` shorter that the app gives to Cognito.",
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
        ja: "`scope` が `openid` と `ATTRIBUTES` の組とちょうど同じではありません。",
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
    /// `prompt=none`: this login always needs the person.
    LoginRequired = "login_required" {
        ja: "`prompt=none` です。このログインには必ず本人が必要です。",
        concern: Concern::Nobody,
        kind: Kind::Request,
        oauth_error: OAuthError::LoginRequired,
        status: StatusCode::BAD_REQUEST,
        place: FROM_AUTHORIZE,
        page: None,
        advice: Bilingual {
            en: "Nothing. The app tried a silent login.",
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
    /// `code_challenge` is not an S256 one.
    InvalidCodeChallenge = "invalid_code_challenge" {
        ja: "`code_challenge` が S256 の形ではありません。",
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

    // /callback: only the browser says what comes here, and anybody can write such an answer or
    // such a cookie by hand. So none of these classes alerts the operator by itself; what the
    // service says itself, it says at /token. If everybody's logins end here, the share of logins
    // that finish shows it.
    /// This browser has no cookie of this login: another browser, a browser inside an app, or a
    /// reload.
    NoPendingLogin = "no_pending_login" {
        ja: "このログインの Cookie が、このブラウザーにありません。別のブラウザー、\
            アプリ内ブラウザー、再読み込みが原因です。",
        concern: Concern::Nobody,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "You came back in another browser than the one in which you began, or the \
                    browser does not accept cookies, or this login has already ended.",
                ja: "ログインを始めたときとは別のブラウザーに戻ったか、\
                    ブラウザーが Cookie を受け付けていないか、\
                    このログインがすでに終わっている可能性があります。",
            },
            what_to_do: Bilingual {
                en: "Go back to the browser in which you began, and sign in again. Do not use a \
                    private window or a browser inside another app.",
                ja: "ログインを始めたブラウザーに戻り、もう一度ログインしてください。\
                    プライベートブラウズや、ほかのアプリの中のブラウザーは使わないでください。",
            },
        }),
        advice: Bilingual {
            en: "If there are many, tell people in the app to come back to the browser in which \
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
                en: "The authentication with {app} took more than five minutes, and the login has \
                    expired.",
                ja: "{app}での認証に5分以上かかったため、ログインの有効期限が切れました。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: THE_PERSON_SIGNS_IN_AGAIN,
    }
    /// The cookie was sealed with an unknown key, for another `ISSUER` or `CLIENT_ID`, or by
    /// another version of the bridge; or its `redirect_uri` is no longer configured.
    ForeignLogin = "foreign_login" {
        ja: "Cookie の封が、知らない鍵、別の `ISSUER`、別の `CLIENT_ID`、\
            またはブリッジの別の版のものです。または、その `redirect_uri` が設定から外れました。",
        concern: Concern::Unproven,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "This login was begun with a configuration that is no longer in use, and \
                    cannot go on.",
                ja: "このログインは、いまは使われていない設定で始まったため、続けられません。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: KEEP_OLD_KEYS,
    }
    /// The cookie was changed or is damaged.
    AlteredLogin = "altered_login" {
        ja: "Cookie が書き換えられたか、壊れています。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: PAGE_OF_CALLBACK,
        page: Some(Sentences {
            what_happened: Bilingual {
                en: "What the browser kept of this login is damaged or was changed.",
                ja: "ブラウザーに保存されたログインの情報が壊れているか、書き換えられています。",
            },
            what_to_do: SIGN_IN_AGAIN,
        }),
        advice: Bilingual {
            en: "If there are many, suspect an attack.",
            ja: "多いときは攻撃を疑います。",
        },
    }
    /// The service’s answer can’t be read (no `state`, duplicates, encoding, an over-long code).
    MalformedCallback = "malformed_callback" {
        ja: "サービスの応答を読み取れません（`state` がない、重複、エンコーディング、長いコード）。",
        concern: Concern::Client,
        kind: Kind::Browser,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: Place {
            words: Bilingual {
                en: "`/callback`: page; 302 if the code’s form is wrong",
                ja: "`/callback`：ページ。コードの形が違えば302",
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
    /// `iss` of the answer is not the service. With `CALLBACK_ISS=required`, it may be missing,
    /// too.
    IssuerMismatch = "issuer_mismatch" {
        ja: "応答の `iss` がサービスのものではありません。`CALLBACK_ISS` が `required` なら、\
            `iss` がないときも。",
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
    /// The service said `login_required`.
    ServiceLoginRequired = "service_login_required" {
        ja: "サービスが `login_required` と答えました。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::LoginRequired,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service said `interaction_required` (or `consent_required`,
    /// `account_selection_required`).
    ServiceInteractionRequired = "service_interaction_required" {
        ja: "サービスが `interaction_required`（または `consent_required`、\
            `account_selection_required`）と答えました。",
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
    /// The service said `invalid_scope`.
    ServiceInvalidScope = "service_invalid_scope" {
        ja: "サービスが `invalid_scope` と答えました。",
        concern: Concern::Unproven,
        kind: Kind::Operator,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: Bilingual {
            en: "Check that the contract allows the `ATTRIBUTES`.",
            ja: "`ATTRIBUTES` が、契約で許された属性かどうか確かめます。",
        },
    }
    /// The service said `unauthorized_client`.
    ServiceUnauthorizedClient = "service_unauthorized_client" {
        ja: "サービスが `unauthorized_client` と答えました。",
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
    /// The service said `server_error`.
    ServiceServerError = "service_server_error" {
        ja: "サービスが `server_error` と答えました。",
        concern: Concern::Unproven,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// The service’s login page timed out (`temporarily_unavailable` with the description
    /// `authentication_expired`). It is no outage.
    ServiceLoginExpired = "service_login_expired" {
        ja: "サービスのログイン画面が時間切れになりました（`temporarily_unavailable` で、\
            説明が `authentication_expired`）。障害ではありません。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        oauth_error: OAuthError::AccessDenied,
        status: StatusCode::BAD_REQUEST,
        place: FROM_CALLBACK,
        page: None,
        advice: THE_PERSON_SIGNS_IN_AGAIN,
    }
    /// The service said `temporarily_unavailable`.
    ServiceTemporarilyUnavailable = "service_temporarily_unavailable" {
        ja: "サービスが `temporarily_unavailable` と答えました。",
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
    /// The service said an error that is in none of these rows.
    ServiceUnknownError = "service_unknown_error" {
        ja: "サービスが、表にないエラーを返しました。",
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
                while a secret is changed.",
            ja: "Cognito の `client_secret` と `CLIENT_SECRETS` を合わせます。\
                秘密を替えるときは `previous` を残します。",
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
    /// No form, a parameter missing or twice, or a broken encoding.
    MalformedTokenRequest = "malformed_token_request" {
        ja: "フォームでない、パラメーターがない、重複、またはエンコーディングが壊れています。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidRequest,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CHECK_THE_SETTINGS,
    }
    /// The code does not have the form of ours.
    CodeMalformed = "code_malformed" {
        ja: "コードが、この関数のものの形ではありません。",
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
        ja: "コードが書き換えられています。",
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
        ja: "コードが60秒を過ぎました。",
        concern: Concern::Client,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If there are many, check how late Cognito calls, and the clocks.",
            ja: "多いときは、Cognito からの呼び出しの遅れと時計を確かめます。",
        },
    }
    /// The code was sealed with an unknown key, for another `ISSUER` or `CLIENT_ID`, or by another
    /// version of the bridge.
    CodeForeign = "code_foreign" {
        ja: "コードの封が、知らない鍵、別の `ISSUER`、別の `CLIENT_ID`、\
            またはブリッジの別の版のものです。",
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
    /// `code_verifier` does not fit, or only one of challenge and verifier came.
    CodeVerifierMismatch = "code_verifier_mismatch" {
        ja: "`code_verifier` が合わないか、\
            `code_challenge` と `code_verifier` の片方だけが来ました。",
        concern: Concern::Client,
        kind: Kind::Request,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Cognito sends no PKCE. If it is another client, check it.",
            ja: "Cognito は PKCE を送りません。ほかのクライアントなら、その実装を確かめます。",
        },
    }

    // /token: the service's part. A person who begins a login can edit what the browser carries to
    // the service (its scope, `acr_values`, `nonce`) and to the bridge (`prompt`, `max_age`). A
    // class that can follow from that doesn't alert the operator by itself, and has a status below
    // 500. If everybody is refused, the share of logins that finish shows it.
    /// A key did not sign.
    SigningFailed = "signing_failed" {
        ja: "鍵が署名できませんでした。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Read KMS’s error name in the log; check the key’s state, the right `kms:Sign`, \
                and the quotas of KMS.",
            ja: "ログの KMS のエラーの名前を見て、鍵の状態、関数の `kms:Sign` の権限、\
                KMS のクォータを確かめます。",
        },
    }
    /// No connection to the service (within a second).
    ServiceUnreachable = "service_unreachable" {
        ja: "サービスにつながりません（1秒以内）。",
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
    /// No answer within four seconds in all.
    ServiceTimeout = "service_timeout" {
        ja: "全体で4秒以内に応答が来ませんでした。",
        concern: Concern::Service,
        kind: Kind::Unavailable,
        oauth_error: OAuthError::TemporarilyUnavailable,
        status: StatusCode::SERVICE_UNAVAILABLE,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If it goes on, look at the service’s notices.",
            ja: "続くときはサービスのお知らせを見ます。",
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
            en: "If it goes on, look at the service’s notices. At 429, look at the number of \
                calls.",
            ja: "続くときはサービスのお知らせを見ます。429 なら、呼び出しの数を確かめます。",
        },
    }
    /// The service refused its code: used already, or too old.
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
            en: "Check that the public key of the first of `ASSERTION_KEYS` is the one that was \
                registered, that `SERVICE_CLIENT_ID` is the one that was given, and that the \
                clock is right. It may be 40 s behind the service’s to 10 s ahead of it; how far \
                it is off, the log’s `event=service_clock` says.",
            ja: "`ASSERTION_KEYS` の先頭の鍵の公開鍵が届け出たものか、\
                `SERVICE_CLIENT_ID` が受け取ったものか、時計が合っているかを確かめます。\
                サービスの時計より40秒遅れから10秒進みまでは拒否されません。どれだけずれているかは、\
                ログの `event=service_clock` が言います。",
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
    /// The service’s token answer does not have its form.
    TokenAnswerMalformed = "token_answer_malformed" {
        ja: "サービスのトークン応答が、決まった形ではありません。",
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
    /// The service’s token answer has no ID token. So it is if somebody takes `openid` out of
    /// `scope` in their browser.
    IdTokenMissing = "id_token_missing" {
        ja: "サービスのトークン応答に、IDトークンがありません。\
            ブラウザーで `scope` から `openid` を消すと、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: ASK_IF_NOBODY_CAN,
    }
    /// The service’s public keys can’t be had.
    KeySetUnavailable = "key_set_unavailable" {
        ja: "サービスの公開鍵を取得できません。",
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
    /// The answer with the service’s keys is no JWK Set, or over 256 KiB.
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
    /// No usable key verifies the ID token, and the service publishes one that may be its key in a
    /// form that can’t be used (no point of the curve, a short RSA key, an `alg` that contradicts
    /// it, a private key, for example). It need not be a forgery.
    KeySetKeyUnusable = "key_set_key_unusable" {
        ja: "IDトークンの署名が使えるどの鍵とも合わず、その鍵かもしれないものを、\
            サービスが使えない形で公開しています（曲線上にない点、短い RSA 鍵、食い違う `alg`、\
            公開された秘密鍵など）。偽造とは限りません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "The log’s `event=service_key_passed_over` has the reason. Ask the Digital Agency, \
                with support id and time.",
            ja: "ログの `event=service_key_passed_over` に理由があります。\
                サポート番号と時刻を添えてデジタル庁の窓口に問い合わせます。",
        },
    }
    /// The ID token is no JWT, or its header or the claims that are checked have another form.
    IdTokenMalformed = "id_token_malformed" {
        ja: "IDトークンが JWT でないか、ヘッダーまたは確かめるクレームの形が違います。",
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
        ja: "IDトークンのアルゴリズムが、許したものではありません。",
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
    /// The key of `kid` is not there, also after a refetch; or there is no `kid`, and more than one
    /// key.
    IdTokenUnknownKey = "id_token_unknown_key" {
        ja: "`kid` の鍵が、読み直しても見つかりません。または `kid` がなく、鍵が1つに決まりません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// The ID token’s signature is wrong, also with the keys fetched once more.
    IdTokenSignature = "id_token_signature" {
        ja: "IDトークンの署名が、鍵を読み直しても合いません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `iss` is missing, or is not the service.
    IdTokenIssuer = "id_token_issuer" {
        ja: "`iss` がないか、サービスのものではありません。",
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
    /// `azp` is another client.
    IdTokenAuthorizedParty = "id_token_authorized_party" {
        ja: "`azp` が別のクライアントです。",
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
    /// `iat` is missing, or more than 60 seconds away.
    IdTokenIssuedAt = "id_token_issued_at" {
        ja: "`iat` がないか、60秒を超えて離れています。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: CLOCK_MIX_UP_OR_ATTACK,
    }
    /// `nbf` is more than 60 seconds ahead.
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
    /// `nonce` is missing, or is not this login’s. So it is, too, if somebody edits it in their
    /// browser.
    IdTokenNonce = "id_token_nonce" {
        ja: "`nonce` がないか、このログインのものではありません。ブラウザーで書き換えても、\
            こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: MIX_UP_OR_ATTACK,
    }
    /// `at_hash` is not that of the access token.
    IdTokenAccessTokenHash = "id_token_access_token_hash" {
        ja: "`at_hash` が、届いたアクセストークンのものではありません。",
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
    /// `auth_time` is more than 60 seconds ahead, or not above 0. Milliseconds for seconds are far
    /// ahead.
    IdTokenAuthenticationTime = "id_token_auth_time" {
        ja: "`auth_time` が60秒を超えて未来か、0以下です。秒でなくミリ秒の値は、\
            遠い未来になります。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "Check that your clock is right. If it goes on, ask the Digital Agency.",
            ja: "自分の時計が合っているか確かめます。続くときはデジタル庁の窓口に問い合わせます。",
        },
    }
    /// `acr` is missing, is not in `ACCEPTED_ACR`, or is over 255 bytes. So it is, too, if somebody
    /// edits `acr_values` in their browser.
    AssuranceNotAccepted = "assurance_not_accepted" {
        ja: "`acr` がないか、`ACCEPTED_ACR` にないか、255バイトより長いです。\
            ブラウザーで `acr_values` を書き換えても、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If nobody can sign in, ask the Digital Agency which `acr` the service returns, \
                and write it into `ACCEPTED_ACR`.",
            ja: "だれもログインできないときは、サービスが返す `acr` の値をデジタル庁に確かめ、\
                `ACCEPTED_ACR` に書きます。",
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
            en: "If it is everybody, the service gives none: set `REQUIRE_AUTH_TIME` to `no`, and \
                ask the Digital Agency.",
            ja: "全員なら、サービスが返していません。`REQUIRE_AUTH_TIME` を `no` にし、\
                デジタル庁に問い合わせます。",
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
            en: "If it is one person, nothing. If it is everybody, the service gives no \
                `auth_time`: take `prompt` and `max_age` out of the app, and ask the Digital \
                Agency.",
            ja: "1人だけなら何もしません。だれもがそうなるなら、\
                サービスが `auth_time` を返していません。アプリから `prompt` と `max_age` を外し、\
                デジタル庁に尋ねます。",
        },
    }
    /// `scope` of the token answer lacks a scope that was asked for. So it is if somebody edits
    /// `scope` in their browser.
    ScopeNotGranted = "scope_not_granted" {
        ja: "トークン応答の `scope` に、求めたスコープが足りません。\
            ブラウザーで `scope` を書き換えても、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If nobody can sign in, make `ATTRIBUTES` and the contract the same. If they are, \
                ask the Digital Agency whether the service lists every granted attribute in \
                `scope`: no setting lets a shorter list pass.",
            ja: "だれもログインできないなら、`ATTRIBUTES` と契約の内容を合わせます。\
                合っているなら、許した属性を `scope` にすべて並べているのか、\
                デジタル庁に問い合わせます。足りない `scope` を通す設定はありません。",
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
            en: "If it is everybody, ask the Digital Agency whether the service leaves it out. \
                With `GRANTED_SCOPE=optional` it may; what somebody takes out of `scope` in their \
                browser then only shows where an attribute doesn't come, and a gender may be \
                absent anyway.",
            ja: "全員なら、サービスが省いているのか、デジタル庁に問い合わせます。\
                `GRANTED_SCOPE=optional` なら、なくてもかまいません。そのときは、\
                ブラウザーで `scope` から消しても、属性が来ないことでしか分かりません。性別は、\
                もともと来ないことがあります。",
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
    /// The userinfo answer is no JSON object (`application/jwt` is not taken either), or a name
    /// comes twice in it.
    UserinfoMalformed = "userinfo_malformed" {
        ja: "UserInfo の応答が JSON のオブジェクトではないか（`application/jwt` も受け取りません）\
            、同じ名前が2回あります。",
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
    /// `sub` of userinfo is missing, or is not that of the ID token.
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
    /// Name, address or birth date was asked for and did not come. With `GRANTED_SCOPE=optional` so
    /// it is, too, if somebody edits `scope` in their browser.
    AttributeMissing = "attribute_missing" {
        ja: "求めた氏名・住所・生年月日のどれかが来ませんでした。`GRANTED_SCOPE=optional` では、\
            ブラウザーで `scope` を書き換えても、こうなります。",
        concern: Concern::Unproven,
        kind: Kind::Service,
        oauth_error: OAuthError::InvalidGrant,
        status: StatusCode::BAD_REQUEST,
        place: AT_TOKEN,
        page: None,
        advice: Bilingual {
            en: "If nobody can sign in, make `ATTRIBUTES` and the contract the same.",
            ja: "だれもログインできないときは、`ATTRIBUTES` と契約の内容を合わせます。",
        },
    }
    /// An attribute does not have a form that is known. Its value is written nowhere.
    AttributeMalformed = "attribute_malformed" {
        ja: "属性が、想定した形ではありません。値はどこにも書かれません。",
        concern: Concern::Service,
        kind: Kind::Service,
        oauth_error: OAuthError::ServerError,
        status: StatusCode::BAD_GATEWAY,
        place: AT_TOKEN,
        page: None,
        advice: ASK_THE_AGENCY,
    }
    /// Name, address, `acr` and the rest together do not fit into a verified record (2,047 bytes).
    /// A name of 100 and an address of 200 characters fit. No value is written anywhere.
    RecordTooLong = "record_too_long" {
        ja: "氏名・住所・`acr` などを合わせると、\
            検証済みの記録の上限（2,047バイト）に収まりません。\
            氏名100文字と住所200文字なら収まります。値はどこにも書かれません。",
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
    /// The access token is not ours, or was changed.
    AccessTokenInvalid = "access_token_invalid" {
        ja: "アクセストークンがこの関数のものでないか、書き換えられています。",
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
        ja: "アクセストークンが5分を過ぎました。",
        concern: Concern::Client,
        kind: Kind::TooLate,
        oauth_error: OAuthError::InvalidToken,
        status: StatusCode::UNAUTHORIZED,
        place: AT_USERINFO,
        page: None,
        advice: NOTHING,
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

const AT_USERINFO: Place = Place {
    words: Bilingual {
        en: "`/userinfo`: JSON + `WWW-Authenticate`",
        ja: "`/userinfo`：JSON＋`WWW-Authenticate`",
    },
    has_status: true,
};

// Sentences for people.

const SIGN_IN_AGAIN: Bilingual = Bilingual {
    en: "Go back to the app or site in which you began, and sign in again.",
    ja: "ログインを始めたアプリやサイトに戻り、もう一度ログインしてください。",
};

const CALLED_WRONGLY: Sentences = Sentences {
    what_happened: Bilingual {
        en: "The app or site called this login in a wrong way.",
        ja: "アプリやサイトからのログインの呼び出しに誤りがあります。",
    },
    what_to_do: Bilingual {
        en: "Please tell the support ID on this page to the operator of the app or site in which \
            you began.",
        ja: "ログインを始めたアプリやサイトの運営者に、\
            このページのサポート番号をお知らせください。",
    },
};

/// Also used if a page reports a class that has no sentences of its own, which doesn't happen.
pub(crate) const A_PROBLEM: Sentences = Sentences {
    what_happened: Bilingual {
        en: "The login service has a problem.",
        ja: "ログインのサービスで問題が起きました。",
    },
    what_to_do: Bilingual {
        en: "Wait a little, then sign in again. If it goes on, please tell the support ID on this \
            page to the operator of the app or site.",
        ja: "少し待ってから、もう一度ログインしてください。続く場合は、\
            アプリやサイトの運営者に、このページのサポート番号をお知らせください。",
    },
};

// Advice for the operator.

const CHECK_THE_SETTINGS: Bilingual = Bilingual {
    en: "Check the settings of the app or of Cognito.",
    ja: "アプリか Cognito の設定を確かめます。",
};

const THE_PERSON_SIGNS_IN_AGAIN: Bilingual = Bilingual {
    en: "Nothing. The person signs in again.",
    ja: "何もしません。利用者がもう一度ログインします。",
};

const KEEP_OLD_KEYS: Bilingual = Bilingual {
    en: "Check that no old key left `SEALING_KEYS` too early.",
    ja: "`SEALING_KEYS` から古い鍵を早く外しすぎていないか確かめます。",
};

const ASK_THE_AGENCY: Bilingual = Bilingual {
    en: "If it goes on, ask the Digital Agency, with support id and time.",
    ja: "続くときは、サポート番号と時刻を添えてデジタル庁の窓口に問い合わせます。",
};

const NOTHING: Bilingual = Bilingual {
    en: "Nothing.",
    ja: "何もしません。",
};

const ASK_IF_NOBODY_CAN: Bilingual = Bilingual {
    en: "If nobody can sign in, ask the Digital Agency, with support id and time.",
    ja: "だれもログインできないときは、サポート番号と時刻を添えてデジタル庁の窓口に問い合わせます。",
};

const MIX_UP_OR_ATTACK: Bilingual = Bilingual {
    en: "If it goes on, ask the Digital Agency. If it was once, suspect a mix-up or an attack, and \
        read the log around it.",
    ja: "続くときはデジタル庁の窓口に問い合わせます。1回だけなら、\
        取り違えや攻撃を疑ってログの前後を見ます。",
};

const CLOCK_MIX_UP_OR_ATTACK: Bilingual = Bilingual {
    en: "Check that your clock is right. If it goes on, ask the Digital Agency. If it was once, \
        suspect a mix-up or an attack, and read the log around it.",
    ja: "自分の時計が合っているか確かめます。続くときはデジタル庁の窓口に問い合わせます。\
        1回だけなら、取り違えや攻撃を疑ってログの前後を見ます。",
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
