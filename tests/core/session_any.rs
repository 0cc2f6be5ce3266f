//! Whatever happens to a session in whatever order: every send settles once, and truly.

use std::collections::BTreeMap;

use crate::session_world::*;
use everwire::core::{Config, Heartbeat, Input, Outcome, Page, SessionConfig, State};
use everwire::session::{Closing, Code, Limits};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    SendOn(u64),
    Ask(u64),
    Cancel(u64),
    Open,
    Shut(u64),
    Volatile,
    Pass(u64),
    Oversleep(u64),
    Cut,
    /// The second connection breaks.
    CutSuccessor,
    Up(bool),
    Down(bool),
    Opens(bool),
    Welcomes(bool),
    Accepts(bool),
    Takes(bool),
    Answers(bool),
    Says,
    ServerAsks,
    Respond(u64),
    ServerShuts(u64),
    GoAway,
    Forget(bool),
    ServerCloses {
        retry: bool,
        forget: bool,
        ended: bool,
    },
    Suspend,
    Reconnect,
    Online(bool),
    OfPage(Page),
    Withdraw,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let page = prop_oneof![
        Just(Page::Hidden),
        Just(Page::Shown),
        Just(Page::Frozen),
        Just(Page::Resumed),
        Just(Page::Cached),
        Just(Page::Restored)
    ];
    let fates = prop_oneof![
        6 => (1..3_000_u64).prop_map(Pass),
        1 => (1..200_000_u64).prop_map(Oversleep),
        4 => Just(Cut),
        1 => Just(CutSuccessor),
        3 => any::<bool>().prop_map(Up),
        3 => any::<bool>().prop_map(Down),
        1 => any::<bool>().prop_map(Opens),
        1 => any::<bool>().prop_map(Welcomes),
        2 => any::<bool>().prop_map(Accepts),
        1 => any::<bool>().prop_map(Takes),
        1 => any::<bool>().prop_map(Answers),
        3 => Just(GoAway),
        2 => any::<bool>().prop_map(Forget),
        1 => any::<(bool, bool, bool)>()
            .prop_map(|(retry, forget, ended)| ServerCloses { retry, forget, ended }),
    ];
    let deeds = prop_oneof![
        8 => (1..400_usize).prop_map(Send),
        2 => (1..4_u64).prop_map(SendOn),
        4 => (0..2_000_u64).prop_map(Ask),
        1 => (1..6_u64).prop_map(Cancel),
        1 => Just(Open),
        1 => (1..4_u64).prop_map(Shut),
        1 => Just(Volatile),
        3 => Just(Says),
        1 => Just(ServerAsks),
        1 => (1..3_u64).prop_map(Respond),
        1 => (1..4_u64).prop_map(ServerShuts),
        1 => Just(Suspend),
        2 => Just(Reconnect),
        1 => any::<bool>().prop_map(Online),
        1 => page.prop_map(OfPage),
        1 => Just(Withdraw),
        1 => Just(Close),
    ];
    prop_oneof![1 => fates, 1 => deeds]
}

#[derive(Default)]
struct Tally {
    sent: usize,
    cancelled: usize,
    said: usize,
    /// Said on a channel: what crosses a SHUT of the server's is delivered, and nobody's.
    on_channels: Vec<String>,
}

fn take(world: &mut World, tally: &mut Tally, step: Step) {
    match step {
        Step::Send(len) => {
            let text = format!("{:06} {}", tally.sent, "x".repeat(len));
            tally.sent += 1;
            world.send(text);
        }
        Step::SendOn(channel) => {
            let text = format!("{:06}", tally.sent);
            tally.sent += 1;
            world.send_on(channel, &text);
            tally.on_channels.push(text);
        }
        Step::Ask(millis) => {
            let text = format!("{:06}", tally.sent);
            tally.sent += 1;
            world.ask(&text, millis);
        }
        Step::Cancel(id) => tally.cancelled += usize::from(world.machine.cancel(id)),
        Step::Open => drop(world.machine.open_channel("room", true, b"")),
        Step::Shut(channel) => drop(world.machine.shut_channel(channel, 0, "")),
        Step::Volatile => drop(world.machine.volatile(0, true, b"now")),
        Step::Pass(millis) => world.pass(millis),
        Step::Oversleep(millis) => world.oversleep(millis),
        Step::Cut => {
            if world.machine.link().is_some() {
                world.cut();
            }
        }
        Step::CutSuccessor => {
            let last = world.dialed.last().copied();
            if let Some(link) = last.filter(|link| Some(*link) != world.machine.link()) {
                world.end(link, 1006);
            }
        }
        Step::Up(up) => world.up = up,
        Step::Down(down) => world.down = down,
        Step::Opens(opens) => world.opens = opens,
        Step::Welcomes(welcomes) => world.welcomes = welcomes,
        Step::Accepts(accepts) => {
            world.accepts = accepts;
            if accepts && world.server.is_some() {
                world.accept_all();
            }
        }
        Step::Takes(takes) => {
            world.takes = takes;
            if takes {
                world.take();
            }
        }
        Step::Answers(answers) => world.answers = answers,
        Step::Says => {
            if world.server.is_some() {
                tally.said += 1;
                world.says(&format!("{:06}", tally.said));
            }
        }
        Step::ServerAsks => {
            if let Some(server) = &mut world.server {
                server.request(0, "ask", text(""));
            }
        }
        Step::Respond(id) => drop(world.machine.respond(id, 0, false, true, b"")),
        Step::ServerShuts(channel) => {
            if let Some(server) = &mut world.server {
                server.shut(channel, 0, "");
            }
        }
        Step::GoAway => {
            if world.server.is_some() {
                world.go_away();
            }
        }
        Step::Forget(proves) => world.forget(proves),
        Step::ServerCloses { retry, forget, ended } => {
            if world.server.is_some() && world.machine.link().is_some() {
                let closing = Closing { retry_after_ms: 100, ..closing(Code::Overloaded, retry, forget) };
                world.server_closes(closing, ended);
            }
        }
        Step::Suspend => world.machine.suspend(),
        Step::Reconnect => world.machine.reconnect(world.now),
        Step::Online(online) => world.input(Input::Online(online)),
        Step::OfPage(page) => world.input(Input::Page(page)),
        Step::Withdraw => {
            let first = world.machine.waiting_messages().next().map(|waiting| waiting.id);
            if let Some(id) = first {
                world.machine.withdraw(id);
            }
        }
        Step::Close => world.close(),
    }
    world.run();
}

