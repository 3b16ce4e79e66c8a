//! What the cases have in common: a person at the directory's counter.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use keymend_domain::account::{Account, AccountRef, Claim};
use keymend_domain::directory::{
    Deed, Directory, Found, RuleBroken, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::id::OrderId;
use keymend_domain::secret::Password;
use keymend_domain::time::{MINUTE_MS, Moment};

use super::Passed;
use super::fixture::{Abilities, Act, Fixture, Person, Role};

/// The directory under test and the fixture that fills it.
pub(super) struct Bench<'a> {
    directory: &'a dyn Directory,
    fixture: &'a dyn Fixture,
    orders: AtomicU64,
}

/// A person with the account the directory found for them.
pub(super) struct Visitor {
    pub(super) person: Person,
    pub(super) account: Account,
}

impl<'a> Bench<'a> {
    pub(super) fn new(directory: &'a dyn Directory, fixture: &'a dyn Fixture) -> Self {
        Self {
            directory,
            fixture,
            orders: AtomicU64::new(0),
        }
    }

    pub(super) fn directory(&self) -> &dyn Directory {
        self.directory
    }

    pub(super) fn abilities(&self) -> Abilities {
        self.fixture.abilities()
    }

    /// A fresh account of that role.
    pub(super) async fn visitor(&self, role: Role) -> Result<Visitor, String> {
        let person = self.fixture.person(role).await?;
        let account = self.find_one(&person.login).await?;
        Ok(Visitor { person, account })
    }

    pub(super) async fn act(&self, visitor: &Visitor, act: Act) -> Passed {
        self.fixture.act(&visitor.person, act).await
    }

    pub(super) async fn find(&self, name: &str) -> Result<Found, String> {
        let claim = Claim::new(name).map_err(|shape| shape.to_string())?;
        self.directory.find(&claim).await.map_err(text)
    }

    pub(super) async fn find_one(&self, name: &str) -> Result<Account, String> {
        match self.find(name).await? {
            Found::One(account) => Ok(*account),
            other => Err(format!("{name:?} should be one account, found {other:?}")),
        }
    }

    pub(super) async fn read(&self, id: &AccountRef) -> Result<Option<Account>, String> {
        self.directory.read(id).await.map_err(text)
    }

    pub(super) async fn sign_in(&self, visitor: &Visitor, typed: &str) -> Result<SignIn, String> {
        let password = current(typed)?;
        self.directory
            .check_password(&visitor.account.id, &password)
            .await
            .map_err(text)
    }

    /// The password works, and nothing else is asked for.
    pub(super) async fn lets_in(&self, visitor: &Visitor, typed: &str) -> Passed {
        let said = self.sign_in(visitor, typed).await?;
        same("sign-in with the right password", &said, &SignIn::Accepted)
    }

    /// The password does not open the account.
    pub(super) async fn shuts_out(&self, visitor: &Visitor, typed: &str) -> Passed {
        match self.sign_in(visitor, typed).await? {
            SignIn::NoMatch(_) => Ok(()),
            other => Err(format!("a wrong password was answered with {other:?}")),
        }
    }

    pub(super) fn fresh_order(&self) -> OrderId {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        let now = self.fixture.now().0;
        OrderId::stored(format!("{now:015}C{number:010}"))
    }

    pub(super) async fn reset(
        &self,
        visitor: &Visitor,
        new: &str,
        unlocks: bool,
    ) -> Result<WriteOutcome, String> {
        let new = chosen(new)?;
        let deed = Deed::Reset { new: &new, unlocks };
        Ok(self.order(visitor, self.fresh_order(), deed).await)
    }

    pub(super) async fn change(
        &self,
        visitor: &Visitor,
        typed: &str,
        new: &str,
    ) -> Result<WriteOutcome, String> {
        let (typed, new) = (current(typed)?, chosen(new)?);
        let deed = Deed::Change {
            current: &typed,
            new: &new,
        };
        Ok(self.order(visitor, self.fresh_order(), deed).await)
    }

    pub(super) async fn unlock(&self, visitor: &Visitor) -> WriteOutcome {
        self.order(visitor, self.fresh_order(), Deed::Unlock).await
    }

    /// An order with its usual time to be carried out.
    pub(super) async fn order(
        &self,
        visitor: &Visitor,
        id: OrderId,
        deed: Deed<'_>,
    ) -> WriteOutcome {
        let deadline = self.fixture.now().plus_ms(MINUTE_MS);
        self.order_until(visitor, id, deadline, deed).await
    }

    /// An order whose time ended a minute ago.
    pub(super) async fn late_order(&self, visitor: &Visitor, deed: Deed<'_>) -> WriteOutcome {
        let deadline = self.fixture.now().plus_ms(-MINUTE_MS);
        self.order_until(visitor, self.fresh_order(), deadline, deed)
            .await
    }

    async fn order_until(
        &self,
        visitor: &Visitor,
        id: OrderId,
        deadline: Moment,
        deed: Deed<'_>,
    ) -> WriteOutcome {
        let order = WriteOrder::for_conformance(id, visitor.account.id.clone(), deadline, deed);
        self.directory.write(&order).await
    }

    /// The outcome is a refusal that names the rule, or, where the directory does not say, none.
    pub(super) fn refused(
        &self,
        outcome: &WriteOutcome,
        is_rule: fn(&RuleBroken) -> bool,
    ) -> Passed {
        let is_enough = |rule: &RuleBroken| {
            is_rule(rule) || (!self.abilities().names_broken_rules && *rule == RuleBroken::Unsaid)
        };
        match outcome {
            WriteOutcome::Refused(rules) if rules.iter().any(is_enough) => Ok(()),
            other => Err(format!("should be refused for that rule, was {other:?}")),
        }
    }
}

/// A password nobody has yet, long enough for any policy of a test directory.
pub(super) const NEW: &str = "Winter harbour 52 lanterns";
/// Another one.
pub(super) const NEWER: &str = "Copper orchard 77 violins";

/// The write was done and, where told, checked.
pub(super) fn done(outcome: &WriteOutcome) -> Passed {
    match outcome {
        WriteOutcome::Done {
            change_again: false,
            ..
        } => Ok(()),
        other => Err(format!("should be done, was {other:?}")),
    }
}

pub(super) fn same<T: PartialEq + Debug>(what: &str, got: &T, wanted: &T) -> Passed {
    holds(got == wanted, || {
        format!("{what}: {got:?} instead of {wanted:?}")
    })
}

pub(super) fn holds(is_so: bool, why: impl FnOnce() -> String) -> Passed {
    if is_so { Ok(()) } else { Err(why()) }
}

/// A password to be set.
pub(super) fn chosen(typed: &str) -> Result<Password, String> {
    Password::new(typed.to_owned()).map_err(|shape| shape.to_string())
}

fn current(typed: &str) -> Result<Password, String> {
    Password::current(typed.to_owned()).map_err(|shape| shape.to_string())
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}
