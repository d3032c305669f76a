//! The booking of a town's facilities, cheaper for residents. It decides by the code of the
//! municipality, so that the town never gets an address. The town of this demo is invented and has
//! no code, so a real municipality stands for it, which can be chosen to see both answers.

use serde_json::{Map, Value};
use user_pool::claim::Claim;

/// A municipality whose residents pay less.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Municipality {
    /// The code: JIS X 0402 with its check digit.
    pub code: &'static str,
    /// The name: Japanese, English.
    pub name: (&'static str, &'static str),
}

/// The municipalities that can stand for the town. The first is the default.
pub const MUNICIPALITIES: [Municipality; 3] = [
    Municipality {
        code: "131016",
        name: ("東京都千代田区", "Chiyoda, Tokyo"),
    },
    Municipality {
        code: "141003",
        name: ("神奈川県横浜市", "Yokohama, Kanagawa"),
    },
    Municipality {
        code: "011002",
        name: ("北海道札幌市", "Sapporo, Hokkaido"),
    },
];

/// A room to book.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Room {
    /// The name: Japanese, English.
    pub name: (&'static str, &'static str),
    /// The price for residents, in yen.
    pub resident: u32,
    /// The price for others, in yen.
    pub other: u32,
}

/// The rooms.
pub const ROOMS: [Room; 3] = [
    Room {
        name: ("市民体育館 第1競技場", "Sports hall, court 1"),
        resident: 1_200,
        other: 2_400,
    },
    Room {
        name: ("中央公民館 会議室A", "Community centre, meeting room A"),
        resident: 400,
        other: 800,
    },
    Room {
        name: ("音楽練習室", "Music practice room"),
        resident: 600,
        other: 1_200,
    },
];

/// Which price a person pays.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The person lives in the municipality.
    Resident,
    /// The person lives elsewhere.
    Other,
    /// The municipality isn't known: the town has to look at the address itself.
    Unknown,
}

/// The municipality with this code, or the default.
#[must_use]
pub fn municipality(code: Option<&str>) -> Municipality {
    let known = MUNICIPALITIES.into_iter();
    let [default, ..] = MUNICIPALITIES;
    let mut found = known.filter(|one| Some(one.code) == code);
    found.next().unwrap_or(default)
}

/// Decides by the claims of an ID token that was verified.
#[must_use]
pub fn decide(claims: &Map<String, Value>, of: Municipality) -> Decision {
    let code = claims.get(&*Claim::MunicipalityCode.name());
    match code.and_then(Value::as_str) {
        Some(code) if code == of.code => Decision::Resident,
        Some(_) => Decision::Other,
        None => Decision::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_code_decides_and_without_one_nobody_lives_elsewhere() {
        let of = municipality(Some("141003"));
        assert_eq!(of.name.0, "神奈川県横浜市");
        assert_eq!(municipality(None), municipality(Some("999999")));
        for (claims, decision) in [
            (json!({ "municipality_code": "141003" }), Decision::Resident),
            (json!({ "municipality_code": "131016" }), Decision::Other),
            (json!({}), Decision::Unknown),
            (json!({ "municipality_code": 141_003 }), Decision::Unknown),
            (
                json!({ "municipality": "神奈川県横浜市" }),
                Decision::Unknown,
            ),
        ] {
            let claims_of = claims.as_object().unwrap();
            assert_eq!(decide(claims_of, of), decision, "{claims}");
        }
    }
}
