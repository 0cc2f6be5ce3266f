//! Loads an echo server: `everwire-load DIALECT URL CONNECTIONS SIZE IN_FLIGHT`. Prints `open N` when all are open, then
//! obeys what it reads, until there is no more: `run MILLIS` keeps so many messages in flight on each connection for so
//! long and prints `echoed COUNT MICROS`; `check` has one on every connection echoed and prints `echoed COUNT`.

mod connection;
mod dialect;

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use connection::{Connection, Load, Order, hold, open};

/// Connections that are opened at a time.
const AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(1);

type Failed = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dialect, url, connections, size, in_flight] = arguments.as_slice() else {
        return Err("everwire-load websocket|session|socket.io URL CONNECTIONS SIZE IN_FLIGHT".into());
    };
    let (orders, heard) = watch::channel(Order::Rest);
    let load = Rc::new(Load {
        dialect: dialect.parse()?,
        url: url.clone(),
        text: "x".repeat(size.parse()?),
        in_flight: in_flight.parse()?,
        echoed: Cell::new(0),
        under_way: Cell::new(0),
        orders: heard,
    });
    let connections = connections.parse()?;
    LocalSet::new().run_until(obey(load, connections, orders)).await
}

async fn obey(load: Rc<Load>, connections: usize, orders: watch::Sender<Order>) -> Result<(), Failed> {
    let _held = open_all(&load, connections).await?;
    println!("open {connections}");
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        load.echoed.set(0);
        let begun = Instant::now();
        if let Some(millis) = line.strip_prefix("run ") {
            orders.send(Order::Run)?;
            tokio::time::sleep(Duration::from_millis(millis.parse()?)).await;
            let (echoed, took) = (load.echoed.get(), begun.elapsed());
            orders.send(Order::Rest)?;
            rest(&load).await;
            println!("echoed {echoed} {}", took.as_micros());
        } else {
            orders.send(Order::Once)?;
            while load.echoed.get() < connections && begun.elapsed() < PATIENCE {
                tokio::time::sleep(LOOK).await;
            }
            orders.send(Order::Rest)?;
            println!("echoed {}", load.echoed.get());
        }
    }
    Ok(())
}

/// Until nothing is in flight any more.
async fn rest(load: &Load) {
    let begun = Instant::now();
    while load.under_way.get() > 0 && begun.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
    }
}

/// They are held until the set is dropped.
async fn open_all(load: &Rc<Load>, connections: usize) -> Result<JoinSet<()>, Failed> {
    let mut held = JoinSet::new();
    let mut opening = JoinSet::<Result<Connection, String>>::new();
    for started in 0..connections + AT_ONCE {
        if started >= AT_ONCE
            && let Some(opened) = opening.join_next().await
        {
            let opened = opened?.map_err(|error| format!("a connection did not open: {error}"))?;
            held.spawn_local(hold(load.clone(), opened));
        }
        if started < connections {
            let load = load.clone();
            opening.spawn_local(async move { open(&load).await.map_err(|error| error.to_string()) });
        }
    }
    while let Some(opened) = opening.join_next().await {
        held.spawn_local(hold(load.clone(), opened??));
    }
    Ok(held)
}
