//! Conversations with one mail server, and what its answers mean.

use std::error::Error as _;
use std::fmt::{self, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::letter::Envelope;
use super::line::UpgradableLine;
use super::{SmtpLimits, SmtpServer, TlsMode};

/// How many idle connections are kept.
const IDLE_MAX: usize = 2;

/// How long a kept connection may take to show that it still lives, and a finished one to part.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// Why a mail did not get through.  The details hold status codes and phases alone: a server's
/// own words may repeat the address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// With the server; another one may do.
    OfServer(String),
    /// With the mail, for now.
    ForLater(String),
    /// With the mail, for good.
    ForGood(String),
}

impl Trouble {
    pub(super) fn into_detail(self) -> String {
        match self {
            Self::OfServer(detail) | Self::ForLater(detail) | Self::ForGood(detail) => detail,
        }
    }
}

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Opening,
    Login,
    Sender,
    Recipient,
    Content,
}

impl Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "opening the connection",
            Self::Login => "login",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Content => "DATA",
        })
    }
}

/// One server with its idle connections.
///
/// The library's own pool is not used: it puts a connection back when a send was cancelled by a
/// time limit, and the next mail then takes the late answer to the last one for its own.  Here a
/// connection goes back after a finished conversation and is dropped after any other.
pub(super) struct Server {
    options: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
    limits: SmtpLimits,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{})", self.options.host, self.options.port)
    }
}

impl Server {
    pub(super) fn new(
        options: SmtpServer,
        tls: Option<TlsParameters>,
        hello: ClientId,
        limits: SmtpLimits,
    ) -> Self {
        Self {
            options,
            tls,
            hello,
            limits,
            idle: Mutex::default(),
        }
    }

    /// The detail with the server's name before it.
    pub(super) fn names(&self, detail: &str) -> String {
        format!("{}:{}: {detail}", self.options.host, self.options.port)
    }

    pub(super) async fn deliver(&self, envelope: &Envelope) -> Result<(), Trouble> {
        let mut connection = self.connection().await?;
        let outcome = self.converse(&mut connection, envelope).await;
        match &outcome {
            Ok(()) => self.keep(connection),
            Err(Trouble::OfServer(_)) => {}
            Err(Trouble::ForLater(_) | Trouble::ForGood(_)) => part(connection).await,
        }
        outcome
    }

    pub(super) async fn test_connection(&self) -> Result<(), Trouble> {
        part(self.open().await?).await;
        Ok(())
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Trouble> {
        loop {
            let Some(mut connection) = self.idle().pop() else {
                return self.open().await;
            };
            // A server closes idle connections when it likes; then the next one is tried.
            if let Ok(Ok(_)) = timeout(SIGN_OF_LIFE, connection.command(Noop)).await {
                return Ok(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is encrypted (or local) and signed in.
    async fn open(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let mut connection = match self.options.tls {
            TlsMode::Implicit => self.open_encrypted().await?,
            TlsMode::StartTls => self.open_then_encrypt().await?,
            TlsMode::None => self.open_plain().await?,
        };
        self.sign_in(&mut connection).await?;
        Ok(connection)
    }

    async fn open_encrypted(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let address = (self.options.host.as_str(), self.options.port);
        let SmtpLimits {
            connect, command, ..
        } = self.limits;
        let opening = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(connect),
            &self.hello,
            self.tls.clone(),
            None,
        );
        within(connect + command, Phase::Opening, opening).await
    }

    async fn open_then_encrypt(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let line = UpgradableLine::new(self.connect().await?);
        let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(line), &self.hello);
        let mut connection = within(self.limits.command, Phase::Opening, greeting).await?;
        let is_offered = connection
            .server_info()
            .supports_feature(Extension::StartTls);
        let Some(tls) = self.tls.clone().filter(|_| is_offered) else {
            let detail = "the server does not offer STARTTLS, and nothing is sent in the clear";
            return Err(Trouble::OfServer(detail.to_owned()));
        };
        let upgrade = connection.starttls(tls, &self.hello);
        within(self.limits.command, Phase::Opening, upgrade).await?;
        Ok(connection)
    }

    async fn open_plain(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let stream = self.connect().await?;
        // The name was checked when the configuration was read; where it leads to is checked now.
        if !stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()) {
            let detail = "the name leads to another machine, and nothing is sent in the clear";
            return Err(Trouble::OfServer(detail.to_owned()));
        }
        let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello);
        within(self.limits.command, Phase::Opening, greeting).await
    }

    async fn connect(&self) -> Result<TcpStream, Trouble> {
        let address = (self.options.host.as_str(), self.options.port);
        match timeout(self.limits.connect, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(fault)) => Err(Trouble::OfServer(format!("no connection: {fault}"))),
            Err(_) => Err(no_answer(Phase::Opening, self.limits.connect)),
        }
    }

