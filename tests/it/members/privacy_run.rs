//! What was seen in a run of members, and what is known to be secret or personal.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use demo::laptop::{MEMBER_RETURN_URL, SERVICE_CLIENT_ID};
use http::Method;
use kit::parameters;
use login_kit::{Arrival, BrowserLogin, Laptop, Page};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use service_simulator::fault::Fault;
use service_simulator::people::People;
use service_simulator::{Endpoint, ServiceOptions};
use url::Url;

use super::{Member, password, table};
use crate::privacy::Search;

/// The kinds of secret or personal values.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    // About the person
    Attribute,
    Subject,
    PersonHmac,
    // About the member
    Password,
    Profile,
    Username,
    Sub,
    MemberToken,
    Record,
    // What travels
    AppState,
    AppVerifier,
    Ticket,
    Cookie,
    Code,
    Continuation,
    // Between the functions and the service
    ServiceState,
    ServiceCode,
    ServiceVerifier,
    Assertion,
    ServiceToken,
    // Keys
    Key,
    // In a request that was refused
    Refused,
}

pub(super) const HANAKO: &str = "marked-hanako";
pub(super) const TARO: &str = "marked-taro";
pub(super) const NAME: &str = "刻印　花子之助";
pub(super) const ADDRESS: &str = "北海道刻印市中央区刻印町１２３番地";
pub(super) const BIRTH_DATE: &str = "19610203";
pub(super) const THE_PERSON_KEY: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
pub(super) const A_MEMBER_KEY: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY";
/// What is sent where it is refused.
pub(super) const MARKED: &str = "marked-value-of-an-attacker";

pub(super) fn people(service: &mut ServiceOptions) {
    let people = json!([{
        "id": "marked", "name": NAME, "address": ADDRESS, "birthdate": BIRTH_DATE, "gender": "2",
    }]);
    service.people = People::from_json(people.to_string().as_bytes()).unwrap();
}

