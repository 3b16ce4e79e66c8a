//! Protected groups that cannot be seen make nobody an ordinary person.

use keymend_domain::account::Claim;
use keymend_domain::directory::{Directory, DirectoryError, Found};
use keymend_lab::slapd::{BASE_DN, GROUPS_DN, PEOPLE_DN, SERVICE_DN, person};
use keymend_lab::{Slapd, SlapdOptions};

use crate::house::{connect, options};

/// Why this person is protected, if `group` is the one protected group.
async fn protection(
    slapd: &Slapd,
    group: &str,
    login: &str,
) -> Result<Option<String>, DirectoryError> {
    let mut options = options(slapd, &slapd.ldaps_url());
    options.protected_groups = vec![group.to_owned()];
    let found = connect(options).find(&Claim::new(login).unwrap()).await?;
    let Found::One(one) = found else {
        panic!("{login} is not found");
    };
    Ok(one.state.protection.map(|why| why.0))
}

/// One group outside the base for groups.
fn elsewhere(members: &[String]) -> Slapd {
    let members: Vec<String> = { members.iter() }
        .map(|dn| format!("member: {dn}\n"))
        .collect();
    Slapd::start(SlapdOptions {
        bulk_accounts: 60,
        extra_ldif: format!(
            "\ndn: cn=far,{BASE_DN}\nobjectClass: groupOfNames\ncn: far\n{}",
            members.concat()
        ),
        ..SlapdOptions::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_a_protected_group_that_is_not_there_stops_everything() {
    let slapd = Slapd::start(SlapdOptions::default());
    let gone = format!("cn=renamed,{BASE_DN}");
    let refused = protection(&slapd, &gone, "jane.doe").await.unwrap_err();
    let DirectoryError::Rights { what } = &refused else {
        panic!("{refused:?}");
    };
    assert!(what.contains(&gone), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_46_a_protected_group_that_is_hidden_stops_everything() {
    for attributes in ["", "attrs=member"] {
        let slapd = elsewhere(&[person("jane.doe").dn()]);
        let far = format!("cn=far,{BASE_DN}");
        let seen = protection(&slapd, &far, "jane.doe").await.unwrap();
        assert_eq!(seen.as_deref(), Some(far.as_str()));
        slapd.configure(&format!(
            "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
             olcAccess: {{0}}to dn.exact=\"{far}\" {attributes} by dn.exact=\"{SERVICE_DN}\" none \
             by * break\n"
        ));
        let refused = protection(&slapd, &far, "jane.doe").await.unwrap_err();
        assert!(
            matches!(refused, DirectoryError::Rights { .. }),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_in_a_large_protected_group_count_wherever_they_are() {
    let mut members: Vec<String> = { 0..60 }
        .map(|number| format!("uid=user{number:05},{PEOPLE_DN}"))
        .collect();
    // One among the people, one below the base for groups, and one nowhere.
    members.push(format!("cn=near,{PEOPLE_DN}"));
    members.push(format!("cn=staff,{GROUPS_DN}"));
    members.push("cn=nobody,dc=elsewhere".to_owned());
    let slapd = elsewhere(&members);
    slapd.modify(&format!(
        "dn: cn=near,{PEOPLE_DN}\nchangetype: add\nobjectClass: groupOfNames\ncn: near\n\
         member: {}\n",
        person("outside.olga").dn()
    ));
    let far = format!("cn=far,{BASE_DN}");
    for login in ["jane.doe", "outside.olga", "user00059"] {
        let seen = protection(&slapd, &far, login).await.unwrap();
        assert!(seen.is_some(), "{login}");
    }
}
