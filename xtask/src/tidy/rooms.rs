//! Which room may know which: the floors of ARCHITECTURE.md as checks by path.

use super::Finding;
use super::source::Source;

/// A name that only some rooms may say.
struct Ban {
    name: &'static str,
    /// Beginnings of paths; a room is its file or its folder.
    allowed: &'static [&'static str],
    reason: &'static str,
}

const SERVICE: &str = "crates/keymend/src/";
const DIRECTORY: &str = "crates/keymend-directory/src/";
const DOMAIN: &str = "crates/keymend-domain/src/";

const BANS: &[Ban] = &[
    Ban {
        name: "rusqlite",
        allowed: &[
            "crates/keymend/src/store",
            "crates/keymend-directory/src/embedded",
        ],
        reason: "only the store and the embedded directory speak SQL",
    },
    Ban {
        name: "tokio_postgres",
        allowed: &["crates/keymend/src/store"],
        reason: "only the store speaks SQL",
    },
    Ban {
        name: "axum",
        allowed: &["crates/keymend/src/web", "crates/keymend/src/run"],
        reason: "HTTP ends in `web`; `run` joins the parts",
    },
    Ban {
        name: "ldap3",
        allowed: &[
            "crates/keymend-directory/src/ldap",
            // The bare rate that the adapter's is compared with.
            "crates/keymend-directory/benches/",
        ],
        reason: "LDAP is spoken in one adapter",
    },
    Ban {
        name: "lettre",
        allowed: &["crates/keymend/src/deliver/smtp"],
        reason: "mail leaves by one door",
    },
    Ban {
        name: "reqwest",
        allowed: &["crates/keymend/src/deliver"],
        reason: "only the gateways are called over HTTP",
    },
    Ban {
        name: "std::env",
        allowed: &[
            "crates/keymend/src/config",
            "crates/keymend/src/cli",
            "crates/keymend/src/main",
            "crates/keymend/examples/",
            "xtask/",
            "lab/",
        ],
        reason: "what comes from the environment is config",
    },
];

/// What the rules must never touch: they take what they need as arguments.
const OUTSIDE_WORLD: &[&str] = &[
    "tokio",
    "rusqlite",
    "axum",
    "tracing",
    "getrandom",
    "rand",
    "ldap3",
    "lettre",
    "reqwest",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
];

/// A room of the service and the rooms above or beside it that it must not know.
struct Floor {
    room: &'static str,
    unknown: &'static [&'static str],
}

const FLOORS: &[Floor] = &[
    Floor {
        room: "web",
        unknown: &["store", "deliver", "config", "cli", "run"],
    },
    Floor {
        room: "app",
        unknown: &["web", "text", "config", "cli", "run"],
    },
    Floor {
        room: "store",
        unknown: &[
            "web", "app", "deliver", "human", "text", "config", "cli", "run",
        ],
    },
    Floor {
        room: "deliver",
        unknown: &["web", "app", "store", "human", "config", "cli", "run"],
    },
    Floor {
        room: "human",
        unknown: &["web", "app", "store", "deliver", "config", "cli", "run"],
    },
    Floor {
        room: "breach",
        unknown: &[
            "web", "app", "store", "deliver", "human", "text", "config", "cli", "run",
        ],
    },
    Floor {
        room: "text",
        unknown: &[
            "web", "app", "store", "deliver", "human", "config", "cli", "run",
        ],
    },
    Floor {
        room: "config",
        unknown: &["web", "app", "store", "deliver", "human", "cli", "run"],
    },
];

const ADAPTERS: &[Floor] = &[
    Floor {
        room: "ldap",
        unknown: &["embedded", "remote"],
    },
    Floor {
        room: "embedded",
        unknown: &["ldap", "remote"],
    },
    Floor {
        room: "remote",
        unknown: &["ldap", "embedded"],
    },
];

pub(super) fn findings(source: &Source) -> Vec<Finding> {
    let mut findings = banned_names(source);
    findings.extend(outside_world(source));
    findings.extend(floors(source, SERVICE, FLOORS));
    findings.extend(floors(source, DIRECTORY, ADAPTERS));
    findings
}

fn banned_names(source: &Source) -> Vec<Finding> {
    BANS.iter()
        .filter(|ban| !ban.allowed.iter().any(|room| is_in(&source.path, room)))
        .flat_map(|ban| {
            let what = format!("`{}` must not be here: {}", ban.name, ban.reason);
            lines_with(source, ban.name, &what)
        })
        .collect()
}

fn outside_world(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with(DOMAIN) {
        return Vec::new();
    }
    OUTSIDE_WORLD
        .iter()
        .flat_map(|name| {
            let what = format!("`{name}` must not be here: rules take what they need as arguments");
            lines_with(source, name, &what)
        })
        .collect()
}

