//! Two directories with people in both: a name that says which it means, and one that does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use expect_test::{Expect, expect};
use keymend::clock::ManualClock;
use keymend::store::{StoreFault, Tx};
use keymend_directory::embedded::{Credential, Embedded, EmbeddedOptions, HashingCost, NewAccount};
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::rights::{Finding, RightsReport, Severity};
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, PasswordRules, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::route::{Realm, Realms};
use keymend_domain::secret::Password;

use crate::chance::Seeded;
use crate::people::{self, Kind, MAILBOX, NEW, NEWER, OLD};
use crate::world::{MORNING, Plan, World, keys};

/// A directory with people, whose line can be cut and whose account can have too many rights.
pub struct Branch {
    directory: Embedded,
    is_silent: AtomicBool,
    rules_all: AtomicBool,
    searches: AtomicU32,
    passwords: AtomicU32,
}

impl Branch {
    /// `jane01` has the same login and mail address as somebody in the first directory; `finn21`
    /// is nowhere else.
    async fn open() -> (Arc<Self>, Vec<AccountRef>) {
        let directory = Embedded::open(EmbeddedOptions {
            name: DirectoryName("branch".to_owned()),
            path: None,
            suffixes: vec!["branch.example".to_owned()],
            hashing: HashingCost::FEATHER,
            clock: Arc::new(ManualClock::at(MORNING)),
            entropy: Arc::new(Seeded::new(5)),
        });
        let directory = directory.unwrap();
        let account = |login: &str, is_locked| NewAccount {
            login: login.to_owned(),
            display_name: login.to_owned(),
            mail: vec![people::mail(login)],
            groups: vec!["staff".to_owned()],
            credential: Some(Credential::Plain(Password::new(OLD.to_owned()).unwrap())),
            password_changed_at: Some(MORNING.plus_ms(-864_000_000)),
            is_locked,
            ..NewAccount::default()
        };
        let accounts = [("jane01", false), ("finn21", false), ("lock22", true)];
        let accounts = accounts.map(|(login, is_locked)| account(login, is_locked));
        let ids = directory.import(&accounts).await.unwrap();
        let branch = Arc::new(Self {
            directory,
            is_silent: AtomicBool::new(false),
            rules_all: AtomicBool::new(false),
            searches: AtomicU32::new(0),
            passwords: AtomicU32::new(0),
        });
        (branch, ids)
    }

    fn falls_silent(&self) {
        self.is_silent.store(true, Ordering::SeqCst);
    }

    /// How often it was searched, and asked about a password.
    fn was_asked(&self) -> [u32; 2] {
        [&self.searches, &self.passwords].map(|count| count.swap(0, Ordering::SeqCst))
    }

    fn answers(&self) -> Result<(), DirectoryError> {
        match self.is_silent.load(Ordering::SeqCst) {
            false => Ok(()),
            true => Err(DirectoryError::Down {
                during: "searching",
                detail: "the line is cut".to_owned(),
            }),
        }
    }
}

#[async_trait]
impl Directory for Branch {
    fn name(&self) -> &DirectoryName {
        self.directory.name()
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        self.searches.fetch_add(1, Ordering::SeqCst);
        self.answers()?;
        self.directory.find(claim).await
    }

    async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        self.answers()?;
        self.directory.read(account).await
    }

    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.answers()?;
        self.directory.password_rules(account).await
    }

    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.passwords.fetch_add(1, Ordering::SeqCst);
        self.answers()?;
        self.directory.check_password(account, password).await
    }

    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        self.directory.write(order).await
    }

    async fn health(&self) -> Health {
        match self.answers() {
            Ok(()) => Health::Up,
            Err(error) => Health::Down {
                during: "searching".to_owned(),
                detail: error.to_string(),
            },
        }
    }

    async fn rights(&self) -> Result<RightsReport, DirectoryError> {
        self.answers()?;
        let finding = Finding {
            severity: Severity::TooMuch,
            right: "reset administrators".to_owned(),
            on: "the branch".to_owned(),
            remedy: "take it away".to_owned(),
        };
        let findings = match self.rules_all.load(Ordering::SeqCst) {
            true => vec![finding],
            false => Vec::new(),
        };
        Ok(RightsReport::new(MORNING, "it".to_owned(), 1, findings))
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        self.answers()?;
        Ok(realms("corp.example", "CORP"))
    }
}

