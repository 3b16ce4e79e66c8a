//! The outbox: due messages are leased, carried, and deleted or put off.

use std::sync::Arc;
use std::time::Duration;

use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use keymend_domain::deliver::{Carried, Notice, Tidings, Urgency};
use keymend_domain::time::{MINUTE_MS, Moment, SECOND_MS};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{App, Stop};
use crate::store::{Leased, Queue, Tx};

/// A lease that was not answered for is given out again after this long.
const LEASE_MS: i64 = 2 * MINUTE_MS;
/// How long the dispatcher sleeps when nobody wakes it.
const IDLE: Duration = Duration::from_secs(2);
/// How long news of a finished deed waits for company at most: messages that are carried together
/// share the transactions around them.  Whatever else wakes the dispatcher takes it along at once:
/// a code, a page that may have left something, a place that became free.
const GATHERING: Duration = Duration::from_millis(20);

/// Messages of one queue carried at the same time.  A carrier has 16 in all, fewer than any mail
/// server refuses from one client (Exchange: 20 connections from one source by default), and
/// half of them are kept for codes.
fn at_once_most(queue: Queue) -> usize {
    match queue.urgency {
        Urgency::Code => 8,
        Urgency::Warning | Urgency::Other => 4,
    }
}

/// The places of every queue.  What is being carried holds one, so that neither a carrier that
/// hangs nor a flood of help mails takes a place from anybody's code.
struct Places(Vec<(Queue, Arc<Semaphore>)>);

impl Places {
    fn all_free() -> Self {
        let free = |queue| (queue, Arc::new(Semaphore::new(at_once_most(queue))));
        Self(Queue::ALL.into_iter().map(free).collect())
    }

    /// How much may be leased from each queue.
    fn room(&self) -> Vec<(Queue, u32)> {
        let free = |places: &Semaphore| u32::try_from(places.available_permits()).unwrap_or(0);
        let room = self.0.iter().map(|(queue, places)| (*queue, free(places)));
        room.filter(|(_, free)| *free > 0).collect()
    }

    /// Whether every queue has a free place: then nothing that is due waits for one.
    fn are_free(&self) -> bool {
        self.0
            .iter()
            .all(|(_, places)| places.available_permits() > 0)
    }

    fn of(&self, queue: Queue) -> Option<&Arc<Semaphore>> {
        self.0
            .iter()
            .find_map(|(own, places)| (*own == queue).then_some(places))
    }
}

