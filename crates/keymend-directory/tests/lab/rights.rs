//! What the service account may do in OpenLDAP is found out without writing anything.

use keymend_directory::ldap::Grantee;
use keymend_domain::directory::Directory;
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_domain::secret::Secret;
use keymend_lab::slapd::{GROUPS_DN, MANAGER_DN, MANAGER_PASSWORD, PEOPLE_DN};
use keymend_lab::{Slapd, SlapdOptions};

use crate::house::{connect, options};

const FRESH_DN: &str = "uid=svc-fresh,ou=service,dc=lab,dc=test";
const FRESH_PASSWORD: &str = "Fresh-Passw0rd-11";

fn server() -> Slapd {
    Slapd::start(SlapdOptions {
        extra_ldif: format!(
            "\ndn: {FRESH_DN}\nobjectClass: account\nobjectClass: simpleSecurityObject\n\
             uid: svc-fresh\nuserPassword: {FRESH_PASSWORD}\n"
        ),
        ..SlapdOptions::default()
    })
}

async fn proof(slapd: &Slapd, who: Option<(&str, &str)>) -> RightsReport {
    let mut options = options(slapd, &slapd.ldaps_url());
    if let Some((dn, password)) = who {
        options.bind_dn = dn.into();
        options.bind_password = Secret::new(password.into());
    }
    connect(options).rights().await.unwrap()
}

fn all(report: &RightsReport) -> Vec<(Severity, &str, &str)> {
    let findings = report.findings.iter();
    findings
        .map(|found| (found.severity, found.right.as_str(), found.on.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_without_the_rights_is_named_and_nothing_is_written() {
    let slapd = server();
    let before = slapd.search("(uid=*)");
    let report = proof(&slapd, None).await;
    let guarded = format!("ou=guarded,{PEOPLE_DN}");
    assert_eq!(
        all(&report),
        [
            // Keymend never touches them, and the lab's rules would let it.
            (
                Severity::Excess,
                "set the passwords of members of a protected group",
                format!("cn=admins,{GROUPS_DN}").as_str()
            ),
            (
                Severity::Missing,
                "write pwdAccountLockedTime (to unlock)",
                guarded.as_str()
            ),
            (
                Severity::Missing,
                "write userPassword (to set passwords)",
                guarded.as_str()
            ),
        ],
        "{report:#?}"
    );
    assert_eq!(slapd.search("(uid=*)"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_45_the_root_dn_is_refused() {
    let slapd = server();
    let report = proof(&slapd, Some((MANAGER_DN, MANAGER_PASSWORD))).await;
    let refusal = report.refusal().unwrap();
    assert!(refusal.right.contains("root DN"), "{refusal:?}");
    assert_eq!(refusal.on, MANAGER_DN);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_rules_turn_the_proof_from_red_to_green() {
    let slapd = server();
    let fresh = Some((FRESH_DN, FRESH_PASSWORD));
    let before = proof(&slapd, fresh).await;
    let missing = [
        "write pwdAccountLockedTime (to unlock)",
        "write userPassword (to set passwords)",
    ];
    assert_eq!(before.missing(), missing, "{before:#?}");
    let grantee = Grantee {
        account: FRESH_DN.into(),
        sid: None,
        units: vec![PEOPLE_DN.into()],
    };
    slapd.configure(&grantee.open_ldap().text);
    let after = proof(&slapd, fresh).await;
    assert_eq!(after.missing(), Vec::<String>::new(), "{after:#?}");
    assert_eq!(after.refusal(), None);
    assert!(after.people > 3, "{after:#?}");
}
