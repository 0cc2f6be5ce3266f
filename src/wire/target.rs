//! Where to connect.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Url, WebSocket};

use crate::core::Cause;

/// An error of the application's own.
pub(super) type Failure = Box<dyn Error>;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

/// What a function that is asked at an attempt gets to know.
///
/// The future that the function returns is dropped when its answer is of no use any more.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Which attempt since the last stable link, from 1.
    pub attempt: u32,
    /// Why it is made.
    pub cause: Cause,
}

/// One URL, several taken in turn, or a function asked at every attempt.
///
/// URLs are those of WebSockets: `ws:` or `wss:`, or what browsers take for such. A fragment is cut off.
#[derive(Clone)]
pub struct Urls(pub(super) Provided<Vec<String>>);

/// The subprotocols to offer, or a function asked at every attempt.
#[derive(Clone)]
pub struct Protocols(pub(super) Provided<Vec<String>>);

impl Urls {
    /// Asks at every attempt. A failure fails the attempt, and the next one asks again.
    ///
    /// ```no_run
    /// # use everwire::{Wire, Urls};
    /// # async fn ticket() -> Result<String, std::fmt::Error> { Ok(String::new()) }
    /// # fn example() -> Result<(), everwire::InvalidOption> {
    /// let url = Urls::ask(async |_| {
    ///     let ticket = ticket().await?;
    ///     Ok::<_, std::fmt::Error>(format!("wss://example.com/chat?ticket={ticket}"))
    /// });
    /// let wire: Wire<String> = Wire::builder(url).connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn ask<T, E>(ask: impl AsyncFn(Attempt) -> Result<T, E> + 'static) -> Self
    where
        T: Into<String> + 'static,
        E: Into<Box<dyn Error>>,
    {
        Self(Provided::ask(ask, |url| vec![url.into()]))
    }

    /// Whether the server may be this very machine: by a URL, or where a function gives it, because the page
    /// itself came from here.
    pub(super) fn may_be_local(&self) -> bool {
        let own = [String::new()];
        let urls = self.0.fixed().map_or(&own[..], Vec::as_slice);
        urls.iter().any(|url| examine(url).is_some_and(|(_, is_local)| is_local))
    }
}

impl Protocols {
    /// Asks at every attempt. A failure fails the attempt, and the next one asks again.
    pub fn ask<T, E>(ask: impl AsyncFn(Attempt) -> Result<T, E> + 'static) -> Self
    where
        T: IntoIterator<Item: Into<String>> + 'static,
        E: Into<Box<dyn Error>>,
    {
        Self(Provided::ask(ask, |names| names.into_iter().map(Into::into).collect()))
    }
}

macro_rules! from_values {
    ($type:ident) => {
        impl From<&str> for $type {
            fn from(value: &str) -> Self {
                Self(Provided::Fixed(vec![value.to_owned()]))
            }
        }

        impl From<String> for $type {
            fn from(value: String) -> Self {
                Self(Provided::Fixed(vec![value]))
            }
        }

        impl<T: Into<String>> From<Vec<T>> for $type {
            fn from(values: Vec<T>) -> Self {
                Self(Provided::Fixed(values.into_iter().map(Into::into).collect()))
            }
        }

        impl<T: Into<String>, const N: usize> From<[T; N]> for $type {
            fn from(values: [T; N]) -> Self {
                Self(Provided::Fixed(values.into_iter().map(Into::into).collect()))
            }
        }
    };
}

from_values!(Urls);
from_values!(Protocols);

/// A value, or a function asked at every attempt.
#[derive(Clone)]
pub(super) enum Provided<T> {
    Fixed(T),
    Asked(Rc<dyn Fn(Attempt) -> Answer<T>>),
}

impl<T: Clone + 'static> Provided<T> {
    pub(super) fn ask<V, E: Into<Failure>>(
        ask: impl AsyncFn(Attempt) -> Result<V, E> + 'static,
        convert: fn(V) -> T,
    ) -> Self
    where
        V: 'static,
    {
        let ask = Rc::new(ask);
        Self::Asked(Rc::new(move |attempt| {
            let ask = Rc::clone(&ask);
            Box::pin(async move { ask(attempt).await.map(convert).map_err(Into::into) })
        }))
    }

    /// The value, if nobody needs to be asked.
    pub(super) fn fixed(&self) -> Option<&T> {
        match self {
            Self::Fixed(value) => Some(value),
            Self::Asked(_) => None,
        }
    }

    pub(super) async fn get(&self, attempt: Attempt) -> Result<T, Failure> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Asked(ask) => ask(attempt).await,
        }
    }
}

/// A target for one attempt.
#[derive(Clone, Default)]
pub(super) struct Target {
    url: String,
    protocols: Vec<String>,
    /// Whether the URL can be one of a WebSocket.
    pub(super) is_good: bool,
    /// Whether it is this very machine, which needs no network.
    pub(super) is_local: bool,
}

impl Target {
    pub(super) fn new(urls: &[String], protocols: &[String], turn: u32) -> Self {
        let url = urls.get(turn as usize % urls.len().max(1)).map(String::as_str).unwrap_or_default();
        // Browsers refuse a fragment or ignore it, depending on their age.
        let url = url.split('#').next().unwrap_or_default().to_owned();
        let (is_good, is_local) = examine(&url).unwrap_or_default();
        Self { url, protocols: protocols.to_owned(), is_good, is_local }
    }

    pub(super) fn dial(&self, class: &Function) -> Result<WebSocket, JsValue> {
        let arguments = Array::of1(&JsValue::from_str(&self.url));
        if !self.protocols.is_empty() {
            let protocols: Array = self.protocols.iter().map(|name| JsValue::from_str(name)).collect();
            arguments.push(&protocols);
        }
        // Any class of a WebSocket's shape will do.
        Reflect::construct(class, &arguments).map(JsCast::unchecked_into)
    }
}

/// The class to connect with: outside windows and workers, on a server rendering a page, nothing connects unasked.
pub(super) fn socket_class() -> Option<Function> {
    let global = js_sys::global();
    let find = |name: &str| Reflect::get(&global, &JsValue::from_str(name)).ok();
    let is_browser = ["window", "WorkerGlobalScope"]
        .iter()
        .any(|name| find(name).is_some_and(|found| !found.is_undefined()));
    find("WebSocket").filter(|_| is_browser)?.dyn_into().ok()
}

fn examine(url: &str) -> Option<(bool, bool)> {
    let global = js_sys::global();
    let get = |from: &JsValue, name: &str| Reflect::get(from, &JsValue::from_str(name)).ok();
    let base = get(&global, "location").filter(JsValue::is_object).and_then(|it| get(&it, "href"));
    let parsed = match base.and_then(|base| base.as_string()) {
        Some(base) => Url::new_with_base(url, &base),
        None => Url::new(url),
    };
    let parsed = parsed.ok()?;
    let is_good = matches!(parsed.protocol().as_str(), "ws:" | "wss:" | "http:" | "https:");
    Some((is_good, is_local(&parsed.hostname())))
}

fn is_local(host: &str) -> bool {
    let is_loopback = host.strip_prefix("127.").is_some_and(|rest| {
        rest.split('.').count() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    is_loopback || host == "[::1]" || host == "localhost" || host.ends_with(".localhost")
}
