//! The log: to standard error, in the form the configuration asks for.

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::cli::Stop;
use crate::config::{LogFormat, LogLevel, LogSection};

/// Starts the log of this process.
///
/// # Errors
///
/// [`Stop::Fault`] if the process has one already.
pub(super) fn start(section: &LogSection) -> Result<(), Stop> {
    let level = match section.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    // What libraries have to say may hold what people typed; only what breaks them is wanted.
    let ours = Targets::new()
        .with_default(LevelFilter::ERROR)
        .with_target("keymend", level)
        .with_target("keymend_directory", level)
        .with_target("keymend_domain", level);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match section.format {
        LogFormat::Text => lines.with_filter(ours).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(ours).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .map_err(|error| Stop::Fault(format!("the log could not be started: {error}")))
}
