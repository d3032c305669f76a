//! What is asked of people and what an app gets of it, as the demo's pages let a person choose it:
//! the stack's setting and the app's scopes, the use cases with their decisions, and the diagram
//! beside the login.

use demo::app::AppSettings;
use demo::use_case::UseCase;
use login_kit::{Arrival, Laptop, Page, UserAgent, browser, laptop_with};
use serde_json::{Value, json};
use url::Url;

use crate::command::run;

const HTML: &str = "text/html";

async fn site() -> Laptop {
    laptop_with(|options| options.app = Some(AppSettings::default())).await
}

fn at(laptop: &Laptop, path: &str) -> Url {
    let base = laptop.app.as_ref().unwrap().base_url();
    Url::parse(base).unwrap().join(path).unwrap()
}

async fn visit(laptop: &Laptop, browser: &UserAgent, path: &str) -> Page {
    let url = at(laptop, path);
    let journey = browser.follow(&url, HTML, |_| false);
    journey.await.unwrap().page().unwrap().clone()
}

/// Follows the app's link through Cognito to the service's test-card page.
async fn to_the_card(laptop: &Laptop, browser: &UserAgent, path: &str) -> Page {
    let hosted = visit(laptop, browser, path).await;
    assert_eq!(hosted.url.host_str(), Some("localhost"), "{path}");
    let text = hosted.text();
    let (_, rest) = text.split_once("class=\"button wide\" href=\"").unwrap();
    let (href, _) = rest.split_once('"').unwrap();
    let provider = hosted.url.join(&href.replace("&#38;", "&")).unwrap();
    let journey = browser.follow(&provider, "application/json", |_| false);
    journey.await.unwrap().page().unwrap().clone()
}

/// Signs in as this test person, and gives the page at which the browser ends.
async fn sign_in(laptop: &Laptop, browser: &UserAgent, path: &str, persona: &str) -> Page {
    let card = to_the_card(laptop, browser, path).await;
    let callback = at(laptop, "/callback");
    let is_callback =
        |url: &Url| url.host_str() == callback.host_str() && url.path() == callback.path();
    let card = Arrival::Page(card);
    let arrival = laptop
        .choose(browser, card, persona, None, is_callback)
        .await;
    let Arrival::At(url) = arrival.unwrap() else {
        panic!("the login didn't come back");
    };
    let journey = browser.follow(&url, HTML, |_| false);
    journey.await.unwrap().page().unwrap().clone()
}

/// What the service's test-card page says that is asked for.
fn asked(card: &Page) -> Value {
    card.json::<Value>().unwrap()["attributes"].clone()
}

#[tokio::test]
async fn people_are_asked_for_what_the_stack_asks_and_an_app_gets_what_its_scopes_name() {
    let laptop = site().await;
    let person = browser();
    for (ask, attributes) in [
        ("ask=none", json!([])),
        ("ask=none&ask=birthdate", json!(["birthdate"])),
        ("ask=name+address", json!(["name", "address"])),
        // What isn't chosen stays as it was.
        ("", json!(["name", "address"])),
    ] {
        let path = format!("/login?{ask}&scope=openid&scope=digital-auth/name");
        let card = to_the_card(&laptop, &person, &path).await;
        assert_eq!(asked(&card), attributes, "{ask}");
    }
    let path = "/login?ask=name&ask=address&scope=openid&scope=digital-auth/name\
        &scope=digital-auth/age_over_20";
    let page = sign_in(&laptop, &person, path, "adult").await;
    let text = page.text();
    assert!(text.contains("山田　太郎"), "{text}");
    // The address came to the bridge, and not to the app; the age has nothing to be made from.
    assert!(!text.contains("永田町"));
    let told = "そのままではこのアプリに届かない情報： 住所";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("スタックが、もとになる情報を利用者に求めていません"));

    // A link of another site begins a login, and changes nothing for the stack.
    let port = at(&laptop, "/").port().unwrap();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let foreign = (client.build().unwrap())
        .get(format!("http://127.0.0.1:{port}/login?ask=gender"))
        .header("host", format!("app.localhost:{port}"))
        .header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 303);
    let card = to_the_card(&laptop, &person, "/login").await;
    assert_eq!(asked(&card), json!(["name", "address"]));

    for unknown in ["ask=email", "ask=name&case=lottery"] {
        let page = visit(&laptop, &person, &format!("/login?{unknown}")).await;
        assert_eq!(
            (page.status, page.url.path()),
            (400.try_into().unwrap(), "/login")
        );
    }
    laptop.stop().await;
}

