//! The pages of the use cases, each of which looks like the site of its own operator: a shop's
//! counter, a town's bookings, a university's certificates. Each shows what was decided, what the
//! app received, what the citizen was asked for, and the diagram.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::FixedOffset;
use http::StatusCode;
use http::header::HeaderMap;
use loopback::journal::Hop;
use loopback::pages::{Forms, Frame, LANGUAGE, Language, Site, page};
use serde_json::{Map, Value};

use super::choice::labels;
use super::handlers::{Asked, hops_of, is_from_elsewhere, see_other};
use super::memory::Session;
use super::pages::{self, Problem, SITE, Story};
use super::received::{self, Fact, JAPAN};
use super::settings::Explain;
use super::shared::Shared;
use super::visit::{OF, Visit};
use crate::use_case::booking::{MUNICIPALITIES, ROOMS};
use crate::use_case::{UseCase, age, booking, certificates};

/// The query parameter with the place of a room in the list.
const ROOM: &str = "room";

/// `GET /age`.
pub(super) async fn age(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let case = of(&shared, &asked, UseCase::Age);
    let language = asked.language;
    let title = language.say("年齢の確認", "Age check");
    let template = AgePage {
        frame: case.frame(title),
        decision: case.decide(age::decide),
        parts: case.parts(),
    };
    asked.remembered(page(StatusCode::OK, &template, Forms::Leaving, None))
}

/// `GET /booking`.
pub(super) async fn booking(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let case = of(&shared, &asked, UseCase::Booking);
    let language = asked.language;
    let town = case.visit.town;
    let decision = case.decide(|claims| booking::decide(claims, town));
    let title = language.say("公共施設の予約", "Facility booking");
    let is_resident = decision == Some(booking::Decision::Resident);
    let rooms = ROOMS.iter().enumerate().map(|(place, room)| RoomRow {
        book: case.visit.page(&[(ROOM, &place.to_string())]),
        name: language.say(room.name.0, room.name.1),
        resident: room.resident,
        other: room.other,
        price: if is_resident {
            room.resident
        } else {
            room.other
        },
        is_booked: case.session.as_ref().and_then(|session| session.booked) == Some(place),
    });
    let template = BookingPage {
        frame: case.frame(title),
        decision,
        town: language.say(town.name.0, town.name.1),
        towns: MUNICIPALITIES
            .map(|one| TownOption {
                code: one.code,
                name: language.say(one.name.0, one.name.1),
                is_chosen: one == town,
            })
            .into(),
        can_book: decision.is_some_and(|decision| decision != booking::Decision::Unknown),
        rooms: rooms.collect(),
        parts: case.parts(),
    };
    asked.remembered(page(StatusCode::OK, &template, Forms::Leaving, None))
}

/// `POST /booking?of=CODE&room=PLACE`: books a room, if the person's municipality is known.
pub(super) async fn book(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    if is_from_elsewhere(&asked.headers) {
        return pages::problem(Problem::OtherOrigin, asked.language);
    }
    let case = of(&shared, &asked, UseCase::Booking);
    let town = case.visit.town;
    let room = asked.value(ROOM).and_then(|room| room.parse().ok());
    let room = room.filter(|room| *room < ROOMS.len());
    let Some(decision) = case.decide(|claims| booking::decide(claims, town)) else {
        return pages::problem(Problem::NotSignedIn, asked.language);
    };
    match room {
        Some(room) if decision != booking::Decision::Unknown => {
            shared.memory().book(asked.session(), room);
            see_other(&format!("{}#booked", case.visit.page(&[])))
        }
        _ => pages::problem(Problem::Malformed, asked.language),
    }
}

/// `GET /certificates`.
pub(super) async fn certificates(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let case = of(&shared, &asked, UseCase::Certificates);
    let language = asked.language;
    let title = language.say("証明書の発行", "Certificates");
    let today = FixedOffset::east_opt(JAPAN).map(|japan| {
        let form = language.say("%Y年%-m月%-d日", "%Y-%m-%d");
        let now = shared.clock.now().with_timezone(&japan);
        now.format(form).to_string()
    });
    let template = CertificatesPage {
        frame: case.frame(title),
        decision: case.decide(certificates::decide),
        today: today.unwrap_or_default(),
        parts: case.parts(),
    };
    asked.remembered(page(StatusCode::OK, &template, Forms::Leaving, None))
}

