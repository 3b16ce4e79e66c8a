//! `keymend doctor`: every link, one after the other, and what to do about the one that breaks.

use std::sync::Arc;

use keymend_domain::deliver::Carried;
use keymend_domain::directory::Directory;
use keymend_domain::directory::examination::{Checkpoint, Condition, Link, ServerReport};
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_domain::time::{Clock, DAY_MS, Moment};
use serde::Serialize;

use super::{build, words};
use crate::cli::{DoctorArguments, Output, Stop, config::load, print};
use crate::clock::SystemClock;
use crate::deliver::{Carrier, Mail, Message};

/// A certificate that ends sooner than this is worth a remark.
const CERTIFICATE_SOON_MS: i64 = 30 * DAY_MS;

/// One line of what was found.
#[derive(Debug, Serialize)]
struct Line {
    /// `directory.NAME`, `mail` or `texts`.
    part: String,
    /// The server's address; empty for what is no matter of one server.
    #[serde(skip_serializing_if = "String::is_empty")]
    server: String,
    link: &'static str,
    condition: Condition,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
}

/// Looks at everything the configuration names.
///
/// # Errors
///
/// [`Stop::Usage`] with everything that is wrong in the file, [`Stop::Fault`] if a link is broken.
pub fn doctor(arguments: &DoctorArguments, output: Output<'_>) -> Result<(), Stop> {
    let path = &arguments.config.config;
    let config = load(&arguments.config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let carriers = build::carriers(path, &config)?;
    let mut directories = build::directories(path, &config, &clock)?;
    if let Some(wanted) = &arguments.directory {
        directories.retain(|(directory, _)| directory.name().0 == *wanted);
        if directories.is_empty() {
            return Err(Stop::Usage(format!(
                "--directory {wanted}: the configuration has no directory of this name"
            )));
        }
    }
    let now = clock.now();
    let lines = super::runtime()?.block_on(async {
        let mut lines = Vec::new();
        for (directory, _) in &directories {
            lines.extend(directory_lines(directory.as_ref(), now).await);
        }
        if arguments.directory.is_none() {
            for (part, carrier) in [("mail", &carriers.mail), ("texts", &carriers.text)] {
                if let Some(carrier) = carrier {
                    lines.extend(carrier_lines(part, carrier).await);
                }
            }
        }
        if let Some(to) = &arguments.send_test {
            lines.push(test_mail(carriers.mail.as_ref(), to, now).await);
        }
        lines
    });
    print(output, &shown(&lines, arguments.json)?)?;
    let is_broken = |line: &&Line| line.condition == Condition::Broken;
    match lines.iter().filter(is_broken).count() {
        0 => Ok(()),
        1 => Err(Stop::Fault("1 link is broken".to_owned())),
        count => Err(Stop::Fault(format!("{count} links are broken"))),
    }
}

fn shown(lines: &[Line], as_json: bool) -> Result<String, Stop> {
    if as_json {
        let text = serde_json::to_string_pretty(lines);
        let text = text.map_err(|error| Stop::Fault(error.to_string()))?;
        return Ok(format!("{text}\n"));
    }
    let row = |line: &Line| {
        let said = match (line.detail.as_str(), line.remedy.as_str()) {
            (detail, "") => detail.to_owned(),
            ("", remedy) => remedy.to_owned(),
            (detail, remedy) => format!("{detail}; {remedy}"),
        };
        let condition = line.condition.word().to_owned();
        let (part, server) = (line.part.clone(), line.server.clone());
        vec![part, server, line.link.to_owned(), condition, said]
    };
    Ok(words::table(&lines.iter().map(row).collect::<Vec<_>>()))
}

async fn directory_lines(directory: &dyn Directory, now: Moment) -> Vec<Line> {
    let part = format!("directory.{}", directory.name().0);
    let servers = directory.examine().await;
    let is_up = servers.iter().any(|server| server.broken().is_none());
    let mut lines: Vec<Line> = servers
        .iter()
        .flat_map(|server| server_lines(&part, server, now))
        .collect();
    if !is_up {
        return lines;
    }
    match directory.rights().await {
        Ok(report) => lines.extend(rights_lines(&part, &report)),
        Err(error) => lines.push(rights_line(
            &part,
            Condition::Broken,
            error.to_string(),
            "look into the server's own log",
        )),
    }
    lines
}

fn server_lines(part: &str, report: &ServerReport, now: Moment) -> Vec<Line> {
    let line = |point: &Checkpoint| {
        let mut line = Line {
            part: part.to_owned(),
            server: report.server.clone(),
            link: point.link.word(),
            condition: point.condition,
            detail: point.detail.clone(),
            remedy: point.remedy.clone(),
        };
        if point.link == Link::Tls && point.condition == Condition::Ok {
            certificate(&mut line, report.certificate_ends_at, now);
        }
        line
    };
    report.checkpoints.iter().map(line).collect()
}

fn certificate(line: &mut Line, ends_at: Option<Moment>, now: Moment) {
    let Some(ends_at) = ends_at else {
        return;
    };
    let until = words::time(ends_at);
    line.detail = format!("good until {until}, {}", line.detail);
    if ends_at.since_ms(now) < CERTIFICATE_SOON_MS {
        line.remedy = "renew the certificate soon".to_owned();
    }
}

fn rights_line(part: &str, condition: Condition, detail: String, remedy: &str) -> Line {
    Line {
        part: part.to_owned(),
        server: String::new(),
        link: Link::Rights.word(),
        condition,
        detail,
        remedy: remedy.to_owned(),
    }
}

fn rights_lines(part: &str, report: &RightsReport) -> Vec<Line> {
    if report.is_exact() {
        let people = report.people;
        let detail = format!("exactly what is needed ({people} people looked at)");
        return vec![rights_line(part, Condition::Ok, detail, "")];
    }
    let line = |finding: &keymend_domain::directory::rights::Finding| {
        let condition = match finding.severity {
            Severity::TooMuch => Condition::Broken,
            Severity::Excess | Severity::Missing | Severity::Unproven => Condition::Limits,
        };
        let (severity, right, on) = (finding.severity.word(), &finding.right, &finding.on);
        let detail = format!("{severity}: {right} ({on})");
        rights_line(part, condition, detail, &finding.remedy)
    };
    report.findings.iter().map(line).collect()
}

async fn carrier_lines(part: &str, carrier: &Carrier) -> Vec<Line> {
    let line = |condition, detail: String, remedy: &str| Line {
        part: part.to_owned(),
        server: String::new(),
        link: "carrier",
        condition,
        detail,
        remedy: remedy.to_owned(),
    };
    let remedy = match part {
        "mail" => "see that host, port, tls, username and password_file in [mail] are right",
        _ => "see that url and ca_file in [texts] are right, and that no firewall stands between",
    };
    match carrier.test_connection().await {
        Ok(()) => vec![line(Condition::Ok, "it answers".to_owned(), "")],
        Err(faults) => faults
            .into_iter()
            .map(|fault| line(Condition::Broken, fault, remedy))
            .collect(),
    }
}

async fn test_mail(carrier: Option<&Carrier>, to: &str, now: Moment) -> Line {
    let said = "This is a test of the mail server by `keymend doctor`.";
    let mail = Message::Mail(Mail {
        message_id: format!("doctor-{}@keymend.invalid", now.0),
        number: "test",
        to: to.to_owned(),
        subject: "Keymend test".to_owned(),
        text: format!("{said}\n"),
        html: format!("<p>{said}</p>"),
        at: now,
    });
    let carried = match carrier {
        Some(carrier) => carrier.carry(&mail).await,
        None => Carried::Never {
            detail: "no mail server is configured".to_owned(),
        },
    };
    let (condition, detail) = match carried {
        Carried::Accepted => (Condition::Ok, "the mail server took it".to_owned()),
        Carried::Later { detail } | Carried::Never { detail } => (Condition::Broken, detail),
    };
    Line {
        part: "mail".to_owned(),
        server: String::new(),
        link: "test-mail",
        condition,
        detail,
        remedy: match condition {
            Condition::Broken => "look into the mail server's log".to_owned(),
            Condition::Ok | Condition::Limits => String::new(),
        },
    }
}
