//! What an app relies on: how it authenticates, where it may be sent, logout, revocation, and what
//! a page may read from another origin.

use kit::parameter;
use login_kit::browser;
use loopback::user_agent::ACCEPT_PAGE;
use reqwest::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, WWW_AUTHENTICATE,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use url::Url;

use super::*;

#[tokio::test]
async fn a_confidential_app_signs_in_by_basic_or_post_and_not_without_its_secret() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let (id, secret) = (app.text("client_id"), app.text("client_secret"));
    let ask = async |header: Option<&str>, more: &[(&str, &str)]| {
        let code = app.code(&[]).await;
        let form = [&Running::form(&code)[..], more].concat();
        let mut request = app.http.post(app.text("token_endpoint")).form(&form);
        if let Some(secret) = header {
            request = request.basic_auth(id, Some(secret));
        }
        answer(request.send().await.unwrap()).await
    };
    for (header, more) in [
        (Some(secret), vec![]),
        (Some(secret), vec![("client_id", id)]),
        (None, vec![("client_id", id), ("client_secret", secret)]),
    ] {
        let (status, tokens) = ask(header, &more).await;
        assert_eq!(status, 200, "{tokens}");
        let claims = claims(&tokens, "id_token");
        assert_eq!(claims["aud"], id);
        assert_eq!(claims["iss"], app.text("issuer"));
        assert_eq!(claims["name"], "山田　太郎");
        assert_eq!(claims["nonce"], "the-nonce-of-the-app");
    }
    for (header, more) in [
        (None, vec![("client_id", id)]),
        (None, vec![("client_id", id), ("client_secret", "")]),
        (None, vec![("client_id", id), ("client_secret", "wrong")]),
        (Some("wrong"), vec![]),
        (Some(""), vec![]),
        (Some(&*format!("{secret}&x")), vec![]),
        (Some(&*format!("{secret}=x")), vec![]),
        (Some(&*format!("&{secret}")), vec![]),
        (Some(secret), vec![("client_id", "other")]),
        (Some(secret), vec![("client_secret", secret)]),
        (None, vec![]),
    ] {
        assert_eq!(ask(header, &more).await, error("invalid_client"));
    }
    app.stop().await;
}

