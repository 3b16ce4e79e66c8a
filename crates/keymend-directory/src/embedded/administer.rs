//! What an administrator of the embedded directory can do.

use std::sync::Arc;

use keymend_domain::account::{AccountRef, Anchor};
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::Moment;
use rusqlite::Connection;

use super::entry::Entry;
use super::hashing::is_hash;
use super::storage::Fault;
use super::{Embedded, EmbeddedError, Policy, own, rows};

/// The password of an account to import.
pub enum Credential {
    /// To be hashed here.
    Plain(Password),
    /// An Argon2id PHC string from elsewhere.
    Hash(Secret),
}

/// An account to import.  Everything but login and display name may be left at its default.
#[derive(Default)]
pub struct NewAccount {
    /// The name to sign in with; no other account has it.
    pub login: String,
    /// The name shown to others.
    pub display_name: String,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// E-mail addresses; the account is found by each of them.
    pub mail: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// Preferred language as a BCP 47 tag.
    pub language: Option<String>,
    /// Groups, made if they are missing.
    pub groups: Vec<String>,
    /// The password; without one nobody can sign in until a reset.
    pub credential: Option<Credential>,
    /// When the password was set; now, if not said.
    pub password_changed_at: Option<Moment>,
    /// Disabled by an administrator.
    pub is_disabled: bool,
    /// Locked by wrong passwords, just now.
    pub is_locked: bool,
    /// A new password is demanded at the next sign-in.
    pub must_change: bool,
    /// The person may not choose a password.
    pub may_not_change: bool,
    /// When the account ends.
    pub ends_at: Option<Moment>,
    /// A policy of its own instead of the directory's.
    pub own_policy: Option<Policy>,
}

impl Embedded {
    /// Takes accounts in, all of them or none, and answers with their ids in the same order.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::LoginTaken`] if a login exists, [`EmbeddedError::BadHash`] for a hash
    /// that cannot be checked here, [`EmbeddedError::Storage`] if the database failed.
    pub async fn import(&self, accounts: &[NewAccount]) -> Result<Vec<AccountRef>, EmbeddedError> {
        let mut rows_to_write = Vec::with_capacity(accounts.len());
        for account in accounts {
            let entry = self.entry_of(account).await?;
            rows_to_write.push((self.fresh_anchor()?, entry, account.groups.clone()));
        }
        let ids = rows_to_write
            .iter()
            .map(|(anchor, _, _)| AccountRef {
                directory: self.name.clone(),
                anchor: anchor.clone(),
            })
            .collect();
        self.administer("importing accounts", move |connection| {
            for (anchor, entry, groups) in &rows_to_write {
                rows::save(connection, anchor, entry)?;
                for group in groups {
                    rows::join(connection, anchor, group)?;
                }
            }
            Ok(())
        })
        .await?;
        Ok(ids)
    }

    /// The directory's password policy.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the database failed.
    pub async fn policy(&self) -> Result<Policy, EmbeddedError> {
        let policy = self.storage.read(rows::policy).await;
        policy.map_err(EmbeddedError::storage("reading the policy"))
    }

    /// Replaces the directory's password policy.  Accounts with one of their own keep it.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the database failed.
    pub async fn set_policy(&self, policy: &Policy) -> Result<(), EmbeddedError> {
        let policy = policy.clone();
        self.administer("saving the policy", move |connection| {
            rows::save_policy(connection, &policy)
        })
        .await
    }

    /// How many accounts there are.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the database failed.
    pub async fn account_count(&self) -> Result<u64, EmbeddedError> {
        let count = self.storage.read(rows::count).await;
        count.map_err(EmbeddedError::storage("counting accounts"))
    }

    /// Makes a group.  The members of a protected one, nested ones too, are never reset.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the database failed.
    pub async fn add_group(&self, name: &str, is_protected: bool) -> Result<(), EmbeddedError> {
        let name = name.to_owned();
        self.administer("saving a group", move |connection| {
            rows::save_group(connection, &name, is_protected)
        })
        .await
    }

    /// Puts the group `inner` into the group `outer`.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the database failed.
    pub async fn nest_group(&self, inner: &str, outer: &str) -> Result<(), EmbeddedError> {
        let (inner, outer) = (inner.to_owned(), outer.to_owned());
        self.administer("saving a group", move |connection| {
            rows::nest(connection, &inner, &outer)
        })
        .await
    }

    /// Puts an account into a group.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the database failed.
    pub async fn join_group(&self, account: &AccountRef, group: &str) -> Result<(), EmbeddedError> {
        let (anchor, group) = (account.anchor.clone(), group.to_owned());
        self.administer("saving a group", move |connection| {
            rows::join(connection, &anchor, &group)
        })
        .await
    }

    /// Removes an account for good; one made anew under its name is another account.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NoSuchAccount`] if it is gone already.
    pub async fn remove(&self, account: &AccountRef) -> Result<(), EmbeddedError> {
        let anchor = account.anchor.clone();
        let is_removed = self
            .administer("removing an account", move |connection| {
                rows::remove(connection, &anchor)
            })
            .await?;
        is_removed.then_some(()).ok_or(EmbeddedError::NoSuchAccount)
    }

