//! Settings: who may do what, with which methods, and who is told.
//!
//! A policy that could let somebody in without proof cannot be built: [`Policy::try_new`] is the
//! only way to one, and it takes a checked [`Settings`] document.

mod lint;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountRef};
use crate::method::{Class, Method, MethodKind};
use crate::time::{DAY_MS, HOUR_MS, Moment};

pub use lint::{Finding, Lint, Severity, Surroundings, check, check_within};

/// Who may reset at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Nobody: the start page says that resetting is not switched on.
    #[default]
    None,
    /// The members of the listed groups.
    Selected,
    /// Every account that is not excluded.
    All,
}

/// Whether people are led to registration when they sign in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Required {
    /// Never.
    No,
    /// Yes, and they may put it off.
    #[default]
    Skippable,
    /// Yes; until then they may only change the password or sign out.
    Yes,
}

/// How visitors show that they are people.  Never depends on the account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BotCheck {
    /// Silent proof of work where there is script, a short paced queue where there is not.
    #[default]
    Silent,
    /// The same, asked for only while the site or the source is under pressure.
    UnderPressure,
    /// A picture and a sound; part of the `entra` profile (WCAG 2.2 SC 3.3.8 advises against it).
    PictureAndSound,
    /// None: for intranets.
    Off,
}

/// A named set of defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// As shipped.
    #[default]
    Standard,
    /// The old failure numbers of Microsoft Entra.
    Entra,
    /// NIST SP 800-63B-4.
    Nist,
    /// For `keymend demo` alone.
    Demo,
}

/// How banned words are looked for in new passwords (behaviour §6.3, §6.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BannedMode {
    /// The algorithm of `entra` and a stricter one: both must accept the password.
    #[default]
    Keymend,
    /// The scoring that Microsoft Entra documents.
    Entra,
    /// Only a password that is a banned word as a whole (NIST SP 800-63B-4 §3.1.1.2).
    Whole,
    /// Not at all.
    Off,
}

/// What follows when a new password is built on a banned word or is in a list of leaked ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// It is refused.
    #[default]
    Enforce,
    /// It is accepted, and the log says which rule would have refused it.
    Audit,
}

/// Everything an administrator decides, as one versioned document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Settings {
    /// The profile these settings belong to.
    pub profile: Profile,
    /// Who may reset.
    pub scope: Scope,
    /// Groups whose members may reset, nested membership counted (scope `selected`).
    pub groups: Vec<String>,
    /// Groups whose members may not, whatever else holds.
    pub excluded_groups: Vec<String>,
    /// Groups whose members count as administrators.
    pub administrator_groups: Vec<String>,
    /// How many proofs a reset takes, 1 to 3.
    pub gates: u32,
    /// The methods allowed.
    pub methods: Vec<MethodKind>,
    /// Registration.
    pub registration: RegistrationSettings,
    /// Who is told.
    pub notifications: NotificationSettings,
    /// What may be done.
    pub actions: ActionSettings,
    /// The bot check.
    pub bot_check: BotCheck,
    /// Seconds the queue for visitors without script lasts, 0 to 30.
    pub queue_secs: u32,
    /// Per directory: whether Keymend may write.  A directory that is not named is on.
    pub writeback: BTreeMap<String, bool>,
    /// Per directory: whether a lock may be lifted without a new password.  A directory that is
    /// not named follows `actions.unlock_without_reset`, which must be on as well.
    pub unlocking: BTreeMap<String, bool>,
    /// Limits, codes and lifetimes.
    pub limits: LimitSettings,
    /// Our own password rules.
    pub passwords: PasswordSettings,
}

/// Registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct RegistrationSettings {
    /// Whether people are led there.
    pub required: Required,
    /// How often it may be put off; 0 means as often as one likes (0 to 100).
    pub skips: u32,
    /// Days after which people look through their methods again; 0 means never (0 to 730).
    pub reconfirm_days: u32,
    /// Hours before a method added with a password alone counts (24 to 168; 0 in `demo` only).
    pub probation_hours: u32,
    /// Domains of work mailboxes, which the lost password opens; they cannot be registered.
    pub internal_mail_domains: Vec<String>,
    /// Calling codes to which texts may be sent, for instance `44`.
    pub countries: Vec<String>,
    /// How many accounts may share one number (1 to 100).
    pub sharing_most: u32,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct NotificationSettings {
    /// The person, of every reset, change, unlock and method change.
    pub person: bool,
    /// Administrators, when an administrator's password was reset.
    pub administrators: bool,
    /// Addresses of administrators and the security mailbox, at most 100.
    pub administrator_addresses: Vec<String>,
    /// Minutes after a new password in which the person is told of wrong ones at the directory,
    /// 0 to 240; 0 for never.
    pub wrong_passwords_mins: u32,
}

