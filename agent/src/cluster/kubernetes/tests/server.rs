//! An API server: real HTTP, lists from captures, watches with a history, faults to order.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard},
    thread::JoinHandle,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::any,
};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::{StreamExt as _, wrappers::UnboundedReceiverStream};

use super::{super::connect::client, NEW};

/// How a path fails, until it is healed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failing {
    /// This status for everything.
    Status(u16, &'static str),
    /// This status for watches.
    Watch(u16, &'static str),
    /// Watches send an ERROR event with this code and message.
    Event(u16, &'static str),
    /// Watches end at once.
    Cut,
    /// This text instead of what was asked for.
    Text(&'static str),
    /// No answer at all.
    Silent,
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) watch: bool,
    /// `resourceVersion` of a watch.
    pub(super) version: String,
}

struct Watch {
    path: String,
    query: BTreeMap<String, String>,
    events: mpsc::UnboundedSender<Bytes>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<Value>>,
    answers: BTreeMap<String, Value>,
    failing: BTreeMap<String, Failing>,
    version: u64,
    history: Vec<(u64, String, Value)>,
    /// Watches from before that are too old.
    forgotten: u64,
    watches: Vec<Watch>,
    asked: Vec<Asked>,
}

/// The API server.
pub(super) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Server {
    /// Serves a captured cluster.
    pub(super) fn start(set: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { version: 1000, forgotten: 1000, ..State::default() };
        let mut server = Self { address, state: Arc::new(Mutex::new(state)), running: None };
        server.load(set);
        server.listen(listener);
        server
    }

    fn load(&self, set: &str) {
        let core = ["services", "nodes", "pods", "events"].map(|kind| (kind, format!("/api/v1/{kind}")));
        let metallb = |kind| (kind, format!("/apis/metallb.io/v1beta1/namespaces/metallb-system/{kind}"));
        let further = if set == NEW {
            self.install("discovery.k8s.io", &["v1"], &[]);
            self.install(
                "metallb.io",
                &["v1beta1", "v1beta2"],
                &["ipaddresspools", "l2advertisements", "servicel2statuses", "configurationstates"],
            );
            let slices = ("endpointslices", "/apis/discovery.k8s.io/v1/endpointslices".to_owned());
            vec![metallb("ipaddresspools"), metallb("l2advertisements"), metallb("servicel2statuses"), slices]
        } else {
            self.install("discovery.k8s.io", &["v1beta1"], &[]);
            let config = ("configmaps", "/api/v1/namespaces/metallb-system/configmaps".to_owned());
            vec![config, ("endpoints", "/api/v1/endpoints".to_owned())]
        };
        for (file, path) in core.into_iter().chain(further) {
            let file = format!("{}/../tests/data/{set}/{file}.json", env!("CARGO_MANIFEST_DIR"));
            let list: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            self.state().objects.insert(path, list["items"].as_array().unwrap().clone());
        }
    }

    /// Serves a group, in these versions, with these kinds in v1beta1.
    pub(super) fn install(&self, group: &str, versions: &[&str], resources: &[&str]) {
        let versions: Vec<_> = versions
            .iter()
            .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
            .collect();
        let resources: Vec<_> = resources.iter().map(|name| json!({"name": name})).collect();
        let mut state = self.state();
        let groups = state
            .answers
            .entry("/apis".into())
            .or_insert_with(|| json!({"kind": "APIGroupList", "groups": []}));
        let groups = groups["groups"].as_array_mut().unwrap();
        groups.retain(|other| other["name"] != group);
        groups.push(json!({"name": group, "versions": versions}));
        state.answers.insert(
            format!("/apis/{group}/v1beta1"),
            json!({"kind": "APIResourceList", "resources": resources}),
        );
    }

    fn listen(&mut self, listener: TcpListener) {
        let (stop, stopped) = oneshot::channel();
        let state = Arc::clone(&self.state);
        // With the thread's runtime every connection ends, as when an API server dies.
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let answer = move |request: Request| answer(Arc::clone(&state), request);
                let router = Router::new().fallback(any(answer));
                tokio::select! {
                    _ = async { axum::serve(listener, router).await } => {}
                    _ = stopped => {}
                }
            });
        };
        self.running = Some((stop, std::thread::spawn(serve)));
    }

    /// Dies: connections break, and further ones are refused.
    pub(super) fn away(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            _ = stop.send(());
            thread.join().unwrap();
        }
        self.state().watches.clear();
    }

    /// Is there again, at the same place.
    pub(super) fn back(&mut self) {
        self.listen(TcpListener::bind(self.address).unwrap());
    }

    pub(super) fn client(&self) -> Client {
        client(Config::new(format!("http://{}", self.address).parse().unwrap())).unwrap()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn fail(&self, path: &str, failing: Failing) {
        self.state().failing.insert(path.to_owned(), failing);
    }

    pub(super) fn heal(&self, path: &str) {
        self.state().failing.remove(path);
    }

    /// What is stored under a path changes, and whoever watches hears of it.
    pub(super) fn emit(&self, path: &str, what: &str, mut object: Value) {
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        let objects = state.objects.get_mut(path).unwrap();
        objects.retain(|other| other["metadata"]["name"] != object["metadata"]["name"]);
        if what != "DELETED" {
            objects.push(object.clone());
        }
        let event = json!({"type": what, "object": object});
        state.history.push((version, path.to_owned(), event.clone()));
        let watches = state.watches.iter().filter(|watch| watch.path == path);
        for watch in watches.filter(|watch| selected(&watch.query, &object)) {
            _ = watch.events.send(line(&event));
        }
    }

    /// Sends those who watch a path something that is no change.
    pub(super) fn say(&self, path: &str, text: &'static str) {
        for watch in self.state().watches.iter().filter(|watch| watch.path == path) {
            _ = watch.events.send(Bytes::from_static(text.as_bytes()));
        }
    }

    /// Tells those who watch a path how far they are.
    pub(super) fn bookmark(&self, path: &str) -> String {
        let mut state = self.state();
        state.version += 1;
        let version = state.version.to_string();
        let object = json!({"kind": "Any", "apiVersion": "v1", "metadata": {"resourceVersion": version}});
        for watch in state.watches.iter().filter(|watch| watch.path == path) {
            _ = watch.events.send(line(&json!({"type": "BOOKMARK", "object": object})));
        }
        version
    }

    /// Ends the watches of a path.
    pub(super) fn cut(&self, path: &str) {
        self.state().watches.retain(|watch| watch.path != path);
    }

    /// Forgets what changed so far, as etcd does.
    pub(super) fn compact(&self) {
        let mut state = self.state();
        state.forgotten = state.version;
    }

    /// How many watches are open.
    pub(super) fn watches(&self) -> usize {
        let mut state = self.state();
        state.watches.retain(|watch| !watch.events.is_closed());
        state.watches.len()
    }

    /// The requests so far for a path, or all.
    pub(super) fn asked(&self, path: Option<&str>) -> Vec<Asked> {
        self.state()
            .asked
            .iter()
            .filter(|asked| path.is_none_or(|path| asked.path == path))
            .cloned()
            .collect()
    }

    pub(super) fn forget_asked(&self) {
        self.state().asked.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.away();
    }
}

