//! What an administrator is told about a configuration.

mod certificate;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use keymend_domain::route::Realms;

use super::*;
use certificate::certificate_and_key;

const ROOT: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const GOOD: &str = r#"
[site]
organisation = "Corp"
public_origin = "https://reset.corp.test"
region = "GB"
[listen]
trusted_proxies = ["10.0.0.0/8"]
[store]
data_dir = "data"
[keys]
root_file = "root.key"
[directory.corp]
kind = "ldap"
title = "Corp"
urls = ["ldaps://dc1.corp.test"]
bind_dn = "cn=keymend,dc=corp,dc=test"
bind_password_file = "bind.password"
base = "ou=people,dc=corp,dc=test"
"#;

/// A folder with a configuration file and the secret files it names.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(config: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.secret("root.key", ROOT);
        folder.secret("root.key.audit", &ROOT.replace("1f", "7f"));
        folder.secret("bind.password", "correct horse\n");
        fs::write(folder.path("keymend.toml"), config).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        self.mode(name, 0o600);
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self) -> Result<Config, ConfigFaults> {
        self.load_in(&[])
    }

    fn load_in(&self, environment: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
        let pairs = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load_in(&self.path("keymend.toml"), &Environment::from_pairs(pairs))
    }

    /// The faults, without the folder that is another one each time.
    fn faults(&self) -> String {
        self.faults_in(&[])
    }

    fn faults_in(&self, environment: &[(&str, &str)]) -> String {
        let folder = format!("{}/", self.0.path().display());
        let faults = self.load_in(environment).unwrap_err().to_string();
        faults.replace(&folder, "")
    }
}

fn check(config: &str, expected: &Expect) {
    expected.assert_eq(&Folder::with(config).faults());
}

#[test]
fn a_good_file_becomes_a_configuration_with_its_defaults() {
    let folder = Folder::with(GOOD);
    let config = folder.load().unwrap();
    assert_eq!(config.remarks, []);
    assert_eq!(config.site.public_origin.authority(), "reset.corp.test");
    assert_eq!(config.listen.address.port(), 8443);
    assert_eq!(config.data_dir, folder.path("data"));
    let corp = &config.directories[0];
    assert_eq!((corp.name.as_str(), corp.write_timeout_secs), ("corp", 30));
    assert_eq!(corp.bind_password.expose(), "correct horse");
    assert_eq!(corp.group_base, "ou=people,dc=corp,dc=test");
    assert!(config.mail.is_none() && config.texts.is_none());
}

#[test]
fn a_plain_connection_to_a_directory_is_refused_in_the_house_form() {
    check(
        &GOOD.replace("ldaps://dc1.corp.test", "ldap://dc1"),
        &expect![[
            r#"keymend.toml:15: directory.corp.urls[0] = "ldap://dc1": passwords cannot be written over a plain connection; use ldaps:// or set start_tls = true"#
        ]],
    );
}

