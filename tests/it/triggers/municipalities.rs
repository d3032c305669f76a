//! Every municipality of Japan: what the tokens of a person who lives there say. None may be wrong.
//! `docs/claims.md` says how many are right and how many are omitted.

use std::fs;

use local_lambda::DirectFunction;
use markdown::{Document, Text};
use pre_token_generation::variables;
use serde_json::{Value, json};

use super::pre_token_generation::{NAME, answered};
use super::{event, invoke, record_with, trigger};

/// A row of the table.
struct Row<'a> {
    code: &'a str,
    prefecture: &'a str,
    /// The name with its county.
    name: String,
}

/// How often the claims were right, and how often they were omitted. A wrong claim fails the test.
#[derive(Debug, Default, Eq, PartialEq)]
struct Told {
    right: usize,
    silent: usize,
}

/// The places whose name without a prefecture is ambiguous.
const SILENT: [&str; 8] = [
    "012335", "072133", // 伊達市
    "131024", "131032",
    "131172", // 中央区, 港区, 北区: wards of designated cities, too
    "132063", "342084", // 府中市
    "133612", // 大島町: quarters of many cities are called so
];

fn table() -> Vec<Row<'static>> {
    let table = include_str!("../../../crates/four-attributes/data/municipalities.tsv");
    let row = |line: &'static str| {
        let [code, prefecture, district, name, _] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}");
        };
        let county = if district.ends_with('郡') {
            district
        } else {
            ""
        };
        Row {
            code,
            prefecture,
            name: [county, name].concat(),
        }
    };
    table.lines().skip(1).map(row).collect()
}

/// A trigger that only logs errors, so that logging doesn't slow down so many events.
fn function() -> DirectFunction {
    let variables = [
        (variables::MAX_VERIFICATION_AGE, "none"),
        (variables::LOG_LEVEL, "error"),
    ];
    trigger(NAME, &variables)
}

/// The event of a person with this address, whose app requests prefecture and municipality.
fn event_of(address: &str) -> Value {
    let record = record_with(1, |record| {
        record.person.attributes.address = Some(address.parse().unwrap());
    });
    let mut event = event(NAME, "hosted-auth", &record);
    event["request"]["scopes"] = json!([
        "openid",
        "digital-auth/prefecture",
        "digital-auth/municipality"
    ]);
    event
}

fn claims_of(row: &Row<'_>) -> Value {
    json!({
        "prefecture": row.prefecture,
        "municipality": format!("{}{}", row.prefecture, row.name),
        "municipality_code": row.code,
    })
}

