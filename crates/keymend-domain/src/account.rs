//! Accounts as a directory describes them, and the names people type for them.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::dn::DnKey;
use crate::time::Moment;

/// The name an installer gave to one directory, for instance `corp`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DirectoryName(pub String);

impl fmt::Display for DirectoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The immutable id of an entry (objectGUID, entryUUID, nsUniqueId), as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Anchor(pub String);

/// Which account, whatever it is called today: a directory and an anchor, never a DN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    /// The directory that holds the entry.
    pub directory: DirectoryName,
    /// The entry's immutable id there.
    pub anchor: Anchor,
}

impl AccountRef {
    /// One text that names the account in keys and rows: `directory/anchor`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.directory.0, self.anchor.0)
    }
}

/// A lock that a directory put on an account after too many wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// When it opens by itself; `None` if only a person can open it.
    pub until: Option<Moment>,
}

/// Why an account is protected, in the words of the directory, for the administrator's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protection(pub String);

/// What a directory says about the state of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Disabled, or locked by an administrator for good.  Keymend never re-enables it.
    pub is_disabled: bool,
    /// The account's own end date has passed.
    pub is_expired: bool,
    /// Locked by wrong passwords.
    pub lock: Option<Lock>,
    /// The password is older than the directory allows.
    pub password_is_expired: bool,
    /// The person must choose a new password at the next sign-in.
    pub must_change: bool,
    /// The person is not allowed to change the password.
    pub may_not_change: bool,
    /// Tier 0 or its like: never reset, never unlocked.
    pub protection: Option<Protection>,
    /// When the password was last set, if the directory says so.
    pub password_changed_at: Option<Moment>,
    /// Before this instant the directory refuses a new password (minimum age).
    pub next_change_from: Option<Moment>,
}

/// One person's entry in one directory, as read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The identity of the account.
    pub id: AccountRef,
    /// The name the person signs in with, as the directory spells it.
    pub login: String,
    /// The name shown to others.
    pub display_name: String,
    /// Given name, if known.
    pub given_name: Option<String>,
    /// Family name, if known.
    pub surname: Option<String>,
    /// E-mail addresses in the entry.  They receive notices; they open no gate.
    pub mail: Vec<String>,
    /// Telephone numbers in the entry, as written there.
    pub phones: Vec<String>,
    /// Every group the account is in, nested membership included, by the directory's own name.
    pub groups: Vec<String>,
    /// Preferred language as a BCP 47 tag, if the entry has one.
    pub language: Option<String>,
    /// State flags.
    pub state: AccountState,
}

impl Account {
    /// Somebody without a name in no directory: for judging a password that is nobody's yet.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self {
            id: AccountRef {
                directory: DirectoryName(String::new()),
                anchor: Anchor(String::new()),
            },
            login: String::new(),
            display_name: String::new(),
            given_name: None,
            surname: None,
            mail: Vec::new(),
            phones: Vec::new(),
            groups: Vec::new(),
            language: None,
            state: AccountState::default(),
        }
    }

    /// Whether the account is in `group`: names of LDAP directories are compared as names,
    /// whatever blanks, case and escapes they are written with, others without regard to case.
    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        let wanted = DnKey::of(group);
        self.groups.iter().any(|own| match &wanted {
            Some(wanted) => DnKey::of(own).as_ref() == Some(wanted),
            None => own.eq_ignore_ascii_case(group),
        })
    }
}

/// The most bytes a typed name may have (source: security-gates R-08).
pub const CLAIM_BYTES_MAX: usize = 256;

/// What somebody typed as the user name: it may mean one account, none, or several.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claim(String);

/// Why a text cannot be a user name at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimShape {
    /// Empty, or blanks alone.
    #[error("the name is empty")]
    Empty,
    /// Longer than [`CLAIM_BYTES_MAX`] bytes.
    #[error("the name is too long")]
    TooLong,
    /// Holds a control character.
    #[error("the name holds a control character")]
    Control,
}

impl Claim {
    /// Takes a typed name; blanks around it are dropped.
    ///
    /// # Errors
    ///
    /// [`ClaimShape`] if nobody can be called that; refuse the form with `claim.shape`
    /// (`input.long` for [`ClaimShape::TooLong`]).
    pub fn new(typed: &str) -> Result<Self, ClaimShape> {
        if typed.len() > CLAIM_BYTES_MAX {
            return Err(ClaimShape::TooLong);
        }
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Err(ClaimShape::Empty);
        }
        if trimmed.chars().any(char::is_control) {
            return Err(ClaimShape::Control);
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// The name as typed, for the directory search and for showing it back to the same person.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.0
    }

    /// The form under which typed names are counted, so that spellings that a directory takes for
    /// one name share what they use up (source: behaviour §2.6 rule 1).
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical(&self.0)
    }
}

/// NFKD, without marks and signs that do not print, case-folded, NFC, each run of blanks as one
/// and none at either end or beside `\` and `@`.
///
/// Directories prepare what they compare in this way (source: RFC 4518 §2.2, §2.6.1; blanks beside
/// the two signs are for those that take a domain off by themselves).
pub(crate) fn canonical(text: &str) -> String {
    let folded: String = text
        .nfkd()
        .filter(|sign| !is_combining_mark(*sign) && !is_ignored(*sign))
        // By way of capitals, for letters that have two small forms: ß, final sigma.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let mut plain = words.join(" ");
    for sign in ["\\", "@"] {
        let parts: Vec<&str> = plain.split(sign).map(str::trim).collect();
        plain = parts.join(sign);
    }
    plain
}

