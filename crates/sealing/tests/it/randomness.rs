//! Tests of random texts: they have all bytes of the source and nothing else. If the source fails,
//! there is no text.

use std::collections::HashSet;

use kit::{Counting, Exhausted};
use sealing::{NoRandomness, SystemRandomness, random_base64url};

#[test]
fn every_byte_that_the_source_gave_is_in_the_text() {
    assert_eq!(random_base64url::<6>(&Counting), Ok("AAECAwQF".to_owned()));
}

#[test]
fn a_source_that_fails_gives_no_text() {
    assert_eq!(random_base64url::<32>(&Exhausted), Err(NoRandomness));
}

#[test]
fn the_system_gives_256_bits_that_differ_every_time() {
    let texts: HashSet<String> = (0..64)
        .map(|_| random_base64url::<32>(&SystemRandomness).unwrap())
        .collect();

    assert_eq!(texts.len(), 64);
    assert!(texts.iter().all(|text| text.len() == 43));
}
