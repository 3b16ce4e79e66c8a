//! The server's configuration and first data.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{CONFIGURATION_PASSWORD, PasswordHash, SlapdOptions, people};
use crate::Certificates;
use crate::trouble::Trouble;

/// Writes `slapd.conf` and `data.ldif`, and makes the folder of the data base.
pub(super) fn write(
    folder: &Path,
    options: &SlapdOptions,
    certificates: &Certificates,
) -> Result<(), Trouble> {
    fs::create_dir(folder.join("data")).map_err(Trouble::during("making the data folder"))?;
    let configuration = configuration(folder, options, certificates);
    let now = now()?;
    let mut data = people::ldif(&now, options.has_password_policy);
    people::add_bulk(&mut data, options.bulk_accounts);
    data.push_str(&options.extra_ldif);
    for (file, text) in [("slapd.conf", configuration), ("data.ldif", data)] {
        fs::write(folder.join(file), text).map_err(Trouble::during(format!("writing {file}")))?;
    }
    Ok(())
}

/// The moment in LDAP's notation (`20261122093000Z`).
fn now() -> Result<String, Trouble> {
    let output = Command::new("date")
        .args(["-u", "+%Y%m%d%H%M%SZ"])
        .output()
        .map_err(Trouble::during("asking for the date"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn configuration(folder: &Path, options: &SlapdOptions, certificates: &Certificates) -> String {
    let mut text = String::new();
    for schema in ["core", "cosine", "inetorgperson", "nis"] {
        let _ = writeln!(text, "include /etc/ldap/schema/{schema}.schema");
    }
    text.push_str("modulepath /usr/lib/ldap\n");
    for module in modules(options) {
        let _ = writeln!(text, "moduleload {module}.la");
    }
    let _ = writeln!(
        text,
        "pidfile {folder}/pid\n\
         argsfile {folder}/args\n\
         TLSCertificateFile {certificate}\n\
         TLSCertificateKeyFile {key}\n\
         TLSCACertificateFile {authority}\n\
         security simple_bind={strength}\n\
         password-hash {hash}",
        folder = folder.display(),
        certificate = certificates.certificate_file().display(),
        key = certificates.key_file().display(),
        authority = certificates.ca_file().display(),
        strength = if options.refuses_plain_binds { 128 } else { 0 },
        hash = match options.password_hash {
            PasswordHash::Ssha => "{SSHA}",
            PasswordHash::Argon2 => "{ARGON2}",
        },
    );
    let _ = write!(
        text,
        "database config\nrootdn cn=config\nrootpw {CONFIGURATION_PASSWORD}\n\
         database mdb\n\
         suffix dc=lab,dc=test\n\
         rootdn cn=manager,dc=lab,dc=test\n\
         rootpw Manager-Passw0rd\n\
         directory {folder}/data\n\
         maxsize 1073741824\n\
         {sync}\n\
         {INDEXES}{RIGHTS}",
        folder = folder.display(),
        sync = if options.syncs_to_disk {
            ""
        } else {
            "dbnosync"
        },
    );
    text.push_str(match options.has_password_policy {
        true => RIGHTS_TO_UNLOCK,
        false => "",
    });
    text.push_str(RIGHTS_TO_READ);
    text.push_str(match options.has_password_policy {
        true => PASSWORD_POLICY,
        false => "",
    });
    text.push_str(GROUP_MEMBERSHIP);
    text
}

fn modules(options: &SlapdOptions) -> Vec<&'static str> {
    let mut modules = vec!["back_mdb", "memberof", "refint"];
    if options.has_password_policy {
        modules.push("ppolicy");
    }
    if options.password_hash == PasswordHash::Argon2 {
        modules.push("argon2");
    }
    modules
}

const INDEXES: &str = "\
index objectClass,uid,mail,cn,sn,member,memberOf,entryUUID,entryCSN eq
";

/// What the service account may do, and no more: write (never read) passwords and the state of
/// locks of the people it serves, and read the rest.  `ou=guarded` is where it may only read, so
/// that the refusal of a right can be seen, and the protected are out of its reach.
const RIGHTS: &str = r#"
access to dn.exact="uid=admin.ada,ou=people,dc=lab,dc=test" attrs=userPassword by self =xw by anonymous auth by * none
access to dn.subtree="ou=guarded,ou=people,dc=lab,dc=test" attrs=userPassword by self =xw by anonymous auth by * none
access to dn.subtree="ou=people,dc=lab,dc=test" attrs=userPassword by self =xw by dn.exact="uid=svc-keymend,ou=service,dc=lab,dc=test" =w by anonymous auth by * none
access to attrs=userPassword by self =xw by anonymous auth by * none
access to dn.subtree="ou=guarded,ou=people,dc=lab,dc=test" by dn.exact="uid=svc-keymend,ou=service,dc=lab,dc=test" read by self read by * none
"#;

/// The state of locks, which only exists where there is a policy; former passwords are nobody's.
const RIGHTS_TO_UNLOCK: &str = r#"access to attrs=pwdHistory by * none
access to dn.subtree="ou=people,dc=lab,dc=test" attrs=pwdReset,pwdAccountLockedTime,pwdFailureTime by dn.exact="uid=svc-keymend,ou=service,dc=lab,dc=test" write by self read by * none
"#;

const RIGHTS_TO_READ: &str = r#"access to * by dn.exact="uid=svc-keymend,ou=service,dc=lab,dc=test" read by self read by users read by * none
"#;

const PASSWORD_POLICY: &str = "\
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=lab,dc=test
ppolicy_use_lockout
ppolicy_hash_cleartext
";

const GROUP_MEMBERSHIP: &str = "\
overlay memberof
overlay refint
refint_attributes member memberOf
";
