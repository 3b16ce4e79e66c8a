//! Every question of the wizard: its words, its help, its default, and what may be answered.

use toml::Value;

use super::answers::Answers;

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Organisation,
    Origin,
    Region,
    DirectoryName,
    Servers,
    Authority,
    Account,
    Password,
    DefaultPolicy,
    Base,
    Scope,
    Groups,
    Administrators,
    TestAccount,
    Listening,
    ListenAddress,
    CertificateFile,
    KeyFile,
    Proxies,
    Writeback,
    Unlock,
    MailWanted,
    MailHost,
    MailTls,
    MailPort,
    MailUser,
    MailPassword,
    MailFrom,
    MailAuthority,
    TextsWanted,
    TextsPreset,
    TextsUrl,
    TextsAccount,
    TextsToken,
    TextsSender,
    DataFolder,
    RootFile,
    BreachFile,
}

/// Where each answer is kept, and the question.
const FACTS: &[(Step, &str, &str)] = &[
    (
        Step::Organisation,
        "site.organisation",
        "Name of your organisation",
    ),
    (
        Step::Origin,
        "site.public_origin",
        "Address that people will open",
    ),
    (
        Step::Region,
        "site.region",
        "Country of the site, two letters",
    ),
    (
        Step::DirectoryName,
        "directory.name",
        "Short name for the directory",
    ),
    (
        Step::Servers,
        "directory.servers",
        "Directory servers, separated by blanks",
    ),
    (
        Step::Authority,
        "directory.ca_file",
        "Trust this authority for the directory?",
    ),
    (
        Step::Account,
        "directory.account",
        "Service account of Keymend",
    ),
    (
        Step::Password,
        "directory.password_file",
        "Password of that account",
    ),
    (
        Step::DefaultPolicy,
        "directory.default_policy",
        "Password policy of people without one of their own",
    ),
    (Step::Base, "directory.base", "Where are the accounts?"),
    (Step::Scope, "policy.scope", "Who may reset a password?"),
    (
        Step::Groups,
        "policy.groups",
        "Group whose members may reset",
    ),
    (
        Step::Administrators,
        "policy.administrator_groups",
        "Group whose members are administrators",
    ),
    (
        Step::TestAccount,
        "test.account",
        "Login name to look up as a test",
    ),
    (
        Step::Listening,
        "listen.how",
        "Who encrypts the connections of people?",
    ),
    (
        Step::ListenAddress,
        "listen.address",
        "Address and port to listen at",
    ),
    (
        Step::CertificateFile,
        "listen.certificate_file",
        "PEM file with the certificate",
    ),
    (
        Step::KeyFile,
        "listen.key_file",
        "PEM file with its private key",
    ),
    (
        Step::Proxies,
        "listen.trusted_proxies",
        "Networks of the proxies, separated by blanks",
    ),
    (
        Step::Writeback,
        "policy.writeback",
        "Write passwords to the directory?",
    ),
    (
        Step::Unlock,
        "policy.unlock_without_reset",
        "Let people unlock without a new password?",
    ),
    (Step::MailWanted, "mail.wanted", "Send mail?"),
    (Step::MailHost, "mail.host", "Mail server"),
    (
        Step::MailTls,
        "mail.tls",
        "How is its connection encrypted?",
    ),
    (Step::MailPort, "mail.port", "Its port"),
    (
        Step::MailUser,
        "mail.username",
        "User name there (empty: none)",
    ),
    (
        Step::MailPassword,
        "mail.password_file",
        "Password of that name",
    ),
    (Step::MailFrom, "mail.from", "Sender of the mails"),
    (
        Step::MailAuthority,
        "mail.ca_file",
        "PEM file of its authority (empty: this machine's)",
    ),
    (Step::TextsWanted, "texts.wanted", "Send text messages?"),
    (Step::TextsPreset, "texts.preset", "Which gateway?"),
    (Step::TextsUrl, "texts.url", "Where do requests go?"),
    (
        Step::TextsAccount,
        "texts.account",
        "Account at the gateway",
    ),
    (
        Step::TextsToken,
        "texts.token_file",
        "Secret of that account",
    ),
    (
        Step::TextsSender,
        "texts.sender",
        "Sender: a number or a name",
    ),
    (Step::DataFolder, "store.data_dir", "Folder of the data"),
    (Step::RootFile, "keys.root_file", "File of the root key"),
    (
        Step::BreachFile,
        "breach.file",
        "File of leaked passwords (empty: the list that comes with Keymend)",
    ),
];

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// Free text that may be left empty.
    Optional,
    /// Several words on one line.
    Words,
    /// A whole number.
    Number,
    /// Yes or no.
    YesNo,
    /// One of these: the word that is kept, and what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// Typed without echo, never kept among the answers.
    Secret,
    /// One of the units that were found, or a DN.
    Place,
    /// Groups, one after the other, until an empty line.
    Groups,
    /// Yes, no, or the path of a file.
    Consent,
    /// Names to be looked up, until an empty line.
    Trial,
}

