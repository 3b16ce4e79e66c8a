//! A second directory that falls silent, and what is said and done meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use expect_test::expect;
use keymend::app::Directories;
use keymend::clock::ManualClock;
use keymend_directory::embedded::NewAccount;
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, NoMatch, PasswordRules, SignIn, WriteOrder,
    WriteOutcome,
};
use keymend_domain::route::Realms;
use keymend_domain::secret::Password;

use crate::people::OLD;
use crate::world::{MORNING, World};

/// Somebody in the branch whose entry the service account may not read.
const HIDDEN: &str = "hide18";

/// A directory without people, whose line can be cut.
pub struct Branch {
    name: DirectoryName,
    is_silent: AtomicBool,
    asked: AtomicU32,
    rules_asked: AtomicU32,
    passwords_asked: AtomicU32,
}

impl Branch {
    /// It answers until it falls silent.
    pub fn answering() -> Arc<Self> {
        Arc::new(Self {
            name: DirectoryName("branch".to_owned()),
            is_silent: AtomicBool::new(false),
            asked: AtomicU32::new(0),
            rules_asked: AtomicU32::new(0),
            passwords_asked: AtomicU32::new(0),
        })
    }

    fn falls_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::SeqCst);
    }

    fn answers<T>(&self, answer: T) -> Result<T, DirectoryError> {
        match self.is_silent.load(Ordering::SeqCst) {
            true => Err(self.error()),
            false => Ok(answer),
        }
    }

    fn error(&self) -> DirectoryError {
        DirectoryError::Down {
            during: "searching",
            detail: "the line is cut".to_owned(),
        }
    }
}

#[async_trait]
impl Directory for Branch {
    fn name(&self) -> &DirectoryName {
        &self.name
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        if claim.typed() == HIDDEN {
            let what = "read entryUUID of the accounts".to_owned();
            return Err(DirectoryError::Rights { what });
        }
        self.answers(Found::Nobody)
    }

    async fn read(&self, _: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        self.answers(None)
    }

    async fn password_rules(&self, _: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.rules_asked.fetch_add(1, Ordering::SeqCst);
        self.answers(PasswordRules::default())
    }

    async fn check_password(&self, _: &AccountRef, _: &Password) -> Result<SignIn, DirectoryError> {
        self.passwords_asked.fetch_add(1, Ordering::SeqCst);
        self.answers(SignIn::NoMatch(NoMatch::Unsaid))
    }

    async fn write(&self, _: &WriteOrder<'_>) -> WriteOutcome {
        unreachable!("nobody is here whose password could be written")
    }

    async fn health(&self) -> Health {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.is_silent.load(Ordering::SeqCst) {
            true => Health::Down {
                during: "searching".to_owned(),
                detail: "the line is cut".to_owned(),
            },
            false => Health::Up,
        }
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        Ok(Realms::default())
    }
}