/// What may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct ActionSettings {
    /// Unlock without choosing a new password.
    pub unlock_without_reset: bool,
    /// A reset lifts a lock as well.
    pub reset_unlocks: bool,
    /// People outside the scope may change a password they know.
    pub change_out_of_scope: bool,
    /// Administrators may reset their own password (needs strong methods).
    pub administrators_reset: bool,
}

/// Numbers of behaviour §2; the ranges are checked by [`check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct LimitSettings {
    /// A flow's life in minutes from the first form (5 to 60).
    pub flow_mins: u32,
    /// Minutes left at least after the directory refused a password (2 to 15).
    pub after_refusal_mins: u32,
    /// Passwords that may be submitted in one flow (3 to 30).
    pub submissions_most: u32,
    /// Digits of a code (6 to 10).
    pub code_digits: u32,
    /// Minutes a code works (2 to 10).
    pub code_mins: u32,
    /// Codes per flow and method (1 to 3).
    pub codes_per_flow: u32,
    /// Tries per code, and per method and account in an hour (3 to 5).
    pub tries_most: u32,
    /// Identity failures per typed name in 24 hours (3 to 5).
    pub name_failures_most: u32,
    /// How long a typed name is blocked, in minutes (15 to 60; 1,440 in `entra`).
    pub block_mins: u32,
    /// Texts of the whole site in 24 hours (1 to 1,000,000).
    pub texts_per_day: u32,
    /// Days a familiar browser is remembered (0 to 180).
    pub familiar_days: u32,
    /// Site breaker: wrong sent codes in 24 hours (1 to 1,000).
    pub breaker_codes: u32,
    /// Minutes a signed-in person may idle (5 to 60).
    pub idle_mins: u32,
    /// Minutes a person may stay signed in (15 to 480).
    pub signed_in_mins: u32,
    /// Minutes a fresh proof lasts (1 to 15).
    pub fresh_proof_mins: u32,
}

/// Our own password rules; the directory's come on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct PasswordSettings {
    /// Least length; 0 means 8 with two gates and 15 with one (NIST SP 800-63B-4 §3.1.1.2).
    pub length_min: u32,
    /// Greatest length (64 to 256).
    pub length_max: u32,
    /// Least number of different characters (1 to 8).
    pub different_min: u32,
    /// How banned words are looked for.
    pub banned: BannedMode,
    /// Whether banned words, names and leaked passwords are refused, or only noted.
    pub enforcement: Enforcement,
    /// Pieces that a password must have once its banned words count as one each (5 to 8).
    pub points_min: u32,
    /// Whether a refusal names the banned word that was found.
    pub shows_banned_word: bool,
    /// Whether new passwords are looked up in the lists of leaked ones.
    pub leaked: bool,
    /// Words of the organisation, for instance its products and places; the words of its name and
    /// of its domain are banned without being listed.
    pub organisation_words: Vec<String>,
    /// Further banned words, at most 10,000 of 4 to 32 characters.
    pub banned_words: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            scope: Scope::default(),
            groups: Vec::new(),
            excluded_groups: Vec::new(),
            administrator_groups: Vec::new(),
            gates: 2,
            // As many classes as gates: the defaults must pass their own check.
            methods: vec![MethodKind::Email, MethodKind::Text],
            registration: RegistrationSettings::default(),
            notifications: NotificationSettings::default(),
            actions: ActionSettings::default(),
            bot_check: BotCheck::default(),
            queue_secs: 5,
            writeback: BTreeMap::new(),
            unlocking: BTreeMap::new(),
            limits: LimitSettings::default(),
            passwords: PasswordSettings::default(),
        }
    }
}

impl Default for RegistrationSettings {
    fn default() -> Self {
        Self {
            required: Required::default(),
            skips: 0,
            reconfirm_days: 180,
            probation_hours: 72,
            internal_mail_domains: Vec::new(),
            countries: Vec::new(),
            sharing_most: 5,
        }
    }
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            person: true,
            administrators: true,
            administrator_addresses: Vec::new(),
            wrong_passwords_mins: 60,
        }
    }
}

impl Default for ActionSettings {
    fn default() -> Self {
        Self {
            unlock_without_reset: true,
            reset_unlocks: true,
            change_out_of_scope: true,
            administrators_reset: true,
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            flow_mins: 15,
            after_refusal_mins: 5,
            submissions_most: 10,
            code_digits: 6,
            code_mins: 5,
            codes_per_flow: 3,
            tries_most: 5,
            name_failures_most: 5,
            block_mins: 60,
            texts_per_day: 500,
            familiar_days: 180,
            breaker_codes: 1_000,
            idle_mins: 15,
            signed_in_mins: 60,
            fresh_proof_mins: 5,
        }
    }
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            length_min: 0,
            length_max: 256,
            different_min: 5,
            banned: BannedMode::default(),
            enforcement: Enforcement::default(),
            points_min: 5,
            shows_banned_word: true,
            leaked: true,
            organisation_words: Vec::new(),
            banned_words: Vec::new(),
        }
    }
}

