//! The password policy of the whole domain.

use super::BASE_DN;

/// What the domain asks of passwords, and when it locks; `DomainPolicy::default()` is what the
/// sample people were made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainPolicy {
    /// The least number of characters.
    pub length_min: u32,
    /// How many former passwords are remembered.
    pub history: u32,
    /// Whether three of five kinds of characters are asked for.
    pub is_complex: bool,
    /// How old a password must be before it may be changed.
    pub age_min_secs: u64,
    /// How old a password may grow; 0: as old as it likes.
    pub age_max_days: u64,
    /// How many wrong passwords lock an account; 0: none do.
    pub lockout_threshold: u32,
    /// For how long an account is locked; 0: until an administrator unlocks it.
    pub lockout_secs: u64,
    /// Within what time wrong passwords are added up; not more than `lockout_secs`.
    pub lockout_window_secs: u64,
}

impl Default for DomainPolicy {
    fn default() -> Self {
        Self {
            length_min: 10,
            history: 5,
            is_complex: true,
            age_min_secs: 0,
            age_max_days: 90,
            lockout_threshold: 3,
            lockout_secs: 1800,
            lockout_window_secs: 1800,
        }
    }
}

impl DomainPolicy {
    /// The change that makes it so.
    pub(super) fn ldif(&self) -> String {
        let mut text = format!("dn: {BASE_DN}\nchangetype: modify\n");
        for (name, value) in [
            ("minPwdLength", self.length_min.to_string()),
            ("pwdHistoryLength", self.history.to_string()),
            ("pwdProperties", u32::from(self.is_complex).to_string()),
            ("minPwdAge", interval(self.age_min_secs)),
            ("maxPwdAge", self.age_max()),
            ("lockoutThreshold", self.lockout_threshold.to_string()),
            ("lockoutDuration", interval(self.lockout_secs)),
            (
                "lockOutObservationWindow",
                interval(self.lockout_window_secs),
            ),
        ] {
            text += &format!("replace: {name}\n{name}: {value}\n-\n");
        }
        text + "\n"
    }

    fn age_max(&self) -> String {
        match self.age_max_days {
            // What Active Directory writes for "never".
            0 => i64::MIN.to_string(),
            days => interval(days * 24 * 60 * 60),
        }
    }
}

/// A length of time as Active Directory writes it: a negative count of 100 ns (MS-ADTS).
fn interval(secs: u64) -> String {
    match secs {
        0 => "0".to_owned(),
        _ => format!("-{}0000000", secs),
    }
}
