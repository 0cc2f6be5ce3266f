//! Options from JavaScript, by the names that the npm package has for them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, JSON, JsString, Object, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::builder::Builder;
use super::face::Greeting;
use super::js_events::{close_object, name, object, raw_to_js, to_js};
use super::mailbox::{Recognise, from_js};
use super::options::{InvalidOption, Ping, Pinged, Retry, millis};
use super::target::{Attempt, Failure, Protocols, Provided, Urls};
use crate::codec::Raw;
use crate::core::{OPTIONS, Overflow};

const GROUPS: [&str; 4] = ["reconnect", "heartbeat", "queue", "inbox"];
const FUNCTIONS: [&str; 6] =
    ["reconnect.delay", "reconnect.shouldReconnect", "heartbeat.isPong", "greet", "isWelcome", "WebSocket"];
const INBOX: [&str; 2] = ["inbox.maxMessages", "inbox.maxBytes"];
const OTHERS: [&str; 3] = ["protocols", "heartbeat.ping", "queue.overflow"];
const OVERFLOW: [(&str, Overflow); 3] = [
    ("reject", Overflow::Reject),
    ("drop-oldest", Overflow::DropOldest),
    ("drop-newest", Overflow::DropNewest),
];

impl<In: Serialize + 'static, Out: DeserializeOwned + 'static> Builder<In, Out> {
    /// A builder from what JavaScript would give to the npm package: a URL, a list of them or a function, and
    /// an object of options, or `undefined`. Options have the same names, units, meanings and error texts;
    /// `codec`, `discriminant` and `signal` are not among them, for a Rust app has its own.
    ///
    /// A function that throws fails what it was asked for: the attempt, the greeting, the ping; a predicate
    /// that throws says no, and a policy that throws says what the back-off does.
    ///
    /// # Errors
    /// The first option that is unknown or has a wrong type. Ranges are checked when the wire is built.
    pub fn from_js(url: &JsValue, options: &JsValue) -> Result<Self, InvalidOption> {
        let urls = read_names("url", "a string, a URL, a list of them or a function", url)?;
        let mut builder = Self::new(Urls(urls));
        let given = flatten(options)?;
        for (name, value) in &given {
            builder = builder.read_option(name, value)?;
        }
        let find = |name: &str| given.iter().find(|(given, _)| given == name).map(|(_, value)| value);
        let function = |name: &str| find(name).and_then(|value| value.dyn_ref::<Function>()).cloned();
        if given.iter().any(|(name, _)| name.starts_with("heartbeat")) && find("heartbeat.ping").is_none() {
            let allowed = "what a ping looks like: text, bytes, a message or a function";
            return Err(InvalidOption::new("heartbeat.ping", allowed, "undefined"));
        }
        let policy = (function("reconnect.delay"), function("reconnect.shouldReconnect"));
        if policy.0.is_some() || policy.1.is_some() {
            builder.rest.policy =
                Some(Rc::new(move |retry| decide(retry, policy.0.as_ref(), policy.1.as_ref())));
        }
        Ok(builder)
    }

    fn read_option(mut self, name: &str, value: &JsValue) -> Result<Self, InvalidOption> {
        let function = || value.dyn_ref::<Function>().cloned();
        if FUNCTIONS.contains(&name) && function().is_none() {
            return Err(wrong(name, "a function", value));
        }
        if let Some(option) = OPTIONS.iter().find(|option| option.name == name) {
            self.rest.numbers.push((option.name, read_number(name, value)?));
            return Ok(self);
        }
        let rest = &mut self.rest;
        match name {
            "inbox.maxMessages" => rest.inbox.max_messages = read_bound(name, value)?,
            "inbox.maxBytes" => rest.inbox.max_bytes = read_bound(name, value)?,
            "protocols" => {
                let allowed = "a string, a list of them or a function";
                rest.protocols = Protocols(read_names(name, allowed, value)?);
            }
            "heartbeat.ping" => rest.ping = Some(read_ping(value)),
            "queue.overflow" => {
                let policy = OVERFLOW.iter().find(|(policy, _)| *value == *policy);
                let all = OVERFLOW.map(|(policy, _)| format!("\"{policy}\"")).join(" or ");
                rest.overflow = policy.ok_or_else(|| wrong(name, &all, value))?.1;
            }
            "heartbeat.isPong" => rest.is_pong = function().map(recognise),
            "isWelcome" => rest.is_welcome = function().map(recognise),
            "WebSocket" => rest.class = function(),
            "greet" => {
                rest.greet = function().map(|greet| {
                    let greet: super::options::Greet<Out> = Rc::new(move |greeting| {
                        let greet = greet.clone();
                        Box::pin(async move { run_greet(&greet, greeting).await })
                    });
                    greet
                });
            }
            // Read together, above.
            "reconnect.delay" | "reconnect.shouldReconnect" => {}
            _ => return Err(unknown(name)),
        }
        Ok(self)
    }
}

