//! What the service account may do in a 389 Directory Server is found out without writing.

use keymend_directory::ldap::Grantee;
use keymend_domain::account::Claim;
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_domain::directory::{Directory, Found};
use keymend_domain::secret::Secret;
use keymend_lab::ds389::{
    BASE_DN, GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD, WEAK_DN, ds_person,
};
use keymend_lab::{Ds389, Ds389Options};

use super::server::options;
use crate::desk::connect;

async fn proof(ds389: &Ds389) -> RightsReport {
    let options = options(ds389, &ds389.ldaps_url());
    connect(options).rights().await.unwrap()
}

fn all(report: &RightsReport) -> Vec<(Severity, &str, &str)> {
    let findings = report.findings.iter();
    findings
        .map(|found| (found.severity, found.right.as_str(), found.on.as_str()))
        .collect()
}

fn grant(ds389: &Ds389, dn: &str, what: &str) {
    ds389.modify(&format!(
        "dn: {dn}\nchangetype: modify\nadd: aci\naci: (targetattr=\"{what}\")(version 3.0; acl \
         \"one too many\"; allow (write) userdn=\"ldap:///{SERVICE_DN}\";)\n"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_without_the_rights_is_named_and_nothing_is_written() {
    let ds389 = Ds389::start(Ds389Options::default());
    let tried = || ds389.log().matches(" MOD ").count();
    let before = tried();
    let report = proof(&ds389).await;
    let guarded = format!("ou=guarded,{PEOPLE_DN}");
    let missing = |right| (Severity::Missing, right, guarded.as_str());
    assert_eq!(
        all(&report),
        [
            missing("write accountUnlockTime (to unlock)"),
            missing("write passwordRetryCount (to unlock)"),
            missing("write userPassword (to set passwords)"),
        ],
        "{report:#?}"
    );
    assert!(report.people > 3, "{report:#?}");
    // The server was asked for rights, and no write was so much as tried.
    assert_eq!(tried(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_power_over_the_protected_and_over_the_rules_is_seen() {
    let ds389 = Ds389::start(Ds389Options::default());
    let ada = ds_person("admin.ada").dn();
    let admins = format!("cn=admins,{GROUPS_DN}");
    ds389.modify(&format!("dn: {ada}\nchangetype: modify\ndelete: aci\n"));
    grant(&ds389, &admins, "member");
    grant(&ds389, "cn=config", "passwordMinLength");
    grant(&ds389, BASE_DN, "aci");
    let tried = || ds389.log().matches(" MOD ").count();
    let before = tried();
    let report = proof(&ds389).await;
    let grave: Vec<(&str, &str)> = report
        .of(Severity::TooMuch)
        .map(|found| (found.right.as_str(), found.on.as_str()))
        .collect();
    let rules = "change the rules of the directory itself";
    for expected in [
        (rules, "cn=config"),
        (rules, BASE_DN),
        ("add members to a protected group", admins.as_str()),
        ("set the password of a protected account", ada.as_str()),
    ] {
        assert!(grave.contains(&expected), "{expected:?}: {report:#?}");
    }
    assert_eq!(tried(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_rules_turn_the_proof_from_red_to_green() {
    let ds389 = Ds389::start(Ds389Options::default());
    let proof = || async {
        let mut options = options(&ds389, &ds389.ldaps_url());
        options.bind_dn = WEAK_DN.into();
        options.bind_password = Secret::new(SERVICE_PASSWORD.into());
        connect(options).rights().await.unwrap()
    };
    let grantee = Grantee {
        account: WEAK_DN.into(),
        sid: None,
        units: vec![PEOPLE_DN.into()],
        group_base: Some(GROUPS_DN.into()),
        protected_groups: vec![format!("cn=admins,{GROUPS_DN}")],
        attributes: Vec::new(),
    };
    let before = proof().await;
    assert!(!before.is_exact(), "{before:#?}");
    ds389.modify(&grantee.ds389().text);
    let after = proof().await;
    assert!(after.is_exact(), "{after:#?}");
    assert!(after.people > 3, "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_the_service_account_itself_is_protected() {
    let ds389 = Ds389::start(Ds389Options::default());
    let mut options = options(&ds389, &ds389.ldaps_url());
    options.base = BASE_DN.into();
    let found = connect(options)
        .find(&Claim::new("svc-keymend").unwrap())
        .await;
    let Found::One(own) = found.unwrap() else {
        panic!("the service account is not found");
    };
    let why = own.state.protection.unwrap();
    assert_eq!(why.0, "the service account of Keymend itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_directory_administrators_are_protected_wherever_their_group_is() {
    let ds389 = Ds389::start(Ds389Options::default());
    let claim = Claim::new("john.roe").unwrap();
    let protection = |found: Found| match found {
        Found::One(account) => account.state.protection.map(|why| why.0),
        _ => panic!("not found"),
    };
    // The group is above group_base, and nothing says in John's entry that he is in it: he is
    // in a group in it.
    let group = format!("cn=Directory Administrators,{BASE_DN}");
    let inner = format!("cn=inner,{BASE_DN}");
    let john = ds_person("john.roe").dn();
    ds389.modify(&format!(
        "dn: {inner}\nchangetype: add\nobjectClass: groupOfUniqueNames\ncn: inner\n\
         uniqueMember: {john}\n"
    ));
    ds389.modify(&format!(
        "dn: {group}\nchangetype: add\nobjectClass: groupOfUniqueNames\n\
         cn: Directory Administrators\nuniqueMember: {inner}\n"
    ));
    let directory = connect(options(&ds389, &ds389.ldaps_url()));
    let found = protection(directory.find(&claim).await.unwrap());
    assert_eq!(found, Some(group));
}
