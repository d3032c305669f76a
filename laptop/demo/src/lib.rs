//! The demo: an app, the stand-ins and the real functions together on one machine ([`laptop`]), and
//! what is told of a login: its diagram, its checks, in Japanese and English.

pub mod app;
mod diagram;
pub mod function_checks;
pub mod journal_ja;
pub mod laptop;
pub mod scopes;
