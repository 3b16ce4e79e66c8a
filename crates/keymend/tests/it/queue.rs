//! What goes out first, and what a carrier that hangs holds up.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keymend::deliver::Carrier;
use keymend::deliver::gateway::{BodyKind, Gateway, GatewayMethod, GatewayOptions, Success};
use keymend::deliver::smtp::{Smtp, SmtpLimits, SmtpOptions, SmtpServer, TlsMode};
use keymend::store::{StoreFault, Tx};
use keymend_domain::deliver::{CodePurpose, HelpReason, Notice, Origin, Recipient, Tidings};
use keymend_domain::id::{CorrelationId, NoticeId};
use keymend_domain::method::{Assurance, Contact, Method};
use keymend_domain::secret::Secret;
use keymend_domain::time::MINUTE_MS;
use tokio::net::{TcpListener, TcpStream};

use crate::chance::Seeded;
use crate::people::{MAILBOX, MOBILE, methods};
use crate::world::{MORNING, World};

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

fn code(digits: &str) -> Tidings {
    Tidings::Code {
        code: Secret::new(digits.to_owned()).into(),
        purpose: CodePurpose::Reset,
        minutes: 5,
    }
}

fn help() -> Tidings {
    Tidings::Help(HelpReason::NotSetUp)
}

/// The method of Jane that reaches this contact.
fn to(contact: &Contact) -> Recipient {
    let own = methods("jane01", crate::people::Kind::Plain, MORNING);
    let found: Option<&Method> = own.iter().find(|method| method.contact == *contact);
    assert_eq!(found.unwrap().assurance, Assurance::UserVerified);
    Recipient::of_method(found.unwrap())
}

fn mailbox() -> Recipient {
    to(&Contact::Email(MAILBOX.to_owned()))
}

fn mobile() -> Recipient {
    to(&Contact::Phone(MOBILE.to_owned()))
}

/// Puts as many notices into the outbox as are wanted, each a millisecond after the one before.
async fn queues(world: &World, to: Recipient, wanted: Vec<Tidings>) {
    // No two calls may draw the same ids.
    static CALLS: AtomicU64 = AtomicU64::new(100);
    let entropy = Seeded::new(CALLS.fetch_add(1, Ordering::SeqCst));
    let notice = |place: i64, tidings| Notice {
        id: NoticeId::fresh(MORNING.plus_ms(place), &entropy).unwrap(),
        to: to.clone(),
        tidings,
        subject: None,
        language: None,
        happened_at: MORNING,
        origin: Origin::default(),
        correlation_id: CorrelationId::stored("01JOURNEY0000000000000000X".to_owned()),
        expires_at: MORNING.plus_ms(60 * MINUTE_MS),
        not_me: None,
        answers: None,
    };
    let notices: Vec<Notice> = (0..)
        .zip(wanted)
        .map(|(place, one)| notice(place, one))
        .collect();
    let queueing = world
        .store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> {
            notices
                .iter()
                .try_for_each(|notice| tx.enqueue(notice, MORNING))
        });
    queueing.await.unwrap();
}

#[tokio::test]
async fn a_code_goes_before_a_queue_full_of_help_mails_and_a_warning_next() {
    let world = World::open().await;
    queues(&world, mailbox(), (0..200).map(|_| help()).collect()).await;
    queues(&world, mailbox(), vec![Tidings::PasswordChanged; 3]).await;
    queues(&world, mailbox(), vec![code("314159")]).await;
    world.app.dispatch_due().await.unwrap();
    assert_eq!(world.count_of_messages("314159"), 1);
    assert_eq!(world.count_of_messages("was changed by somebody"), 3);
    assert!(world.count_of_messages("tried to reset") < 10);
    world.delivers().await;
    assert_eq!(world.count_of_messages("tried to reset"), 200);
    world.rests().await;
}

#[tokio::test]
async fn of_equal_urgency_the_oldest_goes_first() {
    let world = World::open().await;
    let codes = (100_001..100_013).map(|number| code(&number.to_string()));
    queues(&world, mailbox(), codes.collect()).await;
    world.app.dispatch_due().await.unwrap();
    let went: Vec<bool> = (100_001..100_013)
        .map(|number| world.count_of_messages(&number.to_string()) == 1)
        .collect();
    assert_eq!(went, [vec![true; 8], vec![false; 4]].concat());
    world.delivers().await;
    world.rests().await;
}

/// A server that takes every connection and never says a word.
async fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The connections of a server that says nothing, as many as are expected.
async fn connections(listener: &TcpListener, count: usize) -> Vec<TcpStream> {
    let accepting = async {
        let mut open = Vec::new();
        while open.len() < count {
            open.push(listener.accept().await.unwrap().0);
        }
        open
    };
    tokio::time::timeout(PATIENCE, accepting).await.unwrap()
}

fn mail_server(address: SocketAddr) -> Carrier {
    let smtp = Smtp::new(SmtpOptions {
        servers: vec![SmtpServer {
            host: address.ip().to_string(),
            port: address.port(),
            tls: TlsMode::None,
            login: None,
        }],
        ca_pem: None,
        from: "Example Works <no-reply@work.example>".to_owned(),
        reply_to: None,
        hello_name: None,
        limits: SmtpLimits {
            connect: PATIENCE,
            command: PATIENCE,
            content: PATIENCE,
        },
    });
    Carrier::Smtp(smtp.unwrap())
}

fn text_gateway(address: SocketAddr) -> Carrier {
    let gateway = Gateway::new(GatewayOptions {
        method: GatewayMethod::Post,
        url: format!("http://{address}/messages"),
        headers: Vec::new(),
        body_kind: BodyKind::Json,
        body: r#"{"to":"{to}","text":"{text}"}"#.to_owned(),
        from: "+447700900000".to_owned(),
        account: None,
        token: None,
        has_basic_login: false,
        success: Success::default(),
        ca_pem: None,
        timeout: PATIENCE,
    });
    Carrier::Gateway(Box::new(gateway.unwrap()))
}

/// With everything stuck that can be stuck at one carrier, a code by the other arrives.
async fn goes_past(world: World, listener: TcpListener, (stuck, free): (Recipient, Recipient)) {
    for tidings in [help(), Tidings::PasswordChanged, code("271828")] {
        queues(&world, stuck.clone(), vec![tidings; 30]).await;
    }
    let app = world.app.clone();
    let dispatcher = tokio::spawn(async move { app.dispatch_forever().await });
    // Codes keep their places however many others hang: eight of them, four of each other kind.
    let open = connections(&listener, 16).await;
    assert_eq!(world.count_of_messages("314159"), 0);
    queues(&world, free, vec![code("314159")]).await;
    let arrives = async {
        while world.count_of_messages("314159") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, arrives).await.unwrap();
    dispatcher.abort();
    drop(open);
    world.stays_as_it_is();
}

#[tokio::test]
async fn a_mail_server_that_hangs_holds_up_no_text_message() {
    let (listener, address) = silent().await;
    let world = World::plan().mails_by(mail_server(address)).opens().await;
    goes_past(world, listener, (mailbox(), mobile())).await;
}

#[tokio::test]
async fn a_gateway_that_hangs_holds_up_no_mail() {
    let (listener, address) = silent().await;
    let world = World::plan().texts_by(text_gateway(address)).opens().await;
    goes_past(world, listener, (mobile(), mailbox())).await;
}
