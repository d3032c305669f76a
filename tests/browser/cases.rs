//! The use cases in a browser, each with the page of its own operator, the diagram beside the login
//! in the same window, and the picture of a whole login for the README.

use serde_json::{Value, json};

use crate::demo::{Demo, words};
use crate::webdriver::{Browser, PC, PHONE, Setup};

/// Goes through a use case, with a picture of its pages, to its decision.
async fn use_case(setup: Setup, case: &str, persona: &str, decision: &str) {
    let demo = Demo::start().await;
    let browser = Browser::open(setup).await;
    let words = words(setup.language);
    let page = format!("{}/{case}", demo.start_page());
    browser.go(&page).await;
    browser.sees(&format!("30-{case}-start")).await;
    let sign_in = browser.element("main .actions a.button").await;
    sign_in.click().await.unwrap();
    browser.element("body.cognito a.button").await;
    browser.click(words.provider).await;
    browser.choose("select[name=persona]", persona).await;
    browser.click(words.authenticate).await;
    browser.element("button[value=accept]").await;
    browser.sees(&format!("31-{case}-consent")).await;
    browser.click(words.consent).await;
    browser.element("main [role=status]").await;
    browser.sees(&format!("32-{case}-{persona}")).await;
    let text = browser.text().await;
    assert!(text.contains(decision), "{text}");
    // Whoever comes next finds nobody signed in.
    let log_out = browser.element("form[action^='/logout'] button").await;
    log_out.click().await.unwrap();
    browser.element("main .actions a.button").await;
    assert_eq!(browser.at().await.path(), format!("/{case}"));
    assert_eq!(browser.count("main [role=status]").await, 0);
    browser.close().await;
    demo.stop().await;
}

#[tokio::test]
async fn a_shop_checks_an_age_on_a_pc() {
    use_case(PC, "age", "adult", "20歳以上です").await;
}

#[tokio::test]
async fn a_shop_checks_an_age_on_a_phone_in_english_and_dark() {
    let setup = Setup {
        language: "en",
        dark: true,
        ..PHONE
    };
    use_case(setup, "age", "turns-18", "Under 20").await;
}

#[tokio::test]
async fn a_resident_books_on_a_phone() {
    use_case(PHONE, "booking", "adult", "市民料金で予約できます").await;
}

#[tokio::test]
async fn somebody_from_elsewhere_books_on_a_pc_in_english_and_dark() {
    let setup = Setup {
        language: "en",
        dark: true,
        ..PC
    };
    use_case(setup, "booking", "yokohama", "the price for others").await;
}

#[tokio::test]
async fn a_student_gets_a_certificate_on_a_pc() {
    use_case(PC, "certificates", "adult", "在学証明書").await;
}

#[tokio::test]
async fn who_is_no_student_gets_none_on_a_phone_in_english() {
    let setup = Setup {
        language: "en",
        ..PHONE
    };
    use_case(setup, "certificates", "no-gender", "No such student").await;
}

/// The number of steps that the diagram beside the page shows.
async fn steps_beside(browser: &Browser) -> usize {
    let frame = browser.element("aside iframe").await;
    frame.enter_frame().await.unwrap();
    browser.element("ol.rows > li").await;
    let steps = browser.count("ol.rows > li").await;
    browser.client().enter_parent_frame().await.unwrap();
    steps
}

#[tokio::test]
async fn the_diagram_grows_beside_the_login_in_the_same_window() {
    let demo = Demo::start().await;
    let browser = Browser::open(PC).await;
    let words = words("ja");
    browser.go(&demo.start_page()).await;
    browser.click("図を見ながらログイン").await;
    browser.element("body.cognito a.button").await;
    let first = steps_beside(&browser).await;
    browser.sees("33-cognito-beside").await;
    browser.click(words.provider).await;
    browser.element("select[name=persona]").await;
    let second = steps_beside(&browser).await;
    assert!(second > first, "{first} {second}");
    browser.sees("34-service-beside").await;
    // The diagram grows without another page, too.
    demo.answer(&browser, "adult", None).await;
    browser.element("dl.attributes").await;
    assert_eq!(browser.count("aside").await, 0);
    // A login that isn't watched has nothing beside it.
    browser.go(&demo.start_page()).await;
    browser.click(words.sign_in).await;
    browser.element("body.cognito a.button").await;
    assert_eq!(browser.count("aside").await, 0);
    browser.close().await;

    // A phone has no room for it, and offers a new tab.
    let phone = Browser::open(PHONE).await;
    phone.go(&demo.start_page()).await;
    let text = phone.text().await;
    assert!(
        text.contains("図を見ながらログイン （新しいタブ）"),
        "{text}"
    );
    phone
        .go(&format!("{}/login?watch=1", demo.start_page()))
        .await;
    phone.element("body.cognito a.button").await;
    let shown = "return getComputedStyle(document.querySelector('aside')).display";
    assert_eq!(phone.run(shown).await, json!("none"));
    phone.close().await;
    demo.stop().await;
}

