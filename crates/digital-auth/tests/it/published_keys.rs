//! What key sets in the wild contain, and what becomes of each: a table, with a token that the key has signed.
//! Taken: the same numbers in another spelling. Passed over: an entry that is wrong, with a reason of its own. Refused: a
//! document that is no JWK Set.
//! The points are of the private keys 3, 4, 43, 379, 40393 and 49350, computed with another implementation: their coordinates
//! begin with zeros, or with a bit that makes signed numbers a byte longer.

use std::slice::from_ref;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use digital_auth::id_token::IdTokenError;
use digital_auth::published_keys::{NoKeySet, PassedOver, PublishedKeys};
use keys::{LocalKey, SigningKey as _};
use serde_json::{Value, json};

use crate::id_token::{Check, good};
use crate::signed::{es256, jwk_set, other_es256, public_jwk, rs256, sign};

/// The P-256 key whose private number this is: itself, and its coordinates.
struct Point {
    key: LocalKey,
    x: Vec<u8>,
    y: Vec<u8>,
}

impl Point {
    fn of(private: u32) -> Self {
        let (x, y) = match private {
            3 => (
                "Xsvk0aYzCkTI9--VHUvxZebGtyHvramF-0FmG8bn_Ww",
                "hzRkDEmY_343SwbOGmSi7NgqsDY4T7g9mnmxJ6J9UDI",
            ),
            4 => (
                "4lNKNTLQj7ugLd5lnuYr0AMf4tt4VZbvUJMCRGsDCFI",
                "4PFXWkxjPMcZ3-5f2oYtdk78lsPzDuAFXELCPxhO2MY",
            ),
            43 => (
                "mGriUG8f8QTQQjCGHY9LSY9LxMbQCbMPdUTcEpuC0o0",
                "ADzMwKZGDgrjKKTZfTx7YdhvxiicGJ8lJREMRBuwfpc",
            ),
            379 => (
                "AFVDiUrz0A7X10Cr29dclrBod7eH219w7qeLkKjXwAo",
                "u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I",
            ),
            40_393 => (
                "AAA_XxeKoHBsQjHrblSVqhZCxbiplBJ8iUZfIplKQvk",
                "wkizN1mfDC8pdy4lbx1VScibqeVzE4LNHjzAnRDQC1U",
            ),
            _ => (
                "ACBiT32ylIIMMaIbEKJujhkFPYFHR6b3oOiRa-IpmbU",
                "AOon8vj6IRHZ23OPzZzn6Se6US8g_p8MWqQJnBvYUAI",
            ),
        };
        let mut number = [0; 32];
        number[28..].copy_from_slice(&private.to_be_bytes());
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": encode(&number)});
        Self {
            key: LocalKey::from_jwk(&jwk.to_string().into()).unwrap(),
            x: URL_SAFE_NO_PAD.decode(x).unwrap(),
            y: URL_SAFE_NO_PAD.decode(y).unwrap(),
        }
    }

    /// The entry with its coordinates in this spelling.
    fn entry(&self, spelled: impl Fn(&[u8]) -> String) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "kid": "key", "use": "sig", "alg": "ES256",
            "x": spelled(&self.x), "y": spelled(&self.y),
        })
    }

    /// What becomes of a token by this key, where these entries are published.
    fn verified_with(&self, entries: &[Value]) -> Result<(), IdTokenError> {
        verified_by(&self.key, Some("key"), entries)
    }
}

