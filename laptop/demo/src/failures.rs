//! A failure in words: what was expected and what came, which checks passed before it, what the
//! person read, what an operator does, and whether a fault was chosen. Each is taken from the one
//! place that knows it: a class of failure explains itself, the checks have their words, the faults
//! theirs, and the journal has what came. Nothing is told that the journal doesn't show to anybody:
//! of a secret only that it is another one.

use federation::pages;
use loopback::journal::{Check, Hop, Parameter, Party, Step};
use loopback::pages::{Language, as_read};
use relying_party::Class;
use service_simulator::fault::Fault;

use crate::app::relying_party::class_and_support_id;
use crate::app::{Explain, told_to_member};
use crate::expected::{CANCELLED, CODE_NOT_ERROR, is_expected};
use crate::function_checks;
use crate::journal_ja::{japanese_value, text};

/// The document that a function's failed check names as its rule.
const FAILURES: &str = "docs/failures.md";
/// The most characters of what came.
const LONGEST: usize = 300;
/// The title of the app's page for a login that failed.
pub(crate) const NOT_SIGNED_IN: Text = ("ログインできませんでした", "You could not be signed in");

/// A check that failed, in one language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The class of a function's failure.
    pub class: Option<String>,
    /// What the class means.
    pub meaning: Option<String>,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub came: String,
    /// How many checks of this hop passed before.
    pub passed_before: usize,
    /// What an operator does about the class.
    pub remedy: Option<String>,
}

/// What a person read on the page with which a story ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Read {
    /// Whose page it was.
    pub whose: Party,
    /// Its sentences.
    pub words: String,
}

/// A fault that was chosen, in one language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chosen {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong.
    pub words: String,
    /// Whether it is a cancel, which is an answer like another.
    pub is_cancel: bool,
}

/// Tells the failures of a story.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    /// The story.
    pub hops: &'a [Hop],
    /// What the classes of failure mean.
    pub explain: Explain,
    /// The language.
    pub language: Language,
}

