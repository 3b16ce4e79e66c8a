//! The peers, asked by real clients: OpenLDAP's own commands and the mail library we ship.
#![cfg(test)]

mod domain;
mod ds389;

mod directory {
    use keymend_lab::slapd::{
        BULK_PASSWORD, PEOPLE, SERVICE_DN, SERVICE_PASSWORD, bulk_dn, person,
    };
    use keymend_lab::{PasswordHash, Slapd, SlapdOptions};

    const SERVICE: (&str, &str) = (SERVICE_DN, SERVICE_PASSWORD);

    fn slapd() -> Slapd {
        Slapd::start(SlapdOptions::default())
    }

    fn sign_in(slapd: &Slapd, uid: &str) -> (i32, String) {
        let person = person(uid);
        let answer = slapd.bind(&person.dn(), person.password);
        (answer.code, answer.text)
    }

    /// What the server says to the right password of this account.
    #[track_caller]
    fn check(slapd: &Slapd, uid: &str, code: i32, words: &str) {
        let (found, text) = sign_in(slapd, uid);
        assert!(
            found == code && text.contains(words),
            "{uid}: {found} {text}"
        );
    }

    #[test]
    fn every_sample_account_is_in_the_state_it_is_said_to_be_in() {
        let slapd = slapd();
        check(&slapd, "jane.doe", 0, "uid=jane.doe");
        check(&slapd, "locked.lee", 49, "Account locked");
        check(&slapd, "adminlocked.al", 49, "Account locked");
        check(&slapd, "expired.eve", 49, "Password expired");
        check(&slapd, "grace.gil", 0, "grace logins remain");
        check(&slapd, "mustchange.max", 0, "Password must be changed");
        check(&slapd, "jürgen.müller", 0, "uid=j");
        check(&slapd, "o,brien+(x)*", 0, "uid=o");
        check(&slapd, "guarded.gus", 0, "ou=guarded");
        check(&slapd, "elsewhere.ed", 0, "ou=elsewhere");
    }

    #[test]
    fn every_sample_account_is_there() {
        let slapd = slapd();
        let found = slapd.search("(&(objectClass=inetOrgPerson)(mobile=*))");
        assert_eq!(found.len(), PEOPLE.len());
        assert_eq!(
            slapd.entry("jane.doe").get("mail"),
            Some("jane.doe@lab.test")
        );
    }

    #[test]
    fn the_service_resets_a_password_and_the_account_opens_with_it() {
        let slapd = slapd();
        let jane = person("jane.doe").dn();
        let answer = slapd.set_password_as(SERVICE, &jane, "Fresh-Passw0rd-2");
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(slapd.opens_with(&jane, "Fresh-Passw0rd-2"));
        assert!(!slapd.opens_with(&jane, person("jane.doe").password));
    }

    #[test]
    fn the_service_is_told_why_a_password_is_refused() {
        let slapd = slapd();
        for (uid, password, words) in [
            ("jane.doe", "short", "Password is too short for policy"),
            (
                "long.lena",
                "Twelve-Chars",
                "Password is too short for policy",
            ),
            (
                "jane.doe",
                "Start-Passw0rd-1",
                "New password is in list of old passwords",
            ),
            (
                "young.yan",
                "Fresh-Passw0rd-2",
                "Password has been changed too recently",
            ),
        ] {
            let answer = slapd.set_password_as(SERVICE, &person(uid).dn(), password);
            assert!(
                answer.code == 19 && answer.text.contains(words),
                "{uid}: {answer:?}"
            );
        }
    }

    #[test]
    fn the_service_may_not_write_where_it_has_no_right() {
        let slapd = slapd();
        for uid in ["guarded.gus", "elsewhere.ed"] {
            let answer = slapd.set_password_as(SERVICE, &person(uid).dn(), "Fresh-Passw0rd-2");
            assert_eq!(answer.code, 50, "{uid}: {answer:?}");
        }
    }

    #[test]
    fn guessing_locks_an_account_and_the_superuser_sees_it() {
        let slapd = slapd();
        let john = person("john.roe");
        slapd.lock_by_guessing(&john.dn());
        assert!(!slapd.opens_with(&john.dn(), john.password));
        assert!(
            slapd
                .entry("john.roe")
                .get("pwdAccountLockedTime")
                .is_some()
        );
        slapd.modify(&format!(
            "dn: {}\nchangetype: modify\ndelete: pwdAccountLockedTime\n",
            john.dn()
        ));
        assert!(slapd.opens_with(&john.dn(), john.password));
    }

    #[test]
    fn membership_is_kept_by_the_server_and_groups_hold_groups() {
        let slapd = slapd();
        let jane = slapd.entry("jane.doe");
        assert_eq!(
            jane.get("memberOf"),
            Some("cn=staff,ou=groups,dc=lab,dc=test")
        );
        let shift = slapd.search("(cn=night-shift)");
        assert_eq!(
            shift[0].get("memberOf"),
            Some("cn=staff,ou=groups,dc=lab,dc=test")
        );
    }

    #[test]
    fn a_server_can_be_frozen_killed_and_started_again_with_its_data() {
        let mut slapd = slapd();
        let jane = person("jane.doe").dn();
        slapd.set_password(&jane, "Fresh-Passw0rd-2");
        slapd.kill();
        assert!(!slapd.opens_with(&jane, "Fresh-Passw0rd-2"));
        slapd.restart();
        assert!(slapd.opens_with(&jane, "Fresh-Passw0rd-2"));
        slapd.pause();
        slapd.resume();
        assert!(slapd.opens_with(&jane, "Fresh-Passw0rd-2"));
    }