/// Makes the tokens of a person in every municipality, with the address written by `address`.
async fn told(function: &DirectFunction, address: impl Fn(&Row<'_>) -> String) -> Told {
    let mut told = Told::default();
    for row in table() {
        let address = format!("{}１丁目１番１号", address(&row));
        let event = event_of(&address);
        let answer = invoke(function, &event).await.unwrap();
        let claims = claims_of(&row);
        if answer == answered(&event, &claims, &claims) {
            told.right += 1;
        } else {
            assert_eq!(
                answer,
                answered(&event, &json!({}), &json!({})),
                "{address}"
            );
            assert!(SILENT.contains(&row.code), "{address}");
            told.silent += 1;
        }
    }
    told
}

/// The counts in a document: for each way to write an address, how many are right, omitted and
/// wrong.
fn documented(document: &str) -> Vec<[usize; 3]> {
    let text = fs::read_to_string(kit::workspace().join(document)).unwrap();
    let tables = Document::read(&text).tables().into_iter();
    let counts = |row: Vec<Text>| {
        let cells = row.iter().skip(1);
        let numbers = cells.map(|cell| cell.plain.replace(',', "").parse().ok());
        numbers.collect::<Option<Vec<usize>>>()?.try_into().ok()
    };
    tables
        .flat_map(|table| table.rows)
        .filter_map(counts)
        .collect()
}

#[tokio::test]
async fn every_municipality_is_told_with_and_without_its_prefecture_and_none_is_wrong() {
    let function = function();
    let with = told(&function, |row| format!("{}{}", row.prefecture, row.name)).await;
    let without = told(&function, |row| row.name.clone()).await;
    assert_eq!((with.right, with.silent), (1_741, 0));
    assert_eq!((without.right, without.silent), (1_733, SILENT.len()));
    for document in ["docs/claims.md", "docs/claims.en.md"] {
        let counts = [&with, &without].map(|told| [told.right, told.silent, 0]);
        assert_eq!(documented(document), counts, "{document}");
    }
}

/// A variation selector after every character, and white space between the parts.
#[tokio::test]
async fn every_municipality_is_told_in_whatever_shape_its_characters_are() {
    let function = function();
    let marked = |text: &str| -> String {
        let characters = text.chars().flat_map(|one| [one, '\u{E0100}']);
        characters.collect()
    };
    let with = told(&function, |row| {
        format!("　{}　{}", marked(row.prefecture), marked(&row.name))
    });
    assert_eq!(
        with.await,
        Told {
            right: 1_741,
            silent: 0
        }
    );
}

#[tokio::test]
async fn variants_of_characters_hide_no_municipality_and_what_is_not_certain_is_not_told() {
    let function = function();
    let told = async |address: &str| {
        let event = event_of(address);
        let mut answer = invoke(&function, &event).await.unwrap();
        let details = &mut answer["response"]["claimsAndScopeOverrideDetails"];
        let [id_token, access_token] = ["idTokenGeneration", "accessTokenGeneration"]
            .map(|token| details[token]["claimsToAddOrOverride"].take());
        assert_eq!(id_token, access_token, "{address}");
        let text = |name: &str| id_token.get(name)?.as_str().map(str::to_owned);
        assert_eq!(
            text("municipality").is_some(),
            text("municipality_code").is_some()
        );
        (text("prefecture"), text("municipality_code"))
    };
    for (address, code) in [
        ("\u{FA19}奈川県横浜市中区", "141003"),
        ("東京\u{FA26}千代田区", "131016"),
        ("\u{FA1B}岡市", "401307"),
        ("宝\u{FA10}市", "282146"),
        ("長\u{FA11}市", "422011"),
        ("髙松市", "372013"),
        ("鎌ヶ谷市", "122246"),
        ("龍ヶ崎市", "082082"),
        ("葛\u{E0101}飾区", "131229"),
        ("東京都八丈島八丈町", "134015"),
        ("松前郡　福島町", "013323"),
        ("東京都大島町元町１丁目", "133612"),
        ("千代田區", "131016"),
        ("神奈川縣横濱市", "141003"),
        ("鹿兒島縣鹿兒島市", "462012"),
        ("𠮷野川市", "362051"),
        ("鹿嶋市", "082228"),
        ("鹿島市", "412074"),
    ] {
        let row = table().into_iter().find(|row| row.code == code).unwrap();
        let expected = (Some(row.prefecture.to_owned()), Some(code.to_owned()));
        assert_eq!(told(address).await, expected, "{address}");
    }
    for (address, prefecture) in [
        // Without the county. A prefecture in the address stays.
        ("福島町字福島８２０番地", None),
        ("北海道福島町字福島８２０番地", Some("北海道")),
        // A municipality of another prefecture.
        ("神奈川県府中市", Some("神奈川県")),
        ("神奈川県千代田区", Some("神奈川県")),
        ("北区王子本町１丁目１５番２２号", None),
        // A quarter, without its city.
        ("大島町徳万１丁目", None),
        ("大島町元町１丁目", None),
        ("府中市宮西町２丁目２４番地", None),
        ("住所：東京都千代田区", None),
        ("1600 Pennsylvania Avenue", None),
    ] {
        let expected = (prefecture.map(str::to_owned), None);
        assert_eq!(told(address).await, expected, "{address}");
    }
}
