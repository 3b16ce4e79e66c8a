//! The commands that give a service account what Keymend needs, and nothing more.

/// The tool a grant is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantTool {
    /// `samba-tool`, on a Samba domain controller.
    SambaTool,
    /// `dsacls`, on a Windows domain controller.
    Dsacls,
    /// PowerShell with the module ActiveDirectory.
    PowerShell,
    /// Access rules of OpenLDAP, as LDIF for `cn=config`.
    OlcAccess,
    /// Access control items of 389 Directory Server and FreeIPA, as LDIF.
    Aci,
}

/// Who gets the rights, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grantee {
    /// The service account, as it signs in: a DN, `name@domain` or `DOMAIN\name`.
    pub account: String,
    /// Its security identifier, if it is known (Active Directory).
    pub sid: Option<String>,
    /// The units with the people.
    pub units: Vec<String>,
}

/// What to give to one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The tool.
    pub tool: GrantTool,
    /// Where to run it, in words.
    pub title: &'static str,
    /// The commands.
    pub text: String,
}

/// The control access right Reset Password, the class `user` and the two attributes
/// (MS-ADTS 5.1.3.2.1; MS-ADSC, class user; MS-ADA1 and MS-ADA3).
const RESET_PASSWORD: &str = "00299570-246d-11d0-a768-00aa006e0529";
const USER: &str = "bf967aba-0de6-11d0-a285-00aa003049e2";
const LOCKOUT_TIME: &str = "28630ebf-41d5-11d1-a9c1-0000f80367c1";
const PWD_LAST_SET: &str = "bf967a0a-0de6-11d0-a285-00aa003049e2";

impl Grantee {
    /// For a Samba or Windows domain.
    #[must_use]
    pub fn active_directory(&self) -> Vec<Grant> {
        vec![
            Grant {
                tool: GrantTool::SambaTool,
                title: "Samba, as root on a domain controller",
                text: self.samba_tool(),
            },
            Grant {
                tool: GrantTool::Dsacls,
                title: "Windows, as a domain administrator at a command prompt",
                text: self.dsacls(),
            },
            Grant {
                tool: GrantTool::PowerShell,
                title: "Windows, the same in PowerShell",
                text: self.power_shell(),
            },
        ]
    }

    /// For OpenLDAP.
    #[must_use]
    pub fn open_ldap(&self) -> Grant {
        let mut text =
            "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n".to_owned();
        let account = quoted_dn(&self.account);
        let mut number = 0;
        for unit in &self.units {
            let place = format!("to dn.subtree={}", quoted_dn(unit));
            for (what, right) in [
                (" attrs=userPassword", "=w"),
                (" attrs=pwdAccountLockedTime", "write"),
                ("", "read"),
            ] {
                text.push_str(&format!(
                    "olcAccess: {{{number}}}{place}{what} by dn.exact={account} {right} by * break\n"
                ));
                number += 1;
            }
        }
        Grant {
            tool: GrantTool::OlcAccess,
            title: "OpenLDAP, as root: ldapmodify -Y EXTERNAL -H ldapi:/// -f FILE \
                    (put the number and kind of your data base for {1}mdb)",
            text,
        }
    }

    /// For 389 Directory Server and FreeIPA.
    #[must_use]
    pub fn ds389(&self) -> Grant {
        let account = &self.account;
        let one = |unit: &String| {
            let mut text = format!("dn: {unit}\nchangetype: modify\nadd: aci\n");
            for (attributes, name, right) in [
                ("userPassword", "set passwords", "write"),
                (
                    "accountUnlockTime || passwordRetryCount",
                    "unlock",
                    "read, search, compare, write",
                ),
            ] {
                text.push_str(&format!(
                    "aci: (targetattr = \"{attributes}\")(version 3.0; acl \"Keymend: {name}\"; \
                     allow ({right}) userdn = \"ldap:///{account}\";)\n"
                ));
            }
            text
        };
        Grant {
            tool: GrantTool::Aci,
            title: "389 Directory Server, as the directory manager: ldapmodify -f FILE",
            text: self.units.iter().map(one).collect::<Vec<_>>().join("\n"),
        }
    }

