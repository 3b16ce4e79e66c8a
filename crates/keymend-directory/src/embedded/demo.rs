//! Sample accounts of every kind, for `keymend demo` and for tests of the service.
//!
//! Names, passwords and numbers are invented; the telephone numbers are of a range reserved for
//! drama (Ofcom, 07700 900000 to 900999), the mail domain is reserved by RFC 2606.

use keymend_domain::account::AccountRef;
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::{DAY_MS, Moment};

use super::{Credential, Embedded, EmbeddedError, HashingCost, NewAccount, Policy};

/// The group whose members are in scope.
pub const STAFF: &str = "staff";
/// A group inside [`STAFF`].
pub const ENGINEERING: &str = "engineering";
/// The protected group.
pub const ADMINS: &str = "domain-admins";
/// The mail domain, and what may follow a login after an `@`.
pub const SUFFIX: &str = "home.example";

/// What is special about a sample account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleKind {
    /// Nothing: every journey is open.
    Plain,
    /// Locked by wrong passwords.
    Locked,
    /// The password is older than the policy allows.
    PasswordExpired,
    /// A new password is demanded at the next sign-in.
    MustChange,
    /// Disabled by an administrator.
    Disabled,
    /// The account's end date has passed.
    Ended,
    /// A member of a protected group.
    Protected,
    /// Plain, and to be left without methods by whoever seeds registrations.
    Unregistered,
    /// Not a member of [`STAFF`].
    OutOfScope,
    /// The minimum age of the password is not over.
    Young,
    /// May not choose a password.
    MayNotChange,
}

impl SampleKind {
    /// A stable id, to which texts and tables attach what can be tried with the account.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Locked => "locked",
            Self::PasswordExpired => "password-expired",
            Self::MustChange => "must-change",
            Self::Disabled => "disabled",
            Self::Ended => "ended",
            Self::Protected => "protected",
            Self::Unregistered => "unregistered",
            Self::OutOfScope => "out-of-scope",
            Self::Young => "young",
            Self::MayNotChange => "may-not-change",
        }
    }
}

/// One sample account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The name to sign in with.
    pub login: &'static str,
    /// The name shown to others.
    pub display_name: &'static str,
    /// The password, which is no secret.
    pub password: &'static str,
    /// What is special about it.
    pub kind: SampleKind,
    /// The telephone number in the entry.
    pub phone: &'static str,
    /// Preferred language.
    pub language: &'static str,
    /// Argon2id of the password at [`HashingCost::RECOMMENDED`], so that a start does not wait
    /// for a dozen hashes.
    hash: &'static str,
}

impl Sample {
    /// The mail address in the entry.
    #[must_use]
    pub fn mail(&self) -> String {
        format!("{}@{SUFFIX}", self.login)
    }
}

/// A sample account as it stands in a directory.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Which sample it is.
    pub sample: Sample,
    /// Its id there.
    pub id: AccountRef,
}

