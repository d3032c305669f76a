//! A login as a person does it: with the mouse, with the keyboard, on a PC, on a phone, in both
//! languages, without scripts, in Firefox. The tests take a picture of every page on the way, and
//! check its accessibility and that it fits its window.

use std::collections::BTreeSet;

use demo::scopes;
use service_simulator::persona::personas;

use crate::demo::{Demo, JA, words};
use crate::webdriver::{Browser, FIREFOX, PC, PHONE, Setup};

/// Signs in, and checks every page.
async fn walk(setup: Setup) {
    let demo = Demo::start().await;
    let browser = Browser::open(setup).await;
    let words = words(setup.language);

    browser.go(&demo.start_page()).await;
    browser.sees("1-app-start").await;
    browser.click(words.sign_in).await;
    browser.element("body.cognito a.button").await;
    browser.sees("2-cognito").await;
    browser.click(words.provider).await;
    browser.element("select[name=persona]").await;
    browser.sees("3-service-test-card").await;
    browser.click(words.authenticate).await;
    browser.element("button[value=accept]").await;
    browser.sees("4-service-consent").await;
    browser.click(words.consent).await;
    browser.element("dl.attributes").await;
    browser.sees("5-app-signed-in").await;

    // The app shows what Cognito holds.
    let text = browser.text().await;
    let people = personas(demo.laptop.clock.now());
    for claim in ["name", "address"] {
        assert!(text.contains(&people[0].claims[claim]), "{claim}");
    }
    // Opens rows of the diagram: they show what was sent, what was checked, and why.
    for row in browser.all("ol.rows summary").await {
        let title = row.text().await.unwrap();
        if ["/token", "IDトークン", "ID token"]
            .iter()
            .any(|told| title.contains(told))
        {
            row.click().await.unwrap();
        }
    }
    browser.sees("6-app-story-open").await;
    let text = browser.text().await;
    for told in ["code_verifier", "RFC 7636 §4.6", "OIDC Core §3.1.3.7"] {
        assert!(text.contains(told), "{told}");
    }

    browser.click(words.log_out).await;
    browser
        .until("somebody is logged out", async || {
            browser.at().await.path() == "/logged-out"
        })
        .await;
    assert!(!browser.text().await.contains(&people[0].claims["name"]));
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn on_a_pc_in_japanese() {
    walk(PC).await;
}

#[tokio::test]
async fn on_a_pc_in_english() {
    walk(Setup {
        language: "en",
        ..PC
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_in_japanese() {
    walk(PHONE).await;
}

#[tokio::test]
async fn on_a_phone_in_english_and_dark() {
    walk(Setup {
        language: "en",
        dark: true,
        ..PHONE
    })
    .await;
}

#[tokio::test]
async fn on_a_pc_in_japanese_and_dark() {
    walk(Setup { dark: true, ..PC }).await;
}

#[tokio::test]
async fn in_firefox() {
    walk(FIREFOX).await;
}

/// Asks only for an age, checks that the tokens contain nothing else, and refreshes them.
async fn ask_for_an_age(setup: Setup) {
    let demo = Demo::start().await;
    let browser = Browser::open(setup).await;
    let words = words(setup.language);
    browser.go(&demo.start_page()).await;
    let all = scopes::known().count();
    assert_eq!(browser.count("input[name=scope]:checked").await, all);
    // The example that needs only an age.
    browser
        .element("ul.ready li:nth-child(1) a")
        .await
        .click()
        .await
        .unwrap();
    browser
        .until("the purpose is chosen", async || {
            browser.count("input[name=scope]:checked").await == 1
        })
        .await;
    browser.sees("8-app-age-chosen").await;
    browser.click(words.sign_in).await;
    browser.click(words.provider).await;
    browser.element("select[name=persona]").await;
    demo.answer(&browser, "adult", None).await;
    browser.sees("9-app-signed-in-age").await;
    let people = personas(demo.laptop.clock.now());
    let tells_no_more = async || {
        let text = browser.text().await;
        assert!(!text.contains(&people[0].claims["name"]));
        // Three cells of the age's row say yes: it was asked for, it is in the ID token, and it is
        // in the access token.
        assert_eq!(browser.count("table .yes").await, 3);
        assert_eq!(browser.count("dl.attributes > div").await, 1);
    };
    tells_no_more().await;
    browser.click(words.refresh).await;
    browser.element("#refreshed .done").await;
    browser.sees("10-app-refreshed").await;
    tells_no_more().await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn an_app_that_asks_for_an_age_shows_an_age_on_a_pc() {
    ask_for_an_age(PC).await;
}

#[tokio::test]
async fn an_app_that_asks_for_an_age_shows_an_age_on_a_phone_in_english_and_dark() {
    ask_for_an_age(Setup {
        language: "en",
        dark: true,
        ..PHONE
    })
    .await;
}

#[tokio::test]
async fn scopes_are_chosen_one_by_one_without_scripts() {
    let demo = Demo::start().await;
    let browser = Browser::open(Setup {
        scripts: false,
        ..PC
    })
    .await;
    browser.go(&demo.start_page()).await;
    // Clears all checkboxes but the first, which is the name.
    for checkbox in browser
        .all("input[name=scope]:checked")
        .await
        .iter()
        .skip(1)
    {
        checkbox.click().await.unwrap();
    }
    browser.click(JA.sign_in).await;
    browser.click(JA.provider).await;
    browser.element("select[name=persona]").await;
    demo.answer(&browser, "adult", None).await;
    assert_eq!(browser.count("dl.attributes > div").await, 1);
    let people = personas(demo.laptop.clock.now());
    let text = browser.text().await;
    assert!(text.contains(&people[0].claims["name"]));
    assert!(!text.contains(&people[0].claims["address"]));
    // The start page keeps the choice.
    browser.go(&demo.start_page()).await;
    assert_eq!(browser.count("input[name=scope]:checked").await, 1);
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn four_hosts_are_asked_and_no_other() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.sign_in(&browser, "adult", None).await;
    assert_eq!(browser.host().await, "app.localhost");
    let requests = browser.requests().await;
    let hosts: BTreeSet<_> = requests.iter().filter_map(|url| url.host_str()).collect();
    let expected = [
        "app.localhost",
        "bridge.localhost",
        "localhost",
        "service.localhost",
    ];
    assert_eq!(hosts, expected.into());
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn with_keys_alone() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    browser.go(&demo.start_page()).await;
    browser
        .press("証明書の発行\n氏名と生年月日。学籍と照らし合わせます。")
        .await;
    browser
        .until("the purpose is chosen", async || {
            browser.count("input[name=scope]:checked").await == 3
        })
        .await;
    browser.press(JA.sign_in).await;
    browser.element("body.cognito").await;
    browser.press(JA.provider).await;
    browser.element("select[name=persona]").await;
    browser.press(JA.authenticate).await;
    browser.element("button[value=accept]").await;
    browser.press(JA.consent).await;
    browser.element("dl.attributes").await;
    assert_eq!(browser.count("dl.attributes > div").await, 3);
    browser.press(JA.refresh).await;
    browser.element("#refreshed .done").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn without_scripts() {
    let demo = Demo::start().await;
    let browser = Browser::open(Setup {
        scripts: false,
        ..PC
    })
    .await;
    demo.sign_in(&browser, "adult", None).await;
    browser.element("dl.attributes").await;
    assert!(browser.count("ol.rows > li").await > 20);
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn the_diagram_grows_while_somebody_signs_in_in_another_tab() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    // Too narrow for the diagram beside the login.
    (browser.client().set_window_size(1_100, 900))
        .await
        .unwrap();
    browser.go(&demo.start_page()).await;
    assert_eq!(browser.count("ol.rows > li").await, 0);
    let here = browser.client().window().await.unwrap();
    browser.click("図を見ながらログイン （新しいタブ）").await;
    let windows = browser.client().windows().await.unwrap();
    let there = windows.into_iter().find(|window| *window != here).unwrap();

    browser.switch_to(&there).await;
    browser.element("body.cognito a.button").await;
    browser.switch_to(&here).await;
    browser.element("ol.rows > li").await;
    let first = browser.count("ol.rows > li").await;
    // A step that was opened stays open. The diagram is redrawn whenever it grows, which can happen
    // just before a click, so the click is repeated until a step is open.
    browser
        .until("a step is open", async || {
            let step = browser.element("ol.rows summary").await;
            browser.count("ol.rows details[open]").await == 1 || {
                let _there_is_another_by_now = step.click().await;
                false
            }
        })
        .await;

    browser.switch_to(&there).await;
    browser.click(JA.provider).await;
    browser.element("select[name=persona]").await;
    browser.switch_to(&here).await;
    browser
        .until("the diagram has grown", async || {
            browser.count("ol.rows > li").await > first
        })
        .await;
    browser.sees("7-app-watching").await;

    browser.switch_to(&there).await;
    demo.answer(&browser, "adult", None).await;
    browser.switch_to(&here).await;
    browser
        .until("the diagram tells the end", async || {
            browser.text().await.contains("ログインしました。")
        })
        .await;
    assert!(browser.count("ol.rows > li").await > 20);
    assert_eq!(browser.count("ol.rows details[open]").await, 1);
    browser.close().await;
    demo.stop().await;
}
