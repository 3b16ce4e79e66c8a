//! The same without anybody at a terminal: an answer file.

use std::fs;

use keymend_lab::{
    Ds389, Ds389Options, Samba, SambaOptions, SambaVersion, Slapd, SlapdOptions, ds389, samba,
    slapd,
};

use super::Site;

fn answers(site: &Site, directory: &str) -> String {
    site.write("service.password", slapd::SERVICE_PASSWORD);
    site.write("smtp.password", site.smtp.password());
    format!(
        r#"
[site]
organisation = "Corp"
public_origin = "{origin}"
region = "GB"

[directory]
name = "corp"
password_file = "service.password"
{directory}

[listen]
address = "127.0.0.1:{port}"
certificate_file = "tls/server.pem"
key_file = "tls/server.key"

[mail]
host = "localhost"
port = {mail_port}
username = "{mail_user}"
password_file = "smtp.password"
from = "Corp <no-reply@lab.test>"
ca_file = "{mail_ca}"
"#,
        origin = site.origin(),
        port = site.port,
        mail_port = site.smtp.port(),
        mail_user = site.smtp.user(),
        mail_ca = site.smtp.ca_file().display(),
    )
}

fn openldap(slapd: &Slapd, trust: &str) -> String {
    format!(
        r#"
servers = ["127.0.0.1:{port}"]
{trust}
account = "{account}"
default_policy = "cn=default,ou=policies,dc=lab,dc=test"
base = "{base}"
[policy]
scope = "selected"
groups = ["staff"]
administrator_groups = ["admins"]
i_understand = true
[test]
account = "jane.doe"
"#,
        port = slapd.tls_port(),
        account = slapd::SERVICE_DN,
        base = slapd::PEOPLE_DN,
    )
}

#[test]
fn an_answer_file_sets_up_openldap_once_the_fingerprint_is_agreed_to() {
    let (site, slapd) = (Site::new(), Slapd::start(SlapdOptions::default()));
    site.write("answers.toml", &answers(&site, &openldap(&slapd, "")));
    let before = site.names();
    let said = site.refuses(&["setup", "--answers", "answers.toml"]);
    assert!(said.contains("directory.authority_fingerprint"), "{said}");
    assert!(said.contains("CN=Keymend lab authority"), "{said}");
    assert_eq!(site.names(), before);

    let trust = format!("authority_fingerprint = \"{}\"", fingerprint(&slapd));
    site.write("answers.toml", &answers(&site, &openldap(&slapd, &trust)));
    let shown = site.does(&["setup", "--answers", "answers.toml", "--dry-run"]);
    assert!(shown.contains("[directory.corp]"), "{shown}");
    assert_eq!(site.names(), before);

    let shown = site.does(&["setup", "--answers", "answers.toml"]);
    assert!(shown.contains("the policy is now version 1"), "{shown}");
    assert!(
        site.does(&["config", "check", "--connect"])
            .contains("directory.corp  ok")
    );
    assert!(
        site.does(&["policy", "show"])
            .contains("the members of cn=staff")
    );

    // Again, with nothing different: the same configuration, and no new policy.
    let text = fs::read_to_string(site.path("keymend.toml")).unwrap();
    let shown = site.does(&["setup", "--answers", "answers.toml"]);
    assert!(shown.contains("nothing changed"), "{shown}");
    assert_eq!(fs::read_to_string(site.path("keymend.toml")).unwrap(), text);
}

#[test]
fn an_answer_file_sets_up_active_directory() {
    let options = SambaOptions {
        version: SambaVersion::V4_25,
        ..SambaOptions::default()
    };
    let (site, domain) = (Site::new(), Samba::start(options));
    // Else the service refuses to run with an account that could reset them.
    domain.seal_tier_zero();
    let directory = format!(
        r#"
servers = ["localhost:{port}"]
ca_file = "{ca}"
account = "{account}"
base = "{base}"
[policy]
scope = "selected"
groups = ["staff"]
administrator_groups = ["Domain Admins"]
i_understand = true
[test]
account = "jane.doe"
"#,
        port = domain.tls_port(),
        ca = domain.ca_file().display(),
        account = samba::SERVICE_UPN,
        base = samba::PEOPLE_DN,
    );
    site.write("answers.toml", &answers(&site, &directory));
    site.does(&["setup", "--answers", "answers.toml"]);
    assert!(
        site.does(&["config", "check", "--connect"])
            .contains("directory.corp  ok")
    );
    let shown = site.does(&["account", "show", "jane.doe"]);
    assert!(shown.contains("in order"), "{shown}");
}