/// The sample accounts, in the order in which they are best tried.
pub const SAMPLES: &[Sample] = &[
    Sample {
        login: "jane.doe",
        display_name: "Jane Doe",
        password: "Lantern-Meadow-41",
        kind: SampleKind::Plain,
        phone: "+44 7700 900011",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$Slr8HgDLVzi08Lx5+2AALA$Y6xDQCo3TocNX3C5Nk7SzVRbH7Us6zt6SMKbm7WLDZk",
    },
    Sample {
        login: "li.wei",
        display_name: "Li Wei (李伟)",
        password: "Tea under pines 7",
        kind: SampleKind::Plain,
        phone: "+44 7700 900012",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$lRxmVnHbFbZezozkVMLcJA$nlP6gD1d+ipSwIK+sxg4baNKz7zl0BggsvJXZDqzMGE",
    },
    Sample {
        login: "amir.khan",
        display_name: "Amir Khan",
        password: "copper kettle waltz",
        kind: SampleKind::Plain,
        phone: "+44 7700 900013",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$QIoL7BB8xQwkqry7hXGz0Q$EweAVOlKSrtDUU3C7BFdEQfjx8xs4ZpH4SQhPoqqAFE",
    },
    Sample {
        login: "locked.lee",
        display_name: "Lee Locke",
        password: "Harbour*Thistle88",
        kind: SampleKind::Locked,
        phone: "+44 7700 900014",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$0yB7Id08ktS5OivLxSc3tg$BxaRYyraMvJna2As4alQBvNwquo4hrOwz7wq5Y9Pk6Y",
    },
    Sample {
        login: "expired.eve",
        display_name: "Eve Expyre",
        password: "Old-Orchard-Gate-5",
        kind: SampleKind::PasswordExpired,
        phone: "+44 7700 900015",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$L++I3d8YeVnaD7nsIpVDJQ$9XZ1GAaZycInEDH0yj2B9T3dkeXucbKehgJfhU6m8yw",
    },
    Sample {
        login: "mustchange.max",
        display_name: "Max Muster",
        password: "Erstes Kennwort 2026",
        kind: SampleKind::MustChange,
        phone: "+44 7700 900016",
        language: "de",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$UREtdy5JRYbDlTa3rA+O3w$8gBSD2sR3sSVBpijlbROE7Mz0dKxma/NxKvlYDzbuOk",
    },
    Sample {
        login: "disabled.dan",
        display_name: "Dan Dissel",
        password: "Quiet=Quarry=Quill",
        kind: SampleKind::Disabled,
        phone: "+44 7700 900017",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$GVsWn7aAS87/zCF34eDdDw$5vkwaWrKN7/tzwwWT7JFIAu60JldReFJ5hbOK8HmLqs",
    },
    Sample {
        login: "ended.erin",
        display_name: "Erin Endicott",
        password: "Farewell-Ferry-63",
        kind: SampleKind::Ended,
        phone: "+44 7700 900018",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$ETyxdMLx4pnIaYVoNNHZbQ$5P4mSvIXNK0r1PNn5XiMyOxAVcNDjbG3VhHlqYgCVVA",
    },
    Sample {
        login: "admin.ada",
        display_name: "Ada Admin",
        password: "Iron.Bridge.Vigil.9",
        kind: SampleKind::Protected,
        phone: "+44 7700 900019",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$EVxT6UkKHdsZlj+1X/+8cg$+0KjTo2OglZH7VIOt8aoUvaXUU9mVoYZQOVhYlcySWU",
    },
    Sample {
        login: "new.noah",
        display_name: "Noah Newman",
        password: "Fresh-Paint-Fence-2",
        kind: SampleKind::Unregistered,
        phone: "+44 7700 900020",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$lVBOZOzjmbMdGovQygzGTg$5wz0UNKtDiWGM1XJz6taneydPzov/yM1obyKMSAGmIs",
    },
    Sample {
        login: "outside.olga",
        display_name: "Olga Outerbridge",
        password: "Visitors welcome 12",
        kind: SampleKind::OutOfScope,
        phone: "+44 7700 900021",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$Xa8wylS7ct7kWXUosDhk9A$JtfWj1V/0R1FjnYM0Mr7MFUL5RRPR/lraEYDHCHO4Qg",
    },
    Sample {
        login: "young.yara",
        display_name: "Yara Young",
        password: "Sapling+Sunday+30",
        kind: SampleKind::Young,
        phone: "+44 7700 900022",
        language: "en",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$ZH/5DbkVfMH8jCKfxbtb3w$Gl3ibGWSUNTmO0ind+TGJm0wXxmh8NOp501FQscCeR8",
    },
    Sample {
        login: "nochange.nils",
        display_name: "Nils Nowak",
        password: "Granit bleibt Granit",
        kind: SampleKind::MayNotChange,
        phone: "+44 7700 900023",
        language: "de",
        hash: "$argon2id$v=19$m=19456,t=2,p=1$L0Ko8WUR68M+LO5UhvhQpA$NILxMW4O3qEGyiHPulsi5517n9V8WYTZk2V7s5Uy0N4",
    },
];

/// The policy of the demo: everything a person can run into within minutes.
#[must_use]
pub fn policy() -> Policy {
    Policy::default()
}

