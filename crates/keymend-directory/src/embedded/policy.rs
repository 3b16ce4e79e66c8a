//! The password policy of the embedded directory, and its verdicts.

use keymend_domain::directory::{PasswordRules, RuleBroken};
use keymend_domain::secret::{PASSWORD_POINTS_MAX, Password};
use keymend_domain::time::{DAY_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

/// What the directory asks of passwords, and what it does about wrong ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The least length in code points.
    pub length_min: u32,
    /// How many kinds of characters (capital, small, digit, symbol, other letter) are asked
    /// for; 0 if it does not matter.
    pub classes_min: u32,
    /// How many former passwords are remembered beside the current one; 0 if none.
    pub history: u32,
    /// The least time between two changes, in milliseconds; 0 if there is none.
    pub age_min_ms: i64,
    /// After this time a password is expired, in milliseconds; 0 if never.
    pub age_max_ms: i64,
    /// Wrong passwords until the account is locked; 0 if it never is.
    pub lockout_threshold: u32,
    /// Wrong passwords further apart than this do not add up, in milliseconds; 0 if they always
    /// do.
    pub lockout_window_ms: i64,
    /// How long a lock holds, in milliseconds; 0 if until somebody lifts it.
    pub lockout_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            length_min: 10,
            classes_min: 0,
            history: 5,
            age_min_ms: 0,
            age_max_ms: 90 * DAY_MS,
            lockout_threshold: 5,
            lockout_window_ms: 15 * MINUTE_MS,
            lockout_ms: 15 * MINUTE_MS,
        }
    }
}

impl Policy {
    /// The policy as the port tells it, with `bad_passwords` counted at present.
    #[must_use]
    pub fn rules(&self, bad_passwords: u32) -> PasswordRules {
        PasswordRules {
            length_min: self.length_min,
            length_max: u32::try_from(PASSWORD_POINTS_MAX).ok(),
            classes_min: self.classes_min,
            history: self.history,
            reset_obeys_history: true,
            age_min_ms: self.age_min_ms,
            lockout_threshold: self.lockout_threshold,
            lockout_window_ms: self.lockout_window_ms,
            bad_passwords,
            ..PasswordRules::default()
        }
    }

    /// The rules of shape that `password` breaks; age and history are judged by the entry.
    pub(super) fn broken_by(&self, password: &Password) -> Vec<RuleBroken> {
        let typed = u32::try_from(password.points()).unwrap_or(u32::MAX);
        let used = kinds(password.expose());
        let short = (typed < self.length_min).then_some(RuleBroken::Short {
            least: self.length_min,
            typed,
        });
        let classes = (used < self.classes_min).then_some(RuleBroken::Classes {
            needed: self.classes_min,
            used,
        });
        short.into_iter().chain(classes).collect()
    }
}

/// How many of the five kinds of MS-SAMR 3.1.1.7.2 a text uses.
fn kinds(text: &str) -> u32 {
    let kinds: [fn(char) -> bool; 5] = [
        char::is_uppercase,
        char::is_lowercase,
        |sign| sign.is_ascii_digit(),
        |sign| !sign.is_alphanumeric(),
        |sign| sign.is_alphabetic() && !sign.is_uppercase() && !sign.is_lowercase(),
    ];
    kinds.iter().fold(0, |used, is_kind| {
        used + u32::from(text.chars().any(is_kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(policy: &Policy, text: &str) -> Vec<RuleBroken> {
        policy.broken_by(&Password::new(text.into()).unwrap())
    }

    #[test]
    fn length_is_counted_in_code_points() {
        let policy = Policy::default();
        assert_eq!(broken(&policy, "🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑"), []);
        assert_eq!(
            broken(&policy, "nine sign"),
            [RuleBroken::Short {
                least: 10,
                typed: 9
            }]
        );
    }

    #[test]
    fn every_broken_rule_is_named_at_once() {
        let policy = Policy {
            classes_min: 3,
            ..Policy::default()
        };
        assert_eq!(broken(&policy, "short").len(), 2);
        assert_eq!(broken(&policy, "long enough 漢字"), []);
    }
}
