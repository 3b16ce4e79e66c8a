//! Every refusal of the domain has its sentence, with every value the sentence wants.

use super::*;
use crate::text::{Lang, Texts};
use crate::web::page::refusal_text_id;

fn broken_rules() -> Vec<RuleBroken> {
    vec![
        RuleBroken::Short {
            least: 12,
            typed: 3,
        },
        RuleBroken::Short {
            least: 12,
            typed: 0,
        },
        RuleBroken::Long { most: 256 },
        RuleBroken::Differ,
        RuleBroken::Banned {
            term: "summer".to_owned(),
        },
        RuleBroken::Banned {
            term: String::new(),
        },
        RuleBroken::Name {
            part: "jane".to_owned(),
        },
        RuleBroken::Leaked,
        RuleBroken::Classes { needed: 3, used: 1 },
        RuleBroken::History { remembered: 24 },
        RuleBroken::History { remembered: 0 },
        RuleBroken::Young { from: None },
        RuleBroken::Young {
            from: Some(Moment(0)),
        },
        RuleBroken::Unsaid,
        RuleBroken::Sign {
            which: "U+0000".to_owned(),
        },
        RuleBroken::Same,
        RuleBroken::Few { least: 5 },
    ]
}

fn refusals() -> Vec<Refusal> {
    let directory = || "Head office".to_owned();
    vec![
        Refusal::FormMissing,
        Refusal::StepWrong,
        Refusal::FormStale,
        Refusal::CookieMissing,
        Refusal::FlowExpired,
        Refusal::FlowReplaced,
        Refusal::HumanNotSure,
        Refusal::LimitReached { wait_mins: 5 },
        Refusal::InputLong,
        Refusal::ClaimShape,
        Refusal::SigninNoMatch,
        Refusal::SigninPaused { wait_mins: 30 },
        Refusal::SigninUnusable,
        Refusal::SigninNotHere,
        Refusal::SigninEnded,
        Refusal::ProofWanted,
        Refusal::AnswerWrong { tries_left: None },
        Refusal::AddressShape,
        Refusal::NumberShape,
        Refusal::TriesUsedUp,
        Refusal::ChallengeTooSoon { wait_secs: 12 },
        Refusal::ChallengeSpent,
        Refusal::NameBlocked { wait_mins: 60 },
        Refusal::WayNone,
        Refusal::StandingLost,
        Refusal::SiteOff,
        Refusal::SitePaused {
            directory: directory(),
        },
        Refusal::DirectoryDown {
            directory: directory(),
        },
        Refusal::RightsMissing,
        Refusal::WriteProtected,
        Refusal::LockNone,
        Refusal::PasswordRejected(broken_rules()),
        Refusal::PasswordOld,
        Refusal::ContactTwice,
        Refusal::MethodMost { most: 2 },
        Refusal::ContactInside,
        Refusal::NumberCountry,
        Refusal::NumberShared,
        Refusal::MethodLeast { least: 2 },
        Refusal::SkipOver,
        Refusal::SendFailed {
            kind: MethodKind::Email,
        },
        Refusal::SendFailed {
            kind: MethodKind::Text,
        },
        Refusal::BudgetSpent,
    ]
}

fn sayings() -> Sayings<'static> {
    Sayings {
        user_example: "jane.doe",
        address_example: "jane@mail.example",
        number_example: "+44 7700 900123",
        flow_minutes: 15,
        moment: &|_| "14:30".to_owned(),
    }
}

#[test]
fn a_site_without_an_example_of_a_user_name_promises_none() {
    let texts = Texts::load().unwrap();
    let said = |user_example: &'static str| {
        let sayings = Sayings {
            user_example,
            ..sayings()
        };
        let lines = sayings.lines(&Refusal::ClaimShape, Some("user"));
        let line = lines.first().unwrap();
        let id = refusal_text_id(line.refusal_id);
        texts.try_text(Lang::ALL[0], &id, &line.values).unwrap()
    };
    assert!(said("jane.doe").contains("for example"));
    assert!(!said("").contains("example"), "{}", said(""));
}

#[test]
fn every_refusal_of_the_domain_can_be_said_in_every_language() {
    let texts = Texts::load().unwrap();
    for lang in Lang::ALL {
        for line in refusals()
            .iter()
            .flat_map(|refusal| sayings().lines(refusal, Some("user")))
        {
            let mut values = line.values;
            values.extend([("help", "Help.".into()), ("field", "user name".into())]);
            let said = texts.try_text(*lang, &refusal_text_id(line.refusal_id), &values);
            assert!(said.is_ok(), "{lang:?}: {said:?}");
        }
    }
}

#[test]
fn a_refused_password_names_every_rule_it_broke_beside_its_field() {
    let broken = vec![
        RuleBroken::Short {
            least: 12,
            typed: 3,
        },
        RuleBroken::Differ,
    ];
    let lines = sayings().lines(&Refusal::PasswordRejected(broken), None);
    let said: Vec<_> = lines
        .iter()
        .map(|line| (line.field, line.refusal_id))
        .collect();
    assert_eq!(
        said,
        [(Some("password"), "pw.short"), (Some("again"), "pw.differ")]
    );
}

#[test]
fn every_rule_of_the_domain_has_a_sentence_under_the_right_heading() {
    let kinds = [
        RuleKind::Length,
        RuleKind::Classes,
        RuleKind::Names,
        RuleKind::History,
        RuleKind::Different,
        RuleKind::Same,
        RuleKind::Hidden,
    ];
    for by_directory in [true, false] {
        let lines = kinds.map(|kind| RuleLine {
            kind,
            value: 3,
            state: password::RuleState::NotYet,
            by_directory,
        });
        let lists = RuleLists::from(lines.as_slice());
        let (some, none) = if by_directory {
            (lists.directory, lists.organisation)
        } else {
            (lists.organisation, lists.directory)
        };
        assert!(none.is_empty());
        assert_eq!(some.len(), kinds.len());
        assert!(
            some.iter().all(|rule| Rule::IDS.contains(&rule.id)),
            "{some:?}"
        );
    }
}