fn config() -> impl Strategy<Value = (Config, SessionConfig, Limits)> {
    let small = Limits { max_frame: 1_024, window: 1_500, max_requests: 2, max_channels: 3 };
    // What the server refuses by itself is delivered, and nobody's.
    let narrow = Limits { max_requests: 1_000, max_channels: 1_000, ..small };
    let limits = prop_oneof![Just(narrow), Just(Limits::default())];
    (any::<bool>(), any::<bool>(), limits).prop_map(move |(beats, resend_unsent, theirs)| {
        let heartbeat = beats.then(Heartbeat::default);
        let session = SessionConfig { limits: small, resend_unsent, manual_ack: true };
        (Config { heartbeat, ..Config::default() }, session, theirs)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_send_settles_once_and_truly_and_every_request_ends(
        (config, session, theirs) in config(),
        steps in prop::collection::vec(step(), 1..120),
        stays in any::<bool>(),
    ) {
        let mut world = World::idle(config, session);
        world.limits = theirs;
        world.connect();
        let mut tally = Tally::default();
        for step in steps {
            take(&mut world, &mut tally, step);
        }
        // In the end all is well again.
        (world.up, world.down, world.opens, world.welcomes) = (true, true, true, true);
        (world.accepts, world.answers, world.parts, world.takes) = (true, true, true, true);
        world.take();
        if world.server.is_some() {
            world.accept_all();
        }
        world.input(Input::Online(true));
        if stays {
            world.machine.reconnect(world.now);
            world.run();
            world.pass(60_000);
            prop_assert_eq!(world.machine.state(), State::Open);
            prop_assert_eq!((world.machine.queued(), world.machine.in_flight()), (0, 0));
        }
        world.close();
        world.pass(10_000);
        let closed = matches!(world.machine.state(), State::Closed { .. });
        prop_assert!(closed);

        let mut settled = BTreeMap::new();
        for (text, outcome) in &world.settled {
            prop_assert_eq!(settled.insert(text.clone(), *outcome), None, "settled twice: {}", text);
        }
        prop_assert_eq!(settled.len(), tally.sent);
        let mut accepted = world.accepted.clone();
        for (text, outcome) in &settled {
            let times = accepted.iter().filter(|of| *of == text).count();
            match outcome {
                Outcome::Delivered if tally.on_channels.contains(text) => prop_assert!(times <= 1),
                Outcome::Delivered => prop_assert_eq!(times, 1, "delivered: {}", text),
                Outcome::NotSent(reason) => prop_assert_eq!(times, 0, "not sent, {:?}: {}", reason, text),
                _ => prop_assert!(times <= 1, "in doubt, and accepted twice: {}", text),
            }
        }
        let order = accepted.clone();
        accepted.sort();
        prop_assert_eq!(order, accepted, "accepted in another order than that of the sends");

        let ended = |words: &&String| words.starts_with("response") || words.starts_with("unanswered");
        let ended = world.told.iter().filter(ended).count();
        prop_assert_eq!(ended + tally.cancelled, world.asked.len(), "{:?}", world.told);
        // What the server said was told in its order, and nothing of it twice.
        let said: Vec<_> = world.told.iter().filter(|words| words.starts_with("message")).collect();
        prop_assert!(said.is_sorted_by(|a, b| a < b), "{:?}", said);
    }
}
