//! `[mail]`: the mail servers.

use std::path::PathBuf;

use keymend_domain::secret::Secret;

use super::check::Checker;
use super::document::{MailSection, MailServerSection, MailTls};
use super::fault::{Complaint, complaint};
use super::site::is_loopback_name;

/// How mails are sent.
#[derive(Debug)]
pub struct MailConfig {
    /// The servers, in the order they are tried.
    pub servers: Vec<MailServerSection>,
    /// Name and password Keymend signs in with.
    pub login: Option<MailLogin>,
    /// The sender, with or without a name before the address.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Authorities to trust instead of the operating system's.
    pub ca_file: Option<PathBuf>,
}

/// Name and password at the mail server.
#[derive(Debug)]
pub struct MailLogin {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

pub(super) fn check(section: &MailSection, checker: &mut Checker<'_>) -> Option<MailConfig> {
    for (place, server) in section.servers.iter().enumerate() {
        check_server(&format!("mail.servers[{place}]"), server, section, checker);
    }
    checker.accept("mail.from", mailbox(&section.from));
    if let Some(reply_to) = &section.reply_to {
        checker.accept("mail.reply_to", mailbox(reply_to));
    }
    let ca_file = match &section.ca_file {
        Some(file) => Some(checker.certificates("mail.ca_file", file)?),
        None => None,
    };
    let login = check_login(section, checker);
    checker.is_clean("mail").then_some(())?;
    Some(MailConfig {
        servers: section.servers.clone(),
        login,
        from: section.from.clone(),
        reply_to: section.reply_to.clone(),
        ca_file,
    })
}

fn check_server(
    at: &str,
    server: &MailServerSection,
    section: &MailSection,
    checker: &mut Checker<'_>,
) {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | ':');
    if !server.host.chars().all(is_name) {
        checker.fault(
            &format!("{at}.host"),
            "is not the name of a host",
            "write the name alone, without smtp:// and port",
        );
    }
    if server.tls != MailTls::None {
        return;
    }
    if !is_loopback_name(&server.host) {
        checker.fault(
            &format!("{at}.tls"),
            "codes cannot be sent over a plain connection",
            "write start-tls or tls; none is for localhost alone",
        );
    } else if section.username.is_some() {
        checker.fault(
            &format!("{at}.tls"),
            "a password cannot be given over a plain connection",
            "write start-tls or tls, or take username out",
        );
    }
}

fn check_login(section: &MailSection, checker: &mut Checker<'_>) -> Option<MailLogin> {
    let faults_before = checker.faults.len();
    let password = checker.secret("mail", "password", section.password_file.as_deref());
    match (&section.username, password) {
        (Some(username), Some(password)) => Some(MailLogin {
            username: username.clone(),
            password,
        }),
        (Some(_), None) if checker.faults.len() == faults_before => {
            checker.fault(
                "mail.password_file",
                "is missing while username is given",
                "name a file with the password, or take username out",
            );
            None
        }
        (None, Some(_)) => {
            checker.fault(
                "mail.username",
                "is missing while a password is given",
                "write the name the password belongs to",
            );
            None
        }
        _ => None,
    }
}

/// Whether a text is `address` or `Name <address>`; the mail library reads it again later.
fn mailbox(text: &str) -> Result<(), Complaint> {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.contains(|sign: char| sign.is_whitespace() || sign.is_control())
            && !part.contains(['<', '>', '@', ','])
    };
    match address.rsplit_once('@') {
        Some((name, domain))
            if is_plain(name) && is_plain(domain) && !text.contains(['\r', '\n']) =>
        {
            Ok(())
        }
        _ => Err(complaint(
            "is not a mail address",
            "write ADDRESS, or \"Name <ADDRESS>\"",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_one_address_with_or_without_a_name() {
        for good in ["a@corp.test", "Pass Word <a@corp.test>", "a.b+c@localhost"] {
            assert!(mailbox(good).is_ok(), "{good}");
        }
        for bad in [
            "corp.test",
            "@corp.test",
            "a@",
            "a@b, c@d",
            "X <a@corp.test",
            "a@b\r\nBcc: c@d",
        ] {
            assert!(mailbox(bad).is_err(), "{bad}");
        }
    }
}
