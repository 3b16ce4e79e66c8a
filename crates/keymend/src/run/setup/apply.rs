//! Putting answers in force: secrets first, then the configuration, then the policy.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use keymend_domain::method::MethodKind;
use keymend_domain::policy::{Lint, Scope, Settings, Surroundings, check_within};

use keymend_directory::ldap::probe::{Certificate, Trust};
use zeroize::Zeroizing;

use super::answers::Answers;
use super::document::{self, Files};
use super::present::Present;
use super::wizard::Wizard;
use crate::app::ApplyFault;
use crate::cli::{KeysCommand, Output, Stop, print};
use crate::clock::SystemClock;
use crate::config::{Config, ConfigFaults, Environment, Fault};
use crate::entropy::SystemEntropy;
use crate::run::{build, policy, who, words};
use keymend_domain::time::Clock;

/// Everything that is going to be written.
pub struct Plan {
    path: PathBuf,
    /// The text of the configuration.
    pub text: String,
    /// Files beside it: name, content, mode.
    files: Vec<(PathBuf, Zeroizing<String>, u32)>,
    /// The root key, if it is to be drawn.
    new_root: Option<PathBuf>,
    /// Keys whose files are only going to be there.
    pending: Vec<String>,
}

impl Plan {
    /// What the answers come to.
    pub fn new(path: &Path, present: &Present, wizard: &Wizard) -> Self {
        let table = document::table(&present.table, wizard);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let files = Files::of(&wizard.answers);
        let name = wizard.answers.text("directory.name").unwrap_or_default();
        let mut plan = Self {
            path: path.to_owned(),
            text: document::render(&table),
            files: Vec::new(),
            new_root: None,
            pending: Vec::new(),
        };
        let typed = &wizard.facts.typed;
        for (secret, file, key) in [
            (
                &typed.bind,
                files.bind,
                format!("directory.{name}.bind_password_file"),
            ),
            (&typed.mail, files.mail, "mail.password_file".to_owned()),
            (&typed.texts, files.texts, "texts.token_file".to_owned()),
        ] {
            if let Some(secret) = secret {
                let text = Zeroizing::new(format!("{}\n", secret.expose()));
                plan.files.push((folder.join(file), text, 0o600));
                plan.pending.push(key);
            }
        }
        if let Trust::Authorities(all) = &wizard.facts.trust
            && document::is_consented(wizard)
        {
            let pem = Zeroizing::new(all.iter().map(Certificate::pem).collect::<String>());
            plan.files.push((folder.join(files.authority), pem, 0o644));
            plan.pending.push(format!("directory.{name}.ca_file"));
        }
        let root = table.get("keys").and_then(|keys| keys.get("root_file"));
        if let Some(root) = root
            .and_then(toml::Value::as_str)
            .map(|root| folder.join(root))
            && !root.exists()
        {
            plan.new_root = Some(root);
            plan.pending.push("keys.root_file".to_owned());
            plan.pending.push("keys.audit_file".to_owned());
        }
        plan
    }

    /// Everything that would be wrong with the configuration, but for files that come with it.
    pub fn faults(&self) -> Vec<Fault> {
        let checked = Config::check_text(&self.path, &self.text, &Environment::of_process());
        let Err(ConfigFaults(mut faults)) = checked else {
            return Vec::new();
        };
        faults.retain(|fault| !self.pending.contains(&fault.key));
        // Lines of a file that is not there yet would mislead.
        for fault in &mut faults {
            fault.line = None;
        }
        faults
    }

    /// The names of everything that is going to be written.
    pub fn names(&self) -> Vec<String> {
        let files = self.files.iter().map(|(path, _, _)| path);
        let all = files.chain(&self.new_root).chain([&self.path]);
        all.map(|path| path.display().to_string()).collect()
    }

    /// Writes everything, each file whole or not at all; the configuration comes last.
    ///
    /// # Errors
    ///
    /// [`Stop`]: what could not be written.  The configuration before is then still in force.
    pub fn write(&self, output: Output<'_>) -> Result<Config, Stop> {
        for (path, text, mode) in &self.files {
            write(path, text, *mode)?;
            print(output, &format!("wrote {}\n", path.display()))?;
        }
        if let Some(root) = &self.new_root {
            let command = KeysCommand::New { file: root.clone() };
            crate::cli::keys::run(&command, &SystemEntropy, output)?;
        }
        let checked = Config::check_text(&self.path, &self.text, &Environment::of_process());
        let config = checked.map_err(|faults| Stop::Usage(faults.to_string()))?;
        if self.path.exists() {
            let stamp = words::time(SystemClock.now()).replace([':', ' '], "-");
            let kept = PathBuf::from(format!("{}.{stamp}.bak", self.path.display()));
            let old = fs::read_to_string(&self.path).map_err(|error| unwritable(&kept, &error))?;
            write(&kept, &old, 0o600)?;
            print(output, &format!("kept the old one as {}\n", kept.display()))?;
        }
        write(&self.path, &self.text, 0o600)?;
        print(output, &format!("wrote {}\n", self.path.display()))?;
        Ok(config)
    }
}

