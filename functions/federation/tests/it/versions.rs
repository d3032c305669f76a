//! Tests of two versions of the bridge side by side, as during a deployment. A login goes on at
//! either of them. A form that one of them doesn't know is reported as what it is, and not as an
//! attack.
//! This file has the previous version's sealed forms, and its way to read them: it read the
//! members, and ignored what followed.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use digital_auth::CodeExchange;
use digital_auth::authorization::{OneTimeValues, Secret256};
use federation::code::Code;
use federation::pending_cookie::{self, Pending};
use federation::pending_login::{ClientRequest, ClientState, PendingLogin};
use keys::SystemRandomness;
use kit::{Parameters, sealing_keys, start};
use sealing::SealingKeys;
use sealing::sealed::{Audience, OpenError, Purpose, Seal, Travels};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::bridge::{Browser, Call, RunningBridge};
use crate::support::{
    CLIENT_ID, ISSUER, REDIRECT_URI, authorization_request, parameters, token_request,
};

/// The content of a pending login, from before there was a version.
#[derive(Deserialize, Serialize)]
struct OldLogin {
    state: [u8; 32],
    nonce: [u8; 32],
    code_verifier: [u8; 32],
    redirect_uri: String,
    client_state: Vec<OldStatePart>,
    client_nonce: Option<String>,
    client_code_challenge: Option<[u8; 32]>,
    authenticated_after: Option<i64>,
}

/// A part of the client's state, between its dots.
#[derive(Deserialize, Serialize)]
enum OldStatePart {
    Verbatim(String),
    Decoded(Vec<u8>),
}

/// The content of a code, from before there was a version.
#[derive(Deserialize, Serialize)]
struct OldCode {
    service_code: String,
    code_verifier: [u8; 32],
    nonce: [u8; 32],
    redirect_uri: String,
    client_nonce: Option<String>,
    client_code_challenge: Option<[u8; 32]>,
    authenticated_after: Option<i64>,
}

/// A process of another version of the bridge, with the same key and the same time.
struct OtherVersion(SealingKeys);

impl OtherVersion {
    fn new() -> Self {
        Self(sealing_keys(&[1]))
    }

    fn sealing(&self) -> Seal<'_> {
        Seal {
            keys: &self.0,
            audience: Audience::new(ISSUER, CLIENT_ID),
            now: start(),
        }
    }

    fn seal(&self, purpose: Purpose, inside: &[u8]) -> String {
        let expires_at = start() + TimeDelta::seconds(60);
        let sealed = (self.sealing()).seal(purpose, expires_at, inside, &SystemRandomness);
        sealed.unwrap()
    }

    /// Reads a value as the previous version did, which ignored trailing bytes.
    fn read<T: for<'de> Deserialize<'de>>(&self, purpose: Purpose, sealed: &str) -> T {
        let inside = self.sealing().open(purpose, sealed).unwrap();
        postcard::from_bytes(&inside).unwrap()
    }

    /// A login that the other version has begun: the content of its cookie.
    fn login() -> OldLogin {
        OldLogin {
            state: [21; 32],
            nonce: [22; 32],
            code_verifier: [23; 32],
            redirect_uri: REDIRECT_URI.to_owned(),
            client_state: vec![OldStatePart::Verbatim("the client's".to_owned())],
            client_nonce: None,
            client_code_challenge: None,
            authenticated_after: None,
        }
    }

    /// The browser of [`Self::login`] with a cookie that holds `inside`, and the service's answer.
    fn browser(&self, bridge: &RunningBridge, inside: &[u8]) -> (Browser, Parameters) {
        let login = Self::login();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let challenge = digest(&SHA256, text(&login.code_verifier).as_bytes());
        let asked = [
            ("state", text(&login.state)),
            ("nonce", text(&login.nonce)),
            ("code_challenge", text(challenge.as_ref())),
        ];
        let asked = asked.map(|(name, value)| (name.to_owned(), value)).into();
        let ending = pending_cookie::end(Pending::Login, &Secret256::from_bytes(login.state));
        let name = ending.split('=').next().unwrap().to_owned();
        let cookie = self.seal(Purpose::PendingLogin, inside);
        let browser = Browser([(name, cookie)].into());
        (browser, bridge.service.answer(&asked))
    }
}

/// The client's request of [`the_form`], and its bytes.
fn client_request() -> (ClientRequest, Vec<u8>) {
    let client_request = ClientRequest {
        nonce: Some("n-0S6".to_owned()),
        code_challenge: Some([24; 32]),
        authenticated_after: DateTime::from_timestamp(1_800_000_000, 0),
    };
    let bytes = [
        &b"\x01\x05n-0S6"[..],
        &[1],
        &[24; 32],
        // 1,800,000,000 as postcard encodes it: twice that, in groups of seven bits.
        b"\x01\x80\xc8\xce\xb4\x0d",
    ];
    (client_request, bytes.concat())
}

fn one_time_values() -> OneTimeValues {
    OneTimeValues {
        state: Secret256::from_bytes([21; 32]),
        nonce: Secret256::from_bytes([22; 32]),
        code_verifier: Secret256::from_bytes([23; 32]),
    }
}

