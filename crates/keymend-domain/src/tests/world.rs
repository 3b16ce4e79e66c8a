//! The little world in which the rules are tested: a clock that is set, chance that repeats,
//! counters in memory, one person called Jane, and an outbox to look into.

use std::sync::Mutex;

use crate::account::{Account, AccountRef, AccountState, Anchor, Claim, DirectoryName};
use crate::audit::{AuditDeed, AuditEvent};
use crate::code::{self, MacKey};
use crate::deliver::{Notice, Tidings};
use crate::directory::Found;
use crate::flow::{
    Caller, Context, Effects, Flow, FlowFault, FlowKeys, Fresh, Gathered, Intent, Judged, Opened,
    Standing, Step, Ticket, admit,
};
use crate::id::{CorrelationId, MethodId};
use crate::limit::memory::MemoryBook;
use crate::method::{Assurance, Contact, Method, MethodKind};
use crate::policy::{Policy, Scope, Settings};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::time::{Entropy, MINUTE_MS, Moment, NoEntropy, SECOND_MS};

/// Nobody's code: codes have six digits or more.
pub(crate) const WRONG: &str = "12345";

/// Chance that repeats itself from run to run (SplitMix64).
pub(crate) struct Dice(Mutex<u64>);

impl Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let mut state = self.0.lock().map_err(|_| NoEntropy)?;
        for byte in bytes {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (mixed ^ (mixed >> 31)).to_le_bytes()[0];
        }
        Ok(())
    }
}

pub(crate) struct World {
    pub now: Moment,
    pub book: MemoryBook,
    pub settings: Settings,
    pub caller: Caller,
    /// What the directory says to every name.
    pub found: Found,
    /// What the store says about the account.
    pub standing: Standing,
    /// Everything that was to be sent.
    pub outbox: Vec<Notice>,
    /// Everything that was recorded.
    pub audit: Vec<AuditEvent>,
    /// What the last step refused.
    pub refusal: Option<Refusal>,
    /// What else the last step changed.
    pub effects: Effects,
    /// The permission that the last order gave.
    pub ticket: Option<Ticket>,
    entropy: Dice,
    keys: FlowKeys,
}

impl World {
    /// Jane, with a mailbox and a telephone, under a policy with two gates.
    pub(crate) fn new() -> Self {
        Self {
            now: Moment(1_700_000_000_000),
            book: MemoryBook::default(),
            settings: settings(2),
            caller: Caller {
                network: "net".into(),
                wide_network: "wide".into(),
                is_own_network: true,
                ..Caller::default()
            },
            found: Found::One(Box::new(jane())),
            standing: Standing {
                methods: vec![mailbox(), telephone()],
                epoch: 7,
                is_frozen: false,
            },
            outbox: Vec::new(),
            audit: Vec::new(),
            refusal: None,
            effects: Effects::default(),
            ticket: None,
            entropy: Dice(Mutex::new(1)),
            keys: FlowKeys {
                code: MacKey::new([1; 32]),
                name: MacKey::new([2; 32]),
            },
        }
    }

    /// The same under a policy with one gate.
    pub(crate) fn with_one_gate() -> Self {
        Self {
            settings: settings(1),
            ..Self::new()
        }
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::try_new(self.settings.clone(), 3).unwrap()
    }

    pub(crate) fn wait_secs(&mut self, seconds: i64) {
        self.now = self.now.plus_ms(seconds * SECOND_MS);
    }

    pub(crate) fn wait_mins(&mut self, minutes: i64) {
        self.now = self.now.plus_ms(minutes * MINUTE_MS);
    }

    /// Changes the account in the directory.
    pub(crate) fn account(&mut self) -> &mut Account {
        match &mut self.found {
            Found::One(account) => account,
            Found::Nobody | Found::Several { .. } => panic!("nobody is there"),
        }
    }

    pub(crate) fn decide<R>(&mut self, decision: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let policy = self.policy();
        decision(&mut Context {
            now: self.now,
            entropy: &self.entropy,
            keys: &self.keys,
            policy: &policy,
            book: &mut self.book,
            caller: &self.caller,
        })
    }

    /// Somebody types a name on the first page.
    pub(crate) fn visits(&mut self, name: &str) -> Result<Flow, Refusal> {
        let claim = Claim::new(name).unwrap();
        let journey = CorrelationId::stored("01JOURNEY0000000000000000X".into());
        let admission = self.decide(|ctx| admit(&claim, &journey, ctx).unwrap());
        self.audit.extend(admission.audit);
        if let Some(refusal) = admission.refusal {
            return Err(refusal);
        }
        let gathered = Gathered {
            found: self.found.clone(),
            standing: self.standing.clone(),
        };
        let step = self.decide(|ctx| Flow::open(&claim, journey, gathered, ctx).unwrap());
        Ok(self.saves(step))
    }

    /// A flow for Jane that waits for its first proof.
    pub(crate) fn starts(&mut self) -> Flow {
        self.starts_for(Intent::Reset)
    }

    pub(crate) fn starts_for(&mut self, intent: Intent) -> Flow {
        let flow = self.visits("jane").unwrap();
        self.does(flow, |flow, ctx| flow.choose_intent(intent, ctx))
    }