/// A use case's page for one browser.
struct Case {
    visit: Visit,
    language: Language,
    /// The session, if the person signed in for this use case.
    session: Option<Session>,
    hops: Vec<Hop>,
    others: bool,
    explain: Explain,
}

/// The page of a use case for the browser that asks.
fn of(shared: &Shared, asked: &Asked, case: UseCase) -> Case {
    let now = shared.clock.now();
    let (session, others) = {
        let memory = shared.memory();
        let session = memory.session(asked.session(), now).cloned();
        let is_for_it = |visit: Visit| visit.case == case;
        let session = session.filter(|session| session.wish.case.is_some_and(is_for_it));
        let others = session
            .as_ref()
            .is_some_and(|session| memory.has_others(session.chapter));
        (session, others)
    };
    let chapter = session.as_ref().map(|session| session.chapter);
    Case {
        visit: Visit::new(case, asked.value(OF)),
        language: asked.language,
        hops: chapter.map_or_else(Vec::new, |chapter| hops_of(&shared.journal, chapter)),
        session,
        others,
        explain: shared.settings.explain,
    }
}

impl Case {
    /// The frame of the page.
    fn frame(&self, title: &str) -> Frame {
        let class = match self.visit.case {
            UseCase::Age => "app shop",
            UseCase::Booking => "app town",
            UseCase::Certificates => "app campus",
        };
        let site = Site { class, ..SITE };
        let other = self.visit.page(&[(LANGUAGE, self.language.other().code())]);
        Frame::new(site, self.language, title, other)
    }

    /// What is decided by the claims of the ID token, if somebody signed in.
    fn decide<D>(&self, decide: impl FnOnce(&Map<String, Value>) -> D) -> Option<D> {
        let session = self.session.as_ref()?;
        Some(decide(&session.signed_in.id_token))
    }

    fn parts(&self) -> Parts {
        let language = self.language;
        let (ja, en) = match self.visit.case {
            UseCase::Age => ("酒のあおば", "Aoba Liquor"),
            UseCase::Booking => ("青葉野市", "Aobano City"),
            UseCase::Certificates => ("青葉野大学", "Aobano University"),
        };
        Parts {
            language,
            brand: language.say(ja, en),
            sign_in: format!(
                "/login?{}&watch=1&{LANGUAGE}={}",
                self.visit.query(),
                language.code()
            ),
            log_out: format!("/logout?{}", self.visit.query()),
            start: format!("/?{LANGUAGE}={}", language.code()),
            asked: labels(self.visit.case.asks(), language),
            scopes: self.visit.case.scopes().to_string(),
            facts: self.session.as_ref().map_or_else(Vec::new, |session| {
                received::facts(&session.signed_in, session.wish.asked, language)
            }),
            story: (self.session.as_ref()).map(|_| {
                let teller = pages::teller(&self.hops, self.explain, language);
                Story::new(teller, self.others)
            }),
        }
    }
}

/// What the pages of all use cases show.
struct Parts {
    language: Language,
    brand: &'static str,
    sign_in: String,
    log_out: String,
    /// The start page.
    start: String,
    /// What the citizen is asked for.
    asked: String,
    scopes: String,
    /// What the app received.
    facts: Vec<Fact>,
    /// The diagram of the login, once there was one.
    story: Option<Story>,
}

impl Parts {
    fn say<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.language.say(ja, en)
    }
}

#[derive(Template)]
#[template(path = "case_age.html")]
struct AgePage {
    frame: Frame,
    decision: Option<age::Decision>,
    parts: Parts,
}

#[derive(Template)]
#[template(path = "case_booking.html")]
struct BookingPage {
    frame: Frame,
    decision: Option<booking::Decision>,
    town: &'static str,
    towns: Vec<TownOption>,
    can_book: bool,
    rooms: Vec<RoomRow>,
    parts: Parts,
}

/// A municipality that can stand for the town.
struct TownOption {
    code: &'static str,
    name: &'static str,
    is_chosen: bool,
}

/// A room in the list.
struct RoomRow {
    /// Where the form is sent that books it.
    book: String,
    name: &'static str,
    resident: u32,
    other: u32,
    /// What this person pays.
    price: u32,
    is_booked: bool,
}

#[derive(Template)]
#[template(path = "case_certificates.html")]
struct CertificatesPage {
    frame: Frame,
    decision: Option<certificates::Decision>,
    /// Today in Japan.
    today: String,
    parts: Parts,
}
