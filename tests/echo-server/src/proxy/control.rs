use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpStream;
use tokio::select;
use tokio::task::{JoinHandle, JoinSet};

use super::Proxy;
use super::faults::{Faults, How};
use crate::config::Limits;
use crate::head::{Head, skip_body};
use crate::http::{end_with, with_cors};
use crate::listener::{accept_one, reserve};
use crate::origin;
use crate::reply::Reply;
use crate::stream::Stream;

/// The port by which a [`Proxy`] is told over HTTP what to do. Dropping it closes the port and lets
/// the proxy go.
#[derive(Debug)]
pub struct ProxyControl {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl ProxyControl {
    /// Listens for orders.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(address: SocketAddr, proxy: Proxy) -> io::Result<Self> {
        let listener = reserve(address)?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let proxy = Arc::new(proxy);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                select! {
                    (stream, _) = accept_one(&listener), if connections.len() < MAX_CONNECTIONS => {
                        connections.spawn(serve(Arc::clone(&proxy), stream));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens, the port being the one chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ProxyControl {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request.
async fn serve(proxy: Arc<Proxy>, tcp: TcpStream) {
    let limits = Limits::default();
    let mut stream = Stream::Bare(tcp);
    let mut buffer = Vec::new();
    let reply = match Head::read(&mut stream, &mut buffer, &limits, limits.handshake).await {
        Ok(Some(head)) => match skip_body(&head, &mut stream, &mut buffer, &limits).await {
            Ok(()) => with_cors(obey(&proxy, &head).await.unwrap_or_else(|refusal| refusal)),
            Err(refusal) => refusal,
        },
        Ok(None) => return,
        Err(refusal) => refusal,
    };
    end_with(reply, &mut stream).await;
}

async fn obey(proxy: &Proxy, head: &Head) -> Result<Reply, Reply> {
    let failed = |error: io::Error| Reply::text(503, format!("It could not be done: {error}."));
    if !origin::is_allowed(head, &[]) {
        return Err(Reply::text(403, "Only pages of this machine may control."));
    }
    match (head.method.as_str(), head.path.as_str()) {
        ("OPTIONS", _) => Ok(Reply::empty(204)),
        ("GET", "/stats") => {
            let stats = serde_json::to_value(proxy.stats());
            stats.map(|stats| Reply::json(&stats)).map_err(|error| failed(error.into()))
        }
        ("POST", "/control/faults") => {
            let faults = Faults::from_query(&head.query).map_err(Reply::bad_request)?;
            proxy.set(faults).await.map_err(failed)?;
            Ok(Reply::json(&json!({ "seed": proxy.stats().seed })))
        }
        ("POST", "/control/cut") => {
            let how: Result<How, _> = head.query.first("how").map_or(Ok(How::default()), str::parse);
            let open = proxy.stats().open;
            proxy.cut(how.map_err(Reply::bad_request)?).await.map_err(failed)?;
            Ok(Reply::json(&json!({ "cut": open })))
        }
        (_, "/stats" | "/control/faults" | "/control/cut") => {
            Err(Reply::text(405, "Read /stats by GET and order by POST."))
        }
        _ => Err(Reply::not_found()),
    }
}

const BACKLOG: u32 = 64;
const MAX_CONNECTIONS: usize = 64;
