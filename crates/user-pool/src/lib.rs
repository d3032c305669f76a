//! What is agreed with the user pool of Amazon Cognito, and stands in its configuration, too: how
//! attributes, claims and scopes are called, and in which forms the four attributes go there. The
//! bridge, the triggers and the stand-ins take the names from here; the template's are compared
//! with them by its tests.
//!
//! ```
//! use four_attributes::FourAttributes;
//! use serde_json::{Value, json};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let attributes = FourAttributes {
//!     address: Some("横浜市中区本町６丁目５０番地の１０".parse()?),
//!     birth_date: Some("20040229".parse()?),
//!     ..FourAttributes::default()
//! };
//!
//! // As the user pool has them, and the tokens of the apps.
//! assert_eq!(
//!     Value::Object(user_pool::texts(&attributes)),
//!     json!({
//!         "address": "横浜市中区本町６丁目５０番地の１０",
//!         "birthdate": "2004-02-29",
//!     })
//! );
//!
//! // As the bridge tells them to Amazon Cognito.
//! assert_eq!(
//!     Value::Object(user_pool::claims(&attributes)),
//!     json!({
//!         "address": {"formatted": "横浜市中区本町６丁目５０番地の１０"},
//!         "formatted_address": "横浜市中区本町６丁目５０番地の１０",
//!         "birthdate": "2004-02-29",
//!     })
//! );
//! # Ok(())
//! # }
//! ```

pub mod attribute;
pub mod claim;
pub mod scope;

mod forms;

pub use forms::{claims, text, texts};
