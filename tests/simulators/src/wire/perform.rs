//! Sends a planned reply: as it should be, or as badly as ordered.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::http::Reply;
use super::{Plan, Resettable};
use crate::misbehaviour::Misbehaviour;

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Close,
}

/// No HTTP, and not TLS either.
const GARBAGE: &[u8] = b"\x16\x00\xFFkhong phai HTTP\x00\x01\x02\r\n\r\n\xDE\xAD";

/// Sends the reply and says whether the connection may be used again.
pub(crate) async fn perform<S: Resettable>(stream: &mut S, plan: &Plan, keep: bool) -> io::Result<After> {
    let reply = &plan.reply;
    let Some((misbehaviour, releases)) = &plan.trick else { return send(stream, reply, keep).await };
    match misbehaviour {
        Misbehaviour::Reset | Misbehaviour::DropBeforeCommit => {
            stream.reset_on_close();
            Ok(After::Close)
        }
        Misbehaviour::Hang => match hang(stream, releases.clone()).await {
            true => send(stream, reply, keep).await,
            false => Ok(After::Close),
        },
        Misbehaviour::HalfAnswer => {
            stream.write_all(&reply.head(false)).await?;
            let half = reply.body.len() / 2;
            stream.write_all(reply.body.get(..half).unwrap_or_default()).await?;
            stream.flush().await?;
            Ok(After::Close)
        }
        Misbehaviour::Garbage => {
            stream.write_all(GARBAGE).await?;
            stream.flush().await?;
            Ok(After::Close)
        }
        Misbehaviour::SlowDrip { bytes_per_s } => drip(stream, reply, *bytes_per_s).await,
        Misbehaviour::Delay { ms } => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            send(stream, reply, keep).await
        }
        // `ZeroBytes`, and the writes of which nothing is heard.
        _ => Ok(After::Close),
    }
}

pub(crate) async fn send<S: Resettable>(stream: &mut S, reply: &Reply, keep: bool) -> io::Result<After> {
    let mut bytes = reply.head(keep);
    bytes.extend_from_slice(&reply.body);
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    Ok(if keep { After::Keep } else { After::Close })
}

/// Closes in order, unless a reset was prepared: then there is nothing more to say.
pub(crate) async fn close<S: Resettable>(stream: &mut S) {
    if !stream.resets() {
        let _ = stream.shutdown().await;
    }
}

/// Waits until released (`true`) or until the other side gives up (`false`).
async fn hang<S: Resettable>(stream: &mut S, mut releases: watch::Receiver<u64>) -> bool {
    let mut byte = [0];
    tokio::select! {
        released = releases.changed() => released.is_ok(),
        _ = stream.read(&mut byte) => false,
    }
}

async fn drip<S: Resettable>(stream: &mut S, reply: &Reply, bytes_per_s: u32) -> io::Result<After> {
    let pause = Duration::from_secs(1) / bytes_per_s.max(1);
    let mut bytes = reply.head(false);
    bytes.extend_from_slice(&reply.body);
    for byte in bytes {
        stream.write_all(&[byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(After::Close)
}
