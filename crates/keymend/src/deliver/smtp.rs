//! Mail servers: which ones, how to reach them, and what becomes of a mail.

mod letter;
mod line;
mod session;

use std::net::IpAddr;
use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use keymend_domain::deliver::Carried;
use keymend_domain::secret::Secret;

use super::Mail;
use letter::Envelope;
use session::{Server, Trouble};

/// How the connection to a mail server is protected.
///
/// There is no "if the server offers it": whoever sits on the line could take the offer away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Encrypted from the first byte (port 465, as a rule).
    Implicit,
    /// Plain until STARTTLS, which is demanded before anything else is said (port 587).
    StartTls,
    /// Never encrypted; for a mail server on this machine only.
    None,
}

/// A login at a mail server.
#[derive(Debug)]
pub struct SmtpLogin {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// One mail server.
#[derive(Debug)]
pub struct SmtpServer {
    /// A name, which its certificate must bear, or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: TlsMode,
    /// The login, if it wants one.
    pub login: Option<SmtpLogin>,
}

/// How long each thing may take.
#[derive(Debug, Clone, Copy)]
pub struct SmtpLimits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until a command is answered; opening (handshake, greeting, EHLO) may take this long too.
    pub command: Duration,
    /// Until the server has taken the content.  Longer, because it may look into the mail before
    /// it answers, and a mail given up at this point arrives twice.
    pub content: Duration,
}

impl Default for SmtpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            command: Duration::from_secs(10),
            content: Duration::from_secs(30),
        }
    }
}

/// Everything that is configured about outgoing mail.
#[derive(Debug)]
pub struct SmtpOptions {
    /// The servers, tried in this order.
    pub servers: Vec<SmtpServer>,
    /// Certificates of authorities, PEM; without them the platform's own are trusted.
    pub ca_pem: Option<Vec<u8>>,
    /// The sender: `Contoso <no-reply@contoso.example>`.
    pub from: String,
    /// Where answers go, if anywhere.
    pub reply_to: Option<String>,
    /// The name to greet servers with; without it the host's own.
    pub hello_name: Option<String>,
    /// Time limits.
    pub limits: SmtpLimits,
}

/// The configuration of outgoing mail cannot work.  Each text names the value and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SmtpFault {
    /// No server at all.
    #[error("no mail server is named; name at least one")]
    NoServer,
    /// Plain SMTP to another machine.
    #[error(
        "{host} would be reached without encryption, which is possible on this machine only \
         (localhost, 127.0.0.1, ::1); use implicit TLS or STARTTLS"
    )]
    PlainToElsewhere {
        /// The server.
        host: String,
    },
    /// The sender or the address for answers is not an address.
    #[error("{value:?} is not a mail address; write address@domain or Name <address@domain>")]
    Address {
        /// What was configured.
        value: String,
    },
    /// The name to greet servers with is not a host name.
    #[error("{value:?} is not a host name to greet mail servers with; write reset.example.org")]
    HelloName {
        /// What was configured.
        value: String,
    },
    /// The certificates cannot be read.
    #[error("the file with the authority's certificate holds no usable PEM certificate")]
    Certificates,
    /// TLS cannot be set up at all.
    #[error("TLS towards {host} cannot be set up: {why}")]
    Tls {
        /// The server.
        host: String,
        /// What the TLS library said.
        why: String,
    },
}