fn realms(suffix: &str, domain: &str) -> Realms {
    Realms {
        suffixes: [Realm::new(suffix).unwrap()].into(),
        domains: [Realm::new(domain).unwrap()].into(),
    }
}

fn routed(branch: &Arc<Branch>) -> Plan {
    World::plan()
        .beside(branch.clone())
        .called("corp", realms("corp.example", "CORP"))
        .called("branch", realms("branch.example", "BRANCH"))
}

/// The people of the branch register the same address and number as everybody.
async fn register(world: &World, ids: &[AccountRef]) {
    let ids = ids.to_vec();
    let registered = world
        .store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> {
            for (place, id) in ids.iter().enumerate() {
                for method in people::methods(&format!("branch-{place}"), Kind::Plain, MORNING) {
                    let tag = keys().for_flows().contact_tag(&method.contact);
                    tx.add_method(id, &method, &tag)?;
                }
            }
            Ok(())
        });
    registered.await.unwrap();
}

async fn start_page(world: &World, user: &str) -> String {
    let mut visitor = world.visitor();
    visitor.starts(user).await;
    visitor.sees()
}

async fn checks(world: &World, users: &[&str], expected: Expect) {
    for user in users {
        let page = start_page(world, user).await;
        expected.assert_eq(&page);
    }
}

/// Walks the whole way; gives the last page.
async fn resets(world: &World, user: &str, password: &str) -> String {
    let mut visitor = world.visitor();
    visitor.forgot(user).await;
    visitor.proves_by_email().await.proves_by_text().await;
    visitor.chooses(password).await;
    visitor.sees()
}

async fn opens(directory: &dyn Directory, account: &AccountRef, password: &str) -> bool {
    let password = Password::new(password.to_owned()).unwrap();
    let answer = directory.check_password(account, &password).await;
    answer.unwrap() == SignIn::Accepted
}

#[tokio::test]
async fn a_silent_directory_stops_only_the_names_that_may_mean_it() {
    let (branch, ids) = Branch::open().await;
    let world = routed(&branch).opens().await;
    register(&world, &ids).await;
    branch.falls_silent();
    checks(
        &world,
        &[
            "jane01@corp.example",
            "CORP\\jane01",
            "nobo17@corp.example",
            "CORP\\nobo17",
        ],
        expect!["200 What is the trouble?"],
    )
    .await;
    checks(
        &world,
        &[
            "finn21@branch.example",
            "nobo17@branch.example",
            "BRANCH\\finn21",
            "jane01",
            "finn21",
            "nobo17",
            "jane01@work.example",
        ],
        expect!["503 We cannot reach the branch right now"],
    )
    .await;
    let page = resets(&world, "jane01@corp.example", NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&page);
    assert!(opens(world.directory.as_ref(), &world.account("jane01"), NEW).await);
    let mut signed_in = world.visitor();
    signed_in.signs_in("CORP\\jane01", NEW).await;
    expect!["200 Security info"].assert_eq(&signed_in.sees());
    world.delivers().await;
    world.rests().await;
}

#[tokio::test]
async fn whoever_is_stopped_by_a_silent_directory_hears_that_a_name_in_full_may_help() {
    let (branch, _) = Branch::open().await;
    let world = routed(&branch).opens().await;
    branch.falls_silent();
    let mut jane = world.visitor();
    jane.starts("jane01").await;
    let page = jane.page.text();
    assert!(page.contains("type your user name in full"), "{page}");
    jane.goes_to("/reset").await;
    let page = jane.page.text();
    assert!(
        page.contains("Accounts there cannot be helped until it is back"),
        "{page}"
    );
    world.rests().await;
}

