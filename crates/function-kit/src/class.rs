//! Classes of failure: one for each reason. The bridge has a closed list of classes, and the two
//! triggers have one together. Everything about a class is declared with it
//! ([`classes!`](crate::classes)): documents, pages and exit statuses follow from that.

/// Who has to do something about a failure; the log level follows from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Concern {
    /// Nobody: the person chose so, or was too slow. Logged as information.
    Nobody,
    /// Nobody, if it is a single failure: anybody with a browser can cause one. Worth a look when
    /// it happens often, or to everybody. Logged as a warning.
    Unproven,
    /// The developer of the client; or it is an attack. Worth a look when it happens often. Logged
    /// as a warning.
    Client,
    /// The service, or the operator together with the Digital Agency. Logged as an error.
    Service,
    /// The operator. Logged as an error.
    Operator,
}

impl Concern {
    /// All concerns. Those come first in which a failure is least proven, and in which the least
    /// has to be done.
    pub const ALL: &'static [Self] = &[
        Self::Nobody,
        Self::Unproven,
        Self::Client,
        Self::Service,
        Self::Operator,
    ];

    /// The name in the metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Unproven => "unproven",
            Self::Client => "client",
            Self::Service => "service",
            Self::Operator => "operator",
        }
    }
}

/// The kind of a failure: what has to be done next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The person gave up. Do nothing, or begin again.
    GivenUp,
    /// It took too long. Begin again.
    TooLate,
    /// The request is wrong. Fix the app, or Amazon Cognito's settings.
    Request,
    /// What the browser brought doesn't belong to this login. Begin again, in one browser.
    Browser,
    /// The service refused, or its answer was refused. Ask the operator of the service.
    Service,
    /// Something can't be reached, or failed for the moment. Try again.
    Unavailable,
    /// The configuration, or something else for which the operator is responsible. Look at the
    /// function's log.
    Operator,
    /// The verified record was refused. Sign in again, or compare the functions' settings.
    Record,
}

impl Kind {
    /// All of them: first those that the person causes, then in the order of a login.
    pub const ALL: &'static [Self] = &[
        Self::GivenUp,
        Self::TooLate,
        Self::Request,
        Self::Browser,
        Self::Service,
        Self::Unavailable,
        Self::Operator,
        Self::Record,
    ];
}

/// A text in the languages of this project.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bilingual {
    /// English.
    pub en: &'static str,
    /// Japanese.
    pub ja: &'static str,
}

/// A class of failure, one of a closed list. [`classes!`](crate::classes) makes such a list.
pub trait Class: Copy + std::fmt::Debug + 'static {
    /// Every class, in the order in which they are declared.
    const ALL: &'static [Self];
    /// The class of a defect of the function itself.
    const INTERNAL: Self;

    /// The class's name: lower case and underscores, for logs, metrics and messages.
    fn name(self) -> &'static str;

    /// Who has to do something about it.
    fn concern(self) -> Concern;

    /// What has to be done next.
    fn kind(self) -> Kind;

    /// When the class applies, for documents. It may hold code in backquotes.
    fn meaning(self) -> Bilingual;

    /// What an operator does about it, for documents. It may hold code in backquotes.
    fn advice(self) -> Bilingual;
}

/// Declares a closed list of classes, and everything about each of them: an enum `Class` that is a
/// [`Class`]. One of them is `Internal`.
///
/// The comment of a class is its meaning in English, and `ja` is the same in Japanese. A function
/// may declare columns of its own; each becomes a method of `Class`. A class that lacks a field
/// doesn't compile. Each method holds only its own column, so a column that a function never reads
/// is no part of its binary.
///
/// ```
/// use function_kit::failure::{Bilingual, Concern, Kind};
///
/// function_kit::classes! {
///     columns {
///         /// Whether anybody can mend it.
///         can_be_mended: bool,
///     }
///
///     /// A defect of the function.
///     Internal = "internal" {
///         ja: "関数の欠陥です。",
///         concern: Concern::Operator,
///         kind: Kind::Operator,
///         advice: Bilingual { en: "Report it.", ja: "報告してください。" },
///         can_be_mended: true,
///     }
///     /// The record was changed.
///     RecordForged = "record_forged" {
///         ja: "記録が書き換えられています。",
///         concern: Concern::Client,
///         kind: Kind::Record,
///         advice: Bilingual { en: "Suspect an attack.", ja: "攻撃を疑います。" },
///         can_be_mended: false,
///     }
/// }
///
/// assert_eq!(Class::ALL, [Class::Internal, Class::RecordForged]);
/// assert_eq!(Class::RecordForged.name(), "record_forged");
/// assert_eq!(Class::RecordForged.meaning().en, "The record was changed.");
/// assert!(!Class::RecordForged.can_be_mended());
/// ```
///
/// ```compile_fail
/// use function_kit::failure::{Bilingual, Concern, Kind};
///
/// function_kit::classes! {
///     /// A defect of the function.
///     Internal = "internal" {
///         ja: "関数の欠陥です。",
///         concern: Concern::Operator,
///         advice: Bilingual { en: "Report it.", ja: "報告してください。" },
///     }
/// }
/// ```
#[macro_export]
macro_rules! classes {
    (@columns $classes:tt $($(#[doc = $doc:literal])+ $column:ident: $type:ty,)+) => {
        /// Everything that is declared of a class.
        struct Declaration {
            $($column: $type,)+
        }

        impl Class {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub const fn $column(self) -> $type {
                    $crate::classes!(@column self $column $classes)
                }
            )+
        }
    };
    (@column $self:ident $column:ident [$($class:ident)+]) => {
        match $self {
            $(Class::$class => const { Class::$class.declaration().$column },)+
        }
    };
    (
        $(columns { $($(#[doc = $doc:literal])+ $column:ident: $type:ty,)+ })?
        $(
            $(#[doc = $meaning:literal])+
            $class:ident = $name:literal {
                ja: $ja:literal,
                $($field:ident: $value:expr,)+
            }
        )+
    ) => {
        /// Why something failed.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Class {
            $($(#[doc = $meaning])+ $class,)+
        }

        impl Class {
            /// Every class, in the order in which they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$class,)+];

            const fn declaration(self) -> Declaration {
                match self {
                    $(
                        Self::$class => Declaration {
                            name: $name,
                            meaning: $crate::failure::Bilingual {
                                en: concat!($($meaning),+).trim_ascii_start(),
                                ja: $ja,
                            },
                            $($field: $value,)+
                        },
                    )+
                }
            }
        }

        $crate::classes! { @columns [$($class)+]
            /// The class's name: lower case and underscores, for logs, metrics and messages.
            name: &'static str,
            /// Who has to do something about it.
            concern: $crate::failure::Concern,
            /// What has to be done next.
            kind: $crate::failure::Kind,
            /// When the class applies, for documents. It may hold code in backquotes.
            meaning: $crate::failure::Bilingual,
            /// What an operator does about it, for documents. It may hold code in backquotes.
            advice: $crate::failure::Bilingual,
            $($($(#[doc = $doc])+ $column: $type,)+)?
        }

        impl $crate::failure::Class for Class {
            const ALL: &'static [Self] = Self::ALL;
            const INTERNAL: Self = Self::Internal;

            fn name(self) -> &'static str {
                self.name()
            }

            fn concern(self) -> $crate::failure::Concern {
                self.concern()
            }

            fn kind(self) -> $crate::failure::Kind {
                self.kind()
            }

            fn meaning(self) -> $crate::failure::Bilingual {
                self.meaning()
            }

            fn advice(self) -> $crate::failure::Bilingual {
                self.advice()
            }
        }
    };
}
