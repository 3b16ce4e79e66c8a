//! What the adapter makes of the lab's people.

use std::time::Duration;

use keymend_domain::account::{Claim, Lock, Protection};
use keymend_domain::directory::{
    Deed, Directory, Found, NotDone, RuleBroken, SignIn, WriteOutcome,
};
use keymend_domain::secret::Password;
use keymend_lab::slapd::{BASE_DN, GROUPS_DN, MANAGER_DN, MANAGER_PASSWORD, PEOPLE_DN, person};
use keymend_lab::{LoggedSearch, SlapdOptions};

use crate::house::{House, NEW, connect, is_done, options};

#[tokio::test(flavor = "multi_thread")]
async fn people_are_read_with_their_state() {
    let house = House::start();
    let jane = house.account("jane.doe").await;
    assert_eq!(jane.mail, ["jane.doe@lab.test"]);
    assert!(jane.is_in(&format!("cn=staff,{GROUPS_DN}")));
    assert!(jane.state.password_changed_at.is_some() || jane.state.lock.is_none());
    let locked = house.account("locked.lee").await.state;
    assert_eq!(locked.lock, Some(Lock { until: None }));
    assert!(!locked.is_disabled);
    let by_hand = house.account("adminlocked.al").await.state;
    assert!(by_hand.is_disabled && by_hand.lock.is_none());
    assert!(house.account("expired.eve").await.state.password_is_expired);
    assert!(house.account("mustchange.max").await.state.must_change);
    assert!(
        house
            .account("young.yan")
            .await
            .state
            .next_change_from
            .is_some()
    );
    let protection = Protection(format!("cn=admins,{GROUPS_DN}"));
    assert_eq!(
        house.account("admin.ada").await.state.protection,
        Some(protection)
    );
    let nested = house.account("nested.nia").await;
    assert!(nested.is_in(&format!("cn=staff,{GROUPS_DN}")));
    let in_a_ring = house.account("john.roe").await;
    assert!(in_a_ring.is_in(&format!("cn=ring-b,{GROUPS_DN}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_mean_one_account_or_none() {
    let house = House::start();
    let find = |name: &str| {
        let claim = Claim::new(name).unwrap();
        let directory = &house.directory;
        async move { directory.find(&claim).await.unwrap() }
    };
    for name in [
        "jürgen.müller",
        "o,brien+(x)*",
        "JANE.DOE",
        "jane.doe@lab.test",
    ] {
        assert!(matches!(find(name).await, Found::One(_)), "{name}");
    }
    assert_eq!(find("twin.tess").await, Found::Several { count: 2 });
    let longest = "x".repeat(256);
    let hostile = [
        "*",
        "user*",
        "user=*",
        "*)(uid=*",
        "\\75ser1",
        ")(",
        ")(|(objectClass=*",
        "\\2a",
        "\\00",
        "a,ou=Admins",
        "a+cn=b",
        "#04024869",
        "🔑",
        "elsewhere.ed",
        &longest,
    ];
    for name in hostile {
        assert_eq!(find(name).await, Found::Nobody, "{name}");
    }
    assert!(Claim::new(&"x".repeat(10_000)).is_err());
    assert!(Claim::new("a\0b").is_err());
    // One shape of search for all of them, and the name is a literal in it.
    let log = house.slapd.log();
    let searches = log
        .lines()
        .filter(|line| line.contains("SRCH") && line.contains("mail="));
    for line in searches {
        let filter = line.split("filter=").nth(1).unwrap_or_default();
        assert!(filter.starts_with("\"(|(uid="), "{line}");
        // Signs that mean something are escaped, so that the parentheses are ours.
        assert_eq!(filter.matches(['(', ')']).count(), 6, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_lock_is_never_lifted_by_a_reset() {
    let house = House::start();
    let account = house.account("adminlocked.al").await;
    let outcome = house.reset(&account, NEW).await;
    assert_eq!(outcome, WriteOutcome::NotDone(NotDone::Protected));
    let unlocked = house
        .write(&account, Duration::from_secs(9), Deed::Unlock)
        .await;
    assert_eq!(unlocked, WriteOutcome::NotDone(NotDone::Protected));
    let entry = house.slapd.entry("adminlocked.al");
    assert_eq!(entry.get("pwdAccountLockedTime"), Some("000001010000Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_lifted_with_the_reset_and_without_it() {
    let house = House::start();
    let account = house.account("locked.lee").await;
    let outcome = house
        .write(&account, Duration::from_secs(9), Deed::Unlock)
        .await;
    assert!(
        matches!(outcome, WriteOutcome::Done { unlocked: true, .. }),
        "{outcome:?}"
    );
    assert!(
        house
            .slapd
            .opens_with(&person("locked.lee").dn(), "Start-Passw0rd-1")
    );
    house.slapd.lock_by_guessing(&person("locked.lee").dn());
    let outcome = house.reset(&account, NEW).await;
    assert!(
        matches!(outcome, WriteOutcome::Done { unlocked: true, .. }),
        "{outcome:?}"
    );
    assert!(house.slapd.opens_with(&person("locked.lee").dn(), NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_the_rule_and_its_number() {
    let house = House::start();
    let jane = house.account("jane.doe").await;
    let short = RuleBroken::Short {
        least: 10,
        typed: 4,
    };
    assert_eq!(
        house.reset(&jane, "abcd").await,
        WriteOutcome::Refused(vec![short])
    );
    let again = RuleBroken::History { remembered: 5 };
    let refused = WriteOutcome::Refused(vec![again]);
    assert_eq!(house.reset(&jane, "Start-Passw0rd-1").await, refused);
    assert_eq!(
        house
            .change(&jane, "Start-Passw0rd-1", "Start-Passw0rd-1")
            .await,
        refused
    );
    let yan = house.account("young.yan").await;
    let young = RuleBroken::Young {
        from: yan.state.next_change_from,
    };
    assert_eq!(
        house.reset(&yan, NEW).await,
        WriteOutcome::Refused(vec![young])
    );
    let lena = house.account("long.lena").await;
    let rules = house.directory.password_rules(&lena.id).await.unwrap();
    assert_eq!((rules.length_min, rules.history), (16, 10));
    let short = RuleBroken::Short {
        least: 16,
        typed: 12,
    };
    assert_eq!(
        house.reset(&lena, "abcdefghijkl").await,
        WriteOutcome::Refused(vec![short])
    );
    assert!(
        house
            .slapd
            .opens_with(&person("jane.doe").dn(), "Start-Passw0rd-1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_expired_without_grace_still_changes_the_password() {
    let house = House::start();
    for name in ["expired.eve", "grace.gil", "mustchange.max"] {
        let account = house.account(name).await;
        let wrong = house.change(&account, "Wrong-Passw0rd-1", NEW).await;
        assert_eq!(
            wrong,
            WriteOutcome::NotDone(NotDone::WrongCurrent),
            "{name}"
        );
        let outcome = house.change(&account, "Start-Passw0rd-1", NEW).await;
        assert!(is_done(&outcome), "{name} {outcome:?}");
        assert!(house.slapd.opens_with(&person(name).dn(), NEW), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_told_as_such() {
    let house = House::start();
    let gus = house.account("guarded.gus").await;
    assert_eq!(
        house.reset(&gus, NEW).await,
        WriteOutcome::NotDone(NotDone::Rights)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_dn_is_refused_for_writing() {
    let house = House::with(SlapdOptions::default(), |options| {
        options.bind_dn = MANAGER_DN.into();
        options.bind_password = keymend_domain::secret::Secret::new(MANAGER_PASSWORD.into());
    });
    let jane = house.account("jane.doe").await;
    assert_eq!(
        house.reset(&jane, "x").await,
        WriteOutcome::NotDone(NotDone::Rights)
    );
    assert!(
        house
            .slapd
            .opens_with(&person("jane.doe").dn(), "Start-Passw0rd-1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_outside_the_filter_are_nobody() {
    let house = House::with(SlapdOptions::default(), |options| {
        options.filter = Some(format!("(!(memberOf=cn=staff,{GROUPS_DN}))"));
    });
    let claim = Claim::new("jane.doe").unwrap();
    assert_eq!(house.directory.find(&claim).await, Ok(Found::Nobody));
    house.account("outside.olga").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_policy_overlay_passwords_are_still_written() {
    let server = SlapdOptions {
        has_password_policy: false,
        ..SlapdOptions::default()
    };
    let house = House::with(server, |options| options.default_policy = None);
    let jane = house.account("jane.doe").await;
    let outcome = house.reset(&jane, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
    assert!(house.slapd.opens_with(&person("jane.doe").dn(), NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_read_is_told() {
    let house = House::with(SlapdOptions::default(), |options| {
        options.default_policy = Some(format!("cn=nowhere,{BASE_DN}"));
    });
    let jane = house.account("jane.doe").await;
    let rules = house.directory.password_rules(&jane.id).await.unwrap();
    assert!(rules.has_unreadable_rule);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_ends_the_session_of_the_one_before() {
    // Sign-ins share connections: after Jane's, John's fails and leaves nobody signed in.
    let house = House::with(SlapdOptions::default(), |options| {
        options.user_connections = 1
    });
    let (jane, john) = (
        house.account("jane.doe").await,
        house.account("john.roe").await,
    );
    let right = Password::current("Start-Passw0rd-1".into()).unwrap();
    let wrong = Password::current("Wrong-Passw0rd-1".into()).unwrap();
    for _ in 0..2 {
        let check = house.directory.check_password(&jane.id, &right).await;
        assert_eq!(check, Ok(SignIn::Accepted));
        let check = house.directory.check_password(&john.id, &wrong).await;
        assert!(matches!(check, Ok(SignIn::NoMatch(_))), "{check:?}");
    }
    let log = house.slapd.log();
    let who = format!("BIND dn=\"uid=jane.doe,{PEOPLE_DN}\"");
    let connections: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(&who))
        .filter_map(|line| {
            line.split_whitespace()
                .find(|word| word.starts_with("conn="))
        })
        .collect();
    assert!(connections.len() > 1, "{log}");
    assert!(
        connections.windows(2).all(|pair| pair[0] == pair[1]),
        "{connections:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_search_finds_and_one_reads() {
    let house = House::with(SlapdOptions::default(), |options| {
        options.service_connections = 1;
    });
    let jane = house.account("jane.doe").await;
    let before = searches(&house);
    house.account("jane.doe").await;
    house.directory.read(&jane.id).await.unwrap();
    // The log is written before the answer is sent.
    assert_eq!(searches(&house) - before, 2);
}

fn searches(house: &House) -> usize {
    let log = house.slapd.log();
    log.lines()
        .filter(|line| line.contains(" SRCH base="))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn start_tls_works_like_ldaps() {
    let server = SlapdOptions {
        refuses_plain_binds: true,
        ..SlapdOptions::default()
    };
    let house = House::with(server, |_| {});
    let mut raised = options(&house.slapd, &house.slapd.ldap_url());
    raised.start_tls = true;
    let directory = connect(raised);
    let claim = Claim::new("jane.doe").unwrap();
    let found = directory.find(&claim).await;
    assert!(matches!(found, Ok(Found::One(_))), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_beside_a_form_cost_no_search_of_their_own() {
    let house = House::start();
    let lena = house.account("long.lena").await;
    // New connections look at the root DSE; that is about nobody.
    let about_her = || {
        let searches = house.slapd.searches().into_iter();
        searches.filter(LoggedSearch::is_about_a_person).count()
    };
    let before = about_her();
    for _ in 0..3 {
        let shown = house.directory.rules_to_show(&lena.id).await.unwrap();
        assert_eq!((shown.length_min, shown.history), (16, 10));
    }
    assert_eq!(about_her(), before);
    // Whoever decides by them asks anew.
    house.directory.password_rules(&lena.id).await.unwrap();
    assert_eq!(about_her(), before + 1);
}
