//! What `sam deploy` would make, read from the translated templates. In every combination of
//! settings, the parts must fit together, the functions must accept their environment, and no role
//! may have a right that it doesn't need.
//! `cargo xtask template` translates the templates and runs these tests. `TEMPLATE`,
//! `OBSERVABILITY`, `EDGE` and `SAMCONFIG` are the paths of the results, as JSON.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod accepted;
mod alarms;
mod api;
mod card_logins;
mod cloudformation;
mod cloudwatch;
mod combinations;
mod contents;
mod edge;
mod expected;
mod limits;
mod members;
mod observability;
mod outputs;
mod parameters;
mod places;
mod rights;
mod settings;
mod translated;
mod user_pool;
