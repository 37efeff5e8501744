//! The gRPC side: paths, methods, and what each answers.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::{
    future::{BoxFuture, FutureExt},
    stream::{self, BoxStream, StreamExt},
};
use tokio::sync::watch;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{Service, http},
    server::{ClientStreamingService, Grpc, ServerStreamingService, UnaryService},
};
use tonic_prost::ProstCodec;

use super::{
    faults::{Call, Fault, Faults, locked},
    store::{Record, Store},
    subscription,
    wire::{
        AllSource, AppendContent, AppendOptions, AppendPosition, AppendReq, AppendResp, AppendResult,
        AppendSuccess, ClusterInfo, ConflictingRevision, CurrentRevision, EndPoint, EventPosition,
        ExpectedRevision, FromPosition, FromRevision, LEADER, LogPosition, MemberInfo, ProposedEvent,
        ReadContent, ReadDirection, ReadEvent, ReadExtent, ReadFilter, ReadOptions, ReadReq, ReadResp,
        ReadSource, RefusedExpectation, StoredEvent, StreamIdentifier, StreamNotFound, StreamSource,
        SupportedMethod, SupportedMethods, Uuid, WrongExpectedVersion,
    },
};

/// The server's default limit of one append, in bytes.
const MAX_APPEND: usize = 1024 * 1024;

/// What subscriptions watch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pulse {
    /// Records in the log.
    pub(super) length: usize,
    /// How often all subscriptions were cut.
    pub(super) cuts: u64,
    /// How often all subscriptions were ended as if all were well.
    pub(super) ends: u64,
    /// Subscriptions deliver nothing.
    pub(super) muted: bool,
    /// The server tells nobody that it caught up, as servers before 23.10 did.
    pub(super) tells_no_catching_up: bool,
}

pub(super) struct Server {
    pub(super) store: Mutex<Store>,
    pub(super) faults: Faults,
    pub(super) pulse: watch::Sender<Pulse>,
    pub(super) version: Mutex<String>,
    pub(super) address: Mutex<Option<SocketAddr>>,
}

