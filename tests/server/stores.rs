//! What the server relies on of a store, and what files may look like.

use std::fs;
use std::path::{Path, PathBuf};

use everwire::server::{FileError, FileOptions, FileStore, MemoryStore};
use everwire::session::{Delta, Found, Identity, Limits, Payload, Session, SessionStore, Stored, Tombstone};
use proptest::prelude::*;

/// A directory of its own for a test, gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn store(&self) -> FileStore {
        FileStore::open(&self.0, FileOptions::default()).unwrap()
    }

    fn session(&self) -> PathBuf {
        let mut found = fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().path());
        found.find(|path| path.extension().is_some_and(|its| its == "session")).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn identity(number: u8) -> Identity {
    Identity { id: [number; 16], secret: [number ^ 0xff; 16] }
}

/// A session with a fence, as a store keeps it.
fn stored(number: u8) -> Stored {
    let mut stored = Stored::new(identity(number), b"ann".to_vec());
    stored.state.fence = 1;
    stored
}

/// Messages, bound one after the other: each a change.
fn deltas(count: usize) -> Vec<Delta> {
    let mut session = Session::restored(Limits::default(), &stored(1));
    let delta = |session: &mut Session, text: &str| {
        session.message(Payload { channel: 0, text: true, bytes: text.as_bytes() });
        session.delta().unwrap()
    };
    (0..count).map(|number| delta(&mut session, &format!("message {number}"))).collect()
}

async fn session(store: &impl SessionStore, id: u8) -> Stored {
    match store.load([id; 16]).await.unwrap() {
        Some(Found::Session(stored)) => *stored,
        other => panic!("{other:?}"),
    }
}

/// What every store must do.
async fn keeps_its_contract(store: impl SessionStore) {
    assert_eq!(store.load([1; 16]).await.unwrap(), None);
    assert!(!store.bind([1; 16], 0, 1).await.unwrap());
    store.create(stored(1)).await.unwrap();
    assert_eq!(session(&store, 1).await, stored(1));
    let changes = deltas(3);
    assert!(store.commit([1; 16], &changes[0]).await.unwrap());
    assert!(store.commit([1; 16], &changes[1]).await.unwrap());
    let mut expected = stored(1);
    expected.apply(&changes[0]);
    expected.apply(&changes[1]);
    assert_eq!(session(&store, 1).await, expected);
    // Of two that want the session, one gets it.
    assert!(store.bind([1; 16], 1, 5).await.unwrap());
    assert!(!store.bind([1; 16], 1, 6).await.unwrap());
    expected.state.fence = 5;
    assert_eq!(session(&store, 1).await, expected);
    // And the other one's changes come to nothing.
    let tombstone = Tombstone { recv: 0, next: 3 };
    assert!(!store.commit([1; 16], &changes[2]).await.unwrap());
    assert!(!store.bury([1; 16], 1, Some(tombstone)).await.unwrap());
    assert_eq!(session(&store, 1).await, expected);
    assert!(store.bury([1; 16], 5, Some(tombstone)).await.unwrap());
    let grave = Found::Grave { identity: identity(1), principal: b"ann".to_vec(), tombstone };
    assert_eq!(store.load([1; 16]).await.unwrap(), Some(grave));
    assert!(!store.bury([1; 16], 5, Some(tombstone)).await.unwrap());
    assert!(!store.commit([1; 16], &changes[2]).await.unwrap());
    assert!(!store.bind([1; 16], 5, 6).await.unwrap());
    // Where nothing can be proved, nothing is left.
    store.create(stored(2)).await.unwrap();
    assert!(store.bury([2; 16], 1, None).await.unwrap());
    assert_eq!(store.load([2; 16]).await.unwrap(), None);
}

#[tokio::test]
async fn the_store_in_memory_gives_a_session_to_one_server_at_a_time() {
    keeps_its_contract(MemoryStore::new()).await;
}

#[tokio::test]
async fn the_store_in_files_gives_a_session_to_one_server_at_a_time() {
    let directory = Directory::new("contract");
    keeps_its_contract(directory.store()).await;
    let directory = Directory::new("contract-sync");
    let options = FileOptions { sync: true, ..FileOptions::default() };
    keeps_its_contract(FileStore::open(&directory.0, options).unwrap()).await;
}

#[tokio::test]
async fn what_files_keep_is_there_when_they_are_opened_again() {
    let directory = Directory::new("again");
    let changes = deltas(2);
    let mut expected = stored(1);
    let store = directory.store();
    store.create(stored(1)).await.unwrap();
    store.create(stored(2)).await.unwrap();
    store.commit([1; 16], &changes[0]).await.unwrap();
    let tombstone = Tombstone { recv: 7, next: 9 };
    assert!(store.bury([2; 16], 1, Some(tombstone)).await.unwrap());
    drop(store);
    let store = directory.store();
    expected.apply(&changes[0]);
    assert_eq!(store.left().await.unwrap(), [[1; 16]]);
    assert_eq!(session(&store, 1).await, expected);
    assert!(
        matches!(store.load([2; 16]).await.unwrap(), Some(Found::Grave { tombstone: its, .. }) if its == tombstone)
    );
    // A change needs no reading before it.
    drop(store);
    let store = directory.store();
    assert!(store.commit([1; 16], &changes[1]).await.unwrap());
    expected.apply(&changes[1]);
    assert_eq!(session(&store, 1).await, expected);
}

