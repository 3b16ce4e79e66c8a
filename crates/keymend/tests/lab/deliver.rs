//! Mail by a real mail server: what arrives, and what becomes of it when something is wrong.

use std::time::Duration;

use jiff::tz::TimeZone;
use keymend::deliver::smtp::{Smtp, SmtpLimits, SmtpLogin, SmtpOptions, SmtpServer, TlsMode};
use keymend::deliver::{Carrier, Carriers, Composer, Message, SiteWords};
use keymend_domain::deliver::{Carried, CodePurpose, Notice, Origin, Recipient, Tidings};
use keymend_domain::id::{CorrelationId, NoticeId};
use keymend_domain::method::MethodKind;
use keymend_domain::secret::Secret;
use keymend_domain::time::Moment;
use keymend_lab::{Certificates, Fault, Proxy, Smtp as Peer, SmtpOptions as PeerOptions};
use url::Url;

fn server(peer: &Peer, port: u16, tls: TlsMode) -> SmtpServer {
    SmtpServer {
        host: peer.host().to_owned(),
        port,
        tls,
        login: Some(SmtpLogin {
            user: peer.user().to_owned(),
            password: Secret::new(peer.password().to_owned()),
        }),
    }
}

fn options(peer: &Peer, servers: Vec<SmtpServer>) -> SmtpOptions {
    SmtpOptions {
        servers,
        ca_pem: Some(std::fs::read(peer.ca_file()).unwrap()),
        from: "Contoso <no-reply@contoso.example>".to_owned(),
        reply_to: Some("helpdesk@contoso.example".to_owned()),
        hello_name: Some("reset.contoso.example".to_owned()),
        limits: SmtpLimits::default(),
    }
}

/// Limits for tests in which somebody does not answer.
fn hasty(options: SmtpOptions) -> SmtpOptions {
    let limit = Duration::from_secs(3);
    let limits = SmtpLimits {
        connect: limit,
        command: limit,
        content: limit,
    };
    SmtpOptions { limits, ..options }
}

fn carriers(options: SmtpOptions) -> Carriers {
    Carriers {
        mail: Some(Carrier::Smtp(Smtp::new(options).unwrap())),
        text: None,
    }
}

fn by_starttls(peer: &Peer) -> Carriers {
    carriers(options(
        peer,
        vec![server(peer, peer.port(), TlsMode::StartTls)],
    ))
}

fn code_for(address: &str) -> Message {
    let site = SiteWords {
        organisation: "Contoso Größe".to_owned(),
        public_origin: Url::parse("https://reset.contoso.example").unwrap(),
        helpdesk: None,
        language: "en".to_owned(),
        zone: TimeZone::UTC,
    };
    let tidings = Tidings::Code {
        code: Secret::new("918273".to_owned()).into(),
        purpose: CodePurpose::Reset,
        minutes: 10,
    };
    let notice = Notice {
        id: NoticeId::stored("01ARZ3NDEKTSV4RRFFQ69G5FAA".to_owned()),
        to: Recipient::of_settings(address).unwrap(),
        tidings,
        subject: None,
        language: None,
        happened_at: Moment(1_795_338_660_000),
        origin: Origin::default(),
        correlation_id: CorrelationId::stored("01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        expires_at: Moment(1_795_342_260_000),
        not_me: None,
        answers: None,
    };
    Composer::new(site).unwrap().compose(&notice).unwrap()
}

fn jane() -> Message {
    code_for("jane@mail.example")
}

fn later(carried: &Carried) -> &str {
    match carried {
        Carried::Later { detail } => without_address(detail),
        other => panic!("{other:?} should have been Later"),
    }
}

fn without_address(detail: &str) -> &str {
    assert!(
        !detail.contains('@') && !detail.contains("jane"),
        "{detail}"
    );
    detail
}

#[tokio::test]
async fn a_code_arrives_by_starttls_and_by_implicit_tls() {
    let peer = Peer::start(PeerOptions::default());
    let implicit = carriers(options(
        &peer,
        vec![server(&peer, peer.tls_port(), TlsMode::Implicit)],
    ));
    for carriers in [by_starttls(&peer), implicit] {
        assert!(carriers.can(MethodKind::Email) && !carriers.can(MethodKind::Text));
        assert_eq!(carriers.carry(&jane()).await, Carried::Accepted);
    }
    let mails = peer.wait_for_messages(2);
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(mail.is_encrypted);
        assert_eq!(mail.user.as_deref(), Some("mailer"));
        assert_eq!(mail.envelope_from, "no-reply@contoso.example");
        assert_eq!(mail.envelope_to, ["jane@mail.example"]);
        assert_eq!(mail.subject, "Contoso Größe: your code");
        assert_eq!(mail.code(6), Some("918273"));
        assert!(mail.html.as_deref().unwrap().contains("918273"));
        assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(mail.header("Reply-To"), Some("helpdesk@contoso.example"));
        let id = "<01ARZ3NDEKTSV4RRFFQ69G5FAA@reset.contoso.example>";
        assert_eq!(mail.header("Message-ID"), Some(id));
        assert_eq!(mail.header("Date"), Some("Sun, 22 Nov 2026 09:11:00 +0000"));
        assert!(mail.raw.is_ascii());
    }
}