fn lines_with(source: &Source, name: &str, what: &str) -> Vec<Finding> {
    source
        .product_lines()
        .filter(|(_, line)| says(line, name))
        .map(|(line, _)| finding(source, line, what.to_owned()))
        .collect()
}

/// The rooms that a room imports, against those that it must not know.
fn floors(source: &Source, below: &str, floors: &[Floor]) -> Vec<Finding> {
    let room_of = |floor: &&Floor| is_in(&source.path, &format!("{below}{}", floor.room));
    let Some(floor) = floors.iter().find(room_of) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (line, room) in rooms_named(source) {
        if floor.unknown.contains(&room.as_str()) {
            let what = format!("`{}` must not know `{room}`", floor.room);
            findings.push(finding(source, line, what));
        }
    }
    findings
}

/// Every `crate::room` outside tests, in paths and in grouped imports.
fn rooms_named(source: &Source) -> Vec<(usize, String)> {
    let in_paths = source.product_lines().flat_map(|(number, line)| {
        let parts = line.split("crate::").skip(1);
        parts.map(move |part| (number, first_word(part)))
    });
    let in_groups = source.uses().into_iter().flat_map(|(number, statement)| {
        let group = statement
            .split_once("crate::{")
            .map(|(_, group)| group.to_owned());
        let items = group.map(|group| top_level(&group)).unwrap_or_default();
        items
            .into_iter()
            .map(move |item| (number, first_word(&item)))
    });
    let mut rooms: Vec<(usize, String)> = in_paths.chain(in_groups).collect();
    rooms.retain(|(_, room)| !room.is_empty());
    rooms
}

/// The items of a group (`a::b,c::{d,e},f};`), split at the commas of its own level.
fn top_level(group: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ => items
                .last_mut()
                .into_iter()
                .for_each(|item| item.push(letter)),
        }
        if depth < 0 {
            break;
        }
    }
    items
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

/// Whether a file belongs to a room: the file of that name, or anything in its folder.
fn is_in(path: &str, room: &str) -> bool {
    match path.strip_prefix(room) {
        Some(rest) => room.ends_with('/') || rest.starts_with(['.', '/']),
        None => false,
    }
}

/// Whether a line of code says a name as a whole word.
fn says(line: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(name).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.strip_prefix(name).unwrap_or_default();
        !before.ends_with(is_word) && !after.starts_with(is_word)
    })
}

fn finding(source: &Source, line: usize, what: String) -> Finding {
    Finding {
        path: source.path.clone(),
        line,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        let said = said(path, text);
        assert_eq!(said.len(), expected.len(), "{said:?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn sql_stays_in_the_store() {
        check(
            "crates/keymend/src/store/flows.rs",
            "use rusqlite::params;",
            &[],
        );
        check("crates/keymend/src/store.rs", "use rusqlite::params;", &[]);
        check(
            "crates/keymend/src/storefront.rs",
            "use rusqlite::params;",
            &["rusqlite"],
        );
        check(
            "crates/keymend/src/app.rs",
            "fn f(c: rusqlite::Connection) {}",
            &["rusqlite"],
        );
    }

    #[test]
    fn tests_may_look_behind_the_walls() {
        let text = "#[cfg(test)]\nmod tests {\n    use rusqlite::Connection;\n}\n";
        check("crates/keymend/src/app.rs", text, &[]);
        check("crates/keymend/tests/all/main.rs", "use axum::Router;", &[]);
    }

    #[test]
    fn the_rules_know_no_clock_and_no_runtime() {
        let path = "crates/keymend-domain/src/flow.rs";
        check(path, "use std::time::Duration;", &[]);
        check(path, "use std::time::Instant;", &["Instant"]);
        check(
            path,
            "async fn f() { tokio::task::yield_now().await }",
            &["tokio"],
        );
    }

    #[test]
    fn nobody_imports_upward() {
        let path = "crates/keymend/src/app/dispatch.rs";
        check(path, "use crate::store::Store;", &[]);
        check(
            path,
            "use crate::web::page;",
            &["`app` must not know `web`"],
        );
        check(
            path,
            "use crate::{\n    store::{Store, web},\n    text,\n};",
            &["`app` must not know `text`"],
        );
        check(
            "crates/keymend/src/deliver/smtp.rs",
            "fn f(s: &crate::store::Store) {}",
            &["store"],
        );
    }

    #[test]
    fn adapters_do_not_know_each_other() {
        let path = "crates/keymend-directory/src/ldap/search.rs";
        check(
            path,
            "use crate::embedded::Policy;",
            &["`ldap` must not know `embedded`"],
        );
    }
}