    fn samba_tool(&self) -> String {
        let mut text = String::new();
        let sid = match &self.sid {
            Some(sid) => sid.clone(),
            None => {
                text.push_str(&format!(
                    "SID=$(samba-tool user show {} --attributes=objectSid | awk '/^objectSid:/ \
                     {{print $2}}')\n",
                    shell_word(&self.login())
                ));
                "'\"$SID\"'".to_owned()
            }
        };
        let on_people =
            |rights: &str, what: &str| format!("(OA;CIIO;{rights};{what};{USER};{sid})");
        let list = on_people("CR", RESET_PASSWORD)
            + &on_people("RPWP", LOCKOUT_TIME)
            + &on_people("RPWP", PWD_LAST_SET);
        let mut add = |dn: &str, list: &str| {
            let dn = shell_word(dn);
            text.push_str(&format!(
                "samba-tool dsacl set --objectdn={dn} --sddl='{list}'\n"
            ));
        };
        for unit in &self.units {
            add(unit, &list);
        }
        if let Some(container) = self.settings_container() {
            add(&container, &format!("(A;CI;RPLCRC;;;{sid})"));
        }
        text
    }

    fn dsacls(&self) -> String {
        let account = self.windows_name();
        let mut text = String::new();
        for unit in &self.units {
            for right in ["CA;Reset Password", "RPWP;lockoutTime", "RPWP;pwdLastSet"] {
                text.push_str(&format!(
                    "dsacls \"{unit}\" /I:S /G \"{account}:{right};user\"\n"
                ));
            }
        }
        if let Some(container) = self.settings_container() {
            text.push_str(&format!(
                "dsacls \"{container}\" /I:T /G \"{account}:GR\"\n"
            ));
        }
        text
    }

    fn power_shell(&self) -> String {
        let login = power_shell_word(&self.login());
        let mut text = format!(
            "Import-Module ActiveDirectory\n\
             $sid = (Get-ADUser {login}).SID\n\
             $user = [guid]'{USER}'\n\
             function Grant($unit, $right, $what) {{\n\
             \x20 $rule = New-Object System.DirectoryServices.ActiveDirectoryAccessRule($sid, \
             $right, 'Allow', [guid]$what, 'Descendents', $user)\n\
             \x20 $acl = Get-Acl \"AD:\\$unit\"; $acl.AddAccessRule($rule); Set-Acl \"AD:\\$unit\" \
             $acl\n\
             }}\n"
        );
        for unit in &self.units {
            let unit = power_shell_word(unit);
            for (right, what) in [
                ("ExtendedRight", RESET_PASSWORD),
                ("ReadProperty, WriteProperty", LOCKOUT_TIME),
                ("ReadProperty, WriteProperty", PWD_LAST_SET),
            ] {
                text.push_str(&format!("Grant {unit} '{right}' '{what}'\n"));
            }
        }
        text
    }

    /// The name of the account alone.
    fn login(&self) -> String {
        let account = self.account.as_str();
        let after = |text: &str, sign| text.split_once(sign).map(|(_, after)| after.to_owned());
        if let Some((first, _)) = account.split_once(',')
            && let Some(name) = after(first, '=')
        {
            return name;
        }
        let name = after(account, '\\').unwrap_or_else(|| account.to_owned());
        name.split('@').next().unwrap_or_default().to_owned()
    }

    /// A name that Windows tools take.
    fn windows_name(&self) -> String {
        if self.account.contains('=') {
            self.login()
        } else {
            self.account.clone()
        }
    }

