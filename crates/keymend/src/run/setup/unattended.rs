//! Answers from a file: the same wizard, with nobody before it.

use std::path::Path;

use keymend_domain::secret::Secret;
use toml::Value;

use super::answers::AnswerFile;
use super::deeds::World;
use super::outcome::Then;
use super::present;
use super::step::{Kind, Part, Step};
use super::wizard::{Deed, Reply, Wizard};
use crate::cli::Stop;
use crate::config::{ConfigFaults, Fault, Shaped, read_secret, reference};

/// The first lines of the answer file.
const HEAD: &str = "\
# Answers for `keymend setup --answers FILE`.
#
# Keys with a # are optional; they stand with an example.  What is left out altogether keeps what
# is configured.  Secrets stand in files of their own, which the configuration will name too.
";

/// Trials that one answer may lead to: a look, a consent, another look.
const TRIALS_MAX: usize = 4;

/// An answer file to begin with.
pub fn template() -> String {
    let schema = schemars::schema_for!(AnswerFile).to_value();
    reference::example_of(&schema, HEAD)
}

/// Puts the answers of a file into the wizard and tries all of them.
///
/// # Errors
///
/// [`Stop::Usage`] with everything that is wrong, a line for each.
pub async fn run(file: &Path, world: &World, wizard: &mut Wizard) -> Result<(), Stop> {
    let shaped = Shaped::read::<AnswerFile>(file);
    let shaped = shaped.map_err(|faults| Stop::Usage(faults.to_string()))?;
    for (section, part) in &shaped.table {
        for (key, value) in part.as_table().into_iter().flatten() {
            wizard
                .answers
                .set(&format!("{section}.{key}"), value.clone());
        }
    }
    for section in ["mail", "texts"] {
        if shaped.table.contains_key(section) {
            wizard.answers.set(&format!("{section}.wanted"), true);
        } else if wizard.answers.truth(&format!("{section}.wanted")).is_none() {
            wizard.answers.set(&format!("{section}.wanted"), false);
        }
    }
    let mut sitting = Sitting {
        shaped,
        world,
        faults: Vec::new(),
    };
    let folder = world.path("");
    if let Err(said) = present::trust(wizard, &folder) {
        sitting.complain("directory.ca_file", &said, "name the authority's PEM file");
        wizard.answers.forget("directory.ca_file");
    }
    for part in [
        Part::Customise,
        Part::Writing,
        Part::Mail,
        Part::Texts,
        Part::Data,
        Part::Breach,
    ] {
        wizard.begin(part);
        sitting.sit(wizard).await;
    }
    if sitting.faults.is_empty() {
        Ok(())
    } else {
        Err(Stop::Usage(ConfigFaults(sitting.faults).to_string()))
    }
}

struct Sitting<'a> {
    shaped: Shaped,
    world: &'a World,
    faults: Vec<Fault>,
}

