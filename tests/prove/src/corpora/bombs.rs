//! Messages made to explode: each is read in a process of its own, which tells what it cost.

use std::process::{Command, ExitCode};
use std::time::Duration;

use adapter_api::codec::{Limits, read_reply};
use adapter_api::wire::Format;
use anyhow::{Context, Result, bail};
use tokio::time::Instant;

use crate::ground::Ground;
use crate::score::{Score, bar, print_table};
use crate::{AS_BOMB_READER, Wishes};

/// A bomb of about this size: smaller ones drown in the noise of whole pages.
const BOMB_BYTES: usize = 1 << 20;
/// Read beforehand: enough to go through the code, too little to leave room that the bomb could use.
const WARM_UP_BYTES: usize = 4096;
/// S2: growth below ten times the input …
const GROWTH_MAX: usize = 10;
/// … and under 100 ms each.
const TIME_MAX: Duration = Duration::from_millis(100);

type Maker = fn() -> String;

const BOMBS: [(&str, Format, Maker); 17] = [
    ("a billion laughs", Format::Xml, billion_laughs),
    ("quadratic blow-up", Format::Xml, quadratic),
    ("external DTD", Format::Xml, || padded("<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/x\"><a>", "x", "</a>")),
    ("nested elements", Format::Xml, || mirrored("<a>", "</a>")),
    ("many empty elements", Format::Xml, || padded("<a>", "<b/>", "</a>")),
    ("many attributes", Format::Xml, || numbered("<a ", |n| format!("a{n}='' "), "/>")),
    ("many namespaces", Format::Xml, || numbered("<a ", |n| format!("xmlns:p{n}='u{n}' "), "/>")),
    ("a name of a megabyte", Format::Xml, || padded("<", "a", "/>")),
    ("a text of character references", Format::Xml, || padded("<a>", "&#65;", "</a>")),
    ("a SOAP body of empty elements", Format::Soap11, soap),
    ("nested lists", Format::Json, || mirrored("[", "]")),
    ("nested objects", Format::Json, || padded("", "{\"a\":", "")),
    ("many empty lists", Format::Json, || padded("[", "[],", "[]]")),
    ("many numbers", Format::Json, || padded("[", "0,", "0]")),
    ("many keys", Format::Json, || numbered("{", |n| format!("\"{n}\":0,"), "\"z\":0}")),
    ("a number of a megabyte", Format::Json, || padded("", "9", "")),
    ("a text of escapes", Format::Json, || padded("\"", "\\u0041", "\"")),
];

/// Reads every bomb.
pub fn prove(wishes: &Wishes, _ground: &Ground, score: &mut Score) -> Result<()> {
    let mut rows = Vec::new();
    let bar = bar(BOMBS.len(), "bombs");
    for (name, format, _) in BOMBS {
        let Cost { bytes, growth_bytes, micros, verdict } = cost_of(name)?;
        bar.inc(1);
        let ratio = growth_bytes as f64 / bytes as f64;
        let time = Duration::from_micros(micros);
        score.check(growth_bytes < GROWTH_MAX * bytes, || format!("bomb {name}: memory grew {ratio:.1} ×"));
        if wishes.full {
            score.check(time < TIME_MAX, || format!("bomb {name}: {} ms", time.as_millis()));
        }
        let time = format!("{:.1} ms", time.as_secs_f64() * 1e3);
        rows.push(vec![
            name.into(),
            format!("{format:?}"),
            format!("{} kB", bytes / 1024),
            format!("{ratio:.1} ×"),
            time,
            verdict,
        ]);
    }
    bar.finish_and_clear();
    let judged =
        if wishes.full { "judged: < 10 × and < 100 ms" } else { "judged: < 10 ×; times are only printed" };
    print_table(
        &format!("Bombs through the real codec ({judged})"),
        &["bomb", "as", "size", "memory", "time", "verdict"],
        &rows,
    );
    Ok(())
}

struct Cost {
    bytes: usize,
    growth_bytes: usize,
    micros: u64,
    verdict: String,
}

fn cost_of(name: &str) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?).arg(AS_BOMB_READER).arg(name).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = text.trim().splitn(4, ' ');
    let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
    let (Some(bytes), Some(growth), Some(micros)) = (number(), number(), number()) else {
        bail!("bomb {name}: the reader ended with {}: {text}", output.status);
    };
    let verdict = words.next().unwrap_or_default().to_string();
    Ok(Cost { bytes: usize::try_from(bytes)?, growth_bytes: usize::try_from(growth)?, micros, verdict })
}

/// Reads one bomb and prints `bytes growth microseconds verdict`: run as a process of its own, so that nothing else is measured.
pub fn read_one(name: &str) -> ExitCode {
    let Some((_, format, maker)) = BOMBS.iter().find(|(known, _, _)| *known == name) else {
        return ExitCode::FAILURE;
    };
    let bomb = maker();
    // Its beginning once beforehand, so that pages of code that are loaded on first use are not counted as memory.
    let limits = Limits::default();
    drop(read_reply(*format, 200, "", bomb.as_bytes().get(..WARM_UP_BYTES).unwrap_or_default(), &limits));
    let measured = || -> Result<(usize, usize, Duration, String)> {
        // 5: forget the peak so far (proc(5), clear_refs).
        std::fs::write("/proc/self/clear_refs", "5").context("clear_refs")?;
        let before = peak_bytes()?;
        let begun = Instant::now();
        let reply = read_reply(*format, 200, "", bomb.as_bytes(), &limits);
        let took = begun.elapsed();
        let verdict =
            reply.body.as_ref().map_or_else(|error| format!("refused: {error}"), |_| "read".to_string());
        Ok((bomb.len(), peak_bytes()?.saturating_sub(before), took, verdict))
    };
    match measured() {
        Ok((bytes, growth, took, verdict)) => {
            println!("{bytes} {growth} {} {verdict}", took.as_micros());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The most memory this process has held since it was last told to forget.
fn peak_bytes() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: usize = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

fn padded(head: &str, part: &str, tail: &str) -> String {
    format!("{head}{}{tail}", part.repeat(BOMB_BYTES / part.len()))
}

fn mirrored(open: &str, close: &str) -> String {
    let times = BOMB_BYTES / (open.len() + close.len());
    format!("{}{}", open.repeat(times), close.repeat(times))
}

fn numbered(head: &str, part: impl Fn(usize) -> String, tail: &str) -> String {
    let mut text = head.to_string();
    let mut number = 0;
    while text.len() < BOMB_BYTES {
        text.push_str(&part(number));
        number += 1;
    }
    text + tail
}

fn billion_laughs() -> String {
    let entity = |n: usize| format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n.wrapping_sub(1)).repeat(10));
    let entities: String = (1..10).map(entity).collect();
    let pad = "<!--x-->".repeat(BOMB_BYTES / 8);
    format!("<!DOCTYPE b [<!ENTITY a0 \"ha\">{entities}]><b>{pad}&a9;</b>")
}

fn quadratic() -> String {
    let half = BOMB_BYTES / 2;
    format!("<!DOCTYPE b [<!ENTITY a \"{}\">]><b>{}</b>", "a".repeat(half), "&a;".repeat(half / 3))
}

fn soap() -> String {
    let head = "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><a>";
    padded(head, "<b/>", "</a></S:Body></S:Envelope>")
}
