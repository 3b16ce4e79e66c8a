//! What real servers count of wrong passwords after a new one, and what the watch makes of it.

use keymend_domain::account::{Account, AccountRef, Anchor};
use keymend_domain::directory::Directory;
use keymend_domain::directory::tally::{ServerTallies, Tally};
use keymend_domain::time::{Clock, HOUR_MS, MINUTE_MS, Moment};
use keymend_domain::watch::{Looked, Watch};
use keymend_lab::ds389::ds_person;
use keymend_lab::samba::ad_person;
use keymend_lab::slapd::person;
use keymend_lab::{Samba, SambaOptions, SambaVersion, SlapdOptions};

use crate::active_directory::{Domain, domain};
use crate::desk::{Desk, WallClock};
use crate::ds389::Server;
use crate::house::{House, NEW, is_done};

/// Somebody who is not in the directory.
fn nobody(account: &Account) -> AccountRef {
    AccountRef {
        anchor: Anchor("653a29d1-4733-4af8-92fa-0e27e6131495".into()),
        ..account.id.clone()
    }
}

async fn tallies(desk: &Desk, account: &Account) -> Vec<ServerTallies> {
    let accounts = [nobody(account), account.id.clone()];
    desk.directory.tallies(&accounts).await
}

/// What the only server counts.
async fn tally(desk: &Desk, account: &Account) -> Tally {
    let mut servers = tallies(desk, account).await;
    assert_eq!(servers.len(), 1, "{servers:?}");
    let mut accounts = servers.remove(0).accounts;
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    accounts.remove(0)
}

/// The watch as the settlement of a reset writes it down.
fn watch(before: &Account, now: Moment) -> Watch {
    let body = serde_json::json!({
        "account": before.id,
        "correlation": "journey",
        "started_at": now,
        "ends_at": now.plus_ms(HOUR_MS),
        "due_at": now,
        "looked_at": now,
        "looks": 0,
        "changed_before": before.state.password_changed_at,
        "set_at": null,
        "seen": [],
        "told": "nothing",
    });
    serde_json::from_value(body).unwrap()
}

/// Looks at the servers; the watch as it goes on if nothing was seen, else what was seen.
async fn looks(desk: &Desk, watch: Watch, account: &Account) -> Result<Watch, String> {
    let servers = tallies(desk, account).await;
    match watch.look(&servers, WallClock.now()) {
        Looked::Quiet(watch) => Ok(watch),
        Looked::Sighted(sighted) => Err(format!("{sighted:?}")),
        Looked::Over => panic!("the watch is over: {servers:?}"),
    }
}

fn is_now(at: Option<Moment>) -> bool {
    at.is_some_and(|at| WallClock.now().since_ms(at).abs() < MINUTE_MS)
}

/// Two controllers of one domain, of which the second is told by hand what it would be told by
/// replication.
struct Pair {
    domain: Domain,
    second: Samba,
}

impl Pair {
    fn start() -> Self {
        let plan = || SambaOptions {
            version: SambaVersion::V4_25,
            ..SambaOptions::default()
        };
        let (first, second) = (Samba::start(plan()), Samba::start(plan()));
        let mut options = domain::options(&first, &first.ldaps_url());
        options.urls.push(second.ldaps_url().parse().unwrap());
        let path = first.ca_file().with_extension("both.pem");
        let read = |samba: &Samba| std::fs::read_to_string(samba.ca_file()).unwrap();
        std::fs::write(&path, read(&first) + &read(&second)).unwrap();
        options.ca_file = Some(path);
        let domain = Domain::around(first, options);
        Self { domain, second }
    }

    fn name_of(&self, samba: &Samba) -> String {
        samba.ldaps_url().replace("ldaps://", "")
    }

