//! One service with three directories: OpenLDAP, an Active Directory and a 389 Directory Server,
//! all of one domain, and with people who have the same names.

use keymend_lab::ds389::{self, ds_person};
use keymend_lab::samba::{self, SERVICE_UPN, ad_person};
use keymend_lab::slapd::{self, person};
use keymend_lab::{Ds389, Ds389Options, Samba, SambaOptions, SambaVersion};

use super::house::{House, NEW, POLICY};

/// `jane.doe` of the OpenLDAP server, of the Active Directory and of the 389 server: how each
/// types her name, and where her codes go.
const JANES: [(&str, [(&str, &str); 2]); 3] = [
    (
        "BRANCH\\jane.doe",
        [("email", "branch@mail.test"), ("text", "+447700900101")],
    ),
    (
        "jane.doe@lab.test",
        [("email", "office@mail.test"), ("text", "+447700900102")],
    ),
    (
        "works\\jane.doe",
        [("email", "works@mail.test"), ("text", "+447700900103")],
    ),
];

struct Three {
    house: House,
    domain: Samba,
    works: Ds389,
}

impl Three {
    fn open() -> Self {
        let house = House::furnish();
        let domain = Samba::start(SambaOptions {
            version: SambaVersion::V4_25,
            ..SambaOptions::default()
        });
        domain.seal_tier_zero();
        let three = Self {
            works: Ds389::start(Ds389Options::default()),
            domain,
            house,
        };
        three.configure();
        let (_, settings) = POLICY.split_once("gates =").unwrap();
        let policy = format!("profile = \"demo\"\nscope = \"all\"\ngates ={settings}");
        three.house.write("policy.toml", &policy);
        let apply = ["policy", "apply", "policy.toml", "--i-understand"];
        three.house.does(&apply);
        three.house.start();
        three
    }

    fn configure(&self) {
        let house = &self.house;
        let before = std::fs::read_to_string(house.path("keymend.toml")).unwrap();
        let (head, tail) = before.split_once("[mail]").unwrap();
        let section = |name: &str, rest: String| {
            format!(
                "[directory.{name}]\nkind = \"ldap\"\ntitle = \"{name} directory\"\n\
                 bind_password_file = \"{name}.password\"\n{rest}\n"
            )
        };
        let office = format!(
            "urls = [\"{}\"]\nca_file = \"{}\"\nbind_dn = \"{SERVICE_UPN}\"\nbase = \"{}\"\n\
             group_base = \"{}\"\nsuffixes = [\"lab.test\"]\n",
            self.domain.ldaps_url(),
            self.domain.ca_file().display(),
            samba::PEOPLE_DN,
            samba::BASE_DN,
        );
        let works = format!(
            "urls = [\"{}\"]\nca_file = \"{}\"\nbind_dn = \"{}\"\nbase = \"{}\"\n\
             group_base = \"{}\"\ndomains = [\"works\"]\n",
            self.works.ldaps_url(),
            self.works.ca_file().display(),
            ds389::SERVICE_DN,
            ds389::PEOPLE_DN,
            ds389::GROUPS_DN,
        );
        let file = format!(
            "{head}domains = [\"branch\"]\n\n{}{}[mail]{tail}",
            section("office", office),
            section("works", works),
        );
        house.write("keymend.toml", &file);
        house.write("office.password", samba::SERVICE_PASSWORD);
        house.write("works.password", ds389::SERVICE_PASSWORD);
    }

    /// Whether each of the three signs in with a password of her own.
    fn open_with(&self, passwords: [&str; 3]) -> [bool; 3] {
        [
            self.house
                .slapd
                .opens_with(&person("jane.doe").dn(), passwords[0]),
            self.domain.opens_with("jane.doe", passwords[1]),
            self.works
                .opens_with(&ds_person("jane.doe").dn(), passwords[2]),
        ]
    }

    async fn resets(&self, (user, ways): (&str, [(&str, &str); 2])) {
        let mut jane = self.house.proves(user, "reset", ways).await;
        let form = [("password", NEW), ("again", NEW), ("shown", "")];
        jane.sends("/flow/password", &form).await;
        jane.sees("Your password has been changed");
    }

    async fn register(&self) {
        let passwords = [
            person("jane.doe").password,
            ad_person("jane.doe").password,
            ds_person("jane.doe").password,
        ];
        for ((user, ways), password) in JANES.into_iter().zip(passwords) {
            let login = [("user", user), ("password", password)];
            let mut visitor = self.house.visitor();
            self.house.registers_as(&mut visitor, &login, ways).await;
        }
    }
}

