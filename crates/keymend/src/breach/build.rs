//! Making the file of leaked passwords out of a downloaded list.
//!
//! Memory is bounded whatever the list's length and order: the keys (the first 64 bits of each
//! hash) go to 256 files on disk by their first byte, and each of those is sorted by itself.  A
//! billion hashes take 8 GB of disk beside the file, 32 MB for the largest of those files and 16 MB
//! for the table.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::HashKind;
use super::file::{Head, SHARD_BITS_MAX, shard_of, start_of_shards, table_bytes};
use super::input::{Source, sources};
use super::shard::{self, CELL_BITS, UNIT};

/// Files that the keys are spread over.
const BUCKETS: usize = 256;

/// Keys of one bucket at most, for the sake of memory (512 MB): 17 billion hashes in all.
const BUCKET_KEYS_MAX: u64 = 1 << 26;

/// Hashes of one list at most: with more, a cell would hold more than one on average, and more
/// strangers would be taken for listed ones than is promised.
const KEYS_MAX: u64 = 1 << (SHARD_BITS_MAX + CELL_BITS);

/// Keys of one shard at most: sixteen times the average, which no list of hashes comes near, and
/// far less than a look-up reads (`SHARD_BYTES_MAX`).
const SHARD_KEYS_MAX: usize = 16 << CELL_BITS;

/// Buffer of each bucket while it is filled.
const BUCKET_BUFFER_BYTES: usize = 1 << 15;

/// What to build.
#[derive(Debug, Clone)]
pub struct Build {
    /// Files and folders to read.
    pub from: Vec<PathBuf>,
    /// The file to write; what is there is replaced at the very end.
    pub to: PathBuf,
    /// Which hash the list is made of.
    pub kind: HashKind,
    /// The time of the build, in seconds since 1970.
    pub made_at_secs: u64,
}

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Different hashes.
    pub count: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of the list that were read, and all of them.
    Reading {
        /// So far.
        done: u64,
        /// In all.
        all: u64,
    },
    /// Hashes that were written, and all of them; doubles count in neither once they are found.
    Writing {
        /// So far.
        done: u64,
        /// In all.
        all: u64,
    },
}

