//! The commands that give a service account what Keymend needs, and nothing more.

mod quoting;

use super::dn::DnKey;
use super::filter::Filter;
use quoting::{ldif_line, parts, power_shell_word, rule_dn, shell_word, url_dn, windows_dn};

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
    /// Access control items of 389 Directory Server, as LDIF.
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
    /// Where the groups are, if not in one of the units.
    pub group_base: Option<String>,
    /// Groups whose members are to stay out of its reach.
    pub protected_groups: Vec<String>,
    /// Attributes of people that the configuration names: logins, contacts, and those in its
    /// filter.
    pub attributes: Vec<String>,
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

/// What is read of people wherever they are; nothing that opens a door.
const PERSON: &str = "objectClass || uid || mail || mobile || telephoneNumber || cn || \
                      displayName || givenName || sn || preferredLanguage";
/// What 389 Directory Server shows of states to those alone who may read it by name.
const STATES: &str = "nsAccountLock || accountUnlockTime || passwordRetryCount || \
                      retryCountResetTime || passwordExpirationTime || passwordAllowChangeTime || \
                      pwdpolicysubentry || pwdUpdateTime || pwdReset || memberOf || nsUniqueId || \
                      entryusn || modifyTimestamp";
/// What is read of groups.
const GROUP: &str = "objectClass || cn || member || uniqueMember || memberUid";
/// The rules of `cn=config` that people are told.
const POLICY: &str = "objectClass || nsslapd-pwpolicy-local || passwordCheckSyntax || \
                      passwordMinLength || passwordMinCategories || passwordMinTokenLength || \
                      passwordHistory || passwordInHistory || passwordMinAge || passwordMaxAge || \
                      passwordExp || passwordMustChange || passwordChange || passwordLockout || \
                      passwordMaxFailure || passwordUnlock || passwordLockoutDuration || \
                      passwordResetFailureCount || passwordMinDigits || passwordMinAlphas || \
                      passwordMinUppers || passwordMinLowers || passwordMinSpecials || \
                      passwordMin8bit || passwordMaxRepeats || passwordMaxSequence || \
                      passwordMaxSeqSets || passwordMaxClassChars || passwordPalindrome || \
                      passwordDictCheck || passwordBadWords || passwordUserAttributes";

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
        let account = rule_dn(&self.account);
        let mut number = 0;
        for unit in &self.units {
            let place = format!("to dn.subtree={}", rule_dn(unit));
            // In front of the others: the first rule that speaks of it decides.
            for group in &self.protected_groups {
                let members = Filter::equal("memberOf", group);
                let rule = format!(
                    "{{{number}}}{place} filter=\"{members}\" attrs=userPassword \
                     by dn.exact={account} none by * break"
                );
                text.push_str(&ldif_line("olcAccess", &rule));
                number += 1;
            }
            for (what, right) in [
                (" attrs=userPassword", "=w"),
                (" attrs=pwdAccountLockedTime", "write"),
                ("", "read"),
            ] {
                let rule =
                    format!("{{{number}}}{place}{what} by dn.exact={account} {right} by * break");
                text.push_str(&ldif_line("olcAccess", &rule));
                number += 1;
            }
        }
        for group in self.groups_elsewhere() {
            let rule = format!(
                "{{{number}}}to dn.subtree={} attrs=entry,objectClass,cn,member,uniqueMember \
                 by dn.exact={account} read by * break",
                rule_dn(&group)
            );
            text.push_str(&ldif_line("olcAccess", &rule));
            number += 1;
        }
        Grant {
            tool: GrantTool::OlcAccess,
            title: "OpenLDAP, as root: ldapmodify -Y EXTERNAL -H ldapi:/// -f FILE \
                    (put the number and kind of your data base for {1}mdb)",
            text,
        }
    }

    /// For 389 Directory Server; FreeIPA keeps locks and policies elsewhere.
    #[must_use]
    pub fn ds389(&self) -> Grant {
        let who = format!("userdn = \"ldap:///{}\"", url_dn(&self.account));
        let rule = |target: &str, name: &str, right: &str| {
            let rule =
                format!("({target})(version 3.0; acl \"Keymend: {name}\"; allow ({right}) {who};)");
            ldif_line("aci", &rule)
        };
        let head = |dn: &str| ldif_line("dn", dn) + "changetype: modify\nadd: aci\n";
        let look = "read, search, compare";
        let one = |unit: &String| {
            let mut text = head(unit);
            for group in &self.protected_groups {
                // What is denied is denied, whatever allows it.
                let members = Filter::equal("memberOf", group);
                let rule = format!(
                    "(targetattr = \"userPassword\")(targetfilter = \"{members}\")(version 3.0; \
                     acl \"Keymend: never the protected\"; deny (write) {who};)"
                );
                text.push_str(&ldif_line("aci", &rule));
            }
            for (attributes, name, right) in [
                (self.seen_of_people().as_str(), "look at people", look),
                (STATES, "look at states", look),
                // Groups may stand among the people.
                (GROUP, "look at groups", look),
                ("userPassword", "set passwords", "write"),
                ("accountUnlockTime || passwordRetryCount", "unlock", "write"),
            ] {
                text.push_str(&rule(
                    &format!("targetattr = \"{attributes}\""),
                    name,
                    right,
                ));
            }
            // So may rules for passwords.  In people's entries `passwordHistory` holds hashes.
            let shown = POLICY.replace("passwordHistory || ", "");
            let policies = format!(
                "targetattr = \"{shown}\")(targetfilter = \"(objectClass=passwordPolicy)\""
            );
            text.push_str(&rule(&policies, "look at password policies", look));
            text
        };
        let mut blocks: Vec<String> = self.units.iter().map(one).collect();
        for group in self.groups_elsewhere() {
            let target = format!("targetattr = \"{GROUP}\"");
            blocks.push(head(&group) + &rule(&target, "look at groups", look));
        }
        let policy = format!("target = \"ldap:///cn=config\")(targetattr = \"{POLICY}\"");
        blocks.push(head("cn=config") + &rule(&policy, "look at the password policy", look));
        Grant {
            tool: GrantTool::Aci,
            title: "389 Directory Server, as the directory manager: ldapmodify -f FILE \
                    (not for FreeIPA: its locks and policies have other names)",
            text: blocks.join("\n"),
        }
    }

    /// What may be read of people: the usual and what the configuration names, each once.
    fn seen_of_people(&self) -> String {
        let mut all: Vec<&str> = PERSON.split(" || ").collect();
        for name in &self.attributes {
            let is_known = all.iter().any(|known| known.eq_ignore_ascii_case(name));
            if !is_known {
                all.push(name);
            }
        }
        all.join(" || ")
    }

    /// Groups, or a place with groups, that are in none of the units.
    fn groups_elsewhere(&self) -> Vec<String> {
        let mut all: Vec<String> = self.group_base.iter().cloned().collect();
        all.extend(self.protected_groups.iter().cloned());
        let is_below = |dn: &String, base: &String| match (DnKey::of(dn), DnKey::of(base)) {
            (Some(dn), Some(base)) => dn.is_at_or_below(&base),
            _ => false,
        };
        let mut elsewhere: Vec<String> = Vec::new();
        for dn in all {
            let is_covered = self
                .units
                .iter()
                .chain(&elsewhere)
                .any(|base| is_below(&dn, base));
            if !is_covered {
                elsewhere.push(dn);
            }
        }
        elsewhere
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
            let unit = windows_dn(unit);
            for right in ["CA;Reset Password", "RPWP;lockoutTime", "RPWP;pwdLastSet"] {
                text.push_str(&format!(
                    "dsacls \"{unit}\" /I:S /G \"{account}:{right};user\"\n"
                ));
            }
        }
        if let Some(container) = self.settings_container() {
            let container = windows_dn(&container);
            text.push_str(&format!(
                "dsacls \"{container}\" /I:T /G \"{account}:GR\"\n"
            ));
        }
        text
    }

    fn power_shell(&self) -> String {
        // `Get-ADUser` takes a DN as it is.
        let login = match self.account.contains('=') {
            true => power_shell_word(&self.account),
            false => power_shell_word(&self.login()),
        };
        let mut text = format!(
            "Import-Module ActiveDirectory\n\
             $sid = (Get-ADUser {login}).SID\n\
             $user = [guid]'{USER}'\n\
             function Grant($unit, $right, $what) {{\n\
             \x20 $rule = New-Object System.DirectoryServices.ActiveDirectoryAccessRule($sid, \
             $right, 'Allow', [guid]$what, 'Descendents', $user)\n\
             \x20 $entry = [ADSI]\"LDAP://$unit\"\n\
             \x20 $entry.PsBase.Options.SecurityMasks = 'Dacl'\n\
             \x20 $entry.PsBase.ObjectSecurity.AddAccessRule($rule)\n\
             \x20 $entry.PsBase.CommitChanges()\n\
             }}\n"
        );
        for unit in &self.units {
            let unit = power_shell_word(&windows_dn(unit));
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
        if account.contains('=')
            && let Some(first) = parts(account).first()
            && let Some((_, name)) = first.split_once('=')
        {
            // The names of accounts have none of the signs that are escaped.
            return name.replace('\\', "");
        }
        let name = account.split_once('\\').map_or(account, |(_, name)| name);
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
        let domain: Vec<&str> = parts(unit).into_iter().filter(is_domain).collect();
        (!domain.is_empty()).then(|| {
            let domain = domain.join(",");
            format!("CN=Password Settings Container,CN=System,{domain}")
        })
    }
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
            group_base: None,
            protected_groups: Vec::new(),
            attributes: Vec::new(),
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
        assert!(script.contains("(Get-ADUser 'CN=svc,OU=Service,DC=corp,DC=test').SID"));
        assert!(script.contains("Grant 'OU=O''Hare,DC=corp,DC=test' 'ExtendedRight'"));
    }

    #[test]
    fn awkward_names_reach_every_tool_whole() {
        let mut grantee = grantee("svc@corp.test");
        grantee.units = vec![r#"OU=Sales\, \"North\",DC=corp,DC=test"#.into()];
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        assert_eq!(
            first(grantee.dsacls()),
            r#"dsacls "OU=Sales\, \22North\22,DC=corp,DC=test" /I:S /G "svc@corp.test:CA;Reset Password;user""#
        );
        let script = grantee.power_shell();
        assert!(
            script.contains(r"Grant 'OU=Sales\, \22North\22,DC=corp,DC=test' 'ExtendedRight'"),
            "{script}"
        );
        let line = first(grantee.samba_tool());
        let start = r#"samba-tool dsacl set --objectdn='OU=Sales\, \"North\",DC=corp,DC=test' "#;
        assert!(line.starts_with(start), "{line}");
        // What stands before the domain is no part of it.
        grantee.units = vec![r"OU=a\,DC=b,DC=corp,DC=test".into()];
        let container = grantee.settings_container().unwrap();
        assert!(
            container.ends_with("CN=System,DC=corp,DC=test"),
            "{container}"
        );
    }

    #[test]
    fn a_389_server_lets_the_account_look_reset_and_unlock() {
        let mut grantee = grantee("uid=svc,ou=a b,dc=corp");
        grantee.attributes = vec!["Mail".into(), "employeeNumber".into()];
        let text = grantee.ds389().text;
        let rules: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("aci: "))
            .collect();
        assert_eq!(rules.len(), 7, "{text}");
        // What is read is named, so that hashes and keys under other names stay hidden.
        assert!(!text.contains("!="), "{text}");
        let (people, configuration) = text.split_once("dn: cn=config").unwrap();
        assert!(!people.contains("passwordHistory"), "{text}");
        assert!(configuration.contains("passwordHistory"), "{text}");
        assert!(
            text.contains(" || preferredLanguage || employeeNumber\")"),
            "{text}"
        );
        for rule in rules {
            let end = "userdn = \"ldap:///uid=svc,ou=a%20b,dc=corp\";)";
            assert!(rule.ends_with(end), "{rule}");
        }
        assert!(text.contains("(targetattr = \"userPassword\")"), "{text}");
        assert!(
            text.contains("acl \"Keymend: set passwords\"; allow (write)"),
            "{text}"
        );
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
    fn the_protected_stay_out_of_reach() {
        let mut grantee = grantee("uid=svc,dc=corp");
        grantee.protected_groups = vec!["cn=admins (a),dc=corp".into()];
        let text = grantee.open_ldap().text;
        let members = r#"filter="(memberOf=cn\3dadmins\20\28a\29\2cdc\3dcorp)""#;
        let rule = format!(
            "olcAccess: {{0}}to dn.subtree=\"OU=O'Hare,DC=corp,DC=test\" {members} \
             attrs=userPassword by dn.exact=\"uid=svc,dc=corp\" none by * break"
        );
        assert_eq!(text.lines().nth(3), Some(rule.as_str()));
        let rules = grantee.ds389().text;
        let members = r#"(targetfilter = "(memberOf=cn\3dadmins\20\28a\29\2cdc\3dcorp)")"#;
        assert!(rules.contains(members), "{rules}");
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
