//! The wizard as a state machine: a question goes out, an answer comes in, and sometimes something
//! must be tried in between.  It reads nothing, writes nothing and waits for nobody.

use std::path::PathBuf;

use keymend_directory::ldap::probe::{Certificate, Root, Trust, Units};
use keymend_domain::secret::Secret;
use toml::Value;

use super::answers::Answers;
use super::outcome::{Learned, Outcome, Then};
use super::step::{Kind, Part, Step};

/// The most units that are offered as choices; others are written out.
const UNITS_SHOWN: usize = 15;

/// A question as it is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The question.
    pub question: &'static str,
    /// What may be chosen by its number.
    pub choices: Vec<String>,
    /// What an empty line stands for.
    pub default: Option<String>,
    /// Whether nothing may show while the answer is typed.
    pub is_secret: bool,
}

/// What becomes of an answer.
#[derive(Debug)]
pub enum Reply {
    /// It was taken.
    Taken,
    /// It cannot be, for this reason.
    Again(String),
    /// Somebody asked what the question means.
    Help(&'static str),
    /// Something must be tried first; then [`Wizard::learn`].
    Try(Deed),
}

/// Something that must be tried in the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Reach the servers, check their certificates, read what they are.
    Look,
    /// Read a PEM file with an authority.
    ReadAuthority(PathBuf),
    /// Sign in as the service account, and see where people are.
    SignIn,
    /// Whether a place is there.
    IsThere(String),
    /// The groups that a name means.
    FindGroup(String),
    /// What Keymend sees of an account.
    LookUp(String),
    /// Sign in at the mail server.
    TryMail,
    /// Reach the text gateway.
    TryTexts,
    /// Find out what the service account may do.
    Prove,
    /// Open a file of leaked passwords.
    OpenBreach(PathBuf),
}

/// Secrets that were typed; they are written when everything else is.
#[derive(Debug, Default)]
pub struct Secrets {
    /// The service account's password.
    pub bind: Option<Secret>,
    /// The mail server's.
    pub mail: Option<Secret>,
    /// The gateway's.
    pub texts: Option<Secret>,
}

/// What was learned on the way and is nobody's answer.
#[derive(Debug)]
pub struct Facts {
    /// Whom the directory's servers are trusted by.
    pub trust: Trust,
    /// The authority that is shown for consent.
    pub offered: Option<Certificate>,
    /// Whether an authority is missing.
    pub wants_authority: bool,
    /// What the first server is.
    pub root: Option<Root>,
    /// Where the people are.
    pub units: Units,
    /// Groups of which one must be chosen.
    pub groups: Vec<String>,
    /// What the service account may do, in lines; empty before that was looked at.
    pub rights: Vec<String>,
    /// Typed now, not in a file yet.
    pub typed: Secrets,
    /// In the files that the configuration in force names.
    pub present: Secrets,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            trust: Trust::System,
            offered: None,
            wants_authority: false,
            root: None,
            units: Units::default(),
            groups: Vec::new(),
            rights: Vec::new(),
            typed: Secrets::default(),
            present: Secrets::default(),
        }
    }
}

/// The wizard.
#[derive(Debug, Default)]
pub struct Wizard {
    /// What was answered.
    pub answers: Answers,
    /// What was learned.
    pub facts: Facts,
    steps: &'static [Step],
    place: usize,
}

impl Wizard {
    /// Begins one part of the questions.
    pub fn begin(&mut self, part: Part) {
        self.steps = part.steps();
        self.place = 0;
        self.skip();
    }

    /// The question that is open; `None` when all are answered.
    pub fn step(&self) -> Option<Step> {
        self.steps.get(self.place).copied()
    }

    /// Goes to a question of this part, wherever it stands.
    pub fn go_to(&mut self, step: Step) {
        if let Some(place) = self.steps.iter().position(|one| *one == step) {
            self.place = place;
        }
    }

    /// Goes to the question before; `false` if this is the first.
    pub fn back(&mut self) -> bool {
        let asked = |place: &usize| self.steps.get(*place).is_some_and(|step| self.asks(*step));
        match (0..self.place).rev().find(asked) {
            Some(place) => {
                self.place = place;
                true
            }
            None => false,
        }
    }

    /// Goes to the next question.
    pub fn advance(&mut self) {
        self.place += 1;
        self.skip();
    }

    fn skip(&mut self) {
        while self.step().is_some_and(|step| !self.asks(step)) {
            self.place += 1;
        }
    }

    fn asks(&self, step: Step) -> bool {
        match step {
            Step::Authority => self.facts.wants_authority,
            Step::DefaultPolicy => !self.facts.units.policies.is_empty(),
            _ => step.applies(&self.answers),
        }
    }

