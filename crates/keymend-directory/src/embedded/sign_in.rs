//! Checking a typed password, and counting wrong ones.

use std::sync::Arc;

use keymend_domain::account::{AccountRef, Anchor};
use keymend_domain::directory::{NoMatch, SignIn};
use keymend_domain::secret::Password;
use keymend_domain::time::Moment;
use rusqlite::Connection;

use super::entry::{Entry, Seen};
use super::storage::Fault;
use super::{Embedded, own, rows};

/// What the hashing said, before anything is counted.
struct Checked {
    anchor: Anchor,
    /// The hash that was checked; if the entry has another by now, the verdict is void.
    hash: Option<String>,
    is_right: bool,
    /// The same password under today's hashing cost, if the stored hash has another.
    renewed: Option<String>,
}

impl Embedded {
    /// Checks the password and settles the count.  An unknown or locked account costs the same
    /// work as any other.
    pub(super) async fn sign_in(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, Fault> {
        let password = own(password)?;
        let Some(seen) = self.seen(account).await? else {
            self.hasher.verify(None, &password).await?;
            self.storage.write(count_for_nobody).await?;
            return Ok(SignIn::NoMatch(NoMatch::Unsaid));
        };
        if seen.lock(self.clock.now()).is_some() {
            self.hasher.verify(None, &password).await?;
            self.storage.write(count_for_nobody).await?;
            return Ok(SignIn::NoMatch(NoMatch::Locked));
        }
        let checked = self.checked(seen, &password).await?;
        let clock = Arc::clone(&self.clock);
        self.storage
            .write(move |connection| settle(connection, checked, clock.now()))
            .await
    }

    async fn checked(&self, seen: Seen, password: &Arc<Password>) -> Result<Checked, Fault> {
        let hash = seen.entry.password;
        let is_right = self.hasher.verify(hash.as_deref(), password).await?;
        let is_outdated = hash
            .as_deref()
            .is_some_and(|hash| self.hasher.is_outdated(hash));
        // Made anew for a wrong password too, so that both cost the same work.
        let renewed = if is_outdated {
            Some(self.hasher.hash(password).await?)
        } else {
            None
        };
        Ok(Checked {
            anchor: seen.anchor,
            hash,
            is_right,
            renewed,
        })
    }
}

/// As much work for the disk as a wrong password, where there is nobody to count it for.
fn count_for_nobody(connection: &Connection) -> rusqlite::Result<()> {
    let nobody = Anchor(String::new());
    rows::save_body(connection, &nobody, &Entry::default())?;
    rows::remove(connection, &nobody).map(drop)
}

/// Counts in the writer, one after the other: of many guesses at the same time exactly the
/// allowed number is told right from wrong, however many were being hashed.
fn settle(connection: &Connection, checked: Checked, now: Moment) -> rusqlite::Result<SignIn> {
    let Some(mut seen) = rows::seen(connection, &checked.anchor)? else {
        return Ok(SignIn::NoMatch(NoMatch::Unsaid));
    };
    if seen.lock(now).is_some() {
        return Ok(SignIn::NoMatch(NoMatch::Locked));
    }
    if seen.entry.password != checked.hash {
        return Ok(SignIn::NoMatch(NoMatch::Wrong));
    }
    if !checked.is_right {
        seen.entry.count_bad(&seen.policy, now);
        rows::save_body(connection, &seen.anchor, &seen.entry)?;
        return Ok(SignIn::NoMatch(NoMatch::Wrong));
    }
    if seen.entry.bad_passwords > 0 || checked.renewed.is_some() {
        seen.entry.unlock();
        seen.entry.password = checked.renewed.or(checked.hash);
        rows::save_body(connection, &seen.anchor, &seen.entry)?;
    }
    Ok(seen.entry.sign_in(&seen.policy, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_password_is_wrong_if_it_was_replaced_while_it_was_checked() {
        let connection = Connection::open_in_memory().unwrap();
        rows::prepare(&connection).unwrap();
        let anchor = Anchor("jane".into());
        let entry = Entry {
            password: Some("new".into()),
            ..Entry::default()
        };
        rows::save(&connection, &anchor, &entry).unwrap();
        let checked = Checked {
            anchor,
            hash: Some("old".into()),
            is_right: true,
            renewed: None,
        };
        let said = settle(&connection, checked, Moment(0)).unwrap();
        assert_eq!(said, SignIn::NoMatch(NoMatch::Wrong));
    }
}