/// The mail servers of this installation.
#[derive(Debug)]
pub struct Smtp {
    servers: Vec<Server>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Smtp {
    /// Checks the configuration; connects nowhere yet.
    ///
    /// # Errors
    ///
    /// [`SmtpFault`]: the configuration must be changed.
    pub fn new(options: SmtpOptions) -> Result<Self, SmtpFault> {
        if options.servers.is_empty() {
            return Err(SmtpFault::NoServer);
        }
        let hello = client_id(options.hello_name)?;
        let ca_pem = options.ca_pem.as_deref();
        let servers = options
            .servers
            .into_iter()
            .map(|server| {
                let tls = tls_parameters(&server, ca_pem)?;
                Ok(Server::new(server, tls, hello.clone(), options.limits))
            })
            .collect::<Result<_, SmtpFault>>()?;
        Ok(Self {
            servers,
            from: mailbox(options.from)?,
            reply_to: options.reply_to.map(mailbox).transpose()?,
        })
    }

    /// Hands the mail to the first server that can be talked to.
    ///
    /// A server that refuses *the recipient* or *the mail* has decided; one that cannot be
    /// reached, refuses the login or the sender has not, and the next one is asked.
    pub(super) async fn carry(&self, mail: &Mail) -> Carried {
        let envelope = match letter::envelope(mail, &self.from, self.reply_to.as_ref()) {
            Ok(envelope) => envelope,
            Err(detail) => {
                return Carried::Never {
                    detail: detail.to_owned(),
                };
            }
        };
        self.carry_envelope(&envelope).await
    }

    async fn carry_envelope(&self, envelope: &Envelope) -> Carried {
        let mut details = Vec::new();
        for server in &self.servers {
            match server.deliver(envelope).await {
                Ok(()) => return Carried::Accepted,
                Err(Trouble::ForLater(detail)) => {
                    return Carried::Later {
                        detail: server.names(&detail),
                    };
                }
                Err(Trouble::ForGood(detail)) => {
                    return Carried::Never {
                        detail: server.names(&detail),
                    };
                }
                Err(Trouble::OfServer(detail)) => details.push(server.names(&detail)),
            }
        }
        Carried::Later {
            detail: details.join("; "),
        }
    }

    /// Opens a connection to every server and signs in, without sending anything.
    ///
    /// # Errors
    ///
    /// One line for each server that could not be used.
    pub async fn test_connection(&self) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        for server in &self.servers {
            if let Err(trouble) = server.test_connection().await {
                faults.push(server.names(&trouble.into_detail()));
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

fn client_id(name: Option<String>) -> Result<ClientId, SmtpFault> {
    let Some(value) = name else {
        return Ok(ClientId::default());
    };
    let is_host_name = !value.is_empty()
        && value
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-'));
    if is_host_name {
        Ok(ClientId::Domain(value))
    } else {
        Err(SmtpFault::HelloName { value })
    }
}

/// Takes the name apart from the address itself, so that a name with a comma needs no quotes.
fn mailbox(value: String) -> Result<Mailbox, SmtpFault> {
    let (name, address) = match value
        .trim()
        .strip_suffix('>')
        .and_then(|v| v.rsplit_once('<'))
    {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", value.trim()),
    };
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    match address.parse::<Address>() {
        Ok(address) if !value.contains(char::is_control) => Ok(Mailbox::new(name, address)),
        _ => Err(SmtpFault::Address { value }),
    }
}

fn tls_parameters(
    server: &SmtpServer,
    ca_pem: Option<&[u8]>,
) -> Result<Option<TlsParameters>, SmtpFault> {
    match server.tls {
        TlsMode::None if is_this_machine(&server.host) => return Ok(None),
        TlsMode::None => {
            return Err(SmtpFault::PlainToElsewhere {
                host: server.host.clone(),
            });
        }
        TlsMode::Implicit | TlsMode::StartTls => {}
    }
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = ca_pem {
        let is_certificate = pem
            .windows(27)
            .any(|part| part == b"-----BEGIN CERTIFICATE-----");
        let authority = Certificate::from_pem(pem)
            .ok()
            .filter(|_| is_certificate)
            .ok_or(SmtpFault::Certificates)?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(authority);
    }
    let parameters = builder.build_rustls();
    let tls_fault = |why: String| SmtpFault::Tls {
        host: server.host.clone(),
        why,
    };
    parameters
        .map(Some)
        .map_err(|fault| tls_fault(fault.to_string()))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
