//! Where names are looked for.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn name(text: &str) -> DirectoryName {
    DirectoryName(text.to_owned())
}

fn set(texts: &[&str]) -> BTreeSet<Realm> {
    texts.iter().map(|text| Realm::new(text).unwrap()).collect()
}

fn written(suffixes: &[&str], domains: &[&str]) -> Written {
    Written {
        suffixes: Some(set(suffixes)),
        domains: Some(set(domains)),
    }
}

fn realms(suffixes: &[&str], domains: &[&str]) -> Realms {
    Realms {
        suffixes: set(suffixes),
        domains: set(domains),
    }
}

/// Head office with an ending and a domain, a branch with others, and a third with none.
fn three() -> Routes {
    Routes::new([
        (
            name("head"),
            written(&["corp.example", "bücher.example"], &["CORP"]),
        ),
        (name("branch"), written(&["branch.example"], &["BRANCH"])),
        (name("third"), written(&[], &[])),
    ])
}

/// `directory: what it is asked for`, or `all`.
fn route(routes: &Routes, typed: &str) -> String {
    match routes.of(&Claim::new(typed).unwrap()) {
        Route::Only { directory, claim } => format!("{directory}: {}", claim.typed()),
        Route::Everywhere => "all".to_owned(),
    }
}

#[test]
fn a_name_that_says_where_it_belongs_is_asked_there_alone() {
    for (typed, expected) in [
        ("jane@corp.example", "head: jane@corp.example"),
        ("jane@branch.example", "branch: jane@branch.example"),
        ("CORP\\jane", "head: jane"),
        ("branch\\jane", "branch: jane"),
        ("CORP\\jane@corp.example", "head: jane@corp.example"),
        (
            "CORP\\jane@elsewhere.example",
            "head: jane@elsewhere.example",
        ),
        ("j@ne@corp.example", "head: j@ne@corp.example"),
    ] {
        assert_eq!(route(&three(), typed), expected, "{typed}");
    }
}

#[test]
fn every_other_name_is_asked_everywhere() {
    for typed in [
        "jane",
        "jane@elsewhere.example",
        "jane@mail.corp.example",
        "jane@example",
        "jane@corp.example@elsewhere.example",
        "@corp.example",
        "jane@",
        "CORP\\",
        "CORP\\ ",
        "\\jane",
        "corp.example\\jane",
        "jane@CORP",
        "jane＠corp.example",
        "jane@corp.example.",
        "jane@corp。example",
        "jane@corp｡example",
        "CORP.\\jane",
        "CORP\\ jane",
        "CORP\\CORP\\jane",
        "CORP\\jane@branch.example",
    ] {
        assert_eq!(route(&three(), typed), "all", "{typed}");
    }
}

#[test]
fn spellings_of_one_realm_go_one_way() {
    for typed in [
        "jane@CORP.Example",
        "jane@ｃｏｒｐ．example",
        "jane@co\u{ad}rp.example",
        "jane@BÜCHER.example",
        "jane@bu\u{308}cher.example",
        "jane@xn--bcher-kva.example",
        "cOrP\\jane",
    ] {
        assert!(route(&three(), typed).starts_with("head: "), "{typed}");
    }
}

#[test]
fn a_realm_is_a_domain_and_nothing_else() {
    for text in [
        "",
        ".",
        "..",
        ".corp",
        "corp..example",
        "a b",
        "a@b",
        "a＠b",
        "a\\b",
        "a/b",
        "a\0b",
        "corp.example..",
    ] {
        assert_eq!(Realm::new(text), Err(NoRealm), "{text:?}");
    }
    assert_eq!(Realm::new(&"x".repeat(254)), Err(NoRealm));
    assert_eq!(Realm::new("MY_DOMAIN-1").unwrap().as_str(), "my_domain-1");
}

