//! The people of the tests: one of every kind, with names of equal length.

use keymend_directory::embedded::{Credential, Embedded, NewAccount, Policy};
use keymend_domain::account::AccountRef;
use keymend_domain::id::MethodId;
use keymend_domain::method::{Assurance, Contact, Method, MethodKind};
use keymend_domain::secret::Password;
use keymend_domain::time::{DAY_MS, Moment};

/// Everybody's password before anything happens.
pub const OLD: &str = "old copper kettle 7";
/// A password that every rule allows.
pub const NEW: &str = "quiet river 77 stones";
/// Another one.
pub const NEWER: &str = "seven lanterns at dusk";
/// The address that everybody has registered who has registered any.
pub const MAILBOX: &str = "somebody@mail.example";
/// The number that everybody has registered who has registered any.
pub const MOBILE: &str = "+447700900123";

/// What is special about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Unregistered,
    OneMethod,
    OutOfScope,
    Disabled,
    Locked,
    Protected,
    Administrator,
    Ended,
    MayNotChange,
    PasswordExpired,
    MustChange,
    Frozen,
    Young,
    Ambiguous,
    Unknown,
}

/// Login and kind of everybody; the last one is in no directory.
pub const EVERYBODY: [(&str, Kind); 17] = [
    ("jane01", Kind::Plain),
    ("john02", Kind::Plain),
    ("noah03", Kind::Unregistered),
    ("half04", Kind::OneMethod),
    ("olga05", Kind::OutOfScope),
    ("dana06", Kind::Disabled),
    ("lock07", Kind::Locked),
    ("tier08", Kind::Protected),
    ("admi09", Kind::Administrator),
    ("ende10", Kind::Ended),
    ("nils11", Kind::MayNotChange),
    ("expi12", Kind::PasswordExpired),
    ("must13", Kind::MustChange),
    ("ice-14", Kind::Frozen),
    ("yara15", Kind::Young),
    ("twin16", Kind::Ambiguous),
    ("nobo17", Kind::Unknown),
];

/// The address in the entry; where notices go.
pub fn mail(login: &str) -> String {
    format!("{login}@work.example")
}

/// Makes the accounts; gives the id of each login.
pub async fn fill(directory: &Embedded, now: Moment) -> Vec<(String, Kind, AccountRef)> {
    directory.add_group("tier-0", true).await.unwrap();
    let known = EVERYBODY.iter().filter(|(_, kind)| *kind != Kind::Unknown);
    let mut accounts = Vec::new();
    let mut named = Vec::new();
    for (login, kind) in known {
        named.push(((*login).to_owned(), *kind));
        accounts.push(account(login, *kind, now));
        if *kind == Kind::Ambiguous {
            // Found by the same address as the other: nobody can say who is meant.
            named.push(("twin-b".to_owned(), *kind));
            let mut other = account("twin-b", *kind, now);
            other.mail.push((*login).to_owned());
            accounts.push(other);
        }
    }
    let ids = directory.import(&accounts).await.unwrap();
    let both = named.into_iter().zip(ids);
    both.map(|((login, kind), id)| (login, kind, id)).collect()
}

fn account(login: &str, kind: Kind, now: Moment) -> NewAccount {
    let age_days = match kind {
        Kind::PasswordExpired => 100,
        Kind::Young => 0,
        _ => 10,
    };
    let groups = match kind {
        Kind::OutOfScope => vec!["guests".to_owned()],
        Kind::Protected => vec!["staff".to_owned(), "tier-0".to_owned()],
        Kind::Administrator => vec!["staff".to_owned(), "admins".to_owned()],
        _ => vec!["staff".to_owned()],
    };
    let own_policy = match kind {
        Kind::Young => Some(Policy {
            age_min_ms: DAY_MS,
            ..Policy::default()
        }),
        Kind::Locked => Some(Policy {
            lockout_ms: 0,
            ..Policy::default()
        }),
        _ => None,
    };
    NewAccount {
        login: login.to_owned(),
        display_name: format!("{login} Example"),
        mail: vec![mail(login)],
        language: Some("en".to_owned()),
        groups,
        credential: Some(Credential::Plain(Password::new(OLD.to_owned()).unwrap())),
        password_changed_at: Some(now.plus_ms(-age_days * DAY_MS)),
        is_disabled: kind == Kind::Disabled,
        is_locked: kind == Kind::Locked,
        must_change: kind == Kind::MustChange,
        may_not_change: kind == Kind::MayNotChange,
        ends_at: (kind == Kind::Ended).then(|| now.plus_ms(-DAY_MS)),
        own_policy,
        ..NewAccount::default()
    }
}

/// The methods somebody of this kind has registered.
pub fn methods(login: &str, kind: Kind, now: Moment) -> Vec<Method> {
    let contacts = match kind {
        Kind::Unregistered | Kind::Unknown => vec![],
        Kind::OneMethod => vec![(MethodKind::Email, Contact::Email(MAILBOX.to_owned()))],
        _ => vec![
            (MethodKind::Email, Contact::Email(MAILBOX.to_owned())),
            (MethodKind::Text, Contact::Phone(MOBILE.to_owned())),
        ],
    };
    let made = contacts.into_iter().map(|(kind, contact)| Method {
        id: MethodId::stored(format!("{login}-{}", kind.word())),
        kind,
        contact,
        assurance: Assurance::UserVerified,
        probation_until: None,
        added_at: now,
        used_at: None,
    });
    made.collect()
}
