//! The exit statuses of the command: 0 for success, and one for each kind of failure. By the status
//! alone a script knows what to do next; `--json` has the class of the failure.

use function_kit::failure::{Bilingual, Kind};

use crate::classes;

/// An exit status. Its code never changes its meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Status {
    /// The code that a script gets.
    pub code: u8,
    /// When the command exits with this code, and what to do, as Markdown.
    pub meaning: Bilingual,
}

/// Every exit status, in the order of the codes.
pub const ALL: &[Status] = &[
    SUCCESS,
    USAGE,
    BUILD,
    START,
    ELSEWHERE,
    DEFECT,
    of(Kind::GivenUp),
    of(Kind::TooLate),
    of(Kind::Request),
    of(Kind::Browser),
    of(Kind::Service),
    of(Kind::Unavailable),
    of(Kind::Operator),
    of(Kind::Record),
    INTERRUPTED,
];

/// The command succeeded.
pub const SUCCESS: Status = Status {
    code: 0,
    meaning: Bilingual {
        en: "signed in; a demo in a browser, or `simulate`, was ended by Ctrl-C or SIGTERM",
        ja: "ログインできた。ブラウザーのデモと `simulate` では、Ctrl-C か SIGTERM で終えた",
    },
};

/// The command line is wrong (clap's own code).
pub const USAGE: Status = Status {
    code: 2,
    meaning: Bilingual {
        en: "the command line is wrong; an unknown test person or fault, or a key or file that \
            can't be used",
        ja: "コマンドの書き方の誤り。ないテスト利用者、ない誤りの名前、使えない鍵やファイルを指定した",
    },
};

/// The function couldn't be built.
pub const BUILD: Status = Status {
    code: 3,
    meaning: Bilingual {
        en: "the function can't be built",
        ja: "関数をビルドできない",
    },
};

/// A port is taken, or something else keeps the stand-ins from starting.
pub const START: Status = Status {
    code: 4,
    meaning: Bilingual {
        en: "something can't start (a taken port, for example)",
        ja: "起動できない（ポートが使われているなど）",
    },
};

/// The login ended outside of the functions' classes: at Cognito's or the service's stand-in.
pub const ELSEWHERE: Status = Status {
    code: 5,
    meaning: Bilingual {
        en: "it ended outside of the bridge's classes (Cognito's or the service's stand-in \
            refused, or the function didn't start)",
        ja: "ブリッジのエラー分類の外で終わった（Cognito かサービスのシミュレーターが拒否した、\
            または関数が起動しなかった）",
    },
};

/// Something is wrong with the demo itself.
pub const DEFECT: Status = Status {
    code: 6,
    meaning: Bilingual {
        en: "something is wrong with the demo itself",
        ja: "デモ自身の問題",
    },
};

/// Ctrl-C (128 + SIGINT).
pub const INTERRUPTED: Status = Status {
    code: 130,
    meaning: Bilingual {
        en: "Ctrl-C while starting or signing in",
        ja: "起動やログインの途中で Ctrl-C",
    },
};

/// The status of a login that ends with a failure of this kind.
#[must_use]
pub const fn of(kind: Kind) -> Status {
    let (code, en, ja) = match kind {
        Kind::GivenUp => (10, "the person cancelled", "利用者がやめた"),
        Kind::TooLate => (
            11,
            "it took too long: begin again",
            "時間切れ。もう一度始める",
        ),
        Kind::Request => (
            12,
            "what the app or Cognito asked for is wrong: mend the app, or Cognito's settings",
            "アプリか Cognito のリクエストの誤り。アプリか Cognito の設定を直す",
        ),
        Kind::Browser => (
            13,
            "what the browser brought (cookie, `state`, code) isn't of this login: begin again, in \
            one browser",
            "ブラウザーが持ってきたもの（Cookie、`state`、コード）が、このログインのものでない。\
            1つのブラウザーで始め直す",
        ),
        Kind::Service => (
            14,
            "the service refused, or what it said isn't believed: ask whoever runs it",
            "サービスが拒否したか、その答えを信じられない。サービスの窓口に問い合わせる",
        ),
        Kind::Unavailable => (
            15,
            "something can't be reached, or failed for the moment: try again",
            "つながらないか、一時的に失敗した。もう一度試す",
        ),
        Kind::Operator => (
            16,
            "the configuration, or something else of the operator's: look at the function's log",
            "設定など、運用者が直すもの。関数のログを見る",
        ),
        Kind::Record => (
            17,
            "the verified record isn't believed: sign in again, or compare the functions' settings",
            "検証済みの記録を信じられない。ログインし直すか、関数の設定を比べる",
        ),
    };
    Status {
        code,
        meaning: Bilingual { en, ja },
    }
}

/// The status of a login that ends with the class of this name, the bridge's or the triggers'.
/// `None`: there is no such class, or no login ends with it.
#[must_use]
pub fn of_class(name: &str) -> Option<Status> {
    let class = classes::named(name).filter(|class| class.ends);
    class.map(|class| of(class.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_has_a_status_of_its_own_and_every_status_is_listed_by_its_code() {
        let codes: Vec<u8> = ALL.iter().map(|status| status.code).collect();
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
        let of_kinds: Vec<u8> = Kind::ALL.iter().map(|kind| of(*kind).code).collect();
        assert_eq!(of_kinds, Vec::from_iter(10..=17));
        assert!(Kind::ALL.iter().all(|kind| ALL.contains(&of(*kind))));
    }

    #[test]
    fn what_only_keeps_claims_back_ends_no_login() {
        assert_eq!(of_class("cancelled"), Some(of(Kind::GivenUp)));
        assert_eq!(of_class("record_forged"), Some(of(Kind::Record)));
        for name in ["record_too_old", "no_such_class"] {
            assert_eq!(of_class(name), None);
        }
    }
}
