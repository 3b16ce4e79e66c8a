//! The server's configuration.

use super::audit;

/// Where in its network a controller stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its name.
    pub(super) host: &'static str,
    /// Its address.
    pub(super) address: &'static str,
    /// How it hears of what is written to a partner.
    pub(super) replication: Replication,
}

/// When a controller fetches what was written to its partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replication {
    /// It has none.
    Alone,
    /// Every second or two.
    Eager,
    /// When it is told to, so that a test decides how long the other one lags behind.
    OnDemand,
}

/// The place of a controller that is alone in its network.
pub(super) const ALONE: Place = Place {
    host: "DC1",
    address: "127.0.0.1",
    replication: Replication::Alone,
};

/// What a controller with a partner runs: without `kcc` it does not learn whom to fetch from.
const WITH_A_PARTNER: &str = "rpc, ldap, cldap, kdc, drepl, kcc, dns";

/// Longer than any test.
const NEVER_SECS: u32 = 24 * 60 * 60;

/// `smb.conf` for a server whose folder it knows as `folder`, with the domain in `folder/data`.
///
/// The JSON audit log goes to files by kind.  Nothing waits for the disk: a folder that is thrown
/// away need not survive a power cut.
pub(super) fn configuration(folder: &str, place: &Place, old_password_minutes: u32) -> String {
    let [passwords, writes, sign_ins] = audit::FILES;
    let Place { host, address, .. } = place;
    let (services, pause_secs) = match place.replication {
        Replication::Alone => ("ldap", NEVER_SECS),
        Replication::Eager => (WITH_A_PARTNER, 1),
        Replication::OnDemand => (WITH_A_PARTNER, NEVER_SECS),
    };
    format!(
        "[global]
netbios name = {host}
realm = LAB.TEST
workgroup = LAB
server role = active directory domain controller
server services = {services}
interfaces = {address}/24
bind interfaces only = yes
dns forwarder =
allow dns updates = disabled
dreplsrv:notify_interval = {pause_secs}
dreplsrv:periodic_startup_interval = {pause_secs}
dreplsrv:periodic_interval = {pause_secs}
kccsrv:samba_kcc = no
kccsrv:periodic_startup_interval = {pause_secs}
kccsrv:periodic_interval = {pause_secs}
ldap server require strong auth = allow_sasl_over_tls
tls enabled = yes
tls keyfile = {folder}/server.key
tls certfile = {folder}/server.pem
tls cafile = {folder}/ca.pem
old password allowed period = {old_password_minutes}
ldb:nosync = true
prefork children = 2
private dir = {folder}/data/private
lock directory = {folder}/data
state directory = {folder}/data/state
cache directory = {folder}/data/cache
binddns dir = {folder}/data/bind-dns
pid directory = {folder}/run
ncalrpc dir = {folder}/run/ncalrpc
winbindd socket directory = {folder}/run/winbindd
ntp signd socket directory = {folder}/run/ntp_signd
log file = {folder}/samba.log
max log size = 0
logging = file
log level = 1 dsdb_password_json_audit:5@{folder}/{passwords} \
dsdb_json_audit:5@{folder}/{writes} auth_json_audit:3@{folder}/{sign_ins}
[sysvol]
path = {folder}/data/state/sysvol
read only = no
[netlogon]
path = {folder}/data/state/sysvol/lab.test/scripts
read only = no
"
    )
}
