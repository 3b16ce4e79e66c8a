//! What every directory must do, as one table of cases.
//!
//! A test gives [`run`] a directory and a [`Fixture`] that can make accounts in it, and asks the
//! [`Report`] whether anything failed.  Each case takes fresh accounts, so that none depends on
//! another.  What a kind of directory cannot do by nature is said in [`Abilities`]; the case is
//! then listed as not applicable, never silently left out.

mod bench;
mod change;
mod fixture;
mod names;
mod report;
mod reset;
mod sign_in;
mod unlock;

use std::future::Future;
use std::pin::Pin;

use keymend_domain::directory::Directory;

pub use fixture::{Abilities, Act, Fixture, Person, Role};
pub use report::{Line, Report, Verdict, table};

use bench::Bench;

/// What a case comes back with: a failure is a sentence for the developer.
type Passed = Result<(), String>;
type Running<'a> = Pin<Box<dyn Future<Output = Passed> + Send + 'a>>;

/// One thing every directory must do.
struct Case {
    /// A sentence about behaviour.
    name: &'static str,
    /// Whether the case makes sense for a directory with these abilities.
    needs: fn(&Abilities) -> bool,
    run: for<'a> fn(&'a Bench<'a>) -> Running<'a>,
}

impl Case {
    const fn of(name: &'static str, run: for<'a> fn(&'a Bench<'a>) -> Running<'a>) -> Self {
        Self::when(name, |_| true, run)
    }

    const fn when(
        name: &'static str,
        needs: fn(&Abilities) -> bool,
        run: for<'a> fn(&'a Bench<'a>) -> Running<'a>,
    ) -> Self {
        Self { name, needs, run }
    }
}

/// Runs every case, one after the other.
pub async fn run(directory: &dyn Directory, fixture: &dyn Fixture) -> Report {
    let bench = Bench::new(directory, fixture);
    let abilities = fixture.abilities();
    let tables = [
        names::CASES,
        sign_in::CASES,
        reset::CASES,
        change::CASES,
        unlock::CASES,
    ];
    let mut lines = Vec::new();
    for case in tables.into_iter().flatten() {
        let verdict = if (case.needs)(&abilities) {
            match (case.run)(&bench).await {
                Ok(()) => Verdict::Passed,
                Err(why) => Verdict::Failed(why),
            }
        } else {
            let mut excuses = fixture.excuses().iter();
            let excuse = excuses.find(|(name, _)| *name == case.name);
            Verdict::NotApplicable(excuse.map(|(_, reason)| *reason))
        };
        lines.push(Line {
            case: case.name,
            verdict,
        });
    }
    Report {
        directory: directory.name().to_string(),
        lines,
    }
}
