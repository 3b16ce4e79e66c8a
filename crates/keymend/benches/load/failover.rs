//! A controller dies or freezes between two questions: when is the next one answered, and the one
//! after it?

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use keymend::clock::SystemClock;
use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::{Claim, DirectoryName};
use keymend_domain::directory::{Directory, Found};
use keymend_domain::secret::Secret;
use keymend_lab::samba::{PEOPLE_DN, SERVICE_PASSWORD, SERVICE_UPN};
use keymend_lab::{Samba, SambaOptions, SambaVersion};

use super::directories::SAMBA_ACCOUNTS;

/// What happens to the first controller.
#[derive(Clone, Copy)]
enum Blow {
    Dies,
    Freezes,
}

/// Prints the table.
pub fn run() {
    println!("\n### A controller dies or freezes between two questions\n");
    println!("Two controllers with the same people, the settings as they come.\n");
    println!(
        "| the first one | question before, ms | the next, ms | the one after, ms | when it is \
         back, ms |"
    );
    println!("|---|---|---|---|---|");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for blow in [Blow::Dies, Blow::Freezes] {
        runtime.block_on(row(blow));
    }
}

async fn row(blow: Blow) {
    let (mut first, second) = (controller(), controller());
    let directory = Ldap::new(options(&first, &second), Arc::new(SystemClock)).unwrap();
    for _ in 0..20 {
        asks(&directory).await;
    }
    let before = asks(&directory).await;
    let name = match blow {
        Blow::Dies => {
            first.kill();
            "dies (connecting is refused)"
        }
        Blow::Freezes => {
            first.pause();
            "freezes (accepts, and says nothing)"
        }
    };
    let (next, after) = (asks(&directory).await, asks(&directory).await);
    match blow {
        Blow::Dies => first.restart(),
        Blow::Freezes => first.resume(),
    }
    let again = asks(&directory).await;
    println!("| {name} | {before:.1} | **{next:.1}** | {after:.1} | {again:.1} |");
}

fn controller() -> Samba {
    Samba::start(SambaOptions {
        version: SambaVersion::V4_25,
        bulk_accounts: SAMBA_ACCOUNTS,
        ..SambaOptions::default()
    })
}

/// Looks somebody up; the time until the answer in milliseconds.
async fn asks(directory: &Ldap) -> f64 {
    let begun = Instant::now();
    let found = directory.find(&Claim::new("user00001").unwrap()).await;
    assert!(matches!(found, Ok(Found::One(_))), "{found:?}");
    begun.elapsed().as_secs_f64() * 1_000.0
}

fn options(first: &Samba, second: &Samba) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![first.ldaps_url().parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_UPN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.urls.push(second.ldaps_url().parse().unwrap());
    options.ca_file = Some(both_authorities(first, second));
    options
}

/// A file that trusts both, beside the first one's own.
fn both_authorities(first: &Samba, second: &Samba) -> PathBuf {
    let path = first.ca_file().with_extension("both.pem");
    let read = |samba: &Samba| std::fs::read_to_string(samba.ca_file()).unwrap();
    std::fs::write(&path, read(first) + &read(second)).unwrap();
    path
}
