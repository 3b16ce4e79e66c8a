//! `keymend setup`: from nothing to a working service, question by question.
//!
//! The questions are a state machine that touches nothing (`wizard`, `step`, `outcome`); what must
//! be tried is tried in `deeds`; a person sits before `talk`, a file before `unattended`; only
//! `apply` writes.

mod answers;
mod apply;
mod deeds;
mod document;
mod help;
mod outcome;
mod present;
mod rights;
mod step;
mod summary;
mod talk;
mod terminal;
#[cfg(test)]
mod tests;
mod unattended;
mod wizard;

use std::path::Path;
use std::sync::Arc;

use keymend_domain::policy::Scope;

use super::words;
use crate::cli::{Output, SetupArguments, Stop, print};
use crate::clock::SystemClock;
use crate::config::ConfigFaults;
use apply::{Outcome, Plan};
use deeds::World;
use present::Present;
use talk::Talk;
use terminal::Terminal;
use wizard::Wizard;

/// Sets an installation up, or changes one.
///
/// # Errors
///
/// [`Stop::Usage`] for answers that are no good, [`Stop::Fault`] if something cannot be written or
/// the input ends in the middle; then nothing was changed.
pub fn setup(arguments: &SetupArguments, output: Output<'_>) -> Result<(), Stop> {
    if arguments.print_answers {
        return print(output, &unattended::template());
    }
    super::runtime()?.block_on(async {
        let path = arguments.config.config.as_path();
        let world = World {
            config: path.to_owned(),
            clock: Arc::new(SystemClock),
        };
        let mut wizard = Wizard::default();
        let present = Present::read(path, &mut wizard).await?;
        if let Some(answers) = &arguments.answers {
            unattended::run(answers, &world, &mut wizard).await?;
            return carry_out(path, &present, &wizard, (arguments.dry_run, output)).await;
        }
        // A wrong file is said when the servers are looked at, where it can be mended.
        let _ = present::trust(&mut wizard, &world.path(""));
        let mut talk = Talk {
            terminal: Terminal::new(output),
            world,
            wizard,
            present,
            is_dry: arguments.dry_run,
            has_changes: false,
        };
        talk.begin().await
    })
}

/// Writes what an answer file asked for.
async fn carry_out(
    path: &Path,
    present: &Present,
    wizard: &Wizard,
    (is_dry, output): (bool, Output<'_>),
) -> Result<(), Stop> {
    let plan = Plan::new(path, present, wizard);
    let faults = plan.faults();
    if !faults.is_empty() {
        return Err(Stop::Usage(ConfigFaults(faults).to_string()));
    }
    let settings = apply::settings(present, &wizard.answers);
    let is_harmless = settings.scope == Scope::None;
    let understands = is_harmless || wizard.answers.truth("policy.i_understand") == Some(true);
    let lint = apply::findings(present, &wizard.answers);
    if lint.refuses() || (!lint.findings.is_empty() && !understands) {
        return Err(Stop::Usage(format!(
            "{}the policy would not be applied, so nothing was written; correct what is refused, \
             and for what is only warned of set policy.i_understand = true",
            words::findings(&lint.findings)
        )));
    }
    print(output, &summary::planned(&plan, present, wizard))?;
    if is_dry {
        return print(
            output,
            &format!("\nThis would be written:\n\n{}", plan.text),
        );
    }
    let config = plan.write(output)?;
    match apply::put_in_force(path, &config, settings, understands).await? {
        Outcome::Applied(said) => print(output, &said)?,
        Outcome::Warned(lint) => return Err(Stop::Usage(words::findings(&lint.findings))),
    }
    print(output, &format!("{}\n", summary::next_steps(path)))
}