impl Server {
    /// Changes the store and wakes the subscriptions.
    pub(super) fn write<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = locked(&self.store);
        let done = change(&mut store);
        let length = store.log().len();
        drop(store);
        self.pulse.send_modify(|pulse| pulse.length = length);
        done
    }

    async fn append(&self, mut request: Streaming<AppendReq>) -> Result<Response<AppendResp>, Status> {
        let fault = self.faults.meet(Call::Append);
        match fault {
            Some(Fault::Unavailable) => return Err(unavailable()),
            Some(Fault::Late(by)) => tokio::time::sleep(by).await,
            _ => {}
        }
        let Some(AppendContent::Options(options)) = request.message().await?.and_then(|first| first.content)
        else {
            return Err(Status::invalid_argument("the first message must be the options"));
        };
        let mut events = Vec::new();
        let mut size = 0;
        while let Some(message) = request.message().await? {
            let Some(AppendContent::Event(event)) = message.content else {
                return Err(Status::invalid_argument("every further message must be an event"));
            };
            size += event.data.len() + event.user_metadata.len();
            events.push(event);
        }
        if size > MAX_APPEND {
            return Err(Status::invalid_argument(format!("Maximum Append Size of {MAX_APPEND} Exceeded.")));
        }
        let AppendOptions { stream, expected } = options;
        let stream = name(stream)?;
        let expected =
            expected.ok_or_else(|| Status::invalid_argument("an append must say what it expects"))?;
        let result = self.write(|store| {
            if matches!(fault, Some(Fault::Overtaken)) {
                store.write(&stream, vec![somebody_elses_event()]);
            }
            store.append(&stream, expected, events)
        });
        match fault {
            Some(Fault::AnswerLost) => return Err(unavailable()),
            Some(Fault::AnswerLate(by)) => tokio::time::sleep(by).await,
            _ => {}
        }
        let result = match result {
            Ok(written) => AppendResult::Success(AppendSuccess {
                revision: Some(CurrentRevision::Revision(written.revision)),
                position: Some(AppendPosition::Position(LogPosition::at(written.position))),
            }),
            Err(refused) => AppendResult::WrongExpectedVersion(WrongExpectedVersion {
                current: Some(
                    refused.current.map_or(ConflictingRevision::NoStream(()), ConflictingRevision::Revision),
                ),
                expected: Some(match expected {
                    ExpectedRevision::Revision(revision) => RefusedExpectation::Revision(revision),
                    ExpectedRevision::NoStream(()) => RefusedExpectation::NoStream(()),
                    ExpectedRevision::Any(()) => RefusedExpectation::Any(()),
                    ExpectedRevision::StreamExists(()) => RefusedExpectation::StreamExists(()),
                }),
            }),
        };
        Ok(Response::new(AppendResp { result: Some(result) }))
    }

    async fn read(self: Arc<Self>, request: ReadReq) -> Result<Response<Answers>, Status> {
        let options = request.options.ok_or_else(|| Status::invalid_argument("options are missing"))?;
        let subscribing = matches!(options.extent, Some(ReadExtent::Subscription(())));
        let fault = self.faults.meet(if subscribing { Call::Subscribe } else { Call::Read });
        match fault {
            Some(Fault::Unavailable) => return Err(unavailable()),
            Some(Fault::Late(by)) => tokio::time::sleep(by).await,
            _ => {}
        }
        if subscribing {
            return Ok(Response::new(subscription::answer(&self, &options, fault.as_ref())?));
        }
        let answers = self.page(options)?;
        Ok(Response::new(stream::iter(answers.into_iter().map(|content| Ok(content.into()))).boxed()))
    }

    fn page(&self, options: ReadOptions) -> Result<Vec<ReadContent>, Status> {
        let Some(ReadExtent::Count(count)) = options.extent else {
            return Err(Status::invalid_argument("a read must say how many"));
        };
        if !matches!(options.filter, Some(ReadFilter::None(())) | None) {
            return Err(Status::unimplemented("the stand-in filters subscriptions only"));
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let backwards = options.direction == ReadDirection::Backwards as i32;
        let store = locked(&self.store);
        match options.source {
            Some(ReadSource::Stream(StreamSource { stream, from })) => {
                let stream = name(stream)?;
                let records = store.stream(&stream);
                if records.is_empty() {
                    let stream = Some(StreamIdentifier { stream_name: stream.into_bytes().into() });
                    return Ok(vec![ReadContent::StreamNotFound(StreamNotFound { stream })]);
                }
                // A revision is read itself in both directions.
                let from = match from {
                    Some(FromRevision::Revision(revision)) => usize::try_from(revision).unwrap_or(usize::MAX),
                    Some(FromRevision::End(())) => records.len(),
                    Some(FromRevision::Start(())) | None => 0,
                };
                Ok(cut_out(records, from, from.saturating_add(1), backwards, count))
            }
            Some(ReadSource::All(AllSource { from })) => {
                // A position is read itself forwards, and not backwards.
                let from = match from {
                    Some(FromPosition::Position(at)) => store
                        .index_at(at.commit)
                        .ok_or_else(|| Status::unknown("no record starts at this position"))?,
                    Some(FromPosition::End(())) => store.log().len(),
                    Some(FromPosition::Start(())) | None => 0,
                };
                Ok(cut_out(store.log(), from, from, backwards, count))
            }
            None => Err(Status::invalid_argument("a read must say of what")),
        }
    }

    fn features(&self) -> Result<Response<SupportedMethods>, Status> {
        if matches!(self.faults.meet(Call::Features), Some(Fault::Unavailable)) {
            return Err(unavailable());
        }
        let method = |service: &str, method: &str| SupportedMethod {
            method_name: method.to_owned(),
            service_name: service.to_owned(),
        };
        Ok(Response::new(SupportedMethods {
            methods: vec![
                method("event_store.client.streams.streams", "append"),
                method("event_store.client.streams.streams", "read"),
                method("event_store.client.gossip.gossip", "read"),
            ],
            server_version: locked(&self.version).clone(),
        }))
    }

    fn gossip(&self) -> Result<Response<ClusterInfo>, Status> {
        let address = locked(&self.address).ok_or_else(|| Status::unavailable("starting"))?;
        let this = MemberInfo {
            instance_id: Some(Uuid::from_id(uuid::Uuid::from_u128(1))),
            state: LEADER,
            is_alive: true,
            http_end_point: Some(EndPoint {
                address: address.ip().to_string(),
                port: u32::from(address.port()),
            }),
        };
        Ok(Response::new(ClusterInfo { members: vec![this] }))
    }
}

