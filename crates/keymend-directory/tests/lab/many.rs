//! Directories of twelve thousand people, and servers that give only so many entries at a time.

use keymend_domain::account::Claim;
use keymend_domain::directory::examination::{Condition, Link};
use keymend_domain::directory::{Directory, DirectoryError, Found, Health};
use keymend_lab::samba::{self, BASE_DN};
use keymend_lab::slapd::GROUPS_DN;
use keymend_lab::{Proxy, Samba, SambaOptions, SambaVersion, Slapd, SlapdOptions};

use crate::active_directory::domain::{Domain, options as domain_options};
use crate::ds389::Server;
use crate::house::{House, NEW, is_done, options};

const PEOPLE: u32 = 12_000;
/// More than a Windows controller gives of one attribute at a time (MaxValRange).
const MEMBERS: u32 = 1_600;
/// Far less than twelve thousand of anything.
const FEW_BYTES: usize = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn among_twelve_thousand_people_of_a_domain_nothing_is_read_whole() {
    let members = (0..MEMBERS).map(|number| format!("member: {}\n", samba::bulk_dn(number)));
    let crowd = format!(
        "dn: CN=crowd,OU=Groups,{BASE_DN}\nchangetype: add\nobjectClass: group\n\
         sAMAccountName: crowd\n{}\n",
        members.collect::<String>()
    );
    let samba = Samba::start(SambaOptions {
        version: SambaVersion::V4_25,
        bulk_accounts: PEOPLE,
        extra_ldif: crowd,
        ..SambaOptions::default()
    });
    let line = Proxy::start(samba.tls_port());
    let options = domain_options(&samba, &format!("ldaps://127.0.0.1:{}", line.port()));
    let domain = Domain::around(samba, options);
    assert_eq!(domain.directory.health().await, Health::Up);
    domain.account("jane.doe").await;
    let before = line.carried_down();
    let last = domain.account("user11999").await;
    let member = domain.account("user00007").await;
    assert!(
        member
            .groups
            .iter()
            .any(|group| group.starts_with("CN=crowd,"))
    );
    for typed in ["*", "user*", "nobody.here"] {
        let found = domain.directory.find(&Claim::new(typed).unwrap()).await;
        assert_eq!(found, Ok(Found::Nobody), "{typed}");
    }
    assert!(is_done(&domain.reset(&member, NEW).await));
    assert!(is_done(&domain.reset(&last, NEW).await));
    let carried = line.carried_down() - before;
    assert!(carried < FEW_BYTES, "{carried} bytes");
    // The proof of rights looks at a sample, page by page.
    let report = domain.directory.rights().await.unwrap();
    assert!(report.people > 0 && report.people < PEOPLE, "{report:?}");
}

/// Five hundred are what OpenLDAP gives to anybody, if nobody says otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn among_twelve_thousand_people_of_a_slapd_nobody_is_given_more_than_a_page() {
    let slapd = Slapd::start(SlapdOptions {
        bulk_accounts: PEOPLE,
        ..SlapdOptions::default()
    });
    let line = Proxy::start(slapd.tls_port());
    let options = options(&slapd, &format!("ldaps://127.0.0.1:{}", line.port()));
    let house = House::around(slapd, options);
    house.account("jane.doe").await;
    let before = line.carried_down();
    let last = house.account("user11999").await;
    for typed in ["*", "user*", "nobody.here"] {
        let found = house.directory.find(&Claim::new(typed).unwrap()).await;
        assert_eq!(found, Ok(Found::Nobody), "{typed}");
    }
    assert!(is_done(&house.reset(&last, NEW).await));
    let carried = line.carried_down() - before;
    assert!(carried < FEW_BYTES, "{carried} bytes");
    house.directory.rights().await.unwrap();
    assert_eq!(house.directory.health().await, Health::Up);
}

/// Nobody knows who is protected where only some of the groups are shown.
fn says_what_to_raise(outcome: Result<Found, DirectoryError>, setting: &str) {
    match outcome {
        Err(DirectoryError::Rights { what }) => assert!(what.contains(setting), "{what}"),
        other => panic!("{other:?}"),
    }
}

/// The link at which the doctor stops.
async fn broken_link(directory: &impl Directory) -> Option<Link> {
    let reports = directory.examine().await;
    let mut points = reports.iter().flat_map(|report| &report.checkpoints);
    points
        .find(|point| point.condition == Condition::Broken)
        .map(|point| point.link)
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_a_slapd_does_not_give_whole_stop_everything_until_its_limit_is_raised() {
    let groups = (0..600).map(|number| {
        format!(
            "dn: cn=group{number:03},{GROUPS_DN}\nobjectClass: groupOfNames\ncn: group{number:03}\n\
             member: uid=nobody,dc=lab,dc=test\n\n"
        )
    });
    let slapd = Slapd::start(SlapdOptions {
        extra_ldif: groups.collect(),
        ..SlapdOptions::default()
    });
    let options = options(&slapd, &slapd.ldaps_url());
    let house = House::around(slapd, options);
    let claim = Claim::new("jane.doe").unwrap();
    says_what_to_raise(house.directory.find(&claim).await, "olcLimits");
    assert_eq!(broken_link(&house.directory).await, Some(Link::Groups));
    house.slapd.configure(
        "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcLimits\n\
         olcLimits: dn.exact=\"uid=svc-keymend,ou=service,dc=lab,dc=test\" size.prtotal=unlimited\n",
    );
    house.account("jane.doe").await;
    assert_eq!(broken_link(&house.directory).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_a_389_does_not_give_whole_stop_everything_until_its_limit_is_raised() {
    let server = Server::start();
    server.set("cn=config", "nsslapd-sizelimit", "1");
    let claim = Claim::new("jane.doe").unwrap();
    let fresh = server.another(|_| {});
    says_what_to_raise(fresh.directory.find(&claim).await, "nsPagedSizeLimit");
    let service = keymend_lab::ds389::SERVICE_DN;
    server.set(service, "nsPagedSizeLimit", "-1");
    let fresh = server.another(|_| {});
    fresh.account("jane.doe").await;
}
