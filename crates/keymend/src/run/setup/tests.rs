//! The wizard with scripted answers and scripted servers.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use keymend_directory::ldap::Dialect;
use keymend_directory::ldap::probe::{Certificate, Look, ProbeFault, Root, Trust, Unit, Units};
use keymend_domain::method::MethodKind;
use keymend_domain::policy::Scope;
use tempfile::TempDir;

use super::answers::AnswerFile;
use super::apply::{self, Plan};
use super::outcome::{Outcome, Then};
use super::present::Present;
use super::step::{Part, Step};
use super::unattended;
use super::wizard::{Deed, Reply, Wizard};
use crate::config::Shaped;

const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBjTCCATOgAwIBAgIUP7YHLrt+y+SJlWA6qi5XtrP1d88wCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRRXhhbXBsZSBhdXRob3JpdHkwHhcNMjYxMTIyMTMyOTQ5WhcN
MzYxMTE5MTMyOTQ5WjAcMRowGAYDVQQDDBFFeGFtcGxlIGF1dGhvcml0eTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABC9OLRYKBTaGcY8UwXC4mKyCDKMUJmiLvK79
YAxjuxQzyrYjVuKoVNN9ZBU7q//25mXfglR/GeGIYFHrQh5oiR+jUzBRMB0GA1Ud
DgQWBBQvjHZ88tWvsB/lQGZpfNDI3Ox23jAfBgNVHSMEGDAWgBQvjHZ88tWvsB/l
QGZpfNDI3Ox23jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDs
jlbpAmqHiS2yx/Js5yGNePQ+6yOjrXv8QiKpZjirTgIgfZtSIOkSuVZ4f7sDcf2l
/QY+akbvC2bsinURtzsBtQU=
-----END CERTIFICATE-----
";

fn authority() -> Certificate {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, AUTHORITY).unwrap();
    Certificate::read(&file).unwrap().remove(0)
}

fn root() -> Root {
    Root {
        dialect: Dialect::ActiveDirectory,
        vendor: Some("Example".to_owned()),
        host: Some("dc1.corp.test".to_owned()),
        contexts: vec!["DC=corp,DC=test".to_owned()],
        has_policy_hints: true,
    }
}

fn looked(root: Result<Root, ProbeFault>, chain: Vec<Certificate>) -> Outcome {
    Outcome::Looked(vec![("ldaps://dc1".to_owned(), Look { chain, root })])
}

fn fault(step: &'static str, detail: &str) -> ProbeFault {
    ProbeFault {
        step,
        detail: detail.to_owned(),
    }
}

/// A wizard that was just told where the servers are.
fn at_the_servers() -> Wizard {
    let mut wizard = Wizard::default();
    wizard.begin(Part::Customise);
    for typed in ["Corp", "corp"] {
        assert!(matches!(wizard.answer(typed), Reply::Taken));
    }
    assert!(matches!(wizard.answer("dc1"), Reply::Try(Deed::Look)));
    wizard
}

/// The same with everything about the directory answered.
fn at_the_scope() -> Wizard {
    let mut wizard = at_the_servers();
    wizard.learn(looked(Ok(root()), vec![authority()]));
    wizard.answer("svc@corp.test");
    assert!(matches!(
        wizard.answer("hunter2!x"),
        Reply::Try(Deed::SignIn)
    ));
    let list = vec![Unit {
        dn: "OU=People,DC=corp,DC=test".to_owned(),
        people: 20,
    }];
    let units = Units {
        list,
        people: 20,
        has_more: false,
        policies: Vec::new(),
    };
    wizard.learn(Outcome::SignedIn(Ok((root(), units))));
    let Reply::Try(Deed::IsThere(place)) = wizard.answer("1") else {
        panic!("a choice leads to a look");
    };
    let learned = wizard.learn(Outcome::Place(place, Ok(true)));
    assert_eq!(learned.then, Then::Try(Deed::Prove));
    // What it may do is told, and holds nobody up.
    let learned = wizard.learn(Outcome::Rights(Err("the server did not answer".into())));
    assert!(!learned.is_bad && learned.then == Then::Advance);
    wizard
}