impl Teller<'_> {
    /// What failed in this hop. If no check did, but the status is that of an error, that is told.
    #[must_use]
    pub fn failures(&self, hop: &Hop) -> Vec<Failure> {
        let Some(step) = &hop.step else {
            return Vec::new();
        };
        let checks = step.checks.iter().enumerate();
        let failed = checks.filter(|(_, check)| !check.passed);
        let (right, wrong): (Vec<_>, Vec<_>) =
            failed.partition(|(_, check)| is_expected(step, check));
        let mut all: Vec<_> = wrong
            .into_iter()
            .map(|(place, check)| self.failure(hop, step, (place, check)))
            .collect();
        let status = step.status.filter(|status| *status >= 400);
        if let (true, true, Some(status)) = (all.is_empty(), right.is_empty(), status) {
            let mut came = vec![self.status(status)];
            let error = step.answer.iter().find(|one| one.name == "error");
            came.extend(error.map(|one| self.named(one)));
            all.push(Failure {
                class: None,
                meaning: None,
                expected: self.say(("成功を示すステータス", "the status of a success")),
                came: came.join(self.comma()),
                passed_before: step.checks.len(),
                remedy: None,
            });
        }
        all
    }

    /// What the person read on the page with which the story ended after this hop.
    #[must_use]
    pub fn read(&self, hop: &Hop) -> Option<Read> {
        let after = |other: &&Hop| other.from == Party::Browser && other.ended >= hop.ended;
        let mut after: Vec<_> = self.hops.iter().filter(after).collect();
        after.sort_by_key(|other| other.ended);
        after.into_iter().find_map(|other| {
            let words = self.words_of_page(other)?;
            let whose = other.to;
            Some(Read { whose, words })
        })
    }

    /// The fault that was chosen for this hop's answer.
    #[must_use]
    pub fn fault(&self, hop: &Hop) -> Option<Chosen> {
        let fault: Fault = hop.fault()?.parse().ok()?;
        Some(Chosen {
            name: fault.id(),
            words: self.words_of(fault),
            is_cancel: fault.class() == Some(CANCELLED),
        })
    }

    /// The fault that was chosen last in the story.
    #[must_use]
    pub fn last_fault(&self) -> Option<Chosen> {
        self.hops.iter().rev().find_map(|hop| self.fault(hop))
    }

    /// The fault that made this hop fail: the last that was chosen for an answer that came before
    /// this hop's.
    #[must_use]
    pub fn fault_behind(&self, hop: &Hop) -> Option<Chosen> {
        let before = |other: &&Hop| hop.ended.is_none_or(|ended| other.begun < ended);
        let mut before = self.hops.iter().rev().filter(before);
        before.find_map(|other| self.fault(other))
    }

    fn failure(&self, hop: &Hop, step: &Step, (place, check): (usize, &Check)) -> Failure {
        let earlier = step.checks.iter().take(place);
        let passed_before = earlier.filter(|check| check.passed).count();
        if check.rule != FAILURES {
            return Failure {
                class: None,
                meaning: None,
                expected: text(self.language, &check.what).to_owned(),
                came: self.came_at_check(step, check),
                passed_before,
                remedy: None,
            };
        }
        let class = check.what.as_str();
        let words = (self.explain)(class, self.language);
        let meaning = words.as_ref().map(|words| words.meaning.clone());
        Failure {
            class: Some(class.to_owned()),
            expected: self.expected(hop, class),
            came: self.came(hop, class, meaning.as_deref()),
            meaning,
            passed_before,
            remedy: words.map(|words| words.remedy),
        }
    }

    /// What a class rules out, in positive words, and the value if the story has it.
    fn expected(&self, hop: &Hop, class: &str) -> String {
        let mut words = function_checks::all();
        let words = match words.find(|words| words.check == class) {
            Some(words) => self.say((words.japanese, words.english)),
            None => {
                let mut all = EXPECTED.iter();
                let words = all.find(|(classes, _)| classes.contains(&class));
                self.say(words.map_or(NO_PROBLEM, |(_, words)| *words))
            }
        };
        let name = match class {
            "issuer_mismatch" | "id_token_issuer" => "issuer",
            "id_token_audience" | "id_token_authorized_party" => "client_id",
            "scope_not_granted" | "scope_not_confirmed" | "attribute_missing" => "scope",
            "assurance_not_accepted" => "acr_values",
            _ => return words,
        };
        let is_request =
            |other: &&Hop| other.to == Party::Service && other.request.ends_with("/auth");
        let request = self
            .hops
            .iter()
            .rev()
            .filter(|other| other.begun < hop.begun);
        let request = request.into_iter().find(is_request);
        let value = request.and_then(|request| {
            let parameters = request.step.iter().flat_map(|step| &step.parameters);
            let mut all = request.inside().chain(parameters);
            all.find(|one| one.name == name)
        });
        match value {
            Some(value) => match self.language {
                Language::Japanese => format!("{words}（{}）", self.named(value)),
                Language::English => format!("{words} ({})", self.named(value)),
            },
            None => words,
        }
    }

    /// What came, so that a function failed with this class: the values if the story has them.
    /// Without them, what the chosen fault says or, without one, what the class means.
    fn came(&self, hop: &Hop, class: &str, meaning: Option<&str>) -> String {
        let values = self.values(hop, class);
        if !values.is_empty() {
            return cut(&values.join(self.comma()));
        }
        let chosen = self.fault_behind(hop);
        let chosen = chosen.filter(|chosen| {
            let fault: Result<Fault, _> = chosen.name.parse();
            fault.is_ok_and(|fault| fault.class() == Some(class))
        });
        match (chosen, meaning) {
            (Some(chosen), _) => chosen.words,
            (None, Some(meaning)) => meaning.to_owned(),
            (None, None) => self.say(NOT_SO),
        }
    }

    fn values(&self, hop: &Hop, class: &str) -> Vec<String> {
        let answer = |endpoint: &str| {
            let is_at = |other: &Hop| other.request.ends_with(endpoint);
            self.answer_before(hop, is_at)
        };
        match source(class) {
            Source::Claim(name) => {
                let mut inside = answer(TOKEN).into_iter().flat_map(Hop::inside);
                let claim = inside.find(|one| one.name.strip_prefix("id_token.") == Some(name));
                claim.map(|one| self.named(one)).into_iter().collect()
            }
            Source::Parameter(name) => {
                let mut sent = hop.step.iter().flat_map(|step| &step.parameters);
                let sent = sent.find(|one| one.name == name);
                sent.map(|one| self.named(one)).into_iter().collect()
            }
            Source::Scope => {
                let step = answer(TOKEN).and_then(|token| token.step.as_ref());
                let scope = step.map(|step| self.named_or_missing(&step.answer, "scope"));
                scope.into_iter().collect()
            }
            Source::Names(endpoint) => {
                let step = answer(endpoint).and_then(|answer| answer.step.as_ref());
                let names = step.into_iter().flat_map(|step| &step.answer);
                let names: Vec<_> = names.map(|one| one.name.as_str()).collect();
                let names = (!names.is_empty()).then(|| names.join(" "));
                names.into_iter().collect()
            }
            Source::Look(endpoint) => {
                answer(endpoint).map_or_else(Vec::new, |answer| self.look(answer, class))
            }
            Source::Unanswered => {
                let is_failed = |step: &Step| step.status.is_none_or(|status| status >= 429);
                let last = |other: &Hop| other.step.as_ref().is_none_or(is_failed);
                let last = self.answer_before(hop, last);
                last.map_or_else(Vec::new, |last| self.look(last, class))
            }
            Source::Words => Vec::new(),
        }
    }

    /// What an answer of the service looks like.
    fn look(&self, hop: &Hop, class: &str) -> Vec<String> {
        let Some(step) = &hop.step else {
            return vec![self.say(("まだ応答がない", "no answer yet"))];
        };
        let status = step.status.map(|status| self.status(status));
        let inside = hop.inside().filter(|one| !one.name.starts_with("id_token"));
        let inside = inside.map(|one| self.named(one));
        let names: &[&str] = match class {
            // Of an answer that isn't JSON, the journal has no members.
            "token_answer_malformed" if !step.answer.is_empty() => &["token_type", "access_token"],
            "service_refused_code" | "service_refused_client" | "service_refused_request" => {
                &["error"]
            }
            _ => &[],
        };
        let members = names
            .iter()
            .map(|name| self.named_or_missing(&step.answer, name));
        status.into_iter().chain(inside).chain(members).collect()
    }

    /// The last answer of the service to a function before this hop's own answer.
    fn answer_before(&self, hop: &Hop, wanted: impl Fn(&Hop) -> bool) -> Option<&Hop> {
        let is_before = |other: &&Hop| {
            other.to == Party::Service
                && other.from != Party::Browser
                && hop.ended.is_none_or(|ended| other.begun < ended)
        };
        let mut before = self.hops.iter().rev().filter(is_before);
        before.find(|other| wanted(other))
    }

    /// What came where a stand-in, or the app, checked.
    fn came_at_check(&self, step: &Step, check: &Check) -> String {
        let error = |all: &[Parameter]| {
            let error = all.iter().find(|one| one.name == "error");
            error.map(|one| self.named(one))
        };
        let told = match check.what.as_str() {
            CODE_NOT_ERROR => error(&step.parameters),
            "the function answers in time and without an error" => error(&step.answer),
            _ => None,
        };
        let mut all = CAME.iter();
        let told = told.or_else(|| {
            let words = all.find(|(known, _)| *known == check.what);
            words.map(|(_, words)| self.say(*words))
        });
        // Of a check that begins with the name of a parameter, the parameter is what came.
        let name = check.what.split([' ', ',']).next().unwrap_or_default();
        let sent = step.parameters.iter().find(|one| one.name == name);
        let told = told.or_else(|| sent.map(|one| self.named(one)));
        cut(&told.unwrap_or_else(|| {
            let is_there = check.what.strip_suffix(" is there");
            match is_there.filter(|name| !name.contains(' ')) {
                Some(name) => self.missing(name),
                None => self.say(NOT_SO),
            }
        }))
    }

    /// The sentences of the page that answers a browser's request, if it is one that ends a story.
    fn words_of_page(&self, hop: &Hop) -> Option<String> {
        if let Some(words) = hop.page() {
            return Some(words.to_owned());
        }
        let step = hop.step.as_ref()?;
        let answer = |name: &str, value: &str| {
            step.answer
                .iter()
                .any(|one| one.name == name && one.value == value)
        };
        let class = |step: &Step| {
            let failed = step.checks.iter().rev();
            let mut failed = failed.filter(|check| !check.passed && check.rule == FAILURES);
            failed.next().map(|check| check.what.clone())
        };
        match hop.to {
            Party::Bridge if step.status.is_some_and(|status| status >= 400) => {
                let class = class(step)?;
                let class = Class::ALL.iter().find(|known| known.name() == class)?;
                let sentences = pages::sentences(*class, self.language);
                Some(sentences.join(self.language.say("", " ")))
            }
            Party::App if hop.request == "GET /callback" && answer("location", "/failed") => {
                let told = step
                    .parameters
                    .iter()
                    .find(|one| one.name == "error_description");
                let class = told.and_then(|told| class_and_support_id(&told.value).0);
                let words = class.and_then(|class| (self.explain)(&class, self.language));
                let title = self.language.say(NOT_SIGNED_IN.0, NOT_SIGNED_IN.1);
                let meaning = words.map(|words| words.meaning).unwrap_or_default();
                Some(
                    as_read(self.language, title, &[&meaning])
                        .trim_end()
                        .to_owned(),
                )
            }
            Party::App if answer("location", "/members") => {
                let before = self.hops.iter().rev();
                let mut before = before.filter(|other| other.ended <= hop.ended);
                let class = before.find_map(|other| class(other.step.as_ref()?))?;
                let told = told_to_member(&class, self.language).map(str::to_owned);
                told.or_else(|| Some((self.explain)(&class, self.language)?.meaning))
            }
            _ => None,
        }
    }

    fn words_of(&self, fault: Fault) -> String {
        let words = (self.language).say(fault.description_ja(), fault.description_en());
        words.replace('`', "")
    }

    fn status(&self, status: u16) -> String {
        format!("{} {status}", self.language.say("ステータス", "status"))
    }

    fn named(&self, one: &Parameter) -> String {
        let name = one.name.strip_prefix("id_token.").unwrap_or(&one.name);
        let value = match self.language {
            Language::Japanese => japanese_value(&one.value),
            Language::English => one.value.as_str().into(),
        };
        format!("{name}: {value}")
    }

    fn named_or_missing(&self, all: &[Parameter], name: &str) -> String {
        let one = all.iter().find(|one| one.name == name);
        one.map_or_else(|| self.missing(name), |one| self.named(one))
    }

    fn missing(&self, name: &str) -> String {
        format!("{name}: {}", self.language.say("なし", "missing"))
    }

    fn comma(&self) -> &'static str {
        self.language.say("、", ", ")
    }

    fn say(&self, (ja, en): Text) -> String {
        self.language.say(ja, en).to_owned()
    }
}