#[tokio::test]
async fn a_name_that_a_silent_directory_may_hold_is_nobodys_until_it_answers() {
    let branch = Branch::answering();
    let world = World::plan().beside(branch.clone()).opens().await;
    branch.falls_silent(true);
    for user in ["jane01", "nobo17", "twin16"] {
        let mut visitor = world.visitor();
        visitor.starts(user).await;
        expect!["503 We cannot reach the branch right now"].assert_eq(&visitor.sees());
    }
    assert_eq!(world.count_of("flow.opened").await, 0);
    branch.falls_silent(false);
    let mut jane = world.visitor();
    jane.starts("jane01").await;
    expect!["200 What is the trouble?"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn the_block_of_a_name_is_lifted_while_a_directory_is_silent_and_it_says_what_was_not_reached()
 {
    let branch = Branch::answering();
    let world = World::plan().beside(branch.clone()).opens().await;
    for _ in 0..5 {
        let mut stranger = world.visitor();
        stranger.forgot("jane01").await;
        stranger.asks_for_code("email", "x@mail.example").await;
        stranger.answers_wrong().await;
    }
    branch.falls_silent(true);
    let done = world.app.unblock("jane01", false, "an administrator").await;
    let done = done.unwrap();
    assert_eq!(done.unreached.as_deref(), Some("branch"));
    assert!(!done.is_known);
    let unfrozen = world.app.unblock("jane01", true, "an administrator").await;
    assert!(unfrozen.is_err(), "whose freeze it is cannot be said");
    branch.falls_silent(false);
    let mut jane = world.visitor();
    jane.starts("jane01").await;
    expect!["200 What is the trouble?"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_looks_like_any_other_name_and_stops_nobody_else() {
    let branch = Branch::answering();
    let world = World::plan().beside(branch.clone()).opens().await;
    let mut pages = Vec::new();
    for user in [HIDDEN, "nobo17", "jane01", HIDDEN] {
        let mut visitor = world.visitor();
        visitor.starts(user).await;
        pages.push(visitor.sees());
        visitor.signs_in(user, "wrong words here").await;
        pages.push(visitor.sees());
        assert!(!world.app.directories().is_any_down(), "{user}");
    }
    pages.dedup();
    expect![[r#"
        200 What is the trouble?
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here."#]]
    .assert_eq(&pages[..2].join("\n"));
    assert!(pages.chunks(2).all(|both| both == &pages[..2]), "{pages:?}");
    expect![].assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn every_directory_hears_of_every_sign_in_whoever_has_the_name() {
    for (user, password) in [
        ("jane01", OLD),
        ("jane01", "wrong words here"),
        ("nobo17", OLD),
        ("twin16", OLD),
        ("lock07", OLD),
        ("dana06", "wrong words here"),
    ] {
        let branch = Branch::answering();
        let world = World::plan().beside(branch.clone()).opens().await;
        world.visitor().signs_in(user, password).await;
        let asked = [&branch.rules_asked, &branch.passwords_asked];
        let asked = asked.map(|count| count.load(Ordering::SeqCst));
        assert_eq!(asked, [1, 1], "{user}");
        world.rests().await;
    }
}

#[tokio::test]
async fn a_call_for_help_is_heard_while_a_directory_is_silent() {
    let branch = Branch::answering();
    let world = World::plan().beside(branch.clone()).opens().await;
    branch.falls_silent(true);
    let mut pages = Vec::new();
    // Whoever is in a directory that answers is named; of the others nobody knows, so that there
    // was a call is told once.
    for user in ["jane01", "nobo17", "some19"] {
        let mut visitor = world.visitor();
        visitor.goes_to("/help").await;
        visitor.submits("/help", &[("user", user)]).await;
        pages.push(visitor.page.text());
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    expect![[r#"
        admins@work.example: Example Works: help with a password reset
        admins@work.example: Example Works: Keymend needs attention"#]]
    .assert_eq(&world.told().await);
    let mail = world.message_to("admins@work.example");
    assert!(mail.contains("while the directory \"branch\" did not answer"));
    assert!(
        !mail.contains("some19"),
        "what strangers type is not passed on"
    );
    world.rests().await;
}

#[tokio::test]
async fn a_call_that_nobody_could_match_does_not_spend_the_call_of_the_day() {
    let branch = Branch::answering();
    let world = World::plan().beside(branch.clone()).opens().await;
    branch.falls_silent(true);
    let calls = async |user: &str| {
        let mut visitor = world.visitor();
        visitor.goes_to("/help").await;
        visitor.submits("/help", &[("user", user)]).await;
    };
    calls("some19").await;
    expect!["admins@work.example: Example Works: Keymend needs attention"]
        .assert_eq(&world.told().await);
    branch.falls_silent(false);
    let account = NewAccount {
        login: "some19".to_owned(),
        ..NewAccount::default()
    };
    world.directory.import(&[account]).await.unwrap();
    calls("some19").await;
    expect!["admins@work.example: Example Works: help with a password reset"]
        .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn a_directory_is_looked_at_as_often_as_its_section_says() {
    for (interval_secs, waited_secs, asked) in [(10, 9, 1), (10, 10, 2), (30, 29, 1), (300, 30, 2)]
    {
        let branch = Branch::answering();
        let clock = ManualClock::at(MORNING);
        let all: Vec<(Arc<dyn Directory>, String)> = vec![(branch.clone(), "it".to_owned())];
        let all = Directories::new(all, Arc::new(clock.clone()));
        let all = all.looked_at_every(&branch.name, interval_secs);
        all.health(&branch.name).await;
        clock.advance_ms(waited_secs * 1_000);
        all.health(&branch.name).await;
        let count = branch.asked.load(Ordering::SeqCst);
        assert_eq!(
            count, asked,
            "every {interval_secs} s, after {waited_secs} s"
        );
        assert_eq!(
            all.interval_ms(&branch.name),
            i64::from(interval_secs) * 1_000
        );
    }
}
