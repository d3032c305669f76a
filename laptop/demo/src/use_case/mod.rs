//! The use cases that the demo shows with an app of their own: what each asks people for, what its
//! app gets of that, and what it decides.

pub mod age;
pub mod booking;
pub mod certificates;

use four_attributes::{Attribute, AttributeSet};
use serde_json::{Map, Value, json};
use service_simulator::Named;
use user_pool::scope::Scope;

use crate::scopes::Scopes;

/// The names of the invented town, whose stack it is unless a use case has another operator.
pub const TOWN: Named = Named {
    service: (
        "青葉野市 オンライン窓口（デモ）",
        "Aobano City online services (demo)",
    ),
    operator: ("青葉野市（架空）", "Aobano City (invented)"),
};

/// What stands for the names of an app of one's own.
pub const OWN_APP: Named = Named {
    service: (
        "申請書に書くサービス名",
        "the service’s name, as in your application form",
    ),
    operator: (
        "申請書に書く事業者名",
        "your organisation’s name, as in your application form",
    ),
};

/// A use case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UseCase {
    /// A shop checks at its counter that a customer is 20 or over.
    Age,
    /// A town lets facilities to its residents for less.
    Booking,
    /// A university issues certificates to its students.
    Certificates,
}

impl UseCase {
    /// Every use case.
    pub const ALL: [Self; 3] = [Self::Age, Self::Booking, Self::Certificates];

    /// The name on the command line, and the page's path.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Booking => "booking",
            Self::Certificates => "certificates",
        }
    }

    /// The use case with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }

    /// What its app asks Cognito for: the least that it needs.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Age => Scopes::of([Scope::AgeOver(age::LIMIT)]),
            Self::Booking => Scopes::of([Scope::Municipality]),
            Self::Certificates => Scopes::of([
                Scope::Attribute(Attribute::Name),
                Scope::Attribute(Attribute::BirthDate),
                Scope::Verified,
            ]),
        }
    }

    /// What people are asked for in its stack: what the scopes are made from.
    #[must_use]
    pub fn asks(self) -> AttributeSet {
        self.scopes().needs()
    }

    /// What its app decides by the claims of an ID token that was verified. The usual municipality
    /// stands for the town of the bookings.
    #[must_use]
    pub fn decide(self, claims: &Map<String, Value>) -> Decided {
        match self {
            Self::Age => {
                let decision = age::decide(claims);
                Decided {
                    decision: json!(decision),
                    words: match decision {
                        age::Decision::Sell => {
                            ("20歳以上です。販売できます。", "20 or over: you may sell.")
                        }
                        age::Decision::Refuse => (
                            "20歳未満です。販売できません。",
                            "Under 20: you must not sell.",
                        ),
                        age::Decision::Unknown => (
                            "年齢を確認できません（20歳未満という意味ではありません）。",
                            "The age isn't known (which doesn't mean under 20).",
                        ),
                    },
                }
            }
            Self::Booking => {
                let decision = booking::decide(claims, booking::municipality(None));
                Decided {
                    decision: json!(decision),
                    words: match decision {
                        booking::Decision::Resident => (
                            "市民料金で予約できます。",
                            "You book at the residents' price.",
                        ),
                        booking::Decision::Other => (
                            "市外料金で予約できます。",
                            "You book at the price for others.",
                        ),
                        booking::Decision::Unknown => (
                            "市区町村を確認できません（市外に住んでいるという意味ではありません）。",
                            "The municipality isn't known (which doesn't mean elsewhere).",
                        ),
                    },
                }
            }
            Self::Certificates => {
                let decision = certificates::decide(claims);
                Decided {
                    decision: json!(decision),
                    words: match decision {
                        certificates::Decision::Issue(_) => (
                            "学生です。証明書を発行できます。",
                            "A student: issue the certificate.",
                        ),
                        certificates::Decision::NoStudent => (
                            "この氏名と生年月日の学生はいません。",
                            "No student has this name and date of birth.",
                        ),
                        certificates::Decision::Unknown => (
                            "学生を特定できません（学生ではないという意味ではありません）。",
                            "It can't be told who this is (which doesn't mean no student).",
                        ),
                    },
                }
            }
        }
    }

    /// The names that people see on the service's pages.
    #[must_use]
    pub const fn named_as(self) -> Named {
        match self {
            Self::Age => Named {
                service: (
                    "酒のあおば 年齢確認（デモ）",
                    "Aoba Liquor age check (demo)",
                ),
                operator: (
                    "株式会社 酒のあおば（架空）",
                    "Aoba Liquor, Inc. (invented)",
                ),
            },
            Self::Booking => Named {
                service: (
                    "青葉野市 公共施設予約（デモ）",
                    "Aobano City facility booking (demo)",
                ),
                operator: TOWN.operator,
            },
            Self::Certificates => Named {
                service: (
                    "青葉野大学 証明書発行（デモ）",
                    "Aobano University certificates (demo)",
                ),
                operator: (
                    "学校法人 青葉野大学（架空）",
                    "Aobano University (invented)",
                ),
            },
        }
    }
}

/// What an app decided.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The decision, for a program.
    pub decision: Value,
    /// The decision in words: Japanese, English.
    pub words: (&'static str, &'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_case_asks_for_the_least_and_is_found_by_its_name() {
        for (case, scopes, asked) in [
            (UseCase::Age, "openid digital-auth/age_over_20", "birthdate"),
            (
                UseCase::Booking,
                "openid digital-auth/municipality",
                "address",
            ),
            (
                UseCase::Certificates,
                "openid digital-auth/name digital-auth/birthdate digital-auth/verified",
                "name birthdate",
            ),
        ] {
            assert_eq!(case.scopes().to_string(), scopes);
            assert_eq!(case.asks().to_string(), asked);
            assert_eq!(UseCase::named(case.name()), Some(case));
        }
        assert_eq!(UseCase::named("member"), None);
    }
}