#[tokio::test]
async fn a_directory_belongs_to_one_process_at_a_time() {
    let directory = Directory::new("taken");
    let store = directory.store();
    let again = FileStore::open(&directory.0, FileOptions::default());
    assert!(matches!(again, Err(FileError::Taken(_))));
    drop(store);
    directory.store();
}

#[tokio::test]
async fn an_entry_that_was_cut_off_is_as_if_it_had_never_been_and_the_next_one_follows_properly() {
    let directory = Directory::new("torn");
    let changes = deltas(2);
    let store = directory.store();
    store.create(stored(1)).await.unwrap();
    store.commit([1; 16], &changes[0]).await.unwrap();
    let path = directory.session();
    let before = fs::read(&path).unwrap();
    store.commit([1; 16], &changes[1]).await.unwrap();
    let after = fs::read(&path).unwrap();
    drop(store);
    let mut expected = stored(1);
    expected.apply(&changes[0]);
    for len in before.len()..after.len() {
        fs::write(&path, &after[..len]).unwrap();
        let store = directory.store();
        assert_eq!(session(&store, 1).await, expected, "cut at {len}");
        assert!(store.commit([1; 16], &changes[1]).await.unwrap());
        drop(store);
        assert_eq!(fs::read(&path).unwrap(), after, "cut at {len}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_an_error_once_and_set_aside_and_no_other_session_suffers() {
    let directory = Directory::new("damaged");
    let store = directory.store();
    store.create(stored(1)).await.unwrap();
    let path = directory.session();
    store.create(stored(2)).await.unwrap();
    store.commit([1; 16], &deltas(1)[0]).await.unwrap();
    let whole = fs::read(&path).unwrap();
    drop(store);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let store = directory.store();
        match store.load([1; 16]).await {
            Err(FileError::Damaged(aside)) => {
                assert!(aside.exists());
                assert_eq!(store.load([1; 16]).await.unwrap(), None);
            }
            // In its last entry damage cannot be told from an entry that was never finished.
            Ok(Some(Found::Session(found))) => assert_eq!(*found, stored(1), "byte {at}"),
            other => panic!("byte {at}: {other:?}"),
        }
        session(&store, 2).await;
    }
}

#[tokio::test]
async fn files_do_not_grow_with_what_goes_through_a_session() {
    let directory = Directory::new("growth");
    let store = directory.store();
    store.create(stored(1)).await.unwrap();
    let mut session = Session::restored(Limits::default(), &stored(1));
    let mut most = 0;
    for _ in 0..500 {
        session.message(Payload { channel: 0, text: false, bytes: &[7; 1_000] });
        let mut delta = session.delta().unwrap();
        // As if the client had accepted it at once.
        delta.state.acked = delta.state.last;
        delta.state.acked_end += 1_004 * delta.state.last;
        assert!(store.commit([1; 16], &delta).await.unwrap());
        session.keep(&delta);
        most = most.max(fs::metadata(directory.session()).unwrap().len());
    }
    assert!(most < 70_000, "{most}");
    drop(store);
    match directory.store().load([1; 16]).await.unwrap() {
        Some(Found::Session(stored)) => assert_eq!(stored.state.last, 500),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tombstones_are_bounded_in_number_and_on_the_disk() {
    let directory = Directory::new("tombstones");
    let options = FileOptions { tombstones: 10, ..FileOptions::default() };
    let store = FileStore::open(&directory.0, options).unwrap();
    let tombstone = Tombstone { recv: 1, next: 1 };
    for number in 1..=200 {
        store.create(stored(number)).await.unwrap();
        assert!(store.bury([number; 16], 1, Some(tombstone)).await.unwrap());
    }
    assert!(fs::metadata(directory.0.join("tombstones")).unwrap().len() < 21 * 70);
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 2, "the lock and the tombstones");
    drop(store);
    let store = FileStore::open(&directory.0, options).unwrap();
    assert_eq!(store.load([190; 16]).await.unwrap(), None);
    assert!(store.load([191; 16]).await.unwrap().is_some());
}

proptest! {
    #[test]
    fn any_bytes_are_a_session_that_could_go_on_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(stored) = Stored::from_bytes(&bytes) {
            Session::restored(Limits::default(), &stored);
        }
        let _ = Delta::from_bytes(&bytes);
        let _ = everwire::session::grave_from_bytes(&bytes);
    }

    #[test]
    fn bytes_that_were_changed_are_a_session_that_could_go_on_or_an_error(
        count in 0..20_usize,
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        let mut whole = stored(1);
        deltas(count).iter().for_each(|delta| whole.apply(delta));
        let mut bytes = whole.to_bytes();
        prop_assert_eq!(Stored::from_bytes(&bytes).unwrap(), whole);
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(stored) = Stored::from_bytes(&bytes) {
            let mut session = Session::restored(Limits::default(), &stored);
            session.message(Payload { channel: 0, text: false, bytes: b"on" });
            session.delta();
        }
    }
}
