//! Why a trigger doesn't do what Amazon Cognito asks, or doesn't believe a record: one closed list for both triggers.

use four_attributes::RecordRefusal;

function_kit::classes! {
    /// The event isn't one of this trigger, or lacks what every such event has.
    EventMalformed = "event_malformed", Operator;
    /// The event has a version whose answer couldn't keep attributes out of the tokens.
    EventVersion = "event_version", Operator;
    /// The sign-in is through a provider that has nearly our name, or brings one of our records under another one.
    ProviderMismatch = "provider_mismatch", Operator;
    /// The ID token and userinfo of one sign-in speak of two people.
    SubjectMismatch = "subject_mismatch", Operator;
    /// One of our users has no record.
    RecordMissing = "record_missing", Operator;
    /// The record isn't in the form of one.
    RecordMalformed = "record_malformed", Client;
    /// The record was sealed by another version of the bridge.
    RecordOtherVersion = "record_other_version", Operator;
    /// The record was sealed with a key that isn't in the ring.
    RecordUnknownKey = "record_unknown_key", Operator;
    /// The record was changed, or made by somebody else: tampering.
    RecordForged = "record_forged", Client;
    /// The record is of another environment or issuer.
    RecordOtherIssuer = "record_other_issuer", Operator;
    /// The record is of somebody else, or of another provider.
    RecordUnlinked = "record_unlinked", Client;
    /// The record doesn't say when the person authenticated, and the configuration requires it.
    RecordAuthenticationTimeMissing = "record_auth_time_missing", Nobody;
    /// The record's `acr` is missing, or isn't one that is accepted now.
    RecordAssuranceNotAccepted = "record_acr_not_accepted", Nobody;
    /// The person was verified too long ago.
    RecordTooOld = "record_too_old", Nobody;
    /// The user pool didn't give the record.
    UserUnavailable = "user_unavailable", Operator;
    /// It can't be decided in the time that Amazon Cognito waits.
    TooSlow = "too_slow", Operator;
    /// The keys of the records can't be had.
    SecretsUnavailable = "secrets_unavailable", Operator;
}

impl Class {
    /// Whether a record is refused with this: all is known then, and nothing follows from the record.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::RecordMissing
                | Self::RecordMalformed
                | Self::RecordOtherVersion
                | Self::RecordUnknownKey
                | Self::RecordForged
                | Self::RecordOtherIssuer
                | Self::RecordUnlinked
                | Self::RecordAuthenticationTimeMissing
                | Self::RecordAssuranceNotAccepted
                | Self::RecordTooOld
        )
    }
}

impl From<RecordRefusal> for Class {
    fn from(refusal: RecordRefusal) -> Self {
        match refusal {
            RecordRefusal::Malformed => Self::RecordMalformed,
            RecordRefusal::OtherVersion => Self::RecordOtherVersion,
            RecordRefusal::UnknownKey => Self::RecordUnknownKey,
            RecordRefusal::Forged => Self::RecordForged,
            RecordRefusal::OtherIssuer => Self::RecordOtherIssuer,
            RecordRefusal::Unlinked => Self::RecordUnlinked,
            RecordRefusal::TooOld => Self::RecordTooOld,
        }
    }
}
