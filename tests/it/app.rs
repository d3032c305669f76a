//! The app of the demo, used by a person and by an attacker, with the real function, the stand-ins,
//! and a browser without a screen. Every login ends on a page that says what happened, however it
//! goes. Nothing from a request becomes markup on a page.

use std::time::Duration;

use chrono::TimeDelta;
use demo::app::{AppSettings, Ended, Explanation};
use demo::scopes::{self, Scopes};
use four_attributes::Attribute;
use login_kit::{Arrival, Confidential, Laptop, Page, UserAgent, browser, laptop_with};
use loopback::journal::Moment;
use serde_json::Value;
use service_simulator::fault::Fault;
use service_simulator::persona::personas;
use tokio::sync::mpsc;
use url::{Url, form_urlencoded};
use user_pool::scope::{RESOURCE_SERVER, Scope};

const HTML: &str = "text/html";

/// Starts a laptop with the app.
async fn site() -> Laptop {
    laptop_with(|options| {
        options.app = Some(AppSettings {
            explain: |class, language| {
                Some(Explanation {
                    meaning: format!("<meaning of {class}>"),
                    remedy: language.say("直し方", "the remedy").to_owned(),
                })
            },
            ..AppSettings::default()
        });
    })
    .await
}

fn at(laptop: &Laptop, path: &str) -> Url {
    let base = laptop.app.as_ref().unwrap().base_url();
    Url::parse(base).unwrap().join(path).unwrap()
}

/// Requests a page of the app, and follows redirects.
async fn visit(laptop: &Laptop, browser: &UserAgent, path: &str) -> Page {
    arrive(browser, &at(laptop, path)).await
}

async fn arrive(browser: &UserAgent, url: &Url) -> Page {
    let journey = browser.follow(url, HTML, |_| false).await.unwrap();
    journey.page().unwrap().clone()
}

/// The address of the first link whose markup contains `mark`.
fn link(page: &Page, mark: &str) -> Url {
    let text = page.text();
    let (_, rest) = text.split_once(mark).expect("the link is there");
    let (_, rest) = rest.split_once("href=\"").unwrap();
    let (href, _) = rest.split_once('"').unwrap();
    page.url.join(&href.replace("&#38;", "&")).unwrap()
}

/// Goes from the app's button through Cognito's hosted page to the test-card page.
async fn to_the_test_card(laptop: &Laptop, browser: &UserAgent) -> Arrival {
    let hosted = visit(laptop, browser, "/login").await;
    assert_eq!(hosted.url.host_str(), Some("localhost"));
    assert!(hosted.text().contains("マイナアプリでログイン"));
    let provider = link(&hosted, "class=\"button wide\"");
    let journey = browser.follow(&provider, "application/json", |_| false);
    journey.await.unwrap().end
}

/// Goes from the test-card page to the app's callback, which isn't requested.
async fn to_the_callback(
    laptop: &Laptop,
    browser: &UserAgent,
    page: Arrival,
    persona: &str,
    fault: Option<Fault>,
) -> Url {
    let callback = at(laptop, "/callback");
    let is_callback =
        |url: &Url| url.host_str() == callback.host_str() && url.path() == callback.path();
    let arrival = laptop.choose(browser, page, persona, fault, is_callback);
    match arrival.await.unwrap() {
        Arrival::At(url) => url,
        Arrival::Page(page) => panic!("{page:?}"),
    }
}

/// Signs in, and gives the last page.
async fn sign_in(
    laptop: &Laptop,
    browser: &UserAgent,
    persona: &str,
    fault: Option<Fault>,
) -> Page {
    let page = to_the_test_card(laptop, browser).await;
    let callback = to_the_callback(laptop, browser, page, persona, fault).await;
    arrive(browser, &callback).await
}

/// Begins a login with `/login`, and gives its state.
async fn begin(laptop: &Laptop, browser: &UserAgent) -> String {
    let answer = browser.get(&at(laptop, "/login"), HTML).await.unwrap();
    assert_eq!(answer.status, 303);
    let target = answer.redirect_target().unwrap().unwrap();
    kit::parameter(&target, "state").unwrap()
}

/// Asserts that a page has the headers that every page must have.
fn assert_strict(page: &Page) {
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let text = page.text();
    assert!(!text.contains(" style=") && !text.contains("javascript:"));
}

#[tokio::test]
async fn the_start_page_says_what_it_is_in_the_language_of_whoever_reads() {
    let laptop = site().await;
    let person = browser();
    let page = visit(&laptop, &person, "/").await;
    assert_strict(&page);
    for told in [
        "<html lang=\"ja\">",
        "青葉野市 オンライン窓口",
        "架空の市",
        "Chrome、Edge、Firefox で動きます。Safari では動きません",
        "図を見ながらログイン",
    ] {
        assert!(page.text().contains(told), "{told}");
    }
    // From here on, the app recognises the browser by a cookie that is only for its own host.
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-browser="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));

    let english = visit(&laptop, &person, "/?lang=en").await;
    assert!(english.text().contains("Works in Chrome, Edge and Firefox"));
    // The app remembers the language, and passes it to Cognito.
    let page = visit(&laptop, &person, "/").await;
    assert!(page.text().contains("<html lang=\"en\">"));
    assert_eq!(page.header("set-cookie"), None);
    let hosted = visit(&laptop, &person, "/login").await;
    assert!(hosted.text().contains("Sign in with the Myna App"));
    laptop.stop().await;
}