fn flatten(options: &JsValue) -> Result<Vec<(String, JsValue)>, InvalidOption> {
    if options.is_undefined() {
        return Ok(Vec::new());
    }
    let mut flat = Vec::new();
    for (name, value) in entries("options", options)? {
        if !GROUPS.contains(&name.as_str()) {
            flat.push((name, value));
        } else if !value.is_undefined() {
            let inner = entries(&name, &value)?;
            flat.extend(inner.into_iter().map(|(inner, value)| (format!("{name}.{inner}"), value)));
        }
    }
    // An option that is undefined was not given; one of a name that is not known was.
    flat.retain(|(name, value)| !value.is_undefined() || !is_known(name));
    Ok(flat)
}

fn entries(name: &str, object: &JsValue) -> Result<Vec<(String, JsValue)>, InvalidOption> {
    let found = object.dyn_ref::<Object>().filter(|_| object.is_object());
    let found = found.ok_or_else(|| wrong(name, "an object", object))?;
    let pairs = Object::entries(found);
    let pair = |pair: JsValue| {
        let pair: Array = pair.unchecked_into();
        (pair.get(0).as_string().unwrap_or_default(), pair.get(1))
    };
    Ok(pairs.iter().map(pair).collect())
}

fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

fn names() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().map(|option| option.name).chain(FUNCTIONS).chain(INBOX).chain(OTHERS)
}

fn unknown(name: &str) -> InvalidOption {
    let mut all: Vec<&str> = names().collect();
    all.sort_unstable();
    InvalidOption::unknown(name, format!("There is no option {name}. There are: {}.", all.join(", ")))
}

/// As the npm package says it.
fn wrong(name: &str, allowed: &str, given: &JsValue) -> InvalidOption {
    let shown = |text: JsString| String::from(text.slice(0, 40));
    let given = match given.dyn_ref::<JsString>() {
        Some(text) => JSON::stringify(&text.slice(0, 40)).map(String::from).unwrap_or_default(),
        None if given.is_object() => "an object".to_owned(),
        None => shown(js_string(given)),
    };
    InvalidOption::new(name, allowed, &given)
}

fn read_number(name: &str, value: &JsValue) -> Result<f64, InvalidOption> {
    value.as_f64().filter(|number| !number.is_nan()).ok_or_else(|| wrong(name, "a number", value))
}

fn read_bound(name: &str, value: &JsValue) -> Result<u32, InvalidOption> {
    let number = read_number(name, value)?;
    let allowed = format!("a number from 1 to {}", u32::MAX);
    let fits = (1.0..=f64::from(u32::MAX)).contains(&number);
    if fits { Ok(number as u32) } else { Err(wrong(name, &allowed, value)) }
}

/// A string, a URL or a list of them, or a function asked at every attempt.
fn read_names(name: &str, allowed: &str, value: &JsValue) -> Result<Provided<Vec<String>>, InvalidOption> {
    if let Some(ask) = value.dyn_ref::<Function>() {
        let (ask, name) = (ask.clone(), name.to_owned());
        return Ok(Provided::Asked(Rc::new(move |Attempt { attempt, cause }| {
            let (ask, name) = (ask.clone(), name.clone());
            Box::pin(async move {
                let context = object(&[("attempt", attempt.into()), ("reason", self::name(cause))]);
                let given = settle(ask.call1(&JsValue::UNDEFINED, &context)).await?;
                list(&given).ok_or_else(|| Failure::from(format!("The {name} function gave something else.")))
            })
        })));
    }
    list(value)
        .filter(|names| name != "url" || !names.is_empty())
        .map(Provided::Fixed)
        .ok_or_else(|| wrong(name, allowed, value))
}

fn list(value: &JsValue) -> Option<Vec<String>> {
    let text = |value: &JsValue| {
        value.as_string().or_else(|| value.dyn_ref::<web_sys::Url>().map(web_sys::Url::href))
    };
    match value.dyn_ref::<Array>() {
        Some(values) => values.iter().map(|value| text(&value)).collect(),
        None => text(value).map(|text| vec![text]),
    }
}

