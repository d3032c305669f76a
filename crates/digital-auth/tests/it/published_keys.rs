//! Tests of reading key sets as real servers publish them: a table of cases, each with a token that
//! the key has signed. Accepted: the same numbers in another spelling. Passed over: an entry with a
//! defect, with a reason for each defect. Refused: a document that is no JWK Set.
//! The points belong to the private keys 3, 4, 43, 379, 40393 and 49350, and were computed with
//! another implementation. Their coordinates begin with zeros, or with a bit that makes a signed
//! number one byte longer.

use std::slice::from_ref;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use digital_auth::id_token::IdTokenError;
use digital_auth::published_keys::{NoKeySet, PassedOver, PublishedKeys};
use keys::{LocalKey, SigningKey as _};
use serde_json::{Value, json};

use crate::id_token::{Check, good};
use crate::signed::{es256, jwk_set, other_es256, public_jwk, rs256, sign};

/// A P-256 key made from a small private number, and its coordinates.
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

    /// The key's entry in a set, with its coordinates in this spelling.
    fn entry(&self, spelled: impl Fn(&[u8]) -> String) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "kid": "key", "use": "sig", "alg": "ES256",
            "x": spelled(&self.x), "y": spelled(&self.y),
        })
    }

    /// Verifies a token signed with this key, with these entries published.
    fn verified_with(&self, entries: &[Value]) -> Result<(), IdTokenError> {
        verified_by(&self.key, Some("key"), entries)
    }
}

fn verified_by(key: &LocalKey, kid: Option<&str>, entries: &[Value]) -> Result<(), IdTokenError> {
    let entries: Vec<_> = entries.iter().map(Value::to_string).collect();
    verified_by_texts(key, kid, &entries)
}

/// The same, with entries as text, some of which no `Value` can hold.
fn verified_by_texts<T: AsRef<str>>(
    key: &LocalKey,
    kid: Option<&str>,
    entries: &[T],
) -> Result<(), IdTokenError> {
    let mut header = json!({"alg": key.algorithm().as_str(), "typ": "JWT"});
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    let token = sign(key, &header, good().to_string().as_bytes());
    let check = Check {
        algorithms: vec!["ES256", "RS256"],
        ..Check::default()
    };
    check.with_keys(&set_of(entries), &token).map(drop)
}

