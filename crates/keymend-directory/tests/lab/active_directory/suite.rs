//! The cases every directory must pass.

use async_trait::async_trait;
use keymend_directory::conformance::{Abilities, Act, Fixture, Person, Role, run};
use keymend_domain::time::{Clock, Moment};
use keymend_lab::SambaVersion;
use keymend_lab::samba::{GROUPS_DN, PEOPLE_DN, SETTINGS_DN};

use super::domain::Domain;
use crate::columns;
use crate::desk::WallClock;

/// The first of January 2020 as the directory counts.
const LONG_AGO: &str = "132223104000000000";

fn dn(login: &str) -> String {
    format!("CN={login},{PEOPLE_DN}")
}

/// A domain of one version.
struct House {
    domain: Domain,
    obeys_hints: bool,
}

impl House {
    fn of(version: SambaVersion) -> Self {
        let domain = Domain::of(version);
        domain.samba.shows_password_settings();
        Self {
            domain,
            obeys_hints: version == SambaVersion::V4_25,
        }
    }

    fn set(&self, login: &str, attribute: &str, value: &str) {
        let dn = dn(login);
        self.domain.samba.modify(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        ));
    }

    fn add_to(&self, dn: &str, attribute: &str, login: &str) {
        let member = self::dn(login);
        self.domain.samba.modify(&format!(
            "dn: {dn}\nchangetype: modify\nadd: {attribute}\n{attribute}: {member}\n"
        ));
    }

    fn join(&self, login: &str, group: &str) {
        self.add_to(&format!("CN={group},{GROUPS_DN}"), "member", login);
    }

    fn add(&self, login: &str, mail: &str, password: &str) {
        let dn = dn(login);
        self.domain.samba.modify(&format!(
            "dn: {dn}\nchangetype: add\nobjectClass: user\nsAMAccountName: {login}\n\
             userPrincipalName: {login}@lab.test\nmail: {mail}\nuserAccountControl: 544\n"
        ));
        self.domain.samba.set_password(&dn, password);
    }

    fn give(&self, login: &str, role: Role) {
        match role {
            Role::Plain | Role::Namesake => {}
            Role::Locked => {
                for guess in ["wrong-1", "wrong-2", "wrong-3"] {
                    self.domain.samba.bind(&format!("{login}@lab.test"), guess);
                }
            }
            Role::Disabled => self.set(login, "userAccountControl", "514"),
            Role::Ended => self.set(login, "accountExpires", LONG_AGO),
            Role::PasswordExpired => {
                let dn = dn(login);
                self.domain.samba.force(&format!(
                    "dn: {dn}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: {LONG_AGO}\n"
                ));
            }
            Role::MustChange => self.set(login, "pwdLastSet", "0"),
            Role::Protected => self.join(login, "helpers"),
            Role::Young => {
                let settings = format!("CN=young,{SETTINGS_DN}");
                self.add_to(&settings, "msDS-PSOAppliesTo", login);
            }
            Role::Nested => self.join(login, "ring-a"),
        }
    }
}

#[async_trait]
impl Fixture for House {
    fn abilities(&self) -> Abilities {
        Abilities {
            length_min: 10,
            history: 5,
            reset_obeys_history: self.obeys_hints,
            lockout_threshold: 3,
            names_broken_rules: true,
            has_age_min: self.obeys_hints,
            has_expiry: true,
            has_demanded_change: true,
            has_end_dates: true,
            can_disable: true,
            protects: true,
            lock_outlasts_reset: true,
            remembers_orders: true,
            finds_by_mail: true,
        }
    }

    fn excuses(&self) -> &'static [(&'static str, &'static str)] {
        &[
            (
                "a former password is refused on a reset too",
                "this version does not offer policy hints, so nothing binds a reset",
            ),
            (
                "the minimum age holds on a reset too",
                "this version does not offer policy hints, so nothing binds a reset",
            ),
        ]
    }

    fn now(&self) -> Moment {
        WallClock.now()
    }

    async fn person(&self, role: Role) -> Result<Person, String> {
        let number = self.domain.number();
        let person = Person {
            login: format!("pat{number}"),
            mail: format!("pat{number}@mail.example"),
            password: format!("Sesame-street-{number}"),
            groups: match role {
                Role::Nested => ["ring-a", "ring-b", "ring-c"]
                    .map(|name| format!("CN={name},{GROUPS_DN}"))
                    .to_vec(),
                _ => Vec::new(),
            },
        };
        self.add(&person.login, &person.mail, &person.password);
        self.give(&person.login, role);
        if role == Role::Namesake {
            let second = format!("second{number}");
            self.add(&second, &person.mail, "Another-password-1");
        }
        Ok(person)
    }

    async fn act(&self, person: &Person, act: Act) -> Result<(), String> {
        let login = &person.login;
        let dn = dn(login);
        match act {
            Act::Rename(new) => {
                self.domain.samba.modify(&format!(
                    "dn: {dn}\nchangetype: modrdn\nnewrdn: CN={new}\ndeleteoldrdn: 1\n"
                ));
                self.set(&new, "sAMAccountName", &new);
                self.set(&new, "userPrincipalName", &format!("{new}@lab.test"));
            }
            Act::Disable => {
                let lock = self.domain.samba.entry(login);
                let is_locked = lock.get("lockoutTime").is_some_and(|at| at != "0");
                self.set(login, "userAccountControl", "514");
                // Setting the flags lifts a lock, so that it is put on once more.
                if is_locked {
                    self.give(login, Role::Locked);
                }
            }
            Act::Delete => {
                let samba = &self.domain.samba;
                samba.modify(&format!("dn: {dn}\nchangetype: delete\n"));
            }
            Act::Protect => self.join(login, "helpers"),
        }
        Ok(())
    }
}

async fn check(version: SambaVersion) {
    let house = House::of(version);
    let name = match version {
        SambaVersion::V4_17 => "Samba 4.17",
        SambaVersion::V4_25 => "Samba 4.25",
    };
    columns::check(name, run(&house.domain.directory, &house).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn samba_without_policy_hints_does_what_every_directory_must() {
    check(SambaVersion::V4_17).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn samba_with_policy_hints_does_what_every_directory_must() {
    check(SambaVersion::V4_25).await;
}
