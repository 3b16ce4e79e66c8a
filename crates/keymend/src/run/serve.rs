//! `keymend serve`: the real thing.

use std::path::Path;

use keymend_domain::account::DirectoryName;
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use keymend_domain::directory::Health;
use keymend_domain::directory::rights::RightsReport;
use keymend_domain::id::CorrelationId;
use keymend_domain::policy::Scope;

use super::build::{self, Built};
use super::certificate::Certificate;
use super::{Listener, Service, bind, log, words};
use crate::app::App;
use crate::cli::{ConfigFile, Output, Stop, config::load, print};
use crate::config::Config;
use crate::store::{Store, StoreFault, Tx};

/// Starts the service and serves until it is told to stop.
///
/// # Errors
///
/// [`Stop::Usage`] for a configuration or an address that cannot be used, [`Stop::Fault`] if
/// store, key or listener fail.  A directory that is down does not prevent the start.
pub fn serve(file: &ConfigFile, output: Output<'_>) -> Result<(), Stop> {
    let config = load(file)?;
    log::start(&config.log)?;
    for remark in &config.remarks {
        tracing::warn!("{remark}");
    }
    let listener = bind(config.listen.address)?;
    super::runtime()?.block_on(run(&file.config, &config, listener, output))
}

async fn run(
    path: &Path,
    config: &Config,
    listener: Listener,
    output: Output<'_>,
) -> Result<(), Stop> {
    let site = build::site(path, config)?;
    let listener = encrypted(config, listener).await?;
    let built = build::build(path, config).await?;
    note(&built, AuditDeed::SystemStarted).await?;
    say_what_is_off(&built);
    say_what_is_leaked(&built.app);
    refuse_too_much(&built).await?;
    let directories = look_at_directories(built.app.clone());
    let service = Service::new(built.app.clone(), site, built.form_key.clone())?;
    print(output, &ready(config, &listener))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the service is ready");
    let last = async move {
        tracing::info!("the service stops");
        directories.abort();
        // Aborted or finished: either way it holds no handle of the store any more.
        let _ = directories.await;
        let noted = note(&built, AuditDeed::SystemStopped).await;
        noted.and(cover(&built.store).await)
    };
    service.serve_then(listener, last).await
}

/// Proves the rights of every service account before anybody is let in.
///
/// A directory that does not answer is proven when it does; until then nothing is written to it.
///
/// # Errors
///
/// [`Stop::Fault`] if no directory is left whose service account may be worked with.
async fn refuse_too_much(built: &Built) -> Result<(), Stop> {
    let names: Vec<DirectoryName> = built.app.directories().names().cloned().collect();
    let proofs = names.iter().map(|name| built.app.prove_rights(name));
    let proofs = futures_util::future::join_all(proofs).await;
    let mut refused = Vec::new();
    for (name, proof) in names.iter().zip(proofs) {
        let report = proof.ok();
        if let Some(finding) = report.as_ref().and_then(RightsReport::refusal) {
            refused.push(format!(
                "directory.{name}: the service account may do too much: {} ({}); {}",
                finding.right, finding.on, finding.remedy
            ));
        }
    }
    if !refused.is_empty() && refused.len() == names.len() {
        return Err(Stop::Fault(refused.join("\n")));
    }
    Ok(())
}

/// With a certificate, the listener speaks TLS, and the certificate follows its files.
async fn encrypted(config: &Config, listener: Listener) -> Result<Listener, Stop> {
    let Some(files) = &config.listen.tls else {
        return Ok(listener);
    };
    let certificate = Certificate::read(files).await?;
    let listener = listener.with_tls(certificate.tls());
    #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
    tokio::spawn(certificate.follow());
    Ok(listener)
}

/// Asks every directory for its state, so that the first visitor does not have to wait for it.
fn look_at_directories(app: App) -> tokio::task::JoinHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "it ends after one round")]
    tokio::spawn(async move {
        let directories = app.directories();
        for name in directories.names() {
            match directories.health(name).await {
                Health::Up => tracing::info!(directory = %name, "the directory answers"),
                Health::Down { during, detail } => tracing::error!(
                    directory = %name, during, detail,
                    "the directory does not answer; the pages say so until it does"
                ),
            }
        }
    })
}

fn say_what_is_off(built: &Built) {
    let policy = built.app.policy();
    if !built.has_settings {
        tracing::warn!(
            "no policy was applied yet, so nobody may reset: see `keymend policy export`"
        );
    }
    if policy.settings().scope == Scope::None {
        tracing::info!("the policy's scope is none");
        return;
    }
    for kind in built.app.uncarried_methods() {
        tracing::error!(
            method = kind.word(),
            "the policy allows a method whose codes nothing can send; add [mail] or [texts]"
        );
    }
}

/// A list of leaked passwords older than this deserves a look (behaviour §7, M21).
const LIST_AGE_SECS_MAX: i64 = 180 * 24 * 3_600;

/// Says which list of leaked passwords is looked into, and what is wrong with it.
fn say_what_is_leaked(app: &App) {
    if let Some(fault) = app.leaked().fault() {
        tracing::error!(
            "the list of leaked passwords cannot be used: {fault}; the one that comes with Keymend \
             answers until it is built again with `keymend breach build`"
        );
    }
    if let Some(file) = app.leaked().file() {
        let made_at_secs = i64::try_from(file.made_at_secs()).unwrap_or_default();
        let age_secs = app.now().0 / 1_000 - made_at_secs;
        tracing::info!(
            hashes = file.count(),
            kind = file.kind().word(),
            "a list of leaked passwords is in use"
        );
        if age_secs > LIST_AGE_SECS_MAX {
            tracing::warn!(
                age_days = age_secs / 86_400,
                "the list of leaked passwords is old: build it anew"
            );
        }
    }
}

/// Records that the service started or stopped.
async fn note(built: &Built, deed: AuditDeed) -> Result<(), Stop> {
    let correlation = CorrelationId::fresh(built.app.now(), built.entropy.as_ref())
        .map_err(|error| Stop::Fault(error.to_string()))?;
    let (result, actor) = (AuditResult::Info, ActorKind::System);
    let event = AuditEvent::new(built.app.now(), deed, result, actor, correlation)
        .because(env!("CARGO_PKG_VERSION"));
    built
        .store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> { tx.audit(&event) })
        .await
        .map_err(|fault| Stop::Fault(words::chain(&fault)))
}

/// Signs the end of the audit trail, so that nothing can be cut off while the service is down.
async fn cover(store: &Store) -> Result<(), Stop> {
    store
        .transact(|tx: &mut Tx<'_>| -> Result<(), StoreFault> { tx.cover_audit() })
        .await
        .map_err(|fault| Stop::Fault(words::chain(&fault)))
}

fn ready(config: &Config, listener: &Listener) -> String {
    let address = listener.address().unwrap_or(config.listen.address);
    let origin = config.site.public_origin.as_str();
    let manner = if config.listen.tls.is_some() {
        "with TLS"
    } else {
        "plain, for the trusted proxies alone"
    };
    format!("Keymend is ready: {origin}, listening at {address} {manner}\n")
}
