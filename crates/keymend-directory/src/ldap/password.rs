//! Carrying out one order: read, write, judge, check.

use std::sync::Arc;
use std::time::Duration;

use keymend_domain::account::AccountState;
use keymend_domain::directory::{
    Barrier, Check, Deed, MustChange, NoMatch, NotDone, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::password;
use keymend_domain::secret::Password;

use super::Ldap;
use super::active_directory;
use super::connect::{Answer, CallError, Connection, Failure};
use super::dialect::Dialect;
use super::ds389;
use super::options::WithoutPolicyHints;
use super::person::{Lasting, Seen};
use super::rights;
use super::servers::{Purpose, Server, Service};
use super::until::Until;
use super::verdict::{self, Expected, Verdict};

const LOCK: &str = "pwdAccountLockedTime";
/// The most time kept back for finding out what became of a write that was not answered.
const RESERVE_MAX: Duration = Duration::from_secs(8);
/// Between two looks at an entry whose write is in doubt.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Where a write takes place: one server, one entry as it was just before.
struct Scene<'a> {
    ldap: &'a Ldap,
    order: &'a WriteOrder<'a>,
    server: &'a Server,
    service: Arc<Service>,
    before: Seen,
    until: Until,
}

/// Carries out an order that nobody has seen before.
pub(super) async fn carry_out(ldap: &Ldap, order: &WriteOrder<'_>) -> WriteOutcome {
    let left_ms = order.deadline().since_ms(ldap.clock.now());
    let Ok(left) = u64::try_from(left_ms) else {
        return WriteOutcome::NotDone(NotDone::Late);
    };
    if left == 0 {
        return WriteOutcome::NotDone(NotDone::Late);
    }
    let budget = Duration::from_millis(left).min(ldap.options.write_deadline);
    let until = Until::after(budget);
    let scene = match until.wait(prepare(ldap, order, until)).await {
        Ok(Ok(scene)) => scene,
        Ok(Err(not_done)) => return WriteOutcome::NotDone(not_done),
        Err(_) => return WriteOutcome::NotDone(NotDone::Down),
    };
    match order.deed() {
        Deed::Reset { new, unlocks } => scene.reset(new, *unlocks).await,
        Deed::Change { current, new } => scene.change(current, new).await,
        Deed::Unlock => scene.unlock().await,
    }
}

/// The fresh read, and every reason not to write that it can show.
async fn prepare<'a>(
    ldap: &'a Ldap,
    order: &'a WriteOrder<'a>,
    until: Until,
) -> Result<Scene<'a>, NotDone> {
    let (server, service, seen) = ldap.fresh(order.account()).await.map_err(|failure| {
        tracing::warn!(order.id = %order.id(), error = %failure.error, "order not begun");
        verdict::of_failure(&failure.error)
    })?;
    let before = seen.ok_or(NotDone::Gone)?;
    let state = &before.account.state;
    let is_unlock = matches!(order.deed(), Deed::Unlock);
    // OpenLDAP lifts an administrator's lock with a reset and says nothing, so this look is the
    // only thing between a person and a lock that somebody set on purpose.
    let is_barred = state.protection.is_some() || state.is_disabled;
    if is_barred || (state.may_not_change && !is_unlock) {
        return Err(NotDone::Protected);
    }
    if is_unlock && state.lock.is_none() {
        return Err(NotDone::NotLocked);
    }
    let scene = Scene {
        ldap,
        order,
        server,
        service,
        before,
        until,
    };
    scene.refuse_root().await?;
    Ok(scene)
}

