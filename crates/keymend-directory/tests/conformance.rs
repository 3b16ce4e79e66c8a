//! The embedded directory in memory and in a file, against the cases every directory must pass
//! and against what is special about it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop, its fixture included"
)]

#[path = "conformance/demo.rs"]
mod demo;
#[path = "conformance/house.rs"]
mod house;
#[path = "conformance/special.rs"]
mod special;

use std::path::Path;

use house::House;
use keymend_directory::conformance::{run, table};

#[tokio::test]
async fn the_embedded_directory_does_what_every_directory_must() {
    let folder = tempfile::tempdir().unwrap();
    let houses = [
        House::named("memory", None),
        House::named("file", Some(folder.path().join("directory.sqlite"))),
    ];
    let mut reports = Vec::new();
    for house in &houses {
        reports.push(run(&*house.directory, house).await);
    }
    println!("{}", table(&reports));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    reports.last().unwrap().save(&folder, "embedded").unwrap();
    let failures: Vec<_> = reports
        .iter()
        .flat_map(|report| report.failures())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for report in &reports {
        assert_eq!(report.passed(), report.lines.len(), "nothing is left out");
    }
}