fn verified_by(key: &LocalKey, kid: Option<&str>, entries: &[Value]) -> Result<(), IdTokenError> {
    let mut header = json!({"alg": key.algorithm().as_str(), "typ": "JWT"});
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    let token = sign(key, &header, good().to_string().as_bytes());
    let check = Check {
        keys: json!({ "keys": entries }),
        algorithms: vec!["ES256", "RS256"],
        ..Check::default()
    };
    check.of(&token).map(drop)
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The shortest form of a number: without its leading zeros.
fn minimal(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// The form of signed numbers: a zero before a byte that would make it negative.
fn signed(bytes: &[u8]) -> Vec<u8> {
    let minimal = minimal(bytes);
    let sign = (minimal[0] >= 0x80).then_some(0);
    sign.into_iter().chain(minimal.iter().copied()).collect()
}

/// How a coordinate is written.
type Spelling<'a> = &'a dyn Fn(&[u8]) -> String;

const POINTS: [u32; 6] = [3, 4, 43, 379, 40_393, 49_350];

#[test]
fn pass_the_same_coordinates_in_every_spelling_that_was_published() {
    for private in POINTS {
        let point = Point::of(private);
        let spellings: [(&str, Spelling<'_>); 8] = [
            ("as RFC 7518 §6.2.1.2 says", &encode),
            ("without leading zeros", &|bytes| encode(minimal(bytes))),
            ("as signed numbers", &|bytes| encode(&signed(bytes))),
            ("with one zero more", &|bytes| {
                encode(&[&[0], bytes].concat())
            }),
            ("with many zeros more", &|bytes| {
                encode(&[&[0; 40][..], bytes].concat())
            }),
            ("with padding", &|bytes| URL_SAFE.encode(bytes)),
            ("in the other alphabet", &|bytes| {
                STANDARD.encode(bytes).replace('=', "")
            }),
            (
                "without leading zeros, in the other alphabet, with padding",
                &|bytes| STANDARD.encode(minimal(bytes)),
            ),
        ];
        for (what, spelled) in spellings {
            let verified = point.verified_with(&[point.entry(spelled)]);
            assert_eq!(verified, Ok(()), "{private} {what}");
        }
    }
}

#[test]
fn pass_an_rsa_key_in_every_spelling_that_was_published() {
    let jwk = public_jwk(rs256());
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let (n, e) = (number("n"), number("e"));
    for (what, n, e) in [
        (
            "with a byte for the sign",
            encode(&[&[0], &*n].concat()),
            encode(&e),
        ),
        (
            "with zeros before the exponent",
            encode(&n),
            encode(&[&[0; 5], &*e].concat()),
        ),
        ("with padding", URL_SAFE.encode(&n), URL_SAFE.encode(&e)),
        (
            "in the other alphabet",
            STANDARD.encode(&n),
            STANDARD.encode(&e),
        ),
    ] {
        let entry = json!({"kty": "RSA", "kid": "key", "n": n, "e": e});
        assert_eq!(
            verified_by(rs256(), Some("key"), &[entry]),
            Ok(()),
            "{what}"
        );
    }
}

/// A key that is in the set under the token's `kid`, changed in one place.
fn changed(member: &str, value: Value) -> Value {
    let point = Point::of(3);
    let mut entry = point.entry(encode);
    if value == json!("left out") {
        entry.as_object_mut().unwrap().remove(member);
    } else {
        entry[member] = value;
    }
    entry
}

/// Why the only entry of a set is passed over, if it is.
fn reason(entry: &Value) -> Option<PassedOver> {
    let set = json!({ "keys": [entry] }).to_string();
    let keys = PublishedKeys::read(set.as_bytes()).unwrap();
    let mut reasons = keys.passed_over();
    let reason = reasons.next();
    assert_eq!(
        (reasons.next(), keys.len()),
        (None, usize::from(reason.is_none()))
    );
    reason
}

#[test]
fn pass_what_an_entry_may_leave_out_or_have_besides() {
    for (member, value) in [
        ("use", json!("left out")),
        ("use", Value::Null),
        ("alg", json!("left out")),
        ("alg", Value::Null),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("key_ops", Value::Null),
        ("d", Value::Null),
        ("x5c", json!("no array")),
        ("x5c", json!([])),
        ("x5t", json!(1)),
        ("x5u", json!("http://elsewhere.example")),
        ("exp", json!(1_700_000_000_000_u64)),
        ("nbf", json!("tomorrow")),
        ("new", json!({"deep": [1, null]})),
    ] {
        let entry = changed(member, value);
        assert_eq!(reason(&entry), None, "{entry}");
        assert_eq!(
            Point::of(3).verified_with(from_ref(&entry)),
            Ok(()),
            "{entry}"
        );
    }
}

/// A token by such a key is no forgery: it has a class that says where to look.
#[test]
fn fail_an_entry_that_is_wrong_by_its_own_reason_and_without_the_others() {
    let one = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE";
    let too_long = encode(&[&[1][..], &Point::of(3).x].concat());
    for (member, value, expected) in [
        ("x", json!("left out"), PassedOver::Member("x")),
        ("x", Value::Null, PassedOver::Member("x")),
        ("x", json!(""), PassedOver::Member("x")),
        ("x", json!(7), PassedOver::Member("x")),
        ("x", json!(["AQ"]), PassedOver::Member("x")),
        ("x", json!("Xsvk 0aYz"), PassedOver::Member("x")),
        ("x", json!("Xsvk\n0aYz"), PassedOver::Member("x")),
        ("x", json!("Xs=vk"), PassedOver::Member("x")),
        ("x", json!("Xsvk,0aYz"), PassedOver::Member("x")),
        ("x", json!("A".repeat(2_000)), PassedOver::Member("x")),
        ("x", json!(too_long), PassedOver::NoKey),
        ("x", json!(one), PassedOver::NoKey),
        ("y", json!(one), PassedOver::NoKey),
        ("y", json!("AA"), PassedOver::NoKey),
        ("y", json!("_".repeat(43)), PassedOver::NoKey),
        ("kty", json!("left out"), PassedOver::Member("kty")),
        ("kty", json!({"EC": null}), PassedOver::Member("kty")),
        ("crv", json!("left out"), PassedOver::Member("crv")),
        ("use", json!(""), PassedOver::Restriction("use")),
        ("use", json!("SIG"), PassedOver::Restriction("use")),
        ("use", json!(["sig"]), PassedOver::Member("use")),
        ("key_ops", json!([]), PassedOver::Restriction("key_ops")),
        (
            "key_ops",
            json!(["sign"]),
            PassedOver::Restriction("key_ops"),
        ),
        (
            "key_ops",
            json!("verify"),
            PassedOver::Restriction("key_ops"),
        ),
        ("alg", json!("es256"), PassedOver::Restriction("alg")),
        ("alg", json!(""), PassedOver::Restriction("alg")),
        ("alg", json!("none"), PassedOver::Restriction("alg")),
        ("alg", json!(256), PassedOver::Member("alg")),
    ] {
        let entry = changed(member, value);
        assert_eq!(reason(&entry), Some(expected), "{entry}");
        let verified = Point::of(3).verified_with(from_ref(&entry));
        assert_eq!(verified, Err(IdTokenError::UnusableKey), "{entry}");
        // It costs nobody else's key anything.
        let others = [json!(null), entry, public_jwk(es256())];
        let kid = es256().key_id().as_str();
        assert_eq!(verified_by(es256(), Some(kid), &others), Ok(()));
    }
}

#[test]
fn fail_what_is_for_another_purpose_is_no_key_for_this_one() {
    for (member, value) in [
        ("kty", json!("OKP")),
        ("kty", json!("AKP")),
        ("kty", json!("ec")),
        ("crv", json!("P-384")),
        ("crv", json!("P-521")),
        ("crv", json!("secp256k1")),
        ("crv", json!("P256")),
        ("use", json!("enc")),
        ("alg", json!("ES384")),
        ("alg", json!("RS256")),
        ("alg", json!("ECDH-ES")),
        ("alg", json!("HS256")),
    ] {
        let entry = changed(member, value);
        assert_eq!(reason(&entry), Some(PassedOver::OfNoUse), "{entry}");
        let verified = Point::of(3).verified_with(from_ref(&entry));
        assert_eq!(verified, Err(IdTokenError::UnknownKey), "{entry}");
    }
}

#[test]
fn fail_numbers_that_are_no_rsa_key() {
    let entry =
        |n: &[u8], e: &[u8]| json!({"kty": "RSA", "kid": "key", "n": encode(n), "e": encode(e)});
    let modulus = |bytes: usize| vec![0xff; bytes];
    for (n, e, expected) in [
        (modulus(255), vec![1, 0, 1], Some(PassedOver::Size)),
        (modulus(128), vec![1, 0, 1], Some(PassedOver::Size)),
        (modulus(513), vec![1, 0, 1], Some(PassedOver::Size)),
        (
            [vec![0; 128], modulus(128)].concat(),
            vec![1, 0, 1],
            Some(PassedOver::Size),
        ),
        (
            [modulus(255), vec![0xfe]].concat(),
            vec![1, 0, 1],
            Some(PassedOver::NoKey),
        ),
        (modulus(256), vec![], Some(PassedOver::Member("e"))),
        (modulus(256), vec![0], Some(PassedOver::NoKey)),
        (modulus(256), vec![1], Some(PassedOver::NoKey)),
        (modulus(256), vec![1, 0, 0], Some(PassedOver::NoKey)),
        (modulus(256), vec![2, 0, 0, 0, 1], Some(PassedOver::NoKey)),
        (
            modulus(256),
            vec![1, 0, 0, 0, 0, 1],
            Some(PassedOver::NoKey),
        ),
        (modulus(256), vec![3], None),
        (modulus(256), vec![1, 0, 1], None),
        (modulus(256), vec![1, 0xff, 0xff, 0xff, 0xff], None),
        (modulus(512), vec![1, 0, 1], None),
    ] {
        assert_eq!(reason(&entry(&n, &e)), expected, "{} {e:?}", n.len());
    }
}

#[test]
fn fail_what_is_no_key_at_all() {
    for entry in [
        json!(null),
        json!(true),
        json!(1),
        json!(-1),
        json!(1.5),
        json!("kty"),
        json!([]),
        json!(["EC", "P-256", {"x": 1}]),
    ] {
        assert_eq!(reason(&entry), Some(PassedOver::NoObject), "{entry}");
    }
    assert_eq!(reason(&json!({})), Some(PassedOver::Member("kty")));
    for name in ["kty", "x", "kid", "use", "new"] {
        let entry = public_jwk(es256()).to_string();
        let repeated = entry.replacen('{', &format!(r#"{{"{name}":"EC","{name}":"EC","#), 1);
        let set = format!(r#"{{"keys":[{repeated}]}}"#);
        let keys = PublishedKeys::read(set.as_bytes()).unwrap();
        let reasons: Vec<_> = keys.passed_over().collect();
        assert_eq!(reasons, [PassedOver::RepeatedMember], "{name}");
    }
}

/// Who publishes it lets anybody sign: so it isn't used, nor is the entry beside it that has only the public part.
#[test]
fn fail_a_key_whose_private_part_is_published_and_its_twin() {
    let point = Point::of(379);
    let public = point.entry(|bytes| encode(minimal(bytes)));
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let mut private = point.entry(encode);
        private[member] = json!("AQ");
        private["kid"] = json!("another");
        assert_eq!(reason(&private), Some(PassedOver::Private), "{member}");
        for entries in [[private.clone(), public.clone()], [public.clone(), private]] {
            let verified = point.verified_with(&entries);
            assert_eq!(verified, Err(IdTokenError::UnusableKey), "{member}");
        }
    }
    let shared = json!({"kty": "oct", "kid": "key", "k": "AQ"});
    assert_eq!(reason(&shared), Some(PassedOver::Private));
}

#[test]
fn pass_one_key_several_times_is_one_and_fail_two_keys_of_one_name() {
    let point = Point::of(379);
    let [whole, short] = [
        point.entry(encode),
        point.entry(|bytes| encode(minimal(bytes))),
    ];
    let mut without_alg = whole.clone();
    without_alg.as_object_mut().unwrap().remove("alg");
    let mut for_encryption = whole.clone();
    for_encryption["use"] = json!("enc");
    let twice = [whole.clone(), short, without_alg, for_encryption];
    assert_eq!(point.verified_with(&twice), Ok(()));

    let mut another = public_jwk(other_es256());
    another["kid"] = json!("key");
    let ambiguous = point.verified_with(&[whole.clone(), another]);
    assert_eq!(ambiguous, Err(IdTokenError::UnknownKey));

    // A name may be shared by keys of other kinds: the algorithm tells them apart.
    let mut rsa = public_jwk(rs256());
    rsa["kid"] = json!("key");
    assert_eq!(point.verified_with(&[rsa, whole]), Ok(()));
}

#[test]
fn pass_a_token_without_a_name_where_one_usable_key_is_published() {
    let point = Point::of(43);
    let mut entry = point.entry(encode);
    entry.as_object_mut().unwrap().remove("kid");
    let k1 = json!({"kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ"});
    let future = json!({"kty": "EC", "crv": "future", "x": "AQ", "y": "AQ"});
    let of_no_use = [
        k1,
        future,
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AQ"}),
    ];
    let entries = [&of_no_use[..], from_ref(&entry)].concat();
    assert_eq!(verified_by(&point.key, None, &entries), Ok(()));
    // But a name that isn't there is nobody's.
    let named = verified_by(&point.key, Some("key"), &entries);
    assert_eq!(named, Err(IdTokenError::UnknownKey));

    let two = [entry, public_jwk(es256())];
    let ambiguous = verified_by(&point.key, None, &two);
    assert_eq!(ambiguous, Err(IdTokenError::UnknownKey));
    let unusable = [changed("x", json!("AQ"))];
    let unusable = verified_by(&point.key, None, &unusable);
    assert_eq!(unusable, Err(IdTokenError::UnusableKey));
}

#[test]
fn fail_a_key_id_that_is_no_text() {
    for kid in [json!(1), json!([]), json!({}), json!(true)] {
        assert_eq!(
            reason(&changed("kid", kid)),
            Some(PassedOver::Member("kid"))
        );
    }
    let kid = json!("");
    assert_eq!(reason(&changed("kid", kid)), None);
}

#[test]
fn pass_a_set_as_servers_write_it_and_fail_what_is_none() {
    let set = jwk_set(&[es256()]).to_string();
    let key = public_jwk(es256()).to_string();
    for (document, is_set) in [
        (set.clone(), true),
        (format!("\u{feff}{set}"), true),
        (format!(" \r\n{set}\n"), true),
        (format!(r#"{{"new":[1],{}"#, &set[1..]), true),
        (r#"{"keys":[]}"#.to_owned(), true),
        (format!("[{set}]"), false),
        (format!("[[{key}]]"), false),
        (format!("[{key}]"), false),
        (key.clone(), false),
        (format!(r#"{{"keys":{key}}}"#), false),
        (format!(r#"{{"keys":{{"key":{key}}}}}"#), false),
        (r#"{"keys":null}"#.to_owned(), false),
        (r#"{"keys":"[]"}"#.to_owned(), false),
        (r#"{"Keys":[]}"#.to_owned(), false),
        (format!(r#"{{"keys":[],{}"#, &set[1..]), false),
        (format!(r#"{{"new":1,"new":2,{}"#, &set[1..]), false),
        (format!("{set}{set}"), false),
        (format!("{set}x"), false),
        (
            format!(
                r#"{{"keys":[{{"x":{}{}}}]}}"#,
                "[".repeat(500),
                "]".repeat(500)
            ),
            false,
        ),
        (r#"{"keys":[1e999]}"#.to_owned(), false),
        (r#"{"keys":["\ud800"]}"#.to_owned(), false),
        ("null".to_owned(), false),
        ("<html>".to_owned(), false),
        (String::new(), false),
    ] {
        let read = PublishedKeys::read(document.as_bytes());
        assert_eq!(read.is_ok(), is_set, "{document}");
        assert!(is_set || read == Err(NoKeySet));
    }
    assert_eq!(
        PublishedKeys::read(b"{\"keys\":[],\"\xff\":1}"),
        Err(NoKeySet)
    );
}

#[test]
fn pass_nothing_of_a_key_is_shown() {
    let set = jwk_set(&[es256()]).to_string();
    let keys = PublishedKeys::read(set.as_bytes()).unwrap();
    assert_eq!(format!("{keys:?}"), "PublishedKeys(1, 0 passed over)");
}
