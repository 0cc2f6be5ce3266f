//! Where the class `WebSocket` keeps other rules than a wire: each attempt ends with a `close`, what waits at the end
//! is kept for another beginning, and closing takes its time in every state.

use super::*;

#[cfg(not(feature = "websocket"))]
impl<P: Payload, T: Texts> Machine<P, T> {
    pub(super) const fn is_web_socket(&self) -> bool {
        false
    }

    pub(super) const fn least_delay(&self) -> Micros {
        Micros::ZERO
    }

    pub(super) const fn minds_page(&self) -> bool {
        true
    }

    pub(super) fn close_as_web_socket(&mut self, _: Micros, _: Close<T::Reason>) {}
}

#[cfg(feature = "websocket")]
impl<P: Payload, T: Texts> Machine<P, T> {
    pub(super) const fn is_web_socket(&self) -> bool {
        self.config.web_socket.is_some()
    }

    pub(super) fn least_delay(&self) -> Micros {
        self.config.web_socket.map_or(Micros::ZERO, |rules| rules.min_delay)
    }

    /// Whether a connection is given up for what happens to the page or its network. One that is never replaced lives as
    /// long as the browser keeps it.
    pub fn minds_page(&self) -> bool {
        self.config.web_socket.is_none_or(|rules| rules.replaces)
    }

    /// Attempts that have failed, and connections lost, since one was last stable or was asked for.
    pub fn retries(&self) -> u32 {
        self.failures
    }

    /// Messages that may wait.
    pub fn queue_limit(&self) -> u32 {
        self.config.queue.max_messages
    }

    /// As [`Machine::reconnect`], with a close of the application's own for the link there is.
    pub fn reconnect_with(&mut self, now: Micros, close: Close<T::Reason>) {
        self.forgive();
        self.let_go(Some(close.clone()));
        self.announce_down(Cause::Requested, &Close { clean: false, ..close });
        self.begin(now, Cause::Requested);
    }

    /// By WHATWG WebSockets, section 3, a connection that is not there yet is failed, and its events come in a later task.
    pub(super) fn close_as_web_socket(&mut self, now: Micros, close: Close<T::Reason>) {
        match self.stage {
            Stage::Idle => {}
            Stage::Dialing { .. } => self.close_link(now, close),
            _ => {
                self.let_go(None);
                self.links = self.links.wrapping_add(1);
                self.stage = Stage::Closing { link: LinkId(self.links) };
                self.timers.set(Timer::Close, now);
                self.announce();
            }
        }
    }
}
