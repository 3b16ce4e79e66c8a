//! The port to a place where accounts live, and everything that crosses it.

pub mod examination;
pub mod rights;
pub mod tally;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountRef, Claim, DirectoryName};
use crate::id::OrderId;
use crate::route::Realms;
use crate::secret::Password;
use crate::time::{MINUTE_MS, Moment};

use self::examination::{Checkpoint, Condition, Link, ServerReport};
use self::rights::RightsReport;
use self::tally::ServerTallies;

/// What a search for a typed name came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Exactly one entry.
    One(Box<Account>),
    /// No entry.
    Nobody,
    /// More than one entry: never a guess, and a finding for the administrator (KM-3009).
    Several {
        /// How many entries matched, as far as the search went.
        count: usize,
    },
}

/// A directory could not answer.  Nothing was changed by the call that returned it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// No server could be reached, or it fell silent.  Try again in a few minutes.
    #[error("the directory cannot be reached while {during}: {detail}")]
    Down {
        /// The step that failed: `connecting`, `starting TLS`, `binding`, `searching`.
        during: &'static str,
        /// What the server or the network said; free of personal data and secrets.
        detail: String,
    },
    /// The server's certificate or name was not accepted.  Mend the configuration.
    #[error("the directory's certificate was not accepted: {detail}")]
    Trust {
        /// Which check failed.
        detail: String,
    },
    /// The service account lacks a right it needs.
    #[error("the service account may not {what}")]
    Rights {
        /// The right, in the words of the directory's administrator.
        what: String,
    },
    /// The server said something this adapter does not know.  Doubt means refusal.
    #[error("the directory gave an answer that is not understood while {during}: {detail}")]
    Strange {
        /// The step that failed.
        during: &'static str,
        /// Result code and text, free of personal data and secrets.
        detail: String,
    },
}

/// A rule that a password did not meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleBroken {
    /// Fewer characters than asked for.
    Short {
        /// The least length, in characters.
        least: u32,
        /// The length of what was typed; 0 if the directory judged and did not say.
        typed: u32,
    },
    /// More characters than the directory takes.
    Long {
        /// The greatest length, in characters.
        most: u32,
    },
    /// The two fields differ.
    Differ,
    /// Built on a banned word.
    Banned {
        /// The word.
        term: String,
    },
    /// Holds a name of the person.
    Name {
        /// The part of the name that was found.
        part: String,
    },
    /// In a public list of leaked passwords.
    Leaked,
    /// Too few kinds of characters for the directory.
    Classes {
        /// How many kinds the directory asks for.
        needed: u32,
        /// How many were used.
        used: u32,
    },
    /// Used before, says the directory.
    History {
        /// How many former passwords the directory remembers, 0 if it did not say.
        remembered: u32,
    },
    /// The directory does not allow a change yet (minimum age).
    Young {
        /// From when it does, if known.
        from: Option<Moment>,
    },
    /// The directory refused and did not say why.
    Unsaid,
    /// A character that sign-in screens or the directory cannot take.
    Sign {
        /// The character, spelled as `U+XXXX`.
        which: String,
    },
    /// The same as the current password.
    Same,
    /// Too few different characters.
    Few {
        /// How many different characters are asked for.
        least: u32,
    },
}

/// How a directory tells the kinds of characters apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kinds {
    /// Capital, small, digit, symbol, other letter (MS-SAMR 3.1.1.7.2).
    #[default]
    Windows,
    /// The same names, but by the case tables of Samba: beyond ASCII, whatever has no other case
    /// of one sign is an "other letter", be it ß, €, an emoji or an Arabic digit.
    Samba,
    /// Capital, small, digit and other sign of ASCII, and whatever is beyond ASCII (389 Directory
    /// Server).
    Ascii,
}

/// The rules a directory applies to new passwords of one account, as far as they can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRules {
    /// The least length in characters; 0 if there is none.
    pub length_min: u32,
    /// The greatest length in characters; `None` if the directory names none.
    pub length_max: Option<u32>,
    /// Whether both lengths are counted in bytes of UTF-8 instead (OpenLDAP).
    #[serde(default)]
    pub length_in_bytes: bool,
    /// How many of the five kinds of characters are asked for; 0 if it does not matter
    /// (MS-SAMR 3.1.1.7.2 asks for 3).
    pub classes_min: u32,
    /// What counts as a kind.
    #[serde(default)]
    pub kinds: Kinds,
    /// Whether the person's names are refused inside the password (MS-SAMR 3.1.1.7.2).
    pub refuses_names: bool,
    /// Where names are refused: even this many characters in a row of one; 0 for whole names.
    #[serde(default)]
    pub name_window: u32,
    /// How many former passwords are remembered; 0 if none.
    pub history: u32,
    /// Whether a reset obeys the history (AD: only with policy hints).
    pub reset_obeys_history: bool,
    /// The least time between two changes, in milliseconds; 0 if there is none.
    pub age_min_ms: i64,
    /// Wrong passwords until the directory locks the account; 0 if it never does.
    pub lockout_threshold: u32,
    /// The window in which they are counted, in milliseconds; 0 if it never ends.
    pub lockout_window_ms: i64,
    /// How many wrong passwords the directory counts for this account at present.
    pub bad_passwords: u32,
    /// A special rule applies to this account that the service account may not read (KM-3003).
    pub has_unreadable_rule: bool,
}

