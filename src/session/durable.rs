//! What only a half has whose session a store keeps.

#[cfg(feature = "js")]
use core::marker::PhantomData;

/// Nothing unless a store keeps the session. The npm package has no store: there it is never anything, and what would be
/// done with it is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Durable<T>(#[cfg(not(feature = "js"))] Option<T>, #[cfg(feature = "js")] PhantomData<T>);

#[cfg(not(feature = "js"))]
impl<T> Durable<T> {
    pub(super) fn new(durable: bool, first: T) -> Self {
        Self(durable.then_some(first))
    }

    pub(super) fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }

    pub(super) fn as_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()
    }
}

#[cfg(feature = "js")]
impl<T> Durable<T> {
    pub(super) fn new(_: bool, _: T) -> Self {
        Self(PhantomData)
    }

    pub(super) fn as_ref(&self) -> Option<&T> {
        None
    }

    pub(super) fn as_mut(&mut self) -> Option<&mut T> {
        None
    }
}