    fn replicates(&self, login: &str, password: &str) {
        let (person, first) = (ad_person(login), &self.domain.samba);
        self.second.set_password(&person.dn(), password);
        let entry = first.entry(login);
        let set_at = entry.get("pwdLastSet").unwrap();
        self.second.force(&format!(
            "dn: {}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: {set_at}\n",
            person.dn()
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watch_names_the_one_of_two_controllers_that_saw_a_wrong_password() {
    let pair = Pair::start();
    let jane = pair.domain.account("jane.doe").await;
    let upn = ad_person("jane.doe").upn();
    // Before the reset, and so none of the watch's business.
    pair.second.bind(&upn, "wrong before");
    let outcome = pair.domain.reset(&jane, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
    let begun = watch(&jane, WallClock.now());
    // The second has not heard of the new password: what is wrong there is the new one, and so it
    // is where nobody looked before it arrived.
    pair.second.bind(&upn, NEW);
    let unseen = begun.clone();
    let begun = looks(&pair.domain, begun, &jane).await.unwrap();
    pair.replicates("jane.doe", NEW);
    looks(&pair.domain, unseen, &jane).await.unwrap();
    let begun = looks(&pair.domain, begun, &jane).await.unwrap();

    pair.second.bind(&upn, "what the phone knows");
    let seen = looks(&pair.domain, begun.clone(), &jane).await.unwrap_err();
    let (first, second) = (pair.name_of(&pair.domain.samba), pair.name_of(&pair.second));
    assert!(seen.contains(&second), "{seen}");
    let servers = tallies(&pair.domain, &jane).await;
    let counted = |name: &str| {
        let server = servers.iter().find(|server| server.server == name).unwrap();
        let tally = &server.accounts[0];
        (tally.count, is_now(tally.last()))
    };
    // A new password does not put back what a controller has counted before it heard of it, so the
    // three together are what it locks by.
    assert_eq!((counted(&first), counted(&second)), ((0, false), (3, true)));
    // One that does not answer is left out, and the other is heard all the same.
    pair.domain.samba.pause();
    let servers = tallies(&pair.domain, &jane).await;
    pair.domain.samba.resume();
    let names: Vec<&str> = servers.iter().map(|server| &*server.server).collect();
    assert_eq!(names, [&*second]);
}

/// What `docs/active-directory.md` says about it.
#[tokio::test(flavor = "multi_thread")]
async fn samba_counts_an_unknown_password_and_none_of_the_last_two() {
    for domain in [Domain::plain(), Domain::with_hints()] {
        counts_none_of_the_last_two(&domain).await;
    }
}

async fn counts_none_of_the_last_two(domain: &Domain) {
    let jane = domain.account("jane.doe").await;
    let (upn, older) = (ad_person("jane.doe").upn(), ad_person("jane.doe").password);
    let newer = format!("{NEW} first");
    for password in [newer.as_str(), NEW] {
        assert!(is_done(&domain.reset(&jane, password).await));
    }
    let before = tally(domain, &jane).await;
    assert_eq!((before.count, before.last()), (0, None));
    let mut told = Vec::new();
    for password in [newer.as_str(), older, "nobody's password"] {
        assert_ne!(domain.samba.bind(&upn, password).code, 0, "{password}");
        let now = tally(domain, &jane).await;
        told.push((now.count, is_now(now.last())));
    }
    assert_eq!(told, [(0, false), (0, false), (1, true)]);
    let now = tally(domain, &jane).await;
    assert!(now.last() >= now.password_set.at());
}

#[tokio::test(flavor = "multi_thread")]
async fn openldap_tells_the_time_of_each_wrong_password() {
    let house = House::with(SlapdOptions::default(), |_| {});
    let jane = house.account("jane.doe").await;
    let dn = person("jane.doe").dn();
    house.slapd.bind(&dn, "wrong before");
    assert!(is_done(&house.reset(&jane, NEW).await));
    let begun = watch(&jane, WallClock.now());
    let begun = looks(&house, begun, &jane).await.unwrap();
    // The old one counts here.
    house.slapd.bind(&dn, person("jane.doe").password);
    let seen = looks(&house, begun, &jane).await.unwrap_err();
    assert!(
        seen.contains("localhost") || seen.contains("127.0.0.1"),
        "{seen}"
    );
    house.slapd.bind(&dn, "wrong after");
    let now = tally(&house, &jane).await;
    assert_eq!((now.count, now.times.len()), (2, 2));
    assert!(is_now(now.last()) && now.last() >= now.password_set.at());
    house.slapd.bind(&dn, NEW);
    assert_eq!(tally(&house, &jane).await.count, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ds389_tells_the_time_of_the_first_wrong_password_and_then_the_count() {
    let server = Server::start();
    let jane = server.account("jane.doe").await;
    let dn = ds_person("jane.doe").dn();
    server.ds389.bind(&dn, "wrong before");
    assert!(is_done(&server.reset(&jane, NEW).await));
    let begun = watch(&jane, WallClock.now());
    let mut begun = looks(&server, begun, &jane).await.unwrap();
    for count in 1..=2 {
        server.ds389.bind(&dn, ds_person("jane.doe").password);
        let now = tally(&server, &jane).await;
        assert_eq!(now.count, count);
        assert_eq!(is_now(now.last()), count == 1, "{now:?}");
        let servers = tallies(&server, &jane).await;
        let looked = begun.look(&servers, WallClock.now());
        let Looked::Sighted(seen) = looked else {
            panic!("{count}: {looked:?}");
        };
        // Seen once, it is news only if there is more of it.
        let noted = seen.passed_over().unwrap();
        begun = looks(&server, noted, &jane).await.unwrap();
    }
}