    #[test]
    fn the_log_shows_what_was_asked() {
        let slapd = slapd();
        slapd.entry("jane.doe");
        assert!(slapd.log().contains(r#"filter="(uid=jane.doe)""#));
    }

    #[test]
    fn two_thousand_accounts_are_there_at_once() {
        let slapd = Slapd::start(SlapdOptions {
            bulk_accounts: 2_000,
            logs_operations: false,
            ..SlapdOptions::default()
        });
        assert!(slapd.opens_with(&bulk_dn(1_999), BULK_PASSWORD));
    }

    #[test]
    fn a_server_without_policy_and_with_argon2_starts_too() {
        let slapd = Slapd::start(SlapdOptions {
            password_hash: PasswordHash::Argon2,
            has_password_policy: false,
            refuses_plain_binds: true,
            ..SlapdOptions::default()
        });
        let jane = person("jane.doe").dn();
        slapd.set_password(&jane, "x");
        assert!(slapd.opens_with(&jane, "x"));
    }
}

mod mail {
    use keymend_lab::{Smtp, SmtpOptions};
    use lettre::message::MultiPart;
    use lettre::transport::smtp::authentication::Credentials;
    use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
    use lettre::{Message, SmtpTransport, Transport};

    fn tls(smtp: &Smtp) -> TlsParameters {
        let authority = std::fs::read(smtp.ca_file()).unwrap();
        TlsParameters::builder("localhost".to_owned())
            .add_root_certificate(Certificate::from_pem(&authority).unwrap())
            .build()
            .unwrap()
    }

    fn transport(smtp: &Smtp, password: &str) -> SmtpTransport {
        SmtpTransport::builder_dangerous(smtp.host())
            .port(smtp.port())
            .tls(Tls::Required(tls(smtp)))
            .credentials(Credentials::new(smtp.user().into(), password.into()))
            .build()
    }

    fn letter(to: &str) -> Message {
        Message::builder()
            .from("keymend@lab.test".parse().unwrap())
            .to(to.parse().unwrap())
            .subject("Läb: your code")
            .multipart(MultiPart::alternative_plain_html(
                "654321 is your code. It works for 5 minutes.".to_owned(),
                "<p>654321 is your code.</p>".to_owned(),
            ))
            .unwrap()
    }

    #[test]
    fn a_mail_arrives_by_starttls_and_login() {
        let smtp = Smtp::start(SmtpOptions::default());
        let mailer = transport(&smtp, smtp.password());
        mailer.send(&letter("jane@lab.test")).unwrap();
        let mails = smtp.wait_for_messages(1);
        let mail = &mails[0];
        assert_eq!(mail.subject, "Läb: your code");
        assert_eq!(mail.envelope_to, ["jane@lab.test"]);
        assert_eq!(mail.code(6), Some("654321"));
        assert!(mail.html.as_deref().unwrap().contains("<p>"));
        assert_eq!(mail.header("to"), Some("jane@lab.test"));
        assert!(mail.is_encrypted && mail.user.as_deref() == Some("mailer"));
    }

    #[test]
    fn a_mail_arrives_by_implicit_tls() {
        let smtp = Smtp::start(SmtpOptions::default());
        let login = Credentials::new(smtp.user().into(), smtp.password().into());
        let mailer = SmtpTransport::builder_dangerous(smtp.host())
            .port(smtp.tls_port())
            .tls(Tls::Wrapper(tls(&smtp)))
            .credentials(login)
            .build();
        mailer.send(&letter("jane@lab.test")).unwrap();
        assert!(smtp.wait_for_messages(1)[0].is_encrypted);
    }

    #[test]
    fn strangers_and_wrong_passwords_are_refused() {
        let smtp = Smtp::start(SmtpOptions::default());
        let wrong = transport(&smtp, "wrong").send(&letter("jane@lab.test"));
        assert!(wrong.unwrap_err().is_permanent());
        let stranger = SmtpTransport::builder_dangerous(smtp.host())
            .port(smtp.port())
            .tls(Tls::Required(tls(&smtp)))
            .build();
        let refused = stranger.send(&letter("jane@lab.test")).unwrap_err();
        assert!(refused.is_permanent(), "{refused}");
        assert_eq!(smtp.messages().len(), 0);
    }

    #[test]
    fn some_addresses_are_refused_for_now_and_some_for_good() {
        let smtp = Smtp::start(SmtpOptions::default());
        let mailer = transport(&smtp, smtp.password());
        let busy = mailer.send(&letter("tempfail@lab.test")).unwrap_err();
        assert!(busy.is_transient(), "{busy}");
        let unknown = mailer.send(&letter("nosuchuser@lab.test")).unwrap_err();
        assert!(unknown.is_permanent(), "{unknown}");
    }

    #[test]
    fn a_server_without_starttls_is_one_that_a_careful_client_refuses() {
        let smtp = Smtp::start(SmtpOptions {
            offers_starttls: false,
            requires_login: false,
            ..SmtpOptions::default()
        });
        let mailer = transport(&smtp, smtp.password());
        mailer.send(&letter("jane@lab.test")).unwrap_err();
        assert_eq!(smtp.messages().len(), 0);
    }

    #[test]
    fn a_server_that_was_down_takes_mail_again() {
        let mut smtp = Smtp::start(SmtpOptions::default());
        let mailer = transport(&smtp, smtp.password());
        smtp.kill();
        mailer.send(&letter("jane@lab.test")).unwrap_err();
        smtp.restart();
        mailer.send(&letter("jane@lab.test")).unwrap();
        smtp.wait_for_messages(1);
    }
}
