//! Tests of what travels in a member's verification: it comes back as it was, for its purpose, its
//! bridge and its time alone. The forms are pinned, because two versions of the functions answer
//! side by side during a deployment.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::CodeExchange;
use digital_auth::authorization::OneTimeValues;
use kit::{Repeating, sealing_keys};
use member_flow::{Begun, Ticket, VerificationCode, audience};
use sealing::sealed::{OpenError, Seal, Travels};
use sealing::{SealingKeys, SystemRandomness};
use secrecy::{ExposeSecret as _, SecretString};

const ISSUER: &str = "https://login.example";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn seal_at(keys: &SealingKeys, seconds: i64) -> Seal<'_> {
    Seal {
        keys,
        audience: audience(ISSUER),
        now: now() + TimeDelta::seconds(seconds),
    }
}

fn begun() -> Begun {
    let (sub, client_id) = ("57f4ea38".to_owned(), "1example23456789".to_owned());
    // The time is kept to the millisecond.
    let at = now() + TimeDelta::microseconds(999_999);
    Begun::new(sub, client_id, [9; 32], at)
}

fn ticket() -> Ticket {
    Ticket {
        begun: begun(),
        return_url: "https://shop.example/verified".to_owned(),
        state: "a b&c=%区".to_owned(),
    }
}

fn code() -> VerificationCode {
    let one_time = OneTimeValues::new(&Repeating(3)).unwrap();
    VerificationCode {
        exchange: CodeExchange::new(SecretString::from("the-service.s-code"), one_time),
        begun: begun(),
    }
}

#[test]
fn a_ticket_opens_for_five_minutes_and_a_code_for_one() {
    let keys = sealing_keys(&[1]);
    let sealed = ticket().seal(seal_at(&keys, 0), &SystemRandomness).unwrap();
    let open = |seconds| Ticket::open(&sealed, seal_at(&keys, seconds));
    assert_eq!(open(299), Ok(ticket()));
    assert_eq!(open(300), Err(OpenError::Expired));
    let at = now() + TimeDelta::milliseconds(999);
    assert_eq!(open(0).unwrap().begun.at(), at);
    let sealed = code().seal(seal_at(&keys, 0), &SystemRandomness).unwrap();
    let open = |seconds| VerificationCode::open(&sealed, seal_at(&keys, seconds));
    assert_eq!(open(59).unwrap().begun, begun());
    assert_eq!(open(60).unwrap_err(), OpenError::Expired);
}

#[test]
fn neither_opens_as_the_other_nor_at_another_bridge() {
    let keys = sealing_keys(&[1]);
    let seal = seal_at(&keys, 0);
    let (ticket, code) = (
        ticket().seal(seal, &SystemRandomness).unwrap(),
        code().seal(seal, &SystemRandomness).unwrap(),
    );
    assert_eq!(Ticket::open(&code, seal), Err(OpenError::Forged));
    let crossed = VerificationCode::open(&ticket, seal);
    assert_eq!(crossed.unwrap_err(), OpenError::Forged);
    let another = Seal {
        audience: audience("https://another.example"),
        ..seal
    };
    assert_eq!(Ticket::open(&ticket, another), Err(OpenError::Foreign));
    let foreign = VerificationCode::open(&code, another);
    assert_eq!(foreign.unwrap_err(), OpenError::Foreign);
}

#[test]
fn the_forms_never_change() {
    let keys = sealing_keys(&[1]);
    let seal = seal_at(&keys, 0);
    let inside = |sealed: &str, purpose| seal.open(purpose, sealed).unwrap();
    let sealed = ticket().seal(seal, &SystemRandomness).unwrap();
    let begun = [
        b"\x0857f4ea38\x101example23456789".as_slice(),
        &[9; 32],
        // Zigzag: 2 × 1,800,000,000,999 in groups of seven bits.
        b"\xCE\xCF\xE2\x85\xE3\x68",
    ]
    .concat();
    let of_ticket = [
        &begun[..],
        b"\x1Dhttps://shop.example/verified",
        "\x0Aa b&c=%区".as_bytes(),
        b"\x01",
    ]
    .concat();
    assert_eq!(*inside(&sealed, Ticket::PURPOSE), of_ticket);
    let sealed = code().seal(seal, &SystemRandomness).unwrap();
    let inside = inside(&sealed, VerificationCode::PURPOSE);
    assert!(inside.ends_with(&[&begun[..], b"\x01"].concat()));
    let other = [&of_ticket[..of_ticket.len() - 1], b"\x02"].concat();
    assert_eq!(Ticket::read(&other), Err(OpenError::OtherVersion));
}

#[test]
fn nothing_of_them_is_shown() {
    let shown = format!("{:?} {:?} {:?}", ticket(), code(), begun());
    assert_eq!(shown, "Ticket(…) VerificationCode(…) Begun(…)");
    let code = SecretString::from("the-service.s-code");
    assert!(!shown.contains(code.expose_secret()));
}