/// Writes a file beside its place and moves it there, so that it is whole at every moment.
pub fn write(path: &Path, text: &str, mode: u32) -> Result<(), Stop> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = PathBuf::from(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, path))
        .and_then(|()| {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        });
    written.map_err(|error| {
        // What is half-written must not stay; if it was never made there is nothing to remove.
        let _ = fs::remove_file(&draft);
        unwritable(path, &error)
    })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::Fault(format!(
        "{}: cannot be written ({error}); run keymend setup as the owner of its folder",
        path.display()
    ))
}

/// The ways of sending codes that the answers give.
fn carried(answers: &Answers) -> Vec<MethodKind> {
    [("mail", MethodKind::Email), ("texts", MethodKind::Text)]
        .into_iter()
        .filter(|(section, _)| answers.truth(&format!("{section}.wanted")) == Some(true))
        .map(|(_, kind)| kind)
        .collect()
}

/// The policy that the answers ask for, based on the one in force.
pub fn settings(present: &Present, answers: &Answers) -> Settings {
    let mut settings = present.settings.clone().unwrap_or_default();
    allow_methods(&mut settings, present, &carried(answers));
    let scope = answers.value("policy.scope").cloned();
    if let Some(scope) = scope.and_then(|scope| scope.try_into().ok()) {
        settings.scope = scope;
    }
    // Without a way to send codes nobody could prove anything.
    if carried(answers).is_empty() {
        settings.scope = Scope::None;
    }
    if answers.value("policy.groups").is_some() {
        settings.groups = answers.list("policy.groups");
    }
    if answers.value("policy.administrator_groups").is_some() {
        settings.administrator_groups = answers.list("policy.administrator_groups");
    }
    if let Some(unlocks) = answers.truth("policy.unlock_without_reset") {
        settings.actions.unlock_without_reset = unlocks;
    }
    let name = answers.text("directory.name");
    if let (Some(writes), Some(name)) = (answers.truth("policy.writeback"), name) {
        settings.writeback.insert(name.to_owned(), writes);
    }
    settings
}

/// Allows a method as soon as there is something that sends its codes, and no longer.
fn allow_methods(settings: &mut Settings, present: &Present, carried: &[MethodKind]) {
    if carried.is_empty() {
        return;
    }
    let is_first = present.settings.is_none();
    let is_new = |kind: &MethodKind| {
        let section = match kind {
            MethodKind::Email => "mail",
            MethodKind::Text => "texts",
        };
        is_first || !present.table.contains_key(section)
    };
    let wanted = |kind: &&MethodKind| settings.methods.contains(kind) || is_new(kind);
    let methods: Vec<MethodKind> = carried.iter().filter(wanted).copied().collect();
    let most = u32::try_from(methods.len()).unwrap_or(2).clamp(1, 2);
    settings.gates = if is_first {
        most
    } else {
        settings.gates.min(most)
    };
    settings.methods = methods;
}

/// What the check of the policy will say.
pub fn findings(present: &Present, answers: &Answers) -> Lint {
    let sections = present
        .table
        .get("directory")
        .and_then(toml::Value::as_table);
    let mut directories: Vec<String> = sections
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    directories.extend(answers.text("directory.name").map(str::to_owned));
    let surroundings = Surroundings {
        carried: carried(answers),
        directories,
    };
    check_within(&settings(present, answers), &surroundings)
}

/// How applying the policy ended.
pub enum Outcome {
    /// It is in force; what changed.
    Applied(String),
    /// Its check has something to say.
    Warned(Lint),
}

/// Puts a policy in force.
///
/// # Errors
///
/// [`Stop`]: it could not be saved.
pub async fn put_in_force(
    path: &Path,
    config: &Config,
    settings: Settings,
    understands: bool,
) -> Result<Outcome, Stop> {
    let built = build::build(path, config).await?;
    // While nobody may reset, nothing can be weak.
    let is_harmless = settings.scope == Scope::None;
    let applied = built
        .app
        .apply_settings(settings, understands, &who::operator())
        .await;
    match applied {
        Ok(mut applied) => {
            if is_harmless {
                applied.lint.findings.clear();
            }
            Ok(Outcome::Applied(policy::said(&applied)))
        }
        Err(ApplyFault::Lint(lint)) => Ok(Outcome::Warned(lint)),
        Err(ApplyFault::Conflict) => Err(Stop::Fault(
            "somebody else applied another policy meanwhile; run keymend setup again".to_owned(),
        )),
        Err(ApplyFault::Stop(stop)) => Err(Stop::Fault(words::chain(&stop))),
    }
}