fn read_ping<Out: DeserializeOwned>(value: &JsValue) -> Ping<Out> {
    let value = value.clone();
    Ping::Made(Box::new(move || {
        let ping = match value.dyn_ref::<Function>() {
            Some(make) => make.call0(&JsValue::UNDEFINED).ok()?,
            None => value.clone(),
        };
        match as_raw(&ping) {
            Some(raw) => Some(Pinged::Raw(raw)),
            None => serde_wasm_bindgen::from_value(ping).ok().map(Pinged::Message),
        }
    }))
}

fn as_raw(value: &JsValue) -> Option<Raw> {
    let is_buffer = value.is_instance_of::<js_sys::ArrayBuffer>() || js_sys::ArrayBuffer::is_view(value);
    (value.is_string() || is_buffer).then(|| from_js(value))
}

fn recognise<In: Serialize>(function: Function) -> Recognise<In> {
    Box::new(move |message, raw| {
        let message = message.and_then(|message| to_js(message).ok()).unwrap_or_default();
        let answer = function.call2(&JsValue::UNDEFINED, &message, &raw_to_js(raw));
        answer.is_ok_and(|answer| answer.is_truthy())
    })
}

fn decide(retry: &Retry, delay: Option<&Function>, wants: Option<&Function>) -> Option<Duration> {
    let close = close_object(&retry.close);
    let question = object(&[
        ("attempt", retry.attempt.into()),
        ("reason", name(retry.cause)),
        ("close", close.clone().into()),
        ("elapsed", millis(retry.elapsed).into()),
        ("delay", millis(retry.delay).into()),
    ]);
    let by_table = (!retry.fatal).then_some(retry.delay);
    if let Some(wants) = wants {
        match wants.call2(&JsValue::UNDEFINED, &close, &question) {
            Ok(answer) if answer.is_truthy() => {}
            Ok(_) => return None,
            Err(_) => return by_table,
        }
    } else if retry.fatal {
        return None;
    }
    let Some(delay) = delay else { return Some(retry.delay) };
    match delay.call1(&JsValue::UNDEFINED, &question) {
        Ok(answer) if answer == JsValue::FALSE => None,
        Ok(answer) => {
            let chosen =
                answer.as_f64().and_then(|millis| Duration::try_from_secs_f64(millis / 1_000.0).ok());
            chosen.or(by_table)
        }
        Err(_) => by_table,
    }
}

async fn run_greet<Out>(greet: &Function, greeting: Greeting<Out>) -> Result<(), Failure>
where
    Out: DeserializeOwned + 'static,
{
    let attempt = greeting.attempt();
    // Taken away when this is over: JavaScript may keep the functions.
    let greeting = Rc::new(RefCell::new(Some(greeting)));
    let sender = |raw_only: bool| {
        let greeting = Rc::clone(&greeting);
        Closure::<dyn Fn(JsValue) -> Result<(), JsError>>::new(move |message: JsValue| {
            let greeting = greeting.borrow();
            let greeting = greeting.as_ref().ok_or_else(|| JsError::new("The greeting is over."))?;
            let sent = match as_raw(&message) {
                Some(raw) if raw_only => greeting.send_raw(raw),
                None if raw_only => return Err(JsError::new("sendRaw takes text or bytes.")),
                _ => greeting.send(&serde_wasm_bindgen::from_value(message)?),
            };
            sent.map_err(|error| JsError::new(&error.to_string()))
        })
    };
    let (send, send_raw) = (sender(false), sender(true));
    let context = object(&[
        ("attempt", attempt.into()),
        ("send", send.as_ref().clone()),
        ("sendRaw", send_raw.as_ref().clone()),
    ]);
    let done = settle(greet.call1(&JsValue::UNDEFINED, &context)).await;
    greeting.take();
    done.map(|_| ())
}

/// What a function returned, or its promise gave.
async fn settle(returned: Result<JsValue, JsValue>) -> Result<JsValue, Failure> {
    let settled = match returned {
        Ok(value) if value.is_instance_of::<Promise>() => JsFuture::from(Promise::from(value)).await,
        other => other,
    };
    settled.map_err(|thrown| String::from(js_string(&thrown)).into())
}

/// `String(value)`.
fn js_string(value: &JsValue) -> JsString {
    match value.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message(),
        None => Reflect::get(&js_sys::global(), &"String".into())
            .ok()
            .and_then(|string| string.dyn_into::<Function>().ok())
            .and_then(|string| string.call1(&JsValue::UNDEFINED, value).ok())
            .and_then(|text| text.dyn_into().ok())
            .unwrap_or_default(),
    }
}
