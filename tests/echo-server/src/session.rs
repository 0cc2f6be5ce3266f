//! Sessions: a room speaks `everwire.v1` to clients that offer it, and misbehaves in that on command.

mod book;
mod control;
mod handler;
mod manner;
mod order;
mod pump;
mod shelf;
mod spoil;
mod transport;
mod watch;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use everwire::server::{Config, Server};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

pub(crate) use book::Book;
pub use book::{SessionStats, SessionsStats};
pub(crate) use control::obey;
pub(crate) use manner::Manner;
pub(crate) use order::Prank;
pub(crate) use pump::run;

use handler::Clients;
use shelf::Shelf;
use transport::{Far, Near};

/// The sessions of one room. Their server runs on a runtime of its own, so that it can be stopped as a process is:
/// in the middle of whatever it does.
#[derive(Debug)]
pub(crate) struct Sessions {
    book: Arc<Book>,
    /// Where they are kept; in memory if nowhere.
    directory: Option<PathBuf>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    server: Server<Shelf, Clients>,
    shelf: Shelf,
    runtime: Option<Runtime>,
    config: Config,
}

/// What a server that starts again has of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Kept,
    /// Of none anything.
    Lost,
    /// Of each how far it came.
    Buried,
}

impl Sessions {
    pub(crate) fn new(book: Book, directory: Option<PathBuf>) -> Self {
        Self { book: Arc::new(book), directory, running: Mutex::default() }
    }

    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Brings the room's server one more connection; what goes over it comes out here.
    async fn join(&self) -> io::Result<Near> {
        let mut running = self.running.lock().await;
        if running.is_none() {
            let shelf = self.shelf().await?;
            *running = Some(Running::start(shelf, settings(), &self.book).await?);
        }
        let (near, far) = transport::pair();
        if let Some(running) = &*running {
            running.serve(far);
        }
        Ok(near)
    }

    async fn shelf(&self) -> io::Result<Shelf> {
        Shelf::open(self.directory.clone(), &self.book).await
    }

    /// Ends the server at once, and starts it again with what is left of its sessions.
    async fn restart(&self, state: State, change: impl FnOnce(&mut Config)) -> io::Result<()> {
        let mut running = self.running.lock().await;
        let (shelf, mut config) = match running.take() {
            Some(stopped) => stopped.stop(&self.book).await,
            None => (self.shelf().await?, settings()),
        };
        change(&mut config);
        let shelf = match state {
            State::Kept => shelf,
            State::Buried => {
                shelf.bury_all().await?;
                shelf
            }
            State::Lost => {
                shelf.forget(self.directory.clone()).await?;
                self.shelf().await?
            }
        };
        *running = Some(Running::start(shelf, config, &self.book).await?);
        Ok(())
    }
}

impl Running {
    async fn start(shelf: Shelf, config: Config, book: &Arc<Book>) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("sessions").enable_all().build()?;
        let start = Server::start(config.clone(), shelf.clone(), Clients::new(book));
        let server = runtime.spawn(start).await.map_err(io::Error::other)?.map_err(io::Error::other)?;
        book.serve(Some(server.clone()));
        Ok(Self { server, shelf, runtime: Some(runtime), config })
    }

    fn serve(&self, far: Far) {
        let server = self.server.clone();
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move { server.serve(far).await });
        }
    }

    /// Returns when nothing of the server runs any more.
    async fn stop(mut self, book: &Book) -> (Shelf, Config) {
        book.serve(None);
        if let Some(runtime) = self.runtime.take() {
            // It fails if this runtime is shut down, and then that one goes with it.
            let _ = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(STOP_TIME)).await;
        }
        (self.shelf.clone(), self.config.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // The book holds the server, and the server its handler, which holds the book.
        self.book.serve(None);
    }
}

fn settings() -> Config {
    // What a client does not take must pile up here, as far as a test goes, before its session ends.
    Config { held: 64 << 20, sessions: MAX_SESSIONS, resume: Duration::from_secs(600), ..Config::default() }
}

const MAX_SESSIONS: usize = 1_000;
const STOP_TIME: Duration = Duration::from_secs(5);