#[tokio::test]
async fn one_name_in_two_directories_is_nobodys_unless_it_says_which_it_means() {
    let (branch, ids) = Branch::open().await;
    let world = routed(&branch).opens().await;
    register(&world, &ids).await;
    // The same login, the same mail address.
    for user in ["jane01", "jane01@work.example"] {
        let mut visitor = world.visitor();
        visitor.forgot(user).await;
        visitor.asks_for_code("email", MAILBOX).await;
        expect!["200 Type the code"].assert_eq(&visitor.sees());
        expect![""].assert_eq(&world.told().await);
        visitor.signs_in(user, OLD).await;
        assert!(visitor.sees().starts_with("422"), "{}", visitor.sees());
    }
    let (here, there) = (world.account("jane01"), &ids[0]);
    let page = resets(&world, "BRANCH\\jane01", NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&page);
    assert!(opens(&branch.directory, there, NEW).await);
    assert!(opens(world.directory.as_ref(), &here, OLD).await);
    let page = resets(&world, "jane01@corp.example", NEWER).await;
    expect!["200 Your password has been changed"].assert_eq(&page);
    assert!(opens(&branch.directory, there, NEW).await);
    assert!(opens(world.directory.as_ref(), &here, NEWER).await);
    let of_resets: Vec<String> = world
        .audit()
        .await
        .iter()
        .filter(|record| record.event.event.word() == "password.reset")
        .filter_map(|record| record.event.subject.clone())
        .collect();
    assert_eq!(of_resets, [there.key(), here.key()]);
    world.rests().await;
}

#[tokio::test]
async fn a_directory_hears_of_the_names_that_may_mean_it_whether_they_exist_or_not() {
    let (branch, _) = Branch::open().await;
    let world = routed(&branch).opens().await;
    for (user, asked) in [
        ("jane01@corp.example", [0, 0]),
        ("nobo17@corp.example", [0, 0]),
        ("corp\\lock07", [0, 0]),
        ("finn21@BRANCH.example", [1, 1]),
        ("nobo17@branch.example", [1, 1]),
        ("branch\\nobo17", [1, 1]),
        ("finn21", [1, 1]),
        ("nobo17", [1, 1]),
        ("jane01@elsewhere.example", [1, 1]),
    ] {
        branch.was_asked();
        world.visitor().signs_in(user, "wrong words here").await;
        assert_eq!(branch.was_asked(), asked, "{user}");
    }
    world.rests().await;
}

#[tokio::test]
async fn a_paused_directory_stops_the_names_that_mean_it_and_no_others() {
    let (branch, ids) = Branch::open().await;
    let world = routed(&branch)
        .with(|settings| settings.writeback = [("branch".to_owned(), false)].into())
        .opens()
        .await;
    register(&world, &ids).await;
    checks(
        &world,
        &[
            "finn21@branch.example",
            "nobo17@branch.example",
            "BRANCH\\jane01",
        ],
        expect!["503 the branch is paused right now"],
    )
    .await;
    checks(
        &world,
        &["jane01@corp.example", "finn21", "nobo17"],
        expect!["200 What is the trouble?"],
    )
    .await;
    let page = resets(&world, "CORP\\jane01", NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&page);
    world.rests().await;
}

#[tokio::test]
async fn an_account_with_too_many_rights_holds_back_its_own_directory_alone() {
    let (branch, ids) = Branch::open().await;
    let world = routed(&branch).opens().await;
    register(&world, &ids).await;
    branch.rules_all.store(true, Ordering::SeqCst);
    let names: Vec<DirectoryName> = world.app.directories().names().cloned().collect();
    for name in &names {
        world.app.prove_rights(name).await.unwrap();
    }
    for user in ["finn21@branch.example", "nobo17@branch.example"] {
        let mut visitor = world.visitor();
        visitor.forgot(user).await;
        visitor.asks_for_code("email", MAILBOX).await;
        expect!["503 We cannot reach the branch right now"].assert_eq(&visitor.sees());
    }
    expect![""].assert_eq(&world.told().await);
    let page = resets(&world, "jane01@corp.example", NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&page);
    world.rests().await;
}

