//! Memory in blocks whose sizes are powers of two: what a wire needs, in a fifth of the code of a general allocator and in
//! a few instructions. A block that is freed waits for the next request of its size; it is never split or joined.
#![allow(unsafe_code, reason = "an allocator is nothing else")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::null_mut;

/// The smallest block. Each begins at a multiple of it.
const LEAST: usize = 16;
/// What the host gives memory in (WebAssembly, section 2.5.3).
const PAGE: usize = 65_536;

/// The memory of one instance.
pub(crate) struct Blocks {
    /// By the logarithm of their size: the block that was freed last. Each holds the address of the one before.
    free: [Cell<*mut u8>; usize::BITS as usize + 1],
    /// What nobody has been given yet: where it begins, and how much it is.
    rest: Cell<*mut u8>,
    left: Cell<usize>,
}

// SAFETY: a wasm instance without atomics has one thread.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for Blocks {}

impl Blocks {
    pub(crate) const fn new() -> Self {
        Self {
            free: [const { Cell::new(null_mut()) }; usize::BITS as usize + 1],
            rest: Cell::new(null_mut()),
            left: Cell::new(0),
        }
    }

    /// The logarithm of the size of the block for so many bytes.
    fn class(layout: Layout) -> usize {
        (usize::BITS - (layout.size().max(LEAST) - 1).leading_zeros()) as usize
    }

    /// A block that nobody has been given yet; null if the host has no more memory.
    fn fresh(&self, size: usize) -> *mut u8 {
        if size > self.left.get() {
            let pages = size.div_ceil(PAGE);
            let grown = grow(pages);
            if grown.is_null() {
                return grown;
            }
            // What was left stays unused: less than this block.
            self.rest.set(grown);
            self.left.set(pages * PAGE);
        }
        let block = self.rest.get();
        self.rest.set(block.wrapping_add(size));
        self.left.set(self.left.get() - size);
        block
    }
}

// SAFETY: a block is in the list of its class or with whoever asked for it, never both, and no two overlap, since each is
// cut once from what the host gave. It is as large as its class, which is no less than what was asked for, and begins at a
// multiple of `LEAST`, as pages do and as all sizes are multiples of it. Who asks for more alignment gets nothing.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = Self::class(layout);
        let Some(free) = self.free.get(class).filter(|_| layout.align() <= LEAST) else { return null_mut() };
        let block = free.get();
        if block.is_null() {
            return self.fresh(1 << class);
        }
        // SAFETY: what is in a list has been put there by `dealloc`, which has written this.
        free.set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(free) = self.free.get(Self::class(layout)) {
            // SAFETY: the block is nobody's any more, and has room for an address.
            unsafe { block.cast::<*mut u8>().write(free.get()) };
            free.set(block);
        }
    }
}

/// So many pages more, one after the other; null if there are none.
#[cfg(target_arch = "wasm32")]
fn grow(pages: usize) -> *mut u8 {
    match core::arch::wasm32::memory_grow::<0>(pages) {
        usize::MAX => null_mut(),
        before => core::ptr::with_exposed_provenance_mut(before * PAGE),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn grow(pages: usize) -> *mut u8 {
    Box::leak(vec![0_u128; pages * PAGE / size_of::<u128>()].into_boxed_slice()).as_mut_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a block that was given: where, how it was asked for, and what it was filled with.
    type Given = (*mut u8, Layout, u8);

    fn take(blocks: &Blocks, size: usize, fill: u8) -> Given {
        let layout = Layout::from_size_align(size, 8).unwrap();
        // SAFETY: the size is not zero, and the block has so many bytes.
        let block = unsafe { blocks.alloc(layout) };
        assert!(!block.is_null() && block.addr() % LEAST == 0);
        unsafe { block.write_bytes(fill, size) };
        (block, layout, fill)
    }

    fn give_back(blocks: &Blocks, (block, layout, fill): Given) {
        // SAFETY: the block was given for this layout, and filled.
        let bytes = unsafe { core::slice::from_raw_parts(block, layout.size()) };
        assert!(bytes.iter().all(|byte| *byte == fill), "somebody else wrote into it");
        unsafe { blocks.dealloc(block, layout) };
    }

    #[test]
    fn a_block_is_its_owners_alone_until_it_is_freed() {
        let (blocks, mut dice) = (Blocks::new(), 7_u64);
        let mut given: Vec<Given> = Vec::new();
        for fill in 0..20_000_u32 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if dice >> 63 == 0 && !given.is_empty() {
                let place = (dice >> 40) as usize % given.len();
                give_back(&blocks, given.swap_remove(place));
            } else {
                // Up to 256 KiB, most of them small.
                let size = 1 + (dice >> 20) % (1 << (1 + (dice >> 50) % 18));
                given.push(take(&blocks, size as usize, fill as u8));
            }
        }
        given.into_iter().for_each(|given| give_back(&blocks, given));
    }

    #[test]
    fn what_was_freed_is_given_to_the_next_who_asks_for_as_much() {
        let blocks = Blocks::new();
        let first = take(&blocks, 1_000, 1);
        give_back(&blocks, first);
        assert_eq!(take(&blocks, 600, 2).0, first.0);
        assert_ne!(take(&blocks, 600, 3).0, first.0);
    }

    #[test]
    fn who_asks_for_more_alignment_than_there_is_gets_nothing() {
        let layout = Layout::from_size_align(64, 2 * LEAST).unwrap();
        // SAFETY: the size is not zero.
        assert!(unsafe { Blocks::new().alloc(layout) }.is_null());
    }
}
