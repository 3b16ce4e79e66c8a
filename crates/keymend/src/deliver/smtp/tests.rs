use super::*;

fn options(host: &str, tls: TlsMode) -> SmtpOptions {
    SmtpOptions {
        servers: vec![SmtpServer {
            host: host.into(),
            port: 25,
            tls,
            login: None,
        }],
        ca_pem: None,
        from: "Contoso <no-reply@contoso.example>".into(),
        reply_to: None,
        hello_name: None,
        limits: SmtpLimits::default(),
    }
}

#[test]
fn plain_smtp_is_for_this_machine_only() {
    for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
        assert!(Smtp::new(options(host, TlsMode::None)).is_ok(), "{host}");
    }
    for host in [
        "mail.example",
        "192.0.2.1",
        "localhost.mail.example",
        "0.0.0.0",
    ] {
        let fault = Smtp::new(options(host, TlsMode::None)).unwrap_err();
        assert!(
            matches!(fault, SmtpFault::PlainToElsewhere { .. }),
            "{host}"
        );
        assert!(
            Smtp::new(options(host, TlsMode::StartTls)).is_ok(),
            "{host}"
        );
    }
}

#[test]
fn a_senders_name_needs_no_quotes() {
    for from in [
        "a@b.example",
        "Contoso, Ltd <a@b.example>",
        "\"Contoso\" <a@b.example>",
    ] {
        let mut named = options("localhost", TlsMode::None);
        named.from = from.into();
        let smtp = Smtp::new(named).unwrap();
        assert_eq!(smtp.from.email.to_string(), "a@b.example");
    }
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let mut nobody = options("localhost", TlsMode::None);
    nobody.from = "nobody".into();
    assert!(matches!(Smtp::new(nobody), Err(SmtpFault::Address { .. })));

    let mut split = options("localhost", TlsMode::None);
    split.reply_to = Some("a@b.example\r\nBcc: c@d.example".into());
    assert!(matches!(Smtp::new(split), Err(SmtpFault::Address { .. })));

    let mut rude = options("localhost", TlsMode::None);
    rude.hello_name = Some("reset.example\r\nMAIL FROM:<x@y.example>".into());
    assert!(matches!(Smtp::new(rude), Err(SmtpFault::HelloName { .. })));

    let mut empty = options("localhost", TlsMode::None);
    empty.servers.clear();
    assert!(matches!(Smtp::new(empty), Err(SmtpFault::NoServer)));

    let mut broken = options("mail.example", TlsMode::Implicit);
    broken.ca_pem = Some(b"no certificate".to_vec());
    assert!(matches!(Smtp::new(broken), Err(SmtpFault::Certificates)));
}

#[tokio::test]
async fn carrying_may_move_between_threads() {
    fn is_sendable(_: &impl Send) {}
    let smtp = Smtp::new(options("localhost", TlsMode::None)).unwrap();
    is_sendable(&smtp.test_connection());
    let carriers = crate::deliver::Carriers::default();
    let text = crate::deliver::TextMessage {
        number: "M2",
        to: "+447700900123".into(),
        body: String::new(),
        at: keymend_domain::time::Moment(0),
    };
    let message = crate::deliver::Message::Text(text);
    let carrying = carriers.carry(&message);
    is_sendable(&carrying);
    let waits = Carried::Later {
        detail: "no carrier for text is configured".into(),
    };
    assert_eq!(carrying.await, waits);
}
