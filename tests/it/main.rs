//! Every test that needs more than one crate: the built function, driven over HTTP.

mod conformance;
mod login;
