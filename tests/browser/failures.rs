//! Every failure that a person can see, in the browser: the login ends on a page that says what
//! happened, names the class of failure, and offers a next step. The faults are chosen on the
//! test-card page, like the person.

use relying_party::Class;
use service_simulator::fault::Fault;

use crate::demo::{Demo, JA};
use crate::webdriver::{Browser, PC, PHONE, Setup};

/// Every second fault that makes a login fail, starting with number `first`.
fn half(first: usize) -> impl Iterator<Item = (Fault, &'static str)> {
    let failing = Fault::ALL
        .iter()
        .filter_map(|fault| Some((*fault, fault.class()?)));
    failing.skip(first).step_by(2)
}

/// Whether the bridge shows this failure on a page of its own, because there is no login whose
/// client it could tell.
fn is_a_page_of_the_bridge(class: &str) -> bool {
    let pages = [Class::MalformedCallback, Class::NoPendingLogin];
    pages.iter().any(|page| page.name() == class)
}

async fn every_fault(faults: impl Iterator<Item = (Fault, &'static str)>) {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    for (fault, class) in faults {
        // A new process, which hasn't fetched the service's keys yet.
        demo.laptop.bridge.scale_to_zero().await;
        demo.sign_in(&browser, "adult", Some(fault)).await;
        let host = browser.host().await;
        let text = browser.text().await;
        assert!(text.contains(class), "{fault}: {text}");
        if is_a_page_of_the_bridge(class) {
            assert_eq!(host, "bridge.localhost", "{fault}");
            // Without its cookie, an answer may belong to a verification as well.
            assert!(text.contains("続けられませんでした"), "{fault}: {text}");
        } else {
            assert_eq!(host, "app.localhost", "{fault}");
            // The diagram shows the failure too, and the person can try again.
            assert!(browser.count("ol.rows > li").await > 5, "{fault}");
            assert!(text.contains("もう一度ログイン"), "{fault}: {text}");
        }
        for hostile in ["<script", "Set-Cookie", "issuer.invalid"] {
            assert!(!text.contains(hostile), "{fault}: {text}");
        }
    }
    // A failure has no effect on the next login.
    demo.sign_in(&browser, "adult", None).await;
    browser.element("dl.attributes").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn every_fault_that_fails_a_login_ends_on_a_page_that_names_it_first_half() {
    every_fault(half(0)).await;
}

#[tokio::test]
async fn every_fault_that_fails_a_login_ends_on_a_page_that_names_it_second_half() {
    every_fault(half(1)).await;
}

#[tokio::test]
async fn the_pages_of_failures_look_as_they_should() {
    let demo = Demo::start().await;
    let dark = Setup {
        dark: true,
        language: "en",
        ..PC
    };
    for setup in [PC, PHONE, dark] {
        let browser = Browser::open(setup).await;
        let fault = Fault::IdTokenWrongNonce;
        demo.sign_in(&browser, "adult", Some(fault)).await;
        assert!(browser.text().await.contains("id-token-wrong-nonce"));
        // The row that failed says what was expected and what came.
        let row = browser.element("ol.rows > li.bad summary").await;
        row.click().await.unwrap();
        let text = browser.text().await;
        let words = match setup.language {
            "en" => [
                "Expected",
                "nonce is this login's",
                "nonce: another one",
                "What an operator does",
                "What the person read",
                "You chose this fault:",
            ],
            _ => [
                "期待したもの",
                "nonce がこのログインの値",
                "nonce: 別の値",
                "運用者がすること",
                "利用者が読んだ文",
                "あなたが選んだ誤り：",
            ],
        };
        for told in words {
            assert!(text.contains(told), "{told}: {text}");
        }
        browser.sees("failed-at-the-app").await;
        let fault = Fault::CallbackWithoutState;
        demo.sign_in(&browser, "adult", Some(fault)).await;
        browser.sees("failed-at-the-bridge").await;
        browser.close().await;
    }
    demo.stop().await;
}

#[tokio::test]
async fn a_login_can_be_cancelled_at_the_consent() {
    let demo = Demo::start().await;
    let browser = Browser::open(PHONE).await;
    demo.to_the_test_card(&browser).await;
    browser.click(JA.authenticate).await;
    browser.element("button[value=accept]").await;
    browser.click(JA.cancel).await;
    browser.element("body.app h1").await;
    let text = browser.text().await;
    for told in ["キャンセルしました", "access_denied", "cancelled"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    // A cancel is no failure, and nothing looks like one.
    let failures = ".failure, .failed, .row.bad, .pill.fail, .inside .fail";
    assert_eq!(browser.count(failures).await, 0);
    assert!(
        !text.contains('✗') && !text.contains("ログインできませんでした"),
        "{text}"
    );
    browser.sees("cancelled").await;
    browser.click("もう一度ログイン").await;
    browser.click(JA.provider).await;
    browser.element("select[name=persona]").await;
    demo.answer(&browser, "adult", None).await;
    browser.element("dl.attributes").await;
    browser.close().await;
    demo.stop().await;
}
