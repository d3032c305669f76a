//! A use case as an address names it. The municipality that stands for the town of the bookings
//! goes with it, so that a login leads back to the one that was chosen.

use super::choice::CASE;
use crate::use_case::UseCase;
use crate::use_case::booking::{Municipality, municipality};

/// The query parameter with the code of the municipality.
pub(super) const OF: &str = "of";

/// A use case, and the municipality that stands for the town.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Visit {
    pub(super) case: UseCase,
    pub(super) town: Municipality,
}

impl Visit {
    /// A use case with the municipality of this code, or with the usual one.
    pub(super) fn new(case: UseCase, code: Option<&str>) -> Self {
        Self {
            case,
            town: municipality(code),
        }
    }

    /// The query that names it, for `/login` and `/logout`.
    pub(super) fn query(self) -> String {
        encoded([(CASE, self.case.name())].into_iter().chain(self.of()))
    }

    /// The address of its page, with more parameters.
    pub(super) fn page(self, more: &[(&str, &str)]) -> String {
        let path = format!("/{}", self.case.name());
        address(&path, more.iter().copied().chain(self.of()))
    }

    /// What only the bookings have.
    fn of(self) -> Option<(&'static str, &'static str)> {
        (self.case == UseCase::Booking).then_some((OF, self.town.code))
    }
}

/// A path, with a query if there are parameters.
pub(super) fn address<'a>(path: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    match encoded(pairs).as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bookings_keep_their_municipality_and_the_others_have_none() {
        let yokohama = Visit::new(UseCase::Booking, Some("141003"));
        assert_eq!(yokohama.query(), "case=booking&of=141003");
        assert_eq!(yokohama.page(&[]), "/booking?of=141003");
        assert_eq!(
            yokohama.page(&[("lang", "en")]),
            "/booking?lang=en&of=141003"
        );
        let age = Visit::new(UseCase::Age, Some("141003"));
        assert_eq!(age.query(), "case=age");
        assert_eq!(age.page(&[]), "/age");
        // What isn't the code of one of them is never written into an address.
        let other = Visit::new(UseCase::Booking, Some("//example.com"));
        assert_eq!(other.page(&[]), "/booking?of=131016");
    }
}
