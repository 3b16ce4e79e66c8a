//! Names, anchors and groups.

use keymend_domain::directory::{Deed, Found, Health, NotDone, WriteOutcome};

use super::bench::{Bench, NEW, chosen, done, holds, same};
use super::fixture::{Act, Role};
use super::{Case, Passed};

pub(super) const CASES: &[Case] = &[
    Case::of("it says that it is up", |bench| Box::pin(health(bench))),
    Case::of("a login finds its account in any case", |bench| {
        Box::pin(login(bench))
    }),
    Case::when(
        "a mail address finds the same account",
        |abilities| abilities.finds_by_mail,
        |bench| Box::pin(mail(bench)),
    ),
    Case::of("names of nobody and hostile names find nobody", |bench| {
        Box::pin(hostile(bench))
    }),
    Case::of("a look-alike name never finds another account", |bench| {
        Box::pin(look_alikes(bench))
    }),
    Case::when(
        "a name that two accounts share is never a guess",
        |abilities| abilities.finds_by_mail,
        |bench| Box::pin(shared(bench)),
    ),
    Case::of("groups are listed with the groups they are in", |bench| {
        Box::pin(groups(bench))
    }),
    Case::of("an account stays itself when it is renamed", |bench| {
        Box::pin(renamed(bench))
    }),
    Case::of("a deleted entry is gone", |bench| Box::pin(deleted(bench))),
];

async fn health(bench: &Bench<'_>) -> Passed {
    same("health", &bench.directory().health().await, &Health::Up)
}

async fn login(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let shouted = bench.find_one(&visitor.person.login.to_uppercase()).await?;
    same("account", &shouted.id, &visitor.account.id)?;
    same("login", &shouted.login, &visitor.person.login)?;
    let read = bench.read(&visitor.account.id).await?;
    same("fresh read", &read, &Some(visitor.account))
}

async fn mail(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let found = bench.find_one(&visitor.person.mail).await?;
    same("account", &found.id, &visitor.account.id)
}

/// Every name here is plain text that nobody has (source: security-gates G-40).
async fn hostile(bench: &Bench<'_>) -> Passed {
    let login = bench.visitor(Role::Plain).await?.person.login;
    let (first, rest) = login.split_at(1);
    let escaped: String = first.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let names = [
        "nobody-has-this-name".to_owned(),
        "*".into(),
        format!("{login}*"),
        format!("{first}*"),
        format!("{login}=*"),
        format!("{escaped}{rest}"),
        format!("{login})(uid=*"),
        format!("{login})(|(objectClass=*)"),
        "*)(uid=*".into(),
        ")(|(objectClass=*".into(),
        "\\2a".into(),
        "\\00".into(),
        "a,ou=Admins".into(),
        "a+cn=b".into(),
        "#04024869".into(),
        "' OR 1=1--".into(),
        format!("{login}' --"),
        format!("{login}%"),
        "_".repeat(login.len()),
        "🔑".into(),
        format!("{login}{login}"),
    ];
    for name in names {
        let found = bench.find(&name).await?;
        same(&format!("{name:?}"), &found, &Found::Nobody)?;
    }
    Ok(())
}

/// A server may fold what its matching rule folds, but only ever to the same account.
async fn look_alikes(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let login = &visitor.person.login;
    let foreign = login.replace('a', "\u{430}").replace('e', "\u{435}");
    let names = [
        foreign,
        format!("{login}."),
        format!("{login}\u{200b}"),
        format!("\u{202e}{login}"),
        format!("{login}\u{301}"),
    ];
    for name in names.iter().filter(|name| *name != login) {
        match bench.find(name).await? {
            Found::Nobody => {}
            Found::One(account) if account.id == visitor.account.id => {}
            other => return Err(format!("{name:?} found {other:?}")),
        }
    }
    Ok(())
}

async fn shared(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Namesake).await?;
    match bench.find(&visitor.person.mail).await? {
        Found::Several { count: 2.. } => Ok(()),
        other => Err(format!("should be several, was {other:?}")),
    }
}

async fn groups(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Nested).await?;
    for group in &visitor.person.groups {
        holds(visitor.account.is_in(group), || {
            format!("not in {group}, but in {:?}", visitor.account.groups)
        })?;
    }
    holds(!visitor.account.is_in("nobody-has-this-group"), || {
        "in a group that does not exist".into()
    })
}

async fn renamed(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    let renamed = format!("{}new", visitor.person.login);
    bench.act(&visitor, Act::Rename(renamed.clone())).await?;
    let old = bench.find(&visitor.person.login).await?;
    same("the old name", &old, &Found::Nobody)?;
    let found = bench.find_one(&renamed).await?;
    same("account", &found.id, &visitor.account.id)?;
    done(&bench.reset(&visitor, NEW, false).await?)?;
    bench.lets_in(&visitor, NEW).await
}

async fn deleted(bench: &Bench<'_>) -> Passed {
    let visitor = bench.visitor(Role::Plain).await?;
    bench.act(&visitor, Act::Delete).await?;
    same("read", &bench.read(&visitor.account.id).await?, &None)?;
    let found = bench.find(&visitor.person.login).await?;
    same("found", &found, &Found::Nobody)?;
    bench.shuts_out(&visitor, &visitor.person.password).await?;
    let new = chosen(NEW)?;
    let deeds = [
        Deed::Reset {
            new: &new,
            unlocks: true,
        },
        Deed::Unlock,
    ];
    for deed in deeds {
        let outcome = bench.order(&visitor, bench.fresh_order(), deed).await;
        same("outcome", &outcome, &WriteOutcome::NotDone(NotDone::Gone))?;
    }
    Ok(())
}
