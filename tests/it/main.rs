//! Every test that needs more than one crate: the built function, driven over HTTP.

mod login;
