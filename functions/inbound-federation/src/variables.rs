//! The environment variables of the trigger. Those that it has in common with other functions are
//! declared in `record-trigger` and `function-kit`. `cargo xtask docs` writes `docs/configuration`
//! from all of them.

use function_kit::failure::Bilingual;
use function_kit::settings::{IfUnset, Variable};
use function_kit::telemetry;
use record_trigger::records;
pub use record_trigger::records::{ATTRIBUTES, PROVIDER_NAME, RECORD_KEYS, SERVICE_ISSUER};

/// Every variable that is read.
pub const ALL: &[&[Variable]] = &[records::VARIABLES, VARIABLES, telemetry::VARIABLES];

/// The form of a variable that says what happens to an attribute that a sign-in doesn't bring.
const CLEAR_OR_LEAVE: Bilingual = Bilingual {
    en: "`clear` empties it, `leave` keeps it",
    ja: "`clear` は空にする、`leave` は残す",
};

function_kit::variables! {
    /// What becomes of a name in the user pool if a sign-in brings none
    NAME_GONE {
        ja: "氏名が来なかったとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("clear"),
        example: "clear",
    }
    /// What becomes of an address in the user pool if a sign-in brings none
    ADDRESS_GONE {
        ja: "住所が来なかったとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("clear"),
        example: "clear",
    }
    /// What becomes of a birth date in the user pool if a sign-in brings none, or only a part
    BIRTHDATE_GONE {
        ja: "生年月日が来なかったか、一部しか分からないとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("leave"),
        example: "leave",
    }
    /// What becomes of a gender in the user pool if a sign-in brings none
    GENDER_GONE {
        ja: "性別が来なかったとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("clear"),
        example: "clear",
    }
}