#[tokio::test]
async fn somebody_who_signs_in_sees_their_attributes_the_tokens_decoded_and_the_story() {
    let laptop = site().await;
    let people = personas(laptop.clock.now());
    for (id, absent) in [("adult", 0), ("gender-absent", 1), ("unknown-day", 1)] {
        let person = people.iter().find(|person| person.id == id).unwrap();
        let browser = browser();
        let page = sign_in(&laptop, &browser, id, None).await;
        assert_eq!((page.status.as_u16(), page.url.path()), (200, "/signed-in"));
        assert_strict(&page);
        let text = page.text();
        for claim in ["name", "address"] {
            let value = &person.claims[claim];
            assert!(text.contains(value.as_str()), "{id}: {claim}");
        }
        assert_eq!(text.matches("class=\"absent\"").count(), absent, "{id}");
        // The page shows the tokens decoded, and not the tokens themselves.
        for told in [
            "&#34;token_use&#34;: &#34;id&#34;",
            "&#34;access&#34;",
            "RS256",
        ] {
            assert!(text.contains(told), "{told}");
        }
        // Whatever begins like a token is cut after its fourth character.
        let begin = text.split("eyJ").skip(1);
        assert!(
            begin
                .filter(|rest| rest.chars().nth(1) == Some('…'))
                .count()
                > 5
        );
        let mut words =
            text.split(|one: char| !one.is_ascii_alphanumeric() && !"-_.".contains(one));
        assert!(!words.any(|word| word.starts_with("eyJ") && word.contains('.')));
        // The diagram shows every hop, from the app's first answer to its last, and every check
        // passed.
        let (_, story) = text.split_once("id=\"story-title\"").unwrap();
        for hop in [
            "GET /login",
            "GET /oauth2/authorize",
            "/protocol/openid-connect/auth",
            "POST /token",
            "GET /.well-known/jwks.json",
            "GET /callback",
            "GET /oauth2/userInfo",
        ] {
            assert!(story.contains(hop), "{hop}");
        }
        assert!(!story.contains("class=\"fail\"") && !story.contains("pill fail"));
        // Each arrow has a sentence that says what it is for.
        let (rows, whys) = (
            story.matches("<li class=\"row").count() - story.matches(" answer\"").count(),
            story.matches("class=\"why\"").count(),
        );
        assert!(rows > 20, "{rows}");
        assert_eq!(rows, whys);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_diagram_shows_no_secret_and_no_attribute() {
    let laptop = site().await;
    let browser = browser();
    sign_in(&laptop, &browser, "adult", None).await;
    let start = visit(&laptop, &browser, "/").await;
    let story = visit(&laptop, &browser, "/story?seen=0").await;
    let failed = sign_in(&laptop, &browser, "adult", Some(Fault::UserinfoMissingName)).await;
    assert_eq!(failed.url.path(), "/failed");
    let mut all = Confidential::of(&laptop);
    for cookie in browser.cookies(&at(&laptop, "/")) {
        if cookie.name != "stand-in-language" {
            all = all.and("cookie", &cookie.value);
        }
    }
    let (_, story_of_start) = start.text().split_once("id=\"tale\"").map(own).unwrap();
    all.assert_not_in("start page", &story_of_start);
    all.assert_not_in("story", &story.text());
    all.assert_not_in("failed page", &failed.text());
    for page in [&start, &story, &failed] {
        assert!(
            page.text().contains("…("),
            "secrets are masked, not left out"
        );
    }
    laptop.stop().await;
}

fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[tokio::test]
async fn a_login_that_fails_is_told_with_its_class_its_words_and_its_story() {
    let laptop = site().await;
    for (fault, class, error) in [
        (Fault::IdTokenWrongNonce, "id_token_nonce", "invalid_grant"),
        // The service's page timed out: `access_denied` too, but the person didn't cancel.
        (
            Fault::ErrorAuthenticationExpired,
            "service_login_expired",
            "access_denied",
        ),
    ] {
        let browser = browser();
        let page = sign_in(&laptop, &browser, "adult", Some(fault)).await;
        assert_eq!((page.status.as_u16(), page.url.path()), (200, "/failed"));
        assert_strict(&page);
        let text = page.text();
        for told in [
            format!("<code>{class}</code>"),
            format!("<code>{error}</code>"),
            format!("&#60;meaning of {class}&#62;"),
            "直し方".to_owned(),
            "サポート番号".to_owned(),
            "pill fail".to_owned(),
            // The row says what it is about.
            "期待したもの".to_owned(),
            "届いたもの".to_owned(),
            "運用者がすること</dt><dd>直し方".to_owned(),
            format!("「ログインできませんでした」&#60;meaning of {class}&#62;"),
            // Here, in the row of the service's answer, and in the row that failed.
            format!("あなたが選んだ誤り：</b> <code>{}</code>", fault.id()),
        ] {
            assert!(text.contains(&told), "{told}");
        }
        assert!(!text.contains("<script"));
        // The page belongs to this browser. Another browser that has its address doesn't see it.
        let stranger = arrive(&login_kit::browser(), &page.url).await;
        assert_eq!(stranger.status, 400);
        assert!(!stranger.text().contains(class));
        // The start page links to the page of the failure.
        let start = visit(&laptop, &browser, "/").await;
        assert_eq!(link(&start, "class=\"remark failed\"").path(), "/failed");
        // The person isn't signed in.
        assert_eq!(visit(&laptop, &browser, "/signed-in").await.status, 403);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_login_that_is_cancelled_is_told_as_no_failure() {
    let laptop = site().await;
    for fault in [Fault::Cancel, Fault::CancelHostileDescription] {
        let browser = browser();
        let page = sign_in(&laptop, &browser, "adult", Some(fault)).await;
        assert_eq!((page.status.as_u16(), page.url.path()), (200, "/failed"));
        assert_strict(&page);
        let start = visit(&laptop, &browser, "/").await;
        for (text, told) in [
            (page.text(), "<h1>キャンセルしました</h1>"),
            (start.text(), "<b>キャンセルしました。</b>"),
        ] {
            assert!(text.contains(told), "{told}");
            // The bridge's check, and the app's.
            assert_eq!(text.matches("当てはまらず、それが正しい").count(), 2);
            for failure in [
                "pill fail",
                " bad\"",
                "✗",
                "failure\"",
                "remark failed",
                "<script>a",
            ] {
                assert!(!text.contains(failure), "{failure}");
            }
        }
        assert!(page.text().contains("もう一度ログイン"));
        assert!(!page.text().contains("運用者がすること"));
    }
    laptop.stop().await;
}

#[tokio::test]
async fn two_tabs_end_each_with_its_own_login_and_say_that_there_was_another() {
    let laptop = site().await;
    let one = browser();
    let other = one.new_tab();
    let first = to_the_test_card(&laptop, &one).await;
    let second = to_the_test_card(&laptop, &other).await;
    let second = to_the_callback(&laptop, &other, second, "gender-absent", None).await;
    let page = arrive(&other, &second).await;
    assert_eq!(page.url.path(), "/signed-in");
    // So far, the first one could as well be abandoned: it did nothing since the second one began.
    let others = "別のログインも進んでいました";
    assert!(!page.text().contains(others));
    let session = session_of(&laptop, &one);

    let first = to_the_callback(&laptop, &one, first, "adult", None).await;
    let page = arrive(&one, &first).await;
    assert!(page.text().contains("山田　太郎") && page.text().contains(others));
    // Every login makes a new session and ends the one before.
    assert_ne!(session_of(&laptop, &one), session);
    laptop.stop().await;
}

#[tokio::test]
async fn an_abandoned_login_is_no_other_one_in_the_next_story() {
    let laptop = site().await;
    // In this browser, and in another one.
    let browser = browser();
    to_the_test_card(&laptop, &browser).await;
    to_the_test_card(&laptop, &login_kit::browser()).await;
    let page = sign_in(&laptop, &browser, "adult", None).await;
    assert_eq!(page.url.path(), "/signed-in");
    assert!(!page.text().contains("別のログインも進んでいました"));
    laptop.stop().await;
}

fn session_of(laptop: &Laptop, browser: &UserAgent) -> String {
    let cookies = browser.cookies(&at(laptop, "/"));
    let session = cookies
        .into_iter()
        .find(|cookie| cookie.name == "__Host-session");
    session.expect("signed in").value
}

#[tokio::test]
async fn an_answer_is_taken_once_and_in_the_browser_that_began() {
    let laptop = site().await;
    let browser = browser();
    let page = to_the_test_card(&laptop, &browser).await;
    let callback = to_the_callback(&laptop, &browser, page, "adult", None).await;

    // Another person's browser requests it first. It gets nothing, and doesn't use the login up.
    let stranger = arrive(&login_kit::browser(), &callback).await;
    assert_eq!(
        (stranger.status.as_u16(), stranger.url.path()),
        (400, "/callback")
    );
    assert!(
        stranger
            .text()
            .contains("別のブラウザーで始めたログインです")
    );
    assert_strict(&stranger);
    let signed_in = arrive(&browser, &callback).await;
    assert_eq!(signed_in.url.path(), "/signed-in");

    // Reloading the page, or going back to it, fails.
    let again = arrive(&browser, &callback).await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("このログインはもう終わっています"));
    assert_eq!(visit(&laptop, &browser, "/signed-in").await.status, 200);
    laptop.stop().await;
}

#[tokio::test]
async fn an_answer_to_no_login_is_refused_with_a_reason_and_never_as_markup() {
    let laptop = site().await;
    let browser = browser();
    let state = begin(&laptop, &browser).await;
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E%22%27";
    for (query, words) in [
        (
            "state=unknown&code=c".to_owned(),
            "そのログインは見つかりません",
        ),
        (String::new(), "どのログインの結果か分かりません"),
        ("code=c".to_owned(), "どのログインの結果か分かりません"),
        (
            format!("error={hostile}&error_description={hostile}"),
            "どのログインの結果か分かりません",
        ),
        (
            format!("state={state}&state={state}&code=c"),
            "ログインの結果を読み取れません",
        ),
        (format!("state={state}"), "ログインの結果を読み取れません"),
        (
            format!("state={hostile}&code={hostile}"),
            "そのログインは見つかりません",
        ),
    ] {
        let page = visit(&laptop, &browser, &format!("/callback?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        assert_strict(&page);
        let text = page.text();
        assert!(text.contains(words), "{query}: {text}");
        assert!(!text.contains("<script>alert") && !text.contains("</script>"));
        if query.starts_with("error=") {
            assert!(text.contains("&#60;script&#62;alert(1)"), "{text}");
        }
        // The diagram doesn't contain the hostile text as markup either.
        let start = visit(&laptop, &browser, "/").await.text();
        assert!(!start.contains("<script>alert"), "{query}");
    }

    // An error with the state of a login ends that login, and its text is escaped too.
    let query = format!("/callback?state={state}&error={hostile}&error_description={hostile}");
    let page = visit(&laptop, &browser, &query).await;
    assert_eq!(page.url.path(), "/failed");
    assert!(page.text().contains("&#60;script&#62;alert(1)"));
    assert!(!page.text().contains("<script"));

    // A code that Cognito didn't issue.
    let state = begin(&laptop, &browser).await;
    let page = visit(
        &laptop,
        &browser,
        &format!("/callback?state={state}&code=c"),
    )
    .await;
    assert_eq!(page.url.path(), "/failed");
    assert!(
        page.text()
            .contains("Cognito が、アプリの送ったコードを受け付けませんでした")
    );
    laptop.stop().await;
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_refused() {
    let laptop = site().await;
    let browser = browser();
    for (minutes, words) in [
        (16, "時間がたちすぎました"),
        (31, "そのログインは見つかりません"),
    ] {
        let state = begin(&laptop, &browser).await;
        laptop.clock.advance(TimeDelta::minutes(minutes));
        let page = visit(
            &laptop,
            &browser,
            &format!("/callback?state={state}&code=c"),
        )
        .await;
        assert_eq!(page.status, 400);
        assert!(page.text().contains(words), "{minutes}");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn log_out_ends_this_browsers_session_and_no_other() {
    let laptop = site().await;
    let (one, other) = (browser(), browser());
    for browser in [&one, &other] {
        sign_in(&laptop, browser, "adult", None).await;
    }
    let start = visit(&laptop, &one, "/").await;
    assert!(start.text().contains("ログインしています。"));
    let session = session_of(&laptop, &one);

    // A form of another site. The browser's headers show where it comes from.
    let port = at(&laptop, "/").port().unwrap();
    let foreign = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/logout"))
        .header("host", format!("app.localhost:{port}"))
        .header("cookie", format!("__Host-session={session}"))
        .header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(visit(&laptop, &one, "/signed-in").await.status, 200);
    // A GET doesn't log out.
    assert_eq!(visit(&laptop, &one, "/logout").await.status, 405);

    let answer = one
        .post_form(&at(&laptop, "/logout"), HTML, &[])
        .await
        .unwrap();
    assert_eq!(answer.status, 303);
    let page = arrive(&one, &answer.redirect_target().unwrap().unwrap()).await;
    assert!(
        page.text()
            .contains("Cognito のシミュレーターは自分のセッションを持たない")
    );
    assert_eq!(visit(&laptop, &one, "/signed-in").await.status, 403);
    let start = visit(&laptop, &one, "/").await;
    assert!(!start.text().contains("ログインしています。"));
    assert_eq!(visit(&laptop, &other, "/signed-in").await.status, 200);
    // The cookie is deleted, and would no longer be accepted.
    let cookies = one.cookies(&at(&laptop, "/"));
    assert!(cookies.iter().all(|cookie| cookie.name != "__Host-session"));
    let stolen = reqwest::Client::new()
        .get(format!("http://127.0.0.1:{port}/signed-in"))
        .header("host", format!("app.localhost:{port}"))
        .header("cookie", format!("__Host-session={session}"));
    assert_eq!(stolen.send().await.unwrap().status(), 403);
    laptop.stop().await;
}

#[tokio::test]
async fn it_answers_to_its_own_name_alone_and_within_bounds() {
    let laptop = site().await;
    let port = at(&laptop, "/").port().unwrap();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let get = |path: &str, host: &str| {
        http.get(format!("http://127.0.0.1:{port}{path}"))
            .header("host", host)
    };
    let own = format!("app.localhost:{port}");
    for host in [
        "attacker.example",
        "app.localhost",
        "app.localhost:1",
        &format!("127.0.0.1:{port}"),
        &format!("localhost:{port}"),
        &format!("app.localhost.attacker.example:{port}"),
    ] {
        for path in ["/", "/login", "/callback", "/story?seen=0"] {
            let answer = get(path, host).send().await.unwrap();
            assert_eq!(answer.status(), 421, "{host} {path}");
            assert!(answer.headers().get("set-cookie").is_none());
        }
    }
    for (request, status) in [
        (get("/no-such-page", &own), 404),
        (get("/story", &own), 404),
        (get("/story?seen=x", &own), 404),
        (
            http.post(format!("http://127.0.0.1:{port}/"))
                .header("host", &own),
            405,
        ),
        (get("/", &own).header("x-long", "a".repeat(17_000)), 431),
        (get(&format!("/?{}", "a".repeat(17_000)), &own), 431),
        (get("/", &own).header("x-long", "a".repeat(15_000)), 200),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{answer:?}");
        let policy = &answer.headers()["content-security-policy"];
        assert!(policy.to_str().unwrap().starts_with("default-src 'none'"));
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_stand_ins_answer_to_names_of_this_machine_alone() {
    let laptop = site().await;
    let key_set = |url: &str, host: &str| reqwest::Client::new().get(url).header("host", host);
    let service = &laptop.service.endpoints().jwks_uri;
    for url in [laptop.cognito.jwks_url(), service.clone()] {
        for (host, status) in [
            ("attacker.example", 421),
            ("localhost.attacker.example", 421),
            ("service.localhost:1", 200),
            ("127.0.0.1", 200),
        ] {
            let answer = key_set(&url, host).send().await.unwrap();
            assert_eq!(answer.status(), status, "{url} {host}");
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn it_remembers_a_bounded_number_of_logins() {
    let laptop = site().await;
    let browser = browser();
    let first = begin(&laptop, &browser).await;
    let second = begin(&laptop, &browser).await;
    for _ in 0..199 {
        begin(&laptop, &browser).await;
    }
    // Only the oldest login was dropped, to make room for the newest one.
    for (state, words) in [
        (first, "そのログインは見つかりません"),
        (
            second,
            "Cognito が、アプリの送ったコードを受け付けませんでした",
        ),
    ] {
        let page = visit(
            &laptop,
            &browser,
            &format!("/callback?state={state}&code=c"),
        )
        .await;
        assert!(page.text().contains(words), "{words}");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_story_waits_for_something_new_and_is_that_of_this_browser() {
    let laptop = site().await;
    let (watching, stranger) = (browser(), browser());
    visit(&laptop, &watching, "/").await;
    visit(&laptop, &stranger, "/").await;
    let seen = |page: &Page| page.header("story-seen").unwrap().parse::<u64>().unwrap();
    let nothing = laptop.journal.now().number();

    let tab = watching.new_tab();
    let signing_in = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        to_the_test_card(&laptop, &tab).await
    };
    let path = format!("/story?seen={nothing}");
    let (page, card) = tokio::join!(visit(&laptop, &watching, &path), signing_in);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("ログインの途中です"));
    assert!(page.text().contains("GET /login"));
    assert!(seen(&page) > nothing);

    let callback = to_the_callback(&laptop, &tab, card, "adult", None).await;
    arrive(&tab, &callback).await;
    let path = format!("/story?seen={}&lang=en", seen(&page));
    let page = visit(&laptop, &watching, &path).await;
    assert!(page.text().contains("Signed in."));
    assert_eq!(link(&page, "class=\"remark done\"").path(), "/signed-in");
    assert_eq!(seen(&page), laptop.journal.now().number());

    let other = visit(&laptop, &stranger, "/story?seen=0").await.text();
    assert!(other.contains("まだ何も起きていません") && !other.contains("GET /login"));
    // A page that was open while the laptop was restarted asks for more than there is.
    let page = visit(&laptop, &watching, &format!("/story?seen={}", u64::MAX)).await;
    assert_eq!(page.status, 200);
    assert_eq!(seen(&page), laptop.journal.now().number());
    laptop.stop().await;
}

#[tokio::test]
async fn the_story_of_a_login_that_was_left_alone_does_not_take_in_everything_after_it() {
    let laptop = site().await;
    let left = browser();
    to_the_test_card(&laptop, &left).await;
    let begun = laptop.journal.now();
    while laptop.journal.hops(begun, None).len() < 250 {
        to_the_test_card(&laptop, &browser()).await;
    }
    let story = visit(&laptop, &left, "/story?seen=0").await.text();
    assert_eq!(story.matches("<details").count(), 100);
    laptop.stop().await;
}

#[tokio::test]
async fn a_browser_that_leaves_in_the_middle_leaves_a_login_and_a_story_that_end() {
    let laptop = site().await;
    let browser = browser();
    let card = to_the_test_card(&laptop, &browser).await;
    let is_response = |url: &Url| url.path() == "/oauth2/idpresponse";
    let arrival = laptop.choose(&browser, card, "adult", None, is_response);
    let Arrival::At(response) = arrival.await.unwrap() else {
        panic!("Cognito is on the way");
    };
    leave_in_the_middle(&laptop, &browser, &response).await;
    let ended = all_ended(&laptop).await;
    assert_eq!(ended, Some(302), "Cognito's answer");

    let card = to_the_test_card(&laptop, &browser).await;
    let callback = to_the_callback(&laptop, &browser, card, "adult", None).await;
    leave_in_the_middle(&laptop, &browser, &callback).await;
    assert_eq!(all_ended(&laptop).await, Some(303), "the app's answer");
    let page = visit(&laptop, &browser, "/").await;
    assert!(page.text().contains("ログインしました。"));
    let again = arrive(&browser, &callback).await;
    assert!(again.text().contains("このログインはもう終わっています"));
    laptop.stop().await;
}

/// Sends a request, and disconnects while it is being answered.
async fn leave_in_the_middle(laptop: &Laptop, browser: &UserAgent, url: &Url) {
    let before = laptop.journal.now();
    tokio::select! {
        answer = browser.get(url, HTML) => panic!("too fast: {answer:?}"),
        () = laptop.journal.grown_since(before) => {}
    }
}

/// Waits until every hop has ended, and gives the status of the last one.
async fn all_ended(laptop: &Laptop) -> Option<u16> {
    let ended = async {
        loop {
            let now = laptop.journal.now();
            let hops = laptop.journal.hops(Moment::default(), None);
            if hops.iter().all(|hop| hop.ended.is_some()) {
                let last = hops.into_iter().max_by_key(|hop| hop.ended);
                return last.and_then(|hop| hop.step?.status);
            }
            laptop.journal.grown_since(now).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
    ended.expect("every hop ends")
}

#[tokio::test]
async fn without_scripts_the_page_comes_again_while_a_login_is_under_way() {
    let laptop = site().await;
    let browser = browser();
    let refresh = "<noscript><meta http-equiv=\"refresh\"";
    assert!(!visit(&laptop, &browser, "/").await.text().contains(refresh));
    let card = to_the_test_card(&laptop, &browser.new_tab()).await;
    let page = visit(&laptop, &browser, "/").await;
    assert!(page.text().contains(refresh));
    assert!(page.text().contains("/protocol/openid-connect/auth"));
    let callback = to_the_callback(&laptop, &browser, card, "adult", None).await;
    arrive(&browser, &callback).await;
    assert!(!visit(&laptop, &browser, "/").await.text().contains(refresh));
    laptop.stop().await;
}

#[tokio::test]
async fn whoever_started_it_is_told_how_each_login_ended() {
    let (sender, mut ended) = mpsc::channel(8);
    let laptop = laptop_with(|options| {
        options.app = Some(AppSettings {
            ended: Some(sender),
            ..AppSettings::default()
        });
    })
    .await;
    let browser = browser();
    sign_in(&laptop, &browser, "adult", None).await;
    assert_eq!(ended.recv().await, Some(Ended::SignedIn));
    sign_in(&laptop, &browser, "adult", Some(Fault::Cancel)).await;
    let Some(Ended::Failed {
        error,
        class,
        support_id,
    }) = ended.recv().await
    else {
        panic!("it failed");
    };
    assert_eq!(error.as_deref(), Some("access_denied"));
    assert_eq!(class.as_deref(), Some("cancelled"));
    assert_eq!(support_id.map(|id| id.len()), Some(9));
    laptop.stop().await;
}

#[tokio::test]
async fn the_answers_stand_behind_the_hops_that_they_needed() {
    let laptop = site().await;
    let browser = browser();
    let page = sign_in(&laptop, &browser, "adult", None).await;
    let text = page.text();
    let (_, story) = text.split_once("id=\"story-title\"").unwrap();
    let ids: Vec<&str> = story
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| id.starts_with("hop-") || id.starts_with("answer-"))
        .collect();
    let place = |id: &str| ids.iter().position(|known| *known == id);
    let answers: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| id.starts_with("answer-"))
        .collect();
    // At least three: of Cognito, of the bridge, and of the app. The bridge may also fetch keys in
    // its callback.
    assert!(answers.len() >= 3, "{ids:?}");
    for answer in answers {
        let request = answer.replace("answer-", "hop-");
        assert!(
            place(&request).unwrap() + 1 < place(answer).unwrap(),
            "{ids:?}"
        );
    }
    // The steps for programs contain the same hops.
    let steps = laptop.journal.steps();
    assert!(steps.len() >= ids.iter().filter(|id| id.starts_with("hop-")).count());
    let told: Value = serde_json::to_value(&steps).unwrap();
    assert_eq!(told[0]["request"], "GET /login");
    laptop.stop().await;
}

/// The scopes in a redirect to Cognito.
fn asked_scopes(page: &Page) -> Option<String> {
    kit::parameter(&page.redirect_target().unwrap()?, "scope")
}

/// The address of a login with these scopes, as the form of the start page sends it.
fn login_asking(scopes: &[Scope]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("lang", "ja")
        .append_pair("scope", "openid");
    for scope in scopes {
        query.append_pair("scope", &scope.of_server(RESOURCE_SERVER));
    }
    format!("/login?{}", query.finish())
}

/// Signs in with these scopes, and gives the last page.
async fn sign_in_asking(
    laptop: &Laptop,
    browser: &UserAgent,
    persona: &str,
    scopes: &[Scope],
) -> Page {
    let hosted = visit(laptop, browser, &login_asking(scopes)).await;
    let provider = link(&hosted, "class=\"button wide\"");
    let journey = browser.follow(&provider, "application/json", |_| false);
    let card = journey.await.unwrap().end;
    let callback = to_the_callback(laptop, browser, card, persona, None).await;
    arrive(browser, &callback).await
}

/// The checkboxes of the start page, and whether each one is checked.
fn checkboxes(page: &Page) -> Vec<(String, bool)> {
    let text = page.text();
    let boxes = text.split("<input type=\"checkbox\" name=\"scope\" value=\"");
    boxes
        .skip(1)
        .map(|rest| {
            let (tag, _) = rest.split_once('>').unwrap();
            let (value, rest) = tag.split_once('"').unwrap();
            (value.replace("&#47;", "/"), rest.contains("checked"))
        })
        .collect()
}

#[tokio::test]
async fn the_scopes_that_somebody_chooses_are_those_that_cognito_is_asked_for() {
    let laptop = site().await;
    let person = browser();
    let all = Scopes::all();
    let every: Vec<_> = scopes::known().collect();
    let name = Scope::Attribute(Attribute::Name);
    let login = async |path: &str| person.get(&at(&laptop, path), HTML).await.unwrap();
    for (path, scopes) in [
        ("/login".to_owned(), all.to_string()),
        (login_asking(&[]), "openid".to_owned()),
        (
            login_asking(&[Scope::AgeOver(20)]),
            "openid digital-auth/age_over_20".to_owned(),
        ),
        (login_asking(&every), all.to_string()),
        // A scope that is chosen twice counts once.
        (
            login_asking(&[name, name]),
            "openid digital-auth/name".to_owned(),
        ),
    ] {
        let answer = login(&path).await;
        assert_eq!(asked_scopes(&answer), Some(scopes), "{path}");
    }
    for unknown in [
        "phone",
        "digital-auth/height",
        "%3Cscript%3E",
        "digital-auth",
    ] {
        for path in ["/login", "/"] {
            let answer = login(&format!("{path}?scope=openid&scope={unknown}")).await;
            assert_eq!(answer.status, 400, "{unknown}");
            assert_strict(&answer);
            assert!(answer.text().contains("使えない値です"));
            assert!(!answer.text().contains("script"));
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_start_page_lets_one_choose_by_purpose_or_one_by_one_without_a_script() {
    let laptop = site().await;
    let person = browser();
    let page = visit(&laptop, &person, "/").await;
    let every = scopes::known().map(|scope| (scope.of_server(RESOURCE_SERVER), true));
    assert_eq!(checkboxes(&page), every.collect::<Vec<_>>());
    assert!(
        page.text()
            .contains("<form class=\"card ask\" id=\"ask\" method=\"get\" action=\"/login\"")
    );
    // The form leads to Cognito, so the policy can't restrict forms to this site.
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("form-action"), "{policy}");

    // Choosing a purpose chooses its scopes, in both languages.
    let start = |page: &Page, purpose: &str| {
        let text = page.text();
        let (before, _) = text.split_once(&format!("<b>{purpose}</b>")).unwrap();
        let (_, href) = before.rsplit_once("<a href=\"").unwrap();
        let (href, _) = href.split_once('"').unwrap();
        page.url.join(&href.replace("&#38;", "&")).unwrap()
    };
    let chosen = |page: &Page| -> Vec<String> {
        let boxes = checkboxes(page).into_iter();
        boxes
            .filter(|(_, on)| *on)
            .map(|(value, _)| value)
            .collect()
    };
    let alcohol = arrive(&person, &start(&page, "お酒の販売")).await;
    assert_eq!(chosen(&alcohol), ["digital-auth/age_over_20"]);
    assert_eq!(alcohol.text().matches("aria-current=\"true\"").count(), 1);
    let english = arrive(&person, &link(&alcohol, "<header class=\"strip")).await;
    assert!(english.text().contains("<html lang=\"en\">"));
    assert_eq!(chosen(&english), ["digital-auth/age_over_20"]);
    let booking = arrive(&person, &start(&english, "Booking a room")).await;
    assert_eq!(chosen(&booking), ["digital-auth/municipality"]);

    // The start page keeps the scopes of the browser's last login. Other browsers don't see them.
    visit(
        &laptop,
        &person,
        &login_asking(&[Scope::Attribute(Attribute::Gender)]),
    )
    .await;
    assert_eq!(
        chosen(&visit(&laptop, &person, "/").await),
        ["digital-auth/gender"]
    );
    let others = chosen(&visit(&laptop, &browser(), "/").await);
    assert_eq!(others.len(), scopes::known().count());
    laptop.stop().await;
}

#[tokio::test]
async fn what_was_preselected_is_asked_for_where_nobody_has_chosen() {
    let laptop = laptop_with(|options| {
        options.app = Some(AppSettings {
            scopes: Scopes::of([Scope::Prefecture]),
            ..AppSettings::default()
        });
    })
    .await;
    let person = browser();
    let page = visit(&laptop, &person, "/").await;
    let chosen: Vec<_> = checkboxes(&page)
        .into_iter()
        .filter(|(_, on)| *on)
        .collect();
    assert_eq!(chosen, [("digital-auth/prefecture".to_owned(), true)]);
    let answer = person.get(&at(&laptop, "/login"), HTML).await.unwrap();
    let scopes = asked_scopes(&answer).unwrap();
    assert_eq!(scopes, "openid digital-auth/prefecture");
    laptop.stop().await;
}

#[tokio::test]
async fn an_app_that_asks_for_an_age_alone_learns_an_age_alone() {
    let laptop = site().await;
    let people = personas(laptop.clock.now());
    let adult = people.iter().find(|person| person.id == "adult").unwrap();
    let browser = browser();
    let page = sign_in_asking(&laptop, &browser, "adult", &[Scope::AgeOver(20)]).await;
    assert_eq!(page.url.path(), "/signed-in");
    let text = page.text();
    for claim in ["name", "address", "birthdate"] {
        assert!(!text.contains(adult.claims[claim].as_str()), "{claim}");
    }
    assert!(text.contains("<dd>はい</dd>"));
    let (_, not_asked) = text.split_once("求めていない情報： ").unwrap();
    let (not_asked, _) = not_asked.split_once('<').unwrap();
    let not_asked: Vec<_> = not_asked.trim().split('、').collect();
    assert_eq!(not_asked.len(), scopes::known().count() - 1);
    assert!(not_asked.starts_with(&["氏名", "住所", "生年月日", "性別"]));
    assert!(!not_asked.contains(&"20歳以上か"), "{not_asked:?}");
    // One row of the table: the attribute was asked for and is in both tokens, but not in userinfo.
    let (_, table) = text.split_once("<tbody>").unwrap();
    let (table, _) = table.split_once("</tbody>").unwrap();
    let claims = scopes::known().flat_map(Scope::claims).count();
    let record = 1;
    assert_eq!(table.matches("<tr>").count(), claims + record);
    assert_eq!(table.matches("class=\"yes\"").count(), 3);
    let row = table.split("<tr>").find(|row| row.contains("age_over_20"));
    assert_eq!(row.unwrap().matches("class=\"yes\"").count(), 3);
    // After a failed login, the app offers another try with the same scopes.
    let hosted = visit(&laptop, &browser, &login_asking(&[Scope::AgeOver(20)])).await;
    let provider = link(&hosted, "class=\"button wide\"");
    let card = browser.follow(&provider, "application/json", |_| false);
    let card = card.await.unwrap().end;
    let callback = to_the_callback(&laptop, &browser, card, "adult", Some(Fault::Cancel)).await;
    let failed = arrive(&browser, &callback).await;
    assert_eq!(failed.url.path(), "/failed");
    let again = link(&failed, "class=\"actions\"");
    let answer = browser.get(&again, HTML).await.unwrap();
    let scopes = asked_scopes(&answer).unwrap();
    assert_eq!(scopes, "openid digital-auth/age_over_20");
    laptop.stop().await;
}

#[tokio::test]
async fn openid_alone_tells_an_app_nothing_of_a_person() {
    let laptop = site().await;
    let page = sign_in_asking(&laptop, &browser(), "adult", &[]).await;
    let text = page.text();
    assert!(text.contains("アプリは何も求めませんでした"));
    assert!(!text.contains("class=\"yes\"") && !text.contains("<dl class=\"attributes\">"));
    laptop.stop().await;
}

#[tokio::test]
async fn tokens_are_refreshed_at_the_app_and_the_story_of_it_is_told() {
    let laptop = site().await;
    let browser = browser();
    let page = sign_in(&laptop, &browser, "adult", None).await;
    assert!(!page.text().contains("id=\"refresh-title\""));
    let token_id = |page: &Page| {
        let text = page.text();
        let (_, rest) = text.split_once("&#34;jti&#34;: &#34;").unwrap();
        rest.split_once('&').unwrap().0.to_owned()
    };
    let first = token_id(&page);

    let refresh = async |browser: &UserAgent| {
        let answer = browser.post_form(&at(&laptop, "/refresh"), HTML, &[]).await;
        answer.unwrap()
    };
    let answer = refresh(&browser).await;
    assert_eq!(answer.status, 303);
    let page = arrive(&browser, &answer.redirect_target().unwrap().unwrap()).await;
    assert_strict(&page);
    let text = page.text();
    assert!(text.contains("トークンを更新しました") && text.contains("山田　太郎"));
    assert_ne!(token_id(&page), first);
    let (_, story) = text.split_once("id=\"refresh-title\"").unwrap();
    for hop in [
        "POST /refresh",
        "POST /oauth2/token",
        "TokenGeneration_RefreshTokens",
        "IDトークンを確かめる",
        "GET /oauth2/userInfo",
    ] {
        assert!(story.contains(hop), "{hop}");
    }
    assert!(!story.contains("pill fail") && !story.contains("idpresponse"));

    // Only the browser with the session can refresh, and only with a form of this site.
    assert_eq!(refresh(&login_kit::browser()).await.status, 403);
    assert_eq!(visit(&laptop, &browser, "/refresh").await.status, 405);
    let session = session_of(&laptop, &browser);
    let port = at(&laptop, "/").port().unwrap();
    let foreign = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/refresh"))
        .header("host", format!("app.localhost:{port}"))
        .header("cookie", format!("__Host-session={session}"))
        .header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);

    // A failed refresh says why, and leaves the tokens as they were.
    let second = token_id(&page);
    laptop.triggers.pre_token_generation.stop().await;
    let answer = refresh(&browser).await;
    let page = arrive(&browser, &answer.redirect_target().unwrap().unwrap()).await;
    let text = page.text();
    for told in [
        "トークンを更新できませんでした",
        "PreTokenGeneration",
        "山田　太郎",
        "pill fail",
    ] {
        assert!(text.contains(told), "{told}");
    }
    assert_eq!(token_id(&page), second);
    laptop.stop().await;
}
