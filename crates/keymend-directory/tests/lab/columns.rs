//! What came of the conformance suite on one kind of server: judged, printed, and put where
//! `cargo xtask conformance` makes the table of it.

use std::path::Path;

use keymend_directory::conformance::Report;

#[track_caller]
pub fn check(name: &str, report: Report) {
    println!("{name}\n{report}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    report.save(&folder, name).unwrap();
    let failures = report.failures();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(report.unexplained(), Vec::<&str>::new());
}
