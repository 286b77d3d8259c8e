//! The binary `lienthong`.

fn main() -> std::process::ExitCode {
    server::cli::run(std::env::args_os())
}
