//! The work whose instructions are counted. Under callgrind, scripts/instructions.mjs counts what happens within
//! [`measured`] and has it dumped at the end of each call; the lines printed say which call was which. The
//! same work comes out the same every time: nothing here draws randomness or looks at a clock.

mod codecs;
mod machine;
mod plain;
mod session;

/// Messages in each piece of work.
pub const MESSAGES: usize = 1_000;
/// One of them.
pub const MESSAGE: &[u8; 128] = &[b'x'; 128];

/// Each in a process of its own: what another left of the heap would be counted too.
const WORK: [(&str, fn()); 12] = [
    ("sends", plain::sends),
    ("queues", plain::queues),
    ("receives", plain::receives),
    ("reconnects", plain::reconnects),
    ("pings", plain::pings),
    ("client-to-server", session::client_to_server),
    ("server-to-client", session::server_to_client),
    ("resend", session::resend),
    ("requests", session::requests),
    ("resume", session::resume),
    ("machine", machine::both_ways),
    ("codecs", codecs::all),
];

/// Does the work that is named, or names what there is.
fn main() {
    let wanted = std::env::args().nth(1);
    for (name, work) in WORK {
        match &wanted {
            None => println!("{name}"),
            Some(wanted) if wanted == name => work(),
            Some(_) => {}
        }
    }
}

/// Counts what `work` does, which is `times` the same.
pub fn count<T>(name: &str, times: usize, mut work: impl FnMut() -> T) -> T {
    println!("{name}\t{times}");
    let mut result = None;
    measured(&mut || result = Some(core::hint::black_box(work())));
    result.unwrap_or_else(|| unreachable!("it has just been done"))
}

/// The one function that callgrind looks for: it must be called, and be nothing else.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    core::hint::black_box(work)();
}
