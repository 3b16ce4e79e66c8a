mod traps;

use super::*;
use crate::account::Anchor;
use crate::account::{Account, Lock};
use crate::deliver::{Notice, Tidings};
use crate::directory::DeedKind;
use crate::directory::PasswordRules;
use crate::id::OrderId;
use crate::method::Method;
use crate::time::SECOND_MS;
use crate::world::{World, jane};

/// When the directory says the password was set: its clock is a minute ahead of ours.
const AHEAD_MS: i64 = MINUTE_MS;

fn order(world: &World) -> OpenOrder {
    OpenOrder {
        id: OrderId::stored("o1".into()),
        account: jane().id,
        kind: DeedKind::Reset,
        opened_at: world.now,
        deadline: world.now,
        changed_before: Some(Moment(1_000)),
        was_locked: false,
        forced: false,
    }
}

/// Jane's password was set just now.
struct Desk {
    world: World,
    watch: Option<Watch>,
    set_at: Moment,
    account: Account,
    rules: PasswordRules,
    own_tries: Vec<Moment>,
    methods: Vec<Method>,
}

impl Desk {
    fn new() -> Self {
        let mut world = World::new();
        let journey = CorrelationId::stored("journey".into());
        let order = order(&world);
        let watch = world.decide(|ctx| Watch::begin(&order, &journey, ctx));
        Self {
            set_at: world.now.plus_ms(AHEAD_MS),
            world,
            watch,
            account: jane(),
            rules: PasswordRules {
                lockout_threshold: 5,
                ..PasswordRules::default()
            },
            own_tries: Vec::new(),
            methods: Vec::new(),
        }
    }

    /// A server that has the new password and saw wrong ones so many seconds after it was set.
    fn server(&self, name: &str, tries: &[i64]) -> ServerTallies {
        let times: Vec<Moment> = tries
            .iter()
            .map(|secs| self.set_at.plus_ms(secs * SECOND_MS))
            .collect();
        self.counting(name, u32::try_from(times.len()).unwrap(), times)
    }

    fn counting(&self, name: &str, count: u32, times: Vec<Moment>) -> ServerTallies {
        ServerTallies {
            server: name.to_owned(),
            accounts: vec![Tally {
                anchor: Anchor("a1".into()),
                count,
                times,
                password_set: PasswordSet::At(self.set_at),
                forgotten_at: None,
            }],
            is_only: false,
        }
    }

    /// Looks at the servers so many minutes later; what the owner is told, in a few words.
    fn looks(&mut self, minutes: i64, servers: &[ServerTallies]) -> String {
        self.world.wait_mins(minutes);
        let now = self.world.now;
        let watch = self.watch.take().expect("the watch goes on");
        let mut servers = servers.to_vec();
        if let [only] = &mut servers[..] {
            only.is_only = true;
        }
        let sighted = match watch.look(&servers, now) {
            Looked::Over => return "over".to_owned(),
            Looked::Quiet(watch) => {
                self.watch = Some(watch);
                return "quiet".to_owned();
            }
            Looked::Sighted(sighted) => sighted,
        };
        let facts = Facts {
            account: &self.account,
            rules: &self.rules,
            methods: &self.methods,
            own_tries: &self.own_tries,
        };
        let step = self.world.decide(|ctx| sighted.decide(&facts, ctx));
        let step = step.unwrap();
        self.watch = step.watch;
        let told = step.notices.iter().map(|notice| self.words(notice));
        let ends = if self.watch.is_some() { "" } else { ", over" };
        format!("{}{ends}", told.collect::<Vec<_>>().join("; "))
    }

    fn words(&self, notice: &Notice) -> String {
        let Tidings::WrongPasswords {
            servers,
            at,
            is_exact,
            left,
        } = &notice.tidings
        else {
            panic!("other tidings");
        };
        let secs = at.since_ms(self.set_at) / SECOND_MS;
        let about = if *is_exact { "" } else { "about " };
        format!("{} after {about}{secs} s, {left:?}", servers.join("+"))
    }
}

