//! From answers to the text of `keymend.toml`.

use keymend_directory::ldap::probe::Trust;
use toml::{Table, Value};

use super::answers::Answers;
use super::wizard::Wizard;

/// The sections in the order they are written, with what stands above each.
const SECTIONS: [(&str, &str); 8] = [
    ("site", "What people see, and the address they see it at."),
    ("listen", "Where the service listens."),
    ("store", "Where the service keeps its data."),
    (
        "keys",
        "Where the keys are.  Keep a copy of them in a safe place.",
    ),
    ("mail", "How mail is sent."),
    ("texts", "How text messages are sent."),
    ("breach", "The list of leaked passwords."),
    ("log", "What is written to the log."),
];

/// Keys that come first, in this order; all others follow by name.
const ORDER: [&str; 12] = [
    "kind",
    "title",
    "organisation",
    "public_origin",
    "region",
    "address",
    "tls",
    "urls",
    "ca_file",
    "bind_dn",
    "bind_password_file",
    "base",
];

/// Names of the files that are written beside the configuration.
pub struct Files {
    /// The service account's password.
    pub bind: String,
    /// The authority of the directory.
    pub authority: String,
    /// The mail server's password.
    pub mail: String,
    /// The gateway's secret.
    pub texts: String,
}

impl Files {
    /// The names for one directory.
    pub fn of(answers: &Answers) -> Self {
        let name = answers.text("directory.name").unwrap_or("directory");
        Self {
            bind: format!("{name}.password"),
            authority: format!("{name}-ca.pem"),
            mail: "mail.password".to_owned(),
            texts: "texts.token".to_owned(),
        }
    }
}

/// The configuration as it was, with the answers in their places.
pub fn table(present: &Table, wizard: &Wizard) -> Table {
    let answers = &wizard.answers;
    let mut table = present.clone();
    for section in ["site", "store", "keys"] {
        for (key, value) in part(&answers.0, section) {
            section_of(&mut table, section).insert(key, value);
        }
    }
    // What nobody asked for has its usual place.
    for (section, key, usual) in [
        ("store", "data_dir", "data"),
        ("keys", "root_file", "root.key"),
    ] {
        section_of(&mut table, section)
            .entry(key)
            .or_insert_with(|| usual.into());
    }
    listen(&mut table, answers);
    directory(&mut table, wizard);
    mail(&mut table, wizard);
    texts(&mut table, wizard);
    match answers.value("breach.file") {
        Some(file) => {
            section_of(&mut table, "breach").insert("file".to_owned(), file.clone());
        }
        None => {
            table.remove("breach");
        }
    }
    table
}

fn listen(table: &mut Table, answers: &Answers) {
    let section = section_of(table, "listen");
    if let Some(address) = answers.value("listen.address") {
        section.insert("address".to_owned(), address.clone());
    }
    let proxies = answers.list("listen.trusted_proxies");
    match answers.text("listen.how") {
        Some("proxy") => {
            section.remove("tls");
            section.insert("trusted_proxies".to_owned(), proxies.into());
        }
        Some(_) => {
            let mut tls = Table::new();
            for key in ["certificate_file", "key_file"] {
                if let Some(file) = answers.value(&format!("listen.{key}")) {
                    tls.insert(key.to_owned(), file.clone());
                }
            }
            section.insert("tls".to_owned(), tls.into());
        }
        None => {}
    }
}

fn directory(table: &mut Table, wizard: &Wizard) {
    let answers = &wizard.answers;
    let Some(name) = answers.text("directory.name") else {
        return;
    };
    let files = Files::of(answers);
    let title = answers.value("site.organisation").cloned();
    let section = section_of(section_of(table, "directory"), name);
    let mut usual = |key: &str, value: Option<Value>| {
        if let (Some(value), false) = (value, section.contains_key(key)) {
            section.insert(key.to_owned(), value);
        }
    };
    usual("kind", Some("ldap".into()));
    usual("title", title);
    let contexts = wizard.facts.root.as_ref().map(|root| &root.contexts);
    let context = contexts
        .and_then(|all| all.first())
        .map(|dn| Value::from(dn.as_str()));
    usual("group_base", context);
    let servers = answers.list("directory.servers");
    section.remove("start_tls");
    if servers.iter().any(|url| url.starts_with("ldap://")) {
        section.insert("start_tls".to_owned(), true.into());
    }
    section.insert("urls".to_owned(), servers.into());
    for (key, from) in [
        ("default_policy", "default_policy"),
        ("bind_dn", "account"),
        ("base", "base"),
        ("ca_file", "ca_file"),
    ] {
        match answers.value(&format!("directory.{from}")) {
            Some(value) => section.insert(key.to_owned(), value.clone()),
            None => section.remove(key),
        };
    }
    if is_consented(wizard) {
        section.insert("ca_file".to_owned(), files.authority.into());
    }
    let file = match &wizard.facts.typed.bind {
        Some(_) => Some(Value::from(files.bind)),
        None => answers.value("directory.password_file").cloned(),
    };
    if let Some(file) = file {
        section.insert("bind_password_file".to_owned(), file);
    }
}

