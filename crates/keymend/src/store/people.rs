//! What is held about one account: methods, epoch, freeze, and the facts of registration.

use keymend_domain::account::AccountRef;
use keymend_domain::flow::Standing;
use keymend_domain::id::MethodId;
use keymend_domain::method::Method;
use keymend_domain::time::Moment;
use rusqlite::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fault::{FaultKind, StoreFault};
use super::tx::{Rx, Sealed, Tx, from_stored};

/// The sealed body of an account's row.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Person {
    epoch: u64,
    frozen_at: Option<Moment>,
    profile: Option<serde_json::Value>,
}

/// An account's row: absent, as it was saved, or one that does not open.
enum Held {
    Absent,
    Sound(Person),
    Damaged,
}

/// The sealed body of a method's row.
#[derive(Debug, Serialize, Deserialize)]
struct HeldMethod {
    method: Method,
    /// Set after a report: it is kept for the record and counts for nothing.
    set_aside: bool,
}

/// A method opens only for its own account.
fn place(account_key: &str, id: &str) -> String {
    format!("{account_key}/{id}")
}

impl Rx<'_> {
    /// What the store holds about an account.
    ///
    /// An account whose row does not open counts as frozen: nobody can tell whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn standing(&self, account: &AccountRef) -> Result<Standing, StoreFault> {
        let methods = self.held_methods(&account.key())?;
        let methods = methods.into_iter().filter(|held| !held.set_aside);
        let (epoch, is_frozen) = match self.held(&account.key())? {
            Held::Absent => (0, false),
            Held::Sound(person) => (person.epoch, person.frozen_at.is_some()),
            Held::Damaged => (0, true),
        };
        Ok(Standing {
            methods: methods.map(|held| held.method).collect(),
            epoch,
            is_frozen,
        })
    }

    /// How many different accounts have registered the contact with this tag.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn sharers(&self, contact_tag: &str) -> Result<u32, StoreFault> {
        let count = self.row(
            "counting the accounts of a contact",
            "SELECT COUNT(DISTINCT account_key) FROM method WHERE contact_tag = $1",
            params![contact_tag],
            |row| row.get::<_, u32>(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// The facts of registration that were saved for an account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn profile<P: DeserializeOwned>(
        &self,
        account: &AccountRef,
    ) -> Result<Option<P>, StoreFault> {
        let Held::Sound(person) = self.held(&account.key())? else {
            return Ok(None);
        };
        let unreadable = |source| {
            StoreFault::caused(
                FaultKind::Other,
                "reading the facts of registration",
                source,
            )
        };
        person
            .profile
            .map(serde_json::from_value)
            .transpose()
            .map_err(unreadable)
    }

    /// How many accounts have at least one method.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn count_registered(&self) -> Result<u64, StoreFault> {
        let count = self.row(
            "counting registered accounts",
            "SELECT COUNT(DISTINCT account_key) FROM method",
            [],
            |row| row.get(0),
        )?;
        Ok(from_stored(count.unwrap_or(0)))
    }

    fn held(&self, account_key: &str) -> Result<Held, StoreFault> {
        let body = self.row(
            "reading an account",
            "SELECT body FROM person WHERE account_key = $1",
            params![account_key],
            |row| row.get::<_, String>(0),
        )?;
        Ok(match body {
            None => Held::Absent,
            Some(body) => self
                .opened(Sealed::Person, account_key, &body)
                .map_or(Held::Damaged, Held::Sound),
        })
    }

    fn held_methods(&self, account_key: &str) -> Result<Vec<HeldMethod>, StoreFault> {
        let rows = self.rows(
            "reading methods",
            "SELECT id, body FROM method WHERE account_key = $1 ORDER BY id",
            params![account_key],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        Ok(rows
            .iter()
            .filter_map(|(id, body)| self.opened(Sealed::Method, &place(account_key, id), body))
            .collect())
    }
}

