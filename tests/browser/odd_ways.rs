//! Unusual ways through a login: two tabs, the back button, reloading, cookies turned off, another
//! browser, a long wait.
//! A login that can work works. Otherwise a page says what happened and what to do.

use loopback::user_agent::UserAgent;
use url::Url;

use crate::demo::{Demo, JA};
use crate::webdriver::{Browser, PC};

/// The `/callback` URL to which the service redirected the browser in the newest login.
async fn callback(browser: &Browser) -> Url {
    let requests = browser.requests().await;
    let mut callbacks = requests
        .into_iter()
        .filter(|url| url.host_str() == Some("bridge.localhost") && url.path() == "/callback");
    callbacks.next_back().expect("the browser came back")
}

/// Asserts that the browser shows the bridge's page for this class, in Japanese first.
async fn is_page_of_the_bridge(browser: &Browser, class: &str, says: &str) {
    browser.element("dd > code + small").await;
    assert_eq!(browser.host().await, "bridge.localhost");
    let text = browser.text().await;
    assert!(text.contains(class) && text.contains(says), "{text}");
}

#[tokio::test]
async fn two_tabs_cross_and_each_keeps_its_own_person() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.to_the_test_card(&browser).await;
    let first = browser.client().window().await.unwrap();
    let second = browser.client().new_window(true).await.unwrap().handle;
    browser.switch_to(&second).await;
    demo.to_the_test_card(&browser).await;

    browser.switch_to(&first).await;
    demo.answer(&browser, "longest", None).await;
    browser.switch_to(&second).await;
    demo.answer(&browser, "adult", None).await;

    let people = service_simulator::persona::personas(demo.laptop.clock.now());
    for (window, persona) in [(&first, "longest"), (&second, "adult")] {
        browser.switch_to(window).await;
        browser.element("dl.attributes").await;
        let person = people.iter().find(|person| person.id == persona).unwrap();
        let text = browser.text().await;
        assert!(text.contains(&person.claims["name"]), "{persona}: {text}");
    }
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn the_back_button_leads_to_another_choice_until_the_login_has_ended() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.to_the_test_card(&browser).await;
    browser.choose("select[name=persona]", "longest").await;
    browser.click(JA.authenticate).await;
    browser.element("button[value=accept]").await;
    browser.back().await;
    browser.element("select[name=persona]").await;
    demo.answer(&browser, "adult", None).await;
    browser.element("dl.attributes").await;
    let people = service_simulator::persona::personas(demo.laptop.clock.now());
    assert!(browser.text().await.contains(&people[0].claims["name"]));

    // The login is used up: going back and consenting again leads to a page that says so.
    browser.back().await;
    browser.element("body.service").await;
    if browser.count("button[value=accept]").await > 0 {
        browser.click(JA.consent).await;
        browser.element("body.service .words").await;
    }
    assert_eq!(browser.host().await, "service.localhost");
    browser.sees("login-used-up").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn a_reloaded_callback_says_that_the_login_has_ended() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.sign_in(&browser, "adult", None).await;
    browser.element("dl.attributes").await;
    let callback = callback(&browser).await;
    browser.go(callback.as_str()).await;
    is_page_of_the_bridge(&browser, "no_pending_login", "すでに終わっている").await;
    browser.reload().await;
    is_page_of_the_bridge(&browser, "no_pending_login", "すでに終わっている").await;
    browser.sees("reloaded-callback").await;
    // The person stays signed in, and reloading the app's own page is harmless.
    browser
        .go(&format!("{}/signed-in", demo.start_page()))
        .await;
    browser.element("dl.attributes").await;
    browser.reload().await;
    browser.element("dl.attributes").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn who_comes_back_in_another_browser_is_told_to_use_the_first_one() {
    let demo = Demo::start().await;
    let first = Browser::open(PC).await;
    demo.to_the_test_card(&first).await;
    first.click(JA.authenticate).await;
    let consent = first.element("button[value=accept]").await;
    drop(consent);
    // The test submits the form outside of the browser, and opens the redirect in another browser,
    // as a phone's app may do with a link.
    let form = "const form = document.querySelector('form'); \
                return [form.action, form.elements.login.value]";
    let form = first.run(form).await;
    let [action, login] = [0, 1].map(|position| form[position].as_str().unwrap());
    let sent = UserAgent::new("ja").unwrap();
    let answer = sent
        .post_form(
            &Url::parse(action).unwrap(),
            "text/html",
            &[("login", login), ("decision", "accept")],
        )
        .await
        .unwrap();
    let callback = answer.redirect_target().unwrap().unwrap();

    let second = Browser::open(PC).await;
    second.go(callback.as_str()).await;
    is_page_of_the_bridge(&second, "no_pending_login", "別のブラウザー").await;
    second.sees("another-browser").await;
    // This doesn't end the login in the first browser.
    first.go(callback.as_str()).await;
    first.element("dl.attributes").await;
    first.close().await;
    second.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn without_cookies_a_page_says_so() {
    let demo = Demo::start().await;
    let setup = crate::webdriver::Setup {
        cookies: false,
        ..PC
    };
    let browser = Browser::open(setup).await;
    demo.to_the_test_card(&browser).await;
    demo.answer(&browser, "adult", None).await;
    is_page_of_the_bridge(&browser, "no_pending_login", "Cookie を受け付けていない").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn after_five_minutes_the_bridge_says_that_the_login_has_expired() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.to_the_test_card(&browser).await;
    demo.wait(301);
    demo.answer(&browser, "adult", None).await;
    is_page_of_the_bridge(&browser, "login_expired", "5分以上").await;
    browser.sees("expired-at-the-bridge").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn after_five_minutes_cognito_says_so_too() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.to_the_test_card(&browser).await;
    demo.wait_at_the_stand_ins(301);
    browser.click(JA.authenticate).await;
    browser.element("button[value=accept]").await;
    browser.click(JA.consent).await;
    browser.element("body.cognito h1").await;
    assert!(browser.text().await.contains("5分以上"));
    browser.sees("expired-at-cognito").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn after_ten_minutes_the_service_has_forgotten_the_login() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    demo.to_the_test_card(&browser).await;
    demo.wait_at_the_stand_ins(601);
    browser.click(JA.authenticate).await;
    browser.element("body.service .words").await;
    browser.sees("expired-at-the-service").await;
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn the_language_can_be_switched_on_the_way() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    browser.go(&demo.start_page()).await;
    browser.click("English").await;
    browser.click("Sign in").await;
    browser.click("Sign in with the Myna App").await;
    browser.element("select[name=persona]").await;
    // The service is another site. It uses the browser's language until the person chooses another
    // one.
    browser.click("English").await;
    browser.click("Authenticate").await;
    browser.click("Consent and go back").await;
    browser.element("dl.attributes").await;
    assert!(browser.text().await.contains("You are signed in"));
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn a_demo_that_was_stopped_says_so_and_goes_on_when_it_is_started_again() {
    const WORDS: &str = "デモは止まっています。";
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    // So narrow that a login that is watched opens a new tab.
    (browser.client().set_window_size(1_100, 900))
        .await
        .unwrap();
    browser.go(&demo.start_page()).await;
    let told = async || browser.text().await.contains(WORDS);
    // One lost request says nothing.
    let lose = "const real = window.fetch; let lost = 0; document.lost = () => lost; \
                window.fetch = (...all) => \
                lost++ ? real(...all) : Promise.reject(new TypeError());";
    browser.run(lose).await;
    let start = browser.client().window().await.unwrap();
    let other = browser.client().new_window(true).await.unwrap().handle;
    browser.switch_to(&other).await;
    demo.to_the_test_card(&browser).await;
    browser.switch_to(&start).await;
    browser
        .until("a request was lost, and the next one wasn't", async || {
            browser.run("return document.lost()").await.as_u64() >= Some(2)
        })
        .await;
    browser.element("ol.rows > li").await;
    assert!(!told().await);

    // The members' page watches, too.
    browser.switch_to(&other).await;
    browser.go(&format!("{}/members", demo.start_page())).await;
    crate::members::sign_in(&browser, "hanako", "サインイン").await;
    browser.switch_to(&start).await;
    let port = Url::parse(&demo.start_page()).unwrap().port().unwrap();
    demo.stop().await;
    for window in [&start, &other] {
        browser.switch_to(window).await;
        browser
            .until("the page says so", async || told().await)
            .await;
        let command = format!("cargo run -- demo --app-port {port}");
        assert!(browser.text().await.contains(&command));
        assert_eq!(browser.count("[role=status] .stopped").await, 1);
    }
    browser.picture("demo-stopped").await;
    browser.is_accessible().await;

    let demo = Demo::start_at(port).await;
    for window in [&start, &other] {
        browser.switch_to(window).await;
        browser
            .until("the page goes on", async || !told().await)
            .await;
    }
    browser.switch_to(&start).await;
    browser.click("図を見ながらログイン （新しいタブ）").await;
    browser.switch_to(&start).await;
    browser.element("ol.rows > li").await;
    browser.close().await;
    demo.stop().await;
}