#[test]
fn questions_come_in_order_explain_themselves_and_can_be_gone_back_to() {
    let mut wizard = Wizard::default();
    wizard.begin(Part::Customise);
    assert!(!wizard.back());
    assert!(matches!(wizard.answer(""), Reply::Again(_)));
    assert!(matches!(wizard.answer("?"), Reply::Help(text) if text.contains("page")));
    wizard.answer("Corp");
    assert_eq!(wizard.step(), Some(Step::DirectoryName));
    assert!(matches!(wizard.answer("Not A Name"), Reply::Again(_)));
    assert!(wizard.back());
    assert_eq!(wizard.prompt().unwrap().default.as_deref(), Some("Corp"));
}

#[test]
fn every_question_has_its_own_key_and_a_help() {
    let parts = [
        Part::Customise,
        Part::Writing,
        Part::Mail,
        Part::Texts,
        Part::Data,
    ];
    let steps: Vec<Step> = parts
        .iter()
        .flat_map(|part| part.steps())
        .copied()
        .collect();
    for step in &steps {
        assert!(step.help().len() > 20, "{step:?}");
        assert!(step.question().len() < 66, "{step:?}");
        let same = steps
            .iter()
            .filter(|other| other.key() == step.key())
            .count();
        assert_eq!(same, 1, "{step:?}");
    }
}

#[test]
fn an_unknown_authority_is_shown_and_trusted_only_after_a_yes() {
    let mut wizard = at_the_servers();
    let bad = || {
        looked(
            Err(fault("certificate", "UnknownIssuer")),
            vec![authority()],
        )
    };
    let learned = wizard.learn(bad());
    let shown = learned.says.join("\n");
    assert!(
        learned.is_bad && shown.contains("CN=Example authority"),
        "{shown}"
    );
    assert!(shown.contains(&authority().fingerprint()[..48]), "{shown}");
    assert_eq!(wizard.step(), Some(Step::Authority));
    assert_eq!(wizard.facts.trust, Trust::System);

    assert!(matches!(wizard.answer("n"), Reply::Again(_)));
    assert_eq!(wizard.step(), Some(Step::Servers));
    assert_eq!(wizard.facts.trust, Trust::System);

    wizard.answer("dc1");
    wizard.learn(bad());
    assert!(matches!(wizard.answer("y"), Reply::Try(Deed::Look)));
    assert_eq!(wizard.facts.trust, Trust::Authorities(vec![authority()]));
    wizard.learn(looked(Ok(root()), vec![authority()]));
    assert_eq!(wizard.step(), Some(Step::Account));
}

#[test]
fn a_fingerprint_that_was_agreed_to_before_is_not_asked_for_again() {
    let mut wizard = at_the_servers();
    let print = authority().fingerprint().to_lowercase().replace(':', "");
    wizard.answers.set("directory.authority_fingerprint", print);
    let bad = looked(
        Err(fault("certificate", "UnknownIssuer")),
        vec![authority()],
    );
    let learned = wizard.learn(bad);
    assert_eq!(learned.then, Then::Try(Deed::Look));

    let mut wizard = at_the_servers();
    wizard
        .answers
        .set("directory.authority_fingerprint", "AB".repeat(32));
    let bad = looked(
        Err(fault("certificate", "UnknownIssuer")),
        vec![authority()],
    );
    assert_eq!(wizard.learn(bad).then, Then::GoTo(Step::Authority));
    assert_eq!(wizard.facts.trust, Trust::System);
}

#[test]
fn a_wrong_host_and_a_wrong_password_are_told_apart_and_asked_again() {
    let mut wizard = at_the_servers();
    let learned = wizard.learn(looked(Err(fault("name", "no such host")), Vec::new()));
    assert!(learned.says[0].contains("see that the name is right"));
    assert_eq!(wizard.step(), Some(Step::Servers));

    wizard.answer("dc1");
    wizard.learn(looked(Ok(root()), vec![authority()]));
    wizard.answer("svc@corp.test");
    wizard.answer("wrong");
    let learned = wizard.learn(Outcome::SignedIn(Err(fault("sign-in", "result 49"))));
    assert!(learned.says[0].contains("account and password"));
    assert_eq!(wizard.step(), Some(Step::Account));
    assert!(wizard.facts.typed.bind.is_none());
}