/// Settings that passed the lint: the only kind the service runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    settings: Settings,
    version: u64,
}

/// Whether the policy takes an account in, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eligibility {
    /// It may reset.
    Eligible,
    /// Resetting is off for the whole site.
    SiteOff,
    /// No policy takes it in.
    OutOfScope,
    /// An administrator, for whom this version has no method strong enough, or whose reset is off.
    Administrator,
}

impl Policy {
    /// Checks a settings document and makes the policy of that version.
    ///
    /// # Errors
    ///
    /// The findings, if any of them is a refusal: nothing is applied, and the running policy
    /// stays.
    pub fn try_new(settings: Settings, version: u64) -> Result<Self, Lint> {
        let lint = check(&settings);
        if lint.refuses() {
            Err(lint)
        } else {
            Ok(Self { settings, version })
        }
    }

    /// The checked settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The version of the document.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many gates a reset has.
    #[must_use]
    pub fn gates(&self) -> u32 {
        self.settings.gates
    }

    /// The methods allowed, strongest first, each once.
    #[must_use]
    pub fn methods(&self) -> Vec<MethodKind> {
        MethodKind::ALL
            .into_iter()
            .filter(|kind| self.settings.methods.contains(kind))
            .collect()
    }

    /// Whether a method of this kind may open a gate.
    #[must_use]
    pub fn allows(&self, kind: MethodKind) -> bool {
        self.settings.methods.contains(&kind)
    }

    /// Whether a method opens gates at `now`: of an allowed kind, confirmed, and past its
    /// probation (behaviour §1, *counting method*).
    #[must_use]
    pub fn counts(&self, own: &Method, now: Moment) -> bool {
        self.allows(own.kind) && own.is_confirmed(now)
    }

    /// Whether a method counts towards being registered: probation included (behaviour §5.7).
    #[must_use]
    pub fn registers(&self, own: &Method) -> bool {
        self.allows(own.kind) && own.is_registered()
    }

    /// Whether the policy takes this account in.
    #[must_use]
    pub fn eligibility(&self, account: &Account) -> Eligibility {
        let settings = &self.settings;
        let in_any = |groups: &[String]| groups.iter().any(|group| account.is_in(group));
        if settings.scope == Scope::None {
            return Eligibility::SiteOff;
        }
        if in_any(&settings.excluded_groups) {
            return Eligibility::OutOfScope;
        }
        if settings.scope == Scope::Selected && !in_any(&settings.groups) {
            return Eligibility::OutOfScope;
        }
        if in_any(&settings.administrator_groups) && !self.administrators_can_reset() {
            return Eligibility::Administrator;
        }
        Eligibility::Eligible
    }

    /// Whether the account is an administrator account.
    #[must_use]
    pub fn is_administrator(&self, account: &Account) -> bool {
        self.settings
            .administrator_groups
            .iter()
            .any(|group| account.is_in(group))
    }

    /// Administrators need two strong gates of different classes (behaviour §4.5); codes that are
    /// sent are not strong, so a policy that has nothing else cannot serve them.
    fn administrators_can_reset(&self) -> bool {
        let strong: std::collections::BTreeSet<Class> = self
            .methods()
            .into_iter()
            .map(MethodKind::class)
            .filter(|class| !class.is_issued_code())
            .collect();
        self.settings.actions.administrators_reset && strong.len() >= 2
    }

    /// Whether Keymend may write to the account's directory.
    #[must_use]
    pub fn writes_to(&self, account: &AccountRef) -> bool {
        self.writes_to_directory(&account.directory.0)
    }

    /// Whether Keymend may write to the directory of this name.
    #[must_use]
    pub fn writes_to_directory(&self, directory: &str) -> bool {
        self.settings
            .writeback
            .get(directory)
            .copied()
            .unwrap_or(true)
    }

    /// Whether locks of the directory of this name may be lifted without a new password.
    #[must_use]
    pub fn unlocks_in_directory(&self, directory: &str) -> bool {
        let own = self.settings.unlocking.get(directory).copied();
        self.settings.actions.unlock_without_reset && own.unwrap_or(true)
    }

    /// The least length of a password as we ask for it (behaviour §2.5).
    #[must_use]
    pub fn password_length_min(&self) -> u32 {
        match self.settings.passwords.length_min {
            0 if self.gates() >= 2 => 8,
            0 => 15,
            set => set,
        }
    }

    /// How long a method added with a password alone stays in probation, in milliseconds.
    #[must_use]
    pub fn probation_ms(&self) -> i64 {
        i64::from(self.settings.registration.probation_hours) * HOUR_MS
    }

    /// After how long people look through their methods again, in milliseconds; `None` if never.
    #[must_use]
    pub fn reconfirm_ms(&self) -> Option<i64> {
        match self.settings.registration.reconfirm_days {
            0 => None,
            days => Some(i64::from(days) * DAY_MS),
        }
    }
}

#[cfg(test)]
mod tests;