#[tokio::test]
async fn unlocking_and_freezing_in_one_directory_leave_the_other_as_it_is() {
    let (branch, ids) = Branch::open().await;
    let world = routed(&branch)
        .with(|settings| settings.unlocking = [("branch".to_owned(), false)].into())
        .opens()
        .await;
    register(&world, &ids).await;
    let mut unlocked = Vec::new();
    for user in ["lock07@corp.example", "lock22@branch.example"] {
        let mut visitor = world.visitor();
        visitor.is_locked_out(user).await;
        visitor.proves_by_email().await.proves_by_text().await;
        // The form of the page that is there, sent to where a page from before would send it.
        let form = visitor.page.forms[0].action.clone();
        let request = visitor.posting("/flow/unlock", visitor.filled(&form, &[]));
        visitor.sends(request).await;
        visitor.follows().await;
        unlocked.push(visitor.page.heading());
    }
    assert_eq!(unlocked[0], "Your account is unlocked");
    assert_eq!(unlocked[1], "Unlock your account");
    assert!(
        branch
            .read(&ids[2])
            .await
            .unwrap()
            .unwrap()
            .state
            .lock
            .is_some()
    );

    let frozen = ids[0].clone();
    let done = world
        .store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> {
            tx.set_frozen(&frozen, true, MORNING)
        });
    done.await.unwrap();
    world.told().await;
    let mut visitor = world.visitor();
    visitor.forgot("BRANCH\\jane01").await;
    visitor.asks_for_code("email", MAILBOX).await;
    assert!(!world.told().await.contains("your code"));
    let page = resets(&world, "CORP\\jane01", NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&page);
    world.rests().await;
}

#[tokio::test]
async fn administrators_hear_in_which_directory_somebody_needs_help() {
    let (branch, _) = Branch::open().await;
    let world = routed(&branch).opens().await;
    for (user, named) in [
        ("BRANCH\\jane01", "jane01 (the branch)"),
        ("jane01@corp.example", "jane01 (the directory)"),
    ] {
        let mut visitor = world.visitor();
        visitor.goes_to("/help").await;
        visitor.submits("/help", &[("user", user)]).await;
        let mail = world.message_to("admins@work.example");
        assert!(mail.contains(named), "{mail}");
    }
    world.rests().await;
}

#[tokio::test]
async fn a_directory_that_says_that_names_are_its_own_takes_them_from_nobody() {
    let (branch, _) = Branch::open().await;
    let world = World::plan().beside(branch.clone()).opens().await;
    let names: Vec<DirectoryName> = world.app.directories().names().cloned().collect();
    for name in &names {
        let state = world.app.look_at(name, None).await;
        world.app.save_integration(name, &state).await;
    }
    let told = branch.realms().await.unwrap();
    assert_eq!(told, realms("corp.example", "CORP"));
    let mut jane = world.visitor();
    jane.signs_in("noah03@corp.example", OLD).await;
    expect!["200 Set up a way back in"].assert_eq(&jane.sees());
    branch.falls_silent();
    checks(
        &world,
        &["jane01@corp.example", "CORP\\jane01", "jane01"],
        expect!["503 We cannot reach the branch right now"],
    )
    .await;
    world.rests().await;
}

#[tokio::test]
async fn a_name_in_full_is_advised_only_where_it_helps() {
    let advice = "type your user name in full";
    let (branch, ids) = Branch::open().await;
    // Nobody has names of its own; only the one that is out of reach has; the other is paused.
    let nothing = World::plan().beside(branch.clone());
    let itself = World::plan()
        .beside(branch.clone())
        .called("branch", realms("branch.example", "BRANCH"));
    let paused =
        routed(&branch).with(|settings| settings.writeback = [("corp".to_owned(), false)].into());
    let world = routed(&branch).opens().await;
    register(&world, &ids).await;
    let mut jane = world.visitor();
    jane.forgot("BRANCH\\jane01").await.proves_by_email().await;
    branch.falls_silent();
    // What was known of it before is too old then.
    world.minutes_pass(1).await;
    jane.asks_for_code("text", people::MOBILE).await;
    expect!["503 We cannot reach the branch right now"].assert_eq(&jane.sees());
    assert!(!jane.page.text().contains(advice), "she is known");
    world.rests().await;

    for (what, plan) in [("nothing", nothing), ("itself", itself), ("paused", paused)] {
        let world = plan.opens().await;
        let mut visitor = world.visitor();
        visitor.starts("finn21").await;
        expect!["503 We cannot reach the branch right now"].assert_eq(&visitor.sees());
        assert!(!visitor.page.text().contains(advice), "{what}");
        visitor.goes_to("/reset").await;
        assert!(!visitor.page.text().contains(advice), "{what}");
        world.rests().await;
    }
}