/// What can be changed at one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What a new installation needs.
    Customise,
    /// Optional features.
    Writing,
    Mail,
    Texts,
    Address,
    Data,
    Breach,
}

impl Part {
    /// The optional features, and what they are called.
    pub const FEATURES: [(Self, &'static str); 6] = [
        (Self::Writing, "Password writeback and unlock"),
        (Self::Mail, "Mail"),
        (Self::Texts, "Text messages"),
        (Self::Address, "Public address, certificate, proxies"),
        (Self::Data, "Data folder and keys"),
        (Self::Breach, "Filter of leaked passwords"),
    ];

    /// Its questions, in order.
    pub fn steps(self) -> &'static [Step] {
        use Step::*;
        match self {
            Self::Customise => &[
                Organisation,
                DirectoryName,
                Servers,
                Authority,
                Account,
                Password,
                DefaultPolicy,
                Base,
                Scope,
                Groups,
                Administrators,
                TestAccount,
                Origin,
                Region,
                Listening,
                ListenAddress,
                CertificateFile,
                KeyFile,
                Proxies,
            ],
            Self::Writing => &[Writeback, Unlock],
            Self::Mail => &[
                MailWanted,
                MailHost,
                MailTls,
                MailPort,
                MailFrom,
                MailUser,
                MailAuthority,
                MailPassword,
            ],
            Self::Texts => &[
                TextsWanted,
                TextsPreset,
                TextsUrl,
                TextsSender,
                TextsAccount,
                TextsToken,
            ],
            Self::Address => &[
                Origin,
                Region,
                Listening,
                ListenAddress,
                CertificateFile,
                KeyFile,
                Proxies,
            ],
            Self::Data => &[DataFolder, RootFile],
            Self::Breach => &[BreachFile],
        }
    }
}

