//! Sessions in files, so that they outlive the process.

mod log;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::{
    Delta, Found, Grave, SessionStore, Stored, Tombstone, grave_from_bytes, grave_to_bytes,
};

/// A session's file is written anew when it is so many times as long as it was then.
const GROWTH: usize = 4;
/// But not before it has so many bytes.
const SMALL: usize = 64 * 1024;

/// The kinds of entries in a session's file: the whole of it, a change, another fence.
const WHOLE: u8 = 1;
const DELTA: u8 = 2;
const FENCE: u8 = 3;

type Id = [u8; 16];

/// Keeps each session in a file of its own, in a directory that one process at a time may have.
///
/// A process that is killed, with `kill -9` too, loses nothing: what is kept has been handed to the operating
/// system. For a machine that may lose power there is [`FileOptions::sync`]. A session whose file is damaged is set
/// aside as `*.damaged`, and its client is told that it is lost. Files grow to about four times of what the session
/// holds, or 64 KiB.
#[derive(Clone)]
pub struct FileStore(Arc<Inner>);

/// How a [`FileStore`] keeps what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Each change is on the disk before it counts, so that none is lost when the power is: a few milliseconds
    /// each, as the disk is. Default: no.
    pub sync: bool,
    /// So many sessions that have ended are remembered, the latest. Default: 100,000.
    pub tombstones: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { sync: false, tombstones: 100_000 }
    }
}

struct Inner {
    directory: PathBuf,
    sync: bool,
    /// Held as long as the store lives.
    _lock: File,
    /// What was read or written of each session in this run.
    files: Mutex<HashMap<Id, Arc<Mutex<Entry>>>>,
    graves: Mutex<Graves>,
}

/// A session's file.
#[derive(Default)]
struct Entry {
    /// None: nothing is known yet, or there is no file.
    known: Option<Known>,
}

struct Known {
    fence: u64,
    len: usize,
    /// It is written anew when it is longer than this.
    most: usize,
}

struct Graves {
    by_id: HashMap<Id, Grave>,
    /// The oldest first.
    order: VecDeque<Id>,
    most: usize,
    /// Entries in the file, those forgotten among them.
    written: usize,
}

/// Why a [`FileStore`] fails.
#[derive(Debug)]
pub enum FileError {
    /// The operating system says so.
    Io(io::Error),
    /// Another process has this directory.
    Taken(PathBuf),
    /// This file was damaged, and has been set aside.
    Damaged(PathBuf),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "a session's file could not be read or written: {error}"),
            Self::Taken(path) => {
                write!(f, "another process keeps its sessions in {}; give each its own", path.display())
            }
            Self::Damaged(path) => {
                write!(f, "{} is damaged and has been set aside; its session is lost", path.display())
            }
        }
    }
}

impl std::error::Error for FileError {}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FileStore {
    /// Opens a directory, which is made if it is not there. Blocks while it reads what is there.
    ///
    /// # Errors
    /// If another process has the directory, or the file system fails.
    pub fn open(directory: impl Into<PathBuf>, options: FileOptions) -> Result<Self, FileError> {
        let directory = directory.into();
        let FileOptions { sync, tombstones } = options;
        fs::create_dir_all(&directory)?;
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).open(directory.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FileError::Taken(directory)),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        for path in files(&directory, "new")? {
            // It was never put in place.
            fs::remove_file(path)?;
        }
        let graves = Mutex::new(Graves::read(&directory, tombstones, sync)?);
        let files = Mutex::default();
        Ok(Self(Arc::new(Inner { directory, sync, _lock: lock, files, graves })))
    }

    /// File systems block, so that is done where blocking is allowed.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, FileError> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error).into()))
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.0.directory).finish_non_exhaustive()
    }
}

impl SessionStore for FileStore {
    type Error = FileError;

