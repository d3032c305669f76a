//! The certificates of a university. It finds the student by the verified name and date of birth in
//! its own register. It compares what its register can hold in another way (spaces, width, case),
//! and says that it can't tell where a character was replaced.

use serde::Serialize;
use serde_json::{Map, Value};
use user_pool::claim::Claim;

/// A student in the register. All are invented.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Student {
    /// The student number.
    pub number: &'static str,
    /// The name as the university wrote it down.
    pub name: &'static str,
    /// The date of birth, `YYYY-MM-DD`.
    #[serde(skip)]
    pub birthdate: &'static str,
    /// The faculty: Japanese, English.
    #[serde(skip)]
    pub faculty: (&'static str, &'static str),
}

/// The register.
pub const STUDENTS: [Student; 4] = [
    Student {
        number: "B20-0315",
        name: "山田 太郎",
        birthdate: "1985-03-15",
        faculty: ("法学部", "Faculty of Law"),
    },
    Student {
        number: "B20-0229",
        name: "閏間四年",
        birthdate: "2000-02-29",
        faculty: ("理学部", "Faculty of Science"),
    },
    Student {
        number: "M21-1010",
        name: "Example Maria Elena",
        birthdate: "1979-10-10",
        faculty: ("大学院 文学研究科", "Graduate School of Letters"),
    },
    Student {
        number: "B22-1103",
        name: "祇田 百子",
        birthdate: "1972-11-03",
        faculty: ("経済学部", "Faculty of Economics"),
    },
];

/// Whether a certificate can be issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// To this student.
    Issue(Student),
    /// No student has this name and date of birth.
    NoStudent,
    /// It can't be told: a claim is missing, a character was replaced, or the person wasn't
    /// verified. A person at the university has to look.
    Unknown,
}

/// Decides by the claims of an ID token that was verified.
#[must_use]
pub fn decide(claims: &Map<String, Value>) -> Decision {
    let text = |claim: Claim| claims.get(&*claim.name()).and_then(Value::as_str);
    let name = text(Claim::Attribute(four_attributes::Attribute::Name));
    let birthdate = text(Claim::Attribute(four_attributes::Attribute::BirthDate));
    let is_verified = claims.get(&*Claim::IdentityVerified.name()) == Some(&Value::Bool(true));
    let (Some(name), Some(birthdate), true) = (name, birthdate, is_verified) else {
        return Decision::Unknown;
    };
    let mut found = (STUDENTS.into_iter())
        .filter(|student| student.birthdate == birthdate && same_name(student.name, name));
    match (found.next(), found.next()) {
        (Some(student), None) => Decision::Issue(student),
        // Two students with one name and date of birth can't be told apart.
        (Some(_), Some(_)) => Decision::Unknown,
        (None, _) if has_replaced_character(name) => Decision::Unknown,
        (None, _) => Decision::NoStudent,
    }
}

/// The marks that the service gives in place of a character that it can't.
const REPLACEMENTS: [char; 4] = ['〓', '■', '●', '\u{fffd}'];

fn has_replaced_character(name: &str) -> bool {
    name.contains(REPLACEMENTS)
}

/// Whether two names differ only in spaces, in the width of letters, and in their case.
fn same_name(a: &str, b: &str) -> bool {
    let form = |name: &str| -> Vec<char> {
        let visible = name.chars().filter(|c| !c.is_whitespace());
        visible
            .map(half_width)
            .flat_map(char::to_lowercase)
            .collect()
    };
    form(a) == form(b)
}

/// A full-width letter, digit or sign of ASCII in its usual width (U+FF01 to U+FF5E).
fn half_width(c: char) -> char {
    match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decided(name: &str, birthdate: &str) -> Decision {
        let claims = json!({
            "name": name, "birthdate": birthdate, "identity_verified": true,
        });
        decide(claims.as_object().unwrap())
    }

    #[test]
    fn a_student_is_found_however_the_name_is_spaced_and_wide() {
        for (name, birthdate, number) in [
            ("山田　太郎", "1985-03-15", "B20-0315"),
            ("山田太郎", "1985-03-15", "B20-0315"),
            ("閏間　四年", "2000-02-29", "B20-0229"),
            ("EXAMPLE MARIA ELENA", "1979-10-10", "M21-1010"),
            (
                "ＥＸＡＭＰＬＥ　ＭＡＲＩＡ　ＥＬＥＮＡ",
                "1979-10-10",
                "M21-1010",
            ),
        ] {
            let Decision::Issue(student) = decided(name, birthdate) else {
                panic!("{name}");
            };
            assert_eq!(student.number, number);
        }
    }

    #[test]
    fn another_name_or_date_is_no_student_and_a_replaced_character_cannot_be_told() {
        assert_eq!(decided("山田　太郎", "1985-03-16"), Decision::NoStudent);
        assert_eq!(decided("山田　次郎", "1985-03-15"), Decision::NoStudent);
        assert_eq!(decided("〓田　■子", "1972-11-03"), Decision::Unknown);
        for missing in ["name", "birthdate", "identity_verified"] {
            let mut claims = json!({
                "name": "山田　太郎", "birthdate": "1985-03-15", "identity_verified": true,
            });
            claims.as_object_mut().unwrap().remove(missing);
            let decision = decide(claims.as_object().unwrap());
            assert_eq!(decision, Decision::Unknown, "{missing}");
        }
        let old = json!({
            "name": "山田　太郎", "birthdate": "1985-03-15", "identity_verified": false,
        });
        assert_eq!(decide(old.as_object().unwrap()), Decision::Unknown);
    }
}
