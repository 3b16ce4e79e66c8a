//! What the service account may do, as the wizard says it.

use keymend_domain::directory::rights::{Finding, RightsReport, Severity};

use crate::run::words::harmless;

/// Findings that are told; the doctor tells the rest.
const SHOWN_MAX: usize = 12;

/// The proof of rights in lines, the gravest first.
///
/// It holds nobody up: rights are granted by others, often later, and the service looks again
/// before it writes anything.
pub fn lines(found: &Result<RightsReport, String>) -> Vec<String> {
    let report = match found {
        Ok(report) => report,
        Err(said) => {
            let said = harmless(said);
            return vec![format!(
                "The rights of the account could not be proven: {said}"
            )];
        }
    };
    let people = report.people;
    if report.is_exact() {
        return vec![format!(
            "The account may do exactly what Keymend needs ({people} people looked at)."
        )];
    }
    let mut lines = vec![match report.refusal() {
        Some(_) => {
            "The account may do too much, so the service will write nothing until that is mended:"
                .to_owned()
        }
        None => format!("The rights of the account ({people} people looked at):"),
    }];
    lines.extend(report.findings.iter().take(SHOWN_MAX).map(line));
    if let more @ 1.. = report.findings.len().saturating_sub(SHOWN_MAX) {
        lines.push(format!(
            "    and {more} more: `keymend doctor` names them all"
        ));
    }
    let is_missing = report.of(Severity::Missing).next().is_some();
    if is_missing {
        lines.push("    `keymend directory grants` prints the commands that grant it.".to_owned());
    }
    lines
}

fn line(finding: &Finding) -> String {
    let (word, right, on) = (finding.severity.word(), &finding.right, &finding.on);
    harmless(&format!("    {word}: {right} ({on})"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use keymend_domain::time::Moment;

    use super::*;

    fn finding(severity: Severity, right: &str) -> Finding {
        Finding {
            severity,
            right: right.into(),
            on: "ou=people".into(),
            remedy: String::new(),
        }
    }

    fn said(findings: Vec<Finding>) -> String {
        let report = RightsReport::new(Moment(1), "dc1".into(), 4, findings);
        lines(&Ok(report)).join("\n")
    }

    #[test]
    fn the_rights_are_told_with_the_gravest_first() {
        expect!["The account may do exactly what Keymend needs (4 people looked at)."]
            .assert_eq(&said(Vec::new()));
        expect![[r#"
            The rights of the account (4 people looked at):
                missing: unlock (ou=people)
                `keymend directory grants` prints the commands that grant it."#]]
        .assert_eq(&said(vec![finding(Severity::Missing, "unlock")]));
        expect![[r#"
            The account may do too much, so the service will write nothing until that is mended:
                too much: reset a protected account (ou=people)
                not needed: write \u{fffd}[31mmail (ou=people)"#]]
        .assert_eq(
            &said(vec![
                finding(Severity::Excess, "write \u{1b}[31mmail"),
                finding(Severity::TooMuch, "reset a protected account"),
            ])
            .replace('\u{fffd}', "\\u{fffd}"),
        );
        let many = (0..40).map(|number| finding(Severity::TooMuch, &format!("r{number:02}")));
        assert!(said(many.collect()).contains("and 28 more"));
    }
}