impl Sitting<'_> {
    fn complain(&mut self, key: &str, reason: &str, remedy: &str) {
        let fault = self.shaped.fault(key, reason, remedy);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Answers every question of one part; one that cannot be answered is noted and passed.
    async fn sit(&mut self, wizard: &mut Wizard) {
        while let Some(step) = wizard.step() {
            let is_well = match self.typed(step, wizard) {
                Ok(lines) => self.answer(step, &lines, wizard).await,
                Err(reason) => {
                    self.complain(step.key(), &reason, "add it to the answers");
                    false
                }
            };
            // Where the answer did not move the wizard on, it is moved past the question.
            if !is_well {
                wizard.go_to(step);
                match after_failure(step) {
                    Some(later) => wizard.go_to(later),
                    None => wizard.advance(),
                }
            } else if wizard.step() == Some(step) {
                wizard.advance();
            }
        }
    }

    /// What somebody would have typed.
    fn typed(&self, step: Step, wizard: &Wizard) -> Result<Vec<String>, String> {
        let answers = &wizard.answers;
        let value = answers.value(step.key());
        match step.kind() {
            Kind::Secret => {
                let Some(file) = answers.text(step.key()) else {
                    return Err("is missing".to_owned());
                };
                let secret: Secret = read_secret(&self.world.path(file))?;
                Ok(vec![secret.expose().to_owned()])
            }
            Kind::Groups | Kind::Trial => {
                let is_group = step.kind() == Kind::Groups;
                let mut lines = if is_group {
                    answers.list(step.key())
                } else {
                    answers
                        .text(step.key())
                        .map(str::to_owned)
                        .into_iter()
                        .collect()
                };
                lines.push(String::new());
                Ok(lines)
            }
            Kind::Consent => Ok(vec![String::new()]),
            _ => Ok(vec![value.map(line).unwrap_or_default()]),
        }
    }

    async fn answer(&mut self, step: Step, lines: &[String], wizard: &mut Wizard) -> bool {
        if step.kind() == Kind::Groups {
            // Names become DNs, so the list is made anew.
            wizard.answers.forget(step.key());
        }
        for typed in lines {
            let said = match wizard.answer(typed) {
                Reply::Taken | Reply::Help(_) => Ok(()),
                Reply::Again(complaint) => Err(complaint),
                Reply::Try(deed) => self.try_all(deed, wizard).await,
            };
            if let Err(complaint) = said {
                let has_file = wizard.answers.text("directory.ca_file").is_some();
                let key = match step {
                    Step::Servers | Step::Authority if !wizard.facts.wants_authority => {
                        "directory.servers"
                    }
                    Step::Servers | Step::Authority if has_file => "directory.ca_file",
                    Step::Servers | Step::Authority => "directory.authority_fingerprint",
                    Step::Password => "directory.account",
                    Step::MailPassword | Step::MailAuthority => "mail.host",
                    Step::TextsToken => "texts.preset",
                    other => other.key(),
                };
                if typed.is_empty() && wizard.answers.value(key).is_none() {
                    self.complain(key, "is missing", "add it to the answers");
                } else {
                    self.complain(key, &complaint, "correct it and run keymend setup again");
                }
                return false;
            }
        }
        if matches!(step, Step::Password | Step::MailPassword | Step::TextsToken) {
            self.leave_in_its_file(step, wizard);
        }
        true
    }

    /// The configuration names the file of the answers; the secret is not written a second time.
    fn leave_in_its_file(&self, step: Step, wizard: &mut Wizard) {
        let facts = &mut wizard.facts;
        match step {
            Step::Password => facts.present.bind = facts.typed.bind.take(),
            Step::MailPassword => facts.present.mail = facts.typed.mail.take(),
            _ => facts.present.texts = facts.typed.texts.take(),
        }
    }

    /// Carries out a trial and those that follow from it.
    async fn try_all(&self, first: Deed, wizard: &mut Wizard) -> Result<(), String> {
        let mut next = Some(first);
        for _ in 0..TRIALS_MAX {
            let Some(deed) = next.take() else {
                break;
            };
            let outcome = self.world.carry_out(&deed, wizard).await;
            let learned = wizard.learn(outcome);
            if learned.is_bad {
                let lines: Vec<&str> = learned.says.iter().map(|line| line.trim()).collect();
                return Err(lines.join("; "));
            }
            if let Then::Try(deed) = learned.then {
                next = Some(deed);
            }
        }
        if wizard.facts.groups.is_empty() {
            return Ok(());
        }
        let several = wizard.facts.groups.join("; ");
        Err(format!(
            "means several groups, write one of their DNs: {several}"
        ))
    }
}

/// Where to go on when an answer was no good and later ones depend on it.
fn after_failure(step: Step) -> Option<Step> {
    match step {
        Step::Servers | Step::Authority | Step::Account | Step::Password => Some(Step::Origin),
        Step::Base => Some(Step::Scope),
        Step::MailPassword | Step::TextsToken => None,
        _ => None,
    }
}

fn line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(true) => "y".to_owned(),
        Value::Boolean(false) => "n".to_owned(),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.join(" ")
        }
        other => other.to_string(),
    }
}
