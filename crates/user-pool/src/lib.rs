//! What this project and the configuration of the Amazon Cognito user pool have to agree on: the
//! names of attributes, claims and scopes, and the forms in which the four attributes go to
//! Cognito. The bridge, the triggers and the stand-ins take the names from here. The tests of the
//! template compare its names with these.
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
//! // As they are in the user pool and in the apps' tokens.
//! assert_eq!(
//!     Value::Object(user_pool::texts(&attributes)),
//!     json!({
//!         "address": "横浜市中区本町６丁目５０番地の１０",
//!         "birthdate": "2004-02-29",
//!     })
//! );
//!
//! // As the bridge gives them to Amazon Cognito.
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
