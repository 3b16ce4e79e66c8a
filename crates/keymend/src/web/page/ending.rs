//! Pages on which a journey ends or stops.

use serde::Serialize;

use super::Page;

/// S21: the directory accepted the password and a sign-in with it worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PasswordChanged {
    /// Where it works, as one phrase in the person's language.
    pub systems: String,
    /// Minutes until it works everywhere, if it does not yet.
    pub others_within_minutes: Option<u32>,
    /// What is still to come, if something that belongs to it did not go through at once.
    pub pending: Option<String>,
    /// Whether the account was unlocked too.
    pub was_unlocked: bool,
    /// Whether the directory will want another change at the next sign-in.
    pub changes_again: bool,
    /// Where the button "Sign in" leads.
    pub sign_in_url: String,
}

/// S34: written, but the account cannot sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Barred {
    /// The unlock was refused.
    StillLocked {
        /// When the lock opens by itself, in the person's format.
        time: String,
    },
    /// The test sign-in was refused.
    NotYet,
}

/// S23: unlocked, the password as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unlocked {
    /// Where the button "Sign in" leads.
    pub sign_in_url: String,
}

/// S26: too many tries for this user name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paused {
    /// Coarse minutes until it opens again.
    pub minutes: u32,
}

/// S27: the attempt took too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Minutes that an attempt lasts.
    pub minutes: u32,
    /// What was typed as user name, to start again with.
    pub user: String,
}

/// The attempt ended for a reason that the frame's error says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// What was typed as user name, to start again with.
    pub user: String,
}

impl Page for Stopped {
    const TEMPLATE: &'static str = "stopped.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            user: "jane.doe".to_owned(),
        }]
    }
}

/// S28: nothing can be done in this directory just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryDown {
    /// The directory's display name.
    pub directory: String,
    /// Whether its administrators paused it, rather than that it fell silent.
    pub is_paused: bool,
    /// Whether names that say where they belong can still be helped, in other directories.
    pub is_another_open: bool,
}

/// S25: how to get help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskForHelp {
    /// What was typed as user name.
    pub user: String,
}

/// S33: stop something that was not asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotMe {
    /// The one-time token of the link.
    pub token: String,
}

macro_rules! plain_pages {
    ($($(#[$doc:meta])* $name:ident => $template:literal,)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
            pub struct $name {}

            impl Page for $name {
                const TEMPLATE: &'static str = $template;

                fn samples() -> Vec<Self> {
                    vec![Self {}]
                }
            }
        )*
    };
}

plain_pages! {
    /// S29: the order was sent, and no answer came.
    Unconfirmed => "unconfirmed.html",
    /// S32: the person stopped the attempt.
    Cancelled => "cancelled.html",
    /// S25, after the request was sent; the same for everybody.
    HelpSent => "help_sent.html",
    /// S33, after the account was protected.
    NotMeDone => "not_me_done.html",
    /// KM-2203: resetting is off for the whole site.
    SiteOff => "site_off.html",
    /// KM-9001: an accident on our side; the reference is in the frame.
    Fault => "fault.html",
    /// There is no such page.
    NotFound => "not_found.html",
}

impl Page for PasswordChanged {
    const TEMPLATE: &'static str = "password_changed.html";

    fn samples() -> Vec<Self> {
        let page = Self {
            systems: "Windows, mail".to_owned(),
            others_within_minutes: None,
            pending: None,
            was_unlocked: false,
            changes_again: false,
            sign_in_url: "/signin".to_owned(),
        };
        vec![
            page.clone(),
            Self {
                others_within_minutes: Some(10),
                pending: Some("Payroll".to_owned()),
                was_unlocked: true,
                changes_again: true,
                ..page.clone()
            },
            Self {
                others_within_minutes: Some(1),
                ..page
            },
        ]
    }
}

impl Page for Barred {
    const TEMPLATE: &'static str = "barred.html";

    fn samples() -> Vec<Self> {
        vec![
            Self::StillLocked {
                time: "14:30".to_owned(),
            },
            Self::NotYet,
        ]
    }
}

impl Page for Unlocked {
    const TEMPLATE: &'static str = "unlocked.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            sign_in_url: "/signin".to_owned(),
        }]
    }
}

impl Page for Paused {
    const TEMPLATE: &'static str = "paused.html";

    fn samples() -> Vec<Self> {
        [60, 15, 1440].map(|minutes| Self { minutes }).to_vec()
    }
}

impl Page for Expired {
    const TEMPLATE: &'static str = "expired.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            minutes: 15,
            user: "jane.doe".to_owned(),
        }]
    }
}

impl Page for DirectoryDown {
    const TEMPLATE: &'static str = "directory_down.html";

    fn samples() -> Vec<Self> {
        let page = |is_paused, is_another_open| Self {
            directory: "Head office".to_owned(),
            is_paused,
            is_another_open,
        };
        vec![page(false, false), page(true, false), page(false, true)]
    }
}

impl Page for AskForHelp {
    const TEMPLATE: &'static str = "ask_for_help.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                user: String::new(),
            },
            Self {
                user: "jane.doe".to_owned(),
            },
        ]
    }
}

impl Page for NotMe {
    const TEMPLATE: &'static str = "not_me.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            token: "b25lLXRpbWU".to_owned(),
        }]
    }
}
