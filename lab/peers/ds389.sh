#!/bin/sh
# ds389.sh FOLDER PORT ROOT_PASSWORD: makes an instance of 389 Directory Server in FOLDER,
# fills it with the LDIF on standard input, and stops it.
#
# dscreate wants systemd, the user dirsrv and folders in /etc and /var; its own file of defaults
# says so, and a private PREFIX with another such file says otherwise.  The instance gets its
# certificate when it is copied: making keys of 4096 bits here would take longer than all the rest.
set -eu
folder=$1 port=$2 password=$3
instance=$folder/etc/dirsrv/slapd-lab
export PREFIX="$folder"
user=$(id -un) group=$(id -gn)
defaults=/usr/share/dirsrv/inf/defaults.inf

cat >"$folder/data.ldif"
mkdir -p "$folder/share/dirsrv/inf" "$folder/etc/default" "$folder/etc/dirsrv" "$folder/lib" \
    "$folder/run/dirsrv" "$folder/run/lock" "$folder/shm" "$folder/tmp" "$folder/var/lib" \
    "$folder/var/log"
if ! cp -r /etc/dirsrv/config /etc/dirsrv/schema "$folder/etc/dirsrv/"; then
    echo "/etc/dirsrv must be readable: sudo chmod o+rx /etc/dirsrv" >&2
    exit 1
fi
sed -e 's/^with_systemd = .*/with_systemd = 0/' \
    -e "s|^sysconf_dir = .*|sysconf_dir = $folder/etc|" \
    -e "s|^initconfig_dir = .*|initconfig_dir = $folder/etc/default|" \
    -e "s|= /etc/dirsrv|= $folder/etc/dirsrv|" \
    -e "s|^local_state_dir = .*|local_state_dir = $folder/var|" \
    -e "s|= /var/|= $folder/var/|" -e "s|= /run/|= $folder/run/|" \
    -e "s|= /dev/shm|= $folder/shm|" -e "s|^tmp_dir = .*|tmp_dir = $folder/tmp|" \
    -e "s|^user = .*|user = $user|" -e "s|^group = .*|group = $group|" \
    -e "s|^inst_dir = .*|inst_dir = $folder/lib/slapd-{instance_name}|" \
    -e "s|^tmpfiles_d = .*|tmpfiles_d = $folder/etc|" \
    "$defaults" >"$folder/share/dirsrv/inf/defaults.inf"
cat >"$folder/instance.inf" <<END
[general]
full_machine_name = localhost
strict_host_checking = False
selinux = False
start = False
[slapd]
instance_name = lab
port = $port
root_password = $password
self_sign_cert = False
user = $user
group = $group
[backend-userroot]
suffix = dc=lab,dc=test
create_suffix_entry = True
sample_entries = no
END
dscreate -v from-file "$folder/instance.inf" >"$folder/dscreate.log" 2>&1 || {
    tail -n 30 "$folder/dscreate.log" >&2
    exit 1
}

# A plug-in can only be switched on while the server is down.
awk '/^dn: /{ours = /^dn: cn=MemberOf Plugin,/}
    ours && /^nsslapd-pluginEnabled:/{$0 = "nsslapd-pluginEnabled: on"} {print}' \
    "$instance/dse.ldif" >"$folder/dse.new"
cat "$folder/dse.new" >"$instance/dse.ldif"

/usr/sbin/ns-slapd -D "$instance" -i "$folder/pid" -d 0 >"$folder/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
url=ldap://127.0.0.1:$port
tries=0
until ldapwhoami -x -H "$url" -D 'cn=Directory Manager' -w "$password" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
        tail -n 30 "$folder/server.log" >&2
        exit 1
    fi
    sleep 0.1
done
ldapmodify -x -H "$url" -D 'cn=Directory Manager' -w "$password" -f "$folder/data.ldif" \
    >"$folder/modify.log" || {
    tail -n 2 "$folder/modify.log" >&2
    exit 1
}
kill "$server"
wait "$server" || true
trap - EXIT
rm -rf "$folder/shm" "$folder/pid"
