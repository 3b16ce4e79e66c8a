//! What the service account may do in a domain is found out without trying it.

use std::process::Command;
use std::time::Duration;

use keymend_directory::ldap::{GrantTool, Grantee, Ldap};
use keymend_domain::account::Claim;
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_domain::directory::{Directory, Found};
use keymend_lab::samba::{BASE_DN, GROUPS_DN, PEOPLE_DN, ad_person};
use keymend_lab::{Samba, SambaOptions, SambaVersion};

use super::domain::options;
use crate::desk::connect;

fn domain(version: SambaVersion) -> Samba {
    Samba::start(SambaOptions {
        version,
        ..SambaOptions::default()
    })
}

fn adapter(samba: &Samba, account: &str) -> Ldap {
    let mut options = options(samba, &samba.ldaps_url());
    options.bind_dn = format!("{account}@lab.test");
    connect(options)
}

async fn proof(samba: &Samba, account: &str) -> RightsReport {
    adapter(samba, account).rights().await.unwrap()
}

fn rights_on(report: &RightsReport, severity: Severity, on: &str) -> Vec<String> {
    let here = report.of(severity).filter(|finding| finding.on == on);
    here.map(|finding| finding.right.clone()).collect()
}

/// The words of a command line, as a real shell passes them on.
fn words(line: &str) -> Vec<String> {
    let script = format!("printf '%s\\n' {line}\n");
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(shell.status.success(), "{line}: {shell:?}");
    let words = String::from_utf8(shell.stdout).unwrap();
    words.lines().map(str::to_owned).collect()
}

