//! What somebody reads who types `?` at a question.

use super::step::Step;

/// The help for a question.
pub fn of(step: Step) -> &'static str {
    let found = HELP.iter().find(|(known, _)| *known == step);
    found.map_or("", |(_, text)| *text)
}

const HELP: &[(Step, &str)] = &[
    (
        Step::Organisation,
        "It stands on every page and in every mail.",
    ),
    (
        Step::Origin,
        "Links in mails begin with it, and requests for any other host are refused. Write it \
             without a path, for instance https://reset.example.org.",
    ),
    (
        Step::Region,
        "Phone numbers that are typed without a country are read as numbers of this one, and \
             text messages go to it alone unless the policy names more.",
    ),
    (
        Step::DirectoryName,
        "Accounts are stored under this name: do not change it later. It never shows.",
    ),
    (
        Step::Servers,
        "Domain controllers or LDAP servers, the one to be asked first in front: \
             dc1.example.org dc2.example.org. LDAPS (port 636) is tried, then StartTLS (port 389); \
             to decide it yourself write ldaps://NAME:PORT or ldap://NAME:PORT. Which kind of \
             directory it is, is read from the server. Write names as they stand in the servers' \
             certificates.",
    ),
    (
        Step::Authority,
        "This machine does not know who signed the server's certificate. If you say yes, the \
             authority shown is trusted for this directory and for nothing else. Compare the \
             fingerprint with one that you get in another way: on the authority's own machine \
             `openssl x509 -in ca.pem -noout -fingerprint -sha256`. You may also write the path of \
             a PEM file with the authority. With no, nothing is trusted and nothing is sent.",
    ),
    (
        Step::Account,
        "An account for Keymend alone, which may set passwords and lift locks of the people it \
             serves, and nothing else; never an administrator. docs/install.md and \
             docs/active-directory.md say how to make it. Write its DN; in an Active Directory \
             also name@domain or DOMAIN\\name.",
    ),
    (
        Step::Password,
        "It does not show while you type. It is tried at once, and written to a file that its \
             owner alone can read; an empty line keeps the one there is, or goes back.",
    ),
    (
        Step::DefaultPolicy,
        "An entry does not say that OpenLDAP's default policy applies to it, so Keymend must \
             be told which it is: the value of olcPPolicyDefault. Choose a number, or write a DN.",
    ),
    (
        Step::Base,
        "Keymend sees the accounts below this place and no others. Choose a number, or write \
             a DN.",
    ),
    (
        Step::Scope,
        "With \"nobody\" everything can be set up and tried, and people are told that \
             resetting is not switched on. Begin with a small group.",
    ),
    (
        Step::Groups,
        "Write the name of a group or its DN; nested members count. An empty line ends the \
             list, - empties it.",
    ),
    (
        Step::Administrators,
        "Their members are held to stronger proofs. In an Active Directory name Domain Admins \
             and those like it. Write a name or a DN; an empty line ends the list, - empties it.",
    ),
    (
        Step::TestAccount,
        "Shows what Keymend sees of an account, without its password. An empty line goes on.",
    ),
    (
        Step::Listening,
        "Passwords must be encrypted on their way. Without a certificate Keymend speaks plain \
             HTTP to the proxies that you name, and to nobody else.",
    ),
    (
        Step::ListenAddress,
        "0.0.0.0 stands for all addresses of this machine. A port below 1024 takes the right \
             CAP_NET_BIND_SERVICE; see docs/install.md.",
    ),
    (
        Step::CertificateFile,
        "Keymend's own certificate first, then those that signed it. The file is read again \
             when it changes.",
    ),
    (
        Step::KeyFile,
        "The private key of that certificate, not encrypted, mode 0600 or 0640.",
    ),
    (
        Step::Proxies,
        "For instance 127.0.0.1/32. What they say in X-Forwarded-For is believed.",
    ),
    (
        Step::Writeback,
        "With no, Keymend reads the directory and writes nothing: no reset, no unlock.",
    ),
    (
        Step::Unlock,
        "People whose account is locked may lift the lock and keep the password.",
    ),
    (Step::MailWanted, "Codes and notices go out by mail."),
    (
        Step::MailHost,
        "Its name as in its certificate, without smtp:// and port.",
    ),
    (
        Step::MailTls,
        "A server that does not encrypt is not used, except on this machine.",
    ),
    (Step::MailPort, "587 for STARTTLS, 465 for TLS, as a rule."),
    (
        Step::MailUser,
        "Leave it empty if the server takes mail from this machine as it is.",
    ),
    (
        Step::MailPassword,
        "It does not show while you type. It is written to a file that its owner alone can \
             read; an empty line keeps the one there is, or goes back.",
    ),
    (
        Step::TextsToken,
        "It does not show while you type. It is written to a file that its owner alone can \
             read; an empty line keeps the one there is, or goes back.",
    ),
    (
        Step::MailFrom,
        "For instance Password service <no-reply@example.org>.",
    ),
    (
        Step::MailAuthority,
        "Only if the mail server's certificate is signed by one of your own.",
    ),
    (
        Step::TextsWanted,
        "Codes go out by text message, where people registered a number.",
    ),
    (
        Step::TextsPreset,
        "For a gateway that is none of these, choose the third and finish the section [texts] \
             by hand: `keymend config example` shows every key.",
    ),
    (
        Step::TextsUrl,
        "An https:// address; codes are never sent over a plain connection.",
    ),
    (
        Step::TextsAccount,
        "Twilio: the account SID. Vonage: the API key.",
    ),
    (
        Step::TextsSender,
        "For instance +441632960000, or a name where the country allows it.",
    ),
    (
        Step::DataFolder,
        "It is made if it is not there, and only its owner can open it. A path that does not \
             begin with / begins at the folder of the configuration.",
    ),
    (
        Step::RootFile,
        "The key that everything is sealed with. It is drawn if it is not there. Keep a copy \
             of it, and of the file .audit beside it, apart from the backups of the data.",
    ),
    (
        Step::BreachFile,
        "New passwords are looked up in it on this machine; nobody is asked. Download a list of \
             hashes (SHA-1 or NTLM, as the public range lists have them), then make the file: \
             `keymend breach build --from LIST --to leaked.kmb`. `-` goes back to the list that \
             comes with Keymend.",
    ),
];
