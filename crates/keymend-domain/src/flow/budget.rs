//! The site's budget for text messages, and the alerts that go with limits of the whole site.

use super::{Context, FlowFault};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use crate::deliver::{Notice, Origin, Recipient, Tidings};
use crate::id::{CorrelationId, NoticeId};
use crate::limit::{self, CounterKey, Window};
use crate::time::{DAY_MS, HOUR_MS};

/// Texts after which the share of answered ones is looked at (behaviour §2.2).
const TEXTS_JUDGED: u32 = 100;
/// Every fifth text must be answered: a lower share means that somebody pumps traffic.
const ANSWERED_SHARE: u32 = 5;

/// Whether a text may be sent, and what administrators must hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextBudget {
    pub is_granted: bool,
    /// The stable word of an alert: `budget-80`, `budget-100`, `texts-unanswered`.
    pub alert: Option<&'static str>,
}

fn sent_window(ctx: &Context<'_>) -> Window {
    Window {
        most: ctx.policy.settings().limits.texts_per_day,
        span_ms: DAY_MS,
    }
}

const ANSWERED: Window = Window {
    most: u32::MAX,
    span_ms: DAY_MS,
};

/// Takes one text from the site's budget; fewer than a fifth of a hundred answered closes it.
pub(crate) fn take_text(ctx: &mut Context<'_>) -> Result<TextBudget, FlowFault> {
    if is_unanswered(ctx)? {
        return Ok(TextBudget {
            is_granted: false,
            alert: Some("texts-unanswered"),
        });
    }
    let window = sent_window(ctx);
    let key = CounterKey::site_texts();
    let is_granted = limit::take(ctx.book, &key, &[window], ctx.now)?.is_granted();
    let used = limit::count(ctx.book, &key, window, ctx.now)?;
    let alert = if used >= window.most {
        Some("budget-100")
    } else if u64::from(used) * 5 >= u64::from(window.most) * 4 {
        Some("budget-80")
    } else {
        None
    };
    Ok(TextBudget { is_granted, alert })
}

/// The same look at the counters without taking anything: equal work for what is not sent.
pub(crate) fn peek_text(ctx: &mut Context<'_>) -> Result<TextBudget, FlowFault> {
    let is_unanswered = is_unanswered(ctx)?;
    let window = sent_window(ctx);
    let key = CounterKey::site_texts();
    let has_room = limit::peek(ctx.book, &key, &[window], ctx.now)?.is_granted();
    Ok(TextBudget {
        is_granted: has_room && !is_unanswered,
        alert: None,
    })
}

fn is_unanswered(ctx: &mut Context<'_>) -> Result<bool, FlowFault> {
    let window = sent_window(ctx);
    let sent = limit::count(ctx.book, &CounterKey::site_texts(), window, ctx.now)?;
    let key = CounterKey::site_texts_answered();
    let answered = limit::count(ctx.book, &key, ANSWERED, ctx.now)?;
    Ok(sent >= TEXTS_JUDGED && answered.saturating_mul(ANSWERED_SHARE) < sent)
}

/// A code that went out as a text came back right.
pub(crate) fn note_answered_text(ctx: &mut Context<'_>) -> Result<(), FlowFault> {
    let key = CounterKey::site_texts_answered();
    limit::take(ctx.book, &key, &[ANSWERED], ctx.now)?;
    Ok(())
}

/// An audit line and, once an hour for each thing, a notice to every administrator's address
/// (behaviour §7, M21).
pub(crate) fn alert_site(
    correlation: &CorrelationId,
    what: &'static str,
    ctx: &mut Context<'_>,
) -> Result<(Vec<AuditEvent>, Vec<Notice>), FlowFault> {
    let (deed, name) = match what {
        "breaker" => (AuditDeed::BreakerOn, "codes"),
        "rights-missing" => (AuditDeed::DirectoryState, "service account"),
        _ => (AuditDeed::BudgetReached, "text"),
    };
    let once = [Window {
        most: 1,
        span_ms: HOUR_MS,
    }];
    if !limit::take(ctx.book, &CounterKey::alert(what), &once, ctx.now)?.is_granted() {
        return Ok((Vec::new(), Vec::new()));
    }
    let actor = ActorKind::System;
    let event = AuditEvent::new(ctx.now, deed, AuditResult::Info, actor, correlation.clone());
    let addresses = &ctx.policy.settings().notifications.administrator_addresses;
    let notices: Result<Vec<Notice>, FlowFault> = addresses
        .iter()
        .filter_map(|text| Recipient::of_settings(text))
        .map(|to| {
            Ok(Notice {
                id: NoticeId::fresh(ctx.now, ctx.entropy)?,
                to,
                tidings: Tidings::Attention {
                    what: what.to_owned(),
                    name: name.to_owned(),
                },
                subject: None,
                language: None,
                happened_at: ctx.now,
                origin: Origin::default(),
                correlation_id: correlation.clone(),
                expires_at: ctx.now.plus_ms(DAY_MS),
                not_me: None,
                answers: None,
            })
        })
        .collect();
    Ok((vec![event.because(what)], notices?))
}
