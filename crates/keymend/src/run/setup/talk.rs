//! The wizard before a person.

use std::path::Path;

use keymend_domain::policy::Scope;

use super::answers::Answers;
use super::apply::{self, Outcome, Plan};
use super::deeds::World;
use super::outcome::Then;
use super::present::{self, Present};
use super::step::{Kind, Part, Step};
use super::summary;
use super::terminal::{Ended, Terminal};
use super::wizard::{Deed, Prompt, Reply, Wizard};
use crate::cli::Stop;
use crate::run::words;

/// How a part of the questions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// All were answered.
    Done,
    /// Somebody went back before the first.
    Left,
}

/// A talk with the person at the terminal.
pub struct Talk<'a> {
    /// Where it takes place.
    pub terminal: Terminal<'a>,
    /// What can be tried.
    pub world: World,
    /// The questions.
    pub wizard: Wizard,
    /// What there was.
    pub present: Present,
    /// Whether nothing may be written.
    pub is_dry: bool,
    /// Whether something was answered that is not in force.
    pub has_changes: bool,
}

impl Talk<'_> {
    /// Talks until the person has had enough.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if something cannot be written, or the talk ends in the middle.
    pub async fn begin(&mut self) -> Result<(), Stop> {
        let resumes = self.greet().await.map_err(|ended| self.broken_off(ended))?;
        if resumes {
            self.part(Part::Customise, true).await?;
        }
        loop {
            let mut items = vec![
                "View the current configuration".to_owned(),
                "Customise".to_owned(),
                "Optional features".to_owned(),
            ];
            if self.has_changes {
                items.push("Summary, and apply".to_owned());
            }
            items.push("Exit".to_owned());
            let choice = self.choose("What would you like to do?", &items)?;
            match (choice, self.has_changes) {
                (1, _) => self.view()?,
                (2, _) => self.part(Part::Customise, false).await?,
                (3, _) => self.features().await?,
                (4, true) => self.finish().await?,
                _ => return self.leave(),
            }
        }
    }

    async fn greet(&mut self) -> Result<bool, Ended> {
        let config = self.world.config.display().to_string();
        self.terminal.say("Keymend setup")?;
        self.terminal.say("")?;
        let state = if self.present.table.is_empty() {
            "new"
        } else {
            "there is one"
        };
        self.terminal
            .say(&format!("Configuration: {config} ({state})"))?;
        self.terminal
            .say("Type ? for help at any question, b to go back. Ctrl-C leaves all as it was.")?;
        for complaint in self.present.complaints.clone() {
            self.terminal.say(&format!("Note: {complaint}"))?;
        }
        if crate::run::who::operator().starts_with("root") {
            self.terminal.say(
                "Note: you are root. Files will belong to root, and the service must be able to \
                 read them; better run this as the user of the service.",
            )?;
        }
        self.resume()
    }

    /// Offers to go on from answers that were not applied.
    fn resume(&mut self) -> Result<bool, Ended> {
        let file = present::unfinished(&self.world.config);
        let Ok(text) = std::fs::read_to_string(&file) else {
            return Ok(false);
        };
        self.terminal.say("")?;
        self.terminal
            .say("An earlier setup was not finished. Its answers were kept, without secrets.")?;
        if !self.yes("Go on where you stopped?", true)? {
            // The answers were turned down; if they cannot be removed they are asked about again.
            let _ = std::fs::remove_file(&file);
            return Ok(false);
        }
        match text.parse() {
            Ok(table) => self.wizard.answers = Answers(table),
            Err(_) => self.terminal.say("They cannot be read; beginning anew.")?,
        }
        let folder = self.world.path("");
        if let Err(said) = present::trust(&mut self.wizard, &folder) {
            self.terminal.say(&said)?;
        }
        self.has_changes = true;
        Ok(true)
    }

    /// Asks the questions of one part, then shows the summary.
    async fn part(&mut self, part: Part, replays: bool) -> Result<(), Stop> {
        match self.questions(part, replays).await? {
            Way::Done => self.finish().await,
            Way::Left => Ok(()),
        }
    }

    async fn features(&mut self) -> Result<(), Stop> {
        let state = |key: &str| match self.wizard.answers.truth(key) {
            Some(true) => "  (on)",
            Some(false) => "  (off)",
            None => "",
        };
        let mut items: Vec<String> = Part::FEATURES
            .iter()
            .map(|(part, name)| {
                let key = match part {
                    Part::Writing => "policy.writeback",
                    Part::Mail => "mail.wanted",
                    Part::Texts => "texts.wanted",
                    _ => "",
                };
                format!("{name}{}", state(key))
            })
            .collect();
        items.push("Back".to_owned());
        let choice = self.choose("Optional features", &items)?;
        match choice
            .checked_sub(1)
            .and_then(|place| Part::FEATURES.get(place))
        {
            Some((part, _)) => self.part(*part, false).await,
            None => Ok(()),
        }
    }

    async fn questions(&mut self, part: Part, mut replays: bool) -> Result<Way, Stop> {
        self.wizard.begin(part);
        while let (Some(step), Some(prompt)) = (self.wizard.step(), self.wizard.prompt()) {
            let is_known = self.wizard.answers.value(step.key()).is_some();
            let is_open = matches!(step.kind(), Kind::Secret | Kind::Consent);
            let typed = if replays && is_known && !is_open {
                let known = prompt.default.clone().unwrap_or_default();
                self.say(&format!("{}: {known}", prompt.question))?;
                String::new()
            } else {
                replays &= is_open;
                let typed = self
                    .put(step, &prompt)
                    .map_err(|ended| self.broken_off(ended))?;
                if step.kind() != Kind::Secret && matches!(typed.trim(), "b" | "B") {
                    if self.wizard.back() {
                        continue;
                    }
                    return Ok(Way::Left);
                }
                typed.to_string()
            };
            let typed = zeroize::Zeroizing::new(typed);
            self.has_changes = true;
            match self.wizard.answer(&typed) {
                Reply::Taken => {}
                Reply::Help(text) => self.say(&format!("  {text}"))?,
                Reply::Again(complaint) => {
                    replays = false;
                    self.say(&format!("  ! {complaint}"))?;
                }
                Reply::Try(deed) => replays &= self.try_all(deed).await?,
            }
            self.keep()?;
        }
        Ok(Way::Done)
    }

    /// Carries out a trial and those that follow from it; `false` if one failed.
    async fn try_all(&mut self, first: Deed) -> Result<bool, Stop> {
        let mut next = Some(first);
        while let Some(deed) = next.take() {
            let outcome = self.world.carry_out(&deed, &self.wizard).await;
            let learned = self.wizard.learn(outcome);
            let mark = if learned.is_bad { "! " } else { "" };
            for (place, line) in learned.says.iter().enumerate() {
                let mark = if place == 0 { mark } else { "" };
                self.say(&format!("  {mark}{line}"))?;
            }
            if learned.is_bad {
                return Ok(false);
            }
            if let Then::Try(deed) = learned.then {
                next = Some(deed);
            }
        }
        Ok(true)
    }

    fn put(&mut self, step: Step, prompt: &Prompt) -> Result<zeroize::Zeroizing<String>, Ended> {
        self.terminal.say("")?;
        for (place, choice) in prompt.choices.iter().enumerate() {
            self.terminal.say(&format!("  {}) {choice}", place + 1))?;
        }
        let hint = match step.kind() {
            Kind::YesNo => " (y/n)",
            _ => "",
        };
        let mark = if prompt.question.ends_with('?') {
            ""
        } else {
            ":"
        };
        let question = |default: &str| format!("{}{hint}{default}{mark} ", prompt.question);
        let mut whole = match &prompt.default {
            Some(text) => question(&format!(" [{text}]")),
            None => question(""),
        };
        if let Some(text) = prompt
            .default
            .as_ref()
            .filter(|_| !Terminal::has_room(&whole))
        {
            self.terminal.say(&format!("  Now: {text}"))?;
            whole = question(" [keep]");
        }
        if prompt.is_secret {
            self.terminal.ask_secretly(&whole)
        } else {
            self.terminal.ask(&whole).map(zeroize::Zeroizing::new)
        }
    }

    /// Keeps the answers so far, so that an interrupted setup can go on.
    fn keep(&self) -> Result<(), Stop> {
        if self.is_dry {
            return Ok(());
        }
        let file = present::unfinished(&self.world.config);
        apply::write(&file, &self.wizard.answers.0.to_string(), 0o600)
    }

    fn view(&mut self) -> Result<(), Stop> {
        let text = summary::present(&self.present);
        self.say(&text)
    }

    /// Shows what was answered, and puts it in force if the person says so.
    async fn finish(&mut self) -> Result<(), Stop> {
        let plan = Plan::new(&self.world.config, &self.present, &self.wizard);
        let text = summary::planned(&plan, &self.present, &self.wizard);
        self.say(&text)?;
        let faults = plan.faults();
        if !faults.is_empty() {
            self.say("\nThis is still missing or wrong:")?;
            for fault in faults {
                self.say(&format!(
                    "  ! {}: {}; {}",
                    fault.key, fault.reason, fault.remedy
                ))?;
            }
            return Ok(());
        }
        if self.is_dry {
            self.say("\nThis would be written:\n")?;
            return self.say(&plan.text);
        }
        let asked = self.yes("\nApply this now?", true);
        if !asked.map_err(|ended| self.broken_off(ended))? {
            return Ok(());
        }
        self.apply(&plan).await
    }

    async fn apply(&mut self, plan: &Plan) -> Result<(), Stop> {
        let lint = apply::findings(&self.present, &self.wizard.answers);
        let settings = apply::settings(&self.present, &self.wizard.answers);
        let mut understands = settings.scope == Scope::None;
        if !understands && !lint.findings.is_empty() && !lint.refuses() {
            let asked = self.yes("The policy can be applied all the same. Do so?", true);
            understands = asked.map_err(|ended| self.broken_off(ended))?;
        }
        let config = {
            let mut written = Vec::new();
            let config = plan.write(&mut written);
            self.say(&String::from_utf8_lossy(&written))?;
            config?
        };
        let path = self.world.config.clone();
        match apply::put_in_force(&path, &config, settings.clone(), understands).await? {
            Outcome::Applied(said) => {
                self.say(&said)?;
                self.present.settings = Some(settings);
            }
            Outcome::Warned(lint) => {
                self.say(&words::findings(&lint.findings))?;
                self.say("The configuration is written; the policy stays as it was.")?;
            }
        }
        self.settle(plan, &path)?;
        self.say(&summary::next_steps(&path))
    }

    /// What was applied is what there is from now on.
    fn settle(&mut self, plan: &Plan, path: &Path) -> Result<(), Stop> {
        self.present.table = plan.text.parse().unwrap_or_default();
        self.present.complaints.clear();
        self.has_changes = false;
        let facts = &mut self.wizard.facts;
        for (typed, present) in [
            (&mut facts.typed.bind, &mut facts.present.bind),
            (&mut facts.typed.mail, &mut facts.present.mail),
            (&mut facts.typed.texts, &mut facts.present.texts),
        ] {
            if let Some(secret) = typed.take() {
                *present = Some(secret);
            }
        }
        // From now on the answers are what the file says, names of new files included.
        let policy = self.wizard.answers.0.get("policy").cloned();
        self.wizard.answers = Answers::of(&self.present.table);
        if let Some(policy) = policy {
            self.wizard.answers.0.insert("policy".to_owned(), policy);
        }
        let file = present::unfinished(path);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Stop::Fault(
                format!("{}: cannot be removed ({error})", file.display()),
            )),
            _ => Ok(()),
        }
    }

    fn leave(&mut self) -> Result<(), Stop> {
        if self.has_changes && !self.is_dry {
            let file = present::unfinished(&self.world.config)
                .display()
                .to_string();
            self.say(&format!(
                "Nothing was applied. Your answers are kept in {file}, without secrets; run \
                 keymend setup again to go on."
            ))?;
        }
        Ok(())
    }

    fn choose(&mut self, question: &str, items: &[String]) -> Result<usize, Stop> {
        loop {
            self.say("")?;
            self.say(question)?;
            for (place, item) in items.iter().enumerate() {
                self.say(&format!("  {}) {item}", place + 1))?;
            }
            let typed = self
                .terminal
                .ask("Choice: ")
                .map_err(|ended| self.broken_off(ended))?;
            match typed.trim().parse::<usize>() {
                Ok(choice) if (1..=items.len()).contains(&choice) => return Ok(choice),
                _ if matches!(typed.trim(), "b" | "B" | "q") => return Ok(items.len()),
                _ => self.say(&format!("  ! write a number from 1 to {}", items.len()))?,
            }
        }
    }

    fn yes(&mut self, question: &str, usual: bool) -> Result<bool, Ended> {
        let shown = if usual { "y" } else { "n" };
        loop {
            let typed = self.terminal.ask(&format!("{question} (y/n) [{shown}] "))?;
            match typed.trim().to_lowercase().as_str() {
                "" => return Ok(usual),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.terminal.say("  ! write y or n")?,
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Stop> {
        let said = self.terminal.say(text);
        said.map_err(|ended| self.broken_off(ended))
    }

    fn broken_off(&self, ended: Ended) -> Stop {
        let how = match ended {
            Ended::Input => "the input ended",
            Ended::Output => "the terminal is gone",
            Ended::Interrupted => "interrupted",
        };
        Stop::Fault(format!(
            "{how}; nothing was applied, and the answers so far are kept for the next time"
        ))
    }
}
