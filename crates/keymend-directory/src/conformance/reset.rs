//! Setting a password without the old one.

use keymend_domain::directory::{Barrier, Deed, NotDone, RuleBroken, WriteOutcome};

use super::bench::{Bench, NEW, NEWER, chosen, done, holds, same};
use super::fixture::{Abilities, Act, Role};
use super::{Case, Passed};

const LOCKS: fn(&Abilities) -> bool = |abilities| abilities.lockout_threshold > 0;

pub(super) const CASES: &[Case] = &[
    Case::of("a reset lets in the new password alone", |bench| {
        Box::pin(plain(bench))
    }),
    Case::of(
        "too short a password is refused and changes nothing",
        |bench| Box::pin(short(bench)),
    ),
    Case::when(
        "a former password is refused on a reset too",
        |abilities| abilities.history > 1 && abilities.reset_obeys_history,
        |bench| Box::pin(history(bench)),
    ),
    Case::when(
        "the minimum age holds on a reset too",
        |abilities| abilities.has_age_min,
        |bench| Box::pin(young(bench)),
    ),
    Case::when("a reset can lift a lock", LOCKS, |bench| {
        Box::pin(unlocks(bench))
    }),
    Case::when(
        "a reset that lifts no lock is no success on a locked account",
        |abilities| LOCKS(abilities) && abilities.lock_outlasts_reset,
        |bench| Box::pin(still_locked(bench)),
    ),
    Case::when(
        "a reset ends a demand for a new password",
        |abilities| abilities.has_demanded_change,
        |bench| Box::pin(ends(bench, Role::MustChange)),
    ),
    Case::when(
        "a reset replaces an expired password",
        |abilities| abilities.has_expiry,
        |bench| Box::pin(ends(bench, Role::PasswordExpired)),
    ),
    Case::when(
        "an account disabled in between is not written to",
        |abilities| abilities.can_disable,
        |bench| Box::pin(disabled(bench)),
    ),
    Case::when(
        "an account whose end has passed is never a success",
        |abilities| abilities.has_end_dates,
        |bench| Box::pin(ended(bench)),
    ),
    Case::when(
        "a protected account keeps its password",
        |abilities| abilities.protects,
        |bench| Box::pin(protected(bench)),
    ),
    Case::when(
        "an account protected in between keeps its password",
        |abilities| abilities.protects,
        |bench| Box::pin(protected_meanwhile(bench)),
    ),
    Case::of(
        "every sign of a password counts, blanks at the ends too",
        |bench| Box::pin(signs(bench)),
    ),
    Case::of("a password typed in parts is the same password", |bench| {
        Box::pin(composed(bench))
    }),
    Case::when(
        "an order that is repeated is carried out once",
        |abilities| abilities.remembers_orders,
        |bench| Box::pin(repeated(bench)),
    ),
    Case::of("an order past its deadline is not carried out", |bench| {
        Box::pin(late(bench))
    }),
];

async fn plain(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    done(&bench.reset(&visitor, NEW, false).await?)?;
    bench.lets_in(&visitor, NEW).await?;
    bench.shuts_out(&visitor, &visitor.person.password).await
}

async fn short(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let outcome = bench.reset(&visitor, "x", false).await?;
    bench.refused(&outcome, |rule| matches!(rule, RuleBroken::Short { .. }))?;
    bench.shuts_out(&visitor, "x").await?;
    bench.lets_in(&visitor, &visitor.person.password).await
}

async fn history(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    done(&bench.reset(&visitor, NEW, false).await?)?;
    done(&bench.reset(&visitor, NEWER, false).await?)?;
    let outcome = bench.reset(&visitor, NEW, false).await?;
    bench.refused(&outcome, |rule| matches!(rule, RuleBroken::History { .. }))?;
    bench.shuts_out(&visitor, NEW).await?;
    bench.lets_in(&visitor, NEWER).await
}

async fn young(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Young).await?;
    holds(visitor.account.state.next_change_from.is_some(), || {
        "the next change is not told".into()
    })?;
    let outcome = bench.reset(&visitor, NEW, false).await?;
    bench.refused(&outcome, |rule| matches!(rule, RuleBroken::Young { .. }))?;
    bench.lets_in(&visitor, &visitor.person.password).await
}

