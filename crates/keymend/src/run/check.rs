//! `keymend config check`: the configuration, the parts it describes and, if asked for, whether
//! each of them answers.

use std::sync::Arc;

use keymend_domain::directory::{Directory, Health};
use keymend_domain::time::Clock;

use super::{breach, build, words};
use crate::cli::{ConfigCheck, Output, Stop, config::load, print};
use crate::clock::SystemClock;
use crate::config::{Config, DirectoryConfig};
use crate::deliver::{Carrier, Carriers};

/// Checks the configuration.
///
/// # Errors
///
/// [`Stop::Usage`] with everything that is wrong in the file, [`Stop::Fault`] if something does
/// not answer.
pub fn check(arguments: &ConfigCheck, output: Output<'_>) -> Result<(), Stop> {
    let path = &arguments.config.config;
    let config = load(&arguments.config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    build::language(path, &config)?;
    let carriers = build::carriers(path, &config)?;
    let directories = build::directories(path, &config, &clock)?;
    let mut text = String::new();
    for remark in &config.remarks {
        text.push_str(&format!("remark: {remark}\n"));
    }
    text.push_str(&format!("{}: nothing is wrong with it\n", path.display()));
    if config.directories.len() > 1 {
        text.push_str(&words::table(&routes(&config)));
    }
    let leaked = build::leaked(&config);
    if let Some(file) = leaked.file() {
        text.push_str(&breach::summary(file));
    }
    print(output, &text)?;
    if let Some(fault) = leaked.fault() {
        return Err(Stop::Fault(format!(
            "breach.file: {fault}; the service starts without it and looks into the list that comes \
             with Keymend: see `keymend breach build`"
        )));
    }
    if !arguments.connect {
        return Ok(());
    }
    let tried = super::runtime()?.block_on(try_all(&directories, &carriers));
    let failed = tried.iter().filter(|part| !part.faults.is_empty()).count();
    let mut rows: Vec<Vec<String>> = tried.iter().flat_map(Tried::rows).collect();
    rows.extend(super::runtime()?.block_on(proposed(&directories, &config)));
    print(output, &words::table(&rows))?;
    match failed {
        0 => Ok(()),
        failed => {
            let all = tried.len();
            Err(Stop::Fault(format!("{failed} of {all} cannot be used")))
        }
    }
}

/// Which names are asked of which directory alone.
fn routes(config: &Config) -> Vec<Vec<String>> {
    let row = |section: &DirectoryConfig| {
        let names = words::realms(&section.realms);
        vec![format!("directory.{}", section.name), names]
    };
    let rows = config.directories.iter().map(row);
    let rest = vec!["every directory".to_owned(), "all other names".to_owned()];
    rows.chain([rest]).collect()
}

/// One part and what is wrong with it.
struct Tried {
    name: String,
    faults: Vec<String>,
}

impl Tried {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |verdict: &str, detail: &str| {
            vec![self.name.clone(), verdict.to_owned(), detail.to_owned()]
        };
        if self.faults.is_empty() {
            return vec![row("ok", "")];
        }
        let faults = self.faults.iter();
        faults.map(|fault| row("failed", fault)).collect()
    }
}

async fn try_all(directories: &[(Arc<dyn Directory>, String)], carriers: &Carriers) -> Vec<Tried> {
    let mut tried = Vec::new();
    for (directory, _) in directories {
        tried.push(Tried {
            name: format!("directory.{}", directory.name().0),
            faults: match directory.health().await {
                Health::Up => Vec::new(),
                Health::Down { during, detail } => vec![said(&during, &detail)],
            },
        });
    }
    for (name, carrier) in [("mail", &carriers.mail), ("texts", &carriers.text)] {
        if let Some(carrier) = carrier {
            tried.push(Tried {
                name: name.to_owned(),
                faults: faults_of(carrier).await,
            });
        }
    }
    tried
}

/// What might be written for directories that say by which names they are called.
async fn proposed(all: &[(Arc<dyn Directory>, String)], config: &Config) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for ((directory, _), section) in all.iter().zip(&config.directories) {
        let told = directory.realms().await.unwrap_or_default();
        if let Some(proposal) = words::proposal(&told, &section.realms)
            && all.len() > 1
        {
            let name = format!("directory.{}", section.name);
            rows.push(vec![name, "may have".to_owned(), proposal]);
        }
    }
    rows
}

async fn faults_of(carrier: &Carrier) -> Vec<String> {
    carrier.test_connection().await.err().unwrap_or_default()
}

/// The step at which a directory fails, and what to look at first.
fn said(during: &str, detail: &str) -> String {
    let remedy = match during {
        "name" => "see that the host in urls is right and that its name resolves here",
        "connection" => "see that the server runs, and that no firewall stands between",
        "certificate" => {
            "see that ca_file holds the authority that signed the server's certificate, and that \
             the host in urls is a name in it"
        }
        "sign-in" => "see that bind_dn and its password are right, and that it is not locked",
        "search" => "see that base is right, and that bind_dn may read below it",
        _ => "see the server's own log",
    };
    format!("{during}: {detail}; {remedy}")
}
