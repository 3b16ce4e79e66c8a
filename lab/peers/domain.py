"""Provisions an Active Directory domain in a folder and fills it, with no server running.

Called as `domain.py FOLDER`; what to fill it with comes as JSON on standard input:

  realm, domain, host, address, dns, administrator_password
  ldif    entries, in an order in which they can be added
  forced  changes that only the domain controller itself could make, such as the age of a password
  grants  [dn, account, access control entries in SDDL with {sid} for the account]
  gmsa    dn of a group managed service account to be made, which needs a descriptor in binary

Writes the security identifiers of all accounts to FOLDER/sids.json.  Runs inside a user namespace
that knows a single user, so it leaves out the access control lists of the sysvol share, which the
command `samba-tool domain provision` insists on.
"""

import json
import logging
import sys

import ldb
import samba.param
import samba.provision
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

# Lets pwdLastSet be set to any moment (Samba's DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET).
BYPASS_LAST_SET = "local_oid:1.3.6.1.4.1.7165.4.3.12:1"


def settings(folder):
    """Never the machine's own smb.conf; and no waiting for the disk: all this is thrown away."""
    path = folder + "/empty.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write("[global]\n\tldb:nosync = true\n")
    parameters = samba.param.LoadParm()
    parameters.load(path)
    return parameters


def provision(folder, plan, parameters):
    samba.provision.provision(
        logging.getLogger(),
        system_session(),
        targetdir=folder,
        realm=plan["realm"],
        domain=plan["domain"],
        hostname=plan["host"],
        hostip=plan["address"],
        adminpass=plan["administrator_password"],
        serverrole="active directory domain controller",
        dns_backend=plan["dns"],
        lp=parameters,
        skip_sysvolacl=True,
        dom_for_fun_level=4,
        use_ntvfs=False,
    )


def sid_of(database, account):
    found = database.search(
        expression="(sAMAccountName=%s)" % ldb.binary_encode(account), attrs=["objectSid"]
    )
    return str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))


def grant(database, dn, account, entries):
    SDUtils(database).dacl_add_ace(dn, entries.replace("{sid}", sid_of(database, account)))


def add_gmsa(database, dn):
    """Only the administrators may read its password."""
    descriptor = security.descriptor.from_sddl(
        "O:SYD:(A;;RP;;;BA)", security.dom_sid(database.get_domain_sid())
    )
    name = dn.split(",")[0].split("=")[1]
    database.add(
        {
            "dn": dn,
            "objectClass": "msDS-GroupManagedServiceAccount",
            "sAMAccountName": name + "$",
            "dNSHostName": name + ".lab.test",
            "userAccountControl": "4096",
            "msDS-ManagedPasswordInterval": "30",
            "msDS-GroupMSAMembership": ndr_pack(descriptor),
        }
    )


def add_replication_name(database, plan):
    """What the service `dnsupdate` would register; no other controller replicates without it."""
    name = "E3514235-4B06-11D1-AB04-00C04FC2DCD2/%s/%s" % (
        database.get_ntds_GUID(),
        plan["realm"].lower(),
    )
    message = ldb.Message(
        ldb.Dn(
            database,
            "CN=%s,OU=Domain Controllers,%s" % (plan["host"], database.domain_dn()),
        )
    )
    message["name"] = ldb.MessageElement(name, ldb.FLAG_MOD_ADD, "servicePrincipalName")
    database.modify(message)


def fill(folder, plan, parameters):
    database = SamDB(
        url=folder + "/private/sam.ldb", session_info=system_session(), lp=parameters
    )
    database.transaction_start()
    database.modify_ldif(plan["ldif"])
    for dn, account, entries in plan["grants"]:
        grant(database, dn, account, entries)
    add_gmsa(database, plan["gmsa"])
    add_replication_name(database, plan)
    database.modify_ldif(plan["forced"], [BYPASS_LAST_SET])
    database.transaction_commit()
    return database


def write_sids(folder, database):
    found = database.search(
        expression="(objectSid=*)", attrs=["sAMAccountName", "objectSid"]
    )
    sids = {
        str(entry["sAMAccountName"]): str(ndr_unpack(security.dom_sid, entry["objectSid"][0]))
        for entry in found
        if "sAMAccountName" in entry
    }
    with open(folder + "/sids.json", "w", encoding="utf-8") as file:
        json.dump(sids, file)


def main():
    folder = sys.argv[1]
    plan = json.load(sys.stdin)
    parameters = settings(folder)
    provision(folder, plan, parameters)
    write_sids(folder, fill(folder, plan, parameters))


main()
