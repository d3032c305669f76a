//! The exit statuses of the command: 0 for success, and one for each kind of failure. By the status
//! alone a script knows what to do next; `--json` has the class of the failure.

use function_kit::failure::{Bilingual, Kind};
use service_simulator::fault::Fault;

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
        en: "signed in; or a demo in a browser, or `simulate`, was ended by Ctrl-C or SIGTERM",
        ja: "ログインできた。ブラウザーのデモと `simulate` では、Ctrl-C か SIGTERM で終了した",
    },
};

/// The command line is wrong (clap's own code).
pub const USAGE: Status = Status {
    code: 2,
    meaning: Bilingual {
        en: "the command line is wrong, or it names an unknown test person or fault, or a key or \
        file that can't be used",
        ja: "コマンドの指定の誤り。または、存在しないテスト利用者や誤りの名前、使えない鍵やファイルを指定した",
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
        en: "the login failed without a class of the bridge (Cognito's or the service's stand-in \
        refused it, or a function didn't start)",
        ja: "ブリッジのエラー分類のない失敗（Cognito かサービスのシミュレーターが拒否した、または関数が起動しなかった）",
    },
};

/// Something is wrong with the demo itself.
pub const DEFECT: Status = Status {
    code: 6,
    meaning: Bilingual {
        en: "there is a problem in the demo itself",
        ja: "デモ自体に問題がある",
    },
};

/// Ctrl-C (128 + SIGINT).
pub const INTERRUPTED: Status = Status {
    code: 130,
    meaning: Bilingual {
        en: "interrupted by Ctrl-C while starting or signing in",
        ja: "起動またはログインの途中に、Ctrl-C で中断した",
    },
};

/// The status of a login that ends with a failure of this kind.
#[must_use]
pub const fn of(kind: Kind) -> Status {
    let (code, en, ja) = match kind {
        Kind::GivenUp => (10, "the user cancelled", "利用者がキャンセルした"),
        Kind::TooLate => (
            11,
            "it took too long. Begin again",
            "時間切れ。最初からやり直す",
        ),
        Kind::Request => (
            12,
            "the request of the app or of Cognito is wrong. Fix the settings of the app or of \
            Cognito",
            "アプリか Cognito のリクエストの誤り。アプリか Cognito の設定を直す",
        ),
        Kind::Browser => (
            13,
            "what the browser sent (cookie, `state`, code) doesn't belong to this login. Begin \
            again, in one browser",
            "ブラウザーが送った値（Cookie、`state`、コード）が、このログインの値ではない。1つのブラウザーで、最初からやり直す",
        ),
        Kind::Service => (
            14,
            "the service refused, or its answer can't be trusted. Ask the service's support",
            "サービスが拒否したか、サービスの応答が信頼できない。サービスの窓口に問い合わせる",
        ),
        Kind::Unavailable => (
            15,
            "something can't be reached, or failed temporarily. Try again",
            "接続できないか、一時的に失敗した。もう一度試す",
        ),
        Kind::Operator => (
            16,
            "a problem that the operator has to fix, such as the configuration. Look at the \
            function's log",
            "設定の誤りなど、運用者が直す必要のある問題。関数のログを調べる",
        ),
        Kind::Record => (
            17,
            "the verified record can't be trusted. Sign in again, or compare the functions' \
            settings",
            "検証済みの記録が信頼できない。ログインし直すか、関数どうしの設定を比べる",
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

/// The status of a login in which the service has this fault.
#[must_use]
pub fn of_fault(fault: Fault) -> Status {
    fault
        .class()
        .map_or(SUCCESS, |class| of_class(class).unwrap_or(ELSEWHERE))
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
