//! Changing a password that is known.

use keymend_domain::directory::{NotDone, RuleBroken, WriteOutcome};

use super::bench::{Bench, NEW, NEWER, done, holds, same};
use super::fixture::Role;
use super::{Case, Passed};

pub(super) const CASES: &[Case] = &[
    Case::of("a change lets in the new password alone", |bench| {
        Box::pin(changed(bench))
    }),
    Case::of("a wrong current password changes nothing", |bench| {
        Box::pin(wrong_current(bench))
    }),
    Case::when(
        "wrong current passwords count as wrong sign-ins do",
        |abilities| abilities.lockout_threshold > 0,
        |bench| Box::pin(counted(bench)),
    ),
    Case::of("a change to too short a password is refused", |bench| {
        Box::pin(short(bench))
    }),
    Case::when(
        "a change to the same password is refused",
        |abilities| abilities.history > 0,
        |bench| Box::pin(unchanged(bench)),
    ),
    Case::when(
        "a change follows a demand for one",
        |abilities| abilities.has_demanded_change,
        |bench| Box::pin(follows(bench, Role::MustChange)),
    ),
    Case::when(
        "a change replaces an expired password",
        |abilities| abilities.has_expiry,
        |bench| Box::pin(follows(bench, Role::PasswordExpired)),
    ),
];

async fn changed(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let old = visitor.person.password.clone();
    done(&bench.change(&visitor, &old, NEW).await?)?;
    bench.lets_in(&visitor, NEW).await?;
    bench.shuts_out(&visitor, &old).await
}

async fn wrong_current(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let outcome = bench.change(&visitor, NEWER, NEW).await?;
    same(
        "outcome",
        &outcome,
        &WriteOutcome::NotDone(NotDone::WrongCurrent),
    )?;
    bench.lets_in(&visitor, &visitor.person.password).await?;
    bench.shuts_out(&visitor, NEW).await
}

async fn counted(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    for _ in 0..bench.abilities().lockout_threshold {
        bench.change(&visitor, NEWER, NEW).await?;
    }
    let account = bench.read(&visitor.account.id).await?;
    holds(
        account.is_some_and(|account| account.state.lock.is_some()),
        || "not locked at the threshold".into(),
    )?;
    let right = visitor.person.password.clone();
    let outcome = bench.change(&visitor, &right, NEW).await?;
    holds(matches!(outcome, WriteOutcome::NotDone(_)), || {
        format!("a locked account was changed: {outcome:?}")
    })
}

async fn short(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let old = visitor.person.password.clone();
    let outcome = bench.change(&visitor, &old, "x").await?;
    bench.refused(&outcome, |rule| matches!(rule, RuleBroken::Short { .. }))?;
    bench.lets_in(&visitor, &old).await
}

async fn unchanged(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let old = visitor.person.password.clone();
    let outcome = bench.change(&visitor, &old, &old).await?;
    bench.refused(&outcome, |rule| {
        matches!(rule, RuleBroken::Same | RuleBroken::History { .. })
    })?;
    bench.lets_in(&visitor, &old).await
}

async fn follows(bench: &Bench<'_>, role: Role) -> Passed {
    let visitor = bench.visitor(role).await?;
    let old = visitor.person.password.clone();
    done(&bench.change(&visitor, &old, NEW).await?)?;
    bench.lets_in(&visitor, NEW).await
}