impl Tx<'_> {
    /// Adds a method.  `contact_tag` is a keyed tag of the contact, for [`Rx::sharers`].
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn add_method(
        &mut self,
        account: &AccountRef,
        method: &Method,
        contact_tag: &str,
    ) -> Result<(), StoreFault> {
        let key = account.key();
        let held = HeldMethod {
            method: method.clone(),
            set_aside: false,
        };
        let body = self.sealed(Sealed::Method, &place(&key, method.id.as_str()), &held)?;
        self.execute(
            "adding a method",
            "INSERT INTO method (id, account_key, contact_tag, body) VALUES ($1, $2, $3, $4)",
            params![method.id.as_str(), key, contact_tag, body],
        )
        .map(drop)
    }

    /// Removes a method of an account; tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn remove_method(
        &mut self,
        account: &AccountRef,
        id: &MethodId,
    ) -> Result<bool, StoreFault> {
        let count = self.execute(
            "removing a method",
            "DELETE FROM method WHERE id = $1 AND account_key = $2",
            params![id.as_str(), account.key()],
        )?;
        Ok(count > 0)
    }

    /// Notes that these methods opened a gate at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn touch_methods(
        &mut self,
        account: &AccountRef,
        ids: &[MethodId],
        now: Moment,
    ) -> Result<(), StoreFault> {
        if ids.is_empty() {
            return Ok(());
        }
        for mut held in self.held_methods(&account.key())? {
            if ids.contains(&held.method.id) {
                held.method.used_at = Some(now);
                self.save_method(account, &held)?;
            }
        }
        Ok(())
    }

    /// Sets aside the methods that were added after an instant, and gives them as they were.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn set_aside_methods(
        &mut self,
        account: &AccountRef,
        added_after: Moment,
    ) -> Result<Vec<Method>, StoreFault> {
        let mut aside = Vec::new();
        for mut held in self.held_methods(&account.key())? {
            if !held.set_aside && held.method.added_at > added_after {
                held.set_aside = true;
                self.save_method(account, &held)?;
                aside.push(held.method);
            }
        }
        Ok(aside)
    }

    /// Raises the epoch of an account, which ends every older proof; gives the new one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn raise_epoch(&mut self, account: &AccountRef) -> Result<u64, StoreFault> {
        let mut person = self.person(account)?;
        person.epoch = person.epoch.saturating_add(1);
        self.save_person(account, &person)?;
        Ok(person.epoch)
    }

    /// Freezes an account, or lifts the freeze.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn set_frozen(
        &mut self,
        account: &AccountRef,
        is_frozen: bool,
        now: Moment,
    ) -> Result<(), StoreFault> {
        let mut person = self.person(account)?;
        person.frozen_at = is_frozen.then(|| person.frozen_at.unwrap_or(now));
        self.save_person(account, &person)
    }

    /// Saves the facts of registration of an account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn save_profile<P: Serialize>(
        &mut self,
        account: &AccountRef,
        profile: &P,
    ) -> Result<(), StoreFault> {
        let unfit = |source| {
            StoreFault::caused(FaultKind::Other, "saving the facts of registration", source)
        };
        let mut person = self.person(account)?;
        person.profile = Some(serde_json::to_value(profile).map_err(unfit)?);
        self.save_person(account, &person)
    }

    /// The account's row for changing it; one that does not open must not be written over, or a
    /// lowered epoch and a lifted freeze would pass.
    fn person(&self, account: &AccountRef) -> Result<Person, StoreFault> {
        match self.held(&account.key())? {
            Held::Absent => Ok(Person::default()),
            Held::Sound(person) => Ok(person),
            Held::Damaged => Err(StoreFault::new(FaultKind::Sealed, "changing an account")),
        }
    }

    fn save_person(&mut self, account: &AccountRef, person: &Person) -> Result<(), StoreFault> {
        let key = account.key();
        let body = self.sealed(Sealed::Person, &key, person)?;
        self.execute(
            "saving an account",
            "INSERT INTO person (account_key, body) VALUES ($1, $2)
             ON CONFLICT (account_key) DO UPDATE SET body = excluded.body",
            params![key, body],
        )
        .map(drop)
    }

    fn save_method(&mut self, account: &AccountRef, held: &HeldMethod) -> Result<(), StoreFault> {
        let id = held.method.id.as_str();
        let body = self.sealed(Sealed::Method, &place(&account.key(), id), held)?;
        self.execute(
            "saving a method",
            "UPDATE method SET body = $1 WHERE id = $2",
            params![body, id],
        )
        .map(drop)
    }
}