/// Whether an authority that the server showed was accepted, and is to be written to a file.
pub fn is_consented(wizard: &Wizard) -> bool {
    let from_file = wizard.answers.text("directory.ca_file").is_some();
    matches!(wizard.facts.trust, Trust::Authorities(_)) && !from_file
}

fn mail(table: &mut Table, wizard: &Wizard) {
    let answers = &wizard.answers;
    match answers.truth("mail.wanted") {
        Some(true) => {}
        Some(false) => {
            table.remove("mail");
            return;
        }
        None => return,
    }
    let mut own = part(&answers.0, "mail");
    own.remove("wanted");
    let mut server = Table::new();
    for key in ["host", "port", "tls"] {
        if let Some(value) = own.remove(key) {
            server.insert(key.to_owned(), value);
        }
    }
    let others = part(table, "mail").remove("servers");
    let others = others
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut servers = vec![Value::Table(server)];
    servers.extend(others.skip(1).cloned());
    own.insert("servers".to_owned(), Value::Array(servers));
    if own.get("username").is_none() {
        own.remove("password_file");
    } else if wizard.facts.typed.mail.is_some() {
        own.insert("password_file".to_owned(), Files::of(answers).mail.into());
    }
    table.insert("mail".to_owned(), own.into());
}

fn texts(table: &mut Table, wizard: &Wizard) {
    let answers = &wizard.answers;
    match answers.truth("texts.wanted") {
        Some(true) => {}
        Some(false) => {
            table.remove("texts");
            return;
        }
        None => return,
    }
    let mut own = part(&answers.0, "texts");
    own.remove("wanted");
    if wizard.facts.typed.texts.is_some() {
        own.insert("token_file".to_owned(), Files::of(answers).texts.into());
    }
    table.insert("texts".to_owned(), own.into());
}

fn part(table: &Table, section: &str) -> Table {
    match table.get(section) {
        Some(Value::Table(part)) => part.clone(),
        _ => Table::new(),
    }
}

#[expect(
    clippy::expect_used,
    reason = "what was made a table a line before is a table"
)]
fn section_of<'a>(table: &'a mut Table, name: &str) -> &'a mut Table {
    let section = table.entry(name).or_insert_with(|| Table::new().into());
    if !section.is_table() {
        *section = Table::new().into();
    }
    section.as_table_mut().expect("a table")
}

/// The text of a configuration file, with one line of comment above each section.
pub fn render(table: &Table) -> String {
    let mut text = String::from(
        "# Written by `keymend setup`, which can be run again at any time.\n\
         # `keymend config example` shows every key there is.\n",
    );
    for (name, comment) in SECTIONS {
        if name == "mail" {
            directories(&mut text, table);
        }
        if let Some(Value::Table(section)) = table.get(name).filter(|part| !is_empty(part)) {
            text.push_str(&format!("\n# {comment}\n"));
            write_section(&mut text, name, section);
        }
    }
    text
}

fn directories(text: &mut String, table: &Table) {
    let sections = table.get("directory").and_then(Value::as_table);
    for (name, section) in sections.into_iter().flatten() {
        if let Value::Table(section) = section {
            text.push_str(
                "\n# The directory.  Accounts are stored under its name: do not change it.\n",
            );
            write_section(text, &format!("directory.{name}"), section);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_table().is_some_and(Table::is_empty)
}

fn write_section(text: &mut String, name: &str, section: &Table) {
    text.push_str(&format!("[{name}]\n"));
    let place = |key: &str| {
        ORDER
            .iter()
            .position(|known| *known == key)
            .unwrap_or(ORDER.len())
    };
    let mut keys: Vec<&String> = section.keys().collect();
    keys.sort_by_key(|key| place(key));
    for key in keys {
        if let Some(value) = section.get(key) {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn what_nobody_asked_for_stays_as_it_was() {
        let present: Table = r#"
            log = { level = "debug" }
            [site]
            organisation = "Old"
            helpdesk = "mailto:help@corp.test"
            [directory.corp]
            kind = "ldap"
            title = "Corp"
            service_connections = 9
        "#
        .parse()
        .unwrap();
        let mut wizard = Wizard::default();
        wizard.answers.set("site.organisation", "New");
        wizard.answers.set("directory.name", "corp");
        wizard
            .answers
            .set("directory.servers", vec!["ldap://dc1".to_owned()]);
        wizard.answers.set("listen.how", "proxy");
        wizard
            .answers
            .set("listen.trusted_proxies", vec!["127.0.0.1/32".to_owned()]);
        expect![[r#"
            # Written by `keymend setup`, which can be run again at any time.
            # `keymend config example` shows every key there is.

            # What people see, and the address they see it at.
            [site]
            organisation = "New"
            helpdesk = "mailto:help@corp.test"

            # Where the service listens.
            [listen]
            trusted_proxies = ["127.0.0.1/32"]

            # Where the service keeps its data.
            [store]
            data_dir = "data"

            # Where the keys are.  Keep a copy of them in a safe place.
            [keys]
            root_file = "root.key"

            # The directory.  Accounts are stored under its name: do not change it.
            [directory.corp]
            kind = "ldap"
            title = "Corp"
            urls = ["ldap://dc1"]
            service_connections = 9
            start_tls = true

            # What is written to the log.
            [log]
            level = "debug"
        "#]]
        .assert_eq(&render(&table(&present, &wizard)));
    }
}
