//! `lienthong health`

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say_wrong};

/// How long the operations port may take to answer: a container's health check gives 3 s.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks a running gateway on this machine whether it is ready.
#[derive(Debug, Args)]
pub struct Health {}

impl Health {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        match is_ready(main.server.operations_listen) {
            Ok(true) => EXIT_OK,
            Ok(false) => {
                say_wrong("not ready");
                EXIT_FINDINGS
            }
            Err(error) => {
                say_wrong(&format!("{}: {error}", main.server.operations_listen));
                EXIT_FINDINGS
            }
        }
    }
}

/// One plain HTTP/1.1 request: nothing of the gateway's own client is needed for it.
fn is_ready(address: std::net::SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)?;
    stream.set_read_timeout(Some(HEALTH_TIMEOUT))?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut head = [0_u8; 16];
    stream.read_exact(&mut head)?;
    Ok(head.starts_with(b"HTTP/1.1 200"))
}
