//! The birth date, which for a few people is known only in part.
//! It is kept as the first and the last day on which the person can have been born. So every birth
//! date is in the calendar, and no unknown day is taken for a known one.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use serde_json::Value;

use crate::error::MalformedReason;

/// A birth date: a day, or a month whose day is unknown, or a year whose month is unknown.
///
/// A date in the future is accepted, because refusing it takes a clock. It reaches no age before it
/// comes ([`BirthDate::has_reached`]).
///
/// `Debug` doesn't show the birth date. [`BirthDate::expose`] does.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct BirthDate {
    earliest: NaiveDate,
    latest: NaiveDate,
}

impl BirthDate {
    /// The accepted years. No living person is older than some 120 years. A century more leaves
    /// room for entries of registers that were never closed, and still refuses obvious mistakes.
    /// The last year is the last one of four digits.
    const YEARS: RangeInclusive<i32> = 1800..=9999;

    /// Reads the birth date from the service's claim: a JSON string.
    ///
    /// # Errors
    /// [`MalformedReason::WrongType`] for another JSON type, otherwise as [`BirthDate::from_str`].
    pub fn from_claim(claim: &Value) -> Result<Self, MalformedReason> {
        claim.as_str().ok_or(MalformedReason::WrongType)?.parse()
    }

    /// Whether year, month and day are known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.earliest == self.latest
    }

    /// The year, 1800 to 9999. It is always known.
    #[must_use]
    pub fn year(&self) -> i32 {
        self.earliest.year()
    }

    /// The month, 1 to 12, if it is known.
    #[must_use]
    pub fn month(&self) -> Option<u32> {
        (self.earliest.month() == self.latest.month()).then(|| self.earliest.month())
    }

    /// The day of the month, 1 to 31, if it is known. Then the month is known too.
    #[must_use]
    pub fn day(&self) -> Option<u32> {
        self.is_complete().then(|| self.earliest.day())
    }

    /// The first day on which the person can have been born.
    pub(crate) fn earliest(&self) -> NaiveDate {
        self.earliest
    }

    /// The last day on which the person can have been born.
    pub(crate) fn latest(&self) -> NaiveDate {
        self.latest
    }

    /// The birth date itself as `YYYY-MM-DD`, with `00` for what is unknown: personal information,
    /// not for logs, URLs or error texts.
    #[must_use]
    pub fn expose(&self) -> String {
        let month = self.month().unwrap_or(0);
        let day = self.day().unwrap_or(0);
        format!("{:04}-{month:02}-{day:02}", self.year())
    }
}

/// Takes `YYYYMMDD`, the service's form, and `YYYY-MM-DD`, the form of OIDC Core §5.1. `00` is an
/// unknown day. If the day is unknown, `00` may also be an unknown month.
///
/// Refuses any other form with [`MalformedReason::NotADate`], a year before 1800 with
/// [`MalformedReason::YearOutOfRange`], a known day of an unknown month with
/// [`MalformedReason::DayWithoutMonth`], and a date that isn't in the calendar with
/// [`MalformedReason::NoSuchDate`].
impl FromStr for BirthDate {
    type Err = MalformedReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (year, month, day) = numbers(text).ok_or(MalformedReason::NotADate)?;
        if !Self::YEARS.contains(&year) {
            return Err(MalformedReason::YearOutOfRange);
        }
        let days = match (month, day) {
            (0, 0) => days_of_year(year),
            (0, _) => return Err(MalformedReason::DayWithoutMonth),
            (_, 0) => days_of_month(year, month),
            _ => NaiveDate::from_ymd_opt(year, month, day).map(|date| (date, date)),
        };
        let (earliest, latest) = days.ok_or(MalformedReason::NoSuchDate)?;
        Ok(Self { earliest, latest })
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BirthDate(…)")
    }
}

/// Year, month and day as written, if the text has one of the two forms.
fn numbers(text: &str) -> Option<(i32, u32, u32)> {
    match *text.as_bytes() {
        [y1, y2, y3, y4, m1, m2, d1, d2] | [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => {
            let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
            Some((year, number(&[m1, m2])?, number(&[d1, d2])?))
        }
        _ => None,
    }
}

/// The number written in a few ASCII digits. Unlike `str::parse` it takes no sign.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u32::from(digit - b'0'))
    })
}

