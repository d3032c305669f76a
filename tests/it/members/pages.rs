//! The members' pages of the demo's app, used by a person and by an attacker.

use cognito_simulator::ApiFault;
use demo::app::{AppSettings, Explanation};
use login_kit::{Arrival, Laptop, Page, UserAgent, browser};
use loopback::journal::Moment;
use secrecy::ExposeSecret as _;
use service_simulator::fault::Fault;
use url::{Url, form_urlencoded};

use super::{HANAKO, TARO, laptop_changed, name_of, password, record};

const HTML: &str = "text/html";

/// A laptop with the app, and three members. The first has markup for a name.
async fn site() -> Laptop {
    laptop_changed(
        |options| {
            options.app = Some(AppSettings {
                explain: |class, language| {
                    Some(Explanation {
                        meaning: format!("<meaning of {class}>"),
                        remedy: language.say("直し方", "the remedy").to_owned(),
                    })
                },
                ..AppSettings::default()
            });
        },
        |members| {
            let name = members.users[0].attributes.get_mut("name").unwrap();
            "<b>markup</b>".clone_into(name);
        },
    )
    .await
}

fn at(laptop: &Laptop, path: &str) -> Url {
    let base = laptop.app.as_ref().unwrap().base_url();
    Url::parse(base).unwrap().join(path).unwrap()
}

async fn visit(browser: &UserAgent, url: &Url) -> Page {
    let journey = browser.follow(url, HTML, |_| false).await.unwrap();
    journey.page().unwrap().clone()
}

/// The member whose page this is, by its forms.
fn member_of(page: &Page) -> String {
    let text = page.text();
    let rest = text.split_once("name=\"member\" value=\"");
    let member = rest.and_then(|(_, rest)| rest.split_once('"'));
    member.map_or_else(String::new, |(member, _)| member.to_owned())
}

/// Sends a form of the app, and follows the redirect if there is one.
async fn send(laptop: &Laptop, browser: &UserAgent, path: &str, fields: &[(&str, &str)]) -> Page {
    let member = member_of(&visit(browser, &at(laptop, "/members")).await);
    let fields = [fields, &[("member", member.as_str())]].concat();
    send_from(laptop, browser, path, &fields).await
}

/// As [`send`], from a page that is open already.
async fn send_from(
    laptop: &Laptop,
    browser: &UserAgent,
    path: &str,
    fields: &[(&str, &str)],
) -> Page {
    let url = at(laptop, path);
    let page = browser.post_form(&url, HTML, fields).await.unwrap();
    match page.redirect_target().unwrap() {
        Some(url) => visit(browser, &url).await,
        None => page,
    }
}

async fn signed_in(laptop: &Laptop, username: &str) -> UserAgent {
    let browser = browser();
    let password = password();
    let fields = [
        ("username", username),
        ("password", password.expose_secret()),
    ];
    let account = send(laptop, &browser, "/members/sign-in", &fields).await;
    assert_eq!(
        (account.status.as_u16(), account.url.path()),
        (200, "/members")
    );
    browser
}

/// Begins a verification on the account page, shows the card, and stops before the return URL.
async fn to_the_return_url(laptop: &Laptop, browser: &UserAgent, persona: &str) -> Url {
    to_the_return_url_with(laptop, browser, persona, None).await
}

async fn to_the_return_url_with(
    laptop: &Laptop,
    browser: &UserAgent,
    persona: &str,
    fault: Option<Fault>,
) -> Url {
    let member = member_of(&visit(browser, &at(laptop, "/members")).await);
    let url = at(laptop, "/members/verify");
    let fields = [("member", member.as_str())];
    let begun = browser.post_form(&url, HTML, &fields).await.unwrap();
    let url = begun.redirect_target().unwrap().unwrap();
    let journey = browser.follow(&url, "application/json", |_| false).await;
    let card = journey.unwrap().end;
    let is_back = |url: &Url| url.path() == "/verified";
    let arrival = laptop.choose(browser, card, persona, fault, is_back).await;
    match arrival.unwrap() {
        Arrival::At(url) => url,
        Arrival::Page(page) => panic!("{page:?}"),
    }
}