#[test]
fn what_directories_say_counts_when_all_with_nothing_written_have_spoken() {
    let mut routes = Routes::new([
        (name("ad"), Written::default()),
        (
            name("ldap"),
            Written {
                suffixes: Some(set(&["people.example"])),
                domains: None,
            },
        ),
    ]);
    assert!(routes.learn(&name("ad"), realms(&["lab.test"], &["LAB", "lab.test"])));
    assert_eq!(route(&routes, "jane@lab.test"), "ad: jane@lab.test");
    assert_eq!(
        route(&routes, "jane@people.example"),
        "ldap: jane@people.example"
    );
    assert_eq!(route(&routes, "lab\\jane"), "all", "ldap may say the same");
    assert!(routes.learn(&name("ldap"), Realms::default()));
    assert_eq!(route(&routes, "lab\\jane"), "ad: jane");
    assert_eq!(
        routes.realms(&name("ad")),
        realms(&["lab.test"], &["lab", "lab.test"])
    );
    assert!(
        !routes.learn(&name("ldap"), Realms::default()),
        "nothing is new"
    );
}

#[test]
fn nobody_takes_a_realm_from_another_by_saying_that_it_is_its_own() {
    let mut routes = Routes::new([
        (name("head"), written(&["corp.example"], &[])),
        (name("one"), Written::default()),
        (name("other"), Written::default()),
    ]);
    routes.learn(&name("head"), realms(&["head.example"], &["HEAD"]));
    routes.learn(
        &name("one"),
        realms(&["corp.example", "shared.example"], &["HEAD"]),
    );
    routes.learn(&name("other"), realms(&["shared.example"], &[]));
    assert_eq!(
        route(&routes, "jane@corp.example"),
        "head: jane@corp.example"
    );
    assert_eq!(route(&routes, "jane@shared.example"), "all");
    // Its own list leaves that name out, so saying it is of no use to the head office.
    assert_eq!(route(&routes, "jane@head.example"), "all");
    assert_eq!(route(&routes, "HEAD\\jane"), "one: jane");
}

#[test]
fn what_two_wrote_is_nobodys_whatever_a_third_says() {
    let mut routes = Routes::new([
        (name("one"), written(&["corp.example"], &[])),
        (name("two"), written(&["corp.example"], &[])),
        (name("third"), Written::default()),
    ]);
    for directory in ["one", "two"] {
        routes.learn(&name(directory), Realms::default());
    }
    routes.learn(&name("third"), realms(&["corp.example"], &[]));
    assert_eq!(route(&routes, "jane@corp.example"), "all");
}

#[test]
fn a_realm_is_stored_in_its_one_spelling_and_nothing_else_is_read_back() {
    let stored = serde_json::to_string(&realms(&["Corp.Example"], &["CORP"])).unwrap();
    assert_eq!(
        stored,
        r#"{"suffixes":["corp.example"],"domains":["corp"]}"#
    );
    assert_eq!(
        serde_json::from_str::<Realms>(&stored).unwrap(),
        realms(&["corp.example"], &["corp"])
    );
    assert!(serde_json::from_str::<Realm>("\"a@b\"").is_err());
}

const REALMS: [&str; 5] = ["a.example", "b.example", "c.example", "d", "e"];
const NAMES: [&str; 3] = ["one", "two", "three"];

fn some_realms() -> impl Strategy<Value = BTreeSet<Realm>> {
    let some = proptest::sample::subsequence(REALMS.to_vec(), 0..REALMS.len());
    some.prop_map(|texts| set(&texts))
}

fn anything_written() -> impl Strategy<Value = Vec<Written>> {
    let one = (option::of(some_realms()), option::of(some_realms()));
    let one = one.prop_map(|(suffixes, domains)| Written { suffixes, domains });
    vec(one, NAMES.len())
}

fn anything_told() -> impl Strategy<Value = Vec<(usize, Realms)>> {
    let told = (some_realms(), some_realms());
    let told = told.prop_map(|(suffixes, domains)| Realms { suffixes, domains });
    vec((0..NAMES.len(), told), 0..6)
}

fn drawn(written: &[Written], told: &[(usize, Realms)]) -> Routes {
    let both = NAMES.iter().map(|text| name(text)).zip(written.to_vec());
    let mut routes = Routes::new(both);
    for (place, realms) in told {
        routes.learn(&name(NAMES[*place]), realms.clone());
    }
    routes
}

