//! What `sam deploy` would make, read from the translated template: in every combination of
//! settings the parts fit each other, the functions take their environment, and nobody has a right
//! too many. `cargo xtask template` translates, and runs this; `TEMPLATE`, `OBSERVABILITY`, `EDGE`
//! and `SAMCONFIG` say where they are, as JSON.
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
mod cloudformation;
mod cloudwatch;
mod combinations;
mod contents;
mod edge;
mod expected;
mod limits;
mod observability;
mod outputs;
mod parameters;
mod places;
mod rights;
mod settings;
mod translated;
mod user_pool;
