//! Why a call is made again: a trigger that Amazon Cognito calls once more, and keys or attributes
//! that are requested once more in the same story. Without a reason, a second row looks like a
//! mistake.

use loopback::journal::{Again, Hop, Party};

use super::lessons::Text;

/// Why a hop of this story repeats an earlier one, and where that is said; `None` if it doesn't, or
/// if its lesson says it.
pub(super) fn repeated(hops: &[Hop], hop: &Hop) -> Option<(Text, &'static str)> {
    use Party::{App, Bridge, Cognito, Service, Verification};
    match hop.again() {
        Some(Again::TimedOut) => return Some((TIMED_OUT, TRIGGERS)),
        Some(Again::Unprompted) => return Some((UNPROMPTED, TRIGGERS)),
        None => {}
    }
    let is_same = |other: &&Hop| {
        let call = |hop: &Hop| (hop.from, hop.to);
        other.begun < hop.begun && call(other) == call(hop) && other.request == hop.request
    };
    hops.iter().find(is_same)?;
    let last = hop.request.rsplit('/').next().unwrap_or_default();
    match (hop.from, hop.to, last) {
        (Bridge | Verification, Service, "certs") => Some((SERVICE_KEYS, "OIDC Core §10.1.1")),
        (Cognito, Bridge, "jwks.json") => {
            Some((BRIDGE_KEYS, "Cognito: a JWKS request for every ID token"))
        }
        (Cognito, Bridge, "userinfo") => Some((BRIDGE_USERINFO, "OIDC Core §5.3.2")),
        (App, Cognito, "jwks.json") => Some((APP_KEYS, "OIDC Core §10.1.1")),
        _ => None,
    }
}

/// What is said of triggers.
const TRIGGERS: &str = "docs/contract.md C5";

const TIMED_OUT: Text = (
    "これは、同じイベントの2回目以降の呼び出しです。前の呼び出しに5秒以内の応答がなかったので、Cognito がもう一度呼び出しました。シミュレーターは3回まで呼び出し、どれにも\
    応答がなければ、ログインは失敗します。エラーの応答なら、呼び出し直しません。",
    "This is the same event once more. The call before wasn’t answered within 5 seconds, so \
    Cognito calls again. The stand-in calls three times at most; if none is answered, the sign-in \
    fails. An answer with an error isn’t followed by another call.",
);

const UNPROMPTED: Text = (
    "これは、同じイベントの2回目の呼び出しです。前の呼び出しに問題はありません。Cognito は、同じイベントを2回送ることがあります。シミュレーターは3回に1回それを再現し、\
    2回目の応答を使います。関数の応答は、前のイベントに左右されません。",
    "This is the same event once more. There was nothing wrong with the call before: Cognito may \
    send an event twice. The stand-in does so with every third event, and uses the second answer. \
    The function’s answer doesn’t depend on earlier events.",
);

const SERVICE_KEYS: Text = (
    "2回目の取得です。IDトークンの kid の鍵が手元になかったか、手元の鍵では署名を検証できなかったので、サービスが鍵を替えたとみて取得し直します。続けて取得し直すのは、\
    10秒に1回までです。",
    "The keys are fetched once more. The key with the ID token’s kid wasn’t among the known ones, \
    or it didn’t verify the signature: the service may have changed its keys. There is one such \
    fetch in 10 seconds at most.",
);

const BRIDGE_KEYS: Text = (
    "2回目の取得です。Cognito は鍵を保持せず、IDトークンを検証するたびに取得します。前の取得は、別の IDトークンのためです。",
    "The keys are fetched once more. Cognito doesn’t keep them, and fetches them for every ID \
    token that it verifies. The fetch before was for another ID token.",
);

const BRIDGE_USERINFO: Text = (
    "2回目の要求です。Cognito は、ログインのたびに1回要求します。前の要求は、別のログインのためです。",
    "The attributes are requested once more. Cognito requests them once in every sign-in. The \
    request before was for another sign-in.",
);

const APP_KEYS: Text = (
    "2回目の取得です。このアプリは鍵を保持せず、トークンを1つ検証するたびに取得します。前の取得は、別のトークンのためです。",
    "The keys are fetched once more. This app doesn’t keep them, and fetches them for every token \
    that it verifies. The fetch before was for another token.",
);

#[cfg(test)]
mod tests {
    use loopback::journal::{Journal, Moment, Note, Step};

    use super::*;

    fn told(calls: &[(Party, Party, &str, Option<Again>)]) -> Vec<Option<Text>> {
        let journal = Journal::default();
        for (from, to, request, again) in calls {
            let entry = journal.record(Step {
                from: *from,
                to: *to,
                request: (*request).to_owned(),
                parameters: Vec::new(),
                checks: Vec::new(),
                status: None,
                answer: Vec::new(),
            });
            if let Some(again) = again {
                journal.note(entry, Note::Again(*again));
            }
        }
        let hops = journal.hops(Moment::default(), None);
        let told = hops.iter().map(|hop| repeated(&hops, hop));
        told.map(|told| told.map(|(words, _)| words)).collect()
    }

    #[test]
    fn a_trigger_that_is_called_again_says_why() {
        use Party::{Cognito, Triggers};
        let source = "TokenGeneration_HostedAuth";
        let calls = [
            (Cognito, Triggers, source, None),
            (Cognito, Triggers, source, Some(Again::TimedOut)),
            (Cognito, Triggers, source, Some(Again::Unprompted)),
            // Another sign-in.
            (Cognito, Triggers, source, None),
        ];
        assert_eq!(
            told(&calls),
            [None, Some(TIMED_OUT), Some(UNPROMPTED), None]
        );
    }

    #[test]
    fn what_is_requested_once_more_says_why_and_the_first_time_it_does_not() {
        use Party::{App, Bridge, Browser, Cognito, Service, Verification};
        for (from, to, request, words) in [
            (Bridge, Service, "GET /x/certs", SERVICE_KEYS),
            (Verification, Service, "GET /x/certs", SERVICE_KEYS),
            (Cognito, Bridge, "GET /jwks.json", BRIDGE_KEYS),
            (Cognito, Bridge, "GET /userinfo", BRIDGE_USERINFO),
            (App, Cognito, "GET /.well-known/jwks.json", APP_KEYS),
        ] {
            let call = (from, to, request, None);
            let other = (Browser, Cognito, request, None);
            assert_eq!(told(&[other, call, call]), [None, None, Some(words)]);
        }
        let page = (Browser, Cognito, "GET /login", None);
        assert_eq!(told(&[page, page]), [None, None]);
    }
}
