//! A look at every link between Keymend and one server, up to the first that breaks.

use keymend_domain::directory::DirectoryError;
use keymend_domain::directory::examination::{Checkpoint, Condition, Link, ServerReport};
use keymend_domain::time::{MINUTE_MS, Moment, SECOND_MS};
use ldap3::Scope;

use super::connect::{Failure, Hits, Search, Step};
use super::dialect::Dialect;
use super::filter::Filter;
use super::servers::{Server, Service};
use super::{Ldap, tls};

/// Farther apart than this, clocks make Kerberos fail (RFC 4120 §10) and times in the directory
/// mean something else than ours.
const SKEW_MAX_MS: i64 = 5 * MINUTE_MS;

/// The links before anybody can ask the server anything, in order.
const FIRST: [Link; 5] = [
    Link::Name,
    Link::Connection,
    Link::Tls,
    Link::SignIn,
    Link::Kind,
];

/// Examines one server.  Takes no longer than the limits of the configuration for connecting and
/// for three searches.
pub(super) async fn server(ldap: &Ldap, server: &Server) -> ServerReport {
    let mut report = ServerReport {
        server: server.address().to_owned(),
        ..ServerReport::default()
    };
    let begun = ldap.clock.now();
    let signed_in = server.sign_in(ldap.options.connect_timeout).await;
    let certificate = server.certificate();
    report.certificate_ends_at = certificate.as_ref().map(|shown| shown.valid_until);
    let service = match signed_in {
        Ok(service) => service,
        Err(failure) => {
            report.checkpoints = up_to(&failure);
            return report;
        }
    };
    report.latency_ms = Some(ldap.clock.now().since_ms(begun));
    let issuer =
        certificate.map_or_else(String::new, |shown| format!("signed by {}", shown.signer()));
    for link in FIRST {
        report.checkpoints.push(match link {
            Link::Tls => Checkpoint::ok(link, issuer.clone()),
            Link::Kind => Checkpoint::ok(link, kind(&service)),
            _ => Checkpoint::ok(link, ""),
        });
    }
    let is_active_directory = service.offer.dialect == Dialect::ActiveDirectory;
    report.has_policy_hints = is_active_directory.then_some(service.offer.policy_hints.is_some());
    for point in questions(ldap, server, &service).await {
        let is_broken = point.condition == Condition::Broken;
        report.checkpoints.push(point);
        if is_broken {
            break;
        }
    }
    report
}

/// What holds up to the step that failed, and that step.
fn up_to(failure: &Failure) -> Vec<Checkpoint> {
    let broken = match failure.step {
        Step::Name => Link::Name,
        Step::Connection => Link::Connection,
        Step::Certificate => Link::Tls,
        Step::SignIn => Link::SignIn,
        // The first search is for what kind of server it is.
        Step::Search => Link::Kind,
    };
    let sound = FIRST.into_iter().take_while(|link| *link != broken);
    let mut points: Vec<Checkpoint> = sound.map(|link| Checkpoint::ok(link, "")).collect();
    let remedy = remedy(broken, &failure.error);
    let detail = failure.error.to_string();
    points.push(Checkpoint::amiss(broken, Condition::Broken, detail, remedy));
    points
}

/// What to do about a link that breaks.
fn remedy(link: Link, error: &DirectoryError) -> &'static str {
    match (link, error) {
        (Link::Name, _) => "see that the host in urls is right and that its name resolves here",
        (Link::Connection, _) => {
            "see that the server runs, that the port is right, and that no firewall stands between"
        }
        (Link::Tls, DirectoryError::Trust { detail }) if detail.starts_with(tls::EXPIRED) => {
            "give the server a new certificate"
        }
        (Link::Tls, DirectoryError::Trust { detail }) if detail.starts_with(tls::OTHER_NAME) => {
            "write in urls a name that is in the certificate, or give the server a certificate \
             with the name that is in urls"
        }
        (Link::Tls, DirectoryError::Trust { detail }) if detail.starts_with(tls::UNTRUSTED) => {
            "see that ca_file holds the authority that signed the server's certificate"
        }
        (Link::Tls, DirectoryError::Trust { .. }) => {
            "see that the server speaks TLS 1.2 or 1.3 on this port, and that ca_file is right"
        }
        (Link::Tls, _) => {
            "the port is open and nobody speaks TLS behind it: look after the server (it may hang), \
             and see that ldaps:// or start_tls is right for the port"
        }
        (Link::SignIn, DirectoryError::Rights { .. }) => {
            "see that bind_dn and its password are right, that the password has not expired, and \
             that the account is neither locked nor disabled"
        }
        (Link::Kind, _) => "OpenLDAP and Active Directory are served",
        _ => "look into the server's own log",
    }
}

fn kind(service: &Service) -> String {
    let name = match service.offer.dialect {
        Dialect::ActiveDirectory => "Active Directory",
        Dialect::OpenLdap => "OpenLDAP",
        Dialect::Ds389 => "389 Directory Server",
        Dialect::Unfamiliar => "unfamiliar",
    };
    match &service.offer.vendor {
        Some(vendor) => format!("{name} ({vendor})"),
        None => name.to_owned(),
    }
}

