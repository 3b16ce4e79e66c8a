//! The one form in which a notice is written down: code and link included, for a sealed row.
//!
//! [`Notice`] itself has no serialised form, so that nobody writes a code anywhere by accident.
//! The mirrors below are held to their originals by the compiler.

use serde::{Deserialize, Serialize};

use super::{CodePurpose, HelpReason, InfoChange, Notice, Origin, Recipient, Tidings};
use crate::id::{CorrelationId, FlowId, NoticeId};
use crate::method::MethodKind;
use crate::secret::Enclosed;
use crate::time::Moment;

/// A notice on its way into a sealed row.
#[derive(Serialize)]
#[serde(transparent)]
pub struct ForSealing<'n>(#[serde(serialize_with = "Stored::serialize")] &'n Notice);

/// A notice out of a sealed row.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Unsealed(#[serde(deserialize_with = "Stored::deserialize")] Notice);

impl Notice {
    /// The form for a sealed row, secrets included: for the store alone.
    #[must_use]
    pub fn for_sealing(&self) -> ForSealing<'_> {
        ForSealing(self)
    }
}

impl From<Unsealed> for Notice {
    fn from(unsealed: Unsealed) -> Self {
        unsealed.0
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Notice")]
struct Stored {
    id: NoticeId,
    to: Recipient,
    #[serde(with = "StoredTidings")]
    tidings: Tidings,
    subject: Option<String>,
    language: Option<String>,
    happened_at: Moment,
    origin: Origin,
    correlation_id: CorrelationId,
    expires_at: Moment,
    #[serde(with = "link")]
    not_me: Option<Enclosed>,
    answers: Option<(FlowId, u32)>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Tidings", rename_all = "kebab-case")]
enum StoredTidings {
    Code {
        #[serde(with = "digits")]
        code: Enclosed,
        purpose: CodePurpose,
        minutes: u32,
    },
    PasswordReset {
        unlocked: bool,
    },
    PasswordChanged,
    PasswordUnsure,
    AccountUnlocked,
    WrongPasswords {
        servers: Vec<String>,
        at: Moment,
        is_exact: bool,
        left: Option<u32>,
    },
    AdministratorReset {
        login: String,
        methods: Vec<MethodKind>,
    },
    SecurityInfo {
        change: InfoChange,
        kind: MethodKind,
        counts_from: Option<Moment>,
    },
    Help(HelpReason),
    TooManyTries {
        until: Moment,
    },
    HalfWay {
        passed: MethodKind,
    },
    HelpWanted {
        login: String,
    },
    Frozen {
        login: String,
        set_aside: u32,
    },
    Attention {
        what: String,
        name: String,
    },
}

mod digits {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::secret::{Enclosed, Secret};

    pub fn serialize<S: Serializer>(code: &Enclosed, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(code.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Enclosed, D::Error> {
        Ok(Secret::new(String::deserialize(deserializer)?).into())
    }
}

mod link {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::secret::{Enclosed, Secret};

    pub fn serialize<S: Serializer>(
        token: &Option<Enclosed>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        token.as_ref().map(Enclosed::expose).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Enclosed>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(|text| Secret::new(text).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountRef, Anchor, DirectoryName};
    use crate::flow::{Effects, Veto};
    use crate::secret::{Password, Secret};

    fn enclosed(text: &str) -> Enclosed {
        Secret::new(text.to_owned()).into()
    }

    fn notice() -> Notice {
        Notice {
            id: NoticeId::stored("n1".into()),
            to: Recipient::of_settings("jane@mail.example").unwrap(),
            tidings: Tidings::Code {
                code: enclosed("314159"),
                purpose: CodePurpose::Reset,
                minutes: 5,
            },
            subject: None,
            language: None,
            happened_at: Moment(0),
            origin: Origin::default(),
            correlation_id: CorrelationId::stored("journey".into()),
            expires_at: Moment(300_000),
            not_me: Some(enclosed("l1nk-t0ken")),
            answers: Some((FlowId::stored("f1".into()), 1)),
        }
    }

    #[test]
    fn nothing_that_holds_a_code_or_a_link_prints_it() {
        let veto = Veto {
            token: enclosed("l1nk-t0ken"),
            account: AccountRef {
                directory: DirectoryName("corp".into()),
                anchor: Anchor("a1".into()),
            },
            expires_at: Moment(1),
        };
        let effects = Effects {
            veto: Some(veto.clone()),
            ..Effects::default()
        };
        let notice = notice();
        let printed = [
            format!("{notice:#?}"),
            format!("{:#?}", notice.tidings),
            format!("{:#?}", notice.not_me),
            format!("{veto:#?}"),
            format!("{effects:#?}"),
        ];
        for text in printed {
            assert!(text.contains("Enclosed(..)"), "{text}");
            for secret in ["314159", "l1nk-t0ken", "jane@mail"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    #[test]
    fn a_sealed_row_gives_back_the_whole_notice() {
        let written = serde_json::to_string(&notice().for_sealing()).unwrap();
        assert!(
            written
                .contains(r#""tidings":{"code":{"code":"314159","purpose":"reset","minutes":5}}"#)
        );
        let read: Unsealed = serde_json::from_str(&written).unwrap();
        assert_eq!(Notice::from(read), notice());
    }

    /// Asks the compiler whether a type has a trait: the inherent answer wins where it applies.
    /// One of the two answers is never used, which its underscore allows.
    macro_rules! has {
        ($type:ty: $($trait:tt)+) => {{
            struct Asked<T: ?Sized>(std::marker::PhantomData<T>);
            trait _Otherwise {
                const _ANSWER: bool = false;
            }
            impl<T: ?Sized> _Otherwise for Asked<T> {}
            impl<T: ?Sized + $($trait)+> Asked<T> {
                const _ANSWER: bool = true;
            }
            Asked::<$type>::_ANSWER
        }};
    }

    /// Holds while this compiles: no secret, and nothing around one, can be displayed or
    /// serialised, and none but the shared one can be copied.
    const _: () = {
        assert!(has!(String: std::fmt::Display) && has!(Origin: Serialize));
        assert!(!has!(Secret: std::fmt::Display) && !has!(Secret: Serialize));
        assert!(!has!(Password: std::fmt::Display) && !has!(Password: Serialize));
        assert!(!has!(Enclosed: std::fmt::Display) && !has!(Enclosed: Serialize));
        assert!(!has!(Tidings: Serialize) && !has!(Notice: Serialize));
        assert!(!has!(Veto: Serialize) && !has!(Effects: Serialize));
        assert!(!has!(ForSealing<'static>: std::fmt::Debug));
        assert!(!has!(Unsealed: std::fmt::Debug));
        assert!(!has!(Secret: Clone) && !has!(Password: Clone));
        assert!(!has!(Enclosed: Copy) && has!(Enclosed: Clone));
    };
}
