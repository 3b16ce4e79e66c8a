//! Telling people what happened: notices, and the link by which an owner can object.

use super::{Context, Veto};
use crate::account::{Account, AccountRef};
use crate::deliver::{Notice, Recipient, Tidings};
use crate::id::{CorrelationId, NoticeId};
use crate::time::{DAY_MS, NoEntropy};

/// What is told, and the link that goes with it.
pub(crate) struct Telling<'a> {
    pub tidings: &'a Tidings,
    pub veto: Option<&'a Veto>,
}

/// How long a notice about an event is worth sending.
const NOTICE_LIFE_MS: i64 = 3 * DAY_MS;

/// One notice about an account to each of several places.
pub(crate) fn tell(
    ctx: &Context<'_>,
    correlation: &CorrelationId,
    account: &Account,
    places: Vec<Recipient>,
    telling: &Telling<'_>,
) -> Result<Vec<Notice>, NoEntropy> {
    places
        .into_iter()
        .map(|to| {
            Ok(Notice {
                id: NoticeId::fresh(ctx.now, ctx.entropy)?,
                to,
                tidings: telling.tidings.clone(),
                subject: Some(account.id.key()),
                language: account.language.clone(),
                happened_at: ctx.now,
                origin: ctx.caller.origin.clone(),
                correlation_id: correlation.clone(),
                expires_at: ctx.now.plus_ms(NOTICE_LIFE_MS),
                not_me: telling.veto.map(|veto| veto.token.clone()),
                answers: None,
            })
        })
        .collect()
}

/// A fresh "not me" link for an account, good for seven days (behaviour §2.3).
pub(crate) fn veto(ctx: &Context<'_>, account: &AccountRef) -> Result<Veto, NoEntropy> {
    Ok(Veto {
        token: crate::code::handle(ctx.entropy)?.into(),
        account: account.clone(),
        expires_at: ctx.now.plus_ms(7 * DAY_MS),
    })
}