/// Carries out what `keymend directory grants` prints for a Samba domain.
async fn apply_printed_grants(samba: &Samba, account: &str, unit: &str) {
    let (_, sid) = adapter(samba, account).who_answers().await.unwrap();
    let grantee = Grantee {
        account: format!("{account}@lab.test"),
        sid,
        units: vec![unit.into()],
        group_base: None,
        protected_groups: Vec::new(),
        attributes: Vec::new(),
    };
    let all = grantee.active_directory();
    let samba_tool = all.iter().find(|grant| grant.tool == GrantTool::SambaTool);
    for line in samba_tool.unwrap().text.lines() {
        let mut words = words(line);
        words.extend(["-H", "{sam}"].map(str::to_owned));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        samba.run(&words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_grants_reach_a_unit_with_commas_and_quotes() {
    let samba = domain(SambaVersion::V4_25);
    samba.seal_tier_zero();
    let cleo = ad_person("comma.cleo").dn();
    let (_, unit) = cleo.split_once(',').unwrap();
    assert!(unit.contains("Sales"), "{unit}");
    let mut options = options(&samba, &samba.ldaps_url());
    options.bind_dn = "svc-weak@lab.test".into();
    options.base = unit.into();
    let directory = connect(options);
    let before = directory.rights().await.unwrap();
    assert!(before.missing().len() >= 3, "{before:#?}");
    apply_printed_grants(&samba, "svc-weak", unit).await;
    let after = directory.rights().await.unwrap();
    assert!(after.is_exact(), "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_grants_turn_the_proof_from_red_to_green() {
    let samba = domain(SambaVersion::V4_25);
    samba.seal_tier_zero();
    let before = proof(&samba, "svc-weak").await;
    assert_eq!(
        rights_on(&before, Severity::Missing, PEOPLE_DN),
        [
            "reset passwords (control access right Reset Password)",
            "write lockoutTime (to unlock)",
            "write pwdLastSet (to end \"must change at next sign-in\")"
        ]
    );
    let hidden = before.missing().join("; ");
    assert!(hidden.contains("password settings objects"), "{before:#?}");
    assert_eq!(before.refusal(), None);
    apply_printed_grants(&samba, "svc-weak", PEOPLE_DN).await;
    let after = proof(&samba, "svc-weak").await;
    assert!(after.is_exact(), "{after:#?}");
    assert!(after.people >= 3, "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_without_policy_hints_is_a_limit_and_no_more() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    apply_printed_grants(&samba, "svc-keymend", PEOPLE_DN).await;
    let report = proof(&samba, "svc-keymend").await;
    let missing = report.missing();
    assert_eq!(missing.len(), 1, "{report:#?}");
    assert!(missing.concat().starts_with("policy hints"), "{missing:?}");
    assert_eq!(report.findings.len(), 1, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_an_administrator_is_no_service_account() {
    let samba = domain(SambaVersion::V4_17);
    let report = proof(&samba, "svc-strong").await;
    let refusal = report.refusal().unwrap();
    assert!(refusal.right.contains("Domain Admins"), "{refusal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_power_over_a_protected_account_is_seen_and_nothing_is_tried() {
    let samba = domain(SambaVersion::V4_17);
    let mark = samba.mark();
    let report = proof(&samba, "svc-keymend").await;
    let grave: Vec<&str> = report
        .of(Severity::TooMuch)
        .map(|finding| finding.on.as_str())
        .collect();
    // By membership, by membership through groups, and by a mark that stayed behind.
    for name in ["domain.dora", "admin.ada", "backup.bea", "former.fay"] {
        let dn = ad_person(name).dn();
        assert!(grave.contains(&dn.as_str()), "{name}: {report:#?}");
    }
    let sealed = ad_person("sealed.sam").dn();
    assert!(!grave.contains(&sealed.as_str()));
    assert_eq!(grave.len(), 4, "{report:#?}");
    assert_eq!(samba.deeds_since(&mark), Vec::new());
}

fn grant(samba: &Samba, dn: &str, list: &str) {
    let list = list.replace("{sid}", samba.sid("svc-keymend").unwrap());
    let set = [
        "samba-tool",
        "dsacl",
        "set",
        "-H",
        "{sam}",
        "--objectdn",
        dn,
    ];
    samba.run(&[&set[..], &["--sddl", &list]].concat());
}

/// Where the account may do too much.
fn grave(report: &RightsReport) -> Vec<String> {
    let grave = report.of(Severity::TooMuch);
    grave.map(|finding| finding.on.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_a_member_by_primary_group_is_seen() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    let jane = ad_person("jane.doe").dn();
    samba.modify(&format!(
        "dn: CN=Domain Admins,CN=Users,{BASE_DN}\nchangetype: modify\nadd: member\n\
         member: {jane}\n\ndn: {jane}\nchangetype: modify\nreplace: primaryGroupID\n\
         primaryGroupID: 512\n"
    ));
    let report = proof(&samba, "svc-keymend").await;
    assert_eq!(grave(&report), [jane], "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_power_over_what_stands_above_the_protected_is_seen() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    let holder = format!("CN=AdminSDHolder,CN=System,{BASE_DN}");
    let users = format!("CN=Users,{BASE_DN}");
    // Replicating Directory Changes All, changing permissions, and writing everything.
    grant(
        &samba,
        BASE_DN,
        "(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;{sid})",
    );
    grant(&samba, &holder, "(A;;WD;;;{sid})");
    grant(&samba, &users, "(A;;WP;;;{sid})");
    let report = proof(&samba, "svc-keymend").await;
    let grave = grave(&report);
    for place in [BASE_DN, &holder, &users] {
        assert!(grave.iter().any(|on| on == place), "{place}: {report:#?}");
    }
    assert_eq!(grave.len(), 3, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_hundreds_of_marked_accounts_are_read_to_the_last() {
    let samba = Samba::start(SambaOptions {
        bulk_accounts: 620,
        ..SambaOptions::default()
    });
    samba.seal_tier_zero();
    let marked: Vec<String> = (0..620)
        .map(|number| {
            format!(
                "dn: CN=user{number:05},{PEOPLE_DN}\nchangetype: modify\nreplace: adminCount\n\
                 adminCount: 1\n\n"
            )
        })
        .collect();
    samba.force(&marked.concat());
    let mut options = options(&samba, &samba.ldaps_url());
    options.search_timeout = Duration::from_secs(20);
    let report = connect(options).rights().await.unwrap();
    assert_eq!(report.of(Severity::Unproven).count(), 0, "{report:#?}");
    let grave: Vec<_> = report.of(Severity::TooMuch).collect();
    assert_eq!(grave.len(), 51);
    let rest = "the like on 570 more protected entries";
    assert!(grave.iter().any(|found| found.right == rest), "{grave:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_the_installers_own_list_is_proven_too() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    let mut options = options(&samba, &samba.ldaps_url());
    let absent = format!("CN=absent,{GROUPS_DN}");
    options.protected_groups = vec![format!("CN=staff,{GROUPS_DN}"), absent.clone()];
    let report = connect(options).rights().await.unwrap();
    let grave = grave(&report);
    // Directly, and by a group in the group.
    for name in ["jane.doe", "nested.nia"] {
        assert!(grave.contains(&ad_person(name).dn()), "{name}: {report:#?}");
    }
    assert!(
        !grave.contains(&ad_person("outside.olga").dn()),
        "{report:#?}"
    );
    let unproven = rights_on(&report, Severity::Unproven, &absent);
    assert_eq!(unproven, ["see every protected account"], "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_every_way_into_a_protected_group_is_seen() {
    let group = format!("CN=helpers,{GROUPS_DN}");
    for list in [
        // The attribute member, its property set Membership, and adding oneself alone.
        "(OA;;WP;bf9679c0-0de6-11d0-a285-00aa003049e2;;{sid})",
        "(OA;;WP;bc0ac240-79a9-11d0-9020-00c04fc2d4cf;;{sid})",
        "(OA;;SW;bf9679c0-0de6-11d0-a285-00aa003049e2;;{sid})",
        "(A;;GW;;;{sid})",
        "(A;;GA;;;{sid})",
    ] {
        let samba = domain(SambaVersion::V4_17);
        samba.seal_tier_zero();
        grant(&samba, &group, list);
        let report = proof(&samba, "svc-keymend").await;
        assert_eq!(grave(&report), [group.as_str()], "{list}: {report:#?}");
        let refusal = report.refusal().unwrap();
        assert_eq!(refusal.right, "add members to a protected group", "{list}");
    }
    for list in ["(A;;WD;;;{sid})", "(A;;WO;;;{sid})"] {
        let samba = domain(SambaVersion::V4_17);
        samba.seal_tier_zero();
        grant(&samba, &group, list);
        let report = proof(&samba, "svc-keymend").await;
        assert_eq!(grave(&report), [group.as_str()], "{list}: {report:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_the_service_account_itself_is_protected() {
    let samba = domain(SambaVersion::V4_17);
    let mut options = options(&samba, &samba.ldaps_url());
    options.base = BASE_DN.into();
    let directory = connect(options);
    let claim = Claim::new("svc-keymend").unwrap();
    let Found::One(own) = directory.find(&claim).await.unwrap() else {
        panic!("the service account is not found");
    };
    let why = own.state.protection.unwrap();
    assert_eq!(why.0, "the service account of Keymend itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_a_person_whose_groups_are_hidden_is_refused() {
    let samba = domain(SambaVersion::V4_17);
    let jane = ad_person("jane.doe").dn();
    let claim = Claim::new("jane.doe").unwrap();
    let directory = adapter(&samba, "svc-keymend");
    assert!(directory.find(&claim).await.is_ok());
    // The attribute tokenGroups (MS-ADA3).
    grant(
        &samba,
        &jane,
        "(OD;;RP;b7c69e6d-2cc7-11d2-854e-00a0c983f608;;{sid})",
    );
    let refused = directory.find(&claim).await.unwrap_err().to_string();
    assert!(refused.contains("tokenGroups"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_one_right_too_many_is_named() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    // The attribute mail (MS-ADA2) of users below.
    grant(
        &samba,
        PEOPLE_DN,
        "(OA;CIIO;WP;bf967961-0de6-11d0-a285-00aa003049e2;\
         bf967aba-0de6-11d0-a285-00aa003049e2;{sid})",
    );
    let report = proof(&samba, "svc-keymend").await;
    let excess = rights_on(&report, Severity::Excess, PEOPLE_DN);
    assert_eq!(excess, ["write mail"], "{report:#?}");
    assert_eq!(report.refusal(), None, "{report:#?}");
    // A group inside a group inside Domain Admins: who fills it, rules.
    let group = format!("CN=helpers,{GROUPS_DN}");
    grant(&samba, &group, "(A;;WP;;;{sid})");
    let report = proof(&samba, "svc-keymend").await;
    let refusal = report.refusal().unwrap();
    assert_eq!(refusal.on, group, "{report:#?}");
    assert_eq!(refusal.right, "add members to a protected group");
}