impl App {
    /// Carries messages until the process ends, each on its own.
    pub async fn dispatch_forever(&self) {
        let mut carrying: JoinSet<()> = JoinSet::new();
        let places = Places::all_free();
        loop {
            while carrying.try_join_next().is_some() {}
            // Looked at before the lease: a place that is freed after it must wake the dispatcher.
            let some_wait = !places.are_free();
            match self.lease(places.room()).await {
                Ok(leased) if leased.is_empty() => {
                    self.wait_for_work(some_wait, &mut carrying).await;
                }
                Ok(leased) => {
                    for leased in leased {
                        self.send_off(leased, &places, &mut carrying);
                    }
                }
                Err(stop) => {
                    tracing::error!(error = %stop, "the outbox could not be worked on");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    fn send_off(&self, leased: Leased, places: &Places, carrying: &mut JoinSet<()>) {
        // No more was leased from a queue than it had places, and nobody else takes any.
        let place = places.of(leased.queue).map(Arc::clone);
        let place = place.and_then(|places| places.try_acquire_owned().ok());
        let app = self.clone();
        carrying.spawn(async move {
            if let Err(stop) = app.carry(leased).await {
                tracing::error!(error = %stop, "a message comes round again after its lease");
            }
            drop(place);
        });
    }

    /// A message that was carried makes room, which matters only where there was none.
    async fn wait_for_work(&self, some_wait: bool, carrying: &mut JoinSet<()>) {
        tokio::select! {
            () = self.inner.outbox_has_work.notified() => {}
            () = self.news_has_gathered() => {}
            () = tokio::time::sleep(IDLE) => {}
            Some(_) = carrying.join_next(), if some_wait => {}
        }
    }

    async fn news_has_gathered(&self) {
        self.inner.outbox_has_news.notified().await;
        tokio::time::sleep(GATHERING).await;
    }

    /// Carries what is due now, as much as is carried at the same time, and waits for it; gives
    /// how many messages that were.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store failed; what was leased comes round again.
    pub async fn dispatch_due(&self) -> Result<usize, Stop> {
        let leased = self.lease(Places::all_free().room()).await?;
        let count = leased.len();
        let carried = leased.into_iter().map(|leased| self.carry(leased));
        for result in futures_util::future::join_all(carried).await {
            result?;
        }
        Ok(count)
    }

    /// The most urgent first.
    async fn lease(&self, room: Vec<(Queue, u32)>) -> Result<Vec<Leased>, Stop> {
        let now = self.now();
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<Vec<Leased>, Stop> {
                let mut leased = Vec::new();
                for (queue, most) in room {
                    leased.extend(tx.lease_notices(queue, most, now, LEASE_MS)?);
                }
                Ok(leased)
            })
            .await
    }

    async fn carry(&self, leased: Leased) -> Result<(), Stop> {
        let Leased {
            notice, attempts, ..
        } = leased;
        let answer = if notice.expires_at <= self.now() {
            Carried::Never {
                detail: "too old".to_owned(),
            }
        } else {
            match self.inner.composer.compose(&notice) {
                Ok(message) => self.inner.carriers.carry(&message).await,
                Err(fault) => Carried::Never {
                    detail: fault.to_string(),
                },
            }
        };
        let now = self.now();
        match answer {
            Carried::Accepted => self.accepted(notice, now).await,
            Carried::Later { detail } => {
                let due_at = now.plus_ms(wait_ms(&notice, attempts));
                if due_at >= notice.expires_at {
                    return self.given_up(notice, &detail, now).await;
                }
                tracing::warn!(notice.id = %notice.id, detail, "a message is put off");
                self.put_off(notice, due_at).await
            }
            Carried::Never { detail } => self.given_up(notice, &detail, now).await,
        }
    }

    /// The page may say that the code is not on its way, and the carrier is asked again.
    async fn put_off(&self, notice: Notice, due_at: Moment) -> Result<(), Stop> {
        self.note_unsent(&notice);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                tx.notice_later(&notice.id, due_at)?;
                mark_failed(tx, &notice)
            })
            .await
    }

    /// Codes of signed-in people have no flow to be marked in; what could not be sent is
    /// remembered here until the code would have expired.
    fn note_unsent(&self, notice: &Notice) {
        if notice.answers.is_none() && matches!(notice.tidings, Tidings::Code { .. }) {
            self.inner
                .unsent
                .note(&notice.correlation_id, notice.expires_at, self.now());
        }
    }

    async fn accepted(&self, notice: Notice, now: Moment) -> Result<(), Stop> {
        self.inner.unsent.forget(&notice.correlation_id);
        let code_mins = self.policy().settings().limits.code_mins;
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                tx.notice_done(&notice.id)?;
                if let Some((flow, issue)) = &notice.answers
                    && let Some(flow) = tx.flow_by_id(flow)?
                {
                    tx.save_flow(&flow.code_accepted(*issue, code_mins, now), None)?;
                }
                tx.audit(&event(
                    &notice,
                    AuditDeed::NoticeSent,
                    AuditResult::Success,
                    now,
                ))?;
                Ok(())
            })
            .await
    }

    async fn given_up(&self, notice: Notice, detail: &str, now: Moment) -> Result<(), Stop> {
        tracing::error!(notice.id = %notice.id, detail, "a message was given up");
        self.note_unsent(&notice);
        let detail = detail.to_owned();
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                tx.notice_done(&notice.id)?;
                mark_failed(tx, &notice)?;
                if notice.answers.is_some() {
                    let deed = AuditDeed::ChallengeFailed;
                    tx.audit(&event(&notice, deed, AuditResult::Failure, now))?;
                }
                let failed = event(&notice, AuditDeed::NoticeFailed, AuditResult::Failure, now);
                tx.audit(
                    &AuditEvent {
                        count: None,
                        ..failed
                    }
                    .because(format!("{} {detail}", notice.tidings.number())),
                )?;
                Ok(())
            })
            .await
    }
}

/// Marks the code of a flow as not sent.
fn mark_failed(tx: &mut Tx<'_>, notice: &Notice) -> Result<(), Stop> {
    if let Some((flow, issue)) = &notice.answers
        && let Some(flow) = tx.flow_by_id(flow)?
    {
        tx.save_flow(&flow.code_failed(*issue), None)?;
    }
    Ok(())
}

fn event(notice: &Notice, deed: AuditDeed, result: AuditResult, now: Moment) -> AuditEvent {
    let correlation = notice.correlation_id.clone();
    let mut event = AuditEvent::new(now, deed, result, ActorKind::System, correlation);
    event.subject = notice.subject.clone();
    event.reason = Some(notice.tidings.number().to_owned());
    event.personal = Personal {
        contact: Some(notice.to.contact().masked()),
        ..Personal::default()
    };
    event
}

/// Codes are tried again quickly, since they die with their code; everything else after 1, 5, 15
/// and then every 60 minutes (behaviour §7).
fn wait_ms(notice: &Notice, attempts: u32) -> i64 {
    match (&notice.tidings, attempts) {
        (Tidings::Code { .. }, 0 | 1) => 3 * SECOND_MS,
        (Tidings::Code { .. }, 2) => 10 * SECOND_MS,
        (Tidings::Code { .. }, _) => 30 * SECOND_MS,
        (_, 0 | 1) => MINUTE_MS,
        (_, 2) => 5 * MINUTE_MS,
        (_, 3) => 15 * MINUTE_MS,
        (_, _) => 60 * MINUTE_MS,
    }
}
