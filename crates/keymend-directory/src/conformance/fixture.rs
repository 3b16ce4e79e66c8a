//! What the suite needs to know of a directory and to have done in it.

use async_trait::async_trait;
use keymend_domain::time::Moment;

/// What a directory can do by its nature.  A fixture that says `false` answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// The least length of its policy; at least 2, so that something can be too short.
    pub length_min: u32,
    /// Former passwords it remembers; 0 if none.
    pub history: u32,
    /// A reset is refused a former password, and not a change alone.
    pub reset_obeys_history: bool,
    /// Wrong passwords until it locks; 0 if it never does.
    pub lockout_threshold: u32,
    /// A refusal names the rule; otherwise [`keymend_domain::directory::RuleBroken::Unsaid`]
    /// passes too.
    pub names_broken_rules: bool,
    /// It has a minimum age, which binds resets as well.
    pub has_age_min: bool,
    /// Its passwords expire.
    pub has_expiry: bool,
    /// Somebody can demand a change at the next sign-in.
    pub has_demanded_change: bool,
    /// Accounts can have an end date.
    pub has_end_dates: bool,
    /// Accounts can be disabled.
    pub can_disable: bool,
    /// Groups can be protected.
    pub protects: bool,
    /// A lock survives a reset that does not lift it (OpenLDAP's does not).
    pub lock_outlasts_reset: bool,
    /// An order that is repeated is answered from memory.
    pub remembers_orders: bool,
    /// It finds accounts by mail address too.
    pub finds_by_mail: bool,
}

/// What is special about an account that a case asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nothing.
    Plain,
    /// Locked by wrong passwords.
    Locked,
    /// Disabled.
    Disabled,
    /// Its end date has passed.
    Ended,
    /// Its password is older than allowed.
    PasswordExpired,
    /// A change is demanded at the next sign-in.
    MustChange,
    /// In a protected group, by way of another group.
    Protected,
    /// Its password is younger than the minimum age.
    Young,
    /// Member of a group that is inside a second group, which is inside a third, which is
    /// inside the first again.
    Nested,
    /// Its mail address belongs to a second account as well.
    Namesake,
}

/// A fresh account, as the fixture made it.
#[derive(Clone)]
pub struct Person {
    /// The name to sign in with; letters and digits, at least one of them small, no other
    /// account has it.
    pub login: String,
    /// The mail address.
    pub mail: String,
    /// The password.
    pub password: String,
    /// Every group the account is in, nested ones included.
    pub groups: Vec<String>,
}

/// What an administrator does in the middle of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Gives the account this login (and moves the entry, where its name holds the login).
    Rename(String),
    /// Disables it.
    Disable,
    /// Removes it.
    Delete,
    /// Puts it into a protected group.
    Protect,
}

/// Makes accounts in the directory under test, by its own means and not through the port.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// What the directory can do.
    fn abilities(&self) -> Abilities;

    /// Why cases are left out that need something this directory cannot do: the case, and a
    /// sentence for whoever reads the table.
    fn excuses(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// The present instant, by the clock the directory judges deadlines with.
    fn now(&self) -> Moment;

    /// Makes a fresh account; never asked for a role that [`Abilities`] excludes.
    ///
    /// # Errors
    ///
    /// A sentence for the developer; the case fails with it.
    async fn person(&self, role: Role) -> Result<Person, String>;

    /// Does what an administrator would do.
    ///
    /// # Errors
    ///
    /// A sentence for the developer; the case fails with it.
    async fn act(&self, person: &Person, act: Act) -> Result<(), String>;
}
