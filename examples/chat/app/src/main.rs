//! The chat's page in Rust: Yew draws, Everwire talks.

use std::rc::Rc;

use chat_messages::Chat;
use everwire::{Event, Greeting, InvalidOption, Sender, State, Wire};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use web_sys::{HtmlInputElement, SubmitEvent, UrlSearchParams, window};
use yew::prelude::*;

fn main() {
    yew::Renderer::<Page>::new().render();
}

/// All that the page shows.
#[derive(Clone, Default)]
struct Shown {
    sender: Option<Sender<Chat>>,
    state: String,
    here: Vec<String>,
    said: Vec<(String, String)>,
}

enum Change {
    Connected(Sender<Chat>),
    Failed(InvalidOption),
    Event(Event<Chat>),
}

impl Reducible for Shown {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        let mut shown = Rc::unwrap_or_clone(self);
        match change {
            Change::Connected(sender) => shown.sender = Some(sender),
            Change::Failed(error) => shown.state = error.to_string(),
            Change::Event(Event::Message(Chat::Said { name, text })) => shown.said.push((name, text)),
            Change::Event(Event::Message(Chat::Here { names })) => shown.here = names,
            Change::Event(Event::StateChanged(state)) => shown.state = describe(&state),
            Change::Event(_) => {}
        }
        Rc::new(shown)
    }
}

#[component]
fn Page() -> Html {
    let shown = use_reducer(Shown::default);
    let change = shown.dispatcher();
    // The wire lives as long as the page shows: dropping it closes the connection.
    use_effect_with((), move |()| {
        let (stop, registration) = AbortHandle::new_pair();
        wasm_bindgen_futures::spawn_local(async move {
            // Stopped is as good as done.
            let _ = Abortable::new(talk(change), registration).await;
        });
        move || stop.abort()
    });
    let field = use_node_ref();
    let onsubmit = {
        let (sender, field) = (shown.sender.clone(), field.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let (Some(sender), Some(field)) = (&sender, field.cast::<HtmlInputElement>())
                // If it cannot even queue, it stays in the field.
                && sender.try_send(Chat::Say { text: field.value() }).is_ok()
            {
                field.set_value("");
            }
        })
    };
    html! {
        <>
            <p>{ "State: " }<output id="state">{ &shown.state }</output></p>
            <p>{ "Here: " }<output id="here">{ shown.here.join(", ") }</output></p>
            <ol id="said">
                { for shown.said.iter().map(|(name, text)| html! { <li><b>{ name }</b>{ ": " }{ text }</li> }) }
            </ol>
            <form {onsubmit}>
                <input ref={field} name="text" aria-label="What to say" autocomplete="off" required=true />
                <button>{ "Say" }</button>
            </form>
        </>
    }
}

async fn talk(change: UseReducerDispatcher<Shown>) {
    let mut wire = match connect() {
        Ok(wire) => wire,
        Err(error) => return change.dispatch(Change::Failed(error)),
    };
    change.dispatch(Change::Connected(wire.sender()));
    while let Some(event) = wire.next().await {
        change.dispatch(Change::Event(event));
    }
}

fn connect() -> Result<Wire<Chat>, InvalidOption> {
    let location = window().map(|window| window.location());
    let part = |part: Option<Result<String, _>>| part.and_then(Result::ok).unwrap_or_default();
    let host = part(location.as_ref().map(|location| location.host()));
    let scheme = part(location.as_ref().map(|location| location.protocol())).replace("http", "ws");
    let query = UrlSearchParams::new_with_str(&part(location.map(|location| location.search())));
    let name = query.ok().and_then(|query| query.get("name")).unwrap_or_else(|| "Somebody".to_owned());
    Wire::builder(format!("{scheme}//{host}/ws?room=chat"))
        // Whenever it connects, also after a loss.
        .greet(async move |greeting: Greeting<Chat>| greeting.send(&Chat::Join { name: name.clone() }))
        .connect()
}

fn describe(state: &State) -> String {
    match state {
        State::Open => "connected".to_owned(),
        State::Waiting { cause, .. } => format!("lost. {cause}"),
        State::Closed { cause, .. } => format!("closed. {cause}"),
        _ => "connecting".to_owned(),
    }
}