    /// Where a domain keeps its password settings objects.
    fn settings_container(&self) -> Option<String> {
        let unit = self.units.first()?;
        let is_domain = |part: &&str| part.trim_start().to_ascii_lowercase().starts_with("dc=");
        let domain: Vec<&str> = unit.split(',').filter(is_domain).collect();
        (!domain.is_empty()).then(|| {
            let domain = domain.join(",");
            format!("CN=Password Settings Container,CN=System,{domain}")
        })
    }
}

/// A word for a POSIX shell (Shell Command Language 2.2.2).
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word for PowerShell, where a single quote is written twice.
fn power_shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name inside an access rule (slapd.access(5)).
fn quoted_dn(dn: &str) -> String {
    format!("\"{}\"", dn.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn grantee(account: &str) -> Grantee {
        Grantee {
            account: account.into(),
            sid: Some("S-1-5-21-1-2-3-1105".into()),
            units: vec!["OU=O'Hare,DC=corp,DC=test".into()],
        }
    }

    #[test]
    fn samba_is_told_the_three_rights_and_the_settings_container() {
        expect![[r#"
            samba-tool dsacl set --objectdn='OU=O'\''Hare,DC=corp,DC=test' --sddl='(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)(OA;CIIO;RPWP;28630ebf-41d5-11d1-a9c1-0000f80367c1;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)(OA;CIIO;RPWP;bf967a0a-0de6-11d0-a285-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-1-2-3-1105)'
            samba-tool dsacl set --objectdn='CN=Password Settings Container,CN=System,DC=corp,DC=test' --sddl='(A;CI;RPLCRC;;;S-1-5-21-1-2-3-1105)'
        "#]]
        .assert_eq(&grantee("svc@corp.test").samba_tool());
    }

    #[test]
    fn windows_is_told_in_both_its_languages() {
        expect![[r#"
            dsacls "OU=O'Hare,DC=corp,DC=test" /I:S /G "CORP\svc:CA;Reset Password;user"
            dsacls "OU=O'Hare,DC=corp,DC=test" /I:S /G "CORP\svc:RPWP;lockoutTime;user"
            dsacls "OU=O'Hare,DC=corp,DC=test" /I:S /G "CORP\svc:RPWP;pwdLastSet;user"
            dsacls "CN=Password Settings Container,CN=System,DC=corp,DC=test" /I:T /G "CORP\svc:GR"
        "#]]
        .assert_eq(&grantee(r"CORP\svc").dsacls());
        let script = grantee("CN=svc,OU=Service,DC=corp,DC=test").power_shell();
        assert!(script.contains("(Get-ADUser 'svc').SID"));
        assert!(script.contains("Grant 'OU=O''Hare,DC=corp,DC=test' 'ExtendedRight'"));
    }

    #[test]
    fn open_ldap_lets_the_account_write_passwords_and_never_read_them() {
        expect![[r#"
            dn: olcDatabase={1}mdb,cn=config
            changetype: modify
            add: olcAccess
            olcAccess: {0}to dn.subtree="OU=O'Hare,DC=corp,DC=test" attrs=userPassword by dn.exact="uid=svc,dc=corp" =w by * break
            olcAccess: {1}to dn.subtree="OU=O'Hare,DC=corp,DC=test" attrs=pwdAccountLockedTime by dn.exact="uid=svc,dc=corp" write by * break
            olcAccess: {2}to dn.subtree="OU=O'Hare,DC=corp,DC=test" by dn.exact="uid=svc,dc=corp" read by * break
        "#]]
        .assert_eq(&grantee("uid=svc,dc=corp").open_ldap().text);
    }

    #[test]
    fn an_account_whose_identifier_is_not_known_is_looked_up_by_the_shell() {
        let mut grantee = grantee("svc@corp.test");
        grantee.sid = None;
        let text = grantee.samba_tool();
        assert!(text.starts_with("SID=$(samba-tool user show 'svc' --attributes=objectSid"));
        assert!(text.contains(r#";'"$SID"')"#));
    }
}
