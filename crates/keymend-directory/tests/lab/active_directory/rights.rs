//! What the service account may do in a domain is found out without trying it.

use keymend_directory::ldap::{GrantTool, Grantee, Ldap};
use keymend_domain::directory::Directory;
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_lab::samba::{GROUPS_DN, PEOPLE_DN, ad_person};
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

/// The words of a command line, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for sign in line.chars() {
        match sign {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            sign => words.last_mut().unwrap().push(sign),
        }
    }
    words
}

/// Carries out what `keymend directory grants` prints for a Samba domain.
async fn apply_printed_grants(samba: &Samba, account: &str) {
    let (_, sid) = adapter(samba, account).who_answers().await.unwrap();
    let grantee = Grantee {
        account: format!("{account}@lab.test"),
        sid,
        units: vec![PEOPLE_DN.into()],
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
    apply_printed_grants(&samba, "svc-weak").await;
    let after = proof(&samba, "svc-weak").await;
    assert!(after.is_exact(), "{after:#?}");
    assert!(after.people >= 3, "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_without_policy_hints_is_a_limit_and_no_more() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    apply_printed_grants(&samba, "svc-keymend").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_one_right_too_many_is_named() {
    let samba = domain(SambaVersion::V4_17);
    samba.seal_tier_zero();
    let sid = samba.sid("svc-keymend").unwrap();
    let grant = |dn: &str, list: &str| {
        let list = list.replace("{sid}", sid);
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
    };
    // The attribute mail (MS-ADA2) of users below.
    grant(
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
    grant(&group, "(A;;WP;;;{sid})");
    let report = proof(&samba, "svc-keymend").await;
    let refusal = report.refusal().unwrap();
    assert_eq!(refusal.on, group, "{report:#?}");
    assert_eq!(refusal.right, "add members to a protected group");
}
