//! Events as JavaScript values, in the shapes of the npm package.

use js_sys::{Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::JsValue;

use super::event::{Event, WireError};
use crate::codec::Raw;
use crate::core::{Cause, Close, Phase, State};
use crate::web::slept;

impl<In: Serialize> Event<In> {
    /// The event as a JavaScript object of the shape that the npm package's events have, to be handed to
    /// JavaScript that shows it: `{ type: "message", data }`, `{ type: "statechange", state }`,
    /// `{ type: "open" }`, `{ type: "close", code, reason, wasClean, cause, last }`,
    /// `{ type: "pong", rtt, smoothed }` in milliseconds, `{ type: "evicted", count }`, and
    /// `{ type: "error", error: { code, message, close, data } }` for what failed, could not be decoded or
    /// overflowed. Of a session, messages sent without a promise have `volatile: true`, and there are
    /// `{ type: "welcome", resumed }` and `{ type: "sessionlost", ... }` with the fields of [`Event::SessionLost`].
    /// A message that waits to be accepted is accepted.
    ///
    /// Messages become what `JSON.parse` would make of them: maps become objects, and `None` becomes `null`.
    ///
    /// # Errors
    /// If the message has no form in JavaScript.
    pub fn into_js(self) -> Result<JsValue, serde_wasm_bindgen::Error> {
        let event = |name: &str, more: &[(&str, JsValue)]| {
            let event = object(more);
            set(&event, "type", name.into());
            JsValue::from(event)
        };
        Ok(match self {
            Self::Message(message) => event("message", &[("data", to_js(&message)?)]),
            Self::Undecodable { raw, error } => {
                let error = error_object("Undecodable", &error.to_string());
                set(&error, "data", raw_to_js(&raw));
                event("error", &[("error", error.into())])
            }
            Self::StateChanged(state) => event("statechange", &[("state", state_to_js(&state))]),
            Self::Opened => event("open", &[]),
            Self::Closed { cause, close, last } => {
                let closed = close_object(&close);
                set(&closed, "cause", name(cause));
                set(&closed, "last", last.into());
                set(&closed, "type", "close".into());
                closed.into()
            }
            Self::Error(WireError { cause, close, source }) => {
                let error = error_object(&format!("{cause:?}"), &cause.to_string());
                set(&error, "close", close_object(&close).into());
                if let Some(source) = source {
                    set(&error, "cause", source.to_string().into());
                }
                event("error", &[("error", error.into())])
            }
            Self::Pong { rtt, smoothed } => {
                let millis = |span: std::time::Duration| JsValue::from(span.as_secs_f64() * 1_000.0);
                event("pong", &[("rtt", millis(rtt)), ("smoothed", millis(smoothed))])
            }
            Self::Evicted { count } => event("evicted", &[("count", count.into())]),
            Self::InboundOverflow => {
                let text = "Events were read more slowly than they came; later ones were lost. Read faster, or \
                            raise inbox.maxMessages and inbox.maxBytes.";
                event("error", &[("error", error_object("InboundOverflow", text).into())])
            }
            #[cfg(feature = "session")]
            Self::Volatile(message) => {
                event("message", &[("data", to_js(&message)?), ("volatile", true.into())])
            }
            // JavaScript cannot accept it later.
            #[cfg(feature = "session")]
            Self::Delivery(delivery) => event("message", &[("data", to_js(&delivery.accept())?)]),
            #[cfg(feature = "session")]
            Self::Welcomed { resumed } => event("welcome", &[("resumed", resumed.into())]),
            #[cfg(feature = "session")]
            Self::SessionLost(lost) => {
                let number = |count: u64| JsValue::from(count as f64);
                let loss = [
                    ("delivered", number(lost.delivered)),
                    ("inDoubt", number(lost.in_doubt)),
                    ("last", number(lost.last)),
                    ("carried", number(lost.carried)),
                    ("unsent", number(lost.unsent)),
                    ("received", number(lost.received)),
                    ("missing", lost.missing.into()),
                ];
                event("sessionlost", &loss)
            }
        })
    }
}

/// As `JSON.parse` would make it.
pub(super) fn to_js<T: Serialize>(value: &T) -> Result<JsValue, serde_wasm_bindgen::Error> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())
}

/// Text as a string, binary as a buffer.
pub(super) fn raw_to_js(raw: &Raw) -> JsValue {
    match raw {
        Raw::Text(text) => text.into(),
        Raw::Binary(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
    }
}

pub(super) fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in entries {
        set(&object, name, value.clone());
    }
    object
}

pub(super) fn close_object(close: &Close) -> Object {
    object(&[
        ("code", close.code.into()),
        ("reason", JsValue::from_str(&close.reason)),
        ("wasClean", close.clean.into()),
    ])
}

/// The name that the npm package has for it too.
pub(super) fn name(cause: Cause) -> JsValue {
    format!("{cause:?}").into()
}

fn error_object(code: &str, message: &str) -> Object {
    object(&[("code", code.into()), ("message", message.into())])
}

fn state_to_js(state: &State) -> JsValue {
    let with = |name: &str, more: &[(&str, JsValue)]| {
        let state = object(more);
        set(&state, "name", name.into());
        JsValue::from(state)
    };
    match state {
        State::Idle => with("idle", &[]),
        State::Connecting { phase, attempt } => {
            let phase = match phase {
                Phase::Resolving => "resolving",
                Phase::Dialing => "dialing",
                Phase::Handshaking => "handshaking",
            };
            with("connecting", &[("phase", phase.into()), ("attempt", (*attempt).into())])
        }
        State::Open => with("open", &[]),
        State::Waiting { attempt, delay, until, cause, close } => with(
            "waiting",
            &[
                ("attempt", (*attempt).into()),
                ("delay", delay.as_millis_f64().into()),
                // The page reads `performance.now()`.
                ("until", (until.as_millis_f64() - slept()).into()),
                ("reason", name(*cause)),
                ("close", close_object(close).into()),
            ],
        ),
        State::Suspended { cause } => with("suspended", &[("reason", name(*cause))]),
        State::Closing => with("closing", &[]),
        State::Closed { cause, close } => {
            with("closed", &[("reason", name(*cause)), ("close", close_object(close).into())])
        }
    }
}

/// A plain object takes every property.
fn set(object: &Object, name: &str, value: JsValue) {
    let _ = Reflect::set(object, &name.into(), &value);
}
