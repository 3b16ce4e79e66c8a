//! Whose password policy counts, and what of it is told.

use keymend_domain::directory::{Directory, Kinds, PasswordRules, RuleBroken, WriteOutcome};
use keymend_lab::ds389::PEOPLE_DN;

use super::server::Server;
use crate::house::NEW;

async fn rules(server: &Server, uid: &str) -> PasswordRules {
    let account = server.account(uid).await;
    let rules = server.directory.password_rules(&account.id).await;
    rules.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_all_and_one_of_its_own_are_told() {
    let server = Server::start();
    let jane = rules(&server, "jane.doe").await;
    let expected = PasswordRules {
        length_min: 10,
        classes_min: 3,
        kinds: Kinds::Ascii,
        refuses_names: true,
        name_window: 3,
        history: 5,
        reset_obeys_history: true,
        lockout_threshold: 3,
        lockout_window_ms: 1_800_000,
        ..PasswordRules::default()
    };
    assert_eq!(jane, expected);
    let lena = rules(&server, "long.lena").await;
    assert_eq!((lena.length_min, lena.history), (16, 10));
    let yan = rules(&server, "young.yan").await;
    assert_eq!(yan.age_min_ms, 86_400_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_a_branch_counts_for_everybody_in_it() {
    let server = Server::start();
    // What `dsconf localpwp addsubtree` makes.
    let branch = format!("ou=branch,{PEOPLE_DN}");
    let container = format!("cn=nsPwPolicyContainer,{branch}");
    let entry = format!("cn=\"cn=nsPwPolicyEntry,{branch}\",{container}");
    let template = format!("cn=\"cn=nsPwTemplateEntry,{branch}\",{container}");
    server.ds389.modify(&format!(
        "dn: {container}\nchangetype: add\nobjectClass: nsContainer\n\n\
         dn: {entry}\nchangetype: add\nobjectClass: ldapsubentry\nobjectClass: passwordPolicy\n\
         passwordCheckSyntax: on\npasswordMinLength: 20\n\n\
         dn: {template}\nchangetype: add\nobjectClass: ldapsubentry\nobjectClass: costemplate\n\
         objectClass: extensibleObject\ncosPriority: 1\npwdpolicysubentry: {entry}\n\n\
         dn: cn=nsPwPolicy_CoS,{branch}\nchangetype: add\nobjectClass: ldapsubentry\n\
         objectClass: cosSuperDefinition\nobjectClass: cosPointerDefinition\n\
         cosTemplateDn: {template}\ncosAttribute: pwdpolicysubentry default operational\n\n\
         dn: uid=branch.bob,{branch}\nchangetype: add\nobjectClass: inetOrgPerson\n\
         uid: branch.bob\ncn: Bob\nsn: Branch\nuserPassword: Start-Passw0rd-1\n"
    ));
    let mut bob = rules(&server, "branch.bob").await;
    for _ in 0..50 {
        if bob.length_min == 20 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        bob = rules(&server, "branch.bob").await;
    }
    assert_eq!((bob.length_min, bob.classes_min, bob.history), (20, 3, 0));
    let account = server.account("branch.bob").await;
    let short = RuleBroken::Short {
        least: 20,
        typed: 14,
    };
    assert_eq!(
        server.reset(&account, "Fifteen-Sign-5").await,
        WriteOutcome::Refused(vec![short])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn local_policies_count_only_where_they_are_switched_on() {
    let server = Server::start();
    server.set("cn=config", "nsslapd-pwpolicy-local", "off");
    let lena = rules(&server, "long.lena").await;
    assert_eq!(lena.length_min, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_may_not_be_read_is_told() {
    let server = Server::start();
    server
        .ds389
        .modify("dn: cn=config\nchangetype: modify\ndelete: aci\n");
    let jane = rules(&server, "jane.doe").await;
    assert!(jane.has_unreadable_rule);
    assert_eq!(jane.length_min, 0);
    // A rule that is not known is still a rule.
    let account = server.account("jane.doe").await;
    let refused = server.reset(&account, "abcd").await;
    assert_eq!(refused, WriteOutcome::Refused(vec![RuleBroken::Unsaid]));
    let outcome = server.reset(&account, NEW).await;
    assert!(crate::house::is_done(&outcome), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_without_words_is_told_as_one_that_is_not_known() {
    let server = Server::start();
    server.set("cn=config", "passwordMinDigits", "2");
    assert!(rules(&server, "jane.doe").await.has_unreadable_rule);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_the_rule() {
    let server = Server::start();
    let jane = server.account("jane.doe").await;
    let refused = |rule| WriteOutcome::Refused(vec![rule]);
    let short = RuleBroken::Short {
        least: 10,
        typed: 7,
    };
    assert_eq!(server.reset(&jane, "Short-1").await, refused(short));
    let classes = RuleBroken::Classes { needed: 3, used: 1 };
    assert_eq!(
        server.reset(&jane, "onlysmallletters").await,
        refused(classes)
    );
    // Three signs in a row of a name are enough for this server.
    let name = RuleBroken::Name { part: "jan".into() };
    assert_eq!(server.reset(&jane, "xJANx-2026-yy").await, refused(name));
    let history = RuleBroken::History { remembered: 5 };
    let again = server.reset(&jane, "Start-Passw0rd-1").await;
    assert_eq!(again, refused(history.clone()));
    assert!(crate::house::is_done(&server.reset(&jane, NEW).await));
    let again = server.reset(&jane, "Start-Passw0rd-1").await;
    assert_eq!(again, refused(history));
    let yan = server.account("young.yan").await;
    let young = RuleBroken::Young {
        from: yan.state.next_change_from,
    };
    assert_eq!(server.reset(&yan, NEW).await, refused(young));
}