impl Step {
    /// Where its answer is kept.
    pub fn key(self) -> &'static str {
        self.facts().0
    }

    /// The question.
    pub fn question(self) -> &'static str {
        self.facts().1
    }

    /// What somebody reads who types `?`.
    pub fn help(self) -> &'static str {
        super::help::of(self)
    }

    fn facts(self) -> (&'static str, &'static str) {
        let found = FACTS.iter().find(|(step, _, _)| *step == self);
        found.map_or(("", ""), |(_, key, question)| (*key, *question))
    }

    /// How it is answered.
    pub fn kind(self) -> Kind {
        match self {
            Self::Servers | Self::Proxies => Kind::Words,
            Self::Authority => Kind::Consent,
            Self::Password | Self::MailPassword | Self::TextsToken => Kind::Secret,
            Self::Base | Self::DefaultPolicy => Kind::Place,
            Self::Groups | Self::Administrators => Kind::Groups,
            Self::TestAccount => Kind::Trial,
            Self::MailUser | Self::MailAuthority | Self::TextsAccount | Self::BreachFile => {
                Kind::Optional
            }
            Self::MailPort => Kind::Number,
            Self::Writeback | Self::Unlock | Self::MailWanted | Self::TextsWanted => Kind::YesNo,
            Self::Scope => Kind::Choice(&[
                ("none", "nobody yet"),
                ("selected", "the members of groups that you name"),
                ("all", "everybody who is found there"),
            ]),
            Self::Listening => Kind::Choice(&[
                ("certificate", "Keymend, with a certificate of its own"),
                ("proxy", "a proxy before it, on this machine or near it"),
            ]),
            Self::MailTls => Kind::Choice(&[
                ("start-tls", "STARTTLS, usual at port 587"),
                ("tls", "TLS from the first byte, usual at port 465"),
                ("none", "not at all: a mail server on this machine alone"),
            ]),
            Self::TextsPreset => Kind::Choice(&[
                ("twilio", "Twilio"),
                ("vonage", "Vonage"),
                ("json", "another one that takes JSON over HTTPS"),
            ]),
            _ => Kind::Text,
        }
    }

    /// Whether it is asked at all, after these answers.
    pub fn applies(self, answers: &Answers) -> bool {
        let is = |key: &str, word: &str| answers.text(key) == Some(word);
        match self {
            Self::Groups => is("policy.scope", "selected"),
            Self::CertificateFile | Self::KeyFile => is("listen.how", "certificate"),
            Self::Proxies => is("listen.how", "proxy"),
            Self::MailHost
            | Self::MailTls
            | Self::MailPort
            | Self::MailFrom
            | Self::MailUser
            | Self::MailAuthority => answers.truth("mail.wanted") == Some(true),
            Self::MailPassword => {
                answers.truth("mail.wanted") == Some(true)
                    && answers.text("mail.username").is_some()
            }
            Self::TextsPreset | Self::TextsSender | Self::TextsAccount => {
                answers.truth("texts.wanted") == Some(true)
            }
            // A gateway of one's own may do without; the two others never do.
            Self::TextsToken => {
                let has_account = answers.text("texts.account").is_some();
                let is_own = is("texts.preset", "json");
                answers.truth("texts.wanted") == Some(true) && (has_account || !is_own)
            }
            Self::TextsUrl => {
                answers.truth("texts.wanted") == Some(true) && is("texts.preset", "json")
            }
            _ => true,
        }
    }

    /// What an empty line stands for.
    pub fn default(self, answers: &Answers) -> Option<Value> {
        if let Some(value) = answers.value(self.key()) {
            return Some(value.clone());
        }
        let text = |text: &str| Some(Value::from(text));
        match self {
            Self::DirectoryName => text("corp"),
            Self::Scope => text("none"),
            Self::Listening => text("certificate"),
            Self::ListenAddress if answers.text("listen.how") == Some("proxy") => {
                text("127.0.0.1:8443")
            }
            Self::ListenAddress => text("0.0.0.0:8443"),
            Self::Proxies => Some(Value::from(vec!["127.0.0.1/32".to_owned()])),
            Self::Writeback | Self::Unlock | Self::MailWanted | Self::TextsWanted => {
                Some(Value::from(true))
            }
            Self::MailTls => text("start-tls"),
            Self::MailPort => {
                let port = match answers.text("mail.tls") {
                    Some("tls") => 465,
                    Some("none") => 25,
                    _ => 587,
                };
                Some(Value::from(port))
            }
            Self::TextsPreset => text("twilio"),
            Self::DataFolder => text("data"),
            Self::RootFile => text("root.key"),
            _ => None,
        }
    }

    /// Whether a text can be the answer, before anything is asked of the world.
    pub fn check(self, typed: &str) -> Result<(), &'static str> {
        let is_plain =
            |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
        let holds = match self {
            Self::DirectoryName => typed.len() <= 32 && typed.bytes().all(is_plain),
            Self::Region => typed.len() == 2 && typed.bytes().all(|sign| sign.is_ascii_uppercase()),
            Self::Origin => crate::config::PublicOrigin::parse(typed).is_ok(),
            Self::Account => typed.contains(['=', '@', '\\']),
            Self::ListenAddress => typed.parse::<std::net::SocketAddr>().is_ok(),
            Self::MailPort => typed.parse::<u16>().is_ok_and(|port| port > 0),
            Self::MailFrom => typed.contains('@'),
            _ => !typed.chars().any(char::is_control),
        };
        if holds { Ok(()) } else { Err(self.complaint()) }
    }

    fn complaint(self) -> &'static str {
        match self {
            Self::DirectoryName => "use small letters, digits and dashes, 32 at most",
            Self::Region => "write two capitals, for instance GB or DE",
            Self::Origin => {
                "write https:// and a host, without a path; http:// is for localhost alone"
            }
            Self::Account => "write a DN, name@domain, or DOMAIN\\name",
            Self::ListenAddress => "write an address and a port, for instance 0.0.0.0:8443",
            Self::MailPort => "write a number from 1 to 65535",
            Self::MailFrom => "write an address, or Name <ADDRESS>",
            _ => "it holds a control character",
        }
    }
}
