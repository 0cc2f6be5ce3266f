//! The server's requests, and the handlers that answer them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::hub::Hub;
use crate::codec::Raw;
use crate::session::Answer;
use crate::wire::bell::Ear;
use crate::wire::task::Task;

/// Answers in parts are made no faster than the server takes them: so many bytes wait at most.
const HELD: usize = 256 * 1024;

type Parts<Out> = Pin<Box<dyn Stream<Item = Result<Out, String>>>>;
pub(super) type Handler<In, Out> = Rc<dyn Fn(In) -> Parts<Out>>;

/// Handlers at work, by the number of the request. Dropped, they stop.
#[derive(Default)]
pub(super) struct Running(RefCell<BTreeMap<u64, Task>>);

impl Running {
    /// Not under the borrow: what a handler holds may call the wire when it is dropped.
    pub(super) fn stop(&self, id: u64) -> bool {
        let task = self.0.borrow_mut().remove(&id);
        task.is_some()
    }

    pub(super) fn stop_all(&self) {
        let tasks = self.0.take();
        drop(tasks);
    }
}

pub(super) fn once<In, Out: 'static, E: Display>(
    handler: impl AsyncFn(In) -> Result<Out, E> + 'static,
) -> Handler<In, Out>
where
    In: 'static,
{
    let handler = Rc::new(handler);
    Rc::new(move |message| {
        let handler = Rc::clone(&handler);
        let answer = async move { handler(message).await.map_err(|error| error.to_string()) };
        Box::pin(Once(Some(Box::pin(answer))))
    })
}

pub(super) fn parts<In, Out, E, S>(handler: impl Fn(In) -> S + 'static) -> Handler<In, Out>
where
    Out: 'static,
    E: Display,
    S: Stream<Item = Result<Out, E>> + 'static,
{
    Rc::new(move |message| Box::pin(Words(Box::pin(handler(message)))))
}

/// A stream of one.
struct Once<F>(Option<Pin<Box<F>>>);

impl<F: Future> Stream for Once<F> {
    type Item = F::Output;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let Some(future) = &mut self.0 else { return Poll::Ready(None) };
        let output = std::task::ready!(future.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(Some(output))
    }
}

/// A stream whose errors are told in words.
struct Words<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<Out, E>>, Out, E: Display> Stream for Words<S> {
    type Item = Result<Out, String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .as_mut()
            .poll_next(context)
            .map(|next| next.map(|part| part.map_err(|error| error.to_string())))
    }
}

impl<In: 'static, Out: 'static> Hub<In, Out> {
    /// Answers a request of the server's, exactly once.
    pub(super) fn handle(self: &Rc<Self>, id: u64, method: &str, raw: &Raw) {
        let handler = self.handlers.borrow().get(method).cloned();
        let Some(handler) = handler else {
            self.respond(id, Answer::NoMethod as u64, false, &Raw::from(method));
            return;
        };
        let message = match self.decode.decode(raw) {
            Ok(message) => message,
            Err(error) => {
                let text = format!("The request cannot be decoded: {error}.");
                self.respond(id, Answer::Error as u64, false, &Raw::Text(text));
                return;
            }
        };
        let hub = Rc::downgrade(self);
        let task = Task::spawn(async move {
            let mut parts = handler(message);
            let mut held: Option<Raw> = None;
            loop {
                let part = poll_fn(|context| parts.as_mut().poll_next(context)).await;
                let Some(hub) = hub.upgrade() else { return };
                let part = part.map(|part| {
                    part.and_then(|message| {
                        let encoded = hub.encode.encode(&message);
                        encoded.map_err(|error| format!("The answer cannot be encoded: {error}."))
                    })
                });
                // Which part is the last one shows only after it.
                if let (Some(raw), Some(_)) = (&held, &part) {
                    hub.respond(id, Answer::Ok as u64, true, raw);
                }
                match part {
                    Some(Ok(raw)) => {
                        held = Some(raw);
                        let room = hub.room();
                        drop(hub);
                        room.await;
                        continue;
                    }
                    Some(Err(text)) => hub.respond(id, Answer::Error as u64, false, &Raw::Text(text)),
                    None => {
                        let last = held.unwrap_or(Raw::Text(String::new()));
                        hub.respond(id, Answer::Ok as u64, false, &last)
                    }
                };
                hub.running.stop(id);
                return;
            }
        });
        self.running.0.borrow_mut().insert(id, task);
    }

    /// Done when little enough is held for the server, or nothing will be sent any more.
    fn room(&self) -> impl Future<Output = ()> + use<In, Out> {
        let driver = self.driver.get().cloned();
        let ear = self.bell.get().map(Ear::new);
        poll_fn(move |context| {
            let driver = driver.as_ref().and_then(crate::web::WeakDriver::upgrade);
            let held = driver.map_or(0, |driver| {
                driver.read(|machine| machine.session().map_or(0, crate::session::Client::held))
            });
            match &ear {
                Some(ear) if held > HELD => {
                    ear.listen(context);
                    Poll::Pending
                }
                _ => Poll::Ready(()),
            }
        })
    }
}