    async fn load(&self, id: Id) -> Result<Option<Found>, FileError> {
        self.run(move |inner| {
            let entry = inner.entry(id);
            if let Some(stored) = inner.read(id, &mut lock(&entry))? {
                return Ok(Some(Found::Session(Box::new(stored))));
            }
            inner.files().remove(&id);
            let graves = lock(&inner.graves);
            Ok(graves.by_id.get(&id).cloned().map(|(identity, principal, tombstone)| Found::Grave {
                identity,
                principal,
                tombstone,
            }))
        })
        .await
    }

    async fn left(&self) -> Result<Vec<Id>, FileError> {
        self.run(|inner| {
            let paths = files(&inner.directory, "session")?;
            Ok(paths.iter().filter_map(|path| parse(path.file_stem()?.to_str()?)).collect())
        })
        .await
    }

    async fn create(&self, session: Stored) -> Result<(), FileError> {
        self.run(move |inner| {
            let entry = inner.entry(session.identity.id);
            inner.rewrite(&session, &mut lock(&entry))
        })
        .await
    }

    async fn bind(&self, id: Id, held: u64, fence: u64) -> Result<bool, FileError> {
        let entry = log::entry(&[&[FENCE], &fence.to_le_bytes()])?;
        self.run(move |inner| inner.append(id, held, fence, &entry)).await
    }

    async fn commit(&self, id: Id, delta: &Delta) -> Result<bool, FileError> {
        let fence = delta.state.fence;
        let entry = log::entry(&[&[DELTA], &delta.to_bytes()])?;
        self.run(move |inner| inner.append(id, fence, fence, &entry)).await
    }

    async fn bury(&self, id: Id, held: u64, tombstone: Option<Tombstone>) -> Result<bool, FileError> {
        self.run(move |inner| {
            let file = inner.entry(id);
            let mut file = lock(&file);
            let Some(stored) = inner.read(id, &mut file)?.filter(|stored| stored.state.fence == held) else {
                return Ok(false);
            };
            if let Some(tombstone) = tombstone {
                // As long as the file is there, the grave does not count.
                let grave = (stored.identity, stored.principal, tombstone);
                lock(&inner.graves).dig(&inner.directory, grave, inner.sync)?;
            }
            fs::remove_file(inner.path(id))?;
            log::sync_directory(&inner.path(id), inner.sync)?;
            file.known = None;
            inner.files().remove(&id);
            Ok(true)
        })
        .await
    }
}

impl Inner {
    fn files(&self) -> MutexGuard<'_, HashMap<Id, Arc<Mutex<Entry>>>> {
        lock(&self.files)
    }

    fn entry(&self, id: Id) -> Arc<Mutex<Entry>> {
        Arc::clone(self.files().entry(id).or_default())
    }

    fn path(&self, id: Id) -> PathBuf {
        let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(name).with_extension("session")
    }

    /// What the file says; none if there is none.
    fn read(&self, id: Id, entry: &mut Entry) -> Result<Option<Stored>, FileError> {
        let path = self.path(id);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let whole = log::read(&bytes).and_then(|read| Some((replay(&read.entries, id)?, read.end)));
        let Some((stored, end)) = whole else {
            entry.known = None;
            let aside = path.with_extension("damaged");
            fs::rename(&path, &aside)?;
            return Err(FileError::Damaged(aside));
        };
        if end < bytes.len() {
            OpenOptions::new().write(true).open(&path)?.set_len(end as u64)?;
        }
        let most = entry.known.as_ref().map_or(GROWTH * end, |known| known.most).max(SMALL);
        entry.known = Some(Known { fence: stored.state.fence, len: end, most });
        Ok(Some(stored))
    }

    /// Writes an entry if the fence is what it should be.
    fn append(&self, id: Id, held: u64, fence: u64, bytes: &[u8]) -> Result<bool, FileError> {
        let entry = self.entry(id);
        let mut entry = lock(&entry);
        if entry.known.is_none() && self.read(id, &mut entry)?.is_none() {
            self.files().remove(&id);
            return Ok(false);
        }
        let Some(known) = entry.known.as_mut().filter(|known| known.fence == held) else { return Ok(false) };
        if let Err(error) = log::append(&self.path(id), bytes, self.sync) {
            // Nobody knows how much of it is there; reading mends that.
            entry.known = None;
            return Err(error.into());
        }
        known.fence = fence;
        known.len += bytes.len();
        if known.len > known.most
            && let Some(stored) = self.read(id, &mut entry)?
        {
            self.rewrite(&stored, &mut entry)?;
        }
        Ok(true)
    }

    fn rewrite(&self, stored: &Stored, entry: &mut Entry) -> Result<(), FileError> {
        let bytes = log::entry(&[&[WHOLE], &stored.to_bytes()])?;
        log::replace(&self.path(stored.identity.id), &bytes, self.sync)?;
        let most = (GROWTH * bytes.len()).max(SMALL);
        entry.known = Some(Known { fence: stored.state.fence, len: bytes.len(), most });
        Ok(())
    }
}