/// What a directory says to a password somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignIn {
    /// The password is right and the account may be used.
    Accepted,
    /// The password is right, but must be replaced before anything else.
    MustChange(MustChange),
    /// The password is right, but the account is disabled or expired, and the directory says so
    /// for the right password alone.
    Unusable,
    /// The password is right, but not at this time or from this place.
    NotHere,
    /// Anything else: wrong, unknown, locked.  The reason is for the log only.
    NoMatch(NoMatch),
}

/// Why a right password must be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MustChange {
    /// It is older than the directory allows.
    Expired,
    /// Someone set it and asked for a new one at the next sign-in.
    Demanded,
}

/// Why a sign-in failed, for the log and for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoMatch {
    /// The password is wrong.
    Wrong,
    /// The account is locked by wrong passwords.
    Locked,
    /// The account is disabled, or locked by an administrator.
    Disabled,
    /// The directory did not say.
    Unsaid,
}

/// What is to be written.  Passwords are borrowed: an order never outlives the request's task.
pub enum Deed<'a> {
    /// A new password without the old one, and the lock lifted if `unlocks`.
    Reset {
        /// The new password.
        new: &'a Password,
        /// Whether a lock is lifted in the same deed.
        unlocks: bool,
    },
    /// A new password by someone who knows the old one; carried out as the person.
    Change {
        /// The current password, exactly as typed.
        current: &'a Password,
        /// The new password.
        new: &'a Password,
    },
    /// The lock lifted, the password left alone.
    Unlock,
}

impl Deed<'_> {
    /// The kind of deed, without its secrets.
    #[must_use]
    pub fn kind(&self) -> DeedKind {
        match self {
            Deed::Reset { .. } => DeedKind::Reset,
            Deed::Change { .. } => DeedKind::Change,
            Deed::Unlock => DeedKind::Unlock,
        }
    }
}

/// The kind of a deed, as it is stored and audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeedKind {
    /// A new password without the old one.
    Reset,
    /// A new password by someone who knows the old one.
    Change,
    /// A lock lifted.
    Unlock,
}

/// One write that was decided, audited and saved before it is carried out.
///
/// Only [`crate::flow::Flow::order_write`] and its siblings make one, and they take a proven
/// flow; there is no other way to a directory's write.
pub struct WriteOrder<'a> {
    id: OrderId,
    account: AccountRef,
    deadline: Moment,
    deed: Deed<'a>,
}

impl<'a> WriteOrder<'a> {
    pub(crate) fn new(id: OrderId, account: AccountRef, deadline: Moment, deed: Deed<'a>) -> Self {
        Self {
            id,
            account,
            deadline,
            deed,
        }
    }

    /// An order for the conformance suite of the adapters, which has no flow to prove.
    #[cfg(feature = "conformance")]
    #[must_use]
    pub fn for_conformance(
        id: OrderId,
        account: AccountRef,
        deadline: Moment,
        deed: Deed<'a>,
    ) -> Self {
        Self::new(id, account, deadline, deed)
    }

    /// The order's id; a directory that has carried it out answers a repeat from memory.
    #[must_use]
    pub fn id(&self) -> &OrderId {
        &self.id
    }

    /// The account to write to.
    #[must_use]
    pub fn account(&self) -> &AccountRef {
        &self.account
    }

    /// After this instant the order must not be carried out any more.
    #[must_use]
    pub fn deadline(&self) -> Moment {
        self.deadline
    }

    /// What is to be written.
    #[must_use]
    pub fn deed(&self) -> &Deed<'a> {
        &self.deed
    }
}

/// How a finished write was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A sign-in with the new password worked.
    SignedIn,
    /// The directory's own metadata moved; a sign-in was not possible by design, or not tried.
    ReadBack,
}

/// Why an account still cannot sign in although the password was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Barrier {
    /// The lock could not be lifted (KM-3007).
    StillLocked,
    /// The account is disabled or expired, or may not sign in now or from here (KM-3008).
    CannotSignIn,
}

/// Why a write surely did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotDone {
    /// No connection, so nothing was sent.  Try again.
    Down,
    /// The deadline had passed when the order arrived.
    Late,
    /// The entry is gone, or its anchor names another entry now.
    Gone,
    /// The account is protected, disabled or locked by an administrator on a fresh read.
    Protected,
    /// The service account lacks the right.
    Rights,
    /// The current password was wrong (changes only).
    WrongCurrent,
    /// There was no lock to lift.
    NotLocked,
}

