//! The socket side of every party: doors, connections, and the bytes of right and wrong replies.

pub(crate) mod http;
pub(crate) mod late;
mod perform;
pub(crate) mod script;
pub(crate) mod tally;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::desk::Desk;
use crate::misbehaviour::{Misbehaviour, MisbehaviourError, Stage, shape};
use crate::{Party, wire::http::NoRequest};
use http::{Reply, Request};
use late::Late;
use perform::After;
use script::Script;
use tally::{InFlight, Tally};

/// Connections waiting to be accepted; a load run opens hundreds at once.
const BACKLOG: u32 = 1024;
/// How long a caller waits for its door to be moved; it takes microseconds.
const DOOR_WAIT: Duration = Duration::from_secs(5);
/// A handshake that takes longer has been abandoned.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(30);

/// One party: what it has been told to do wrong, and what reached it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) party: Party,
    pub(crate) base_url: String,
    /// A server that nobody has a reason to call.
    pub(crate) elsewhere: String,
    pub(crate) script: Script,
    pub(crate) tally: Arc<Tally>,
    /// Changes whenever hanging requests are let go.
    pub(crate) releases: watch::Sender<u64>,
    /// The dossiers handed in here; none where nothing takes its time.
    pub(crate) desk: Arc<Desk>,
    /// What shall be done after the next look-up.
    pub(crate) late: Late,
    /// `None` for an agency behind a carrier.
    pub(crate) door: Option<mpsc::UnboundedSender<DoorOrder>>,
}

/// What the listening socket is asked to do; acknowledged when it is done.
#[derive(Debug)]
pub(crate) struct DoorOrder {
    movement: Movement,
    done: blocking::Sender<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Movement {
    Shut,
    Open,
    /// Idle connections are closed, so that the next request meets the door again.
    Refresh,
}

impl Site {
    pub(crate) fn move_door(&self, movement: Movement) -> Result<(), MisbehaviourError> {
        let Some(door) = &self.door else { return Ok(()) };
        let (done, moved) = blocking::channel();
        let broken = || MisbehaviourError::Door { party: self.party.name() };
        door.send(DoorOrder { movement, done }).map_err(|_| broken())?;
        match moved.recv_timeout(DOOR_WAIT) {
            Ok(true) => Ok(()),
            _ => Err(broken()),
        }
    }
}

/// What stands behind a door.
pub(crate) trait Agency: Send + Sync + 'static {
    /// The operation a request asks for, as it is counted.
    fn operation(&self, request: &Request) -> String;

    /// The reply, already wrong if the misbehaviour is one of words.
    fn answer(&self, site: &Arc<Site>, request: &Request, misbehaviour: Option<&Misbehaviour>) -> Plan;
}

/// A reply and how to send it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) reply: Reply,
    /// The misbehaviour at the byte level, with the releases since the request was counted.
    pub(crate) trick: Option<(Misbehaviour, watch::Receiver<u64>)>,
    /// Kept until the reply is out.
    pub(crate) in_flight: Vec<InFlight>,
}

impl From<Reply> for Plan {
    fn from(reply: Reply) -> Self {
        Self { reply, trick: None, in_flight: Vec::new() }
    }
}

/// A request as it is received: counted, and given its misbehaviour.
pub(crate) struct Reception {
    pub(crate) misbehaviour: Option<Misbehaviour>,
    pub(crate) in_flight: InFlight,
    /// Begun before the request was counted, so that who has seen it counted can release it.
    releases: watch::Receiver<u64>,
}

impl Reception {
    /// At the party's own door.
    pub(crate) fn at_door(site: &Site, operation: &str) -> Self {
        Self::new(site, operation, |script| script.take_for(operation))
    }

    /// Through the carrier; what a door of its own does wrong then happens there, but for a refusal.
    pub(crate) fn through_carrier(site: &Site, operation: &str) -> Self {
        Self::new(site, operation, |script| match site.door {
            Some(_) => script.take_unless_at_door(operation),
            None => script.take_behind_carrier(operation),
        })
    }

    fn new(site: &Site, operation: &str, take: impl Fn(&Script) -> Option<Misbehaviour>) -> Self {
        let releases = site.releases.subscribe();
        let in_flight = site.tally.enter(operation);
        let misbehaviour = take(&site.script);
        if let Some(misbehaviour) = &misbehaviour {
            site.tally.misbehaved(misbehaviour.name());
        }
        Self { misbehaviour, in_flight, releases }
    }
}

/// Lets a party answer one request, as it was told to.
pub(crate) fn attend(site: &Arc<Site>, agency: &dyn Agency, request: &Request, reception: Reception) -> Plan {
    let Reception { misbehaviour, in_flight, releases } = reception;
    let mut plan = agency.answer(site, request, misbehaviour.as_ref());
    plan.in_flight.push(in_flight);
    if let Some(misbehaviour) = misbehaviour {
        plan.reply = shape::spoil(plan.reply, &misbehaviour, site.party, &site.elsewhere);
        if misbehaviour.stage() == Stage::Bytes {
            plan.trick = Some((misbehaviour, releases));
        }
    }
    plan
}