#[tokio::test]
async fn each_use_case_asks_for_the_least_and_decides_in_three_ways() {
    let laptop = site().await;
    for (case, ask, persona, decided) in [
        ("age", json!(["birthdate"]), "adult", "20歳以上です"),
        ("age", json!(["birthdate"]), "turns-18", "20歳未満です"),
        (
            "age",
            json!(["birthdate"]),
            "unknown-month-and-day",
            "20歳以上です",
        ),
        (
            "booking",
            json!(["address"]),
            "adult",
            "市民料金で予約できます",
        ),
        (
            "booking",
            json!(["address"]),
            "yokohama",
            "市外料金で予約できます",
        ),
        (
            "booking",
            json!(["address"]),
            "replaced-characters",
            "市区町村を確認できません",
        ),
        (
            "certificates",
            json!(["name", "birthdate"]),
            "adult",
            "在学証明書",
        ),
        (
            "certificates",
            json!(["name", "birthdate"]),
            "no-gender",
            "該当する学生がいません",
        ),
        (
            "certificates",
            json!(["name", "birthdate"]),
            "replaced-characters",
            "学生を特定できません",
        ),
    ] {
        let person = browser();
        let path = format!("/login?case={case}");
        let card = to_the_card(&laptop, &person, &path).await;
        assert_eq!(asked(&card), ask, "{case}");
        let page = sign_in(&laptop, &person, &path, persona).await;
        assert_eq!(page.url.path(), format!("/{case}"));
        let text = page.text();
        assert!(text.contains(decided), "{case} {persona}: {text}");
        // Another use case doesn't take this sign-in for its own.
        for other in UseCase::ALL
            .into_iter()
            .filter(|other| other.name() != case)
        {
            let page = visit(&laptop, &person, &format!("/{}", other.name())).await;
            assert!(!page.text().contains("class=\"verdict"), "{}", other.name());
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_services_pages_name_who_asks() {
    let laptop = site().await;
    let person = browser();
    for (path, service, operator) in [
        (
            "/login?case=age",
            "酒のあおば 年齢確認",
            "株式会社 酒のあおば",
        ),
        (
            "/login?case=certificates",
            "青葉野大学 証明書発行",
            "学校法人 青葉野大学",
        ),
        ("/login", "青葉野市 オンライン窓口", "青葉野市（架空）"),
    ] {
        let card = to_the_card(&laptop, &person, path).await;
        let page = person.get(&card.url, HTML).await.unwrap();
        for name in [service, operator] {
            assert!(page.text().contains(name), "{path}: {name}");
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_room_is_booked_by_the_person_who_is_signed_in_and_known() {
    let laptop = site().await;
    let person = browser();
    let book = async |browser: &UserAgent, path: &str| {
        let answer = browser.post_form(&at(&laptop, path), HTML, &[]).await;
        answer.unwrap().status.as_u16()
    };
    assert_eq!(book(&person, "/booking?room=1").await, 403);
    sign_in(&laptop, &person, "/login?case=booking", "adult").await;
    for bad in [
        "/booking",
        "/booking?room=3",
        "/booking?room=-1",
        "/booking?room=a",
    ] {
        assert_eq!(book(&person, bad).await, 400, "{bad}");
    }
    assert_eq!(book(&person, "/booking?of=131016&room=1").await, 303);
    let page = visit(&laptop, &person, "/booking?of=131016").await;
    assert!(
        page.text().contains("予約しました (400円)"),
        "{}",
        page.text()
    );
    // The same person, if another municipality stands for the town.
    let page = visit(&laptop, &person, "/booking?of=141003&lang=en").await;
    assert!(page.text().contains("You book at the price for others"));

    // A login leads back to the municipality that was chosen before it.
    let of_yokohama = browser();
    let page = visit(&laptop, &of_yokohama, "/booking?of=141003").await;
    let text = page.text().replace("&#38;", "&");
    let path = "/login?case=booking&of=141003";
    assert!(text.contains(&format!("{path}&watch=1")), "{text}");
    let page = sign_in(&laptop, &of_yokohama, path, "yokohama").await;
    assert_eq!(page.url.query(), Some("of=141003"));
    assert!(page.text().contains("市民料金で予約できます"));

    let unknown = browser();
    sign_in(
        &laptop,
        &unknown,
        "/login?case=booking",
        "replaced-characters",
    )
    .await;
    assert_eq!(book(&unknown, "/booking?room=1").await, 400);

    // The next customer finds nobody signed in.
    let counter = browser();
    sign_in(&laptop, &counter, "/login?case=age", "adult").await;
    let log_out = at(&laptop, "/logout?case=age");
    let answer = counter.post_form(&log_out, HTML, &[]);
    let next = answer.await.unwrap().redirect_target().unwrap().unwrap();
    assert_eq!(next.path(), "/age");
    let page = visit(&laptop, &counter, "/age").await;
    assert!(!page.text().contains("class=\"verdict"));
    laptop.stop().await;
}

#[tokio::test]
async fn the_diagram_is_beside_a_login_that_is_watched_and_beside_no_other() {
    let laptop = site().await;
    let person = browser();
    let policy = |page: &Page| page.header("content-security-policy").unwrap().to_owned();
    let app = at(&laptop, "/").origin().ascii_serialization();

    let hosted = visit(&laptop, &person, "/login?watch=1").await;
    assert!(policy(&hosted).ends_with(&format!("; frame-src {app}")));
    let text = hosted.text();
    let (_, rest) = text.split_once("<iframe src=\"").unwrap();
    let watch = Url::parse(rest.split_once('"').unwrap().0).unwrap();
    // In a frame of another site a browser sends no cookie of the app.
    let frame = browser();
    let page = frame.get(&watch, HTML).await.unwrap();
    assert_eq!(page.status, 200);
    let cognito = laptop.cognito.base_url();
    assert!(policy(&page).contains(&format!(
        "frame-ancestors {cognito} http://service.localhost:"
    )));
    assert!(page.text().contains("GET /oauth2/authorize"));
    let story = watch
        .join(&format!("{}/story?seen=0", watch.path()))
        .unwrap();
    let story = frame.get(&story, HTML).await.unwrap();
    assert!(story.text().contains("GET /login"));
    // Only the key shows it, and the app's own pages stay out of frames.
    let unknown = watch.join("/watch/AAAA").unwrap();
    assert_eq!(frame.get(&unknown, HTML).await.unwrap().status, 400);
    assert!(policy(&visit(&laptop, &person, "/").await).contains("frame-ancestors 'none'"));

    let page = sign_in(&laptop, &person, "/login?watch=1", "adult").await;
    assert_eq!(page.url.path(), "/signed-in");
    // That login has ended, and the next isn't watched.
    let hosted = visit(&laptop, &person, "/login").await;
    assert!(!hosted.text().contains("<iframe") && !policy(&hosted).contains("frame-src"));
    laptop.stop().await;
}

#[tokio::test]
async fn the_command_plays_a_use_case_and_gives_its_decision() {
    for (case, persona, decision, words) in [
        ("age", "adult", json!("sell"), "20 or over: you may sell."),
        (
            "age",
            "turns-18",
            json!("refuse"),
            "Under 20: you must not sell.",
        ),
        (
            "booking",
            "leap-day",
            json!("other"),
            "You book at the price for others.",
        ),
        (
            "certificates",
            "replaced-characters",
            json!("unknown"),
            "It can't be told who this is",
        ),
    ] {
        let arguments = ["demo", "--headless", "--case", case, "--persona", persona];
        let told = run(&[&arguments[..], &["--json"]].concat()).await;
        assert_eq!(told.status, Some(0), "{case} {persona}");
        let told = told.json();
        assert_eq!(
            (&told["case"], &told["decision"]),
            (&json!(case), &decision)
        );
        let told = run(&[&arguments[..], &["--language", "en"]].concat()).await;
        assert!(told.stdout.contains(words), "{}", told.stdout);
    }
}