/// What came of one order.  There is no `Result`: "it may have happened" is an answer in its own
/// right, and `?` must not drop it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOutcome {
    /// Written and checked.
    Done {
        /// How it was checked.
        check: Check,
        /// Whether a lock was lifted as well.
        unlocked: bool,
        /// The directory will ask for yet another change at the next sign-in (KM-3014).
        change_again: bool,
    },
    /// Written, but the account cannot sign in.  Never a success.
    Barred(Barrier),
    /// The directory refused the new password.
    Refused(Vec<RuleBroken>),
    /// Surely not written.
    NotDone(NotDone),
    /// Sent, and no answer came back in time.
    Unknown,
}

/// Whether a directory can be used just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    /// It answers.
    Up,
    /// It does not; `during` is the step that fails.
    Down {
        /// The step: `name`, `connection`, `certificate`, `sign-in`, `search`.
        during: String,
        /// Detail for the administrator.
        detail: String,
    },
}

/// An account as the servers of its directory show it after a write that nobody answered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reread {
    /// As each server that answered shows it; `None` where the entry is gone.
    pub shown: Vec<Option<Account>>,
    /// Whether every server answered; if not, one of the others may have taken the write.
    pub is_whole: bool,
}

impl Reread {
    /// What the only server shows.
    #[must_use]
    pub fn of_one(account: Option<Account>) -> Self {
        Self {
            shown: vec![account],
            is_whole: true,
        }
    }
}

/// How old what is known of an account may be where its rules are only shown: as long as a flow
/// lives (behaviour §2.1).
pub const SHOWN_RULES_AGE_MS: i64 = 15 * MINUTE_MS;

/// A place where accounts live.  The service cannot tell which kind.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The installer's name for this directory.
    fn name(&self) -> &DirectoryName;

    /// Looks for the account a typed name means, among the login attributes configured.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer; say so before a code is spent.
    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError>;

    /// Reads one account afresh by its anchor; `None` if the entry is gone.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer.
    async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError>;

    /// The password rules that apply to this account.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer.
    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError>;

    /// The same for showing them beside a form that asks again with every key: they may rest on
    /// what was read of the account up to [`SHOWN_RULES_AGE_MS`] ago (the policy itself is read
    /// once a minute), and nothing is decided by them.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer.
    async fn rules_to_show(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.password_rules(account).await
    }

    /// The account and its password rules together, as they are needed before a write; `None` if
    /// the entry is gone.  A directory that learns both from one question overrides this.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer.
    async fn read_with_rules(
        &self,
        account: &AccountRef,
    ) -> Result<Option<(Account, PasswordRules)>, DirectoryError> {
        let Some(found) = self.read(account).await? else {
            return Ok(None);
        };
        let rules = self.password_rules(account).await?;
        Ok(Some((found, rules)))
    }

    /// Reads one account afresh to find out what became of a write that nobody answered for: from
    /// every server that may have taken it, since one that did not may lag behind.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if no server answered; ask again later.
    async fn read_back(&self, account: &AccountRef) -> Result<Reread, DirectoryError> {
        Ok(Reread::of_one(self.read(account).await?))
    }

    /// Asks the directory whether a typed password is right, as a sign-in of that person.
    /// A wrong one counts there: the caller limits how often this is called.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer.
    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError>;

    /// Tries the new password after a write that nobody answered for, where the write is seen: a
    /// server that has not heard of it yet would count a wrong password.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if nothing can be said.
    async fn confirm_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.check_password(account, password).await
    }

    /// Carries out one order, at most once, and not after its deadline: fresh read by anchor,
    /// protection check, write, classification of that operation's own result, check by a
    /// sign-in with the new password.
    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome;

    /// Whether the directory answers now.  Never longer than a few seconds.
    async fn health(&self) -> Health;

    /// What the service account may do, against what it needs; nothing is written to find out.
    /// A directory that needs no service account has nothing to prove.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer: nothing is proven then.
    async fn rights(&self) -> Result<RightsReport, DirectoryError> {
        let name = self.name().0.clone();
        Ok(RightsReport::new(Moment(0), name, 0, Vec::new()))
    }

    /// The endings and domains by which this directory says it is called, to be proposed to
    /// administrators; most kinds of server know of none.  No name is routed by them.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer: nothing is known then.
    async fn realms(&self) -> Result<Realms, DirectoryError>;

    /// What each server counts of wrong passwords of these accounts, which are all of this
    /// directory.  A server that does not answer within a few seconds is left out, and so is an
    /// account that a server does not have.  A directory that counts nothing leaves it at this.
    async fn tallies(&self, accounts: &[AccountRef]) -> Vec<ServerTallies> {
        let _ = accounts;
        Vec::new()
    }

    /// Looks at each server, link by link, up to the first that breaks.  May take a few seconds
    /// for each.
    async fn examine(&self) -> Vec<ServerReport> {
        let checkpoint = match self.health().await {
            Health::Up => Checkpoint::ok(Link::Base, "it answers"),
            Health::Down { detail, .. } => {
                Checkpoint::amiss(Link::Base, Condition::Broken, detail, "see its own log")
            }
        };
        vec![ServerReport {
            server: self.name().0.clone(),
            checkpoints: vec![checkpoint],
            ..ServerReport::default()
        }]
    }
}
