//! The demo: runs an app, the stand-ins and the real functions together on one machine
//! ([`laptop`]), and explains each login in Japanese and English, by a sequence diagram and by the
//! checks that were made.

pub mod app;
pub mod cases;
pub mod control;
pub mod diagram;
pub mod expected;
pub mod failures;
pub mod function_checks;
pub mod journal_ja;
pub mod laptop;
pub mod member_app;
pub mod member_client;
pub mod scopes;
pub mod stack;
pub mod use_case;