#[tokio::test]
async fn a_member_verifies_on_the_pages_and_takes_it_back() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let back = to_the_return_url(&laptop, &person, "adult").await;
    let account = visit(&person, &back).await;
    assert_eq!(account.url.path(), "/members");
    let text = account.text();
    assert!(text.contains("カードで本人確認しました") && text.contains("aal3"));
    assert!(record(&laptop, HANAKO).is_some());
    // What members write about themselves is text.
    assert!(text.contains("&#60;b&#62;markup") && !text.contains("<b>markup"));
    let policy = account.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));

    let account = send(&laptop, &person, "/members/take-back", &[]).await;
    let text = account.text();
    assert!(text.contains("本人確認を取り消しました"));
    assert!(!text.contains("本人確認済み"));
    assert_eq!(record(&laptop, HANAKO), None);

    let gone = send(&laptop, &person, "/members/logout", &[]).await;
    assert!(gone.text().contains("action=\"/members/sign-in\""));
    laptop.stop().await;
}

/// The page says what the members' API says, also where the tokens are older.
#[tokio::test]
async fn the_account_asks_the_members_api_and_says_that_tokens_are_older() {
    let laptop = site().await;
    let one = signed_in(&laptop, HANAKO).await;
    let back = to_the_return_url(&laptop, &one, "adult").await;
    visit(&one, &back).await;
    let other = signed_in(&laptop, HANAKO).await;
    send(&laptop, &other, "/members/take-back", &[]).await;
    let account = visit(&one, &at(&laptop, "/members?lang=en")).await.text();
    assert!(account.contains("The tokens still say verified, until the next refresh."));
    assert!(!account.contains("<b>Verified</b>"));
    let account = send(&laptop, &one, "/members/refresh", &[]).await.text();
    assert!(account.contains("The tokens are refreshed") && account.contains("Not verified yet."));

    // And the other way round.
    let back = to_the_return_url(&laptop, &other, "adult").await;
    visit(&other, &back).await;
    let account = visit(&one, &at(&laptop, "/members")).await.text();
    assert!(account.contains("<b>Verified</b>"), "{account}");
    assert!(account.contains("The tokens don’t say so yet."));
    laptop.stop().await;
}

/// How an act ended is told once. The page that it leads to has no link to itself; a tab that
/// watches has one, and notices that what it shows above is old.
#[tokio::test]
async fn what_is_told_is_told_once_and_the_watching_tab_leads_to_it() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let mark = |text: &str| {
        let (_, rest) = text.split_once("data-act=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let watching = visit(&person, &at(&laptop, "/members")).await.text();
    let back = to_the_return_url(&laptop, &person, "adult").await;
    let account = visit(&person, &back).await.text();
    assert!(account.contains("カードで本人確認しました"));
    assert!(account.contains("カードで、もう一度本人確認"));
    assert!(!account.contains("会員ページを新しくする"));
    let again = visit(&person, &at(&laptop, "/members")).await.text();
    assert!(!again.contains("カードで本人確認しました"));
    let url = at(&laptop, "/members/story?seen=0");
    let story = person.get(&url, HTML).await.unwrap().text();
    assert!(story.contains("会員ページを新しくする"));
    assert_ne!(mark(&story), mark(&watching));
    let url = at(
        &laptop,
        &format!("/members/story?seen=0&act={}", mark(&again)),
    );
    let story = person.get(&url, HTML).await.unwrap().text();
    assert!(!story.contains("会員ページを新しくする"));
    assert_eq!(mark(&story), mark(&again));
    laptop.stop().await;
}

/// The app fetches the pool's keys for either token: the second row says why.
#[tokio::test]
async fn what_is_requested_again_says_why() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let account = visit(&person, &at(&laptop, "/members")).await.text();
    for told in ["を得る（もう一度）</b>", "このアプリは鍵を保持せず"] {
        assert_eq!(account.matches(told).count(), 1, "{told}");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_cancel_is_no_failure() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let back = to_the_return_url_with(&laptop, &person, "adult", Some(Fault::Cancel)).await;
    let account = visit(&person, &back).await.text();
    assert!(account.contains("本人確認をやめました。いつでもできます。"));
    for failure in [
        "remark failed",
        "card failure",
        "meaning of",
        "pill fail",
        "完了しませんでした",
    ] {
        assert!(!account.contains(failure), "{failure}: {account}");
    }
    laptop.stop().await;
}

/// In an old tab stands the page of a member who isn't signed in any more.
#[tokio::test]
async fn a_form_of_another_members_page_does_nothing() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let old = member_of(&visit(&person, &at(&laptop, "/members")).await);
    let password = password();
    let fields = [("username", TARO), ("password", password.expose_secret())];
    send(&laptop, &person, "/members/sign-in", &fields).await;
    let back = to_the_return_url(&laptop, &person, "adult").await;
    visit(&person, &back).await;
    for path in ["verify", "go-on", "take-back", "refresh"] {
        for fields in [&[("member", old.as_str())][..], &[]] {
            let path = format!("/members/{path}");
            let page = send_from(&laptop, &person, &path, fields).await;
            assert_eq!(page.status.as_u16(), 400, "{path}");
            assert!(page.text().contains("別の会員のページ"), "{path}");
        }
    }
    assert!(record(&laptop, TARO).is_some());
    laptop.stop().await;
}