#[test]
fn what_is_kept_for_the_next_time_holds_no_secret() {
    let wizard = at_the_scope();
    assert_eq!(
        wizard.facts.typed.bind.as_ref().unwrap().expose(),
        "hunter2!x"
    );
    let kept = wizard.answers.0.to_string();
    assert!(
        kept.contains("svc@corp.test") && !kept.contains("hunter2"),
        "{kept}"
    );
    assert!(!format!("{wizard:?}").contains("hunter2"));
}

#[test]
fn groups_are_gathered_one_by_one() {
    let mut wizard = at_the_scope();
    wizard.answer("2");
    assert_eq!(wizard.step(), Some(Step::Groups));
    assert!(matches!(wizard.answer(""), Reply::Again(_)));
    wizard.answer("staff");
    let two = ["CN=Staff,DC=x", "CN=Staff,OU=Old,DC=x"]
        .map(str::to_owned)
        .to_vec();
    wizard.learn(Outcome::Groups("staff".to_owned(), Ok(two)));
    wizard.answer("2");
    assert_eq!(
        wizard.answers.list("policy.groups"),
        ["CN=Staff,OU=Old,DC=x"]
    );
    wizard.answer("nonsense");
    let learned = wizard.learn(Outcome::Groups("nonsense".to_owned(), Ok(Vec::new())));
    assert_eq!(learned.says, ["no group is called nonsense"]);
    wizard.answer("");
    assert_eq!(wizard.step(), Some(Step::Administrators));
}

#[test]
fn nobody_may_reset_before_something_sends_codes() {
    let mut wizard = at_the_scope();
    wizard.answer("3");
    let present = Present::default();
    assert_eq!(
        apply::settings(&present, &wizard.answers).scope,
        Scope::None
    );
    wizard.answers.set("mail.wanted", true);
    let settings = apply::settings(&present, &wizard.answers);
    assert_eq!((settings.scope, settings.gates), (Scope::All, 1));
    assert_eq!(settings.methods, [MethodKind::Email]);
    wizard.answers.set("texts.wanted", true);
    assert_eq!(apply::settings(&present, &wizard.answers).gates, 2);
}

#[test]
fn the_answer_file_to_begin_with_is_understood_but_for_its_samples() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("answers.toml");
    fs::write(&file, unattended::template()).unwrap();
    let faults = Shaped::read::<AnswerFile>(&file).unwrap_err();
    for fault in &faults.0 {
        assert_eq!(fault.reason, "is the sample value", "{fault}");
    }
    fs::write(&file, "[directory]\nserver = [\"dc1\"]\n").unwrap();
    let faults = Shaped::read::<AnswerFile>(&file).unwrap_err().to_string();
    assert!(
        faults.ends_with(
            "answers.toml:2: directory.server: is not a known key; did you mean servers?"
        ),
        "{faults}"
    );
}

#[test]
fn what_was_there_is_kept_and_secrets_are_for_their_owner() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keymend.toml");
    fs::write(&path, "# the old one\n").unwrap();
    let mut wizard = at_the_scope();
    for typed in ["1", "", "", "http://localhost:8080", "GB", "2", "", ""] {
        assert!(!matches!(wizard.answer(typed), Reply::Again(_)), "{typed}");
    }
    assert_eq!(wizard.step(), None);
    let plan = Plan::new(&path, &Present::default(), &wizard);
    assert_eq!(plan.faults(), []);
    let mut said = Vec::new();
    plan.write(&mut said).unwrap();
    assert_eq!(mode(&folder.path().join("corp.password")), 0o600);
    assert_eq!(mode(&path), 0o600);
    let names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().any(|name| name.ends_with(".bak")), "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains(".new-")),
        "{names:?}"
    );
    let kept = names.iter().find(|name| name.ends_with(".bak")).unwrap();
    let kept = fs::read_to_string(folder.path().join(kept)).unwrap();
    assert_eq!(kept, "# the old one\n");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}