async fn answer(state: Arc<Mutex<State>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default();
    let query: BTreeMap<_, _> = serde_urlencoded(query);
    let watch = query.contains_key("watch");
    let failing = {
        let mut state = state.lock().unwrap();
        let version = query.get("resourceVersion").cloned().unwrap_or_default();
        state.asked.push(Asked { path: path.clone(), watch, version });
        state.failing.get(&path).copied()
    };
    match failing {
        Some(Failing::Status(code, message)) => status(code, message),
        Some(Failing::Watch(code, message)) if watch => status(code, message),
        Some(Failing::Event(code, message)) if watch => {
            let object = json!({"kind": "Status", "code": code, "message": message, "status": "Failure"});
            Body::from(line(&json!({"type": "ERROR", "object": object}))).into_response()
        }
        Some(Failing::Cut) if watch => Body::empty().into_response(),
        Some(Failing::Text(text)) => text.into_response(),
        Some(Failing::Silent) => std::future::pending().await,
        _ if watch => open(&mut state.lock().unwrap(), path, query),
        _ => list(&state.lock().unwrap(), &path, &query),
    }
}

/// A page of a list. Pages are short here, so that there are some.
fn list(state: &State, path: &str, query: &BTreeMap<String, String>) -> Response {
    if let Some(answer) = state.answers.get(path) {
        return Json(answer.clone()).into_response();
    }
    let Some(objects) = state.objects.get(path) else { return status(404, "the server could not find it") };
    let limit = query["limit"].parse::<usize>().unwrap().min(2);
    let from = query.get("continue").map_or(0, |next| next.parse().unwrap());
    let all: Vec<_> = objects.iter().filter(|object| selected(query, object)).collect();
    let page: Vec<_> = all.iter().skip(from).take(limit).collect();
    let next = if from + limit < all.len() { (from + limit).to_string() } else { String::new() };
    let metadata = json!({"resourceVersion": state.version.to_string(), "continue": next});
    Json(json!({"kind": "List", "metadata": metadata, "items": page})).into_response()
}

fn open(state: &mut State, path: String, query: BTreeMap<String, String>) -> Response {
    if !state.objects.contains_key(&path) {
        return status(404, "the server could not find it");
    }
    let from: u64 = query["resourceVersion"].parse().unwrap();
    if from < state.forgotten {
        return status(410, "too old resource version");
    }
    let (events, stream) = mpsc::unbounded_channel();
    let missed = state.history.iter().filter(|(version, other, _)| *version > from && *other == path);
    for (_, _, event) in missed.filter(|(_, _, event)| selected(&query, &event["object"])) {
        _ = events.send(line(event));
    }
    state.watches.push(Watch { path, query, events });
    let stream = UnboundedReceiverStream::new(stream).map(Ok::<_, Infallible>);
    Body::from_stream(stream).into_response()
}

/// Whether the selectors of a request select an object.
fn selected(query: &BTreeMap<String, String>, object: &Value) -> bool {
    let pairs = |key: &str| {
        let text = query.get(key).cloned().unwrap_or_default();
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let labels = &object["metadata"]["labels"];
    let field = |path: &str| object.pointer(&format!("/{}", path.replace('.', "/"))).cloned();
    pairs("labelSelector").iter().all(|(key, value)| labels[key] == *value)
        && pairs("fieldSelector").iter().all(|(path, value)| field(path).is_some_and(|found| found == *value))
}

fn status(code: u16, message: &str) -> Response {
    let body = json!({"kind": "Status", "status": "Failure", "message": message, "code": code});
    (StatusCode::from_u16(code).unwrap(), Json(body)).into_response()
}

fn line(event: &Value) -> Bytes {
    format!("{event}\n").into()
}

/// The query, decoded as far as selectors need it.
fn serde_urlencoded(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut decoded = text.to_owned();
        for (code, plain) in [("%2C", ","), ("%3D", "="), ("%2F", "/")] {
            decoded = decoded.replace(code, plain);
        }
        decoded
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), decode(value))).collect()
}
