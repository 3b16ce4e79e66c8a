//! What the adapter makes of the lab's people.

use keymend_domain::account::{AccountState, Claim};
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, MustChange, NoMatch, SignIn,
};
use keymend_domain::secret::Secret;
use keymend_lab::ds389::{DS_PEOPLE, GROUPS_DN, PEOPLE_DN, SERVICE_PASSWORD, WEAK_DN, ds_person};

use super::server::Server;

const OLD: &str = "Start-Passw0rd-1";

fn flags(state: &AccountState) -> String {
    let all = [
        (state.is_disabled, "disabled"),
        (state.is_expired, "ended"),
        (state.lock.is_some(), "locked"),
        (state.password_is_expired, "expired"),
        (state.must_change, "must change"),
        (state.may_not_change, "may not change"),
        (state.next_change_from.is_some(), "young"),
        (state.protection.is_some(), "protected"),
    ];
    let set = all.iter().filter(|(is_set, _)| *is_set);
    let words: Vec<&str> = set.map(|(_, word)| *word).collect();
    words.join(", ")
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_read_with_their_state() {
    let server = Server::start();
    let mut seen = Vec::new();
    for person in DS_PEOPLE
        .iter()
        .filter(|person| person.uid != "elsewhere.ed")
    {
        let account = server.account(person.uid).await;
        assert_eq!(account.login, person.uid);
        let flags = flags(&account.state);
        if !flags.is_empty() {
            seen.push(format!("{}: {flags}", person.uid));
        }
    }
    let expected = [
        "locked.lee: locked",
        "adminlocked.al: disabled",
        "expired.eve: expired",
        "mustchange.max: must change",
        "young.yan: young",
        "admin.ada: protected",
    ];
    assert_eq!(seen, expected);
    let lee = server.account("locked.lee").await;
    assert!(lee.state.lock.unwrap().until.is_some());
    let nested = server.account("nested.nia").await;
    assert!(nested.is_in(&format!("cn=staff,{GROUPS_DN}")));
    let jane = server.account("JANE.DOE@lab.test").await;
    assert_eq!(jane.id, server.account("jane.doe").await.id);
    // 389's own form of an identity, four groups of eight.
    assert_eq!(jane.id.anchor.0.len(), 35);
    let elsewhere = Claim::new("elsewhere.ed").unwrap();
    let found = server.directory.find(&elsewhere).await;
    assert_eq!(found, Ok(Found::Nobody));
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_say_what_the_right_password_meets() {
    let server = Server::start();
    let wrong = SignIn::NoMatch(NoMatch::Wrong);
    let disabled = SignIn::NoMatch(NoMatch::Disabled);
    let locked = SignIn::NoMatch(NoMatch::Locked);
    for (uid, right, otherwise) in [
        ("jane.doe", SignIn::Accepted, wrong),
        ("locked.lee", locked, locked),
        // Whatever the password: nothing may follow for it from the answer.
        ("adminlocked.al", disabled, disabled),
        (
            "expired.eve",
            SignIn::MustChange(MustChange::Expired),
            wrong,
        ),
        (
            "mustchange.max",
            SignIn::MustChange(MustChange::Demanded),
            wrong,
        ),
        ("o,brien+(x)*", SignIn::Accepted, wrong),
    ] {
        let account = server.account(uid).await;
        assert_eq!(server.sign_in(&account, OLD).await, right, "{uid}");
        assert_eq!(
            server.sign_in(&account, "Wrong-1").await,
            otherwise,
            "{uid}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grace_sign_in_asks_for_a_new_password() {
    let server = Server::start();
    server.set("cn=config", "passwordGraceLimit", "2");
    let eve = server.account("expired.eve").await;
    let expired = SignIn::MustChange(MustChange::Expired);
    assert_eq!(server.sign_in(&eve, OLD).await, expired);
    let wrong = SignIn::NoMatch(NoMatch::Wrong);
    assert_eq!(server.sign_in(&eve, "Wrong-1").await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inactivated_role_disables_its_members() {
    let server = Server::start();
    // What `dsidm role lock` makes: a role of locked roles, and a template that hangs on it.
    let base = "dc=lab,dc=test";
    server.ds389.modify(&format!(
        "dn: cn=nsManagedDisabledRole,{base}\nchangetype: add\nobjectClass: LdapSubEntry\n\
         objectClass: nsRoleDefinition\nobjectClass: nsSimpleRoleDefinition\n\
         objectClass: nsManagedRoleDefinition\ncn: nsManagedDisabledRole\n\n\
         dn: cn=nsAccountInactivationTmp,{base}\nchangetype: add\nobjectClass: nsContainer\n\
         cn: nsAccountInactivationTmp\n\n\
         dn: cn=\"cn=nsManagedDisabledRole,{base}\",cn=nsAccountInactivationTmp,{base}\n\
         changetype: add\nobjectClass: extensibleObject\nobjectClass: cosTemplate\n\
         objectClass: ldapsubentry\ncosPriority: 1\nnsAccountLock: true\n\n\
         dn: cn=nsAccountInactivation_cos,{base}\nchangetype: add\nobjectClass: LDAPsubentry\n\
         objectClass: cosSuperDefinition\nobjectClass: cosClassicDefinition\n\
         cosTemplateDn: cn=nsAccountInactivationTmp,{base}\ncosSpecifier: nsRole\n\
         cosAttribute: nsAccountLock operational\ncn: nsAccountInactivation_cos\n\n\
         dn: uid=jane.doe,{PEOPLE_DN}\nchangetype: modify\nadd: nsRoleDN\n\
         nsRoleDN: cn=nsManagedDisabledRole,{base}\n"
    ));
    let mut is_disabled = false;
    // The server works roles out in the background.
    for _ in 0..50 {
        is_disabled = server.account("jane.doe").await.state.is_disabled;
        if is_disabled {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(is_disabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_with_commas_and_quotes_are_places_like_others() {
    let server = Server::start();
    let branch = format!("ou=Sales\\, \\\"North\\\" \\+ more,{PEOPLE_DN}");
    server.ds389.modify(&format!(
        "dn: {branch}\nchangetype: add\nobjectClass: organizationalUnit\n\n\
         dn: uid=comma.cleo,{branch}\nchangetype: add\nobjectClass: inetOrgPerson\n\
         uid: comma.cleo\ncn: Cleo\nsn: Comma\nmail: cleo@lab.test\nuserPassword: {OLD}\n"
    ));
    let cleo = server.account("comma.cleo").await;
    assert_eq!(server.sign_in(&cleo, OLD).await, SignIn::Accepted);
    let outcome = server.reset(&cleo, crate::house::NEW).await;
    assert!(crate::house::is_done(&outcome), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rights_nothing_is_found_and_the_missing_right_is_named() {
    let server = Server::start();
    let weak = server.another(|options| {
        options.bind_dn = WEAK_DN.into();
        options.bind_password = Secret::new(SERVICE_PASSWORD.into());
    });
    let claim = Claim::new("jane.doe").unwrap();
    let found = weak.directory.find(&claim).await;
    assert!(
        matches!(
            found,
            Ok(Found::Nobody) | Err(DirectoryError::Rights { .. })
        ),
        "{found:?}"
    );
    assert_ne!(weak.directory.health().await, Health::Up);
    assert_eq!(server.directory.health().await, Health::Up);
    assert_eq!(ds_person("jane.doe").password, OLD);
}