#[tokio::test]
async fn three_people_of_one_name_reset_each_in_her_own_directory_by_its_own_account() {
    let three = Three::open();
    three.register().await;
    let mark = three.domain.mark();
    let old = [
        person("jane.doe").password,
        ad_person("jane.doe").password,
        ds_person("jane.doe").password,
    ];
    assert_eq!(three.open_with(old), [true; 3]);

    let [branch, office, works] = JANES;
    three.resets(office).await;
    assert_eq!(three.open_with([old[0], NEW, old[2]]), [true; 3]);
    three.resets(branch).await;
    assert_eq!(three.open_with([NEW, NEW, old[2]]), [true; 3]);
    three.resets(works).await;
    assert_eq!(three.open_with([NEW; 3]), [true; 3]);

    let deeds = three.domain.deeds_since(&mark).into_iter();
    let resets: Vec<String> = deeds
        .filter(|event| event.is_about_a_password())
        .map(|event| format!("{} by {}: {}", event.event_id(), event.by, event.status))
        .collect();
    assert_eq!(resets, ["4724 by svc-keymend: Success"]);
    let audit = three.works.audit_log();
    let (_, last) = audit.rsplit_once("userPassword").unwrap();
    assert!(last.contains(ds389::SERVICE_DN), "{last}");
    let entry = three.house.slapd.entry("jane.doe");
    assert_eq!(entry.get("modifiersName"), Some(slapd::SERVICE_DN));

    let search = ["audit", "search", "--event", "password.reset"];
    let trail = three.house.does(&search);
    for (user, directory) in [
        (JANES[0].0, "lab"),
        (JANES[1].0, "office"),
        (JANES[2].0, "works"),
    ] {
        let who = format!("jane.doe ({directory})");
        assert!(trail.contains(&who), "{who} in\n{trail}");
        let own = three
            .house
            .does(&[&search[..], &["--account", user]].concat());
        assert_eq!(own.lines().count(), 1, "{own}");
    }
    let status = three.house.does(&["directory", "status"]);
    for line in ["BRANCH\\…", "…@lab.test", "WORKS\\…"] {
        assert!(status.contains(line), "{line} in\n{status}");
    }
    // The domain says besides that it is called so; that counts once somebody writes it.
    assert!(!status.contains("LAB\\…"), "{status}");
    let proposal = "domains = [\"LAB\", \"LAB.TEST\"]: it is called so";
    let looked = three.house.does(&["directory", "status", "--now"]);
    assert!(looked.contains(proposal), "{looked}");
    let checked = three.house.does(&["config", "check"]);
    assert!(checked.contains("all other names"), "{checked}");
}

#[tokio::test]
async fn a_directory_that_is_down_stops_its_own_people_and_names_that_say_nothing() {
    let mut three = Three::open();
    three.register().await;
    three.house.slapd.kill();
    let stopped = "We cannot reach Lab directory right now";
    for user in [
        "BRANCH\\jane.doe",
        "branch\\nobody.here",
        "jane.doe",
        "nobody.here",
    ] {
        let mut visitor = three.house.visitor();
        visitor.starts(user).await;
        visitor.sees(stopped);
        assert_eq!(visitor.status, 503, "{user}");
    }
    let [_, office, works] = JANES;
    three.resets(office).await;
    three.resets(works).await;
    assert!(three.domain.opens_with("jane.doe", NEW));
    assert!(three.works.opens_with(&ds_person("jane.doe").dn(), NEW));
    let mut signing_in = three.house.visitor();
    signing_in.goes_to("/signin").await;
    let john = ds_person("john.roe").password;
    let login = [("user", "WORKS\\john.roe"), ("password", john)];
    signing_in.sends("/signin", &login).await;
    signing_in.sees("Set up a way back in");

    // The domain understands that as its own; but nobody wrote it, so the others are asked too.
    let mut visitor = three.house.visitor();
    visitor.starts("LAB\\john.roe").await;
    visitor.sees(stopped);
}

#[tokio::test]
async fn one_mail_address_in_two_directories_is_nobodys() {
    let three = Three::open();
    three.register().await;
    let change = |dn: String| {
        format!("dn: {dn}\nchangetype: modify\nreplace: mail\nmail: jane@elsewhere.test\n")
    };
    three.house.slapd.modify(&change(person("jane.doe").dn()));
    three.works.modify(&change(ds_person("jane.doe").dn()));
    let old = person("jane.doe").password;
    for user in ["jane@elsewhere.test", "jane.doe"] {
        let mut visitor = three.house.visitor();
        visitor.goes_to("/signin").await;
        let login = [("user", user), ("password", old)];
        visitor.sends("/signin", &login).await;
        assert_eq!(visitor.status, 422, "{user}: {}", visitor.heading());

        let mut visitor = three.house.visitor();
        visitor.starts(user).await;
        visitor.sends("/flow/intent", &[("intent", "reset")]).await;
        visitor.sends("/flow/method", &[("method", "email")]).await;
        for (_, ways) in [JANES[0], JANES[2]] {
            let before = three.house.codes_at(ways[0].1).len();
            let address = [("address", ways[0].1)];
            visitor.sends("/flow/challenge", &address).await;
            visitor.sees("Type the code");
            visitor.sends("/flow/other", &[]).await;
            visitor.sends("/flow/method", &[("method", "email")]).await;
            assert_eq!(three.house.codes_at(ways[0].1).len(), before, "{user}");
        }
    }
    // A code that is sent for somebody else overtakes whatever was on its way.
    three.resets(JANES[1]).await;
    for (_, ways) in [JANES[0], JANES[2]] {
        assert_eq!(
            three.house.codes_at(ways[0].1).len(),
            1,
            "the registration's"
        );
    }
}