    /// The open question, ready to be shown.
    pub fn prompt(&self) -> Option<Prompt> {
        let step = self.step()?;
        let choices = match step.kind() {
            Kind::Choice(all) => all.iter().map(|(_, text)| (*text).to_owned()).collect(),
            Kind::Place if step == Step::DefaultPolicy => self.facts.units.policies.clone(),
            Kind::Place => self.places(),
            Kind::Groups => self.facts.groups.clone(),
            _ => Vec::new(),
        };
        Some(Prompt {
            question: step.question(),
            choices,
            default: self.shown_default(step),
            is_secret: step.kind() == Kind::Secret,
        })
    }

    fn places(&self) -> Vec<String> {
        let shown = self.facts.units.list.iter().take(UNITS_SHOWN);
        let more = if self.facts.units.has_more {
            " or more"
        } else {
            ""
        };
        shown
            .map(|unit| match unit.people {
                1 => format!("{}  (1 account)", unit.dn),
                count => format!("{}  ({count}{more} accounts)", unit.dn),
            })
            .collect()
    }

    fn shown_default(&self, step: Step) -> Option<String> {
        if step.kind() == Kind::Secret {
            return self.present(step).map(|_| "the one there is".to_owned());
        }
        let value = step.default(&self.answers)?;
        Some(match (step.kind(), &value) {
            (Kind::Choice(all), Value::String(word)) => {
                let place = all.iter().position(|(known, _)| known == word)?;
                (place + 1).to_string()
            }
            (Kind::YesNo, Value::Boolean(truth)) => if *truth { "y" } else { "n" }.to_owned(),
            (Kind::Consent | Kind::Trial, _) => return None,
            (Kind::Words, _) => words(&value).join(" "),
            (Kind::Groups, _) if words(&value).is_empty() => return None,
            (Kind::Groups, _) => words(&value).join("; "),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        })
    }

    fn present(&self, step: Step) -> Option<&Secret> {
        let (typed, present) = match step {
            Step::Password => (&self.facts.typed.bind, &self.facts.present.bind),
            Step::MailPassword => (&self.facts.typed.mail, &self.facts.present.mail),
            Step::TextsToken => (&self.facts.typed.texts, &self.facts.present.texts),
            _ => return None,
        };
        typed.as_ref().or(present.as_ref())
    }

    /// Takes one answer.
    pub fn answer(&mut self, typed: &str) -> Reply {
        let Some(step) = self.step() else {
            return Reply::Taken;
        };
        let kind = step.kind();
        if typed.trim() == "?" && kind != Kind::Secret {
            return Reply::Help(step.help());
        }
        match kind {
            Kind::Secret => self.take_secret(step, typed),
            Kind::Consent => self.take_consent(typed.trim()),
            Kind::Groups => self.take_group(step, typed.trim()),
            Kind::Trial => self.take_trial(step, typed.trim()),
            Kind::Place => self.take_place(step, typed.trim()),
            _ => self.take_plain(step, typed.trim()),
        }
    }

    fn take_plain(&mut self, step: Step, typed: &str) -> Reply {
        let kind = step.kind();
        if typed.is_empty() || (kind == Kind::Optional && typed == "-") {
            return self.take_default(step, typed == "-");
        }
        if kind != Kind::Words
            && let Err(complaint) = step.check(typed)
        {
            return Reply::Again(complaint.to_owned());
        }
        let value = match kind {
            Kind::Words => Value::from(
                typed
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            ),
            Kind::YesNo => match typed.to_lowercase().as_str() {
                "y" | "yes" => Value::from(true),
                "n" | "no" => Value::from(false),
                _ => return Reply::Again("write y or n".to_owned()),
            },
            Kind::Number => Value::from(typed.parse::<i64>().unwrap_or_default()),
            Kind::Choice(all) => match chosen(all, typed) {
                Some(word) => Value::from(word),
                None => return Reply::Again(format!("write a number from 1 to {}", all.len())),
            },
            _ => Value::from(typed),
        };
        self.answers.set(step.key(), value);
        self.taken(step)
    }

    fn take_default(&mut self, step: Step, clears: bool) -> Reply {
        match step.default(&self.answers).filter(|_| !clears) {
            Some(value) => self.answers.set(step.key(), value),
            None if step.kind() == Kind::Optional => self.answers.forget(step.key()),
            None => return Reply::Again("an answer is needed; ? explains, b goes back".to_owned()),
        }
        self.taken(step)
    }

    /// What an answer leads to.
    fn taken(&mut self, step: Step) -> Reply {
        match step {
            Step::Servers => return Reply::Try(Deed::Look),
            // Without a name to sign in with, there is no password to wait for.
            Step::MailAuthority if !Step::MailPassword.applies(&self.answers) => {
                return Reply::Try(Deed::TryMail);
            }
            Step::BreachFile => {
                if let Some(file) = self.answers.text(step.key()) {
                    return Reply::Try(Deed::OpenBreach(PathBuf::from(file)));
                }
                self.advance();
            }
            Step::TextsAccount if !Step::TextsToken.applies(&self.answers) => {
                return Reply::Try(Deed::TryTexts);
            }
            _ => self.advance(),
        }
        Reply::Taken
    }

