//! Writing to `unicodePwd` and its companions.

use std::collections::HashSet;
use std::time::Duration;

use keymend_domain::secret::Password;
use ldap3::Mod;
use ldap3::controls::RawControl;
use zeroize::Zeroizing;

use crate::ldap::connect::{Answer, CallError, Connection};

/// `SEQUENCE { INTEGER 1 }`: obey the history and the minimum age (MS-ADTS, `PolicyHintsRequestValue`);
/// with 0 the control is taken and nothing is enforced.
const ENFORCE: [u8; 5] = [0x30, 3, 2, 1, 1];

/// A new password and what goes with it.
pub(in crate::ldap) struct New<'a> {
    pub(in crate::ldap) password: &'a Password,
    /// The current one, if the person acts; else the service account sets it.
    pub(in crate::ldap) current: Option<&'a Password>,
    /// Whether a lock is lifted in the same deed.
    pub(in crate::ldap) unlocks: bool,
    /// The control that makes the server apply its rules to a reset, if it has one.
    pub(in crate::ldap) policy_hints: Option<&'static str>,
}

type Change = Mod<Vec<u8>>;

/// The password as the attribute takes it: in quotes, in UTF-16 with the low byte first
/// (MS-ADTS 3.1.1.3.1.5.1).
fn encoded(password: &Password) -> Zeroizing<Vec<u8>> {
    let text = password.expose();
    let quoted = ['"'].into_iter().chain(text.chars()).chain(['"']);
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 * text.len() + 4));
    let mut units = [0; 2];
    for sign in quoted {
        for unit in sign.encode_utf16(&mut units) {
            bytes.extend(unit.to_le_bytes());
        }
    }
    bytes
}

fn value(bytes: &[u8]) -> HashSet<Vec<u8>> {
    HashSet::from([bytes.to_vec()])
}

fn replace(attribute: &str, bytes: &[u8]) -> Change {
    Mod::Replace(attribute.as_bytes().to_vec(), value(bytes))
}

/// Everything in one operation, so that there is nothing half done.
fn changes(new: &New<'_>) -> Vec<Change> {
    let attribute = || b"unicodePwd".to_vec();
    let password = encoded(new.password);
    if let Some(current) = new.current {
        return vec![
            Mod::Delete(attribute(), value(&encoded(current))),
            Mod::Add(attribute(), value(&password)),
        ];
    }
    let mut changes = vec![replace("unicodePwd", &password)];
    if new.unlocks {
        changes.push(replace("lockoutTime", b"0"));
    }
    // "Changed now": ends a demand for a new password, and asks for none.
    changes.push(replace("pwdLastSet", b"-1"));
    changes
}

/// Sets or changes a password.
pub(in crate::ldap) async fn set_password(
    connection: &Connection,
    dn: &str,
    new: &New<'_>,
    limit: Duration,
) -> Result<Answer, CallError> {
    let hints = new.policy_hints.filter(|_| new.current.is_none());
    let controls = hints.map(|oid| RawControl {
        ctype: oid.to_owned(),
        crit: true,
        val: Some(ENFORCE.to_vec()),
    });
    let controls = controls.into_iter().collect();
    connection.modify(dn, changes(new), controls, limit).await
}

/// Lifts a lock and leaves the password alone.
pub(in crate::ldap) async fn lift_lock(
    connection: &Connection,
    dn: &str,
    limit: Duration,
) -> Result<Answer, CallError> {
    let change = vec![replace("lockoutTime", b"0")];
    connection.modify(dn, change, Vec::new(), limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_quoted_and_in_sixteen_bit_units() {
        let check = |typed: &str, units: &[u16]| {
            let password = Password::new(typed.to_owned()).unwrap();
            let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            assert_eq!(*encoded(&password), bytes, "{typed}");
        };
        check("a", &[0x22, 0x61, 0x22]);
        check("ß€", &[0x22, 0xDF, 0x20AC, 0x22]);
        check("🔑", &[0x22, 0xD83D, 0xDD11, 0x22]);
        // Typed in two parts, and set as one sign.
        check("e\u{301}", &[0x22, 0xE9, 0x22]);
        check("\"", &[0x22, 0x22, 0x22]);
    }

    fn names(current: bool, unlocks: bool) -> Vec<String> {
        let password = Password::new("new".into()).unwrap();
        let old = Password::current("old".into()).unwrap();
        let changes = changes(&New {
            password: &password,
            current: current.then_some(&old),
            unlocks,
            policy_hints: None,
        });
        let name = |change: &Change| match change {
            Mod::Add(name, _) => format!("add {}", String::from_utf8_lossy(name)),
            Mod::Delete(name, _) => format!("delete {}", String::from_utf8_lossy(name)),
            Mod::Replace(name, _) => format!("replace {}", String::from_utf8_lossy(name)),
            Mod::Increment(..) => "increment".to_owned(),
        };
        changes.iter().map(name).collect()
    }

    #[test]
    fn one_operation_holds_the_whole_deed() {
        let reset = [
            "replace unicodePwd",
            "replace lockoutTime",
            "replace pwdLastSet",
        ];
        assert_eq!(names(false, true), reset);
        let without_lock = ["replace unicodePwd", "replace pwdLastSet"];
        assert_eq!(names(false, false), without_lock);
        assert_eq!(names(true, false), ["delete unicodePwd", "add unicodePwd"]);
    }
}