#[tokio::test]
async fn a_second_account_sees_the_class_and_its_meaning() {
    let laptop = site().await;
    for (username, told) in [
        (HANAKO, &["カードで本人確認しました"][..]),
        (
            TARO,
            &[
                "このカードは、別のアカウントの本人確認に使われています。",
                "&#60;meaning of person_already_verified&#62;",
            ],
        ),
    ] {
        let person = signed_in(&laptop, username).await;
        let back = to_the_return_url(&laptop, &person, "adult").await;
        let account = visit(&person, &back).await.text();
        for told in told {
            assert!(account.contains(told), "{account}");
        }
    }
    assert_eq!(record(&laptop, TARO), None);
    laptop.stop().await;
}

/// A rush: the page offers to go on, and the card isn't read again.
#[tokio::test]
async fn a_verification_that_had_to_stop_goes_on_with_a_button() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let once = [ApiFault::Throttled];
    let pool = &laptop.cognito;
    pool.break_api("AdminUpdateUserAttributes", &once).unwrap();
    let back = to_the_return_url(&laptop, &person, "adult").await;
    let stopped = visit(&person, &back).await.text();
    assert!(stopped.contains("too_many_requests"), "{stopped}");
    assert!(stopped.contains("action=\"/members/go-on\""));
    let account = send(&laptop, &person, "/members/go-on", &[]).await.text();
    assert!(account.contains("カードで本人確認しました"), "{account}");
    // The button is gone. Whoever sends it again changes nothing.
    assert!(!account.contains("action=\"/members/go-on\""));
    let again = send(&laptop, &person, "/members/go-on", &[]).await.text();
    assert!(again.contains("aal3"));
    laptop.stop().await;
}

/// The answer of a verification counts once, in the browser that began it, with its state and the
/// bridge's issuer.
#[tokio::test]
async fn an_answer_of_another_verification_is_not_accepted() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let attacker = signed_in(&laptop, TARO).await;
    let back = to_the_return_url(&laptop, &person, "adult").await;
    let of_attacker = to_the_return_url(&laptop, &attacker, "gender-absent").await;
    let changed = |name: &str, value: &str| {
        let pairs = back.query_pairs().into_owned();
        let pairs = pairs.map(|(known, old)| {
            let new = if known == name { value.to_owned() } else { old };
            (known, new)
        });
        let mut url = back.clone();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        url.set_query(Some(&query));
        url
    };
    let mut twice = back.clone();
    twice.query_pairs_mut().append_pair("state", "x");
    let mut empty = back.clone();
    empty.set_query(None);
    for url in [
        of_attacker,
        changed("state", "x"),
        changed("iss", "https://evil.example"),
        twice,
        empty,
    ] {
        let page = visit(&person, &url).await;
        assert_eq!(page.status.as_u16(), 400, "{url}");
        assert!(page.text().contains("その本人確認は見つかりません"));
        assert!(page.text().contains("別の会員でサインイン"));
        assert!(page.text().contains("/members/not-found?lang=en"));
        // The code is gone from the address bar.
        assert_eq!(
            (page.url.path(), page.url.query()),
            ("/members/not-found", None)
        );
    }
    for stranger in [&attacker, &browser()] {
        assert_eq!(visit(stranger, &back).await.status.as_u16(), 400);
    }
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(record(&laptop, TARO), None);
    // None of that used the verification up. Its own answer does.
    assert!(visit(&person, &back).await.text().contains("aal3"));
    assert_eq!(visit(&person, &back).await.status.as_u16(), 400);
    laptop.stop().await;
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let back = to_the_return_url(&laptop, &person, "adult").await;
    visit(&person, &back).await;
    let url = at(&laptop, "/members");
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    for path in [
        "sign-in",
        "verify",
        "go-on",
        "take-back",
        "refresh",
        "logout",
    ] {
        let request = reqwest::Client::new()
            .post(format!("http://127.0.0.1:{port}/members/{path}"))
            .header("host", format!("{host}:{port}"))
            .header("cookie", person.cookie_header(&url))
            .header("sec-fetch-site", "cross-site")
            .body("username=hanako&password=x");
        assert_eq!(request.send().await.unwrap().status(), 403, "{path}");
    }
    assert!(record(&laptop, HANAKO).is_some());
    assert!(visit(&person, &url).await.text().contains("aal3"));
    laptop.stop().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_is_nowhere_else() {
    const WRONG: &str = "Wrong-marked-passw0rd!";
    let laptop = site().await;
    let person = browser();
    for username in [HANAKO, "nobody", "<b>x</b>"] {
        let fields = [("username", username), ("password", WRONG)];
        let page = send(&laptop, &person, "/members/sign-in", &fields).await;
        assert_eq!(page.status.as_u16(), 400);
        let text = page.text();
        assert!(text.contains("ユーザー名かパスワードが違います"));
        assert!(!text.contains(WRONG) && !text.contains("<b>x"));
        // The username is kept.
        let kept = username.replace('<', "&#60;").replace('>', "&#62;");
        assert!(text.contains(&format!("value=\"{kept}\"")));
    }
    let hops = laptop.journal.hops(Moment::default(), None);
    let told = serde_json::to_string(&hops.iter().map(|hop| &hop.step).collect::<Vec<_>>());
    assert!(!told.unwrap().contains(WRONG));
    let long = "x".repeat(5_000);
    let page = send(&laptop, &person, "/members/sign-in", &[("username", &long)]).await;
    assert_eq!(page.status.as_u16(), 413);
    for path in ["verify", "go-on", "take-back", "refresh"] {
        let path = &format!("/members/{path}");
        let page = send(&laptop, &person, path, &[]).await;
        assert!(
            page.text().contains("action=\"/members/sign-in\""),
            "{path}"
        );
    }
    laptop.stop().await;
}