    fn take_secret(&mut self, step: Step, typed: &str) -> Reply {
        if typed.is_empty() {
            if self.present(step).is_none() {
                self.back();
                return Reply::Taken;
            }
        } else {
            let secret = Some(Secret::new(typed.to_owned()));
            match step {
                Step::Password => self.facts.typed.bind = secret,
                Step::MailPassword => self.facts.typed.mail = secret,
                _ => self.facts.typed.texts = secret,
            }
        }
        Reply::Try(match step {
            Step::Password => Deed::SignIn,
            Step::MailPassword => Deed::TryMail,
            _ => Deed::TryTexts,
        })
    }

    fn take_consent(&mut self, typed: &str) -> Reply {
        match (typed.to_lowercase().as_str(), self.facts.offered.clone()) {
            ("y" | "yes", Some(offered)) => {
                self.answers.forget("directory.ca_file");
                let print = offered.fingerprint();
                self.answers.set("directory.authority_fingerprint", print);
                self.facts.trust = Trust::Authorities(vec![offered]);
                Reply::Try(Deed::Look)
            }
            ("n" | "no", _) => {
                self.go_to(Step::Servers);
                let said = "nothing was trusted and nothing was sent; name other servers, or give \
                            the authority's PEM file here";
                Reply::Again(said.to_owned())
            }
            ("", _) | ("y" | "yes", None) => {
                Reply::Again("write the path of a PEM file, or n".to_owned())
            }
            _ => Reply::Try(Deed::ReadAuthority(PathBuf::from(typed))),
        }
    }

    fn take_group(&mut self, step: Step, typed: &str) -> Reply {
        let offered = std::mem::take(&mut self.facts.groups);
        if let Some(group) = numbered(&offered, typed) {
            self.add_group(step, group.to_owned());
            return Reply::Taken;
        }
        match typed {
            "-" => {
                self.answers.set(step.key(), Value::Array(Vec::new()));
                Reply::Taken
            }
            "" if self.answers.list(step.key()).is_empty() && step == Step::Groups => {
                Reply::Again("name one group at least; b goes back to the choice".to_owned())
            }
            "" => {
                self.advance();
                Reply::Taken
            }
            name => Reply::Try(Deed::FindGroup(name.to_owned())),
        }
    }

    /// Adds a group to the list that is asked for.
    pub fn add_group(&mut self, step: Step, group: String) {
        let mut groups = self.answers.list(step.key());
        if !groups
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&group))
        {
            groups.push(group);
        }
        self.answers.set(step.key(), groups);
    }

    fn take_trial(&mut self, step: Step, typed: &str) -> Reply {
        if typed.is_empty() {
            self.advance();
            return Reply::Taken;
        }
        self.answers.set(step.key(), typed);
        Reply::Try(Deed::LookUp(typed.to_owned()))
    }

    fn take_place(&mut self, step: Step, typed: &str) -> Reply {
        let units = &self.facts.units;
        let known: Vec<String> = match step {
            Step::DefaultPolicy => units.policies.clone(),
            _ => units.list.iter().map(|unit| unit.dn.clone()).collect(),
        };
        let usual = self.answers.text(step.key());
        let place = match numbered(&known, typed) {
            Some(place) => place,
            None if typed.is_empty() && usual.is_some() => usual.unwrap_or_default(),
            None if typed.contains('=') => typed,
            None => return Reply::Again("choose a number, or write a DN".to_owned()),
        };
        Reply::Try(Deed::IsThere(place.to_owned()))
    }

    /// Takes in what a trial brought; gives what to say about it.
    pub fn learn(&mut self, outcome: Outcome) -> Learned {
        let learned = super::outcome::learn(self, outcome);
        match &learned.then {
            Then::Advance => self.advance(),
            Then::GoTo(step) => self.go_to(*step),
            Then::Stay | Then::Try(_) => {}
        }
        learned
    }
}

fn chosen(all: &[(&'static str, &'static str)], typed: &str) -> Option<&'static str> {
    let by_number = typed
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let by_number = by_number.and_then(|place| all.get(place));
    let found = by_number.or_else(|| all.iter().find(|(word, _)| *word == typed));
    found.map(|(word, _)| *word)
}

fn numbered<'a>(all: &'a [String], typed: &str) -> Option<&'a str> {
    let place = typed.parse::<usize>().ok()?.checked_sub(1)?;
    all.get(place).map(String::as_str)
}

fn words(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