impl Scene<'_> {
    async fn reset(&self, new: &Password, unlocks: bool) -> WriteOutcome {
        if let Err(reason) = self.refuse_without_hints() {
            return WriteOutcome::NotDone(reason);
        }
        let service = &self.service.connection;
        match self.set_password(service, None, (new, unlocks)).await {
            Ok(Verdict::Written) => self.verify(new, unlocks).await,
            Ok(Verdict::Refused(rules)) => WriteOutcome::Refused(rules),
            Ok(Verdict::NotDone(reason)) => WriteOutcome::NotDone(reason),
            Ok(Verdict::Doubtful) => self.settle(new, unlocks, true).await,
            Err(CallError::Unsent) => {
                self.server.discard(&self.service);
                WriteOutcome::NotDone(NotDone::Down)
            }
            Err(_) => self.settle(new, unlocks, false).await,
        }
    }

    async fn change(&self, current: &Password, new: &Password) -> WriteOutcome {
        let who = self.before.who();
        let bound = self
            .server
            .bind_as((who, current.expose()), Purpose::Act, self.limit())
            .await;
        let (guest, answer) = match bound {
            Ok(bound) => bound,
            Err(failure) => return WriteOutcome::NotDone(self.not_begun(&failure)),
        };
        if answer.rc != 0 {
            guest.keep();
            return self.change_without_sign_in(&answer, new).await;
        }
        match self
            .set_password(guest.connection(), Some(current), (new, false))
            .await
        {
            Ok(verdict) => {
                guest.keep();
                match verdict {
                    Verdict::Written => self.verify(new, false).await,
                    Verdict::Refused(rules) => WriteOutcome::Refused(rules),
                    Verdict::NotDone(reason) => WriteOutcome::NotDone(reason),
                    Verdict::Doubtful => self.settle(new, false, true).await,
                }
            }
            Err(CallError::Unsent) => WriteOutcome::NotDone(NotDone::Down),
            Err(_) => {
                drop(guest);
                self.settle(new, false, false).await
            }
        }
    }

    /// A change by somebody whom the server did not let in.
    ///
    /// "Expired" is said for the right password alone.  Such a person cannot act any more, so the
    /// service account writes in their place, under the same rules.
    async fn change_without_sign_in(&self, answer: &Answer, new: &Password) -> WriteOutcome {
        let state = &self.before.account.state;
        match verdict::of_sign_in(self.dialect(), answer, state) {
            Ok(SignIn::MustChange(_)) => self.reset(new, false).await,
            // The password is right, and yet nobody may act with it.
            Ok(SignIn::Unusable | SignIn::NotHere) => WriteOutcome::NotDone(NotDone::Protected),
            Ok(_) => WriteOutcome::NotDone(NotDone::WrongCurrent),
            Err(failure) => WriteOutcome::NotDone(self.not_begun(&failure)),
        }
    }

    async fn unlock(&self) -> WriteOutcome {
        let verdict = match self.lift_lock().await {
            Ok(verdict) => verdict,
            Err(CallError::Unsent) => Verdict::NotDone(NotDone::Down),
            Err(_) => Verdict::Doubtful,
        };
        match verdict {
            Verdict::Written | Verdict::Doubtful => self.confirm_unlock(&verdict).await,
            Verdict::NotDone(reason) => WriteOutcome::NotDone(reason),
            Verdict::Refused(_) => WriteOutcome::Unknown,
        }
    }

    async fn confirm_unlock(&self, verdict: &Verdict) -> WriteOutcome {
        let Some(after) = self.look().await else {
            return WriteOutcome::Unknown;
        };
        match (after.account.state.lock.is_some(), verdict) {
            (false, _) => WriteOutcome::Done {
                check: Check::ReadBack,
                unlocked: true,
                change_again: after.account.state.must_change,
            },
            (true, Verdict::Written) => WriteOutcome::Barred(Barrier::StillLocked),
            (true, _) => WriteOutcome::Unknown,
        }
    }

    async fn lift_lock(&self) -> Result<Verdict, CallError> {
        let dn = &self.before.entry.dn;
        let service = &self.service.connection;
        let limit = self.limit();
        let answer = match self.dialect() {
            Dialect::ActiveDirectory => active_directory::lift_lock(service, dn, limit).await?,
            Dialect::Ds389 => ds389::lift_lock(service, &self.before.entry, limit).await?,
            _ => service.delete_attribute(dn, LOCK, limit).await?,
        };
        self.report("unlock", &answer);
        Ok(verdict::of_unlock(self.dialect(), &answer))
    }

    async fn set_password(
        &self,
        connection: &Connection,
        current: Option<&Password>,
        (new, unlocks): (&Password, bool),
    ) -> Result<Verdict, CallError> {
        let dn = &self.before.entry.dn;
        let limit = self.limit().min(self.send_limit());
        let answer = match self.dialect() {
            Dialect::ActiveDirectory => {
                let new = active_directory::New {
                    password: new,
                    current,
                    unlocks,
                    policy_hints: self.service.offer.policy_hints,
                };
                active_directory::set_password(connection, dn, &new, limit).await?
            }
            _ => {
                let old = current.map(Password::expose);
                connection
                    .set_password(dn, old, new.expose(), limit)
                    .await?
            }
        };
        self.report("password", &answer);
        let judge = |seen: &Seen| {
            let expected = self.expected(seen, new, current.is_some());
            verdict::of_write(self.dialect(), &answer, &expected)
        };
        let verdict = judge(&self.before);
        if !matches!(verdict, Verdict::Refused(_)) {
            return Ok(verdict);
        }
        // The rules may have changed since they were read, and the person has to hear the new ones.
        self.ldap.forget_rules();
        Ok(self.look().await.map_or(verdict, |now| judge(&now)))
    }

    /// What is known beforehand, for naming the rule if the server does not.
    fn expected(&self, seen: &Seen, new: &Password, is_change: bool) -> Expected {
        let (state, rules) = (&seen.account.state, &seen.rules);
        // A reset may be free of the minimum age; a change never is.
        let aged = state
            .password_changed_at
            .map(|at| at.plus_ms(rules.age_min_ms));
        let aged = aged.filter(|from| is_change && *from > self.ldap.clock.now());
        Expected {
            predicted: password::for_directory(new, &seen.account, rules),
            rules: rules.clone(),
            typed: u32::try_from(new.points()).unwrap_or(u32::MAX),
            classes: password::classes(new.expose()),
            next_change_from: state.next_change_from.or(aged),
            is_change,
        }
    }

    /// The server says that it wrote.  That is believed when a sign-in with the new password
    /// works, on this very server: others may not have it yet.
    async fn verify(&self, new: &Password, unlocks: bool) -> WriteOutcome {
        let (said, is_written) = tokio::join!(self.try_sign_in(new), self.is_written());
        match said {
            None => WriteOutcome::Unknown,
            // The old password may be as good as the new one for a while.
            Some(_) if is_written == Some(false) => WriteOutcome::Unknown,
            Some(said) => self.judge(new, unlocks, said).await,
        }
    }

    /// Whether the server shows that the password was set, where that can be told for sure.
    async fn is_written(&self) -> Option<bool> {
        match self.dialect() {
            Dialect::ActiveDirectory => {
                let after = self.look().await?;
                after.mark().has_moved(&self.before.mark())
            }
            _ => None,
        }
    }

    async fn judge(&self, new: &Password, unlocks: bool, said: SignIn) -> WriteOutcome {
        match said {
            SignIn::Accepted => self.done(self.as_read_back(said).await),
            SignIn::MustChange(_) => self.done(self.without_demand(new, said).await),
            SignIn::Unusable | SignIn::NotHere => WriteOutcome::Barred(Barrier::CannotSignIn),
            SignIn::NoMatch(why) => self.explain(new, unlocks, why).await,
        }
    }

    /// FreeIPA lets people in by LDAP whose password it calls expired, because somebody else has
    /// set it; the entry tells.
    async fn as_read_back(&self, said: SignIn) -> SignIn {
        if !self.service.offer.is_free_ipa {
            return said;
        }
        let after = self.look().await;
        let state = after.as_ref().map(|after| &after.account.state);
        if state.is_none_or(|state| !state.must_change && !state.password_is_expired) {
            return said;
        }
        tracing::warn!(
            directory = %self.ldap.options.name,
            "the directory wants another change of every password set here; name the service \
             account in passSyncManagersDNs of cn=ipa_pwd_extop,cn=plugins,cn=config"
        );
        SignIn::MustChange(MustChange::Demanded)
    }

    /// Asks the directory, once, not to demand yet another password after the one that the
    /// person has just chosen.  Without the right to do so the person is told.
    async fn without_demand(&self, new: &Password, said: SignIn) -> SignIn {
        if self.dialect() != Dialect::Ds389 || self.service.offer.is_free_ipa {
            return said;
        }
        let now = self.ldap.clock.now();
        let expires_at = match self.before.lasting {
            Lasting::Ms(length) => Some(now.plus_ms(length)),
            Lasting::Endless => None,
            // To end the demand is to write when the password ends; who does not know it would
            // make it last for ever.
            Lasting::Unknown => return said,
        };
        let (dn, limit) = (&self.before.entry.dn, self.limit());
        let service = &self.service.connection;
        let answer = ds389::end_demand(service, dn, expires_at, limit).await;
        match answer {
            Ok(answer) if answer.rc == 0 => match self.try_sign_in(new).await {
                Some(SignIn::Accepted) => SignIn::Accepted,
                _ => said,
            },
            Ok(answer) => {
                self.report("end of the demand for another password", &answer);
                said
            }
            Err(_) => said,
        }
    }

    fn done(&self, said: SignIn) -> WriteOutcome {
        WriteOutcome::Done {
            check: Check::SignedIn,
            unlocked: self.before.account.state.lock.is_some(),
            change_again: matches!(said, SignIn::MustChange(_)),
        }
    }

    /// Written, says the server, and yet the sign-in failed.
    async fn explain(&self, new: &Password, unlocks: bool, why: NoMatch) -> WriteOutcome {
        let Some(after) = self.look().await else {
            return WriteOutcome::Unknown;
        };
        if after.mark().has_moved(&self.before.mark()) == Some(false) {
            // Something between us says "success" and writes nothing.
            return WriteOutcome::Unknown;
        }
        let state = &after.account.state;
        if state.is_disabled || state.is_expired {
            return WriteOutcome::Barred(Barrier::CannotSignIn);
        }
        if why != NoMatch::Locked && state.lock.is_none() {
            return WriteOutcome::Unknown;
        }
        if unlocks
            && self.lift_lock().await == Ok(Verdict::Written)
            && let Some(again @ SignIn::Accepted) = self.try_sign_in(new).await
        {
            return self.done(again);
        }
        WriteOutcome::Barred(Barrier::StillLocked)
    }

    /// Finds out what became of a write by reading the entry on a new connection, again and
    /// again until the deadline: a server that was only slow may still get to it.
    async fn settle(&self, new: &Password, unlocks: bool, was_answered: bool) -> WriteOutcome {
        tracing::warn!(order.id = %self.order.id(), was_answered, "write in doubt");
        self.server.discard(&self.service);
        let before = self.before.mark();
        while !self.until.left().is_zero() {
            let moved = self
                .look()
                .await
                .map(|after| after.mark().has_moved(&before));
            match moved {
                Some(Some(true)) => return self.verify_doubtful(new, unlocks).await,
                Some(Some(false)) if was_answered => {
                    return WriteOutcome::NotDone(NotDone::Down);
                }
                _ => self.until.pause(LOOK_AGAIN).await,
            }
        }
        WriteOutcome::Unknown
    }

    /// The entry was written, by us or by somebody else: only a sign-in can tell.
    async fn verify_doubtful(&self, new: &Password, unlocks: bool) -> WriteOutcome {
        match self.try_sign_in(new).await {
            // A lock hides whether the password is right.
            Some(SignIn::NoMatch(why)) if why != NoMatch::Locked => WriteOutcome::Unknown,
            Some(said) => self.judge(new, unlocks, said).await,
            None => WriteOutcome::Unknown,
        }
    }

    /// One bind with the new password; a second one only if the first brought no answer.
    async fn try_sign_in(&self, new: &Password) -> Option<SignIn> {
        let who = self.before.who();
        for _ in 0..2 {
            let limit = self.limit();
            if limit.is_zero() {
                return None;
            }
            let binding = self
                .server
                .bind_as((who, new.expose()), Purpose::Verify, limit);
            match self.until.wait(binding).await {
                Ok(Ok((guest, answer))) => {
                    guest.keep();
                    // What the entry was before says nothing any more.
                    let said =
                        verdict::of_sign_in(self.dialect(), &answer, &AccountState::default());
                    return Some(said.unwrap_or(SignIn::NoMatch(NoMatch::Unsaid)));
                }
                Ok(Err(failure)) => {
                    tracing::warn!(order.id = %self.order.id(), error = %failure.error, "new password not checked");
                }
                Err(_) => return None,
            }
        }
        None
    }

    /// The entry as this server shows it now; `None` if it does not answer or the entry is gone.
    async fn look(&self) -> Option<Seen> {
        let looking = self.ldap.look(self.server, self.order.account());
        match self.until.wait(looking).await {
            Ok(Ok(seen)) => seen,
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Refuses to write as somebody whom no password policy binds.
    async fn refuse_root(&self) -> Result<(), NotDone> {
        let asking = || self.is_above_policy();
        match self.service.is_above_policy.get_or_try_init(asking).await {
            Ok(false) => Ok(()),
            Ok(true) => {
                tracing::error!(
                    directory = %self.ldap.options.name,
                    "bind_dn is an administrator of the directory itself; name a service account"
                );
                Err(NotDone::Rights)
            }
            Err(failure) => Err(self.not_begun(&failure)),
        }
    }

    async fn is_above_policy(&self) -> Result<bool, Failure> {
        let (own, person) = (&self.ldap.options.bind_dn, &self.before.entry.dn);
        rights::is_above_policy(&self.service, own, person, self.limit()).await
    }

    fn dialect(&self) -> Dialect {
        self.service.offer.dialect
    }

    /// Refuses a reset that no rule would bind, if the installer wants it so.
    fn refuse_without_hints(&self) -> Result<(), NotDone> {
        let is_free =
            self.dialect() == Dialect::ActiveDirectory && self.service.offer.policy_hints.is_none();
        if is_free && self.ldap.options.without_policy_hints == WithoutPolicyHints::Refuse {
            tracing::error!(
                directory = %self.ldap.options.name, server = self.server.address(),
                "not reset: this server does not offer policy hints (without_policy_hints)"
            );
            return Err(NotDone::Rights);
        }
        Ok(())
    }

    fn not_begun(&self, failure: &Failure) -> NotDone {
        tracing::warn!(order.id = %self.order.id(), error = %failure.error, "order not begun");
        verdict::of_failure(&failure.error)
    }

    /// The limit for one call: the usual one, or what is left of the order's time.
    fn limit(&self) -> Duration {
        self.left().min(self.server.call_timeout())
    }

    fn left(&self) -> Duration {
        self.until.left()
    }

    /// The limit for the write: some time is kept to find out what became of it.
    fn send_limit(&self) -> Duration {
        let left = self.left();
        left.saturating_sub(RESERVE_MAX.min(left / 2))
    }

    fn report(&self, deed: &'static str, answer: &Answer) {
        if answer.rc != 0 {
            let (rc, policy) = (answer.rc, answer.policy.error);
            tracing::warn!(
                order.id = %self.order.id(), deed, rc, ?policy, text = answer.text,
                "the directory refused"
            );
        }
    }
}
