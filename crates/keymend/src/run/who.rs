//! Who runs a command, for the audit trail.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// What the kernel writes for a process that nobody signed in for.
const NOBODY_SIGNED_IN: u32 = u32::MAX;

/// The name of the user who runs this process and, where the kernel knows that somebody else
/// signed in (`sudo`, `su`), of that person too: `keymend (signed in as jane)`.
///
/// Asked of the kernel and not of the environment, in which anybody can write anything.
pub(super) fn operator() -> String {
    let runs = fs::metadata("/proc/self").map(|process| process.uid()).ok();
    let signed_in = fs::read_to_string("/proc/self/loginuid")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|uid| *uid != NOBODY_SIGNED_IN && Some(*uid) != runs);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    match (runs, signed_in) {
        (Some(runs), Some(signed_in)) => {
            let (runs, signed_in) = (name(&users, runs), name(&users, signed_in));
            format!("{runs} (signed in as {signed_in})")
        }
        (Some(uid), None) | (None, Some(uid)) => name(&users, uid),
        (None, None) => "unknown".to_owned(),
    }
}

/// The name of a user number (passwd(5)), or the number where the file does not know it.
fn name(users: &str, uid: u32) -> String {
    let wanted = uid.to_string();
    let found = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number == wanted).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| format!("uid {uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_or_at_least_a_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nkeymend:x:998:998::/:/usr/sbin/nologin\n";
        assert_eq!(name(users, 998), "keymend");
        assert_eq!(name(users, 4711), "uid 4711");
        assert_ne!(operator(), "unknown");
    }
}
