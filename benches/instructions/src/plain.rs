//! The machine in plain mode: messages out and in, the queue, reconnects, pings.

use everwire::core::{
    Close, Config, Event, Heartbeat, Input, Kind, LinkId, Machine, Micros, Outcome, Output, SendOptions,
    Transmit,
};

use crate::{MESSAGE, MESSAGES, count};

type Plain = Machine<Vec<u8>>;

const MILLISECOND: Micros = Micros::from_millis(1);

pub fn sends() {
    let mut machine = open();
    let now = Micros::from_millis(10_000);
    let messages = messages();
    let settled = count("plain: send, transmit, settle", MESSAGES, || {
        let mut settled = 0;
        for message in &messages {
            let _ = machine.send(now, message.clone(), SendOptions::default());
            settled += transmit(&mut machine, now);
        }
        settled
    });
    assert_eq!(settled, MESSAGES, "not everything left");
    count("plain: past the empty queue", MESSAGES, || {
        for _ in 0..MESSAGES {
            if machine.may_pass(MESSAGE.len()).is_some() {
                machine.passed(now, MESSAGE.len(), Transmit::Accepted, 0);
            }
        }
    });
}

pub fn queues() {
    let now = Micros::ZERO;
    let messages = messages();
    let mut machine = Plain::new(Config::default(), 1);
    count("plain: queue with keys, lanes and times", MESSAGES, || {
        for (index, message) in messages.iter().enumerate() {
            let options = SendOptions {
                key: (index % 2 == 0).then(|| format!("key {}", index % 100).into()),
                ttl: (index % 3 == 0).then_some(Micros::from_millis(index as u64)),
                lane: (index % 3) as u8,
            };
            let _ = machine.send(now, message.clone(), options);
        }
        machine.handle(Micros::from_millis(500), Input::Timeout);
        machine.clear();
        while machine.poll().is_some() {}
    });
    assert_eq!(machine.queued(), 0, "something still waits");
}

pub fn receives() {
    let mut machine = open();
    let now = Micros::from_millis(10_000);
    let link = machine.link().unwrap_or(LinkId(0));
    let heard = count("plain: receive", MESSAGES, || {
        (0..MESSAGES).filter(|_| machine.received(now, link, Kind::Message, MESSAGE.len())).count()
    });
    assert_eq!(heard, MESSAGES, "not everything was for the application");
}

pub fn reconnects() {
    let mut machine = open();
    let mut now = Micros::from_millis(10_000);
    count("plain: lost and connected again", 100, || {
        for _ in 0..100 {
            let Some(link) = machine.link() else { break };
            machine.handle(now, Input::Closed { link, close: Close::abnormal() });
            obey(&mut machine, now);
            while machine.link().is_none() {
                now = machine.next_wake().unwrap_or(now);
                machine.handle(now, Input::Timeout);
                obey(&mut machine, now);
            }
        }
    });
    assert_eq!(machine.stats().opens(), 101, "not every connection opened");
}

pub fn pings() {
    let mut machine = open();
    let link = machine.link().unwrap_or(LinkId(0));
    let pongs = count("plain: ping and pong", MESSAGES, || {
        let mut pongs = 0;
        for _ in 0..MESSAGES {
            let now = machine.next_wake().unwrap_or_default();
            machine.handle(now, Input::Timeout);
            let pinged = core::iter::from_fn(|| machine.poll()).any(|out| matches!(out, Output::Ping { .. }));
            if pinged {
                machine.received(now.plus(MILLISECOND), link, Kind::Pong, 4);
            }
            while let Some(output) = machine.poll() {
                pongs += usize::from(matches!(output, Output::Event(Event::Pong { .. })));
            }
        }
        pongs
    });
    assert!(pongs > MESSAGES / 2, "too few pings were answered: {pongs}");
}

fn messages() -> Vec<Vec<u8>> {
    vec![MESSAGE.to_vec(); MESSAGES]
}

fn open() -> Plain {
    let heartbeat = Heartbeat { interval: Micros::from_millis(25_000), timeout: Micros::from_millis(10_000) };
    let mut machine = Plain::new(Config { heartbeat: Some(heartbeat), ..Config::default() }, 1);
    machine.connect(Micros::ZERO);
    obey(&mut machine, Micros::ZERO);
    assert!(machine.link().is_some(), "it did not open");
    machine
}

/// Finds every target and opens every socket at once.
fn obey(machine: &mut Plain, now: Micros) {
    while let Some(output) = machine.poll() {
        match output {
            Output::Resolve { ticket, .. } => machine.handle(now, Input::Target { ticket, local: false }),
            Output::Dial { link } => machine.handle(now, Input::Opened { link }),
            _ => {}
        }
    }
}

/// Hands everything that waits to a socket that takes it all; how many messages settled as handed over.
fn transmit(machine: &mut Plain, now: Micros) -> usize {
    while machine.peek_transmit(now).is_some() {
        machine.transmitted(now, Transmit::Accepted, 0);
    }
    let settled = |output: &Output<_>| matches!(output, Output::Settled { outcome: Outcome::HandedOver, .. });
    core::iter::from_fn(|| machine.poll()).filter(settled).count()
}
