use std::fs;
use std::io::Write as _;

use super::*;

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// Keys that look random and are the same in every run (splitmix64, Steele and others 2014).
fn keys(seed: u64) -> impl Iterator<Item = u64> {
    (1..).map(move |n: u64| {
        let mut mixed = (seed + n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}

fn line(kind: HashKind, key: u64) -> String {
    format!("{key:016X}{:0width$X}:7\r\n", 0, width = kind.digits() - 16)
}

fn build(from: &[PathBuf], to: &Path, kind: HashKind) -> Result<Built, BuildFault> {
    let build = Build {
        from: from.to_vec(),
        to: to.to_owned(),
        kind,
        made_at_secs: 1_795_000_000,
    };
    build.run(&mut |_| ())
}

#[test]
fn a_list_whose_hashes_all_begin_alike_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (
        folder.path().join("list.txt"),
        folder.path().join("leaked.kmb"),
    );
    // They would fill one shard beyond what a look-up reads, and be found by nobody.
    let alike = |key: u64| line(HashKind::Sha1, key >> 8);
    let text: String = keys(3).take(20_000).map(alike).collect();
    fs::write(&list, text).unwrap();
    let refused = build(std::slice::from_ref(&list), &target, HashKind::Sha1).unwrap_err();
    assert!(matches!(refused, BuildFault::Uneven), "{refused}");
    assert!(refused.to_string().contains("begin alike"), "{refused}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn hashes_are_those_of_the_public_lists() {
    // Source: RFC 3174 and MS-NLMP vectors for "password", first 64 bits.
    let typed = password("password");
    assert_eq!(HashKind::Sha1.key(&typed), 0x5BAA_61E4_C9B9_3F3F);
    assert_eq!(HashKind::Ntlm.key(&typed), 0x8846_F7EA_EE8F_B117);
}

#[test]
fn every_listed_hash_is_found_and_one_other_in_sixty_thousand_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (
        folder.path().join("list.txt"),
        folder.path().join("leaked.kmb"),
    );
    let mut text = fs::File::create(&list).unwrap();
    for key in keys(1).take(200_000) {
        text.write_all(line(HashKind::Sha1, key).as_bytes())
            .unwrap();
    }
    drop(text);
    // The same list twice: doubles count once.
    let built = build(&[list.clone(), list], &target, HashKind::Sha1).unwrap();
    assert_eq!(built.count, 200_000);
    assert_eq!(built.bytes, fs::metadata(&target).unwrap().len());
    let file = BreachFile::open(&target).unwrap();
    assert_eq!((file.count(), file.kind()), (200_000, HashKind::Sha1));
    file.verify().unwrap();
    assert!(keys(1).take(200_000).all(|key| file.holds(key).unwrap()));
    let strangers = keys(1 << 40).take(600_000);
    let wrong = strangers.filter(|key| file.holds(*key).unwrap()).count();
    assert!(wrong <= 20, "{wrong} of 600,000");
    assert!(
        fs::read_dir(folder.path()).unwrap().count() == 2,
        "nothing is left beside it"
    );
}

#[test]
fn a_folder_of_ranges_is_read_as_the_service_gives_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let (ranges, target) = (
        folder.path().join("ranges"),
        folder.path().join("leaked.kmb"),
    );
    fs::create_dir(&ranges).unwrap();
    // SHA-1 of "password", and padding that counts no leak (SHA-1 of "kettle moss river").
    fs::write(
        ranges.join("5BAA6.txt"),
        "1E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r\n",
    )
    .unwrap();
    fs::write(
        ranges.join("00000"),
        "00000000000000000000000000000000000:0\n\n",
    )
    .unwrap();
    fs::write(ranges.join("README"), "not a range").unwrap();
    let built = build(&[ranges], &target, HashKind::Sha1).unwrap();
    assert_eq!(built.count, 1);
    let file = BreachFile::open(&target).unwrap();
    assert!(file.contains(&password("password")).unwrap());
    assert!(!file.contains(&password("kettle moss river")).unwrap());
    assert!(!file.holds(0).unwrap());
}

#[test]
fn a_list_of_windows_hashes_finds_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (
        folder.path().join("list.txt"),
        folder.path().join("leaked.kmb"),
    );
    fs::write(&list, "8846f7eaee8fb117ad06bdd830b7586c\n").unwrap();
    let refused = build(std::slice::from_ref(&list), &target, HashKind::Sha1)
        .unwrap_err()
        .to_string();
    assert!(
        refused.ends_with("list.txt:1: it is an NTLM hash; say --kind ntlm"),
        "{refused}"
    );
    assert!(!target.exists());
    build(&[list], &target, HashKind::Ntlm).unwrap();
    let file = BreachFile::open(&target).unwrap();
    assert!(file.contains(&password("password")).unwrap());
    assert!(!file.contains(&password("Password")).unwrap());
}