/// Makes one picture of a whole login: what the window shows at each step, in two columns.
async fn whole_login(language: &'static str) {
    let demo = Demo::start().await;
    let browser = Browser::open(Setup { language, ..PC }).await;
    let words = words(language);
    let captions: [&str; 6] = match language {
        "en" => [
            "1. The app asks only whether the person is 20 or over",
            "2. Cognito’s login page, with the diagram beside it",
            "3. The service: choose a test person",
            "4. The service: what will be handed over",
            "5. The app knows that, and nothing else",
            "6. Every exchange, and what was checked",
        ],
        _ => [
            "1. アプリは、20歳以上かどうかだけを求める",
            "2. Cognito のログイン画面。横に図が出る",
            "3. サービス：テスト利用者を選ぶ",
            "4. サービス：渡す情報を確かめる",
            "5. アプリに分かるのは、それだけ",
            "6. すべてのやりとりと、確かめたこと",
        ],
    };
    let mut steps = Vec::new();
    browser.go(&format!("{}/age", demo.start_page())).await;
    steps.push(step(&browser).await);
    browser
        .element("main .actions a.button")
        .await
        .click()
        .await
        .unwrap();
    browser.element("body.cognito a.button").await;
    steps_beside(&browser).await;
    steps.push(step(&browser).await);
    browser.click(words.provider).await;
    browser.element("select[name=persona]").await;
    steps_beside(&browser).await;
    steps.push(step(&browser).await);
    browser.click(words.authenticate).await;
    browser.element("button[value=accept]").await;
    steps_beside(&browser).await;
    steps.push(step(&browser).await);
    browser.click(words.consent).await;
    browser.element("main [role=status]").await;
    steps.push(step(&browser).await);
    browser
        .run(
            "document.querySelector('ol.rows > li:nth-child(19)').scrollIntoView({block:'center'})",
        )
        .await;
    steps.push(step(&browser).await);

    browser.go("about:blank").await;
    (browser.client().set_window_size(1_760, 900))
        .await
        .unwrap();
    let figures: String = (captions.iter().zip(&steps))
        .map(|(caption, (picture, _))| {
            format!("<figure><figcaption>{caption}</figcaption><img src=\"{picture}\"></figure>")
        })
        .collect();
    let page = format!(
        "<style>body{{margin:0;padding:16px;background:#fff;color:#1a1a1c;display:grid;\
         grid-template-columns:1fr 1fr;gap:16px;font:700 17px/1.5 system-ui,'Noto Sans CJK JP'}}\
         figure{{margin:0}}figcaption{{margin:0 0 6px}}\
         img{{display:block;width:100%;border:1px solid #d3d3da;border-radius:8px}}</style>\
         {figures}"
    );
    browser
        .run(&format!("document.body.innerHTML = {}", Value::from(page)))
        .await;
    let is_loaded =
        "return [...document.images].every(one => one.complete && one.naturalWidth > 0)";
    browser
        .until("the pictures are there", async || {
            browser.run(is_loaded).await == json!(true)
        })
        .await;
    browser.picture("login").await;
    let told: String = (captions.iter().zip(&steps))
        .map(|(caption, (_, text))| format!("{caption}\n\n{text}\n\n"))
        .collect();
    browser.is_current("login", &told).await;
    browser.close().await;
    demo.stop().await;
}

/// What the window shows now, as a picture and as text. The text leaves out what is another at
/// each time (ports and the diagram), and lists of choices, of which the picture shows one.
async fn step(browser: &Browser) -> (String, String) {
    let picture = browser.window().await;
    let text = browser
        .run(
            "for (const one of document.querySelectorAll('select')) one.hidden = true;
            const told = [...document.querySelector('main').children];
            const diagram = one => one.matches('[aria-labelledby=story-title]');
            return told.filter(one => !diagram(one)).map(one => one.innerText.trim()).join('\\n')
                .replace(/localhost:\\d+/g, 'localhost:PORT').replace(/\\n{2,}/g, '\\n');",
        )
        .await;
    let text = text.as_str().unwrap().to_owned();
    (picture, text)
}

#[tokio::test]
async fn a_whole_login_is_one_picture_in_japanese() {
    whole_login("ja").await;
}

#[tokio::test]
async fn a_whole_login_is_one_picture_in_english() {
    whole_login("en").await;
}
