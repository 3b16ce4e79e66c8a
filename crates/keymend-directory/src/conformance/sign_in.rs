//! Signing in, and counting.

use keymend_domain::directory::{MustChange, SignIn};

use super::bench::{Bench, NEW, holds, same};
use super::fixture::Role;
use super::{Case, Passed};

pub(super) const CASES: &[Case] = &[
    Case::of("the right password lets in, any other does not", |bench| {
        Box::pin(right_and_wrong(bench))
    }),
    Case::when(
        "a locked account lets nobody in, and says so on reading",
        |abilities| abilities.lockout_threshold > 0,
        |bench| Box::pin(locked(bench)),
    ),
    Case::when(
        "wrong passwords lock the account at the threshold",
        |abilities| abilities.lockout_threshold > 0,
        |bench| Box::pin(counted(bench)),
    ),
    Case::when(
        "a right password makes the wrong ones before it forgotten",
        |abilities| abilities.lockout_threshold > 1,
        |bench| Box::pin(forgiven(bench)),
    ),
    Case::when(
        "a disabled account lets nobody in",
        |abilities| abilities.can_disable,
        |bench| Box::pin(disabled(bench)),
    ),
    Case::when(
        "an account whose end has passed lets nobody in",
        |abilities| abilities.has_end_dates,
        |bench| Box::pin(ended(bench)),
    ),
    Case::when(
        "a demanded change is asked of the right password alone",
        |abilities| abilities.has_demanded_change,
        |bench| Box::pin(demanded(bench)),
    ),
    Case::when(
        "an expired password asks for a new one",
        |abilities| abilities.has_expiry,
        |bench| Box::pin(expired(bench)),
    ),
    Case::of("the password rules are told", |bench| {
        Box::pin(rules(bench))
    }),
];

async fn right_and_wrong(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let password = visitor.person.password.clone();
    bench.lets_in(&visitor, &password).await?;
    bench.shuts_out(&visitor, NEW).await?;
    bench.lets_in(&visitor, &password).await?;
    let (shorter, _) = password.split_at(password.len() - 1);
    bench.shuts_out(&visitor, shorter).await?;
    bench.shuts_out(&visitor, &format!("{password} ")).await
}

async fn locked(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Locked).await?;
    holds(visitor.account.state.lock.is_some(), || {
        "no lock is told".into()
    })?;
    bench.shuts_out(&visitor, &visitor.person.password).await
}

async fn counted(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    for _ in 1..bench.abilities().lockout_threshold {
        bench.shuts_out(&visitor, NEW).await?;
    }
    let account = bench.read(&visitor.account.id).await?;
    holds(
        account.is_some_and(|account| account.state.lock.is_none()),
        || "locked too early".into(),
    )?;
    bench.shuts_out(&visitor, NEW).await?;
    let account = bench.read(&visitor.account.id).await?;
    holds(
        account.is_some_and(|account| account.state.lock.is_some()),
        || "not locked at the threshold".into(),
    )?;
    bench.shuts_out(&visitor, &visitor.person.password).await
}

async fn forgiven(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    for _ in 0..2 {
        for _ in 1..bench.abilities().lockout_threshold {
            bench.shuts_out(&visitor, NEW).await?;
        }
        bench.lets_in(&visitor, &visitor.person.password).await?;
    }
    Ok(())
}

async fn disabled(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Disabled).await?;
    holds(visitor.account.state.is_disabled, || {
        "not told as disabled".into()
    })?;
    unusable(bench.sign_in(&visitor, &visitor.person.password).await?)?;
    bench.shuts_out(&visitor, NEW).await
}

async fn ended(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Ended).await?;
    holds(visitor.account.state.is_expired, || {
        "not told as ended".into()
    })?;
    unusable(bench.sign_in(&visitor, &visitor.person.password).await?)
}

fn unusable(said: SignIn) -> Passed {
    match said {
        SignIn::Unusable | SignIn::NoMatch(_) => Ok(()),
        other => Err(format!("should not be usable, was {other:?}")),
    }
}

async fn demanded(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::MustChange).await?;
    holds(visitor.account.state.must_change, || {
        "the demand is not told".into()
    })?;
    let said = bench.sign_in(&visitor, &visitor.person.password).await?;
    same("sign-in", &said, &SignIn::MustChange(MustChange::Demanded))?;
    bench.shuts_out(&visitor, NEW).await
}

async fn expired(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::PasswordExpired).await?;
    let said = bench.sign_in(&visitor, &visitor.person.password).await?;
    same("sign-in", &said, &SignIn::MustChange(MustChange::Expired))?;
    bench.shuts_out(&visitor, NEW).await
}

async fn rules(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let rules = bench.directory().password_rules(&visitor.account.id).await;
    let rules = rules.map_err(|error| error.to_string())?;
    let shown = bench.directory().rules_to_show(&visitor.account.id).await;
    same("rules to show", &shown, &Ok(rules.clone()))?;
    let abilities = bench.abilities();
    same("length", &rules.length_min, &abilities.length_min)?;
    same("history", &rules.history, &abilities.history)?;
    same(
        "threshold",
        &rules.lockout_threshold,
        &abilities.lockout_threshold,
    )
}