fn set_of<T: AsRef<str>>(entries: &[T]) -> String {
    let entries: Vec<_> = entries.iter().map(AsRef::as_ref).collect();
    format!(r#"{{"keys":[{}]}}"#, entries.join(","))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The shortest form of a number: without its leading zeros.
fn minimal(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// The form of signed numbers: a zero byte before a byte that would make the number negative.
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

/// The entry of the token's key, with one member changed.
fn changed(member: &'static str, value: Value) -> Value {
    changed_all(&[(member, value)])
}

/// The same, with several members changed. The value `left out` removes a member.
fn changed_all(changes: &[(&'static str, Value)]) -> Value {
    let mut entry = Point::of(3).entry(encode);
    for (member, value) in changes {
        if value == "left out" {
            entry.as_object_mut().unwrap().remove(*member);
        } else {
            entry[*member] = value.clone();
        }
    }
    entry
}

/// An entry as text, with other members before its own.
fn with_members(members: &str, entry: &Value) -> String {
    entry.to_string().replacen('{', &format!("{{{members},"), 1)
}

/// Why the only entry of a set is passed over, if it is.
fn reason(entry: &Value) -> Option<PassedOver> {
    reason_of_text(&entry.to_string())
}

fn reason_of_text(entry: &str) -> Option<PassedOver> {
    let keys = PublishedKeys::read(set_of(&[entry]).as_bytes()).unwrap();
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

/// A token signed with such a key is no forgery: its error says that the key set is to blame.
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
        ("alg", json!("ES384"), PassedOver::Restriction("alg")),
        ("alg", json!("ES512"), PassedOver::Restriction("alg")),
        ("alg", json!("RS256"), PassedOver::Restriction("alg")),
        ("alg", json!("HS256"), PassedOver::Restriction("alg")),
        ("alg", json!("RSA-OAEP"), PassedOver::Restriction("alg")),
        // Contradicts its `use`, which is `sig`.
        ("alg", json!("ECDH-ES"), PassedOver::Restriction("alg")),
        // Contradict its `alg`, which is ES256.
        ("use", json!("enc"), PassedOver::Restriction("alg")),
        ("crv", json!("P-384"), PassedOver::Restriction("alg")),
        ("crv", json!("secp256k1"), PassedOver::Restriction("alg")),
        ("crv", json!("P256"), PassedOver::Restriction("crv")),
        ("crv", json!("p-256"), PassedOver::Restriction("crv")),
        ("crv", json!("secp256r1"), PassedOver::Restriction("crv")),
        ("crv", json!("prime256v1"), PassedOver::Restriction("crv")),
        ("kty", json!("ec"), PassedOver::Restriction("kty")),
        ("kty", json!("EC-HSM"), PassedOver::Restriction("kty")),
        ("kty", json!("rsa"), PassedOver::Restriction("kty")),
        // Contradict its `crv`, which is P-256.
        ("kty", json!("OKP"), PassedOver::Restriction("kty")),
        ("kty", json!("AKP"), PassedOver::Restriction("kty")),
        ("alg", json!(256), PassedOver::Member("alg")),
    ] {
        let entry = changed(member, value);
        assert_eq!(reason(&entry), Some(expected), "{entry}");
        let verified = Point::of(3).verified_with(from_ref(&entry));
        assert_eq!(verified, Err(IdTokenError::UnusableKey), "{entry}");
        // The other keys of the set still verify.
        let others = [json!(null), entry, public_jwk(es256())];
        let kid = es256().key_id().as_str();
        assert_eq!(verified_by(es256(), Some(kid), &others), Ok(()));
    }
}

/// Contradictions between several members, and those of RSA keys.
#[test]
fn fail_an_entry_that_contradicts_itself_or_is_misspelled_is_no_key_for_another_purpose() {
    let none = json!("left out");
    let rsa = |changes: &[(&str, Value)]| {
        let mut entry = public_jwk(rs256());
        entry["kid"] = json!("key");
        for (member, value) in changes {
            entry[*member] = value.clone();
        }
        entry
    };
    for (entry, expected) in [
        (
            changed_all(&[("kty", json!("ec")), ("crv", none.clone())]),
            "kty",
        ),
        (
            changed_all(&[("kty", json!("ec")), ("alg", none.clone())]),
            "kty",
        ),
        (
            changed_all(&[("kty", json!("ECDSA")), ("crv", json!("P256"))]),
            "kty",
        ),
        (
            changed_all(&[("crv", json!("p256")), ("alg", none.clone())]),
            "crv",
        ),
        (
            changed_all(&[("crv", json!("NIST P-256")), ("use", none.clone())]),
            "crv",
        ),
        (
            changed_all(&[("crv", json!("future")), ("alg", json!("RS256"))]),
            "alg",
        ),
        (
            changed_all(&[("kty", json!("OKP")), ("crv", json!("Ed25519"))]),
            "alg",
        ),
        (
            changed_all(&[("kty", json!("oct")), ("crv", none.clone())]),
            "alg",
        ),
        (
            changed_all(&[
                ("use", none.clone()),
                ("key_ops", json!(["verify"])),
                ("alg", json!("ECDH-ES")),
            ]),
            "alg",
        ),
        (
            changed_all(&[("key_ops", json!(["deriveKey"])), ("alg", none.clone())]),
            "key_ops",
        ),
        (
            changed_all(&[("key_ops", json!(["deriveKey"])), ("use", none)]),
            "key_ops",
        ),
        (rsa(&[("kty", json!("RSA-HSM"))]), "kty"),
        (rsa(&[("kty", json!("Rsa"))]), "kty"),
        (rsa(&[("alg", json!("ES256"))]), "alg"),
        (rsa(&[("alg", json!("HS256"))]), "alg"),
        (rsa(&[("alg", json!("RSA-OAEP"))]), "alg"),
        (rsa(&[("alg", json!("rs256"))]), "alg"),
        (rsa(&[("use", json!("enc"))]), "alg"),
    ] {
        assert_eq!(
            reason(&entry),
            Some(PassedOver::Restriction(expected)),
            "{entry}"
        );
        // A token by this key is refused because of the unusable key, with and without `kid`.
        let is_rsa = entry.get("n").is_some();
        let signer = if is_rsa { rs256() } else { &Point::of(3).key };
        for kid in [Some("key"), None] {
            let verified = verified_by(signer, kid, from_ref(&entry));
            assert_eq!(verified, Err(IdTokenError::UnusableKey), "{entry} {kid:?}");
        }
        let another = verified_by(signer, Some("another"), from_ref(&entry));
        assert_eq!(another, Err(IdTokenError::UnknownKey), "{entry}");
    }
}

#[test]
fn fail_what_is_for_another_purpose_is_no_key_for_this_one() {
    let none = || json!("left out");
    for changes in [
        vec![
            ("kty", json!("OKP")),
            ("crv", json!("Ed25519")),
            ("alg", json!("EdDSA")),
        ],
        vec![
            ("kty", json!("OKP")),
            ("crv", json!("X25519")),
            ("alg", none()),
        ],
        vec![
            ("kty", json!("AKP")),
            ("crv", none()),
            ("alg", json!("ML-DSA-65")),
        ],
        vec![
            ("kty", json!("oct")),
            ("crv", none()),
            ("alg", json!("HS256")),
        ],
        vec![("kty", json!("future")), ("crv", none()), ("alg", none())],
        vec![("crv", json!("P-384")), ("alg", json!("ES384"))],
        vec![("crv", json!("P-521")), ("alg", json!("ES512"))],
        vec![("crv", json!("secp256k1")), ("alg", json!("ES256K"))],
        vec![("crv", json!("P-384")), ("alg", none())],
        vec![
            ("kty", json!("ec")),
            ("crv", json!("P-384")),
            ("alg", none()),
        ],
        vec![("use", json!("enc")), ("alg", none())],
        vec![("use", json!("enc")), ("alg", json!("ECDH-ES"))],
        vec![
            ("use", json!("enc")),
            ("alg", json!("ECDH-ES")),
            ("kty", json!("ec")),
        ],
        vec![
            ("use", json!("enc")),
            ("alg", none()),
            ("x", json!("AQ")),
            ("kid", json!(1)),
        ],
        vec![("use", none()), ("alg", json!("ECDH-ES+A256KW"))],
        vec![
            ("use", none()),
            ("alg", none()),
            ("key_ops", json!(["deriveKey", "deriveBits"])),
        ],
        vec![("kty", json!("RSA")), ("alg", json!("RS512"))],
        vec![("kty", json!("RSA")), ("alg", json!("PS256"))],
        vec![
            ("kty", json!("RSA")),
            ("alg", json!("RSA-OAEP-256")),
            ("use", none()),
        ],
    ] {
        let entry = changed_all(&changes);
        assert_eq!(reason(&entry), Some(PassedOver::OfNoUse), "{entry}");
        for kid in [Some("key"), None] {
            let verified = verified_by(&Point::of(3).key, kid, from_ref(&entry));
            assert_eq!(verified, Err(IdTokenError::UnknownKey), "{entry} {kid:?}");
        }
        // So next to this entry, a forgery is refused as a forgery.
        let mut good = public_jwk(es256());
        good["kid"] = json!("key");
        let verified = Point::of(3).verified_with(&[entry.clone(), good]);
        assert_eq!(verified, Err(IdTokenError::Signature), "{entry}");
    }
}

/// A token signed with a published key that can't be used is no forgery, even if a usable key has
/// the same `kid`, or is the only usable key for a token without `kid`.
#[test]
fn fail_a_token_by_an_unusable_key_is_no_forgery_beside_a_usable_key() {
    let signer = Point::of(3);
    let named = |name: Value| {
        let mut usable = public_jwk(es256());
        usable["kid"] = name;
        usable
    };
    let [same, other] = [named(json!("key")), named(json!("other"))];
    for bad in [
        changed("use", json!("SIG")),
        changed("alg", json!("RS256")),
        changed("crv", json!("P256")),
        changed("kty", json!("ec")),
        changed("x", json!("AQ")),
        changed("x", json!("left out")),
        changed("d", json!("AQ")),
        changed("kid", json!(1)),
    ] {
        for (usable, kid) in [(&same, Some("key")), (&same, None), (&other, None)] {
            for entries in [[usable.clone(), bad.clone()], [bad.clone(), usable.clone()]] {
                let verified = verified_by(&signer.key, kid, &entries);
                assert_eq!(verified, Err(IdTokenError::UnusableKey), "{bad} {kid:?}");
                // The usable key still verifies its own tokens.
                assert_eq!(verified_by(es256(), kid, &entries), Ok(()), "{bad} {kid:?}");
            }
        }
    }
}

/// An unusable entry that can't be the signer's key doesn't hide a forgery.
#[test]
fn fail_a_forgery_is_one_beside_an_unusable_key_that_cannot_be_meant() {
    let mut usable = public_jwk(es256());
    usable["kid"] = json!("key");
    let mut rsa = public_jwk(rs256());
    rsa["e"] = json!("AQ");
    let mut rsa_of_that_name = rsa.clone();
    rsa_of_that_name["kid"] = json!("key");
    let private_of_another_kind = json!({"kty": "OKP", "crv": "Ed25519", "kid": "key", "d": "AQ"});
    for (bad, kids) in [
        (rsa, &[Some("key"), None][..]),
        (rsa_of_that_name, &[Some("key"), None]),
        (private_of_another_kind, &[Some("key"), None]),
        (
            changed_all(&[("kid", json!("another")), ("x", json!("AQ"))]),
            &[Some("key")],
        ),
        (
            changed_all(&[("kid", json!("left out")), ("x", json!("AQ"))]),
            &[Some("key")],
        ),
    ] {
        for kid in kids {
            let entries = [bad.clone(), usable.clone()];
            let forged = verified_by(&Point::of(3).key, *kid, &entries);
            assert_eq!(forged, Err(IdTokenError::Signature), "{bad} {kid:?}");
        }
        // An unknown `kid` stays unknown.
        let entries = [bad.clone(), usable.clone()];
        let unknown = verified_by(&Point::of(3).key, Some("nobody's"), &entries);
        assert_eq!(unknown, Err(IdTokenError::UnknownKey), "{bad}");
    }
}

/// If the `kid` of an entry can't be read, its key may have signed any token.
#[test]
fn fail_an_unusable_entry_whose_name_cannot_be_read_may_be_the_one_that_is_meant() {
    let point = Point::of(3);
    let entry = point.entry(encode);
    for bad in [
        changed("kid", json!(1)).to_string(),
        changed("kid", json!([1])).to_string(),
        with_members(r#""kid":"1""#, &entry),
        with_members(r#""kid":"\ud800""#, &changed("kid", json!("left out"))),
        // A JWK within a string, and one within an array: neither is an object.
        json!(entry.to_string()).to_string(),
        json!([entry]).to_string(),
    ] {
        for kid in [Some("1"), None] {
            let verified = verified_by_texts(&point.key, kid, from_ref(&bad));
            assert_eq!(verified, Err(IdTokenError::UnusableKey), "{bad} {kid:?}");
        }
    }
}

/// The value of a member that comes twice isn't known, but the entry keeps its `kid`.
#[test]
fn fail_a_repeated_member_or_a_malformed_name_costs_its_entry_alone_and_not_its_key_id() {
    let point = Point::of(3);
    let entry = point.entry(encode);
    for (members, expected) in [
        (r#""use":"sig""#, PassedOver::RepeatedMember),
        (r#""u\u0073e":"sig""#, PassedOver::RepeatedMember),
        (r#""use":null"#, PassedOver::RepeatedMember),
        (r#""kty":"EC""#, PassedOver::RepeatedMember),
        (r#""kty":"RSA""#, PassedOver::RepeatedMember),
        (r#""alg":"RS256""#, PassedOver::RepeatedMember),
        (r#""x":"AQ""#, PassedOver::RepeatedMember),
        (r#""new":1,"new":1e999"#, PassedOver::RepeatedMember),
        (r#""\ud800":1"#, PassedOver::MemberName),
    ] {
        let bad = with_members(members, &entry);
        assert_eq!(reason_of_text(&bad), Some(expected), "{bad}");
        let entries = [bad, public_jwk(es256()).to_string()];
        for (kid, class) in [
            (Some("key"), IdTokenError::UnusableKey),
            (None, IdTokenError::UnusableKey),
            (Some("another"), IdTokenError::UnknownKey),
        ] {
            let verified = verified_by_texts(&point.key, kid, &entries);
            assert_eq!(verified, Err(class), "{members} {kid:?}");
        }
        let kid = es256().key_id().as_str();
        assert_eq!(verified_by_texts(es256(), Some(kid), &entries), Ok(()));
    }
    // A key of another kind is still passed over as one.
    let other = r#"{"kty":"OKP","kid":"key","new":1,"new":2,"\ud800":3}"#;
    assert_eq!(reason_of_text(other), Some(PassedOver::OfNoUse));
}

/// A number, a text or a nesting that can't be read is harmless in a member that isn't needed.
/// Otherwise it excludes only its own entry.
#[test]
fn pass_a_good_key_beside_and_with_values_that_cannot_be_read() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let deep_objects = format!(r#"{}1{}"#, r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let values = [
        "1e999".to_owned(),
        r#""\ud800""#.to_owned(),
        r#"{"\ud800":1}"#.to_owned(),
        "[-1e-9999]".to_owned(),
        "9".repeat(500),
        deep(124),
        deep(127),
        deep(500),
        deep(60_000),
        deep_objects,
    ];
    let point = Point::of(3);
    let good = point.entry(encode);
    for value in &values {
        let what = value.get(..40).unwrap_or(value);
        for member in ["x", "n", "kid", "use", "alg", "key_ops", "crv", "new"] {
            let other = format!(r#"{{"kty":"OKP","{member}":{value}}}"#);
            let entries = [other, good.to_string()];
            let keys = PublishedKeys::read(set_of(&entries).as_bytes()).unwrap();
            let reasons: Vec<_> = keys.passed_over().collect();
            assert_eq!(reasons, [PassedOver::OfNoUse], "{member} {what}");
            let verified = verified_by_texts(&point.key, Some("key"), &entries);
            assert_eq!(verified, Ok(()), "{member} {what}");
        }
        // As an entry of its own.
        let entries = [value.clone(), good.to_string()];
        let verified = verified_by_texts(&point.key, Some("key"), &entries);
        assert_eq!(verified, Ok(()), "{what}");
        // In the key itself: a member that isn't used, and one that is.
        let unused = with_members(&format!(r#""x5c":{value}"#), &good);
        let verified = verified_by_texts(&point.key, Some("key"), &[unused]);
        assert_eq!(verified, Ok(()), "{what}");
        for member in ["x", "use", "alg", "kty", "crv", "key_ops"] {
            let members = format!(r#""{member}":{value}"#);
            let bad = with_members(&members, &changed(member, json!("left out")));
            let expected = match member {
                "key_ops" => PassedOver::Restriction(member),
                _ => PassedOver::Member(member),
            };
            // `key_ops` that can't be read have no known operation.
            assert_eq!(reason_of_text(&bad), Some(expected), "{member} {what}");
            let entries = [bad, public_jwk(es256()).to_string()];
            let verified = verified_by_texts(&point.key, Some("key"), &entries);
            assert_eq!(verified, Err(IdTokenError::UnusableKey), "{member} {what}");
        }
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

/// With a published private key anybody can sign. So neither its entry is used, nor another one
/// that has only the public part.
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

/// One of the numbers is enough to recognize the public twin, however the entry with the private
/// part is written.
#[test]
fn fail_the_twin_of_a_private_key_that_is_not_written_as_it_is() {
    let point = Point::of(379);
    let public = point.entry(encode);
    let x = encode(minimal(&point.x));
    let rsa = public_jwk(rs256());
    let n = rsa["n"].as_str().unwrap();
    for (private, signer, public) in [
        (
            format!(r#"{{"kty":"ec","x":"{x}","d":"AQ"}}"#),
            &point.key,
            &public,
        ),
        (format!(r#"{{"x":"{x}","d":"AQ"}}"#), &point.key, &public),
        (
            format!(r#"{{"kty":"EC","x":"AQ","x":"{x}","d":"AQ"}}"#),
            &point.key,
            &public,
        ),
        (
            format!(r#"{{"kty":"EC","x":"{x}","d":"AQ","d":1e999}}"#),
            &point.key,
            &public,
        ),
        (
            format!(r#"{{"kty":"EC","use":"enc","x":"{x}","\u0064":"AQ"}}"#),
            &point.key,
            &public,
        ),
        (
            format!(r#"{{"kty":"rsa","n":"{n}","e":"Aw","d":"AQ"}}"#),
            rs256(),
            &rsa,
        ),
    ] {
        assert_eq!(reason_of_text(&private), Some(PassedOver::Private));
        let entries = [public.to_string(), private.clone()];
        let kid = public["kid"].as_str();
        let verified = verified_by_texts(signer, kid, &entries);
        assert_eq!(verified, Err(IdTokenError::UnusableKey), "{private}");
    }
}

#[test]
fn pass_one_key_several_times_is_one_and_two_keys_of_one_name_are_as_good() {
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
    for entries in [[whole.clone(), another.clone()], [another, whole.clone()]] {
        assert_eq!(point.verified_with(&entries), Ok(()));
        assert_eq!(verified_by(other_es256(), Some("key"), &entries), Ok(()));
        let forged = verified_by(es256(), Some("key"), &entries);
        assert_eq!(forged, Err(IdTokenError::Signature));
        // Without `kid`, either key could be meant.
        let unnamed = verified_by(&point.key, None, &entries);
        assert_eq!(unnamed, Err(IdTokenError::UnknownKey));
    }

    // Keys of other kinds may have the same `kid`: the algorithm tells them apart.
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
    // But a `kid` that isn't published is unknown.
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
        // A number or a text that can't be read is still JSON. One that is cut off or malformed is
        // not.
        (r#"{"keys":[1e999]}"#.to_owned(), true),
        (r#"{"keys":["\ud800"]}"#.to_owned(), true),
        (r#"{"keys":[1e]}"#.to_owned(), false),
        (r#"{"keys":["\ud8"]}"#.to_owned(), false),
        (r#"{"keys":[{"x":[}]}"#.to_owned(), false),
        (r#"{"keys":[{"x"}]}"#.to_owned(), false),
        (
            format!(r#"{{"keys":[{{"x":{}}}]}}"#, "[".repeat(500)),
            false,
        ),
        ("null".to_owned(), false),
        ("<html>".to_owned(), false),
        (String::new(), false),
    ] {
        let read = PublishedKeys::read(document.as_bytes());
        assert_eq!(read.is_ok(), is_set, "{document}");
        assert!(is_set || read == Err(NoKeySet));
    }
    for document in [
        &b"{\"keys\":[],\"\xff\":1}"[..],
        b"{\"keys\":[{\"x\":\"\xff\"}]}",
    ] {
        assert_eq!(PublishedKeys::read(document), Err(NoKeySet));
    }
}

#[test]
fn pass_nothing_of_a_key_is_shown() {
    let set = jwk_set(&[es256()]).to_string();
    let keys = PublishedKeys::read(set.as_bytes()).unwrap();
    assert_eq!(format!("{keys:?}"), "PublishedKeys(1, 0 passed over)");
}