    pub(crate) fn does(
        &mut self,
        flow: Flow,
        deed: impl FnOnce(Flow, &mut Context<'_>) -> Result<Step, FlowFault>,
    ) -> Flow {
        let step = self.decide(|ctx| deed(flow, ctx).unwrap());
        self.saves(step)
    }

    pub(crate) fn saves(&mut self, step: Step) -> Flow {
        self.outbox.extend(step.notices);
        self.audit.extend(step.audit);
        self.refusal = step.refusal;
        self.effects = step.effects;
        step.flow
    }

    /// Chooses a way and types its registered contact.
    pub(crate) fn asks(&mut self, flow: Flow, kind: MethodKind) -> Flow {
        self.asks_at(flow, kind, &contact(kind))
    }

    pub(crate) fn asks_at(&mut self, flow: Flow, kind: MethodKind, place: &Contact) -> Flow {
        let flow = self.does(flow, |flow, ctx| flow.choose_method(kind, ctx));
        self.does(flow, |flow, ctx| flow.challenge(Some(place), ctx))
    }

    pub(crate) fn answers(&mut self, flow: Flow, text: &str) -> Flow {
        let typed = code::typed(text);
        self.does(flow, |flow, ctx| flow.prove(typed.as_ref(), ctx))
    }

    /// Types the newest code that was sent.
    pub(crate) fn answers_right(&mut self, flow: Flow) -> Flow {
        let code = self.code().unwrap();
        self.answers(flow, &code)
    }

    /// Passes one gate.
    pub(crate) fn passes(&mut self, flow: Flow, kind: MethodKind) -> Flow {
        let flow = self.asks(flow, kind);
        self.answers_right(flow)
    }

    /// A flow for Jane that has passed both gates.
    pub(crate) fn proves(&mut self, intent: Intent) -> Flow {
        let flow = self.starts_for(intent);
        let flow = self.passes(flow, MethodKind::Email);
        if self.settings.gates == 1 {
            return flow;
        }
        self.passes(flow, MethodKind::Text)
    }

    /// The account as it is now, for a write.
    pub(crate) fn fresh(&self) -> Fresh {
        Fresh {
            account: match &self.found {
                Found::One(account) => Some(account.as_ref().clone()),
                Found::Nobody | Found::Several { .. } => None,
            },
            standing: self.standing.clone(),
        }
    }

    /// Submits a new password that breaks no rule we can see.
    pub(crate) fn orders_reset(&mut self, flow: Flow) -> Flow {
        let (fresh, judged) = (self.fresh(), Judged { broken: vec![] });
        self.orders(|ctx| flow.order_reset(&fresh, judged, ctx))
    }

    pub(crate) fn orders_unlock(&mut self, flow: Flow) -> Flow {
        let fresh = self.fresh();
        self.orders(|ctx| flow.order_unlock(&fresh, ctx))
    }

    /// Jane, signed in, changes her password.
    pub(crate) fn orders_change(&mut self, forced: bool) -> Flow {
        let (account, standing) = (self.account().clone(), self.standing.clone());
        let journey = CorrelationId::stored("01JOURNEY0000000000000000X".into());
        self.orders(|ctx| Flow::order_change(&account, standing, (journey, forced), ctx))
    }

    pub(crate) fn orders(
        &mut self,
        deed: impl FnOnce(&mut Context<'_>) -> Result<Opened, FlowFault>,
    ) -> Flow {
        let Opened { step, ticket } = self.decide(|ctx| deed(ctx).unwrap());
        self.ticket = ticket;
        self.saves(step)
    }

    /// The digits of the newest code that was sent.
    pub(crate) fn code(&self) -> Option<String> {
        self.outbox
            .iter()
            .rev()
            .find_map(|notice| match &notice.tidings {
                Tidings::Code { code, .. } => Some(code.expose().to_owned()),
                _ => None,
            })
    }

    /// Numbers and places of all messages that carry no code, in order.
    pub(crate) fn told(&self) -> Vec<String> {
        self.outbox
            .iter()
            .filter(|notice| !matches!(notice.tidings, Tidings::Code { .. }))
            .map(|notice| {
                let place = notice.to.contact().in_full();
                format!("{} {place}", notice.tidings.number())
            })
            .collect()
    }

    pub(crate) fn codes_sent(&self) -> usize {
        self.outbox.len() - self.told().len()
    }

    pub(crate) fn recorded(&self, deed: AuditDeed) -> Vec<&AuditEvent> {
        self.audit
            .iter()
            .filter(|event| event.event == deed)
            .collect()
    }

    pub(crate) fn refused(&self) -> &'static str {
        self.refusal.as_ref().map_or("", Refusal::id)
    }
}

pub(crate) fn settings(gates: u32) -> Settings {
    Settings {
        scope: Scope::All,
        gates,
        methods: vec![MethodKind::Email, MethodKind::Text],
        administrator_groups: vec!["admins".into()],
        ..Settings::default()
    }
}

pub(crate) fn jane() -> Account {
    Account {
        id: AccountRef {
            directory: DirectoryName("corp".into()),
            anchor: Anchor("a1".into()),
        },
        login: "jane".into(),
        display_name: "Jane Doe".into(),
        given_name: None,
        surname: None,
        mail: vec!["jane@corp.example".into()],
        phones: vec![],
        groups: vec!["staff".into()],
        language: Some("en".into()),
        state: AccountState::default(),
    }
}

pub(crate) fn method(id: &str, kind: MethodKind, contact: Contact) -> Method {
    Method {
        id: MethodId::stored(id.into()),
        kind,
        contact,
        assurance: Assurance::UserVerified,
        probation_until: None,
        added_at: Moment(1_600_000_000_000),
        used_at: None,
    }
}

pub(crate) fn contact(kind: MethodKind) -> Contact {
    match kind {
        MethodKind::Email => Contact::Email("jane@mail.example".into()),
        MethodKind::Text => Contact::Phone("+447700900123".into()),
    }
}

pub(crate) fn mailbox() -> Method {
    method("m1", MethodKind::Email, contact(MethodKind::Email))
}

pub(crate) fn telephone() -> Method {
    method("m2", MethodKind::Text, contact(MethodKind::Text))
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