#[tokio::test]
async fn a_public_app_signs_in_without_a_secret_and_not_with_one() {
    let folder = Folder::new();
    let app = Running::start(&folder, &["--client", "public"]).await;
    assert_eq!(app.serving.values["client_secret"], Value::Null);
    let id = app.text("client_id");
    let ask = async |header: bool, secret: Option<&str>| {
        let code = app.code(&[]).await;
        let mut form = [&Running::form(&code)[..], &[("client_id", id)]].concat();
        form.extend(secret.map(|secret| ("client_secret", secret)));
        let mut request = app.http.post(app.text("token_endpoint")).form(&form);
        if header {
            request = request.basic_auth(id, Some(""));
        }
        answer(request.send().await.unwrap()).await
    };
    for secret in [None, Some("")] {
        let (status, tokens) = ask(false, secret).await;
        assert_eq!(status, 200, "{tokens}");
    }
    assert_eq!(ask(false, Some("any")).await, error("invalid_client"));
    assert_eq!(ask(true, None).await, error("invalid_client"));
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_request_of_the_app_shows_what_is_registered() {
    let folder = Folder::new();
    let second = "myapp://callback";
    let app = Running::start(&folder, &["--callback", second]).await;
    let page = async |url: Url| {
        let page = browser().get(&url, ACCEPT_PAGE).await.unwrap();
        assert_eq!(page.status, 400, "{url}");
        page.text()
    };
    let text = page(app.authorization_url(&[("redirect_uri", &format!("{CALLBACK}/"))])).await;
    for shown in ["redirect_mismatch", CALLBACK, second] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let text = page(app.authorization_url(&[("client_id", "wrong")])).await;
    assert!(text.contains(app.text("client_id")), "{text}");
    let mut logout = Url::parse(app.text("logout_endpoint")).unwrap();
    logout
        .query_pairs_mut()
        .append_pair("client_id", app.text("client_id"))
        .append_pair("logout_uri", "http://localhost:3000");
    let text = page(logout).await;
    assert!(text.contains(LOGGED_OUT), "{text}");

    // The terminal says it too.
    let scope = app.authorization_url(&[("scope", "openid profile")]);
    let refused = browser().get(&scope, ACCEPT_PAGE).await.unwrap();
    let target = refused.redirect_target().unwrap().unwrap();
    assert_eq!(parameter(&target, "error").unwrap(), "invalid_request");
    assert_eq!(
        parameter(&target, "error_description").unwrap(),
        "invalid_scope"
    );
    // At the token endpoint there is no page: the terminal alone says it.
    let code = app.code(&[]).await;
    let mut wrong = Running::form(&code);
    wrong.push(("client_id", "wrong"));
    let request = app.http.post(app.text("token_endpoint")).form(&wrong);
    let refused = answer(request.send().await.unwrap()).await;
    assert_eq!(refused, error("invalid_client"));
    let told = app.stop().await;
    let of_token = told.rsplit("POST /oauth2/token").next().unwrap();
    assert!(
        of_token.contains("↩ ClientId=2ownapp3456789abcdefghijkl"),
        "{told}"
    );
    for shown in [
        format!("↩ CallbackURLs={CALLBACK}"),
        format!("↩ CallbackURLs={second}"),
        "↩ ClientId=2ownapp3456789abcdefghijkl".to_owned(),
        format!("↩ LogoutURLs={LOGGED_OUT}"),
        "↩ AllowedOAuthScopes=digital-auth/name".to_owned(),
    ] {
        assert!(told.contains(&shown), "{shown}: {told}");
    }
}

#[tokio::test]
async fn an_app_on_a_phone_signs_in_with_a_scheme_of_its_own() {
    let folder = Folder::new();
    let callback = "com.example.app:/signed-in";
    let arguments = ["--client", "public", "--callback", callback];
    let app = Running::start(&folder, &arguments).await;
    let code = app.code(&[("redirect_uri", callback)]).await;
    let mut form = Running::form(&code);
    form.retain(|(name, _)| *name != "redirect_uri");
    form.extend([
        ("redirect_uri", callback),
        ("client_id", app.text("client_id")),
    ]);
    let request = app.http.post(app.text("token_endpoint")).form(&form);
    let (status, tokens) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    let wish = json!({ "callback": callback });
    assert!(app.sign_in(wish).await["id_token"].is_string());
    app.stop().await;
}

#[tokio::test]
async fn logout_goes_on_to_a_registered_url_or_to_a_new_login() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let browser = browser();
    let logout = async |parameters: &[(&str, &str)]| {
        let mut url = Url::parse(app.text("logout_endpoint")).unwrap();
        let id = [("client_id", app.text("client_id"))];
        let parameters = id.iter().chain(parameters);
        url.query_pairs_mut().extend_pairs(parameters);
        let page = browser.get(&url, ACCEPT_PAGE).await.unwrap();
        (page.status, page.redirect_target().unwrap(), url)
    };
    // Cognito's cookie, which a login sets, goes.
    let start = app.authorization_url(&[]);
    browser.get(&start, ACCEPT_PAGE).await.unwrap();
    assert_eq!(browser.cookies(&start).len(), 1);
    // The state isn't returned, and OpenID Connect's own parameters are ignored.
    let id_token = app.sign_in(json!({})).await["id_token"].clone();
    let id_token = id_token.as_str().unwrap();
    let more = [
        ("logout_uri", LOGGED_OUT),
        ("state", "x"),
        ("id_token_hint", id_token),
    ];
    let (status, target, _) = logout(&more).await;
    assert_eq!(status, 302);
    assert_eq!(target.unwrap().as_str(), LOGGED_OUT);
    assert!(browser.cookies(&start).is_empty());

    let again = [("redirect_uri", CALLBACK), ("response_type", "code")];
    let (status, target, asked) = logout(&again).await;
    let target = target.unwrap();
    assert_eq!(status, 302);
    assert_eq!((target.path(), target.query()), ("/login", asked.query()));
    let page = browser.get(&target, ACCEPT_PAGE).await.unwrap();
    assert_eq!(page.status, 200);

    for wrong in [
        vec![],
        vec![("logout_uri", "http://localhost:3000/other")],
        vec![("post_logout_redirect_uri", LOGGED_OUT)],
        vec![("logout_uri", LOGGED_OUT), ("logout_uri", LOGGED_OUT)],
    ] {
        let (status, target, url) = logout(&wrong).await;
        assert_eq!((status.as_u16(), target), (400, None), "{url}");
    }
    let told = app.stop().await;
    let (_, payload_and_signature) = id_token.split_once('.').unwrap();
    let beginning = payload_and_signature.get(..20).unwrap();
    for part in [id_token, beginning] {
        assert!(!told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn a_revoked_refresh_token_and_its_access_tokens_are_refused() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let (first, other) = (app.sign_in(json!({})).await, app.sign_in(json!({})).await);
    let text = |tokens: &Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let revoke = async |secret: &str, form: &[(&str, &str)]| {
        let request = app.http.post(app.text("revocation_endpoint")).form(form);
        let request = request.basic_auth(app.text("client_id"), Some(secret));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let secret = app.text("client_secret");
    let refresh_token = text(&first, "refresh_token");
    let access_token = text(&first, "access_token");
    for (secret, form, expected) in [
        (
            "wrong",
            [("token", &*refresh_token)],
            (401, r#"{"error":"invalid_client"}"#),
        ),
        (
            secret,
            [("token", "")],
            (400, r#"{"error":"invalid_request"}"#),
        ),
        (
            secret,
            [("token", &*access_token)],
            (400, r#"{"error":"unsupported_token_type"}"#),
        ),
        (secret, [("token", "unknown")], (200, "")),
    ] {
        let (status, body) = revoke(secret, &form).await;
        assert_eq!((status, body.as_str()), expected);
    }
    assert_eq!(app.refresh(&refresh_token).await.0, 200);
    assert_eq!(app.userinfo(&access_token).await.status(), 200);

    let form = [
        ("token", &*refresh_token),
        ("token_type_hint", "refresh_token"),
    ];
    assert_eq!(revoke(secret, &form).await, (200, String::new()));
    assert_eq!(app.refresh(&refresh_token).await, error("invalid_grant"));
    let refused = app.userinfo(&access_token).await;
    assert_eq!(refused.status(), 401);
    let told = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(told.starts_with("error=\"invalid_token\""), "{told}");
    // Another sign-in of the same user goes on.
    assert_eq!(app.refresh(&text(&other, "refresh_token")).await.0, 200);
    let told = app.stop().await;
    for secret in [refresh_token, access_token] {
        assert!(!told.contains(&secret), "{told}");
    }
}

#[tokio::test]
async fn a_page_of_any_origin_reads_what_apps_call_and_nothing_else() {
    let folder = Folder::new();
    let app = Running::start(&folder, &["--client", "public"]).await;
    let discovery = format!("{}/.well-known/openid-configuration", app.text("issuer"));
    let origin = "http://localhost:5173";
    for (method, url, headers) in [
        (Method::GET, discovery.as_str(), ""),
        (Method::GET, app.text("jwks_uri"), ""),
        (
            Method::POST,
            app.text("token_endpoint"),
            "content-type,x-amz-user-agent",
        ),
        (Method::GET, app.text("userinfo_endpoint"), "authorization"),
        (
            Method::POST,
            app.text("revocation_endpoint"),
            "content-type",
        ),
        (
            Method::POST,
            app.text("domain"),
            "cache-control,content-type,x-amz-target,x-amz-user-agent",
        ),
    ] {
        let asked = app.http.request(Method::OPTIONS, url);
        let asked = asked
            .header(ORIGIN, origin)
            .header(ACCESS_CONTROL_REQUEST_METHOD, method.as_str())
            .header(ACCESS_CONTROL_REQUEST_HEADERS, headers);
        let asked = asked.send().await.unwrap();
        assert_eq!(asked.status(), 200, "{url}");
        let header = |name| asked.headers()[name].to_str().unwrap();
        assert_eq!(header(ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert!(header(ACCESS_CONTROL_ALLOW_METHODS).contains(method.as_str()));
        assert_eq!(header(ACCESS_CONTROL_ALLOW_HEADERS), headers, "{url}");

        // The answer itself, a refusal too.
        let request = app.http.request(method, url).header(ORIGIN, origin);
        let answered = request.send().await.unwrap();
        let header = &answered.headers()[ACCESS_CONTROL_ALLOW_ORIGIN];
        assert_eq!(header, "*", "{url}");
    }
    for url in [
        app.authorization_url(&[]).as_str(),
        app.text("logout_endpoint"),
        app.text("control"),
    ] {
        let request = app.http.get(url).header(ORIGIN, origin);
        let answered = request.send().await.unwrap();
        let header = answered.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(header, None, "{url}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_scope_whose_attributes_the_client_cannot_read_gives_no_tokens() {
    let folder = Folder::new();
    let scopes = "openid profile digital-auth/age_over_20";
    let app = Running::start(&folder, &["--scopes", scopes]).await;
    assert_eq!(app.text("scopes"), scopes);
    let code = app.code(&[]).await;
    assert_eq!(app.redeem(&code).await, error("invalid_grant"));
    let code = app
        .code(&[("scope", "openid digital-auth/age_over_20")])
        .await;
    let (status, tokens) = app.redeem(&code).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(claims(&tokens, "id_token")["age_over_20"], true);
    app.stop().await;
}

#[tokio::test]
async fn the_person_is_asked_for_what_the_operator_chose() {
    let folder = Folder::new();
    let app = Running::start(&folder, &["--ask", "birthdate"]).await;
    let tokens = app.sign_in(json!({})).await;
    let claims = claims(&tokens, "id_token");
    assert_eq!(claims["birthdate"], "1985-03-15");
    assert_eq!(claims["age_over_20"], true);
    for absent in ["name", "address", "gender", "prefecture"] {
        assert!(claims.get(absent).is_none(), "{absent}: {claims}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_browser_that_comes_by_another_name_of_this_machine_is_sent_to_localhost() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let start = app.authorization_url(&[]);
    let mut by_address = start.clone();
    by_address.set_host(Some("127.0.0.1")).unwrap();
    let page = browser().get(&by_address, ACCEPT_PAGE).await.unwrap();
    assert_eq!(page.redirect_target().unwrap().unwrap(), start);
    app.stop().await;
}

/// Comparing each name with each other one would take minutes, and nothing else would be answered.
#[tokio::test]
async fn a_request_with_very_many_parameters_is_refused_at_once() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let form: String = (0..7_000).map(|n| format!("p{n}=1&")).collect();
    let larger = form.repeat(2);
    for (form, expected) in [(form, 400), (larger, 413)] {
        let request = app.http.post(app.text("token_endpoint")).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answered = timeout(Duration::from_secs(20), request.send()).await;
        let answered = answered.expect("an answer").unwrap();
        assert_eq!(answered.status(), expected);
    }
    app.stop().await;
}
