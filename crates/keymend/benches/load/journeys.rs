//! Whole journeys: a forgotten password becomes a new one, with two proofs.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keymend_directory::embedded::HashingCost;

use super::browser::Visitor;
use super::house::House;
use super::{measure, people};

/// Journeys of a round with hashes as they should be, which take long, and with feather-light ones.
const JOURNEYS: [(HashingCost, &str, usize); 2] = [
    (HashingCost::RECOMMENDED, "argon2id 19 MiB, 2 passes", 120),
    (HashingCost::FEATHER, "as good as none", 1_200),
];
/// People at a time.
const AT_ONCE: [usize; 2] = [1, 8];
/// Between two looks into the outbox.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// Prints the table.
pub fn run() {
    println!("\n### Whole journeys (reset with two proofs, embedded directory)\n");
    println!("| password hashing | people at once | journeys/s | s/journey | CPU ms/journey |");
    println!("|---|---|---|---|---|");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut costs = HashMap::new();
    for (hashing, name, count) in JOURNEYS {
        for at_once in AT_ONCE {
            let (wall, cpu) = runtime.block_on(round(hashing, count, at_once));
            let each = count as f64;
            let rate = each / wall.as_secs_f64();
            let cpu_ms = cpu.as_secs_f64() * 1_000.0 / each;
            println!(
                "| {name} | {at_once} | {rate:.1} | {:.3} | {cpu_ms:.2} |",
                at_once as f64 / rate
            );
            costs.entry(at_once).or_insert_with(Vec::new).push(cpu_ms);
        }
    }
    for at_once in AT_ONCE {
        let own = costs[&at_once][1];
        let hashing = costs[&at_once][0] - own;
        println!(
            "\n{at_once} at once: {own:.2} ms of processor time are ours (the visitors' \
             own work included), {hashing:.0} ms are password hashing."
        );
    }
}

async fn round(hashing: HashingCost, count: usize, at_once: usize) -> (Duration, Duration) {
    // A few more than are counted: the first touch what nobody has touched before.
    let warm = at_once;
    let (directory, ids, _folder) = people::directory(count + warm, hashing).await;
    let house = Arc::new(House::build(directory).await);
    people::register(&house, &ids).await;
    walk_all(&house, count..count + warm, at_once).await;
    let pid = std::process::id();
    let (begun, cpu) = (Instant::now(), measure::cpu(pid));
    walk_all(&house, 0..count, at_once).await;
    (begun.elapsed(), measure::cpu(pid) - cpu)
}

/// Lets these people go their ways, so many at a time.
pub async fn walk_all(house: &Arc<House>, numbers: std::ops::Range<usize>, at_once: usize) {
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let walkers = (0..at_once).map(|_| {
        let (house, next) = (Arc::clone(house), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= numbers.end {
                    return;
                }
                walk(&house, number).await;
            }
        })
    });
    for walker in walkers.collect::<Vec<_>>() {
        walker.await.unwrap();
    }
}

async fn walk(house: &House, number: usize) {
    let (address, phone) = (people::address(number), people::number(number));
    let mut visitor = Visitor::new(house);
    visitor.opens("/reset").await;
    let form = [
        ("user", house.login(number)),
        ("human", String::new()),
        ("answer", String::new()),
    ];
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    visitor.fills("/reset", &form).await;
    visitor.fills("/flow/intent", &[("intent", "reset")]).await;
    for (method, contact) in [("email", &address), ("text", &phone)] {
        visitor.fills("/flow/method", &[("method", method)]).await;
        visitor
            .fills("/flow/challenge", &[("address", contact)])
            .await;
        let code = code(house, contact).await;
        visitor.fills("/flow/prove", &[("code", &code)]).await;
    }
    let new = format!("Lantern meadow {number} forty");
    let typed = [("password", new.as_str()), ("again", &new), ("shown", "")];
    visitor.fills("/flow/password", &typed).await;
    let is_done = visitor.html.contains("has been changed");
    assert!(is_done, "{}", visitor.html);
}

/// The code in the newest message to somebody.
async fn code(house: &House, contact: &str) -> String {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        let sent = house.outbox.messages();
        let digits = |body: &str| {
            let mut words = body.split(|letter: char| !letter.is_ascii_digit());
            words.find(|word| word.len() == 6).map(str::to_owned)
        };
        let newest = sent.iter().find(|message| message.to == contact);
        if let Some(code) = newest.and_then(|message| digits(&message.body)) {
            return code;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    panic!("no code for {contact}");
}
