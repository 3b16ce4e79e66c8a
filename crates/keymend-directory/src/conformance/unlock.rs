//! Unlocking without a new password.

use keymend_domain::directory::{NotDone, WriteOutcome};

use super::bench::{Bench, done, holds, same};
use super::fixture::{Abilities, Act, Role};
use super::{Case, Passed};

const LOCKS: fn(&Abilities) -> bool = |abilities| abilities.lockout_threshold > 0;

pub(super) const CASES: &[Case] = &[
    Case::when(
        "an unlock lifts the lock and leaves the password",
        LOCKS,
        |bench| Box::pin(unlocked(bench)),
    ),
    Case::when(
        "there is nothing to unlock where no lock is",
        LOCKS,
        |bench| Box::pin(not_locked(bench)),
    ),
    Case::when(
        "a disabled account is not unlocked",
        |abilities| LOCKS(abilities) && abilities.can_disable,
        |bench| Box::pin(barred(bench, Act::Disable)),
    ),
    Case::when(
        "a protected account is not unlocked",
        |abilities| LOCKS(abilities) && abilities.protects,
        |bench| Box::pin(barred(bench, Act::Protect)),
    ),
];

async fn unlocked(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Locked).await?;
    let outcome = bench.unlock(&visitor).await;
    done(&outcome)?;
    holds(
        matches!(outcome, WriteOutcome::Done { unlocked: true, .. }),
        || format!("the lifted lock is not told: {outcome:?}"),
    )?;
    bench.lets_in(&visitor, &visitor.person.password).await
}

async fn not_locked(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let outcome = bench.unlock(&visitor).await;
    same(
        "outcome",
        &outcome,
        &WriteOutcome::NotDone(NotDone::NotLocked),
    )
}

async fn barred(bench: &Bench<'_>, act: Act) -> Passed {
    let visitor = bench.visitor(Role::Locked).await?;
    bench.act(&visitor, act).await?;
    let outcome = bench.unlock(&visitor).await;
    same(
        "outcome",
        &outcome,
        &WriteOutcome::NotDone(NotDone::Protected),
    )?;
    let account = bench.read(&visitor.account.id).await?;
    holds(
        account.is_some_and(|account| account.state.lock.is_some()),
        || "the lock was lifted all the same".into(),
    )
}