/// The story of an act has no value of the person, and ends with the act.
#[tokio::test]
async fn the_story_is_that_of_the_newest_act() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let story = || async {
        let url = at(&laptop, "/members/story?seen=0&lang=en");
        person.get(&url, HTML).await.unwrap().text()
    };
    assert!(story().await.contains("InitiateAuth"));
    let back = to_the_return_url(&laptop, &person, "adult").await;
    let under_way = story().await;
    assert!(under_way.contains("A verification is in progress."));
    assert!(!under_way.contains("InitiateAuth"));
    visit(&person, &back).await;
    let done = story().await;
    assert!(done.contains("Done.") && done.contains("AdminUpdateUserAttributes"));
    assert!(!done.contains(&name_of(&laptop, "adult")));
    // Somebody else sees nothing of it.
    let other = browser();
    let url = at(&laptop, "/members/story?seen=0&lang=en");
    let empty = other.get(&url, HTML).await.unwrap().text();
    assert!(!empty.contains("<li"), "{empty}");
    laptop.stop().await;
}

#[tokio::test]
async fn without_members_there_are_no_such_pages() {
    let laptop = login_kit::laptop_with(|options| {
        options.app = Some(AppSettings::default());
    })
    .await;
    let person = browser();
    let start = visit(&person, &at(&laptop, "/")).await.text();
    assert!(!start.contains("/members"));
    for path in ["/members", "/verified?state=x", "/members/story?seen=0"] {
        let page = visit(&person, &at(&laptop, path)).await;
        assert_eq!(page.status.as_u16(), 404, "{path}");
    }
    laptop.stop().await;
}

/// The claims that are shown are those of the tokens, not what the app was told.
#[tokio::test]
async fn the_account_shows_the_tokens() {
    let laptop = site().await;
    let person = signed_in(&laptop, HANAKO).await;
    let before = visit(&person, &at(&laptop, "/members?lang=en"))
        .await
        .text();
    for told in [
        "hanako@example.com",
        "aws.cognito.signin.user.admin",
        "digital-auth/verify",
    ] {
        assert!(before.contains(told), "{told}");
    }
    assert!(!before.contains("ID token before"));
    let back = to_the_return_url(&laptop, &person, "adult").await;
    visit(&person, &back).await;
    let after = visit(&person, &at(&laptop, "/members?lang=en"))
        .await
        .text();
    assert!(after.contains("ID token before") && after.contains("class=\"changed\""));
    laptop.stop().await;
}