/// Puts the sample accounts into an empty directory and answers with their ids.  One that has
/// accounts already is left as it is, and the answer is empty.
///
/// # Errors
///
/// [`EmbeddedError::Storage`] if the database failed.
pub async fn fill(directory: &Embedded) -> Result<Vec<Placed>, EmbeddedError> {
    if directory.account_count().await? > 0 {
        return Ok(Vec::new());
    }
    directory.set_policy(&policy()).await?;
    directory.nest_group(ENGINEERING, STAFF).await?;
    directory.add_group(ADMINS, true).await?;
    let now = directory.clock.now();
    let is_recommended = directory.hasher.cost() == HashingCost::RECOMMENDED;
    let accounts = SAMPLES
        .iter()
        .map(|sample| account(sample, now, is_recommended))
        .collect::<Result<Vec<_>, _>>()?;
    let ids = directory.import(&accounts).await?;
    Ok(SAMPLES
        .iter()
        .zip(ids)
        .map(|(sample, id)| Placed {
            sample: *sample,
            id,
        })
        .collect())
}

fn account(
    sample: &Sample,
    now: Moment,
    is_recommended: bool,
) -> Result<NewAccount, EmbeddedError> {
    let (given_name, surname) = sample
        .display_name
        .split_once(' ')
        .unwrap_or((sample.display_name, ""));
    let kind = sample.kind;
    let age_days = match kind {
        SampleKind::PasswordExpired => 100,
        SampleKind::Young => 0,
        _ => 10,
    };
    Ok(NewAccount {
        login: sample.login.into(),
        display_name: sample.display_name.into(),
        given_name: Some(given_name.into()),
        surname: Some(surname.into()),
        mail: vec![sample.mail()],
        phones: vec![sample.phone.into()],
        language: Some(sample.language.into()),
        groups: groups(sample),
        credential: Some(credential(sample, is_recommended)?),
        password_changed_at: Some(now.plus_ms(-age_days * DAY_MS)),
        is_disabled: kind == SampleKind::Disabled,
        is_locked: kind == SampleKind::Locked,
        must_change: kind == SampleKind::MustChange,
        may_not_change: kind == SampleKind::MayNotChange,
        ends_at: (kind == SampleKind::Ended).then(|| now.plus_ms(-DAY_MS)),
        own_policy: own_policy(kind),
    })
}

fn groups(sample: &Sample) -> Vec<String> {
    let names: &[&str] = match sample.kind {
        SampleKind::OutOfScope => &["guests"],
        SampleKind::Protected => &[STAFF, ADMINS],
        _ if sample.login == "amir.khan" => &[ENGINEERING],
        _ => &[STAFF],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn credential(sample: &Sample, is_recommended: bool) -> Result<Credential, EmbeddedError> {
    if is_recommended {
        return Ok(Credential::Hash(Secret::new(sample.hash.into())));
    }
    Password::new(sample.password.into())
        .map(Credential::Plain)
        .map_err(|_| EmbeddedError::BadPassword)
}

/// A lock that somebody wants to try must outlast the tour; a minimum age that holds for one
/// account would spoil it for the others.
fn own_policy(kind: SampleKind) -> Option<Policy> {
    match kind {
        SampleKind::Young => Some(Policy {
            age_min_ms: DAY_MS,
            ..policy()
        }),
        SampleKind::Locked => Some(Policy {
            lockout_ms: 0,
            ..policy()
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Argon2, PasswordVerifier};

    #[test]
    fn every_sample_hash_belongs_to_its_password() {
        for sample in SAMPLES {
            let hash = PasswordHash::new(sample.hash).unwrap();
            let verdict = Argon2::default().verify_password(sample.password.as_bytes(), &hash);
            assert!(verdict.is_ok(), "{}", sample.login);
            assert!(sample.hash.contains("m=19456,t=2,p=1"), "{}", sample.login);
        }
    }

    #[test]
    fn every_sample_password_meets_the_policy_and_is_no_other() {
        for (place, sample) in SAMPLES.iter().enumerate() {
            let password = Password::new(sample.password.into()).unwrap();
            assert_eq!(policy().broken_by(&password), [], "{}", sample.login);
            let others = SAMPLES.iter().skip(place + 1);
            assert!(
                others
                    .clone()
                    .all(|other| other.password != sample.password)
            );
        }
    }
}
