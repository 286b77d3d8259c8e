//! `sandbox`: the simulated agencies, the gateway, and a citizen's day, in Vietnamese.

#![expect(clippy::print_stdout, reason = "the sandbox talks to a person at a terminal")]
#![expect(
    clippy::indexing_slicing,
    reason = "JSON values are indexed by member name, which never panics for a read or for an object"
)]

mod day;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use sandbox::gateway::{AS_GATEWAY, Program};
use sandbox::{Caller, Gateway, World, WorldOptions};

use day::Day;

/// Starts every simulated agency on loopback (real SOAP, HTTP, tokens, mutual TLS) and the gateway in front of them, lives
/// through a citizen's day with visible progress, then stays up and prints example calls.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version)]
struct Arguments {
    /// Live the day once and end: exit code 0 only if every step is what it should be.
    #[arg(long)]
    once: bool,
    /// The simulators' seed: the same seed gives the same people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    // The gateway is this very program started again, so that it can be killed without killing the agencies.
    if arguments.get(1).is_some_and(|first| first == AS_GATEWAY) {
        let for_gateway =
            arguments.into_iter().enumerate().filter(|(index, _)| *index != 1).map(|(_, text)| text);
        return server::cli::run(for_gateway);
    }
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(run(arguments)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            println!("\n{wrong} bước không như mong đợi / {wrong} steps were not what they should be");
            ExitCode::FAILURE
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("sandbox: {error:#}");
    ExitCode::FAILURE
}

async fn run(arguments: Arguments) -> Result<usize> {
    println!("Liên Thông – một ngày của người dân / a citizen's day (seed {})\n", arguments.seed);
    let world = World::build(&WorldOptions { seed: arguments.seed, ..WorldOptions::default() })?;
    println!("  Bộ Công an (C06)   {}  SOAP 1.1, mTLS, chữ ký", world.simulators.residence().base_url());
    let simulators = &world.simulators;
    println!("  LGSP               {}   OAuth: hộ tịch, bảo hiểm xã hội, thuế", simulators.lgsp().base_url());
    println!("  VNPost             {}   JSON, dòng tin theo con trỏ", simulators.postal().base_url());
    println!("  Biên lai VNPT      {}   SOAP 1.1", simulators.e_receipt_vnpt().base_url());
    println!("  Biên lai Viettel   {}   JSON", simulators.e_receipt_viettel().base_url());
    let gateway = Gateway::start(&Program::own()?, &world).await?;
    println!("  cổng Liên Thông    {}   vận hành {}\n", gateway.api, gateway.operations);
    let wrong = Day::new(&world, &gateway)?.live().await;
    if arguments.once {
        let log = gateway.log.clone();
        gateway.stop().await?;
        if wrong > 0 {
            println!("\n{}", std::fs::read_to_string(log).unwrap_or_default());
        }
        return Ok(wrong);
    }
    print_examples(&world, &gateway)?;
    tokio::signal::ctrl_c().await?;
    println!("\nđang dừng / stopping");
    gateway.stop().await?;
    Ok(wrong)
}

/// Calls to copy: for a person who would rather try than read.
fn print_examples(world: &World, gateway: &Gateway) -> Result<()> {
    let token_file = world.folder().join("token");
    std::fs::write(&token_file, world.token(sandbox::world::ONE_STOP)?)?;
    let purpose = sandbox::caller::usual_purpose();
    let register = world.simulators.register();
    let person = register.sample();
    let example = |service: &str, query: serde_json::Value| {
        let body = serde_json::json!({ "purpose": purpose, "query": query });
        println!(
            "curl -s {}/v1/{} \\\n  -H \"Authorization: Bearer $(cat {})\" -H 'Content-Type: application/json' \\\n  -d '{body}'\n",
            gateway.api,
            service.replace('.', "/"),
            token_file.display(),
        );
    };
    println!("\nThử tiếp (mã truy cập sống 10 phút; Ctrl-C để dừng) / Try for yourself:\n");
    example("residence.person", sandbox::questions::about(person));
    if let Some(act) = register.registrations().first() {
        example("civil-status.record", sandbox::questions::act_by_dossier(act));
    }
    let birth = register.registration_of(person, simulators::Module::Birth);
    example("person.profile", sandbox::questions::profile_of(person, birth));
    println!("Tài liệu / documentation:  {}/docs/", gateway.api);
    println!("Số đo / metrics:           {}/metrics", gateway.operations);
    println!("Nhật ký / log:             {}", gateway.log.display());
    // A caller that cannot be built would be the first thing a person meets: say it here.
    Caller::new(&gateway.api, world.token(sandbox::world::ONE_STOP)?)?;
    Ok(())
}
