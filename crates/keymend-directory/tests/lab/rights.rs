//! What the service account may do in OpenLDAP is found out without writing anything.

use keymend_directory::ldap::Grantee;
use keymend_domain::account::Claim;
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_domain::directory::{Directory, Found};
use keymend_domain::secret::Secret;
use keymend_lab::slapd::{GROUPS_DN, MANAGER_DN, MANAGER_PASSWORD, PEOPLE_DN, SERVICE_DN, person};
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
    let before = slapd.search("(objectClass=*)");
    let report = proof(&slapd, None).await;
    let guarded = format!("ou=guarded,{PEOPLE_DN}");
    assert_eq!(
        all(&report),
        [
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
    assert_eq!(slapd.search("(objectClass=*)"), before);
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
async fn gate_46_power_over_the_protected_is_seen_and_nothing_is_written() {
    let slapd = server();
    let service = format!("by dn.exact=\"{SERVICE_DN}\"");
    slapd.configure(&format!(
        "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to dn.exact=\"{}\" attrs=userPassword {service} =w by * break\n\
         olcAccess: {{1}}to dn.exact=\"cn=admins,{GROUPS_DN}\" attrs=member {service} =aw by * \
         break\n",
        person("admin.ada").dn()
    ));
    let before = slapd.search("(objectClass=*)");
    let report = proof(&slapd, None).await;
    let grave: Vec<(&str, &str)> = report
        .of(Severity::TooMuch)
        .map(|found| (found.right.as_str(), found.on.as_str()))
        .collect();
    let (ada, admins) = (person("admin.ada").dn(), format!("cn=admins,{GROUPS_DN}"));
    assert_eq!(
        grave,
        [
            ("add members to a protected group", admins.as_str()),
            ("set the password of a protected account", ada.as_str()),
        ],
        "{report:#?}"
    );
    assert_eq!(slapd.search("(objectClass=*)"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_half_a_right_is_seen_too() {
    let slapd = server();
    let (ada, admins) = (person("admin.ada").dn(), format!("cn=admins,{GROUPS_DN}"));
    let before = slapd.search("(objectClass=*)");
    for (place, attribute, right) in [
        (&ada, "userPassword", "=a"),
        (&ada, "userPassword", "=z"),
        (&ada, "mail", "=a"),
        (&admins, "member", "=a"),
        (&admins, "member", "=z"),
        // To add itself alone.
        (&admins, "member", "selfwrite"),
    ] {
        slapd.configure(&format!(
            "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
             olcAccess: {{0}}to dn.exact=\"{place}\" attrs={attribute} \
             by dn.exact=\"{SERVICE_DN}\" {right} by * break\n"
        ));
        let report = proof(&slapd, None).await;
        let expected = if attribute == "mail" {
            ""
        } else {
            place.as_str()
        };
        let grave: Vec<&str> = report
            .of(Severity::TooMuch)
            .map(|found| found.on.as_str())
            .collect();
        assert_eq!(grave.concat(), expected, "{attribute} {right}: {report:#?}");
        slapd.configure(
            "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\ndelete: olcAccess\n\
             olcAccess: {0}\n",
        );
    }
    assert_eq!(slapd.search("(objectClass=*)"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_to_take_passwords_away_is_no_right_to_set_them() {
    let slapd = server();
    slapd.configure(&format!(
        "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to dn.subtree=\"{PEOPLE_DN}\" attrs=userPassword \
         by dn.exact=\"{FRESH_DN}\" =z by * break\n"
    ));
    let report = proof(&slapd, Some((FRESH_DN, FRESH_PASSWORD))).await;
    let lacking = "write userPassword (to set passwords)".to_owned();
    assert!(report.missing().contains(&lacking), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_a_unix_group_can_be_filled_as_well() {
    let slapd = server();
    let unix = format!("cn=wheel,{GROUPS_DN}");
    slapd.modify(&format!(
        "dn: {unix}\nchangetype: add\nobjectClass: posixGroup\ncn: wheel\ngidNumber: 4\n\
         memberUid: admin.ada\n"
    ));
    slapd.configure(&format!(
        "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to dn.exact=\"{unix}\" attrs=memberUid by dn.exact=\"{SERVICE_DN}\" \
         =a by * break\n"
    ));
    let mut options = options(&slapd, &slapd.ldaps_url());
    options.protected_groups.push(unix.clone());
    let report = connect(options).rights().await.unwrap();
    let refusal = report.refusal().unwrap();
    assert_eq!(refusal.right, "add members to a protected group");
    assert_eq!(refusal.on, unix, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_who_may_write_the_rules_of_one_data_base_rules_it() {
    let slapd = server();
    let place = "olcDatabase={1}mdb,cn=config";
    let before = slapd.search("(objectClass=*)");
    slapd.configure(&format!(
        "dn: olcDatabase={{0}}config,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to dn.exact=\"{place}\" attrs=olcAccess by dn.exact=\"{SERVICE_DN}\" \
         =w by * break\n"
    ));
    let report = proof(&slapd, None).await;
    let refusal = report.refusal().unwrap();
    assert_eq!(refusal.on, place, "{report:#?}");
    assert_eq!(slapd.search("(objectClass=*)"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_of_the_protected_is_not_called_proven() {
    let slapd = server();
    let ada = person("admin.ada").dn();
    slapd.configure(&format!(
        "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to dn.exact=\"{ada}\" by dn.exact=\"{SERVICE_DN}\" none by * break\n"
    ));
    let report = proof(&slapd, None).await;
    let unproven: Vec<&str> = report
        .of(Severity::Unproven)
        .map(|found| found.on.as_str())
        .collect();
    assert_eq!(unproven, [ada], "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_power_over_the_servers_rules_is_seen() {
    let slapd = server();
    slapd.configure(&format!(
        "dn: olcDatabase={{0}}config,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to * by dn.exact=\"{SERVICE_DN}\" manage by * break\n"
    ));
    let report = proof(&slapd, None).await;
    let refusal = report.refusal().unwrap();
    assert_eq!(refusal.on, "cn=config", "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_the_service_account_itself_is_protected() {
    let slapd = server();
    let mut options = options(&slapd, &slapd.ldaps_url());
    options.base = "dc=lab,dc=test".into();
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
        group_base: Some(GROUPS_DN.into()),
        protected_groups: vec![format!("cn=admins,{GROUPS_DN}")],
        attributes: Vec::new(),
    };
    slapd.configure(&grantee.open_ldap().text);
    let after = proof(&slapd, fresh).await;
    assert_eq!(after.missing(), Vec::<String>::new(), "{after:#?}");
    assert_eq!(after.refusal(), None);
    assert_eq!(after.of(Severity::Unproven).count(), 0, "{after:#?}");
    assert!(after.people > 3, "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_rules_reach_a_unit_with_commas_and_quotes() {
    let slapd = server();
    let unit = format!(r"ou=Sales\2C \22North\22 #1,{PEOPLE_DN}");
    slapd.modify(&format!(
        "dn: {unit}\nchangetype: add\nobjectClass: organizationalUnit\n\n\
         dn: uid=cleo,{unit}\nchangetype: add\nobjectClass: inetOrgPerson\ncn: c\nsn: c\n"
    ));
    let grantee = Grantee {
        account: FRESH_DN.into(),
        sid: None,
        // As people write it.
        units: vec![format!(r#"ou=Sales\, \"North\" #1,{PEOPLE_DN}"#)],
        group_base: None,
        protected_groups: Vec::new(),
        attributes: Vec::new(),
    };
    slapd.configure(&grantee.open_ldap().text);
    let report = proof(&slapd, Some((FRESH_DN, FRESH_PASSWORD))).await;
    let lacking: Vec<&str> = report
        .of(Severity::Missing)
        .map(|found| found.on.as_str())
        .collect();
    assert!(lacking.contains(&PEOPLE_DN), "{report:#?}");
    assert!(
        !lacking.iter().any(|on| on.contains("Sales")),
        "{report:#?}"
    );
}