#[test]
fn a_wrong_password_after_the_new_one_is_told_once_with_server_and_time() {
    let mut desk = Desk::new();
    let calm = [desk.server("dc1", &[]), desk.server("dc2", &[])];
    assert_eq!(desk.looks(1, &calm), "quiet");
    let tried = [desk.server("dc1", &[]), desk.server("dc2", &[90])];
    assert_eq!(desk.looks(2, &tried), "dc2 after 90 s, Some(4)");
    assert_eq!(desk.looks(5, &tried), "quiet");
    let again = [desk.server("dc1", &[]), desk.server("dc2", &[90, 500])];
    assert_eq!(desk.looks(5, &again), "");
}

#[test]
fn it_is_told_once_more_near_the_lock_and_then_no_more() {
    let mut desk = Desk::new();
    let one = [desk.server("dc1", &[10])];
    assert_eq!(desk.looks(2, &one), "dc1 after 10 s, Some(4)");
    let three = [desk.server("dc1", &[10, 70, 80])];
    assert_eq!(desk.looks(2, &three), "dc1 after 80 s, Some(2), over");
}

#[test]
fn a_locked_account_is_called_locked() {
    let mut desk = Desk::new();
    desk.account.state.lock = Some(Lock { until: None });
    let one = [desk.server("dc1", &[10])];
    assert_eq!(desk.looks(2, &one), "dc1 after 10 s, Some(0), over");
}

#[test]
fn where_nothing_locks_or_nobody_knows_it_is_told_once_without_a_number() {
    let mut desk = Desk::new();
    desk.rules.lockout_threshold = 0;
    let one = [desk.server("dc1", &[10])];
    assert_eq!(desk.looks(2, &one), "dc1 after 10 s, None, over");
}

#[test]
fn what_came_before_the_new_password_is_not_told() {
    let mut desk = Desk::new();
    let before = [desk.server("dc1", &[-1])];
    assert_eq!(desk.looks(1, &before), "quiet");
}

/// The old password is still right there, and what is wrong there is the new one.
#[test]
fn a_server_that_has_not_heard_of_the_new_password_is_not_believed() {
    let mut desk = Desk::new();
    let mut behind = desk.server("dc2", &[10]);
    behind.accounts[0].password_set = PasswordSet::At(Moment(1_000));
    let ahead = desk.server("dc1", &[]);
    assert_eq!(desk.looks(1, &[ahead, behind]), "quiet");
}

#[test]
fn one_try_that_two_controllers_counted_names_both() {
    let mut desk = Desk::new();
    let calm = ["dc1", "dc2", "dc3"].map(|name| desk.server(name, &[]));
    assert_eq!(desk.looks(1, &calm), "quiet");
    let both = [
        desk.server("dc1", &[80]),
        desk.server("dc2", &[81]),
        desk.server("dc3", &[72]),
    ];
    assert_eq!(desk.looks(2, &both), "dc1+dc2 after 81 s, Some(4)");
}

#[test]
fn a_slip_in_keymends_own_forms_is_not_told_whichever_clock_is_ahead() {
    for ahead_ms in [0, AHEAD_MS] {
        let mut desk = Desk::new();
        desk.own_tries = vec![desk.set_at.plus_ms(30 * SECOND_MS - ahead_ms)];
        let slip = [desk.server("dc1", &[31])];
        assert_eq!(desk.looks(1, &slip), "", "{ahead_ms}");
        let more = [desk.server("dc1", &[31, 160])];
        assert_eq!(desk.looks(3, &more), "dc1 after 160 s, Some(3)");
    }
}