/// The certificates a door shows.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) proper: TlsAcceptor,
    pub(crate) wrong: TlsAcceptor,
}

/// A door with everything behind it.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) site: Arc<Site>,
    pub(crate) agency: Arc<dyn Agency>,
    pub(crate) tls: Option<Tls>,
}

enum Door {
    Open(TcpListener),
    /// Bound but not listening: the kernel refuses, and nobody else takes the port.
    Shut(TcpSocket),
}

/// Accepts connections until the runtime ends.
pub(crate) async fn keep_door(
    house: House,
    listener: TcpListener,
    mut orders: mpsc::UnboundedReceiver<DoorOrder>,
) {
    let Ok(address) = listener.local_addr() else { return };
    let refresh = watch::Sender::new(());
    let mut door = Door::Open(listener);
    loop {
        let order = match &door {
            Door::Shut(_) => orders.recv().await,
            Door::Open(listener) => tokio::select! {
                biased;
                order = orders.recv() => order,
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        tokio::spawn(welcome(house.clone(), stream, refresh.subscribe()));
                    }
                    continue;
                }
            },
        };
        let Some(order) = order else { return };
        refresh.send_replace(());
        let moved = move_door(door, order.movement, address);
        let done = moved.is_ok();
        door = match moved {
            Ok(door) => door,
            Err(Some(door)) => door,
            Err(None) => return,
        };
        // Nobody waiting any more is no reason to stop.
        let _ = order.done.send(done);
    }
}

/// Shuts or opens; on failure gives back the door if there still is one.
fn move_door(door: Door, movement: Movement, address: SocketAddr) -> Result<Door, Option<Door>> {
    match (door, movement) {
        (Door::Open(listener), Movement::Shut) => {
            drop(listener);
            bind(address).map(Door::Shut).map_err(|_| None)
        }
        (Door::Shut(socket), Movement::Open) => socket.listen(BACKLOG).map(Door::Open).map_err(|_| None),
        (door, _) => Ok(door),
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A fresh listener on a free port of loopback.
pub(crate) fn listen() -> std::io::Result<TcpListener> {
    bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.listen(BACKLOG)
}

async fn welcome(house: House, stream: TcpStream, refresh: watch::Receiver<()>) {
    house.site.tally.connected();
    let at_door = house.site.script.take_at_door();
    if let Some(misbehaviour) = &at_door {
        house.site.tally.misbehaved(misbehaviour.name());
    }
    if matches!(at_door, Some(Misbehaviour::CloseAtAccept | Misbehaviour::Refuse)) {
        // Without lingering, closing is a reset.
        let _ = stream.set_zero_linger();
        return;
    }
    let _ = stream.set_nodelay(true);
    let Some(tls) = &house.tls else { return converse(&house, stream, refresh).await };
    let acceptor = if at_door.is_some() { &tls.wrong } else { &tls.proper };
    match tokio::time::timeout(HANDSHAKE_WAIT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => converse(&house, stream, refresh).await,
        _ => house.site.tally.handshake_failed(),
    }
}

/// A stream that can be reset.
pub(crate) trait Resettable: AsyncRead + AsyncWrite + Unpin + Send {
    fn reset_on_close(&self);
    /// Whether it has been told to.
    fn resets(&self) -> bool;
}

impl Resettable for TcpStream {
    fn reset_on_close(&self) {
        let _ = self.set_zero_linger();
    }

    fn resets(&self) -> bool {
        self.linger().is_ok_and(|linger| linger == Some(Duration::ZERO))
    }
}

impl Resettable for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        let _ = self.get_ref().0.set_zero_linger();
    }

    fn resets(&self) -> bool {
        self.get_ref().0.resets()
    }
}

/// Answers request after request on one connection.
async fn converse<S: Resettable>(house: &House, mut stream: S, mut refresh: watch::Receiver<()>) {
    let mut buffer = Vec::new();
    loop {
        let request = tokio::select! {
            // First the door: once it has moved, nothing more is taken from a connection that was idle then.
            biased;
            _ = refresh.changed() => return perform::close(&mut stream).await,
            request = http::read_request(&mut stream, &mut buffer) => request,
        };
        let after = match request {
            Ok(request) => answer(house, &mut stream, &request).await,
            Err(NoRequest::Closed) => return,
            Err(NoRequest::Malformed(why)) => {
                house.site.tally.refused("malformed-http");
                let reply = Reply::new(400, "text/plain", why);
                let _ = perform::send(&mut stream, &reply, false).await;
                return;
            }
        };
        if after == After::Close {
            return;
        }
    }
}

async fn answer<S: Resettable>(house: &House, stream: &mut S, request: &Request) -> After {
    let site = &house.site;
    let operation = house.agency.operation(request);
    let reception = Reception::at_door(site, &operation);
    let plan = attend(site, house.agency.as_ref(), request, reception);
    let after = perform::perform(stream, &plan, !request.wants_close()).await.unwrap_or(After::Close);
    if after == After::Close {
        perform::close(stream).await;
    }
    after
}
