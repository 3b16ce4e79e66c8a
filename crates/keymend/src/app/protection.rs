//! Judging a new password: the directory's rules as far as they can be predicted, our own, banned
//! words and names, and the lists of leaked passwords.  Only after all gates; nothing typed is
//! logged.

use std::sync::{Arc, RwLock};

use keymend_domain::account::Account;
use keymend_domain::directory::RuleBroken;
use keymend_domain::password::{self, Protection, RuleLine, Rules};
use keymend_domain::policy::{Enforcement, Policy};
use keymend_domain::secret::Password;

use super::App;
use crate::breach::Leaked;

/// What the site itself knows of passwords that are easy to guess.
#[derive(Debug, Default)]
pub struct SitePasswords {
    /// The organisation's name.
    pub organisation: String,
    /// Further words of the site, for instance the labels of its domain.
    pub words: Vec<String>,
    /// The lists of leaked passwords.
    pub leaked: Leaked,
}

/// The same, with the words of the policy in force made ready.
pub(super) struct Guard {
    site: SitePasswords,
    ready: RwLock<Arc<Protection>>,
}

impl Guard {
    pub(super) fn new(site: SitePasswords, policy: &Policy) -> Self {
        let ready = RwLock::new(Arc::new(protection(&site, policy)));
        Self { site, ready }
    }

    /// Takes up the words of another policy.
    pub(super) fn follow(&self, policy: &Policy) {
        let next = Arc::new(protection(&self.site, policy));
        match self.ready.write() {
            Ok(mut ready) => *ready = next,
            Err(poisoned) => *poisoned.into_inner() = next,
        }
    }

    fn ready(&self) -> Arc<Protection> {
        match self.ready.read() {
            Ok(ready) => Arc::clone(&ready),
            // A panic while writing cannot leave half a list: the value is one pointer.
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }
}

fn protection(site: &SitePasswords, policy: &Policy) -> Protection {
    Protection::new(
        &policy.settings().passwords,
        &site.organisation,
        &site.words,
    )
}

impl App {
    /// The lists of leaked passwords.
    #[must_use]
    pub fn leaked(&self) -> &Leaked {
        &self.inner.guard.site.leaked
    }

    /// All rules that a new password breaks; what the policy only notes goes to the log, without
    /// anything of what was typed.
    pub(super) fn judge(
        &self,
        new: &Password,
        account: &Account,
        rules: &Rules,
    ) -> Vec<RuleBroken> {
        self.judged(password::judge(new, account, rules), new, account)
    }

    /// The same when the person knows the current password as well.
    pub(super) fn judge_change(
        &self,
        (new, current): (&Password, &Password),
        account: &Account,
        rules: &Rules,
    ) -> Vec<RuleBroken> {
        let broken = password::judge_change(new, current, account, rules);
        self.judged(broken, new, account)
    }

    fn judged(
        &self,
        mut broken: Vec<RuleBroken>,
        new: &Password,
        account: &Account,
    ) -> Vec<RuleBroken> {
        let found = self.weaknesses(new, account);
        if self.enforces() {
            password::also(&mut broken, found);
        } else {
            for rule in found {
                tracing::info!(
                    rule = rule.id(), directory = %account.id.directory,
                    "a new password would be refused if the policy did more than note it"
                );
            }
        }
        broken
    }

    /// The list of rules for the page, judged against what was typed so far.
    pub(super) fn rule_lines(
        &self,
        typed: Option<&Password>,
        account: &Account,
        rules: &Rules,
    ) -> Vec<RuleLine> {
        let broken = typed.map(|typed| {
            let mut broken = password::judge(typed, account, rules);
            if self.enforces() {
                password::also(&mut broken, self.weaknesses(typed, account));
            }
            broken
        });
        password::lines(broken.as_deref(), rules)
    }

    fn enforces(&self) -> bool {
        self.policy().settings().passwords.enforcement == Enforcement::Enforce
    }

    /// What banned words, names and lists of leaked passwords have against a password, whether the
    /// policy refuses it or only notes it.
    #[must_use]
    pub fn weaknesses(&self, new: &Password, account: &Account) -> Vec<RuleBroken> {
        let guard = &self.inner.guard;
        let mut found = guard.ready().judge(new, account);
        // A file in the page cache answers in less time than handing the question over would take.
        let looks_up = self.policy().settings().passwords.leaked;
        if looks_up && guard.site.leaked.contains(new) {
            found.push(RuleBroken::Leaked);
        }
        found
    }
}