fn days_of_year(year: i32) -> Option<(NaiveDate, NaiveDate)> {
    Some((
        NaiveDate::from_ymd_opt(year, 1, 1)?,
        NaiveDate::from_ymd_opt(year, 12, 31)?,
    ))
}

fn days_of_month(year: i32, month: u32) -> Option<(NaiveDate, NaiveDate)> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(text: &str) -> MalformedReason {
        text.parse::<BirthDate>().unwrap_err()
    }

    #[test]
    fn both_forms_give_the_same_date() {
        let service = BirthDate::from_claim(&json!("19850315")).unwrap();
        let openid_connect = BirthDate::from_claim(&json!("1985-03-15")).unwrap();
        assert_eq!(service, openid_connect);
        assert_eq!(
            (service.year(), service.month(), service.day()),
            (1985, Some(3), Some(15))
        );
        assert!(service.is_complete());
        assert_eq!(service.expose(), "1985-03-15");
    }

    #[test]
    fn an_unknown_day_stays_unknown() {
        for text in ["19850300", "1985-03-00"] {
            let date: BirthDate = text.parse().unwrap();
            assert_eq!(
                (date.year(), date.month(), date.day()),
                (1985, Some(3), None)
            );
            assert!(!date.is_complete());
            assert_eq!(date.expose(), "1985-03-00");
        }
    }

    #[test]
    fn an_unknown_month_stays_unknown() {
        for text in ["19850000", "1985-00-00"] {
            let date: BirthDate = text.parse().unwrap();
            assert_eq!((date.year(), date.month(), date.day()), (1985, None, None));
            assert!(!date.is_complete());
            assert_eq!(date.expose(), "1985-00-00");
        }
    }

    #[test]
    fn an_unknown_day_is_any_day_of_its_month() {
        for (text, last) in [
            ("19850200", 28),
            ("20040200", 29),
            ("19000200", 28),
            ("20000200", 29),
            ("99991200", 31),
        ] {
            let date: BirthDate = text.parse().unwrap();
            assert_eq!(
                (date.earliest().day(), date.latest().day()),
                (1, last),
                "{text}"
            );
        }
    }

    #[test]
    fn a_day_of_an_unknown_month_is_refused() {
        assert_eq!(refused("19850015"), MalformedReason::DayWithoutMonth);
        assert_eq!(refused("1985-00-01"), MalformedReason::DayWithoutMonth);
    }

    #[test]
    fn the_29th_of_february_is_one_of_leap_years() {
        for leap in ["20040229", "20000229", "1996-02-29"] {
            assert!(leap.parse::<BirthDate>().is_ok(), "{leap}");
        }
        for common in ["20030229", "19000229", "2100-02-29"] {
            assert_eq!(refused(common), MalformedReason::NoSuchDate, "{common}");
        }
    }

    #[test]
    fn what_the_calendar_lacks_is_refused() {
        for text in [
            "19850431",
            "19850132",
            "19851301",
            "1985-13-00",
            "19859999",
            "2004-02-30",
        ] {
            assert_eq!(refused(text), MalformedReason::NoSuchDate, "{text}");
        }
    }

    #[test]
    fn the_year_must_be_one_of_people_who_can_live() {
        assert!("18000101".parse::<BirthDate>().is_ok());
        assert!("9999-12-31".parse::<BirthDate>().is_ok());
        for text in ["17991231", "0000-03-15", "00000000", "01850315"] {
            assert_eq!(refused(text), MalformedReason::YearOutOfRange, "{text}");
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            "",
            " ",
            "1985",
            "1985-03",
            "198503",
            "850315",
            "1985-3-15",
            "1985/03/15",
            "1985-0315",
            "198503-15",
            "15-03-1985",
            "1985-03-15T00:00:00Z",
            " 19850315",
            "19850315\n",
            "+1985031",
            "1985-+3-15",
            "1985031a",
            "１９８５０３１５",
            "昭和60年3月15日",
            "１１10",
        ] {
            assert_eq!(refused(text), MalformedReason::NotADate, "{text:?}");
        }
    }

    #[test]
    fn only_a_json_string_is_a_birth_date() {
        for claim in [
            json!(null),
            json!(19_850_315),
            json!(["19850315"]),
            json!({}),
            json!(true),
        ] {
            assert_eq!(
                BirthDate::from_claim(&claim),
                Err(MalformedReason::WrongType),
                "{claim}"
            );
        }
    }
}
