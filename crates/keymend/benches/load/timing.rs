//! Whether the time of an answer tells a known name from an unknown one (security-gates G-02).
//!
//! For each kind of account, requests about it and about names nobody has are sent in random
//! order, sixteen at a time.  AUC is the chance that a request about the account took longer than
//! one about nobody, ties counted half: 0.5 tells nothing, 0 or 1 everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keymend_directory::embedded::demo::{SAMPLES, SampleKind};
use keymend_directory::embedded::{Credential, HashingCost, NewAccount};
use keymend_domain::secret::Password;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::browser::Visitor;
use super::house::House;
use super::people;

/// The earliest moment of every answer: the default of a service is ten times as long.
const PACE: Duration = Duration::from_millis(25);
/// Requests about an account, and as many about nobody.
const EACH: usize = 1_000;
const AT_ONCE: usize = 16;
/// The bar of the gate: 3.9 standard deviations for samples of this size.
const BAR: f64 = 0.05;

/// What one visit measured.
struct Visit {
    is_known: bool,
    start: Duration,
    challenge: Duration,
    prove: Duration,
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
        println!("| account | first form | address | code | within the bar |\n|---|---|---|---|---|");
        let (directory, ids, _folder) = people::directory(EACH, HashingCost::FEATHER).await;
        directory.import(&odd_accounts()).await.unwrap();
        let house = Arc::new(House::build_paced(directory, PACE).await);
        people::register(&house, &ids).await;
        let registered = Names { kind: "registered", known: Arc::new(people::login), proves: true };
        report("registered", &compare(&house, &registered).await);
        for sample in SAMPLES.iter().filter(|sample| sample.kind != SampleKind::Plain) {
            let login = sample.login;
            let known = Arc::new(move |_| login.to_owned());
            // One account of a kind: five wrong codes would block its name for everybody to see.
            let names = Names { kind: sample.kind.id(), known, proves: false };
            report(names.kind, &compare(&house, &names).await);
        }
    });
}

/// One account of each kind that cannot be helped, or is not registered.
fn odd_accounts() -> Vec<NewAccount> {
    SAMPLES
        .iter()
        .filter(|sample| sample.kind != SampleKind::Plain)
        .map(|sample| NewAccount {
            login: sample.login.to_owned(),
            display_name: sample.display_name.to_owned(),
            mail: vec![sample.mail()],
            is_disabled: sample.kind == SampleKind::Disabled,
            is_locked: sample.kind == SampleKind::Locked,
            may_not_change: sample.kind == SampleKind::MayNotChange,
            credential: Password::new(sample.password.to_owned())
                .ok()
                .map(Credential::Plain),
            ..NewAccount::default()
        })
        .collect()
}

/// Who is compared with nobody.
struct Names {
    kind: &'static str,
    known: Arc<dyn Fn(usize) -> String + Send + Sync>,
    /// Whether a wrong code is typed as well.
    proves: bool,
}

async fn compare(house: &Arc<House>, names: &Names) -> Vec<Visit> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for place in order() {
        let (number, is_known) = (place / 2, place % 2 == 0);
        let name = match is_known {
            true => (names.known)(number),
            false => format!("no-{}-{number}", names.kind),
        };
        let (kind, proves) = (is_known, names.proves);
        let (house, place) = (
            Arc::clone(house),
            Arc::clone(&places).acquire_owned().await.unwrap(),
        );
        tasks.spawn(async move {
            let visit = visit(&house, &name, (number, kind, proves)).await;
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

async fn visit(
    house: &House,
    name: &str,
    (number, is_known, proves): (usize, bool, bool),
) -> Visit {
    let mut visitor = Visitor::new(house);
    visitor.opens("/reset").await;
    let start = timed(
        &mut visitor,
        "/reset",
        &[("user", name), ("human", ""), ("answer", "")],
    )
    .await;
    visitor.opens("/flow").await;
    visitor.fills("/flow/intent", &[("intent", "reset")]).await;
    visitor.fills("/flow/method", &[("method", "email")]).await;
    let address = people::address(number);
    let challenge = timed(&mut visitor, "/flow/challenge", &[("address", &address)]).await;
    let mut prove = Duration::ZERO;
    if proves {
        visitor.opens("/flow").await;
        prove = timed(&mut visitor, "/flow/prove", &[("code", "000000")]).await;
    }
    Visit {
        is_known,
        start,
        challenge,
        prove,
    }
}

async fn timed(visitor: &mut Visitor<'_>, action: &str, fields: &[(&str, &str)]) -> Duration {
    let began = Instant::now();
    visitor.posts(action, fields).await;
    began.elapsed()
}

fn report(kind: &str, visits: &[Visit]) {
    let figures = [
        auc(visits, |visit| visit.start),
        auc(visits, |visit| visit.challenge),
        auc(visits, |visit| visit.prove),
    ];
    let [start, challenge, prove] = figures.map(|figure| match figure {
        Some(figure) => format!("{figure:.3}"),
        None => "–".to_owned(),
    });
    let holds = figures
        .iter()
        .flatten()
        .all(|figure| (figure - 0.5).abs() <= BAR);
    let verdict = if holds { "yes" } else { "**no**" };
    println!("| {kind} | {start} | {challenge} | {prove} | {verdict} |");
}

/// Mann–Whitney U over n₁n₂, of the requests that were made; `None` where there were too few.
fn auc(visits: &[Visit], figure: impl Fn(&Visit) -> Duration) -> Option<f64> {
    let of = |is_known: bool| -> Vec<Duration> {
        let own = visits
            .iter()
            .filter(|visit| visit.is_known == is_known)
            .map(&figure);
        own.filter(|time| !time.is_zero()).collect()
    };
    let (known, mut nobody) = (of(true), of(false));
    if known.len() < EACH / 2 || nobody.len() < EACH / 2 {
        return None;
    }
    nobody.sort_unstable();
    let mut wins = 0.0;
    for time in &known {
        let below = nobody.partition_point(|other| other < time);
        let equal = nobody.partition_point(|other| other <= time) - below;
        wins += below as f64 + equal as f64 / 2.0;
    }
    Some(wins / (known.len() * nobody.len()) as f64)
}