/// Whether a sign does not count: it prints nothing, or a directory drops it.  Combining marks are
/// not among them.
fn is_ignored(sign: char) -> bool {
    // Default_Ignorable_Code_Point without formats and marks (source: Unicode 17,
    // DerivedCoreProperties.txt), then what RFC 4518 §2.2 adds.
    sign.general_category() == GeneralCategory::Format
        || matches!(
            sign,
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
                | '\u{2065}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
        )
        || matches!(sign, '\u{fffc}' | '\u{1806}')
}

/// Prints nothing of the name: people type passwords into name fields.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_group_is_the_same_however_its_name_is_written() {
        let mut jane = Account::of_nobody();
        jane.groups = vec![r#"CN=Sales\, \"North\",OU=Groups,DC=corp"#.into()];
        assert!(jane.is_in(r#"cn=sales\2c \22North\22, ou=groups, dc=corp"#));
        assert!(!jane.is_in("cn=Sales,ou=groups,dc=corp"));
        assert!(!jane.is_in("Sales"));
        jane.groups = vec!["Staff".into()];
        assert!(jane.is_in("staff") && !jane.is_in("cn=staff"));
    }

    #[test]
    fn spellings_of_one_name_count_as_one() {
        let canonical = |text: &str| Claim::new(text).unwrap().canonical();
        for spelling in [
            "user1",
            " USER1 ",
            "User1",
            "ｕｓｅｒ１",
            "üser1",
            "us\u{ad}er\u{200b}1\u{fe0f}",
        ] {
            assert_eq!(canonical(spelling), "user1", "{spelling}");
        }
        assert_eq!(canonical("Straße"), canonical("STRASSE"));
        assert_eq!(canonical("\\75ser1"), "\\75ser1");
        assert_eq!(canonical("ΝΊΚΟΣ"), canonical("νίκος"));
        for (spelling, plain) in [
            ("jane \u{a0}\u{2003} doe", "jane doe"),
            ("CORP \\  jane", "corp\\jane"),
            ("jane @ corp.example", "jane@corp.example"),
            ("ja\u{fffc}ne\u{1806} \u{3164} doe", "jane doe"),
        ] {
            assert_eq!(canonical(spelling), plain, "{spelling:?}");
        }
    }

    /// What RFC 4518 §2.2 maps to nothing, and Default_Ignorable_Code_Point.
    #[test]
    fn no_sign_that_does_not_print_makes_another_name() {
        let ignored = [
            '\u{ad}'..='\u{ad}',
            '\u{34f}'..='\u{34f}',
            '\u{61c}'..='\u{61c}',
            '\u{115f}'..='\u{1160}',
            '\u{17b4}'..='\u{17b5}',
            '\u{1806}'..='\u{1806}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{202a}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{3164}'..='\u{3164}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{feff}'..='\u{feff}',
            '\u{ffa0}'..='\u{ffa0}',
            '\u{fff0}'..='\u{fff8}',
            '\u{fffc}'..='\u{fffc}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ];
        for sign in ignored.into_iter().flatten() {
            let typed = Claim::new(&format!("ja{sign}ne")).unwrap();
            assert_eq!(typed.canonical(), "jane", "{:x}", u32::from(sign));
        }
    }

    proptest! {
        #[test]
        fn a_counted_name_is_counted_as_itself(text in "[^\\p{Cc}]{1,16}") {
            let Ok(claim) = Claim::new(&text) else { return Ok(()) };
            let once = claim.canonical();
            if let Ok(again) = Claim::new(&once) {
                prop_assert_eq!(again.canonical(), once);
            }
        }

        #[test]
        fn blanks_ignored_signs_and_case_use_up_no_other_name(
            words in vec("[a-zé]{1,5}", 1..4),
            blanks in "[ \u{a0}\u{2003}\u{3000}]{1,8}",
            sign in proptest::sample::select(vec!["", "\u{ad}", "\u{fffc}", "\u{1806}", "\u{3164}"]),
        ) {
            let plain = words.join(" ");
            let typed = words.join(&format!("{sign}{blanks}{sign}")).to_uppercase();
            let counted = |text: &str| Claim::new(text).unwrap().canonical();
            prop_assert_eq!(counted(&typed), counted(&plain));
        }
    }

    #[test]
    fn impossible_names_are_refused() {
        assert_eq!(Claim::new("   ").unwrap_err(), ClaimShape::Empty);
        assert_eq!(
            Claim::new(&"x".repeat(10_000)).unwrap_err(),
            ClaimShape::TooLong
        );
        assert_eq!(Claim::new("a\0b").unwrap_err(), ClaimShape::Control);
    }

    #[test]
    fn a_claim_does_not_print() {
        assert_eq!(format!("{:?}", Claim::new("hunter2").unwrap()), "Claim(..)");
    }
}