async fn unlocks(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Locked).await?;
    let outcome = bench.reset(&visitor, NEW, true).await?;
    done(&outcome)?;
    holds(
        matches!(outcome, WriteOutcome::Done { unlocked: true, .. }),
        || format!("the lifted lock is not told: {outcome:?}"),
    )?;
    bench.lets_in(&visitor, NEW).await
}

async fn still_locked(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Locked).await?;
    let outcome = bench.reset(&visitor, NEW, false).await?;
    same(
        "outcome",
        &outcome,
        &WriteOutcome::Barred(Barrier::StillLocked),
    )?;
    bench.shuts_out(&visitor, NEW).await?;
    done(&bench.unlock(&visitor).await)?;
    bench.lets_in(&visitor, NEW).await
}

async fn ends(bench: &Bench<'_>, role: Role) -> Passed {
    let visitor = bench.visitor(role).await?;
    done(&bench.reset(&visitor, NEW, false).await?)?;
    bench.lets_in(&visitor, NEW).await
}

async fn disabled(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    bench.act(&visitor, Act::Disable).await?;
    protection_holds(bench.reset(&visitor, NEW, true).await?)?;
    bench.shuts_out(&visitor, NEW).await
}

async fn ended(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Ended).await?;
    match bench.reset(&visitor, NEW, true).await? {
        WriteOutcome::Barred(_) | WriteOutcome::NotDone(_) => Ok(()),
        other => Err(format!("should be barred or not done, was {other:?}")),
    }
}

async fn protected(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Protected).await?;
    holds(visitor.account.state.protection.is_some(), || {
        "the protection is not told".into()
    })?;
    protection_holds(bench.reset(&visitor, NEW, true).await?)?;
    bench.lets_in(&visitor, &visitor.person.password).await
}

async fn protected_meanwhile(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    bench.act(&visitor, Act::Protect).await?;
    protection_holds(bench.reset(&visitor, NEW, true).await?)?;
    bench.lets_in(&visitor, &visitor.person.password).await
}

fn protection_holds(outcome: WriteOutcome) -> Passed {
    same(
        "outcome",
        &outcome,
        &WriteOutcome::NotDone(NotDone::Protected),
    )
}

/// Source: security-gates G-41.
async fn signs(bench: &Bench<'_>) -> Passed {
    let passwords = [
        "Pässwörd1🔑Züß€ straße".to_owned(),
        "  Blanks at both ends 42 ".into(),
        "\"quotes\" 'and' \\backslash\\ 7".into(),
        "*)(uid=*,ou=Admins#;<>+".into(),
        "пароль密码パスワード 2026".into(),
        "Longer-7".chars().cycle().take(127).collect(),
        "Aé🔑 9".chars().cycle().take(256).collect(),
    ];
    for password in passwords {
        let visitor = bench.visitor(Role::Plain).await?;
        let outcome = bench.reset(&visitor, &password, false).await?;
        done(&outcome).map_err(|why| format!("{password:?}: {why}"))?;
        bench.lets_in(&visitor, &password).await?;
        let mut shorter = password.clone();
        shorter.pop();
        bench.shuts_out(&visitor, &shorter).await?;
        if password.trim() != password {
            bench.shuts_out(&visitor, password.trim()).await?;
        }
    }
    Ok(())
}

async fn composed(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let typed = "Cafe\u{301} a\u{308}lter Wein 9";
    done(&bench.reset(&visitor, typed, false).await?)?;
    bench.lets_in(&visitor, "Caf\u{e9} \u{e4}lter Wein 9").await
}

/// If the second order were carried out, the newer password would be replaced.
async fn repeated(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let (new, id) = (chosen(NEW)?, bench.fresh_order());
    let deed = || Deed::Reset {
        new: &new,
        unlocks: false,
    };
    let first = bench.order(&visitor, id.clone(), deed()).await;
    done(&first)?;
    done(&bench.reset(&visitor, NEWER, false).await?)?;
    let second = bench.order(&visitor, id, deed()).await;
    same("the repeated order", &second, &first)?;
    bench.lets_in(&visitor, NEWER).await?;
    bench.shuts_out(&visitor, NEW).await
}

async fn late(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let new = chosen(NEW)?;
    let deed = Deed::Reset {
        new: &new,
        unlocks: true,
    };
    let outcome = bench.late_order(&visitor, deed).await;
    same("outcome", &outcome, &WriteOutcome::NotDone(NotDone::Late))?;
    bench.lets_in(&visitor, &visitor.person.password).await
}
