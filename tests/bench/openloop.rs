//! Open-loop load: requests leave by the clock, whether or not earlier ones have come back, and each is timed from the moment
//! at which it *should* have left. Closed-loop generators wait for a slow server and so forget how slow it was.
//!
//! `openloop ADDRESS PATH RATE SECONDS CONNECTIONS BODY-FILE [HEADER-FILE]`; «n» in the body becomes a new number each time.
//! Prints one line of JSON, times in microseconds. Built with `rustc -O`, no crates.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

struct Order {
    address: String,
    head: String,
    before: String,
    after: Option<String>,
}

impl Order {
    fn request(&self, number: u64) -> Vec<u8> {
        let body = match &self.after {
            Some(after) => format!("{}{:06}{after}", self.before, number % 1_000_000),
            None => self.before.clone(),
        };
        format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len()).into_bytes()
    }
}

/// Reads one answer whole; `true` for a 200.
fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    buffer.clear();
    let mut chunk = [0_u8; 16_384];
    loop {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        buffer.extend_from_slice(&chunk[..read]);
        let Some(head) = buffer.windows(4).position(|four: &[u8]| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let whole = match length {
            Some(length) => buffer.len() >= head + 4 + length,
            None => buffer.ends_with(b"0\r\n\r\n"),
        };
        if whole {
            return Ok(text.starts_with("http/1.1 200"));
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, rate, seconds, connections, body, rest @ ..] = &arguments[..] else {
        eprintln!("openloop ADDRESS PATH RATE SECONDS CONNECTIONS BODY-FILE [HEADER-FILE]");
        std::process::exit(2);
    };
    let number = |text: &String| text.parse::<f64>().expect("a number");
    let (rate, seconds, connections) = (number(rate), number(seconds), number(connections) as u64);
    let body = std::fs::read_to_string(body).expect("the body's file");
    let headers = rest.first().map(|file| std::fs::read_to_string(file).expect("the headers' file"));
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    headers.unwrap_or_default().lines().for_each(|line| head.push_str(&format!("{line}\r\n")));
    let (before, after) = match body.split_once("«n»") {
        Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
        None => (body, None),
    };
    let order = Order { address: address.clone(), head, before, after };
    let first = u64::from(std::process::id()) * 7919;
    let begun = Instant::now() + Duration::from_millis(100);
    let (mut times, mut failed) = (Vec::new(), 0_u64);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|at| {
                let order = &order;
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(&order.address).expect("a connection");
                    stream.set_nodelay(true).expect("nodelay");
                    let (mut buffer, mut times, mut failed) = (Vec::new(), Vec::new(), 0);
                    for turn in 0_u64.. {
                        let count = turn * connections + at;
                        let due = Duration::from_secs_f64(count as f64 / rate);
                        if due.as_secs_f64() >= seconds {
                            break;
                        }
                        let due = begun + due;
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let said = stream.write_all(&order.request(first + count));
                        match said.and_then(|()| read_answer(&mut stream, &mut buffer)) {
                            Ok(true) => times.push(due.elapsed()),
                            Ok(false) => failed += 1,
                            Err(_) => {
                                failed += 1;
                                stream = TcpStream::connect(&order.address).expect("a connection");
                            }
                        }
                    }
                    (times, failed)
                })
            })
            .collect();
        for worker in workers {
            let (of_one, failures) = worker.join().expect("a worker");
            times.extend(of_one);
            failed += failures;
        }
    });
    times.sort();
    let at = |share: f64| {
        times.get((times.len() as f64 * share) as usize).or(times.last()).map_or(0, Duration::as_micros)
    };
    println!(
        "{{\"requests\": {}, \"failed\": {failed}, \"p50_us\": {}, \"p90_us\": {}, \"p99_us\": {}, \"p999_us\": {}}}",
        times.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999)
    );
}