/// Why nothing was built; what was there before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum BuildFault {
    /// No file to read was found.
    #[error("there is nothing to read: name files, or folders with files named by five digits")]
    Empty,
    /// A file of the list cannot be read.
    #[error("{} cannot be read", path.display())]
    Unread {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no hash.
    #[error("{}:{number}: {reason}", file.display())]
    BadLine {
        /// In which file.
        file: PathBuf,
        /// The line's number, from 1.
        number: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// What was made cannot be written.
    #[error("the file, or what is kept beside it meanwhile, cannot be written")]
    Unwritten(#[from] io::Error),
    /// Too many hashes begin alike: no list of hashes does.
    #[error("more hashes begin alike than memory is set aside for; this is no list of hashes")]
    Uneven,
    /// More hashes than a file may hold.
    #[error("more than {KEYS_MAX} hashes; leave out those that were seen least often")]
    TooMany,
}

impl Build {
    /// Reads the lists and writes the file.
    ///
    /// The file appears at its place only when it is whole and on the disk.
    ///
    /// # Errors
    ///
    /// [`BuildFault`]; nothing was changed.
    pub fn run(&self, progress: &mut dyn FnMut(Progress)) -> Result<Built, BuildFault> {
        let sources = sources(&self.from)?;
        let mut beside = self.to.as_os_str().to_owned();
        beside.push(format!(".new-{}", std::process::id()));
        let mut scratch = Scratch::new(PathBuf::from(beside)).map_err(BuildFault::Unwritten)?;
        let counts = scratch.fill(&sources, self.kind, progress)?;
        if counts.iter().any(|count| *count > BUCKET_KEYS_MAX) {
            return Err(BuildFault::Uneven);
        }
        let all = counts.iter().sum();
        if all > KEYS_MAX {
            return Err(BuildFault::TooMany);
        }
        self.write(&scratch, all, progress)
    }

    fn write(
        &self,
        scratch: &Scratch,
        all: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, BuildFault> {
        let draft = scratch.folder.join("whole");
        let mut shards = Shards::begin(File::create(&draft)?, shard_bits(all))?;
        for number in 0..BUCKETS {
            let mut keys = scratch.keys(number)?;
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                shards.push(key)?;
            }
            let done = shards.count;
            progress(Progress::Writing { done, all });
        }
        let built = shards.finish(self)?;
        fs::rename(&draft, &self.to)?;
        let folder = self
            .to
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(built)
    }
}

/// As many cells as keys, or up to twice as many.
fn shard_bits(keys: u64) -> u32 {
    let cells = keys.max(1).next_power_of_two().trailing_zeros();
    cells.saturating_sub(CELL_BITS).min(SHARD_BITS_MAX)
}

/// A folder beside the target for what is kept meanwhile; gone when this is dropped.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir(&folder)?;
        Ok(Self { folder })
    }

    fn bucket(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number:02x}"))
    }

    /// Spreads the keys of all sources; gives back how many each bucket holds.
    fn fill(
        &mut self,
        sources: &[Source],
        kind: HashKind,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<u64>, BuildFault> {
        let open = |number| {
            let file = File::create(self.bucket(number))?;
            Ok(BufWriter::with_capacity(BUCKET_BUFFER_BYTES, file))
        };
        let buckets: io::Result<Vec<BufWriter<File>>> = (0..BUCKETS).map(open).collect();
        let mut buckets = buckets.map_err(BuildFault::Unwritten)?;
        let mut counts = vec![0_u64; BUCKETS];
        let all: u64 = sources.iter().map(|source| source.bytes).sum();
        let mut before = 0;
        for source in sources {
            let mut take = |key: u64| -> io::Result<()> {
                let number = shard_of(key, 8);
                if let (Some(bucket), Some(count)) =
                    (buckets.get_mut(number), counts.get_mut(number))
                {
                    *count += 1;
                    bucket.write_all(&key.to_le_bytes())?;
                }
                Ok(())
            };
            let mut tell = |read: u64| {
                progress(Progress::Reading {
                    done: before + read,
                    all,
                })
            };
            source.read(kind, &mut take, &mut tell)?;
            before += source.bytes;
        }
        for mut bucket in buckets {
            bucket.flush().map_err(BuildFault::Unwritten)?;
        }
        Ok(counts)
    }

    /// The keys of one bucket; its file is removed to make room.
    fn keys(&self, number: usize) -> io::Result<Vec<u64>> {
        let path = self.bucket(number);
        let mut file = File::open(&path)?;
        let bytes = usize::try_from(file.metadata()?.len()).unwrap_or_default();
        let mut keys = Vec::with_capacity(bytes / 8);
        let mut buffer = vec![0; 1 << 16];
        let mut held = 0;
        loop {
            let room = buffer.get_mut(held..).unwrap_or_default();
            let read = file.read(room)?;
            held += read;
            let (whole, rest) = buffer.get(..held).unwrap_or_default().as_chunks::<8>();
            keys.extend(whole.iter().map(|eight| u64::from_le_bytes(*eight)));
            let kept = rest.len();
            buffer.copy_within(held - kept..held, 0);
            held = kept;
            if read == 0 {
                break;
            }
        }
        fs::remove_file(path)?;
        Ok(keys)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays costs disk and nothing else; its name says what made it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes shard after shard, in the order of their keys.
struct Shards {
    file: BufWriter<File>,
    bits: u32,
    table: Vec<u32>,
    /// Units that were written.
    at: u64,
    keys: Vec<u64>,
    count: u64,
}

impl Shards {
    fn begin(file: File, bits: u32) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, file);
        file.seek(SeekFrom::Start(start_of_shards(bits)))?;
        Ok(Self {
            file,
            bits,
            table: Vec::new(),
            at: 0,
            keys: Vec::new(),
            count: 0,
        })
    }

    /// The next key; keys come sorted and each once.
    fn push(&mut self, key: u64) -> Result<(), BuildFault> {
        let number = shard_of(key, self.bits);
        self.close_until(number)?;
        if self.keys.len() >= SHARD_KEYS_MAX {
            return Err(BuildFault::Uneven);
        }
        self.keys.push(key);
        self.count += 1;
        Ok(())
    }

    /// Writes what is open, and all shards before `number`.
    fn close_until(&mut self, number: usize) -> io::Result<()> {
        while self.table.len() < number {
            let current = self.table.len();
            self.begin_shard()?;
            if !self.keys.is_empty() {
                let bytes = shard::encode(&self.keys, current, self.bits);
                self.file.write_all(&bytes)?;
                self.at += bytes.len() as u64 / UNIT;
                self.keys.clear();
            }
        }
        Ok(())
    }

    /// Notes where the next shard begins.
    fn begin_shard(&mut self) -> io::Result<()> {
        let at = u32::try_from(self.at).map_err(io::Error::other)?;
        self.table.push(at);
        Ok(())
    }

    fn finish(mut self, build: &Build) -> io::Result<Built> {
        self.close_until(1 << self.bits)?;
        self.begin_shard()?;
        let head = Head {
            kind: build.kind,
            made_at_secs: build.made_at_secs,
            count: self.count,
            shard_bits: self.bits,
        };
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&head.bytes(&self.table))?;
        self.file.write_all(&table_bytes(&self.table))?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Built {
            count: self.count,
            bytes: start_of_shards(self.bits) + self.at * UNIT,
        })
    }
}