#[test]
fn everything_that_is_wrong_with_the_answers_is_said_at_once_and_nothing_is_written() {
    let (site, slapd) = (Site::new(), Slapd::start(SlapdOptions::default()));
    let trust = format!("ca_file = \"{}\"", slapd.ca_file().display());
    let good = answers(&site, &openldap(&slapd, &trust));
    let refused = |text: &str, expected: &[&str]| {
        site.write("answers.toml", text);
        let before = site.names();
        let said = site.refuses(&["setup", "--answers", "answers.toml"]);
        for part in expected {
            assert!(said.contains(part), "no {part:?} in\n{said}");
        }
        assert_eq!(site.names(), before);
    };
    let several = good
        .replace(slapd::PEOPLE_DN, "ou=nobody,dc=lab,dc=test")
        .replace("\"staff\"", "\"no-such-group\"")
        .replace("region = \"GB\"", "region = \"Britain\"")
        .replace("host = \"localhost\"", "host = \"nowhere.invalid\"");
    refused(
        &several,
        &[
            "directory.base = \"ou=nobody,dc=lab,dc=test\": ou=nobody,dc=lab,dc=test is not there",
            "no group is called no-such-group",
            "site.region = \"Britain\"",
            "mail.host = \"nowhere.invalid\"",
            "answers.toml:",
        ],
    );
    refused(
        &good.replace("servers = [\"127.0.0.1", "servers = [\"nowhere.invalid"),
        &["directory.servers", "name:"],
    );
    refused(
        &good.replace("region =", "regoin ="),
        &["answers.toml:5: site.regoin: is not a known key; did you mean region?"],
    );
    site.write("other.password", "Not-Its-Passw0rd");
    let wrong = good.replace("\"service.password\"", "\"other.password\"");
    refused(&wrong, &["directory.account", "sign-in:"]);
    let print = "AB:".repeat(32);
    let other = good.replace(&trust, &format!("authority_fingerprint = \"{print}\""));
    refused(
        &other,
        &[
            "directory.authority_fingerprint",
            "which this machine does not trust",
        ],
    );
}

/// As `openssl` shows it.
fn fingerprint(slapd: &Slapd) -> String {
    let output = std::process::Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(slapd.ca_file())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().split_once('=').unwrap().1.to_owned()
}

#[test]
fn an_answer_file_sets_up_a_389_server_with_a_list_of_leaked_passwords() {
    let (site, server) = (Site::new(), Ds389::start(Ds389Options::default()));
    let leaked = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n";
    site.write("list.txt", leaked);
    site.does(&[
        "breach",
        "build",
        "--from",
        "list.txt",
        "--to",
        "leaked.kmb",
    ]);
    let directory = |file: &str| {
        format!(
            r#"
servers = ["localhost:{port}"]
ca_file = "{ca}"
account = "{account}"
base = "{base}"
[policy]
scope = "selected"
groups = ["staff"]
administrator_groups = ["admins"]
i_understand = true
[breach]
file = "{file}"
[test]
account = "jane.doe"
"#,
            port = server.tls_port(),
            ca = server.ca_file().display(),
            account = ds389::SERVICE_DN,
            base = ds389::PEOPLE_DN,
        )
    };
    site.write("answers.toml", &answers(&site, &directory("list.txt")));
    let said = site.refuses(&["setup", "--answers", "answers.toml"]);
    assert!(said.contains("breach.file"), "{said}");

    site.write("answers.toml", &answers(&site, &directory("leaked.kmb")));
    let shown = site.does(&["setup", "--answers", "answers.toml"]);
    // One unit of the lab is out of the account's reach.
    assert!(shown.contains("The rights of the account"), "{shown}");
    assert!(shown.contains("missing: write userPassword"), "{shown}");
    assert!(shown.contains("ou=guarded"), "{shown}");
    let checked = site.does(&["config", "check", "--connect"]);
    assert!(checked.contains("directory.corp  ok"), "{checked}");
    let shown = site.does(&["account", "show", "jane.doe"]);
    assert!(shown.contains("in order"), "{shown}");
    let text = fs::read_to_string(site.path("keymend.toml")).unwrap();
    assert!(text.contains("file = \"leaked.kmb\""), "{text}");
    let status = site.does(&["directory", "status", "--now"]);
    assert!(status.contains("Connected with limits"), "{status}");
}