fn cut_out(
    records: &[Arc<Record>],
    from: usize,
    before: usize,
    backwards: bool,
    count: usize,
) -> Vec<ReadContent> {
    if backwards {
        let older = &records[..before.min(records.len())];
        older.iter().rev().take(count).map(|record| event(record)).collect()
    } else {
        records.iter().skip(from).take(count).map(|record| event(record)).collect()
    }
}

/// A record as it goes over the wire.
pub(super) fn event(record: &Record) -> ReadContent {
    let ProposedEvent { id, system_metadata, user_metadata, data } = record.event.clone();
    ReadContent::Event(ReadEvent {
        event: Some(StoredEvent {
            id,
            stream: Some(StreamIdentifier { stream_name: record.stream.clone().into_bytes().into() }),
            revision: record.revision,
            prepare: record.position,
            commit: record.position,
            system_metadata,
            user_metadata,
            data,
        }),
        position: Some(EventPosition::Commit(record.position)),
    })
}

fn somebody_elses_event() -> ProposedEvent {
    ProposedEvent {
        id: Some(Uuid::from_id(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, b"somebody else"))),
        data: "{}".into(),
        ..super::plain_event("somebody.else")
    }
}

fn name(stream: Option<StreamIdentifier>) -> Result<String, Status> {
    let stream = stream.ok_or_else(|| Status::invalid_argument("a stream must be named"))?;
    String::from_utf8(stream.stream_name.into()).map_err(|_| Status::invalid_argument("a name must be text"))
}

pub(super) fn unavailable() -> Status {
    Status::unavailable("the stand-in was told to be unavailable")
}

// ── plumbing: what generated code would do ────────────────────────────────────────────────────

pub(super) type Answers = BoxStream<'static, Result<ReadResp, Status>>;

struct Append(Arc<Server>);

impl ClientStreamingService<AppendReq> for Append {
    type Response = AppendResp;
    type Future = BoxFuture<'static, Result<Response<AppendResp>, Status>>;

    fn call(&mut self, request: Request<Streaming<AppendReq>>) -> Self::Future {
        let server = self.0.clone();
        async move { server.append(request.into_inner()).await }.boxed()
    }
}

struct Read(Arc<Server>);

impl ServerStreamingService<ReadReq> for Read {
    type Response = ReadResp;
    type ResponseStream = Answers;
    type Future = BoxFuture<'static, Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<ReadReq>) -> Self::Future {
        self.0.clone().read(request.into_inner()).boxed()
    }
}

struct Features(Arc<Server>);

impl UnaryService<()> for Features {
    type Response = SupportedMethods;
    type Future = BoxFuture<'static, Result<Response<SupportedMethods>, Status>>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::future::ready(self.0.features()).boxed()
    }
}

struct Gossip(Arc<Server>);

impl UnaryService<()> for Gossip {
    type Response = ClusterInfo;
    type Future = BoxFuture<'static, Result<Response<ClusterInfo>, Status>>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::future::ready(self.0.gossip()).boxed()
    }
}

/// Sends each request to its method by path.
#[derive(Clone)]
pub(super) struct Methods(pub(super) Arc<Server>);

impl Service<http::Request<Body>> for Methods {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let server = self.0.clone();
        async move {
            Ok(match request.uri().path() {
                "/event_store.client.streams.Streams/Append" => {
                    Grpc::new(ProstCodec::default()).client_streaming(Append(server), request).await
                }
                "/event_store.client.streams.Streams/Read" => {
                    Grpc::new(ProstCodec::default()).server_streaming(Read(server), request).await
                }
                "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
                    Grpc::new(ProstCodec::default()).unary(Features(server), request).await
                }
                "/event_store.client.gossip.Gossip/Read" => {
                    Grpc::new(ProstCodec::default()).unary(Gossip(server), request).await
                }
                path => Status::unimplemented(format!("the stand-in knows no {path}")).into_http(),
            })
        }
        .boxed()
    }
}