/// What the entries of a session's file come to; none if they are those of no session, or of another.
fn replay(entries: &[&[u8]], id: Id) -> Option<Stored> {
    let (first, rest) = entries.split_first()?;
    let (kind, body) = first.split_first()?;
    let mut stored =
        Stored::from_bytes(body).ok().filter(|stored| *kind == WHOLE && stored.identity.id == id)?;
    for entry in rest {
        match entry.split_first()? {
            (&DELTA, body) => stored.apply(&Delta::from_bytes(body).ok()?),
            (&FENCE, body) => stored.state.fence = u64::from_le_bytes(body.try_into().ok()?),
            _ => return None,
        }
    }
    stored.check().ok()?;
    Some(stored)
}

impl Graves {
    fn path(directory: &Path) -> PathBuf {
        directory.join("tombstones")
    }

    fn read(directory: &Path, most: usize, sync: bool) -> Result<Self, FileError> {
        let mut graves = Self { by_id: HashMap::new(), order: VecDeque::new(), most, written: 0 };
        let path = Self::path(directory);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        match log::read(&bytes) {
            Some(read) => {
                for grave in read.entries.iter().filter_map(|entry| grave_from_bytes(entry).ok()) {
                    graves.remember(grave);
                }
            }
            // Without them more is in doubt than need be, and nothing is wrong.
            None => fs::rename(&path, path.with_extension("damaged"))?,
        }
        graves.rewrite(directory, sync)?;
        Ok(graves)
    }

    fn remember(&mut self, grave: Grave) {
        let id = grave.0.id;
        if self.by_id.insert(id, grave).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.by_id.remove(&oldest);
            }
        }
    }

    fn dig(&mut self, directory: &Path, grave: Grave, sync: bool) -> Result<(), FileError> {
        let entry = log::entry(&[&grave_to_bytes(&grave)])?;
        log::append(&Self::path(directory), &entry, sync)?;
        self.remember(grave);
        self.written += 1;
        if self.written > 2 * self.most.max(1) { self.rewrite(directory, sync) } else { Ok(()) }
    }

    fn rewrite(&mut self, directory: &Path, sync: bool) -> Result<(), FileError> {
        let mut bytes = Vec::new();
        for grave in self.order.iter().filter_map(|id| self.by_id.get(id)) {
            bytes.extend(log::entry(&[&grave_to_bytes(grave)])?);
        }
        log::replace(&Self::path(directory), &bytes, sync)?;
        self.written = self.order.len();
        Ok(())
    }
}

/// The files in a directory that have this extension.
fn files(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for file in fs::read_dir(directory)? {
        let path = file?.path();
        if path.extension().is_some_and(|its| its == extension) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn parse(name: &str) -> Option<Id> {
    let number = u128::from_str_radix(name, 16).ok().filter(|_| name.len() == 32)?;
    Some(number.to_be_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
