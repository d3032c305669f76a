//! The four attributes of the My Number Card (基本4情報): name, address, birth date, gender.
//! [`FourAttributes`] reads them from the service's userinfo. From them follow ages
//! ([`BirthDate::has_reached`]), the [`Prefecture`] and the [`Municipality`]. A [`VerifiedRecord`]
//! and a [`MemberRecord`] are the attributes, sealed so that they can be proved later.
//!
//! This crate does no I/O, and gets the time as an argument. The forms of the attributes for Amazon
//! Cognito are in the crate `user-pool`.
//!
//! ```
//! use chrono::{DateTime, Utc};
//! use four_attributes::{
//!     AttributeSet, Expected, FourAttributes, Municipality, Prefecture, RecordRefusal,
//!     VerifiedAt, VerifiedPerson, VerifiedRecord, japan_date,
//! };
//! use sealing::{SealingKeys, SystemRandomness};
//! use serde_json::Value;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What the service answers. Attributes that were not asked for are never kept.
//! let userinfo: serde_json::Map<String, Value> = serde_json::from_str(
//!     r#"{"sub": "1b9d", "name": "山田　太郎", "address": "横浜市中区本町６丁目５０番地の１０",
//!         "birthdate": "20040229", "gender": "1"}"#,
//! )?;
//! let requested: AttributeSet = "name address birthdate".parse()?;
//! let attributes = FourAttributes::from_userinfo(&userinfo, requested)?;
//!
//! // What follows from the attributes.
//! let now: DateTime<Utc> = "2024-02-28T15:00:00Z".parse()?;
//! let birth_date = attributes.birth_date.as_ref().ok_or("was asked for")?;
//! assert_eq!(birth_date.has_reached(20, japan_date(now)), Some(true));
//! let address = attributes.address.as_ref().ok_or("was asked for")?;
//! assert_eq!(Prefecture::of(address), Some(Prefecture::Kanagawa));
//! assert_eq!(Municipality::of(address).map(Municipality::code), Some("141003"));
//!
//! // `Debug` shows nothing personal.
//! assert_eq!(format!("{:?}", attributes.name), "Some(Name(…))");
//!
//! // A record proves the attributes later. Only a holder of a key of the ring can make or read a
//! // record, and it counts for this user only.
//! let keys = SealingKeys::new(["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"])?;
//! let record = VerifiedRecord {
//!     provider_name: "DigitalAuth".to_owned(),
//!     person: VerifiedPerson {
//!         issuer: "https://service.example".to_owned(),
//!         subject: "1b9d".to_owned(),
//!         attributes,
//!         verified_at: VerifiedAt::Authentication(now),
//!         acr: None,
//!     },
//! };
//! let sealed = record.seal(&keys, &SystemRandomness)?;
//! let expected = Expected {
//!     issuers: &["https://service.example"],
//!     provider_name: "DigitalAuth",
//!     subjects: &["1b9d"],
//!     not_after: now,
//! };
//! assert_eq!(VerifiedRecord::open(&sealed, &keys, &expected), Ok(record));
//! let somebody_else = Expected { subjects: &["7d5f"], ..expected };
//! assert_eq!(
//!     VerifiedRecord::open(&sealed, &keys, &somebody_else),
//!     Err(RecordRefusal::Unlinked)
//! );
//! # Ok(())
//! # }
//! ```

mod address;
mod age;
mod assurance;
mod attribute;
mod birth_date;
mod error;
mod fold;
mod gender;
mod issuer;
mod member_record;
mod municipality;
mod name;
mod prefecture;
mod text;
mod userinfo;
mod verified_person;
mod verified_record;

pub use address::Address;
pub use age::japan_date;
pub use assurance::{AssuranceRule, AuthenticationTime};
pub use attribute::{Attribute, AttributeSet, AttributeSetError, UnknownAttribute};
pub use birth_date::BirthDate;
pub use error::{AttributeError, MalformedReason};
pub use gender::Gender;
pub use issuer::{PRODUCTION_ISSUER, SANDBOX_ISSUER};
pub use member_record::{Holder, MemberRecord, VerificationId};
pub use municipality::Municipality;
pub use name::Name;
pub use prefecture::Prefecture;
pub use text::MAXIMUM_BYTES;
pub use userinfo::FourAttributes;
pub use verified_person::{
    MAXIMUM_RECORD_BYTES, RecordRefusal, SealRecordError, VerifiedAt, VerifiedPerson,
};
pub use verified_record::{Expected, VerifiedRecord};
