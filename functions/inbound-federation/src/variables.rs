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
    /// What happens to a name in the user pool if a sign-in brings none
    NAME_GONE {
        ja: "氏名が届かなかったとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("clear"),
        example: "clear",
    }
    /// What happens to an address in the user pool if a sign-in brings none
    ADDRESS_GONE {
        ja: "住所が届かなかったとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("clear"),
        example: "clear",
    }
    /// What happens to a birth date in the user pool if a sign-in brings none, or only a part of it
    BIRTHDATE_GONE {
        ja: "生年月日が届かなかったか、一部しか分からないとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("leave"),
        example: "leave",
    }
    /// What happens to a gender in the user pool if a sign-in brings none
    GENDER_GONE {
        ja: "性別が届かなかったとき、ユーザープールにある値をどうするか",
        form: CLEAR_OR_LEAVE,
        if_unset: IfUnset::Value("clear"),
        example: "clear",
    }
}
