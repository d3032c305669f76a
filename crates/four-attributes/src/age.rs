//! Whether a person has reached an age.
//! Ages are counted by the date in Japan, wherever the servers are.
//! If only a part of the birth date is known, an age is known only if every possible date agrees.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::birth_date::BirthDate;

/// Japan Standard Time is UTC+9, without daylight saving time (明治19年勅令第51号).
const JAPAN: TimeDelta = TimeDelta::hours(9);

/// The date in Japan at this time.
#[must_use]
pub fn japan_date(now: DateTime<Utc>) -> NaiveDate {
    // Shortly before chrono's last moment, nine hours more are out of its range. Then the date is
    // chrono's last day.
    now.naive_utc()
        .checked_add_signed(JAPAN)
        .map_or(NaiveDate::MAX, |japan| japan.date())
}

impl BirthDate {
    /// Whether the age of `age` years is reached on the day `on` (in Japan: [`japan_date`]), or
    /// `None` if that depends on the unknown part of the birth date.
    ///
    /// An age is reached at 00:00 on the birthday, as birthdays are kept in everyday life. People
    /// born on 29 February reach it on 1 March of common years.
    /// The Act on the Calculation of Ages (年齢計算ニ関スル法律) with Article 143 of the Civil Code adds the
    /// year at the end of the day before the birthday. What depends on the Act (school years,
    /// pensions) needs another rule. Before birth no age is reached, not even 0.
    #[must_use]
    pub fn has_reached(&self, age: u8, on: NaiveDate) -> Option<bool> {
        // A person born later reaches an age later. So if the first and the last day agree, all
        // days between agree too.
        let first = reached(self.earliest(), age, on);
        let last = reached(self.latest(), age, on);
        (first == last).then_some(first)
    }
}

/// Compares year, month and day as numbers, so that 29 February comes before 1 March even in a year
/// without that day.
fn reached(born: NaiveDate, age: u8, on: NaiveDate) -> bool {
    (on.year(), on.month(), on.day()) >= (born.year() + i32::from(age), born.month(), born.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_reached(born: &str, age: u8, on: &str) -> Option<bool> {
        born.parse::<BirthDate>()
            .unwrap()
            .has_reached(age, on.parse().unwrap())
    }

    #[test]
    fn an_age_is_reached_on_the_birthday() {
        for (born, age, day_before, birthday) in [
            // An ordinary day, the ages that matter, and the ends of a year
            ("2008-06-15", 18, "2026-06-14", "2026-06-15"),
            ("2006-06-15", 20, "2026-06-14", "2026-06-15"),
            ("2006-01-01", 20, "2025-12-31", "2026-01-01"),
            ("2006-12-31", 20, "2026-12-30", "2026-12-31"),
            ("1961-11-22", 65, "2026-11-21", "2026-11-22"),
            // By the Act on the Calculation of Ages, this one would count from the day before
            ("2006-04-01", 20, "2026-03-31", "2026-04-01"),
            // Neighbours of 29 February
            ("2005-02-28", 20, "2025-02-27", "2025-02-28"),
            ("2004-03-01", 20, "2024-02-29", "2024-03-01"),
            // 29 February: in leap years that day, in common years 1 March
            ("2004-02-29", 20, "2024-02-28", "2024-02-29"),
            ("2004-02-29", 18, "2022-02-28", "2022-03-01"),
            ("2004-02-29", 19, "2023-02-28", "2023-03-01"),
            ("2004-02-29", 96, "2100-02-28", "2100-03-01"), // 2100 is a common year
            ("1904-02-29", 96, "2000-02-28", "2000-02-29"), // 2000 is a leap year
            // The first and the last age that there is
            ("2026-11-22", 0, "2026-11-21", "2026-11-22"),
            ("1800-01-01", 255, "2054-12-31", "2055-01-01"),
        ] {
            assert_eq!(
                has_reached(born, age, day_before),
                Some(false),
                "{born} {age}"
            );
            assert_eq!(has_reached(born, age, birthday), Some(true), "{born} {age}");
        }
    }

    #[test]
    fn an_age_stays_reached() {
        assert_eq!(has_reached("2004-02-29", 20, "2025-02-28"), Some(true));
        assert_eq!(has_reached("1985-03-15", 20, "2026-01-01"), Some(true));
    }

    #[test]
    fn nobody_has_an_age_before_they_are_born() {
        for age in [0, 18, 255] {
            assert_eq!(has_reached("2030-01-01", age, "2026-11-22"), Some(false));
            assert_eq!(has_reached("2030-00-00", age, "2026-11-22"), Some(false));
        }
    }

    #[test]
    fn of_a_date_in_part_an_age_is_known_if_every_possible_date_agrees() {
        for (born, age, on, expected) in [
            // Unknown day: 1 to 30 June
            ("2006-06-00", 20, "2026-05-31", Some(false)),
            ("2006-06-00", 20, "2026-06-01", None),
            ("2006-06-00", 20, "2026-06-29", None),
            ("2006-06-00", 20, "2026-06-30", Some(true)),
            // Unknown day in February of a leap year: 1 to 29
            ("2004-02-00", 18, "2022-01-31", Some(false)),
            ("2004-02-00", 18, "2022-02-28", None),
            ("2004-02-00", 18, "2022-03-01", Some(true)),
            ("2004-02-00", 20, "2024-02-29", Some(true)),
            // ... and of a common year: 1 to 28
            ("2005-02-00", 19, "2024-02-28", Some(true)),
            // Unknown month: 1 January to 31 December
            ("2006-00-00", 20, "2025-12-31", Some(false)),
            ("2006-00-00", 20, "2026-01-01", None),
            ("2006-00-00", 20, "2026-12-30", None),
            ("2006-00-00", 20, "2026-12-31", Some(true)),
        ] {
            assert_eq!(has_reached(born, age, on), expected, "{born} {age} {on}");
        }
    }

    #[test]
    fn the_day_in_japan_begins_at_15_utc() {
        for (now, expected) in [
            ("2026-04-01T14:59:59.999Z", "2026-04-01"),
            ("2026-04-01T15:00:00Z", "2026-04-02"),
            ("2025-12-31T15:00:00Z", "2026-01-01"),
            ("2024-02-28T15:00:00Z", "2024-02-29"),
            // Summer: no daylight saving time
            ("2026-07-31T14:59:59Z", "2026-07-31"),
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            assert_eq!(japan_date(now).to_string(), expected);
        }
    }

    #[test]
    fn the_ends_of_time_have_a_date() {
        assert_eq!(japan_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
        assert_eq!(
            japan_date(DateTime::<Utc>::MIN_UTC),
            DateTime::<Utc>::MIN_UTC.date_naive()
        );
    }
}
