//! The cases every directory must pass.

use async_trait::async_trait;
use keymend_directory::conformance::{Abilities, Act, Fixture, Person, Role, run};
use keymend_domain::time::{Clock, Moment};
use keymend_lab::SlapdOptions;
use keymend_lab::slapd::{BASE_DN, GROUPS_DN, PEOPLE_DN};

use crate::columns;
use crate::house::{House, WallClock};

fn dn(login: &str) -> String {
    format!("uid={login},{PEOPLE_DN}")
}

fn group_dn(name: &str) -> String {
    format!("cn={name},{GROUPS_DN}")
}

impl House {
    /// Groups in a ring, and a group inside the protected one.
    fn add_groups(&self) {
        let groups = [
            ("operators", "admin.ada"),
            ("inner", "admin.ada"),
            ("middle", "admin.ada"),
            ("outer", "admin.ada"),
        ];
        for (name, member) in groups {
            let dn = group_dn(name);
            self.slapd.modify(&format!(
                "dn: {dn}\nchangetype: add\nobjectClass: groupOfNames\ncn: {name}\nmember: uid={member},{PEOPLE_DN}\n"
            ));
        }
        for (inside, around) in [
            ("operators", "admins"),
            ("inner", "middle"),
            ("middle", "outer"),
            ("outer", "inner"),
        ] {
            self.join(&group_dn(inside), around);
        }
    }

    fn join(&self, member: &str, group: &str) {
        let group = group_dn(group);
        self.slapd.modify(&format!(
            "dn: {group}\nchangetype: modify\nadd: member\nmember: {member}\n"
        ));
    }

    fn set(&self, login: &str, attribute: &str, value: &str) {
        let dn = dn(login);
        self.slapd.modify(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        ));
    }

    fn add(&self, login: &str, mail: &str, password: &str) {
        let dn = dn(login);
        self.slapd.modify(&format!(
            "dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {login}\ncn: {login}\nsn: {login}\nmail: {mail}\nuserPassword: {password}\n"
        ));
    }

    fn give(&self, login: &str, role: Role) {
        match role {
            Role::Plain | Role::Namesake => {}
            Role::Locked => self.slapd.lock_by_guessing(&dn(login)),
            Role::Disabled => self.set(login, "pwdAccountLockedTime", "000001010000Z"),
            Role::Ended => self.set(login, "pwdEndTime", "20200101000000Z"),
            Role::PasswordExpired => self.set(login, "pwdChangedTime", "20200101000000Z"),
            Role::MustChange => self.set(login, "pwdReset", "TRUE"),
            Role::Protected => self.join(&dn(login), "operators"),
            Role::Young => {
                let policy = format!("cn=young,ou=policies,{BASE_DN}");
                self.set(login, "pwdPolicySubentry", &policy);
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
            has_end_dates: true,
            can_disable: true,
            protects: true,
            lock_outlasts_reset: false,
            remembers_orders: true,
            finds_by_mail: true,
        }
    }

    fn excuses(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "a reset that lifts no lock is no success on a locked account",
            "the ppolicy overlay lifts a lock with every reset",
        )]
    }

    fn now(&self) -> Moment {
        WallClock.now()
    }

    async fn person(&self, role: Role) -> Result<Person, String> {
        let number = self.number();
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
        match act {
            Act::Rename(new) => {
                let dn = dn(login);
                self.slapd.modify(&format!(
                    "dn: {dn}\nchangetype: modrdn\nnewrdn: uid={new}\ndeleteoldrdn: 1\n"
                ));
            }
            // Not the administrator's mark, which would stand where the lock is written.
            Act::Disable => self.set(login, "pwdStartTime", "29990101000000Z"),
            Act::Delete => {
                let dn = dn(login);
                self.slapd
                    .modify(&format!("dn: {dn}\nchangetype: delete\n"));
            }
            Act::Protect => self.join(&dn(login), "operators"),
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openldap_does_what_every_directory_must() {
    let house = House::with(SlapdOptions::default(), |_| {});
    house.add_groups();
    columns::check("OpenLDAP 2.5", run(&house.directory, &house).await);
}
