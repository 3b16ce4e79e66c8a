//! What the commands say: tables, findings of the policy check, and chains of causes.

use std::collections::BTreeSet;
use std::error::Error;

use jiff::Timestamp;
use keymend_domain::policy::{Finding, Severity};
use keymend_domain::route::{Realm, Realms};
use keymend_domain::time::Moment;

/// An error with everything that caused it, outermost first.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// An instant in UTC, to the second.
pub(super) fn time(at: Moment) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        Err(_) => at.0.to_string(),
    }
}

/// Signs of one line that came from elsewhere; what is longer is cut.
const SIGNS_MAX: usize = 1_000;

/// One line of text that a server may have written, without signs that steer a terminal or turn
/// the order of reading, and not endless: a certificate must not paint over its own fingerprint.
///
/// Whatever a command prints that is not its own goes through here.
#[must_use]
pub fn harmless(line: &str) -> String {
    let mut signs = line.chars();
    let mut text: String = signs
        .by_ref()
        .take(SIGNS_MAX)
        .map(|sign| if is_steering(sign) { '\u{fffd}' } else { sign })
        .collect();
    if signs.next().is_some() {
        text.push('…');
    }
    text
}

/// Control signs, and those that Unicode made for direction, joining, tags and nothing at all.
fn is_steering(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Rows in columns two blanks apart; the last column is as long as it is.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let cell = |text: &String| harmless(text);
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// One line for each finding: how much it weighs, rule, key, value and reason.
pub(super) fn findings(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
    table(&rows)
}

fn row(finding: &Finding) -> Vec<String> {
    let weight = match finding.severity {
        Severity::Refused => "refused",
        Severity::Warned => "warning",
    };
    let reason = match finding.range {
        Some((least, most)) => format!("write a number from {least} to {most}"),
        None => reason(finding.reason).to_owned(),
    };
    vec![
        weight.to_owned(),
        finding.rule.to_owned(),
        format!("{} = {}", finding.key, finding.value),
        reason,
    ]
}

/// What a reason of the policy check means and what can be done about it.  A word that is not
/// known here is shown as it is.
fn reason(word: &str) -> &str {
    match word {
        "gates-outside-1-to-3" => "a reset takes 1, 2 or 3 proofs",
        "no-methods" => "nobody could prove anything; allow at least one method",
        "more-gates-than-classes" => {
            "each proof must be of another kind; ask for fewer or allow more methods"
        }
        "one-gate" => "whoever has one mailbox or phone has the account; two proofs are advised",
        "two-issued-codes-in-nist" => "two codes that are sent do not satisfy the profile `nist`",
        "two-issued-codes" => "both proofs are codes that are sent, and may arrive at one phone",
        "text-messages-can-be-stolen" => {
            "text messages can be redirected by whoever takes over the number"
        }
        "selected-without-groups" => {
            "nobody would be in scope; name a group, or set scope = \"all\""
        }
        "empty-group" => "is an empty name; take it out",
        "no-administrator-groups" => {
            "nobody counts as an administrator, so none is held to stronger proofs; name the groups"
        }
        "nothing-to-register" => "people would be led to a page where nothing can be registered",
        "never-reconfirmed" => "lost phones and old addresses would stay valid for ever",
        "short-probation" => {
            "whoever learned a password could add a method and use it before its owner notices"
        }
        "not-a-calling-code" => "is not a calling code; write 1 to 3 digits, for instance \"44\"",
        "person-must-be-told" => "the profile `nist` demands that people are told",
        "person-not-told" => "people would not learn that somebody else reset their password",
        "over-100-addresses" => "name 100 addresses at most; use a mailing list",
        "not-an-address" => "is not a mail address",
        "maximum-below-64" => "long passwords are the good ones; allow at least 64 characters",
        "bot-check-off" => "machines can try names as fast as they like; for intranets alone",
        "picture-outside-entra" => {
            "pictures shut people out; they belong to the profile `entra` alone"
        }
        "lets-strangers-block-your-people" => {
            "the old numbers let strangers block people for a day; for comparison only"
        }
        "no-carrier" => {
            "nothing is configured that could send it; add [mail] or [texts] to the configuration"
        }
        "no-such-directory" => "the configuration has no directory of this name",
        other => about_passwords(other),
    }
}

fn about_passwords(word: &str) -> &str {
    match word {
        "over-10000-words" => "lists take 10,000 words at most",
        "over-1000-words-cannot-move-to-entra" => "Microsoft Entra takes 1,000 words at most",
        "word-outside-4-to-32-characters" => "words have 4 to 32 characters",
        "word-over-16-characters-cannot-move-to-entra" => {
            "Microsoft Entra takes words of 16 characters at most"
        }
        "banned-words-off" => "passwords that attackers try first would be accepted",
        "lets-common-passwords-through" => {
            "Password123! and Summer2025! pass this scoring; `keymend` refuses them"
        }
        "nist-wants-whole-words" => {
            "NIST SP 800-63B-4 wants only whole passwords compared; write \"whole\""
        }
        "weak-passwords-only-noted" => "weak passwords are accepted, and the log notes the rule",
        "leaked-passwords-accepted" => "passwords of public lists would be accepted",
        other => other,
    }
}

/// The names that mean one directory alone: `…@example.org, EXAMPLE\…`.
pub(super) fn realms(realms: &Realms) -> String {
    let suffixes = realms.suffixes.iter().map(|realm| format!("…@{realm}"));
    let domains = realms.domains.iter();
    let domains = domains.map(|realm| format!("{}\\…", realm.as_str().to_uppercase()));
    let words: Vec<String> = suffixes.chain(domains).collect();
    match words.is_empty() {
        true => "none is its alone".to_owned(),
        false => words.join(", "),
    }
}

/// The lines of the file that would send a directory the names by which it says it is called;
/// `None` if they are written.
pub(super) fn proposal(told: &Realms, written: &Realms) -> Option<String> {
    let line = |key: &str,
                told: &BTreeSet<Realm>,
                written: &BTreeSet<Realm>,
                shown: fn(&str) -> String| {
        let is_new = !told.is_subset(written);
        let all: Vec<String> = written.union(told).map(|own| shown(own.as_str())).collect();
        is_new.then(|| format!("{key} = {all:?}"))
    };
    let suffixes = line("suffixes", &told.suffixes, &written.suffixes, str::to_owned);
    let domains = line(
        "domains",
        &told.domains,
        &written.domains,
        str::to_uppercase,
    );
    let lines: Vec<String> = suffixes.into_iter().chain(domains).collect();
    (!lines.is_empty()).then(|| {
        let lines = lines.join(" and ");
        format!("{lines}: it is called so; write that if names of no other directory look so")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use keymend_domain::policy::{BannedMode, Enforcement, Profile, Scope, Settings, check};

    #[test]
    fn findings_stand_in_columns_with_their_reason_in_words() {
        let mut settings = Settings {
            scope: Scope::Selected,
            gates: 1,
            ..Settings::default()
        };
        settings.limits.code_digits = 4;
        expect![[r#"
            warning  W1     gates = 1                  whoever has one mailbox or phone has the account; two proofs are advised
            warning  W6     methods = text             text messages can be redirected by whoever takes over the number
            refused  R4     groups = []                nobody would be in scope; name a group, or set scope = "all"
            warning  W12    administrator_groups = []  nobody counts as an administrator, so none is held to stronger proofs; name the groups
            refused  range  limits.code_digits = 4     write a number from 6 to 10
        "#]]
        .assert_eq(&findings(&check(&settings).findings));
    }

    #[test]
    fn what_a_server_wrote_neither_steers_a_terminal_nor_fills_it() {
        let check = |text: &str, shown: &str| assert_eq!(harmless(text), shown, "{text:?}");
        check("CN=Jürgen, O=Ærø", "CN=Jürgen, O=Ærø");
        check(
            "\u{1b}[2J\u{1b}]0;x\u{7}",
            "\u{fffd}[2J\u{fffd}]0;x\u{fffd}",
        );
        check(
            "a\r\nb\tc\u{7f}\u{9b}31m",
            "a\u{fffd}\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}31m",
        );
        check("ab\u{202e}cd\u{2066}", "ab\u{fffd}cd\u{fffd}");
        check("z\u{200b}w\u{feff}\u{e0041}", "z\u{fffd}w\u{fffd}\u{fffd}");
        let long = "x".repeat(5_000);
        assert_eq!(harmless(&long).chars().count(), SIGNS_MAX + 1);
        let row = vec!["dc1".to_owned(), "line\nof \u{1b}[31mred".to_owned()];
        assert_eq!(table(&[row]), "dc1  line\u{fffd}of \u{fffd}[31mred\n");
    }

    #[test]
    fn what_a_directory_says_of_itself_is_proposed_as_lines_to_write() {
        let realms = |suffixes: &[&str], domains: &[&str]| {
            let set = |texts: &[&str]| texts.iter().map(|text| Realm::new(text).unwrap()).collect();
            Realms {
                suffixes: set(suffixes),
                domains: set(domains),
            }
        };
        let told = realms(&["lab.test"], &["lab", "lab.test"]);
        let line = proposal(&told, &realms(&["mail.test"], &["LAB"])).unwrap();
        expect![[r#"suffixes = ["lab.test", "mail.test"] and domains = ["LAB", "LAB.TEST"]: it is called so; write that if names of no other directory look so"#]].assert_eq(&line);
        let line = proposal(&told, &realms(&["lab.test"], &[])).unwrap();
        expect![[r#"domains = ["LAB", "LAB.TEST"]: it is called so; write that if names of no other directory look so"#]].assert_eq(&line);
        assert_eq!(proposal(&told, &told), None);
        assert_eq!(proposal(&Realms::default(), &told), None);
    }

    #[test]
    fn no_reason_is_shown_as_a_bare_word() {
        let mut worst = Settings {
            profile: Profile::Nist,
            scope: Scope::Selected,
            excluded_groups: vec![String::new()],
            ..Settings::default()
        };
        worst.registration.reconfirm_days = 0;
        worst.registration.probation_hours = 24;
        worst.registration.countries = vec!["x".to_owned()];
        worst.notifications.person = false;
        worst.notifications.administrator_addresses = vec!["x".to_owned(); 101];
        worst.passwords.length_max = 1;
        worst.passwords.leaked = false;
        worst.passwords.enforcement = Enforcement::Audit;
        worst.passwords.banned_words = vec!["x".to_owned()];
        worst.passwords.organisation_words = vec!["x".repeat(20); 1_001];
        for banned in [BannedMode::Off, BannedMode::Entra] {
            let mut weak = Settings::default();
            weak.passwords.banned = banned;
            weak.passwords.banned_words = vec!["word".to_owned(); 10_001];
            let findings = check(&weak).findings;
            assert!(
                findings
                    .iter()
                    .all(|found| reason(found.reason).contains(' '))
            );
        }
        for bot_check in ["off", "picture-and-sound"] {
            worst.bot_check = serde_json::from_value(bot_check.into()).unwrap();
            for finding in check(&worst).findings {
                assert!(
                    finding.range.is_some() || reason(finding.reason).contains(' '),
                    "{}",
                    finding.reason
                );
            }
        }
    }

    #[test]
    fn a_time_is_utc_to_the_second() {
        assert_eq!(time(Moment(1_700_000_000_000)), "2023-11-14 22:13:20Z");
    }
}
