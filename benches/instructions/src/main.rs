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

fn main() {
    plain::all();
    session::all();
    machine::all();
    codecs::all();
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
