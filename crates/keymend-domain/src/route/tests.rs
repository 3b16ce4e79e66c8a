//! Where names are looked for.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn name(text: &str) -> DirectoryName {
    DirectoryName(text.to_owned())
}

fn set(texts: &[&str]) -> BTreeSet<Realm> {
    texts.iter().map(|text| Realm::new(text).unwrap()).collect()
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
            realms(&["corp.example", "bücher.example"], &["CORP"]),
        ),
        (name("branch"), realms(&["branch.example"], &["BRANCH"])),
        (name("third"), realms(&[], &[])),
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
        "C\u{3164}ORP\\jane",
        "co\u{1160}rp\\jane",
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
fn what_two_wrote_is_nobodys() {
    let routes = Routes::new([
        (
            name("one"),
            realms(&["corp.example", "one.example"], &["CORP"]),
        ),
        (name("two"), realms(&["corp.example"], &["CORP"])),
    ]);
    assert_eq!(route(&routes, "jane@corp.example"), "all");
    assert_eq!(route(&routes, "CORP\\jane"), "all");
    assert_eq!(route(&routes, "jane@one.example"), "one: jane@one.example");
    assert_eq!(routes.realms(&name("one")), realms(&["one.example"], &[]));
}

#[test]
fn where_nothing_is_written_every_name_is_asked_everywhere() {
    let routes = Routes::new([name("one"), name("two")].map(|own| (own, Realms::default())));
    for typed in ["jane", "jane@corp.example", "CORP\\jane"] {
        assert_eq!(route(&routes, typed), "all", "{typed}");
    }
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

fn anything_written() -> impl Strategy<Value = Vec<Realms>> {
    let one = (some_realms(), some_realms());
    let one = one.prop_map(|(suffixes, domains)| Realms { suffixes, domains });
    vec(one, NAMES.len())
}

fn drawn(written: &[Realms]) -> Routes {
    Routes::new(NAMES.iter().map(|text| name(text)).zip(written.to_vec()))
}

proptest! {
    #[test]
    fn no_realm_is_ever_two_directories_and_what_one_alone_wrote_is_its_own(
        written in anything_written(),
    ) {
        let routes = drawn(&written);
        for text in REALMS {
            let realm = Realm::new(text).unwrap();
            let owners: Vec<_> = NAMES
                .iter()
                .filter(|own| routes.realms(&name(own)).suffixes.contains(&realm))
                .collect();
            let writers: Vec<_> = NAMES
                .iter()
                .zip(&written)
                .filter(|(_, own)| own.suffixes.contains(&realm))
                .map(|(own, _)| own)
                .collect();
            match writers.as_slice() {
                [only] => prop_assert_eq!(&owners, &vec![*only]),
                _ => prop_assert_eq!(owners.len(), 0),
            }
        }
    }

    #[test]
    fn a_name_goes_to_no_directory_but_the_one_whose_realm_it_holds(
        written in anything_written(),
        local in "[a-z@\\\\. ]{0,6}",
        realm in proptest::sample::select(REALMS.to_vec()),
        is_domain in any::<bool>(),
    ) {
        let routes = drawn(&written);
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
}

/// Every sign between and in place of the letters of a realm, but for ideographs, Hangul syllables,
/// private use and what is not assigned, which stand for themselves and would take minutes.
#[test]
fn whatever_is_taken_for_a_realm_counts_as_one_name() {
    let counted = |text: &str| Claim::new(text).map(|claim| claim.canonical());
    let (domain, suffix) = (counted("corp\\jane"), counted("jane@corp.example"));
    let mut taken = 0;
    let own = |sign: &char| matches!(sign, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{f8ff}' | '\u{20000}'..='\u{dffff}');
    for sign in ('\0'..='\u{e0fff}').filter(|sign| !own(sign)) {
        for (typed, plain) in [
            (format!("c{sign}orp\\jane"), &domain),
            (format!("c{sign}rp\\jane"), &domain),
            (format!("jane@corp{sign}example"), &suffix),
            (format!("jane@corp.{sign}example"), &suffix),
        ] {
            let Ok(claim) = Claim::new(&typed) else {
                continue;
            };
            if three().of(&claim) != Route::Everywhere {
                taken += 1;
                assert_eq!(Ok(claim.canonical()), *plain, "{:x}", u32::from(sign));
            }
        }
    }
    assert!(taken > 500, "{taken}");
}
