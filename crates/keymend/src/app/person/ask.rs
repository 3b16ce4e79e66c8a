//! Asking about a sign-in in every directory that the name may mean, in all of them at once.
//!
//! A name is somebody's in one directory and nobody's in the others, and most names are nobody's
//! in all of them.  Each directory gets the same questions for each name: about the account where
//! it is, about nobody where it is not.  Otherwise the slower of two directories would tell by the
//! time of the answer which names it has.  A name that says which directory it means is asked of
//! that one alone, whether it has such an account or not.

use std::sync::Arc;

use futures_util::future::join_all;
use keymend_domain::account::{AccountRef, Anchor, Claim, DirectoryName};
use keymend_domain::directory::{Directory, Health, NoMatch, PasswordRules, SignIn};
use keymend_domain::secret::Password;

use super::super::{App, Stop};

/// One directory, whom it is asked about, and whether that is the account that is meant.
struct Question {
    directory: Arc<dyn Directory>,
    whom: AccountRef,
    is_meant: bool,
}

impl App {
    /// The lockout rules of an account, or the default ones for nobody.  Where they cannot be read
    /// nobody may be asked: a page that said so would tell that the name means somebody, so it is
    /// as if no try were left.
    pub(super) async fn sign_in_rules(
        &self,
        asked: (&Claim, Option<&AccountRef>),
    ) -> PasswordRules {
        let questions = self.questions(asked);
        let asking = questions
            .iter()
            .map(|question| self.password_rules(&question.whom));
        let answers = join_all(asking).await;
        let mut both = questions.iter().zip(answers);
        match both.find(|(question, _)| question.is_meant) {
            None => PasswordRules::default(),
            Some((_, Ok(rules))) => rules.directory,
            Some((_, Err(_))) => PasswordRules {
                lockout_threshold: 1,
                ..PasswordRules::default()
            },
        }
    }

    /// What the directory of an account says to a password; every other that the name may mean is
    /// asked about nobody, and so are all of them if it means nobody.
    ///
    /// # Errors
    ///
    /// `directory.down`: one of them, whichever it is, does not answer any more.
    pub(super) async fn ask_directories(
        &self,
        asked: (&Claim, Option<&AccountRef>),
        password: &Password,
    ) -> Result<SignIn, Stop> {
        let questions = self.questions(asked);
        let asking = questions.iter().map(|question| {
            let Question {
                directory, whom, ..
            } = question;
            directory.check_password(whom, password)
        });
        let answers = join_all(asking).await;
        let mut said = SignIn::NoMatch(NoMatch::Unsaid);
        for (question, answer) in questions.iter().zip(answers) {
            match answer {
                Ok(answer) if question.is_meant => said = answer,
                Ok(_) => {}
                Err(error) => {
                    let name = &question.whom.directory;
                    tracing::warn!(%error, directory = %name, "a sign-in could not be asked for");
                    // Only what holds for every name may be said: that the directory is down.
                    if self.inner.directories.health(name).await != Health::Up {
                        return Err(self.down(name, &error).await);
                    }
                }
            }
        }
        Ok(said)
    }

    fn questions(&self, (claim, account): (&Claim, Option<&AccountRef>)) -> Vec<Question> {
        let directories = &self.inner.directories;
        let mut names = directories.meant_by(claim);
        // The account is asked about in any case, should the routes have changed since it was found.
        let found = account.map(|account| &account.directory);
        names.extend(found.filter(|name| !names.contains(name)).cloned());
        let question = |name: DirectoryName| {
            let meant = account.filter(|account| account.directory == name);
            Some(Question {
                directory: Arc::clone(directories.get(&name)?),
                whom: meant.cloned().unwrap_or_else(|| nobody_in(&name)),
                is_meant: meant.is_some(),
            })
        };
        names.into_iter().filter_map(question).collect()
    }
}

/// An account that is not there, to be asked about where a name means nobody.
fn nobody_in(directory: &DirectoryName) -> AccountRef {
    AccountRef {
        directory: directory.clone(),
        anchor: Anchor("00000000-0000-0000-0000-000000000000".to_owned()),
    }
}
