//! The search through everything that can happen.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::world::{Action, Budget, World};
use crate::peers::{Setup, Wrong};

/// What a search came across.
#[derive(Debug, Default)]
pub struct Seen {
    pub states: usize,
    /// Where calm led to: in doubt, not sent, losses, answers; how many ends had any of each.
    pub ends: [usize; 4],
}

/// Breadth first, so that the trace of a failure is the shortest there is. States are told apart by 64 bits
/// of their hash: of a million states two are taken for one with a probability of one to thirty million.
///
/// A search of one's own and not stateright's: it is one page, needs no dependency, and settles the liveness of
/// every state on the way, each step of calm being walked once.
pub fn search(setup: Setup, budget: Budget) -> Result<Seen, Wrong> {
    let first = World::new(setup, budget);
    let mut known = HashMap::from([(print(&first), 0_u32)]);
    let mut parents: Vec<(u32, Option<Action>)> = vec![(0, None)];
    let mut calmed = HashSet::new();
    let mut open = VecDeque::from([(0_u32, first)]);
    let mut seen = Seen::default();
    while let Some((index, world)) = open.pop_front() {
        calm(&world, &mut calmed, &mut seen).map_err(|wrong| told(&parents, index, None, &wrong))?;
        for action in world.actions() {
            let mut next = world.clone();
            next.apply(action).map_err(|wrong| told(&parents, index, Some(action), &wrong))?;
            let id = parents.len() as u32;
            known.entry(print(&next)).or_insert_with(|| {
                parents.push((index, Some(action)));
                open.push_back((id, next));
                id
            });
        }
    }
    seen.states = known.len();
    Ok(seen)
}

fn print(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// From here on nothing goes wrong any more: everything settles.
fn calm(world: &World, calmed: &mut HashSet<u64>, seen: &mut Seen) -> Result<(), Wrong> {
    let mut world = world.clone();
    for _ in 0..1_000 {
        if !calmed.insert(print(&world)) {
            return Ok(());
        }
        if !world.calm().map_err(|wrong| format!("in calm: {wrong}"))? {
            for (end, found) in seen.ends.iter_mut().zip(world.tally()) {
                *end += usize::from(found > 0);
            }
            return world.check_settled().map_err(|wrong| format!("in calm: {wrong}"));
        }
    }
    Err("liveness: calm never ends".into())
}

/// How it came to this.
fn told(parents: &[(u32, Option<Action>)], mut index: u32, last: Option<Action>, wrong: &str) -> Wrong {
    let mut actions: Vec<Action> = last.into_iter().collect();
    while let Some((parent, Some(action))) = parents.get(index as usize).copied() {
        actions.push(action);
        index = parent;
    }
    let mut text = format!("{wrong}, after");
    for action in actions.iter().rev() {
        let _ = write!(text, " {action:?}");
    }
    text
}