proptest! {
    #[test]
    fn no_realm_is_ever_two_directories_and_what_one_alone_wrote_is_its_own(
        written in anything_written(),
        told in anything_told(),
    ) {
        let routes = drawn(&written, &told);
        for text in REALMS {
            let realm = Realm::new(text).unwrap();
            let owners: Vec<_> = NAMES
                .iter()
                .filter(|own| routes.realms(&name(own)).suffixes.contains(&realm))
                .collect();
            prop_assert!(owners.len() <= 1);
            let writers: Vec<_> = NAMES
                .iter()
                .zip(&written)
                .filter(|(_, own)| own.suffixes.as_ref().is_some_and(|own| own.contains(&realm)))
                .map(|(own, _)| own)
                .collect();
            match writers.as_slice() {
                [only] => prop_assert_eq!(&owners, &vec![*only]),
                [] => {}
                _ => prop_assert_eq!(owners.len(), 0),
            }
        }
    }

    #[test]
    fn the_order_in_which_directories_speak_does_not_matter(
        written in anything_written(),
        told in anything_told(),
    ) {
        // Whoever speaks twice is believed the last time, in either order.
        let last: BTreeMap<usize, Realms> = told.iter().cloned().collect();
        let forwards: Vec<(usize, Realms)> = last.into_iter().collect();
        let backwards: Vec<(usize, Realms)> = forwards.iter().rev().cloned().collect();
        for own in NAMES {
            let routes = drawn(&written, &told).realms(&name(own));
            prop_assert_eq!(&routes, &drawn(&written, &forwards).realms(&name(own)));
            prop_assert_eq!(&routes, &drawn(&written, &backwards).realms(&name(own)));
        }
    }

    #[test]
    fn a_name_goes_to_no_directory_but_the_one_whose_realm_it_holds(
        written in anything_written(),
        told in anything_told(),
        local in "[a-z@\\\\. ]{0,6}",
        realm in proptest::sample::select(REALMS.to_vec()),
        is_domain in any::<bool>(),
    ) {
        let routes = drawn(&written, &told);
        let typed = match is_domain {
            true => format!("{realm}\\{local}"),
            false => format!("{local}@{realm}"),
        };
        let claim = Claim::new(&typed).unwrap();
        if let Route::Only { directory, claim: asked } = routes.of(&claim) {
            let own = routes.realms(&directory);
            let lower = claim.typed().to_lowercase();
            let has = |realms: &BTreeSet<Realm>, holds: &dyn Fn(&str) -> bool| {
                realms.iter().any(|realm| holds(realm.as_str()))
            };
            let by_suffix = has(&own.suffixes, &|realm| lower.ends_with(&format!("@{realm}")));
            let by_domain = has(&own.domains, &|realm| lower.starts_with(&format!("{realm}\\")));
            prop_assert!(by_suffix || by_domain);
            prop_assert!(claim.typed().ends_with(asked.typed()));
        }
        // Shouting changes nothing.
        let loud = Claim::new(&typed.to_uppercase()).unwrap();
        match (routes.of(&claim), routes.of(&loud)) {
            (Route::Only { directory: one, .. }, Route::Only { directory: other, .. }) => {
                prop_assert_eq!(one, other);
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn whatever_is_taken_for_a_realm_counts_as_one_name(
        domain in "[CcＣｃ]\\PC?[Oo]\\PC?[Rr][Ｐp]\\PC?",
        suffix in "[Cc]orp\\PC?[.．。]\\PC?Example\\PC?",
    ) {
        for (typed, plain) in [
            (format!("{domain}\\jane"), "corp\\jane"),
            (format!("jane@{suffix}"), "jane@corp.example"),
        ] {
            let claim = Claim::new(&typed).unwrap();
            if three().of(&claim) != Route::Everywhere {
                prop_assert_eq!(claim.canonical(), Claim::new(plain).unwrap().canonical());
            }
        }
    }
}
