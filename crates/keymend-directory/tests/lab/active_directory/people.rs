//! What the adapter makes of the lab's people.

use std::time::Duration;

use keymend_directory::ldap::WithoutPolicyHints;
use keymend_domain::account::{Account, AccountState, Claim};
use keymend_domain::directory::{
    Deed, Directory, Found, MustChange, NoMatch, NotDone, RuleBroken, SignIn, WriteOutcome,
};
use keymend_domain::secret::Password;
use keymend_lab::SambaVersion;
use keymend_lab::samba::{
    AD_PEOPLE, BASE_DN, GROUPS_DN, PEOPLE_DN, STRONG_ACCOUNT, WEAK_ACCOUNT, ad_person,
};

use super::domain::Domain;
use crate::house::{NEW, is_done};

const OLD: &str = "Start-Passw0rd-1";

async fn find(domain: &Domain, name: &str) -> Found {
    let claim = Claim::new(name).unwrap();
    domain.directory.find(&claim).await.unwrap()
}

async fn sign_in(domain: &Domain, account: &Account, password: &str) -> SignIn {
    let password = Password::current(password.into()).unwrap();
    let said = domain.directory.check_password(&account.id, &password);
    said.await.unwrap()
}

fn flags(state: &AccountState) -> String {
    let all = [
        (state.is_disabled, "disabled"),
        (state.is_expired, "ended"),
        (state.lock.is_some(), "locked"),
        (state.password_is_expired, "expired"),
        (state.must_change, "must change"),
        (state.may_not_change, "may not change"),
        (state.protection.is_some(), "protected"),
    ];
    let set = all.iter().filter(|(is_set, _)| *is_set);
    let words: Vec<&str> = set.map(|(_, word)| *word).collect();
    words.join(", ")
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_read_with_their_state() {
    let domain = Domain::plain();
    let mut seen = Vec::new();
    for person in AD_PEOPLE
        .iter()
        .filter(|person| person.name != "elsewhere.ed")
    {
        let account = domain.account(person.name).await;
        assert_eq!(account.login, person.name);
        let flags = flags(&account.state);
        if !flags.is_empty() {
            seen.push(format!("{}: {flags}", person.name));
        }
    }
    let expected = [
        "locked.lee: locked",
        "expired.eve: expired",
        "mustchange.max: must change",
        "disabled.dan: disabled",
        "gone.gwen: ended",
        "domain.dora: protected",
        "admin.ada: protected",
        "backup.bea: protected",
        "former.fay: protected",
        "sealed.sam: protected",
    ];
    assert_eq!(seen, expected);
    let lee = domain.account("locked.lee").await;
    assert!(lee.state.lock.unwrap().until.is_some());
    let nested = domain.account("nested.nia").await;
    assert!(
        nested.is_in(&format!("CN=staff,{GROUPS_DN}")),
        "{:?}",
        nested.groups
    );
    assert!(nested.is_in(&format!("CN=Domain Users,CN=Users,{BASE_DN}")));
    let in_a_ring = domain.account("john.roe").await;
    assert!(in_a_ring.is_in(&format!("CN=ring-c,{GROUPS_DN}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_mean_one_account_or_none() {
    let domain = Domain::plain();
    let jane = domain.account("jane.doe").await;
    for name in [
        "JANE.DOE",
        "jane.doe@lab.test",
        "Jane.Doe@LAB.TEST",
        "LAB\\jane.doe",
        "lab.test\\jane.doe",
    ] {
        assert_eq!(domain.account(name).await.id, jane.id, "{name}");
    }
    assert_eq!(jane.id.anchor.0.len(), 36);
    for name in [
        "jürgen.müller",
        "obrien",
        "comma.cleo",
        "jürgen.müller@lab.test",
    ] {
        assert!(matches!(find(&domain, name).await, Found::One(_)), "{name}");
    }
    assert_eq!(
        find(&domain, "twin@lab.test").await,
        Found::Several { count: 2 }
    );
    assert!(matches!(find(&domain, "twin.tom").await, Found::One(_)));
    let nobody = [
        "OTHER\\jane.doe",
        "\\jane.doe",
        "LAB\\*",
        "LAB\\jane*",
        "elsewhere.ed",
        "staff",
        "*",
        "*)(sAMAccountName=*",
        "jane.doe@other.test",
        "<GUID=653a29d1-4733-4af8-92fa-0e27e6131495>",
    ];
    for name in nobody {
        assert_eq!(find(&domain, name).await, Found::Nobody, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_accounts_are_never_written_to() {
    let domain = Domain::with(SambaVersion::V4_17, |options| options.base = BASE_DN.into());
    let mark = domain.samba.mark();
    for name in [
        "domain.dora",
        "admin.ada",
        "backup.bea",
        "former.fay",
        "sealed.sam",
        "gmsa-web$",
        "Administrator",
        "krbtgt",
        "DC1$",
    ] {
        let account = domain.account(name).await;
        assert!(account.state.protection.is_some(), "{name}");
        let refused = WriteOutcome::NotDone(NotDone::Protected);
        assert_eq!(domain.reset(&account, NEW).await, refused, "{name}");
        let unlock = domain.write(&account, Duration::from_secs(9), Deed::Unlock);
        assert_eq!(unlock.await, refused, "{name}");
    }
    assert_eq!(domain.samba.deeds_since(&mark), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_installers_own_list_protects_too() {
    let domain = Domain::with(SambaVersion::V4_17, |options| {
        options.protected_groups = vec![format!("cn=Staff,{GROUPS_DN}")];
    });
    let nested = domain.account("nested.nia").await;
    assert!(nested.state.protection.is_some());
    let outside = domain.account("outside.olga").await;
    assert_eq!(outside.state.protection, None);
    assert!(is_done(&domain.reset(&outside, NEW).await));
    // A group for mail alone is in no token, and counts all the same.
    domain.samba.modify(&format!(
        "dn: CN=letters,{GROUPS_DN}\nchangetype: add\nobjectClass: group\nsAMAccountName: letters\ngroupType: 2\nmember: {}\n\n\
         dn: CN=staff,{GROUPS_DN}\nchangetype: modify\nadd: member\nmember: CN=letters,{GROUPS_DN}\n",
        ad_person("outside.olga").dn(),
    ));
    let refused = WriteOutcome::NotDone(NotDone::Protected);
    assert_eq!(
        domain.reset(&outside, "Other harbour 53 lanterns").await,
        refused
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_say_what_the_right_password_meets() {
    let domain = Domain::plain();
    for (name, said) in [
        ("jane.doe", SignIn::Accepted),
        ("lasting.lou", SignIn::Accepted),
        ("locked.lee", SignIn::NoMatch(NoMatch::Locked)),
        ("expired.eve", SignIn::MustChange(MustChange::Expired)),
        ("mustchange.max", SignIn::MustChange(MustChange::Demanded)),
        ("disabled.dan", SignIn::Unusable),
        ("gone.gwen", SignIn::Unusable),
        ("nightly.ned", SignIn::NotHere),
        ("comma.cleo", SignIn::Accepted),
        ("obrien", SignIn::Accepted),
        ("jürgen.müller", SignIn::Accepted),
    ] {
        let account = domain.account(name).await;
        assert_eq!(sign_in(&domain, &account, OLD).await, said, "{name}");
        if name != "locked.lee" {
            let wrong = SignIn::NoMatch(NoMatch::Wrong);
            assert_eq!(sign_in(&domain, &account, "Wrong-1").await, wrong, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_told_and_one_that_cannot_be_read_is_said() {
    let domain = Domain::with_hints();
    let rules = |account: Account| {
        let directory = &domain.directory;
        async move { directory.password_rules(&account.id).await.unwrap() }
    };
    let jane = rules(domain.account("jane.doe").await).await;
    assert_eq!(
        (jane.length_min, jane.history, jane.classes_min),
        (10, 5, 3)
    );
    assert!(jane.refuses_names && jane.reset_obeys_history);
    assert_eq!(
        (jane.lockout_threshold, jane.lockout_window_ms),
        (3, 1_800_000)
    );
    let lena = domain.account("long.lena").await;
    let hidden = rules(lena.clone()).await;
    assert!(hidden.has_unreadable_rule && hidden.length_min == 0);
    // The directory still judges, and its refusal is understood without knowing the number.
    let short = RuleBroken::Short {
        least: 0,
        typed: 15,
    };
    let outcome = domain.reset(&lena, "Fifteen-signs-1").await;
    assert_eq!(outcome, WriteOutcome::Refused(vec![short]));

    domain.samba.shows_password_settings();
    let fresh = domain.another();
    let told = fresh.password_rules(&lena.id).await.unwrap();
    assert_eq!((told.length_min, told.history), (16, 10));
    assert!(!told.has_unreadable_rule);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_whose_very_name_is_hidden_are_not_taken_for_the_domains() {
    let domain = Domain::with_hints();
    domain.samba.shows_password_settings();
    let lena = ad_person("long.lena").dn();
    let sid = domain.samba.sid("svc-keymend").unwrap();
    let found = domain.samba.run(&[
        "ldbsearch",
        "-H",
        "{sam}",
        "-b",
        &format!("CN=Schema,CN=Configuration,{BASE_DN}"),
        "(lDAPDisplayName=msDS-ResultantPSO)",
        "schemaIDGUID",
    ]);
    let guid = found
        .lines()
        .find_map(|line| line.strip_prefix("schemaIDGUID: "))
        .unwrap();
    let hidden = format!("(OD;;RP;{guid};;{sid})");
    domain.samba.run(&[
        "samba-tool",
        "dsacl",
        "set",
        "-H",
        "{sam}",
        "--objectdn",
        &lena,
        "--sddl",
        &hidden,
    ]);
    let directory = domain.another();
    let Found::One(lena) = directory
        .find(&Claim::new("long.lena").unwrap())
        .await
        .unwrap()
    else {
        panic!("not found");
    };
    let rules = directory.password_rules(&lena.id).await.unwrap();
    assert!(rules.has_unreadable_rule, "{rules:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_change_the_password_is_told_from_the_access_list() {
    let domain = Domain::plain();
    let jane = domain.account("jane.doe").await;
    assert!(!jane.state.may_not_change);
    let right = "ab721a53-1e2f-11d0-9819-00aa0040529b";
    let denials = format!("(OD;;CR;{right};;PS)(OD;;CR;{right};;WD)");
    let dn = ad_person("jane.doe").dn();
    domain.samba.run(&[
        "samba-tool",
        "dsacl",
        "set",
        "-H",
        "{sam}",
        "--objectdn",
        &dn,
        "--sddl",
        &denials,
    ]);
    assert!(domain.account("jane.doe").await.state.may_not_change);
    let refused = WriteOutcome::NotDone(NotDone::Protected);
    assert_eq!(domain.reset(&jane, NEW).await, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_names_of_units_and_entries_are_no_obstacle() {
    let domain = Domain::plain();
    for name in ["comma.cleo", "obrien", "jürgen.müller"] {
        let account = domain.account(name).await;
        assert!(is_done(&domain.reset(&account, NEW).await), "{name}");
        assert!(domain.samba.opens_with(name, NEW), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_moved_is_found_again_and_who_left_the_base_is_gone() {
    let domain = Domain::plain();
    let jane = domain.account("jane.doe").await;
    let move_to = |from: &str, unit: &str| {
        domain.samba.modify(&format!(
            "dn: {from}\nchangetype: modrdn\nnewrdn: CN=jane.doe\ndeleteoldrdn: 1\nnewsuperior: {unit}\n"
        ));
    };
    let branch = format!("OU=Branch,{PEOPLE_DN}");
    move_to(&ad_person("jane.doe").dn(), &branch);
    assert!(is_done(&domain.reset(&jane, NEW).await));
    move_to(
        &format!("CN=jane.doe,{branch}"),
        &format!("OU=Elsewhere,{BASE_DN}"),
    );
    let gone = WriteOutcome::NotDone(NotDone::Gone);
    assert_eq!(domain.reset(&jane, OLD).await, gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_without_the_right_writes_nothing_and_one_above_all_neither() {
    for name in [WEAK_ACCOUNT, STRONG_ACCOUNT] {
        let domain = Domain::with(SambaVersion::V4_17, |options| {
            options.bind_dn = format!("{name}@lab.test");
        });
        let mark = domain.samba.mark();
        let jane = domain.account("jane.doe").await;
        let rights = WriteOutcome::NotDone(NotDone::Rights);
        assert_eq!(domain.reset(&jane, NEW).await, rights, "{name}");
        let deeds = domain.samba.deeds_since(&mark);
        assert!(
            deeds.iter().all(|deed| !deed.is_success()),
            "{name} {deeds:?}"
        );
        assert!(domain.samba.opens_with("jane.doe", OLD), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_policy_hints_resets_or_refuses_as_the_installer_says() {
    let refusing = |options: &mut keymend_directory::ldap::LdapOptions| {
        options.without_policy_hints = WithoutPolicyHints::Refuse;
    };
    let domain = Domain::with(SambaVersion::V4_17, refusing);
    let jane = domain.account("jane.doe").await;
    let mark = domain.samba.mark();
    let rights = WriteOutcome::NotDone(NotDone::Rights);
    assert_eq!(domain.reset(&jane, NEW).await, rights);
    assert_eq!(domain.samba.deeds_since(&mark), []);
    let [abilities] = &domain.directory.abilities()[..] else {
        panic!("one server was spoken to");
    };
    assert_eq!(abilities.policy_hints, None);
    // What does not need the hints goes on.
    assert!(is_done(&domain.change(&jane, OLD, NEW).await));
}