    async fn sign_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Trouble> {
        let Some(login) = &self.options.login else {
            return Ok(());
        };
        let credentials = Credentials::new(login.user.clone(), login.password.expose().to_owned());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let signing_in = connection.auth(&mechanisms, &credentials);
        within(self.limits.command, Phase::Login, signing_in)
            .await
            .map(|_| ())
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
    ) -> Result<(), Trouble> {
        let SmtpLimits {
            command, content, ..
        } = self.limits;
        let mut parameters = Vec::new();
        if envelope.needs_utf8() {
            if !connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                let detail = "the server cannot carry an address of other than Latin letters";
                return Err(Trouble::ForGood(detail.to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let sender = Mail::new(Some(envelope.from.clone()), parameters);
        within(command, Phase::Sender, connection.command(sender)).await?;
        let recipient = Rcpt::new(envelope.to.clone(), Vec::new());
        within(command, Phase::Recipient, connection.command(recipient)).await?;
        within(command, Phase::Recipient, connection.command(Data)).await?;
        within(
            content,
            Phase::Content,
            connection.message(&envelope.content),
        )
        .await?;
        Ok(())
    }
}

/// Ends a conversation politely; if the server will not, the connection is simply dropped.
async fn part(mut connection: AsyncSmtpConnection) {
    let _ = timeout(SIGN_OF_LIFE, connection.command(Quit)).await;
}

async fn within<T>(
    limit: Duration,
    phase: Phase,
    deed: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    match timeout(limit, deed).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(fault)) => Err(judged(phase, &fault)),
        Err(_) => Err(no_answer(phase, limit)),
    }
}

fn no_answer(phase: Phase, limit: Duration) -> Trouble {
    broken_off(
        phase,
        format!("no answer to {phase} within {} ms", limit.as_millis()),
    )
}

/// After the content was sent the server may have taken it, so no other server is asked now.
fn broken_off(phase: Phase, detail: String) -> Trouble {
    match phase {
        Phase::Content => Trouble::ForLater(detail),
        _ => Trouble::OfServer(detail),
    }
}

fn judged(phase: Phase, fault: &Error) -> Trouble {
    let Some(status) = fault.status() else {
        let what = if fault.is_response() {
            "the server does not speak SMTP".to_owned()
        } else {
            fault.to_string()
        };
        return broken_off(phase, format!("{phase} failed: {what}"));
    };
    let words = fault.source().map(ToString::to_string).unwrap_or_default();
    refusal(phase, status.into(), enhanced(&words))
}

/// What a refusal means (RFC 5321 §4.2.1, RFC 3463 §3).
fn refusal(phase: Phase, code: u16, enhanced: Option<&str>) -> Trouble {
    let shown = enhanced
        .map(|status| format!(" {status}"))
        .unwrap_or_default();
    let detail = format!("{code}{shown} at {phase}");
    // 530, 535, 538 and 5.7.x speak of login and policy: our configuration, not the recipient.
    // The mail waits until somebody has put it right, or until it expires.
    let is_about_us = matches!(code, 530 | 535 | 538)
        || enhanced.is_some_and(|status| status.starts_with("5.7."));
    match (phase, code) {
        (Phase::Login, _) => Trouble::OfServer(format!("{detail}: the login was refused")),
        (_, 421) | (Phase::Opening | Phase::Sender, _) => Trouble::OfServer(detail),
        (Phase::Recipient | Phase::Content, 500..) if !is_about_us => Trouble::ForGood(detail),
        (Phase::Recipient | Phase::Content, _) => Trouble::ForLater(detail),
    }
}

/// The enhanced status code that a server may begin its words with: `5.1.1`.
fn enhanced(words: &str) -> Option<&str> {
    let first = words.split_whitespace().next()?;
    let is_number = |part: &str| {
        (1..=3).contains(&part.len()) && part.chars().all(|sign| sign.is_ascii_digit())
    };
    (first.split('.').count() == 3 && first.split('.').all(is_number)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_recipient_and_content_are_refused_for_good() {
        let later = |detail: &str| Trouble::ForLater(detail.to_owned());
        let good = |detail: &str| Trouble::ForGood(detail.to_owned());
        let server = |detail: &str| Trouble::OfServer(detail.to_owned());
        for (phase, code, status, expected) in [
            (
                Phase::Opening,
                554,
                None,
                server("554 at opening the connection"),
            ),
            (
                Phase::Login,
                535,
                Some("5.7.8"),
                server("535 5.7.8 at login: the login was refused"),
            ),
            (Phase::Sender, 550, None, server("550 at MAIL FROM")),
            (Phase::Sender, 451, None, server("451 at MAIL FROM")),
            (
                Phase::Recipient,
                450,
                Some("4.2.1"),
                later("450 4.2.1 at RCPT TO"),
            ),
            (Phase::Recipient, 421, None, server("421 at RCPT TO")),
            (
                Phase::Recipient,
                550,
                Some("5.1.1"),
                good("550 5.1.1 at RCPT TO"),
            ),
            (Phase::Recipient, 530, None, later("530 at RCPT TO")),
            (
                Phase::Recipient,
                554,
                Some("5.7.1"),
                later("554 5.7.1 at RCPT TO"),
            ),
            (Phase::Content, 552, None, good("552 at DATA")),
            (Phase::Content, 451, None, later("451 at DATA")),
        ] {
            assert_eq!(refusal(phase, code, status), expected);
        }
    }

    #[test]
    fn a_servers_words_give_their_status_and_nothing_else() {
        assert_eq!(
            enhanced("5.1.1 <jane@mail.example>: unknown"),
            Some("5.1.1")
        );
        for words in [
            "jane@mail.example unknown",
            "5.1",
            "1.2.3.4 is blocked",
            "",
            "5.1.x no",
        ] {
            assert_eq!(enhanced(words), None, "{words:?}");
        }
    }
}