#[test]
fn what_is_no_list_is_refused_and_the_old_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (
        folder.path().join("list.txt"),
        folder.path().join("leaked.kmb"),
    );
    fs::write(&target, "the old one").unwrap();
    for (text, said) in [
        (
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\nhello\n",
            "list.txt:2: it does not begin with a hash",
        ),
        ("password\n", "list.txt:1: it does not begin"),
    ] {
        fs::write(&list, text).unwrap();
        let refused = build(std::slice::from_ref(&list), &target, HashKind::Sha1)
            .unwrap_err()
            .to_string();
        assert!(refused.contains(said), "{refused}");
    }
    assert!(matches!(
        build(&[folder.path().to_owned()], &target, HashKind::Sha1),
        Err(BuildFault::Empty)
    ));
    assert_eq!(fs::read_to_string(&target).unwrap(), "the old one");
    assert!(matches!(
        BreachFile::open(&target),
        Err(BreachFault::Foreign)
    ));
}

#[test]
fn no_damage_goes_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (
        folder.path().join("list.txt"),
        folder.path().join("leaked.kmb"),
    );
    let listed: Vec<u64> = keys(3).take(5_000).collect();
    let text: String = listed
        .iter()
        .map(|key| line(HashKind::Sha1, *key))
        .collect();
    fs::write(&list, text).unwrap();
    build(&[list], &target, HashKind::Sha1).unwrap();
    let whole = fs::read(&target).unwrap();
    for at in (0..whole.len())
        .step_by(97)
        .chain([0, 8, 12, 40, 63, 64, whole.len() - 1])
    {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&target, &damaged).unwrap();
        let seen = BreachFile::open(&target).and_then(|file| file.verify());
        assert!(seen.is_err(), "byte {at}");
    }
    for length in [0, 10, 63, 64, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&target, &whole[..length]).unwrap();
        assert!(BreachFile::open(&target).is_err(), "cut at {length}");
    }
}

#[test]
fn without_the_file_the_list_that_comes_with_keymend_answers() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Leaked::with_file(&folder.path().join("nothing.kmb"));
    assert!(
        missing
            .fault()
            .unwrap()
            .contains("nothing.kmb: cannot be read")
    );
    for leaked in [Leaked::shipped(), missing] {
        assert!(leaked.contains(&password("trustno1")));
        assert!(!leaked.contains(&password("quiet kettle 93 river")));
        assert!(leaked.file().is_none());
    }
}

#[test]
fn a_file_that_is_cut_short_while_it_is_used_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (list, target) = (
        folder.path().join("list.txt"),
        folder.path().join("leaked.kmb"),
    );
    let key = HashKind::Sha1.key(&password("quiet kettle 93 river"));
    fs::write(&list, line(HashKind::Sha1, key)).unwrap();
    build(&[list], &target, HashKind::Sha1).unwrap();
    let leaked = Leaked::with_file(&target);
    assert!(leaked.contains(&password("quiet kettle 93 river")));
    fs::OpenOptions::new()
        .write(true)
        .open(&target)
        .unwrap()
        .set_len(90)
        .unwrap();
    assert!(!leaked.contains(&password("quiet kettle 93 river")));
    assert!(leaked.contains(&password("trustno1")));
}
