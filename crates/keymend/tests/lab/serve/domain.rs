//! The usual house with an Active Directory for its directory, and the people in it.

use std::fs;

use keymend_lab::samba::{self, AD_PEOPLE, AuditMark, SERVICE_PASSWORD, SERVICE_UPN, ad_person};
use keymend_lab::{Proxy, Samba, SambaOptions, SambaVersion};

use super::house::{House, NEW, POLICY};
use super::visitor::Visitor;

/// What the form for a new password is filled in with.
pub const FORM: [(&str, &str); 3] = [("password", NEW), ("again", NEW), ("shown", "")];

pub struct Domain {
    // The service goes before what it talks to.
    pub house: House,
    /// Between the service and the controller.
    pub line: Proxy,
    pub samba: Samba,
}

impl Domain {
    /// A running service in front of a controller with policy hints.
    pub fn open() -> Self {
        let domain = Self::furnish(SambaOptions::default());
        domain.house.start();
        domain
    }

    /// Everything but the service.
    pub fn furnish(options: SambaOptions) -> Self {
        let samba = Samba::start(SambaOptions {
            version: SambaVersion::V4_25,
            ..options
        });
        samba.seal_tier_zero();
        let line = Proxy::start(samba.tls_port());
        let house = House::furnish();
        configure(
            &house,
            &[line.port()],
            &fs::read_to_string(samba.ca_file()).unwrap(),
        );
        Self { house, line, samba }
    }

    /// Registers two ways for somebody of the domain.
    pub async fn registers(&self, name: &str) -> Visitor {
        registers(&self.house, name).await
    }

    /// Walks from the first form to the page behind the second gate.
    pub async fn proves(&self, name: &str, intent: &str) -> Visitor {
        proves(&self.house, name, intent).await
    }

    /// Registers, and walks to the form for the new password.
    pub async fn is_about_to_reset(&self, name: &str) -> Visitor {
        self.registers(name).await;
        let visitor = self.proves(name, "reset").await;
        visitor.sees("Choose a new password");
        visitor
    }

    /// Somebody with a browser and an address of their own.
    pub fn visitor_of(&self, name: &str) -> Visitor {
        visitor_of(&self.house, name)
    }

    /// How many codes went to somebody so far.
    pub fn codes_for(&self, name: &str) -> usize {
        let codes = ways(name).map(|contact| self.house.codes_at(&contact).len());
        codes.iter().sum()
    }

    /// The records of the service about one kind of event.
    pub fn records(&self, event: &str) -> String {
        self.house.does(&["audit", "search", "--event", event])
    }
}

/// Puts these controllers and their authorities in the place of the directory.
pub fn configure(house: &House, ports: &[u16], authorities: &str) {
    house.write("controllers.pem", authorities);
    let before = fs::read_to_string(house.path("keymend.toml")).unwrap();
    let (head, rest) = before.split_once("[directory.lab]").unwrap();
    let (_, tail) = rest.split_once("[mail]").unwrap();
    let behind = "[listen]\ntrusted_proxies = [\"127.0.0.1/32\"]\n";
    let head = head.replace("[listen]\n", behind);
    let urls = ports
        .iter()
        .map(|port| format!("\"ldaps://127.0.0.1:{port}\""));
    let urls = urls.collect::<Vec<_>>().join(", ");
    let directory = format!(
        r#"[directory.lab]
kind = "ldap"
title = "Lab directory"
urls = [{urls}]
ca_file = "controllers.pem"
bind_dn = "{SERVICE_UPN}"
bind_password_file = "directory.password"
base = "{people}"
group_base = "{base}"
connect_timeout_secs = 4
search_timeout_secs = 4
write_timeout_secs = 10
health_interval_secs = 10
"#,
        people = samba::PEOPLE_DN,
        base = samba::BASE_DN,
    );
    house.write("keymend.toml", &format!("{head}{directory}\n[mail]{tail}"));
    house.write("directory.password", SERVICE_PASSWORD);
    let (_, settings) = POLICY.split_once("gates =").unwrap();
    let policy = format!("profile = \"demo\"\nscope = \"all\"\ngates ={settings}");
    house.write("policy.toml", &policy);
    house.does(&["policy", "apply", "policy.toml", "--i-understand"]);
}

fn visitor_of(house: &House, name: &str) -> Visitor {
    house.visitor().at(format!("10.0.0.{}", place(name)))
}

/// Registers two ways for somebody of the domain behind this house.
pub async fn registers(house: &House, name: &str) -> Visitor {
    let login = [("user", name), ("password", ad_person(name).password)];
    let mut visitor = visitor_of(house, name);
    let [mail, number] = ways(name);
    let ways = [("email", mail.as_str()), ("text", number.as_str())];
    house.registers_as(&mut visitor, &login, ways).await;
    visitor
}

/// Walks from the first form to the page behind the second gate.
pub async fn proves(house: &House, name: &str, intent: &str) -> Visitor {
    let mut visitor = visitor_of(house, name);
    visitor.starts(name).await;
    visitor.sends("/flow/intent", &[("intent", intent)]).await;
    let [mail, number] = ways(name);
    house.passes(&mut visitor, "email", &mail).await;
    house.passes(&mut visitor, "text", &number).await;
    visitor
}

fn place(name: &str) -> usize {
    AD_PEOPLE
        .iter()
        .position(|person| person.name == name)
        .unwrap()
        + 1
}

/// The mail address and the number that somebody registers.
pub fn ways(name: &str) -> [String; 2] {
    let number = format!("+447700900{:03}", 100 + place(name));
    [format!("{name}@mail.test"), number]
}

/// What a controller saw since then of passwords and locks: `4724 by svc-keymend: Success` and the
/// like.
pub fn seen(samba: &Samba, mark: &AuditMark) -> Vec<String> {
    let deeds = samba.deeds_since(mark).into_iter();
    deeds
        .map(|event| format!("{} by {}: {}", event.event_id(), event.by, event.status))
        .collect()
}

/// The same of passwords alone.
pub fn passwords_seen(samba: &Samba, mark: &AuditMark) -> Vec<String> {
    let seen = seen(samba, mark).into_iter();
    seen.filter(|line| line.starts_with("472")).collect()
}
