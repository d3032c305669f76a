//! A member as a person sees it: signs in with a password, verifies with the card once, tries with
//! a second account, and takes the verification back. The tests take a picture of every page on
//! the way, and check its accessibility and that it fits its window.

use crate::demo::{Demo, words};
use crate::webdriver::{Browser, FIREFOX, PC, PHONE, Setup};

/// The password of the invented members, which the page shows.
const PASSWORD: &str = "Laptop-passw0rd";
/// The account page.
const ACCOUNT: &str = "form[action='/members/verify']";

/// The words of the members' pages, in one language.
struct Words {
    members: &'static str,
    sign_in: &'static str,
    cognito: &'static str,
    at_cognito: &'static str,
    verify: &'static str,
    watch: &'static str,
    take_back: &'static str,
    yes: &'static str,
    verified: &'static str,
    taken_back: &'static str,
    reload: &'static str,
}

const JA: Words = Words {
    members: "会員のページ",
    sign_in: "サインイン",
    cognito: "Cognito の画面へ",
    at_cognito: "ログイン",
    verify: "カードで本人確認",
    watch: "図を見ながら本人確認 （新しいタブ）",
    take_back: "本人確認を取り消す",
    yes: "はい、取り消します",
    verified: "本人確認済み",
    taken_back: "本人確認を取り消しました",
    reload: "会員ページを新しくする",
};

const EN: Words = Words {
    members: "Members",
    sign_in: "Sign in",
    cognito: "To Cognito’s page",
    at_cognito: "Sign in",
    verify: "Verify with the card",
    watch: "Verify and watch the diagram (new tab)",
    take_back: "Take the verification back",
    yes: "Yes, take it back",
    verified: "Verified",
    taken_back: "The verification is taken back",
    reload: "Show the account as it is now",
};

fn of(setup: Setup) -> Words {
    if setup.language == "en" { EN } else { JA }
}

/// Signs a member in on the app’s page.
pub(crate) async fn sign_in(browser: &Browser, username: &str, button: &str) {
    browser.write("username", username).await;
    browser.write("password", PASSWORD).await;
    browser.click(button).await;
    browser.element(ACCOUNT).await;
}

async fn verify(demo: &Demo, browser: &Browser, words: &Words) {
    browser.click(words.verify).await;
    browser.element("select[name=persona]").await;
    demo.answer(browser, "adult", None).await;
    browser.element(ACCOUNT).await;
}

async fn walk(setup: Setup) {
    let demo = Demo::start().await;
    let browser = Browser::open(setup).await;
    let words = of(setup);
    let log_out = self::words(setup.language).log_out;

    browser.go(&demo.start_page()).await;
    browser.click(words.members).await;
    browser.element("input[name=password]").await;
    browser.sees("8-members").await;
    sign_in(&browser, "hanako", words.sign_in).await;
    assert!(!browser.text().await.contains("aal3"));
    browser.sees("8-members-account").await;
    verify(&demo, &browser, &words).await;
    let text = browser.text().await;
    for told in [words.verified, "aal3", "hanako@example.com"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    browser.sees("8-members-verified").await;
    for row in browser.all("ol.rows summary").await {
        if row.text().await.unwrap().contains("/verif") {
            row.click().await.unwrap();
        }
    }
    let text = browser.text().await;
    for told in ["docs/members.md", "RFC 9207 §2.4", "RFC 7636 §4.6"] {
        assert!(text.contains(told), "{told}");
    }

    // A second account of the same person, which signs in at Cognito's page.
    browser.click(log_out).await;
    browser.click(words.cognito).await;
    browser.element("body.cognito input[name=password]").await;
    sign_in(&browser, "taro", words.at_cognito).await;
    verify(&demo, &browser, &words).await;
    let text = browser.text().await;
    assert!(text.contains("person_already_verified"), "{text}");
    assert!(!text.contains("aal3"), "{text}");
    browser.sees("8-members-second-account").await;

    // The first takes the verification back, which makes room.
    browser.click(log_out).await;
    browser.element("input[name=password]").await;
    sign_in(&browser, "hanako", words.sign_in).await;
    assert!(browser.text().await.contains("aal3"));
    browser.click(words.take_back).await;
    browser.sees("8-members-take-back").await;
    browser.click(words.yes).await;
    browser
        .until("it is taken back", async || {
            browser.text().await.contains(words.taken_back)
        })
        .await;
    browser.sees("8-members-taken-back").await;
    browser.click(log_out).await;
    browser.element("input[name=password]").await;
    sign_in(&browser, "taro", words.sign_in).await;
    verify(&demo, &browser, &words).await;
    assert!(browser.text().await.contains(words.verified));
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn a_member_verifies_on_a_pc_in_japanese() {
    walk(PC).await;
}

#[tokio::test]
async fn a_member_verifies_on_a_phone_in_english() {
    walk(Setup {
        language: "en",
        ..PHONE
    })
    .await;
}

#[tokio::test]
async fn a_member_verifies_in_firefox() {
    walk(FIREFOX).await;
}

#[tokio::test]
async fn a_member_verifies_without_scripts() {
    let demo = Demo::start().await;
    let browser = Browser::open(Setup {
        scripts: false,
        ..PC
    })
    .await;
    browser.go(&format!("{}/members", demo.start_page())).await;
    sign_in(&browser, "hanako", JA.sign_in).await;
    verify(&demo, &browser, &JA).await;
    assert!(browser.text().await.contains(JA.verified));
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn a_diagram_beside_the_verification_grows_with_it() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    browser.go(&format!("{}/members", demo.start_page())).await;
    sign_in(&browser, "hanako", JA.sign_in).await;
    let here = browser.client().window().await.unwrap();
    browser.click(JA.watch).await;
    let windows = browser.client().windows().await.unwrap();
    let there = windows.into_iter().find(|window| *window != here).unwrap();

    browser.switch_to(&there).await;
    browser.element("select[name=persona]").await;
    browser.switch_to(&here).await;
    browser
        .until("the verification is under way", async || {
            browser.text().await.contains("本人確認の途中です。")
        })
        .await;
    browser.switch_to(&there).await;
    demo.answer(&browser, "adult", None).await;
    browser.element(ACCOUNT).await;
    browser.switch_to(&here).await;
    browser
        .until("the diagram tells the end", async || {
            browser.text().await.contains("終わりました。")
        })
        .await;
    assert!(browser.count("ol.rows > li").await > 20);
    assert!(!browser.text().await.contains(JA.verified));
    browser.click(JA.reload).await;
    browser
        .until("the account is as it is now", async || {
            browser.text().await.contains(JA.verified)
        })
        .await;
    browser.close().await;
    demo.stop().await;
}
