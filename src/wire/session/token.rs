//! Who the client is.

use std::error::Error;
use std::pin::Pin;

use crate::core::Cause;
use crate::wire::target::{Attempt, Failure, Provided};

/// What the client shows the server with every connection, and again when the server asks for it within one:
/// bytes that both agree on, such as a JSON Web Token. A value, or a function that is asked each time.
#[derive(Clone)]
pub struct Token(pub(super) Provided<Vec<u8>>);

impl Token {
    /// Asks each time. A failure fails the attempt, and the next one asks again.
    ///
    /// ```no_run
    /// # use everwire::{SessionWire, Token};
    /// # async fn fetch() -> Result<String, std::fmt::Error> { Ok(String::new()) }
    /// # fn example() -> Result<(), everwire::InvalidOption> {
    /// let wire: SessionWire<String> =
    ///     SessionWire::builder("wss://example.com/chat").token(Token::ask(async || fetch().await)).connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn ask<T, E>(ask: impl AsyncFn() -> Result<T, E> + 'static) -> Self
    where
        T: Into<Vec<u8>> + 'static,
        E: Into<Box<dyn Error>>,
    {
        Self(Provided::ask(async move |_| ask().await, Into::into))
    }

    /// Looks it up each time, where that takes no waiting.
    pub fn read<T: Into<Vec<u8>> + 'static>(read: impl Fn() -> T + 'static) -> Self {
        Self(Provided::ask(async move |_| Ok::<_, Failure>(read()), Into::into))
    }

    pub(super) fn ask_now(&self) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>>>> {
        let provided = self.0.clone();
        Box::pin(async move { provided.get(Attempt { attempt: 1, cause: Cause::Requested }).await })
    }
}

impl<T: Into<Vec<u8>>> From<T> for Token {
    fn from(token: T) -> Self {
        Self(Provided::Fixed(token.into()))
    }
}