/// A text in Japanese and English.
type Text = (&'static str, &'static str);

/// Where a story has what came.
enum Source {
    /// A claim of the ID token, or a member of its header.
    Claim(&'static str),
    /// A parameter of the request.
    Parameter(&'static str),
    /// The scope of the token answer.
    Scope,
    /// The names of what the answer of an endpoint has.
    Names(&'static str),
    /// What the answer of an endpoint looks like.
    Look(&'static str),
    /// The last answer that is none, or an error.
    Unanswered,
    /// Nowhere: words say it.
    Words,
}

const TOKEN: &str = "/token";
const USERINFO: &str = "/userinfo";
const KEY_SET: &str = "/certs";

fn source(class: &str) -> Source {
    match class {
        "id_token_issuer" => Source::Claim("iss"),
        "id_token_audience" => Source::Claim("aud"),
        "id_token_authorized_party" => Source::Claim("azp"),
        "id_token_algorithm" => Source::Claim("alg"),
        "id_token_unknown_key" => Source::Claim("kid"),
        "id_token_expired" => Source::Claim("exp"),
        "id_token_issued_at" => Source::Claim("iat"),
        "id_token_not_yet_valid" => Source::Claim("nbf"),
        "id_token_nonce" => Source::Claim("nonce"),
        "id_token_access_token_hash" => Source::Claim("at_hash"),
        "id_token_subject" => Source::Claim("sub"),
        "assurance_not_accepted" => Source::Claim("acr"),
        "id_token_auth_time" | "auth_time_missing" | "authentication_too_old" => {
            Source::Claim("auth_time")
        }
        "issuer_mismatch" => Source::Parameter("iss"),
        "service_invalid_request"
        | "service_invalid_scope"
        | "service_unauthorized_client"
        | "service_login_required"
        | "service_interaction_required"
        | "service_server_error"
        | "service_temporarily_unavailable"
        | "service_login_expired"
        | "service_unknown_error" => Source::Parameter("error"),
        "scope_not_granted" | "scope_not_confirmed" => Source::Scope,
        "id_token_missing" => Source::Names(TOKEN),
        "attribute_missing" => Source::Names(USERINFO),
        "service_refused_code"
        | "service_refused_client"
        | "service_refused_request"
        | "token_answer_malformed"
        | "token_answer_too_large" => Source::Look(TOKEN),
        "key_set_unavailable" | "key_set_malformed" => Source::Look(KEY_SET),
        "userinfo_refused" | "userinfo_malformed" | "userinfo_too_large" => Source::Look(USERINFO),
        "service_failed" | "service_timeout" | "service_unreachable" => Source::Unanswered,
        _ => Source::Words,
    }
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// What came where nothing more is known.
const NOT_SO: Text = ("そうではなかった", "it was not so");

/// What is expected where a class has no words here, which doesn't happen.
const NO_PROBLEM: Text = ("問題がない", "no problem");

/// What is expected where a function reports no check that passed, by the class.
const EXPECTED: &[(&[&str], Text)] = &[
    (
        &["not_through_front_door"],
        (
            "CloudFront を通ったリクエスト",
            "a request through CloudFront",
        ),
    ),
    (
        &["not_found"],
        ("エンドポイントのあるパス", "the path of an endpoint"),
    ),
    (
        &["method_not_allowed"],
        ("エンドポイントのメソッド", "a method of the endpoint"),
    ),
    (
        &["too_large"],
        (
            "8 KiB 以下のクエリーと16 KiB 以下の本文",
            "a query up to 8 KiB, and a body up to 16 KiB",
        ),
    ),
    (
        &["internal"],
        ("関数が最後まで処理する", "the function gets to its end"),
    ),
    (
        &["secrets_unavailable"],
        (
            "AWS Secrets Manager から、使えるシークレットを得る",
            "usable secrets from AWS Secrets Manager",
        ),
    ),
    (&["too_slow"], ("期限内の応答", "an answer in time")),
    (
        &["event_malformed"],
        ("仕様どおりのイベント", "an event of the documented form"),
    ),
    (
        &["event_version"],
        (
            "関数の対応しているバージョンのイベント",
            "an event of a version that the function supports",
        ),
    ),
    (
        &["malformed_request"],
        ("仕様どおりのリクエスト", "a request of the specified form"),
    ),
    (
        &[
            "service_login_required",
            "service_interaction_required",
            "service_invalid_request",
            "service_invalid_scope",
            "service_unauthorized_client",
            "service_server_error",
            "service_login_expired",
            "service_temporarily_unavailable",
            "service_unknown_error",
        ],
        ("エラーではなく、コード", "a code, not an error"),
    ),
    (
        &["signing_failed"],
        ("AWS KMS の署名", "a signature of AWS KMS"),
    ),
    (
        &["service_unreachable"],
        (
            "1秒以内のサービスへの接続",
            "a connection to the service within a second",
        ),
    ),
    (
        &["service_timeout"],
        ("期限内のサービスの応答", "an answer of the service in time"),
    ),
    (
        &["service_failed"],
        (
            "サービスの応答（429 や 5xx でないもの）",
            "an answer of the service, not 429 or 5xx",
        ),
    ),
    (
        &["service_refused_code"],
        (
            "サービスがコードを受け付ける",
            "the service accepts the code",
        ),
    ),
    (
        &["service_refused_client"],
        (
            "サービスがこのクライアントを受け付ける",
            "the service accepts this client",
        ),
    ),
    (
        &["service_refused_request"],
        (
            "サービスがトークンリクエストを受け付ける",
            "the service accepts the token request",
        ),
    ),
    (
        &["token_answer_too_large"],
        (
            "256 KiB 以下のトークンの応答",
            "a token answer up to 256 KiB",
        ),
    ),
    (
        &["key_set_unavailable"],
        (
            "サービスの公開鍵（ステータス 200、期限内）",
            "the service’s public keys, with status 200 and in time",
        ),
    ),
    (
        &["key_set_malformed"],
        ("256 KiB 以下の JWK Set", "a JWK Set up to 256 KiB"),
    ),
    (
        &["userinfo_refused"],
        (
            "サービスがアクセストークンを受け付ける",
            "the service accepts the access token",
        ),
    ),
    (
        &["userinfo_too_large"],
        ("256 KiB 以下の userinfo", "userinfo up to 256 KiB"),
    ),
    (
        &["record_too_long"],
        (
            "ユーザープールの属性に収まる記録",
            "a record that fits into an attribute of the user pool",
        ),
    ),
    (
        &["continuation_expired"],
        ("期限内の続き", "going on in time"),
    ),
    (
        &["member_is_another_person"],
        (
            "前に本人確認したのと同じ人のカード",
            "the card of the person who was verified before",
        ),
    ),
    (
        &["verification_taken_back"],
        (
            "取り消されていない本人確認",
            "a verification that wasn’t taken back",
        ),
    ),
    (
        &["verification_under_way"],
        (
            "ほかに進行中の処理がない",
            "nothing else under way for this member",
        ),
    ),
    (
        &["too_many_requests"],
        ("上限以下のリクエスト数", "no more requests than the quota"),
    ),
    (
        &["user_pool_unavailable"],
        ("ユーザープールの応答", "an answer of the user pool"),
    ),
    (
        &["user_pool_refused"],
        (
            "ユーザープールが受け付ける",
            "the user pool accepts the call",
        ),
    ),
    (
        &["member_table_unavailable"],
        ("表の応答", "an answer of the table"),
    ),
    (
        &["member_table_refused"],
        ("表が受け付ける", "the table accepts the call"),
    ),
    (
        &["person_key_unavailable"],
        ("人の鍵の計算", "the key of the person"),
    ),
    (
        &["user_unavailable"],
        ("ユーザープールの利用者", "the user from the user pool"),
    ),
];

/// What came where a check of a stand-in, or of the app, failed.
const CAME: &[(&str, Text)] = &[
    (
        "a user is signed in in this browser",
        (
            "だれもサインインしていないブラウザー",
            "a browser in which nobody is signed in",
        ),
    ),
    (
        "state is known byte for byte, and unused",
        (
            "知らない state か、使用済みの state",
            "a state that isn’t known, or was used",
        ),
    ),
    (
        "state is that of the verification that this browser began",
        (
            "このブラウザーで始めていない本人確認の state",
            "the state of a verification that this browser didn’t begin",
        ),
    ),
    (
        "state was issued by this app",
        (
            "このアプリの知らない state",
            "a state that this app doesn’t know",
        ),
    ),
    (
        "the answer has a state, and a code or an error",
        (
            "足りないか、2回あるパラメーター",
            "parameters that are missing or come twice",
        ),
    ),
    (
        "the answer has state and iss, and a code or an error",
        (
            "足りないか、2回あるパラメーター",
            "parameters that are missing or come twice",
        ),
    ),
    (
        "the code is known, unused, and not older than five minutes",
        (
            "知らないか、使用済みか、古いコード",
            "a code that is unknown, used or old",
        ),
    ),
    (
        "the cookie from the start of the login is there",
        ("Cookie なし", "no cookie"),
    ),
    (
        "the form is on a page of the member who is signed in",
        (
            "別の会員のページのフォーム",
            "a form on another member’s page",
        ),
    ),
    (
        "the form is this app's",
        ("別のサイトのフォーム", "a form of another site"),
    ),
    (
        "the login has no result yet",
        ("2回目の結果", "a second result"),
    ),
    ("the login hasn't expired", ("期限の後", "it was too late")),
    (
        "the login is pending",
        (
            "すでに終わったか、知らないログイン",
            "a login that has ended, or is unknown",
        ),
    ),
    (
        "the login took five minutes at most",
        ("5分より後", "more than five minutes later"),
    ),
    (
        "the login was begun in this browser",
        (
            "別のブラウザーか、Cookie のないブラウザー",
            "another browser, or one without the cookie",
        ),
    ),
    ("the user is in the pool", ("ユーザーなし", "no such user")),
    (
        "username and password are those of a user who isn't disabled",
        ("違うユーザー名かパスワード", "a wrong username or password"),
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use loopback::journal::{Journal, Moment, Note};

    use super::*;

    const LANGUAGES: [Language; 2] = [Language::Japanese, Language::English];

    fn step(from: Party, to: Party, request: &str, status: u16) -> Step {
        Step {
            from,
            to,
            request: request.to_owned(),
            parameters: Vec::new(),
            checks: Vec::new(),
            status: Some(status),
            answer: Vec::new(),
        }
    }

    fn hops(journal: &Journal) -> Vec<Hop> {
        journal.hops(Moment::default(), None)
    }

    fn teller(hops: &[Hop], language: Language) -> Teller<'_> {
        Teller {
            hops,
            explain: |class, _| {
                Some(crate::app::Explanation {
                    meaning: format!("meaning of {class}"),
                    remedy: format!("remedy of {class}"),
                })
            },
            language,
        }
    }

    /// The classes of all functions.
    fn classes() -> impl Iterator<Item = &'static str> {
        let of_triggers = record_trigger::Class::ALL.iter().map(|class| class.name());
        Class::ALL
            .iter()
            .map(|class| class.name())
            .chain(of_triggers)
    }

    fn is_japanese(text: &str) -> bool {
        text.chars().any(|c| c >= '\u{3041}')
    }

    /// Every class of a function has words for what was expected, and for what came.
    #[test]
    fn every_class_is_told_in_both_languages() {
        for class in classes().filter(|class| *class != CANCELLED) {
            let journal = Journal::default();
            journal.record(Step {
                checks: vec![
                    Check::new("state is there", "RFC 6749 §10.12", true),
                    Check::new(class, FAILURES, false),
                ],
                ..step(Party::Cognito, Party::Bridge, "POST /token", 400)
            });
            let hops = hops(&journal);
            for language in LANGUAGES {
                let [told] = &teller(&hops, language).failures(&hops[0])[..] else {
                    panic!("{class}: one failure");
                };
                let is_right = is_japanese(&told.expected) == (language == Language::Japanese);
                assert!(is_right, "{class}: {}", told.expected);
                let no_words = [NO_PROBLEM.0, NO_PROBLEM.1, ""];
                assert!(!no_words.contains(&&*told.expected), "{class}");
                assert_eq!(told.came, format!("meaning of {class}"));
                assert_eq!(told.remedy, Some(format!("remedy of {class}")));
                assert_eq!(told.passed_before, 1);
            }
        }
    }

    #[test]
    fn the_words_here_are_of_classes_that_have_no_others_and_of_checks_that_there_are() {
        let mut once = BTreeSet::new();
        let classes: BTreeSet<_> = classes().collect();
        for class in EXPECTED.iter().flat_map(|(classes, _)| *classes) {
            assert!(once.insert(class) && classes.contains(class), "{class}");
            assert!(function_checks::words(class).is_none(), "{class}");
        }
        let texts = EXPECTED.iter().map(|(_, words)| words);
        for (ja, en) in texts.chain(CAME.iter().map(|(_, words)| words)) {
            assert!(is_japanese(ja) && !is_japanese(en), "{en}");
        }
        for (what, _) in CAME {
            assert!(is_japanese(text(Language::Japanese, what)), "{what}");
        }
    }

    #[test]
    fn of_a_stand_ins_check_the_parameter_is_what_came() {
        let journal = Journal::default();
        let secret = "a".repeat(43);
        let check = |what: &str| Check::new(what, "RFC", false);
        journal.record(Step {
            parameters: vec![
                Parameter::new("redirect_uri", "http://other.example/"),
                Parameter::new("code_verifier", &secret),
            ],
            checks: vec![
                check("redirect_uri is exactly one that is registered"),
                check("code_verifier belongs to code_challenge"),
                check("nonce is there"),
                check("the login is pending"),
                check("there is no query"),
            ],
            ..step(Party::Browser, Party::Service, "GET /auth", 400)
        });
        let hops = hops(&journal);
        let came = |language| {
            let told = teller(&hops, language).failures(&hops[0]).into_iter();
            told.map(|told| told.came).collect::<Vec<_>>()
        };
        assert_eq!(
            came(Language::English),
            [
                "redirect_uri: http://other.example/",
                "code_verifier: aaaa…(43)",
                "nonce: missing",
                "a login that has ended, or is unknown",
                "it was not so",
            ]
        );
        assert_eq!(
            came(Language::Japanese)[2..4],
            ["nonce: なし", "すでに終わったか、知らないログイン"]
        );
    }

    #[test]
    fn what_the_person_read_is_that_of_the_page_with_which_the_story_ended() {
        use Party::{App, Bridge, Browser, Cognito, Service};
        let read = |ending: &dyn Fn(&Journal)| {
            let journal = Journal::default();
            let back = journal.begin(Browser, Cognito, "GET /oauth2/idpresponse");
            journal.record(Step {
                checks: vec![Check::new("id_token_nonce", FAILURES, false)],
                ..step(Cognito, Bridge, "POST /token", 400)
            });
            journal.end(back, step(Browser, Cognito, "GET /oauth2/idpresponse", 302));
            ending(&journal);
            let hops = hops(&journal);
            let read = teller(&hops, Language::English).read(&hops[1]);
            read.map(|read| (read.whose, read.words))
        };
        assert_eq!(read(&|_| ()), None);
        let at_app = read(&|journal| {
            journal.record(Step {
                parameters: vec![Parameter::new(
                    "error_description",
                    "x id_token_nonce 7QK4-M2TX",
                )],
                answer: vec![Parameter::new("location", "/failed")],
                ..step(Browser, App, "GET /callback", 303)
            });
        });
        let words = "“You could not be signed in” meaning of id_token_nonce";
        assert_eq!(at_app, Some((App, words.to_owned())));
        let at_bridge = read(&|journal| {
            journal.record(Step {
                checks: vec![Check::new("no_pending_login", FAILURES, false)],
                ..step(Browser, Bridge, "GET /callback", 400)
            });
        });
        let (whose, words) = at_bridge.unwrap();
        let [happened, _] = pages::sentences(Class::NoPendingLogin, Language::English);
        assert!(whose == Bridge && words.starts_with(&happened) && !words.contains("{app}"));
        let at_service = read(&|journal| {
            let entry = journal.record(step(Browser, Service, "POST /consent", 400));
            journal.note(entry, Note::Page("It has expired.".to_owned()));
        });
        assert_eq!(at_service, Some((Service, "It has expired.".to_owned())));
        let of_member = read(&|journal| {
            journal.record(Step {
                checks: vec![Check::new("person_already_verified", FAILURES, false)],
                ..step(
                    App,
                    Party::Verification,
                    "POST /verifications/complete",
                    409,
                )
            });
            journal.record(Step {
                answer: vec![Parameter::new("location", "/members")],
                ..step(Browser, App, "GET /verified", 303)
            });
        });
        let words = of_member.unwrap().1;
        assert!(
            words.starts_with("This card has verified another account"),
            "{words}"
        );
    }

    #[test]
    fn a_chosen_fault_is_told_where_it_takes_effect_and_an_unknown_one_nowhere() {
        let journal = Journal::default();
        let entry = journal.record(step(Party::Bridge, Party::Service, "POST /token", 200));
        journal.note(entry, Note::Fault("token-type-other".to_owned()));
        let entry = journal.record(step(Party::Bridge, Party::Service, "GET /certs", 200));
        journal.note(entry, Note::Fault("no-such-fault".to_owned()));
        let hops = hops(&journal);
        let teller = teller(&hops, Language::English);
        let chosen = teller.fault(&hops[0]).unwrap();
        assert_eq!(chosen.name, "token-type-other");
        assert_eq!(chosen.words, "The token type is mac.");
        assert!(!chosen.is_cancel && teller.fault(&hops[1]).is_none());
        assert_eq!(teller.last_fault(), Some(chosen));
    }

    #[test]
    fn a_refusal_without_a_failed_check_is_told_by_its_status() {
        let journal = Journal::default();
        journal.record(Step {
            answer: vec![Parameter::new("error", "invalid_client")],
            ..step(Party::Bridge, Party::Service, "POST /token", 400)
        });
        let hops = hops(&journal);
        let told = &teller(&hops, Language::English).failures(&hops[0])[0];
        assert_eq!(told.came, "status 400, error: invalid_client");
    }
}