/// Everything that is asked of a server that let us in.
async fn questions(ldap: &Ldap, server: &Server, service: &Service) -> Vec<Checkpoint> {
    let base = base(ldap, server, service).await;
    if base.condition == Condition::Broken {
        return vec![base];
    }
    let filter = filter(ldap, server, service).await;
    if filter.condition == Condition::Broken {
        return vec![base, filter];
    }
    let mut points = vec![base, filter];
    points.extend(groups(ldap, server, service).await);
    points.extend(policy_hints(service));
    points.push(clock(ldap, server, service).await);
    points
}

async fn ask(
    server: &Server,
    service: &Service,
    (base, scope): (&str, Scope),
    (filter, attribute): (&Filter, &str),
) -> Result<Hits, String> {
    let search = Search {
        base,
        scope,
        filter,
        attributes: &[attribute],
        size_limit: 1,
        types_only: false,
    };
    let asked = service
        .connection
        .search(&search, server.call_timeout())
        .await;
    asked.map_err(|fault| fault.failure(Step::Search).error.to_string())
}

async fn base(ldap: &Ldap, server: &Server, service: &Service) -> Checkpoint {
    const REMEDY: &str = "see that base in the configuration is right, letter for letter, and that \
                          the service account may read it";
    let base = &ldap.options.base;
    let anything = Filter::Present("objectClass".to_owned());
    let broken = |detail| Checkpoint::amiss(Link::Base, Condition::Broken, detail, REMEDY);
    let asked = ask(server, service, (base, Scope::Base), (&anything, "1.1")).await;
    match asked {
        Err(fault) => broken(fault),
        Ok(hits) if hits.entries.is_empty() => {
            broken(format!("{base} cannot be read (result {})", hits.rc))
        }
        Ok(_) => Checkpoint::ok(Link::Base, base),
    }
}

async fn filter(ldap: &Ldap, server: &Server, service: &Service) -> Checkpoint {
    const REMEDY: &str = "see that filter and login_attributes in the configuration match people \
                          below base, and that the service account may read them";
    let people = ldap.anybody(service.offer.dialect);
    let broken = |detail| Checkpoint::amiss(Link::Filter, Condition::Broken, detail, REMEDY);
    let place = (ldap.options.base.as_str(), Scope::Subtree);
    match ask(server, service, place, (&people, "1.1")).await {
        Err(fault) => broken(fault),
        Ok(hits) if hits.entries.is_empty() => broken(format!(
            "nobody matches {people} below the base (result {})",
            hits.rc
        )),
        Ok(_) => Checkpoint::ok(Link::Filter, "finds people"),
    }
}

/// An Active Directory lists a person's groups itself.
async fn groups(ldap: &Ldap, server: &Server, service: &Service) -> Option<Checkpoint> {
    const REMEDY: &str = "see that group_base and protected_groups in the configuration are right, \
                          and that the service account may read all of these groups and who is \
                          in them, however many there are";
    if service.offer.dialect == Dialect::ActiveDirectory {
        return None;
    }
    let link = Link::Groups;
    Some(match ldap.groups.read_from(server, service).await {
        Ok(_) => Checkpoint::ok(link, ""),
        Err(failure) => {
            let detail = failure.error.to_string();
            Checkpoint::amiss(link, Condition::Broken, detail, REMEDY)
        }
    })
}

/// Nothing to say where the question does not arise.
fn policy_hints(service: &Service) -> Option<Checkpoint> {
    const REMEDY: &str = "use controllers that offer it (Windows Server 2012 or later, Samba 4.24 \
                          or later), or set without_policy_hints = \"refuse\"";
    if service.offer.dialect != Dialect::ActiveDirectory {
        return None;
    }
    let link = Link::PolicyHints;
    Some(match service.offer.policy_hints {
        Some(oid) => Checkpoint::ok(link, format!("offered ({oid})")),
        None => Checkpoint::amiss(
            link,
            Condition::Limits,
            "not offered: history and minimum age do not bind resets",
            REMEDY,
        ),
    })
}

async fn clock(ldap: &Ldap, server: &Server, service: &Service) -> Checkpoint {
    const REMEDY: &str = "set both clocks by the same time source (NTP)";
    let anything = Filter::Present("objectClass".to_owned());
    let asked = ask(
        server,
        service,
        ("", Scope::Base),
        (&anything, "currentTime"),
    )
    .await;
    let ours = ldap.clock.now();
    let theirs: Option<Moment> = asked.ok().and_then(|hits| {
        let root = hits.entries.first()?;
        root.moment("currentTime")
    });
    let Some(theirs) = theirs else {
        return Checkpoint::ok(Link::Clock, "the server does not tell its time");
    };
    let skew_ms = ours.since_ms(theirs);
    if skew_ms.abs() <= SKEW_MAX_MS {
        return Checkpoint::ok(Link::Clock, "");
    }
    let (secs, how) = (
        skew_ms.abs() / SECOND_MS,
        if skew_ms > 0 { "ahead of" } else { "behind" },
    );
    let detail = format!("our clock is {secs} s {how} the server's");
    Checkpoint::amiss(Link::Clock, Condition::Broken, detail, REMEDY)
}