#[test]
fn every_fault_is_reported_at_once_and_one_section_hides_no_other() {
    let config = GOOD
        .replace("organisation", "organization")
        .replace("region = \"GB\"", "region = 44")
        .replace("[\"10.0.0.0/8\"]", "[\"0.0.0.0/0\"]")
        .replace(
            "kind = \"ldap\"",
            "kind = \"ldpa\"\nconnect_timeout_secs = 31",
        )
        .replace("root.key", "lost.key")
        + "[mail]\nservers = [{ host = \"mail.corp.test\", tls = \"none\" }]\nfrom = \"nobody\"\n";
    check(
        &config,
        &expect![[r#"
        keymend.toml:2: site.organisation: is missing; add for instance organisation = "Example Organisation"
        keymend.toml:3: site.organization: is not a known key; did you mean organisation?
        keymend.toml:5: site.region = 44: is a number; write a text, for instance "GB"
        keymend.toml:7: listen.trusted_proxies[0] = "0.0.0.0/0": is everybody, and would let anybody name any address as his own; name the addresses of your proxies
        keymend.toml:11: keys.root_file = "lost.key": names a file that does not exist; make it, once: keymend keys new lost.key
        keymend.toml:13: directory.corp.kind = "ldpa": is not one of the choices; did you mean "ldap"?
        keymend.toml:14: directory.corp.connect_timeout_secs = 31: is out of range; write a whole number from 1 to 30
        keymend.toml:21: mail.servers[0].tls = "none": codes cannot be sent over a plain connection; write start-tls or tls; none is for localhost alone
        keymend.toml:22: mail.from = "nobody": is not a mail address; write ADDRESS, or "Name <ADDRESS>""#]],
    );
}

#[test]
fn a_secret_in_the_file_is_refused_without_being_repeated() {
    let config = GOOD.replace(
        "bind_password_file = \"bind.password\"",
        "bind_password = \"hunter2\"",
    );
    check(
        &config,
        &expect![
            "keymend.toml:17: directory.corp.bind_password: is not a known key; secrets do not stand in this file: write it into a file of its own and name that with bind_password_file"
        ],
    );
}

#[test]
fn sample_values_and_placeholders_are_refused_by_name() {
    let config = GOOD
        .replace("\"Corp\"\npublic", "\"Example Organisation\"\npublic")
        .replace("reset.corp.test", "reset.example.org")
        + "[mail]\nservers = [{ host = \"mail.example.org\" }]\nfrom = \"a@corp.test\"\n";
    let folder = Folder::with(&config);
    folder.secret("bind.password", "ChangeMe");
    expect![[r#"
        keymend.toml:3: site.organisation = "Example Organisation": is the sample value; write your own
        keymend.toml:4: site.public_origin = "https://reset.example.org": is the sample value; write your own
        keymend.toml:17: directory.corp.bind_password_file = "bind.password": holds a placeholder instead of a secret; write the real one there
        keymend.toml:20: mail.servers[0].host = "mail.example.org": is the sample value; write your own"#]].assert_eq(&folder.faults());
}

#[test]
fn secret_files_that_others_can_read_are_refused_with_the_command_that_mends_it() {
    let folder = Folder::with(GOOD);
    folder.mode("root.key", 0o644);
    folder.mode("root.key.audit", 0o440);
    folder.mode("bind.password", 0o604);
    expect![[r#"
        keymend.toml:10: keys.audit_file: others than its owner can get at it (mode 0440); run: chmod 0600 root.key.audit
        keymend.toml:11: keys.root_file = "root.key": others than its owner can get at it (mode 0644); run: chmod 0600 root.key
        keymend.toml:17: directory.corp.bind_password_file = "bind.password": others than its owner can get at it (mode 0604); run: chmod 0600 bind.password"#]].assert_eq(&folder.faults());
}

#[test]
fn a_missing_root_key_is_made_once_and_restored_where_data_is() {
    let folder = Folder::with(&GOOD.replace("root.key", "lost.key"));
    folder.secret("lost.key.audit", ROOT);
    expect![[r#"keymend.toml:11: keys.root_file = "lost.key": names a file that does not exist; make it, once: keymend keys new lost.key"#]].assert_eq(&folder.faults());
    fs::create_dir(folder.path("data")).unwrap();
    folder.mode("data", 0o700);
    folder.secret("data/keymend.db", "rows");
    expect![[r#"keymend.toml:11: keys.root_file = "lost.key": names a file that does not exist; restore it from its safe copy: the data was written with it, and a new key cannot read it"#]].assert_eq(&folder.faults());
}

#[test]
fn secrets_may_come_from_the_environment_with_a_remark_but_keys_may_not() {
    let folder = Folder::with(&GOOD.replace("bind_password_file = \"bind.password\"\n", ""));
    expect!["keymend.toml:12: directory.corp.bind_password_file: is missing: without a password the directory would take Keymend for anybody; name a file with the password of bind_dn"].assert_eq(&folder.faults());
    let config = folder
        .load_in(&[
            ("KEYMEND_DIRECTORY_CORP_BIND_PASSWORD", "from outside"),
            ("HOME", "/"),
        ])
        .unwrap();
    assert_eq!(config.directories[0].bind_password.expose(), "from outside");
    assert_eq!(config.remarks.len(), 1);
    assert!(config.remarks[0].reason.contains("other programs may read"));
    let faults = Folder::with(GOOD).faults_in(&[("KEYMEND_ROOT_KEY", ROOT)]);
    expect!["keymend.toml: environment.KEYMEND_ROOT_KEY: a key stands in the environment; unset it and draw new keys: it may have been read; keys come from files alone"].assert_eq(&faults);
    assert!(!faults.contains(ROOT));
}

#[test]
fn neither_a_certificate_nor_a_proxy_is_refused() {
    check(
        &GOOD.replace("trusted_proxies = [\"10.0.0.0/8\"]", "address = \"8443\""),
        &expect![[r#"
            keymend.toml:6: listen.tls: passwords cannot be asked for over a plain connection; set tls = { certificate_file = "…", key_file = "…" }, or name the proxies that encrypt with trusted_proxies
            keymend.toml:7: listen.address = "8443": is not an address with a port; write for instance 0.0.0.0:8443 or [::]:8443"#]],
    );
}

#[test]
fn what_is_not_toml_is_named_by_line() {
    check(
        "[site\norganisation = \"x\nregion == 3\n",
        &expect![[r#"
            keymend.toml:1: is not TOML: unclosed table, expected `]`; correct this line
            keymend.toml:3: is not TOML: extra `=`, expected nothing; correct this line
            keymend.toml:3: is not TOML: unexpected key or value, expected newline, `#`; correct this line"#]],
    );
    assert!(Config::load(&PathBuf::from("/nowhere/keymend.toml")).is_err());
}

#[test]
fn nothing_of_a_configuration_prints_a_secret() {
    let printed = format!("{:?}", Folder::with(GOOD).load().unwrap());
    assert!(!printed.contains("correct horse") && !printed.contains(ROOT));
}

#[test]
fn the_example_file_is_refused_until_its_samples_are_replaced_and_then_it_works() {
    let example = reference::example_file();
    let folder = Folder::with(&example);
    let faults = folder.faults();
    assert!(faults.contains("is the sample value"), "{faults}");
    assert!(
        !faults.contains("not a known key") && !faults.contains("not one of"),
        "{faults}"
    );

    let own = example
        .replace("Example Organisation", "Corp")
        .replace("example.org", "corp.test")
        .replace("dc=example,dc=org", "dc=corp,dc=test")
        .replace("AC00000000000000000000000000000000", "AC1f")
        .replace("+441632960000", "+441632960999")
        .replace("/etc/keymend/", "")
        .replace("/var/lib/keymend", "data");
    fs::write(folder.path("keymend.toml"), own).unwrap();
    for name in ["corp.password", "mail.password", "texts.token"] {
        folder.secret(name, "correct horse");
    }
    fs::create_dir(folder.path("tls")).unwrap();
    let (certificate, key) = certificate_and_key();
    folder.secret("tls/fullchain.pem", &certificate);
    folder.secret("tls/privkey.pem", &key);
    let config = folder.load().map_err(|faults| faults.to_string()).unwrap();
    assert!(config.listen.tls.is_some() && config.mail.is_some() && config.texts.is_some());
}

#[test]
fn a_key_of_another_certificate_is_noticed() {
    let tls = "tls = { certificate_file = \"c.pem\", key_file = \"k.pem\" }";
    let folder = Folder::with(&GOOD.replace("trusted_proxies = [\"10.0.0.0/8\"]", tls));
    folder.secret("c.pem", &certificate_and_key().0);
    folder.secret("k.pem", &certificate_and_key().1);
    let faults = folder.faults();
    assert!(
        faults.contains("does not belong to the certificate"),
        "{faults}"
    );
}

proptest::proptest! {
    #[test]
    fn no_file_makes_the_check_fall_over(text in "[a-z\\[\\]{}=\"'.,#0-9 \n-]{0,200}") {
        let folder = Folder::with(&format!("{text}\n"));
        proptest::prop_assert!(folder.load().is_err_and(|faults| !faults.0.is_empty()));
    }

    #[test]
    fn no_value_makes_the_check_fall_over(value in ".{0,60}") {
        let value = toml::Value::String(value).to_string();
        for old in ["\"https://reset.corp.test\"", "\"ldaps://dc1.corp.test\"", "\"GB\"", "\"10.0.0.0/8\""] {
            let folder = Folder::with(&GOOD.replace(old, &value));
            let faults = folder.load().map_err(|faults| faults.0.len());
            proptest::prop_assert_ne!(faults.err(), Some(0));
        }
    }
}

/// The good file with these lines in its directory, and a second one with those.
fn two(corp: &str, branch: &str) -> String {
    let (_, section) = GOOD.split_once("[directory.corp]").unwrap();
    format!("{GOOD}{corp}\n[directory.branch]{section}{branch}\n")
}

#[test]
fn endings_and_domains_are_read_in_one_spelling_and_none_need_be_written() {
    let corp = "suffixes = [\"Corp.TEST.\", \"bücher.test\"]\ndomains = []";
    let config = Folder::with(&two(corp, "")).load().unwrap();
    let [branch, corp] = config.directories.as_slice() else {
        panic!("two directories")
    };
    assert_eq!(branch.realms, Realms::default());
    let suffixes = corp.realms.suffixes.iter();
    let suffixes: Vec<&str> = suffixes.map(|realm| realm.as_str()).collect();
    assert_eq!(suffixes, ["corp.test", "xn--bcher-kva.test"]);
    assert!(corp.realms.domains.is_empty());
}

#[test]
fn an_ending_or_a_domain_belongs_to_one_directory() {
    check(
        &two(
            "suffixes = [\"a.test\", \"Corp.test\"]\ndomains = [\"CORP\"]",
            "suffixes = [\"corp.TEST\"]\ndomains = [\"corp\"]",
        ),
        &expect![[r#"
            keymend.toml:19: directory.corp.suffixes = ["a.test", "Corp.test"]: corp.test is claimed by directory.branch as well; keep it in the one directory that such names mean; to have both asked, take it out of both
            keymend.toml:20: directory.corp.domains = ["CORP"]: corp is claimed by directory.branch as well; keep it in the one directory that such names mean; to have both asked, take it out of both"#]],
    );
    check(
        &two("suffixes = [\"@corp.test\"]\ndomains = [\"CORP\\\\\"]", ""),
        &expect![[r#"
            keymend.toml:19: directory.corp.suffixes[0] = "@corp.test": "@corp.test" is not the name of a domain; write it without @ or \, for instance example.org
            keymend.toml:20: directory.corp.domains[0] = "CORP\\": "CORP\\" is not the name of a domain; write it without @ or \, for instance example.org"#]],
    );
}