    /// Gives an account another login; it stays the same account.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::LoginTaken`], or [`EmbeddedError::NoSuchAccount`].
    pub async fn rename(&self, account: &AccountRef, login: &str) -> Result<(), EmbeddedError> {
        let login = login.to_owned();
        self.edit(account, move |entry, _| entry.login = login)
            .await
    }

    /// Disables or enables an account.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NoSuchAccount`], or [`EmbeddedError::Storage`].
    pub async fn set_disabled(
        &self,
        account: &AccountRef,
        is_disabled: bool,
    ) -> Result<(), EmbeddedError> {
        self.edit(account, move |entry, _| entry.is_disabled = is_disabled)
            .await
    }

    /// Locks an account as too many wrong passwords would.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NoSuchAccount`], or [`EmbeddedError::Storage`].
    pub async fn lock(&self, account: &AccountRef) -> Result<(), EmbeddedError> {
        self.edit(account, |entry, now| entry.locked_at = Some(now))
            .await
    }

    /// Sets the instant at which an account ends, or takes it away.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NoSuchAccount`], or [`EmbeddedError::Storage`].
    pub async fn set_end(
        &self,
        account: &AccountRef,
        ends_at: Option<Moment>,
    ) -> Result<(), EmbeddedError> {
        self.edit(account, move |entry, _| entry.ends_at = ends_at)
            .await
    }

    /// Demands a new password at the next sign-in.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NoSuchAccount`], or [`EmbeddedError::Storage`].
    pub async fn demand_change(&self, account: &AccountRef) -> Result<(), EmbeddedError> {
        self.edit(account, |entry, _| entry.must_change = true)
            .await
    }

    /// Makes the password as old as the epoch: it is expired wherever a maximum age holds.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NoSuchAccount`], or [`EmbeddedError::Storage`].
    pub async fn expire_password(&self, account: &AccountRef) -> Result<(), EmbeddedError> {
        self.edit(account, |entry, _| {
            entry.password_changed_at = Some(Moment(0));
        })
        .await
    }

    async fn edit(
        &self,
        account: &AccountRef,
        edit: impl FnOnce(&mut Entry, Moment) + Send + 'static,
    ) -> Result<(), EmbeddedError> {
        let (anchor, clock) = (account.anchor.clone(), Arc::clone(&self.clock));
        let is_there = self
            .administer("changing an account", move |connection| {
                let Some(mut entry) = rows::entry(connection, &anchor)? else {
                    return Ok(false);
                };
                edit(&mut entry, clock.now());
                rows::save(connection, &anchor, &entry)?;
                Ok(true)
            })
            .await?;
        is_there.then_some(()).ok_or(EmbeddedError::NoSuchAccount)
    }

    async fn administer<T: Send + 'static>(
        &self,
        during: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, EmbeddedError> {
        self.storage.write(work).await.map_err(|fault| match fault {
            Fault::Taken => EmbeddedError::LoginTaken,
            other => EmbeddedError::storage(during)(other),
        })
    }

    async fn entry_of(&self, account: &NewAccount) -> Result<Entry, EmbeddedError> {
        let now = self.clock.now();
        Ok(Entry {
            login: account.login.clone(),
            display_name: account.display_name.clone(),
            given_name: account.given_name.clone(),
            surname: account.surname.clone(),
            mail: account.mail.clone(),
            phones: account.phones.clone(),
            language: account.language.clone(),
            is_disabled: account.is_disabled,
            ends_at: account.ends_at,
            may_not_change: account.may_not_change,
            must_change: account.must_change,
            own_policy: account.own_policy.clone(),
            password: self.stored_hash(account.credential.as_ref()).await?,
            former: Vec::new(),
            password_changed_at: Some(account.password_changed_at.unwrap_or(now)),
            bad_passwords: 0,
            last_bad_at: None,
            locked_at: account.is_locked.then_some(now),
        })
    }

    async fn stored_hash(
        &self,
        credential: Option<&Credential>,
    ) -> Result<Option<String>, EmbeddedError> {
        let fault = EmbeddedError::storage("hashing a password");
        match credential {
            None => Ok(None),
            Some(Credential::Plain(password)) => {
                let password = own(password).map_err(|_| EmbeddedError::BadPassword)?;
                self.hasher.hash(&password).await.map(Some).map_err(fault)
            }
            Some(Credential::Hash(hash)) if is_hash(hash.expose()) => {
                Ok(Some(hash.expose().to_owned()))
            }
            Some(Credential::Hash(_)) => Err(EmbeddedError::BadHash),
        }
    }

    /// A random id in the shape of a version 4 UUID (RFC 9562 §5.4).
    fn fresh_anchor(&self) -> Result<Anchor, EmbeddedError> {
        let mut bytes = [0_u8; 16];
        self.entropy.fill(&mut bytes)?;
        let value = u128::from_be_bytes(bytes);
        let value = value & !(0xF << 76) | 0x4 << 76;
        let value = value & !(0b11 << 62) | 0b10 << 62;
        let digits = format!("{value:032x}");
        let (head, rest) = digits.split_at(8);
        let (second, rest) = rest.split_at(4);
        let (third, rest) = rest.split_at(4);
        let (fourth, last) = rest.split_at(4);
        Ok(Anchor(format!("{head}-{second}-{third}-{fourth}-{last}")))
    }
}
