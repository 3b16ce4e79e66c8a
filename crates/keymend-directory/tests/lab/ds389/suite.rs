//! The cases every directory must pass.

use async_trait::async_trait;
use keymend_directory::conformance::{Abilities, Act, Fixture, Person, Role, run};
use keymend_domain::time::{Clock, Moment};
use keymend_lab::ds389::{GROUPS_DN, PEOPLE_DN};

use super::server::{ENDING_DEMANDS, Server};
use crate::columns;
use crate::desk::WallClock;

const NO_END_DATES: &str = "accounts of this server have no end date of their own";

fn dn(login: &str) -> String {
    format!("uid={login},{PEOPLE_DN}")
}

fn group_dn(name: &str) -> String {
    format!("cn={name},{GROUPS_DN}")
}

struct House(Server);

impl House {
    fn start() -> Self {
        let house = Self(Server::start());
        house.0.grant(ENDING_DEMANDS);
        for name in ["operators", "inner", "middle", "outer"] {
            let dn = group_dn(name);
            house.0.ds389.modify(&format!(
                "dn: {dn}\nchangetype: add\nobjectClass: groupOfNames\ncn: {name}\n"
            ));
        }
        for (inside, around) in [
            ("operators", "admins"),
            ("inner", "middle"),
            ("middle", "outer"),
            ("outer", "inner"),
        ] {
            house.join(&group_dn(inside), around);
        }
        house
    }

    fn join(&self, member: &str, group: &str) {
        let group = group_dn(group);
        self.0.ds389.modify(&format!(
            "dn: {group}\nchangetype: modify\nadd: member\nmember: {member}\n"
        ));
    }

    fn set(&self, login: &str, attribute: &str, value: &str) {
        self.0.set(&dn(login), attribute, value);
    }

    fn obey(&self, login: &str, policy: &str) {
        let policy = format!("cn={policy},cn=nsPwPolicyContainer,{PEOPLE_DN}");
        self.set(login, "pwdpolicysubentry", &policy);
    }

    fn add(&self, login: &str, mail: &str, password: &str) {
        let dn = dn(login);
        self.0.ds389.modify(&format!(
            "dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {login}\ncn: {login}\n\
             sn: {login}\nmail: {mail}\nuserPassword: {password}\n"
        ));
    }

    fn give(&self, login: &str, role: Role) {
        match role {
            Role::Plain | Role::Namesake | Role::Ended => {}
            Role::Locked => {
                for guess in ["wrong-1", "wrong-2", "wrong-3"] {
                    self.0.ds389.bind(&dn(login), guess);
                }
            }
            Role::Disabled => self.set(login, "nsAccountLock", "true"),
            Role::PasswordExpired => {
                self.set(login, "passwordExpirationTime", "20200101000000Z");
            }
            Role::MustChange => {
                self.obey(login, "must");
                self.set(login, "passwordExpirationTime", "19700101000000Z");
            }
            Role::Protected => self.join(&dn(login), "operators"),
            Role::Young => {
                self.obey(login, "young");
                self.set(login, "passwordAllowChangeTime", "20380101000000Z");
            }
            Role::Nested => self.join(&dn(login), "inner"),
        }
    }
}

#[async_trait]
impl Fixture for House {
    fn abilities(&self) -> Abilities {
        Abilities {
            length_min: 10,
            history: 5,
            reset_obeys_history: true,
            lockout_threshold: 3,
            names_broken_rules: true,
            has_age_min: true,
            has_expiry: true,
            has_demanded_change: true,
            has_end_dates: false,
            can_disable: true,
            protects: true,
            lock_outlasts_reset: false,
            remembers_orders: true,
            finds_by_mail: true,
        }
    }

    fn excuses(&self) -> &'static [(&'static str, &'static str)] {
        &[
            (
                "a reset that lifts no lock is no success on a locked account",
                "the server forgets the wrong passwords, and with them the lock, at every reset",
            ),
            (
                "an account whose end has passed lets nobody in",
                NO_END_DATES,
            ),
            (
                "an account whose end has passed is never a success",
                NO_END_DATES,
            ),
        ]
    }

    fn now(&self) -> Moment {
        WallClock.now()
    }

    async fn person(&self, role: Role) -> Result<Person, String> {
        let number = self.0.number();
        let person = Person {
            login: format!("jane{number}"),
            mail: format!("jane{number}@mail.example"),
            password: format!("Sesame-street-{number}"),
            groups: match role {
                Role::Nested => ["inner", "middle", "outer"].map(group_dn).to_vec(),
                _ => Vec::new(),
            },
        };
        self.add(&person.login, &person.mail, &person.password);
        self.give(&person.login, role);
        if role == Role::Namesake {
            self.add(&format!("second{number}"), &person.mail, "Another-password");
        }
        Ok(person)
    }

    async fn act(&self, person: &Person, act: Act) -> Result<(), String> {
        let login = &person.login;
        let dn = dn(login);
        match act {
            Act::Rename(new) => self.0.ds389.modify(&format!(
                "dn: {dn}\nchangetype: modrdn\nnewrdn: uid={new}\ndeleteoldrdn: 1\n"
            )),
            Act::Disable => self.set(login, "nsAccountLock", "true"),
            Act::Delete => {
                let ldif = format!("dn: {dn}\nchangetype: delete\n");
                self.0.ds389.modify(&ldif);
            }
            Act::Protect => self.join(&dn, "operators"),
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_389_server_does_what_every_directory_must() {
    let house = House::start();
    columns::check("389 DS 2.3", run(&house.0.directory, &house).await);
}
