//! Whether the time of an answer tells a known name from an unknown one (security-gates G-02).
//!
//! For each kind of account, requests about it and about names nobody has are sent in random
//! order, sixteen at a time.  AUC is the chance that a request about the account took longer than
//! one about nobody, ties counted half: 0.5 tells nothing, 0 or 1 everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keymend_directory::embedded::HashingCost;
use keymend_directory::embedded::demo::SampleKind;
use keymend_domain::directory::Directory;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::browser::Visitor;
use super::house::House;
use super::people;
use super::slow::Slow;

/// The earliest moment of every answer: the default of a service is ten times as long.
const PACE: Duration = Duration::from_millis(25);
/// How much longer every question to a slow directory takes (security-gates G-02).
const SLOW: Duration = Duration::from_millis(75);
/// Requests about an account, and as many about nobody.
const EACH: usize = 1_000;
const AT_ONCE: usize = 16;
/// The bar of the gate: 3.9 standard deviations for samples of this size.
const BAR: f64 = 0.05;

const KINDS: [SampleKind; 11] = [
    SampleKind::Plain,
    SampleKind::Locked,
    SampleKind::PasswordExpired,
    SampleKind::MustChange,
    SampleKind::Disabled,
    SampleKind::Ended,
    SampleKind::Protected,
    SampleKind::Unregistered,
    SampleKind::OutOfScope,
    SampleKind::Young,
    SampleKind::MayNotChange,
];

/// The forms that were measured, in the order of the columns.
const FORMS: usize = 4;

/// What one visit measured.
struct Visit {
    is_known: bool,
    times: [Duration; FORMS],
}

/// Prints the table.
pub fn run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        println!("\n### Time of an answer: accounts against names nobody has\n");
        println!(
            "AUC over {EACH} + {EACH} requests, {AT_ONCE} at a time, pace {} ms, embedded directory; \
             the bar of G-02 is |AUC − 0.5| ≤ {BAR}.\n",
            PACE.as_millis()
        );
        println!("| account | first form | address | code | sign-in | within the bar |");
        println!("|---|---|---|---|---|---|");
        for kind in KINDS {
            kind_by_kind(kind, Duration::ZERO).await;
        }
        for kind in [SampleKind::Plain, SampleKind::Disabled] {
            kind_by_kind(kind, SLOW).await;
        }
    });
}

/// One row: a house with accounts of one kind alone, so that each is asked about once.
async fn kind_by_kind(kind: SampleKind, line: Duration) {
    let (embedded, ids, _folder) = people::directory_of(kind, EACH, HashingCost::FEATHER).await;
    let directory: Arc<dyn Directory> = match line.is_zero() {
        true => embedded,
        false => Arc::new(Slow::new(embedded, line)),
    };
    let house = Arc::new(House::build_paced(directory, PACE).await);
    if kind != SampleKind::Unregistered {
        people::register(&house, &ids).await;
    }
    let name = match line.is_zero() {
        true => kind.id().to_owned(),
        false => format!("{}, {} ms away", kind.id(), line.as_millis()),
    };
    report(&name, &compare(&house).await);
}

async fn compare(house: &Arc<House>) -> Vec<Visit> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for place in order() {
        let (number, is_known) = (place / 2, place % 2 == 0);
        let (house, place) = (
            Arc::clone(house),
            Arc::clone(&places).acquire_owned().await.unwrap(),
        );
        tasks.spawn(async move {
            let visit = visit(&house, number, is_known).await;
            drop(place);
            visit
        });
    }
    tasks.join_all().await
}

/// All visits in an order that mixes both kinds: a fixed shuffle, so that runs compare.
fn order() -> Vec<usize> {
    let count = EACH * 2;
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = 88_172_645_463_325_252_u64;
    for place in (1..count).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(place, usize::try_from(state % (place as u64 + 1)).unwrap());
    }
    order
}

async fn visit(house: &House, number: usize, is_known: bool) -> Visit {
    let name = match is_known {
        true => people::login(number),
        false => format!("nobody{number}"),
    };
    let mut visitor = Visitor::new(house);
    visitor.opens("/reset").await;
    let first = [("user", name.as_str()), ("human", ""), ("answer", "")];
    let start = timed(&mut visitor, "/reset", &first).await;
    visitor.opens("/flow").await;
    visitor.fills("/flow/intent", &[("intent", "reset")]).await;
    visitor.fills("/flow/method", &[("method", "email")]).await;
    let address = people::address(number);
    let challenge = timed(&mut visitor, "/flow/challenge", &[("address", &address)]).await;
    visitor.opens("/flow").await;
    let prove = timed(&mut visitor, "/flow/prove", &[("code", "000000")]).await;
    visitor.opens("/signin").await;
    let began = Instant::now();
    let wrong = [("user", name.as_str()), ("password", "not the password")];
    visitor.is_refused("/signin", &wrong).await;
    let sign_in = began.elapsed();
    Visit {
        is_known,
        times: [start, challenge, prove, sign_in],
    }
}

async fn timed(visitor: &mut Visitor<'_>, action: &str, fields: &[(&str, &str)]) -> Duration {
    let began = Instant::now();
    visitor.posts(action, fields).await;
    began.elapsed()
}

fn report(kind: &str, visits: &[Visit]) {
    let figures: [f64; FORMS] = std::array::from_fn(|form| auc(visits, form));
    let holds = figures.iter().all(|figure| (figure - 0.5).abs() <= BAR);
    let [start, challenge, prove, sign_in] = figures;
    let verdict = if holds { "yes" } else { "**no**" };
    println!("| {kind} | {start:.3} | {challenge:.3} | {prove:.3} | {sign_in:.3} | {verdict} |");
}

/// Mann–Whitney U over n₁n₂.
fn auc(visits: &[Visit], form: usize) -> f64 {
    let of = |is_known: bool| -> Vec<Duration> {
        let own = visits.iter().filter(|visit| visit.is_known == is_known);
        own.map(|visit| visit.times[form]).collect()
    };
    let (known, mut nobody) = (of(true), of(false));
    nobody.sort_unstable();
    let mut wins = 0.0;
    for time in &known {
        let below = nobody.partition_point(|other| other < time);
        let equal = nobody.partition_point(|other| other <= time) - below;
        wins += below as f64 + equal as f64 / 2.0;
    }
    wins / (known.len() * nobody.len()) as f64
}