#[tokio::test]
async fn one_connection_carries_mail_after_mail() {
    let peer = Peer::start(PeerOptions::default());
    let proxy = Proxy::start(peer.port());
    let carriers = carriers(options(
        &peer,
        vec![server(&peer, proxy.address().port(), TlsMode::StartTls)],
    ));
    for _ in 0..3 {
        assert_eq!(carriers.carry(&jane()).await, Carried::Accepted);
    }
    assert_eq!(proxy.connections(), 1);
    // The line is cut while it is idle: nobody is troubled with that.
    proxy.cut_all();
    assert_eq!(carriers.carry(&jane()).await, Carried::Accepted);
    assert_eq!(peer.wait_for_messages(4).len(), 4);
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_refused() {
    let peer = Peer::start(PeerOptions::default());
    let folder = tempfile::tempdir().unwrap();
    let strangers = Certificates::create(folder.path());
    for (port, tls) in [
        (peer.port(), TlsMode::StartTls),
        (peer.tls_port(), TlsMode::Implicit),
    ] {
        let mut options = options(&peer, vec![server(&peer, port, tls)]);
        options.ca_pem = Some(std::fs::read(strangers.ca_file()).unwrap());
        let carriers = carriers(options);
        let carried = carriers.carry(&jane()).await;
        assert!(later(&carried).contains("certificate"), "{carried:?}");
        let faults = carriers
            .mail
            .as_ref()
            .unwrap()
            .test_connection()
            .await
            .unwrap_err();
        assert!(faults[0].contains("certificate"), "{faults:?}");
    }
    // The platform's own authorities do not know the server either.
    let mut options = options(&peer, vec![server(&peer, peer.port(), TlsMode::StartTls)]);
    options.ca_pem = None;
    later(&carriers(options).carry(&jane()).await);
    assert!(peer.messages().is_empty());
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_the_login_nor_the_mail() {
    let peer = Peer::start(PeerOptions {
        offers_starttls: false,
        ..PeerOptions::default()
    });
    let carried = by_starttls(&peer).carry(&jane()).await;
    assert!(
        later(&carried).contains("does not offer STARTTLS"),
        "{carried:?}"
    );
    assert!(peer.messages().is_empty());
}

#[tokio::test]
async fn a_local_server_may_be_talked_to_without_encryption() {
    let peer = Peer::start(PeerOptions {
        offers_starttls: false,
        ..PeerOptions::default()
    });
    let plain = carriers(options(
        &peer,
        vec![server(&peer, peer.port(), TlsMode::None)],
    ));
    assert_eq!(plain.carry(&jane()).await, Carried::Accepted);
    assert!(!peer.wait_for_messages(1)[0].is_encrypted);
}

#[tokio::test]
async fn a_wrong_password_loses_no_mail_and_says_what_is_wrong() {
    let peer = Peer::start(PeerOptions::default());
    let mut wrong = server(&peer, peer.port(), TlsMode::StartTls);
    wrong.login = Some(SmtpLogin {
        user: peer.user().to_owned(),
        password: Secret::new("wrong".to_owned()),
    });
    let carriers = carriers(options(&peer, vec![wrong]));
    let carried = carriers.carry(&jane()).await;
    let detail = later(&carried);
    assert!(
        detail.contains("535") && detail.contains("the login was refused"),
        "{detail}"
    );
    assert!(
        carriers
            .mail
            .as_ref()
            .unwrap()
            .test_connection()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_missing_login_loses_no_mail() {
    let peer = Peer::start(PeerOptions::default());
    let mut anonymous = server(&peer, peer.port(), TlsMode::StartTls);
    anonymous.login = None;
    let carried = carriers(options(&peer, vec![anonymous]))
        .carry(&jane())
        .await;
    assert!(later(&carried).contains("530"), "{carried:?}");
}

#[tokio::test]
async fn a_busy_mailbox_is_tried_again_and_a_missing_one_is_not() {
    let peer = Peer::start(PeerOptions::default());
    let carriers = by_starttls(&peer);
    let busy = carriers.carry(&code_for("tempfail@mail.example")).await;
    assert!(later(&busy).ends_with("450 4.2.1 at RCPT TO"), "{busy:?}");
    let missing = carriers.carry(&code_for("nosuchuser@mail.example")).await;
    let Carried::Never { detail } = &missing else {
        panic!("{missing:?}")
    };
    assert!(
        without_address(detail).ends_with("550 5.1.1 at RCPT TO"),
        "{detail}"
    );
    assert_eq!(carriers.carry(&jane()).await, Carried::Accepted);
}

#[tokio::test]
async fn the_second_server_takes_over_when_the_first_is_down_or_mute() {
    let peer = Peer::start(PeerOptions::default());
    let first = Proxy::start(peer.port());
    let servers = vec![
        server(&peer, first.address().port(), TlsMode::StartTls),
        server(&peer, peer.port(), TlsMode::StartTls),
    ];
    let carriers = carriers(hasty(options(&peer, servers)));
    for fault in [
        Fault::Refuse,
        Fault::Reset,
        Fault::Hang,
        Fault::CutDownAfter(100),
    ] {
        first.set(fault);
        assert_eq!(
            carriers.carry(&jane()).await,
            Carried::Accepted,
            "{fault:?}"
        );
    }
    assert_eq!(peer.wait_for_messages(4).len(), 4);
    let faults = carriers
        .mail
        .as_ref()
        .unwrap()
        .test_connection()
        .await
        .unwrap_err();
    assert_eq!(faults.len(), 1);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let peer = Peer::start(PeerOptions::default());
    let servers = vec![server(&peer, peer.port(), TlsMode::StartTls)];
    let carriers = carriers(hasty(options(&peer, servers)));
    assert_eq!(carriers.carry(&jane()).await, Carried::Accepted);
    peer.pause();
    // An idle connection, which must not be taken for a living one, and a new one after it.
    let patience = Duration::from_secs(30);
    let carried = tokio::time::timeout(patience, carriers.carry(&jane()))
        .await
        .unwrap();
    assert!(later(&carried).contains("no answer"), "{carried:?}");
    peer.resume();
    assert_eq!(carriers.carry(&jane()).await, Carried::Accepted);
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_the_next_mails() {
    let peer = Peer::start(PeerOptions::default());
    let proxy = Proxy::start(peer.port());
    let servers = vec![server(&peer, proxy.address().port(), TlsMode::StartTls)];
    let mut impatient = options(&peer, servers);
    impatient.limits.content = Duration::from_millis(1);
    let carriers = carriers(impatient);
    proxy.set(Fault::Latency(Duration::from_millis(50)));
    assert!(later(&carriers.carry(&jane()).await).contains("no answer to DATA"));
    // "250 kept" comes too late, and must not become the answer to another recipient.
    let missing = carriers.carry(&code_for("nosuchuser@mail.example")).await;
    assert!(matches!(missing, Carried::Never { .. }), "{missing:?}");
    assert_eq!(
        proxy.connections(),
        2,
        "a conversation that broke off must not be taken up"
    );
}

#[tokio::test]
async fn words_slipped_in_before_the_encryption_break_the_connection() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let peer = Peer::start(PeerOptions::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Whoever sits on the line adds an answer of his own to the one that ends the plain talk.
    let mallory = async {
        let (client, _) = listener.accept().await.unwrap();
        let server = tokio::net::TcpStream::connect((peer.host(), peer.port()))
            .await
            .unwrap();
        let (mut client_in, mut client_out) = client.into_split();
        let (server_in, mut server_out) = server.into_split();
        let mut server_in = BufReader::new(server_in);
        let up = async { tokio::io::copy(&mut client_in, &mut server_out).await.ok() };
        let down = async {
            loop {
                let mut line = String::new();
                server_in.read_line(&mut line).await.ok()?;
                let is_last = line.starts_with("220 Ready");
                if is_last {
                    line.push_str("250 AUTH PLAIN\r\n");
                }
                client_out.write_all(line.as_bytes()).await.ok()?;
                if is_last {
                    return tokio::io::copy(&mut server_in, &mut client_out).await.ok();
                }
            }
        };
        tokio::join!(up, down)
    };
    let carriers = carriers(options(&peer, vec![server(&peer, port, TlsMode::StartTls)]));
    let message = jane();
    let carried = tokio::select! {
        carried = carriers.carry(&message) => carried,
        _ = mallory => panic!("the man in the middle went first"),
    };
    // It ends in the handshake; whoever takes the words for an answer gets as far as the login.
    assert!(
        later(&carried).contains("opening the connection failed"),
        "{carried:?}"
    );
    assert!(peer.messages().is_empty());
}