/// The values that are known, and the texts that were seen, each with its place.
pub(super) struct Run<'a> {
    laptop: &'a Laptop,
    pub(super) known: BTreeSet<(Kind, String)>,
    seen: Vec<(String, String)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(laptop: &'a Laptop) -> Self {
        let mut run = Self {
            laptop,
            known: BTreeSet::new(),
            seen: Vec::new(),
        };
        for value in [NAME, ADDRESS, BIRTH_DATE, "1961-02-03"] {
            run.know(Kind::Attribute, value);
        }
        // As an app would see parts of them.
        run.know(Kind::Attribute, "刻印市中央区");
        let people = laptop.service.people();
        run.know(Kind::Subject, &people[0].subject(SERVICE_CLIENT_ID));
        run.know(Kind::Password, password().expose_secret());
        for username in [HANAKO, TARO] {
            run.know(Kind::Profile, &format!("own name of {username}"));
            run.know(Kind::Profile, &format!("{username}@example.com"));
            run.know(Kind::Username, username);
        }
        for key in [THE_PERSON_KEY, A_MEMBER_KEY] {
            run.know(Kind::Key, key);
        }
        let bridge = &laptop.configuration;
        for key in [
            bridge.sealing_key(),
            bridge.record_key(),
            bridge.client_secret(),
        ] {
            run.know(Kind::Key, key.expose_secret());
        }
        run.know(Kind::Refused, MARKED);
        run
    }

    pub(super) fn know(&mut self, kind: Kind, value: &str) {
        assert!(value.len() >= 8, "{kind:?}: too short to be looked for");
        self.known.insert((kind, value.to_owned()));
    }

    pub(super) fn see(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.seen.push((place.into(), text.into()));
    }

    pub(super) async fn signed_in(&mut self, username: &str) -> Member<'a> {
        let member = Member::signed_in(self.laptop, username).await;
        self.know(Kind::Sub, &member.sub());
        self.know_tokens(&member);
        member
    }

    pub(super) fn know_tokens(&mut self, member: &Member<'_>) {
        let tokens = &member.tokens;
        self.know(Kind::MemberToken, tokens.refresh_token.expose_secret());
        // The header names algorithm and key, and is no secret.
        let access_token = tokens.access_token.expose_secret();
        for part in access_token.split('.').skip(1) {
            self.know(Kind::MemberToken, part);
        }
    }

    /// Calls the API, and gives the body.
    pub(super) async fn call(
        &mut self,
        member: &Member<'_>,
        (method, path): (Method, &str),
        body: &Value,
        status: u16,
    ) -> Value {
        let place = format!("{method} {path}");
        let api = self.laptop.members.as_ref().unwrap().api.base_url();
        let token = member.tokens.access_token.expose_secret();
        let request = reqwest::Client::new().request(method, format!("{api}{path}"));
        let answer = request.bearer_auth(token).json(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{place}");
        self.see(
            format!("{place}: headers"),
            format!("{:?}", answer.headers()),
        );
        let body = answer.text().await.unwrap();
        self.see(format!("{place}: body"), &body);
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        if let Some(continuation) = body["continuation"].as_str() {
            self.know(Kind::Continuation, continuation);
        }
        body
    }

    /// Begins, and goes to the card: what the return URL has, and the verifier.
    pub(super) async fn back_from_the_card(
        &mut self,
        member: &Member<'_>,
        fault: Option<Fault>,
    ) -> (BTreeMap<String, String>, String) {
        let [state, verifier] =
            [(); 2].map(|()| keys::random_base64url::<32>(&keys::SystemRandomness).unwrap());
        self.know(Kind::AppState, &state);
        self.know(Kind::AppVerifier, &verifier);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let body = json!({
            "code_challenge": URL_SAFE_NO_PAD.encode(hash), "code_challenge_method": "S256",
            "state": state, "return_url": MEMBER_RETURN_URL,
        });
        let begun = self
            .call(member, (Method::POST, "/verifications"), &body, 201)
            .await;
        self.know(Kind::Ticket, begun["ticket"].as_str().unwrap());
        let url: Url = begun["url"].as_str().unwrap().parse().unwrap();
        let at_app = |url: &Url| url.as_str().starts_with(MEMBER_RETURN_URL);
        let journey = BrowserLogin::run(&member.browser, &url, "marked", fault, at_app).await;
        for page in &journey.answers {
            self.page(page);
        }
        let Arrival::At(back) = journey.end else {
            panic!("not back at the app");
        };
        self.see("app: url", back.as_str());
        let parameters = parameters(&back);
        assert_eq!(parameters["state"], state);
        if let Some(code) = parameters.get("verification_code") {
            self.know(Kind::Code, code);
        }
        (parameters, verifier)
    }

    /// Looks at an answer of the bridge.
    pub(super) fn page(&mut self, page: &Page) {
        if page.url.host_str() != Some("bridge.localhost") {
            return;
        }
        let place = format!("bridge {}", page.url.path());
        self.see(format!("{place}: url"), page.url.as_str());
        self.see(format!("{place}: body"), page.text());
        for (name, value) in &page.headers {
            let value = value.to_str().unwrap();
            let kind = match name.as_str() {
                special @ ("location" | "set-cookie") => special,
                _ => "headers",
            };
            let cookie = value
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='));
            if let (true, Some((_, cookie))) = (name == "set-cookie", cookie)
                && !cookie.is_empty()
            {
                self.know(Kind::Cookie, cookie);
            }
            self.see(format!("{place}: {kind}"), value);
        }
        // Where the browser is sent, and with what.
        if let Some(location) = page.redirect_target().unwrap() {
            let names: Vec<_> = parameters(&location).into_keys().collect();
            let known: &[&[&str]] = match page.url.path() {
                "/verify" => &[&[
                    "client_id",
                    "code_challenge",
                    "code_challenge_method",
                    "nonce",
                    "redirect_uri",
                    "response_type",
                    "scope",
                    "state",
                ]],
                _ => &[
                    &["iss", "state", "verification_code"],
                    &[
                        "iss",
                        "state",
                        "verification_error",
                        "verification_support_id",
                    ],
                ],
            };
            let names: Vec<_> = names.iter().filter(|name| *name != "acr_values").collect();
            assert!(
                known.iter().any(|known| *known == names),
                "{place}: {names:?}"
            );
        }
    }

    /// Looks at what the service received and issued, at the logs, the journal and the table.
    pub(super) async fn finish(&mut self) {
        let laptop = self.laptop;
        for tokens in laptop.service.issued_tokens() {
            for token in [tokens.id_token, tokens.access_token, tokens.refresh_token] {
                self.know(Kind::ServiceToken, &token);
            }
        }
        for request in laptop.service.requests() {
            let of_form = [
                (Kind::ServiceCode, "code"),
                (Kind::ServiceVerifier, "code_verifier"),
                (Kind::Assertion, "client_assertion"),
            ];
            match request.endpoint {
                Endpoint::Token => {
                    for (kind, name) in of_form {
                        self.know(kind, request.form_value(name).unwrap());
                    }
                }
                Endpoint::Authorization => {
                    self.know(Kind::ServiceState, request.query_value("state").unwrap());
                }
                _ => {}
            }
        }
        let members = laptop.members.as_ref().unwrap();
        for (place, said, lines) in [
            ("log of verification", "DEBUG", members.api.logs().lines()),
            (
                "log of the operator",
                "failure",
                members.operator.logs().lines(),
            ),
            ("log of federation", "DEBUG", laptop.bridge.logs().lines()),
            ("log of the triggers", "DEBUG", laptop.triggers.log_lines()),
        ] {
            let is_said = lines.iter().any(|line| line.contains(said));
            assert!(is_said, "{place} has no {said}");
            for line in lines {
                self.see(place, line);
            }
        }
        for step in laptop.journal.steps() {
            self.see("journal", serde_json::to_string(&step).unwrap());
        }
    }

    pub(super) async fn table(&mut self) {
        for entry in table::entries(self.laptop).await {
            if let Some(hmac) = entry["key"]["S"].as_str().unwrap().strip_prefix("person#") {
                self.know(Kind::PersonHmac, hmac);
            }
            self.see("table", entry.to_string());
        }
    }

    pub(super) fn found(&self) -> BTreeSet<(Kind, &str)> {
        let search = Search::new(&self.known);
        let seen = self.seen.iter();
        let found = seen.flat_map(|(place, text)| {
            let kinds = search.kinds(text).into_iter();
            kinds.map(|kind| (kind, place.as_str()))
        });
        found.collect()
    }
}