/// The content of a cookie and of a code, byte for byte. The previous version reads it, and so does
/// the next one. This test fails if a field or the order of two fields is changed.
#[test]
fn the_form() {
    let this = OtherVersion::new();
    let (client_request, request_bytes) = client_request();
    let login = PendingLogin {
        one_time: one_time_values(),
        redirect_uri: "https://a.example/b".to_owned(),
        client_state: ClientState::new("Ab-_.4"),
        client_request: client_request.clone(),
    };
    let lines = login.begin(this.sealing(), std::iter::empty(), &SystemRandomness);
    let line = lines.unwrap().remove(0);
    let cookie = line.split(['=', ';']).nth(1).unwrap();
    let written = this.sealing().open(Purpose::PendingLogin, cookie).unwrap();
    let members = [
        &[21; 32][..],
        &[22; 32],
        &[23; 32],
        b"\x13https://a.example/b",
        // Two parts: one that is base64url, and one that isn't.
        b"\x02\x01\x03\x01\xbf\xbf\x00\x014",
        &request_bytes,
    ]
    .concat();
    assert_eq!(*written, [&members[..], &[1]].concat());
    assert_eq!(PendingLogin::read(&members).unwrap(), login);
    assert!(PendingLogin::read(&written).unwrap() == login);

    let code = Code {
        exchange: CodeExchange::new("service's".into(), one_time_values()),
        redirect_uri: login.redirect_uri,
        client_request,
    };
    let sealed = code.seal(this.sealing(), &SystemRandomness).unwrap();
    let written = this.sealing().open(Purpose::Code, &sealed).unwrap();
    let mut members = [
        b"\x09service's",
        &[23; 32][..],
        &[22; 32],
        b"\x13https://a.example/b",
        &request_bytes,
    ]
    .concat();
    assert_eq!(*written, [&members[..], &[1]].concat());
    for inside in [&members, &*written] {
        let read = Code::read(inside).unwrap();
        assert_eq!(read.exchange.code.expose_secret(), "service's");
        assert!(read.exchange.nonce == login.one_time.nonce);
        assert!(read.exchange.code_verifier == login.one_time.code_verifier);
        assert_eq!(read.redirect_uri, code.redirect_uri);
        assert!(read.client_request == code.client_request);
    }
    // An invalid time, which no version writes, is an error, and not a missing bound.
    let at = members.len() - 5;
    members.splice(at.., *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    assert_eq!(Code::read(&members).unwrap_err(), OpenError::OtherVersion);
}

#[tokio::test]
async fn pass_a_login_goes_from_the_version_before_to_this_one_and_back() {
    let bridge = RunningBridge::new().await;
    let old = OtherVersion::new();

    // The login begins at the previous version, and comes back to this one.
    let cookie = postcard::to_allocvec(&OtherVersion::login()).unwrap();
    let (browser, answer) = old.browser(&bridge, &cookie);
    let back = Call::callback(&answer)
        .browser(&browser)
        .send(&bridge)
        .await;
    let back = parameters(back.location());
    assert_eq!(back["state"], "the client's");
    // The previous version can read the code. A code in its own form works here as well.
    let code: OldCode = old.read(Purpose::Code, &back["code"]);
    let code = postcard::to_allocvec(&code).unwrap();
    let code = old.seal(Purpose::Code, &code);
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();

    // The login begins at this version, and the previous one can read it.
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let cookie = &browser.0[browser.only()];
    let login: OldLogin = old.read(Purpose::PendingLogin, cookie);
    assert_eq!(URL_SAFE_NO_PAD.encode(login.state), asked["state"]);
    assert_eq!(URL_SAFE_NO_PAD.encode(login.nonce), asked["nonce"]);
    assert_eq!(login.redirect_uri, REDIRECT_URI);
}

/// A value of the next version is no forgery, whatever its content: it opened.
#[tokio::test]
async fn fail_what_the_next_version_wrote_as_foreign_and_not_as_altered() {
    let bridge = RunningBridge::new().await;
    let next = OtherVersion::new();
    let login = || postcard::to_allocvec(&OtherVersion::login()).unwrap();
    let insides = |own: Vec<u8>| {
        [
            [own.as_slice(), &[2]].concat(),
            [own.as_slice(), b"more", &[2]].concat(),
            [own.as_slice(), &[1, 1]].concat(),
            own[..own.len() - 1].to_vec(),
            b"\x02{}".to_vec(),
            vec![0xff; 300],
            vec![],
        ]
    };
    for inside in insides(login()) {
        let (browser, answer) = next.browser(&bridge, &inside);
        let back = Call::callback(&answer)
            .browser(&browser)
            .send(&bridge)
            .await;
        back.is_page(400, "foreign_login");
    }

    let (browser, answer) = next.browser(&bridge, &login());
    let back = Call::callback(&answer)
        .browser(&browser)
        .send(&bridge)
        .await;
    let code = &parameters(back.location())["code"];
    let code: OldCode = next.read(Purpose::Code, code);
    for inside in insides(postcard::to_allocvec(&code).unwrap()) {
        let code = next.seal(Purpose::Code, &inside);
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        answer.is_error(400, "invalid_grant", "code_foreign");
    }
    // A value whose first byte says that the seal itself has another version.
    let code = next.seal(Purpose::Code, b"");
    let mut bytes = URL_SAFE_NO_PAD.decode(code).unwrap();
    bytes[0] = 2;
    let code = URL_SAFE_NO_PAD.encode(bytes);
    let answer = Call::token(&token_request(&code)).send(&bridge).await;
    answer.is_error(400, "invalid_grant", "code_foreign");
}