#[test]
fn a_server_that_tells_no_times_is_believed_by_its_count() {
    let mut desk = Desk::new();
    desk.rules.lockout_threshold = 9;
    assert_eq!(desk.looks(1, &[desk.counting("ds", 0, vec![])]), "quiet");
    let two = desk.counting("ds", 2, vec![]);
    // Three minutes by our clock, two by the directory's.
    assert_eq!(desk.looks(2, &[two]), "ds after about 120 s, Some(7)");
    // A right password put the count back, and then there was one wrong one.
    assert_eq!(desk.looks(5, &[desk.counting("ds", 0, vec![])]), "quiet");
    assert_eq!(
        desk.looks(5, &[desk.counting("ds", 8, vec![])]),
        "ds after about 720 s, Some(1), over"
    );
}

#[test]
fn own_slips_are_taken_off_a_count_without_times() {
    let mut desk = Desk::new();
    desk.own_tries = vec![desk.world.now.plus_ms(MINUTE_MS / 2)];
    assert_eq!(desk.looks(1, &[desk.counting("ds", 1, vec![])]), "");
    assert_eq!(
        desk.looks(2, &[desk.counting("ds", 2, vec![])]),
        "ds after about 120 s, Some(3)"
    );
}

#[test]
fn it_ends_with_its_time_and_with_another_password_and_not_with_silence() {
    let mut desk = Desk::new();
    let calm = [desk.server("dc1", &[])];
    assert_eq!(desk.looks(1, &calm), "quiet");
    let mut newer = calm[0].clone();
    newer.accounts[0].password_set = PasswordSet::At(desk.set_at.plus_ms(1));
    let watch = desk.watch.clone();
    assert_eq!(desk.looks(2, &[newer]), "over");
    desk.watch = watch.clone();
    let empty = ServerTallies {
        server: "dc1".into(),
        accounts: vec![],
        is_only: true,
    };
    assert_eq!(desk.looks(1, &[empty]), "quiet", "hidden, or not read");
    assert_eq!(desk.looks(1, &[]), "quiet", "nobody answered");
    assert_eq!(desk.looks(55, &calm), "over");
    desk.watch = watch;
    let late = [desk.server("dc1", &[3_000])];
    assert_eq!(desk.looks(0, &late), "dc1 after 3000 s, Some(4), over");
}

#[test]
fn it_is_looked_after_one_and_three_minutes_then_every_five_and_at_the_end() {
    let mut desk = Desk::new();
    let begun = desk.world.now;
    let calm = [desk.server("dc1", &[])];
    let mut looks = Vec::new();
    loop {
        let due = desk.watch.as_ref().unwrap().due_at();
        let after = due.since_ms(begun) / MINUTE_MS;
        looks.push(after);
        let wait = due.since_ms(desk.world.now) / MINUTE_MS;
        if desk.looks(wait, &calm) == "over" {
            break;
        }
    }
    assert_eq!(looks, [1, 3, 8, 13, 18, 23, 28, 33, 38, 43, 48, 53, 58, 60]);
}

#[test]
fn nobody_is_watched_where_the_administrator_says_so() {
    let mut world = World::new();
    world.settings.notifications.wrong_passwords_mins = 0;
    let (order, journey) = (order(&world), CorrelationId::stored("journey".into()));
    assert_eq!(
        world.decide(|ctx| Watch::begin(&order, &journey, ctx)),
        None
    );
}

#[test]
fn an_owner_who_is_told_nothing_leaves_a_line_in_the_log_all_the_same() {
    let mut desk = Desk::new();
    desk.world.settings.notifications.person = false;
    let watch = desk.watch.take().unwrap();
    let tried = [desk.server("dc1", &[130])];
    let Looked::Sighted(sighted) = watch.look(&tried, desk.world.now) else {
        panic!("something was there to see");
    };
    let facts = Facts {
        account: &desk.account,
        rules: &desk.rules,
        methods: &[],
        own_tries: &[],
    };
    let step = desk
        .world
        .decide(|ctx| sighted.decide(&facts, ctx))
        .unwrap();
    assert!(step.notices.is_empty());
    let line = &step.audit[0];
    assert_eq!(line.reason.as_deref(), Some("dc1"));
    assert_eq!(
        (line.event.word(), line.count),
        ("password.wrong_seen", Some(1))
    );
}
