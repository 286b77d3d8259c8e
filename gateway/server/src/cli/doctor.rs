//! `lienthong doctor`

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use engine::ports::Clock;

use super::{EXIT_FINDINGS, EXIT_OK, Settings, say, told};
use crate::agency::{DIRECT, Reach};
use crate::clock::WallClock;
use crate::config::Main;
use crate::start::{Area, Drawn, draw};

/// Looks at every dependency, dials every agency, and says in prose what is wrong and where to read on.
///
/// It goes on after a failure: one line for each dependency.
#[derive(Debug, Args)]
pub struct Doctor {}

/// What is looked at before anything is dialled: its area, its name in both languages, and where to read.
const AREAS: [(Area, &str, &str); 4] = [
    (Area::Configuration, "cấu hình / configuration", "config/lienthong.toml"),
    (Area::Schemas, "lược đồ / schemas", "schemas/"),
    (Area::Adapters, "thư mục cơ quan / agency folders", "adapters/README.md, lienthong check"),
    (Area::Keys, "khóa / keys", "config/clients.toml, [keys] in config/lienthong.toml"),
];

impl Doctor {
    /// Runs the verb.
    pub fn run(self, settings: &Settings) -> u8 {
        let main = match settings.read() {
            Ok(main) => main,
            Err(code) => return code,
        };
        let mut patient = Patient { code: EXIT_OK };
        patient.look_at(audit_folder(&main));
        patient.look_at(store(&main));
        for (key, address) in
            [("listen", main.server.listen), ("operations_listen", main.server.operations_listen)]
        {
            patient.look_at(port(key, address));
        }
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let drawn = draw(main, &clock);
        for (area, name, read) in AREAS {
            patient.look_at(about(&drawn, area, name, read));
        }
        patient.look_at(about(
            &drawn,
            Area::Links,
            "địa chỉ, bí mật, chứng thư của cơ quan và trục / addresses, secrets and certificates",
            "config/agencies.toml, config/carriers.toml",
        ));
        patient.dial(drawn, &clock)
    }
}

/// What the doctor has found so far.
struct Patient {
    code: u8,
}

impl Patient {
    fn look_at(&mut self, found: Result<String, String>) {
        match found {
            Ok(line) => say(&format!("✔ {line}")),
            Err(line) => {
                self.code = EXIT_FINDINGS;
                say(&format!("✘ {line}"));
            }
        }
    }

    /// Dials every agency whose address could be read, secrets or not.
    fn dial(mut self, drawn: Drawn, clock: &Arc<dyn Clock>) -> u8 {
        let Some(world) = drawn.plan.map(|plan| plan.world).or(drawn.world) else {
            let line = "cơ quan và trục chưa được thử: hãy sửa những lỗi trên trước / agencies and carriers were not \
                        dialled: first mend what stands above";
            self.look_at(Err(line.to_string()));
            return self.code;
        };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return told(&[crate::config::ConfigError::Told(error.to_string())]),
        };
        let links = crate::start::addresses(&world);
        for (agency, block) in &world.agency_blocks {
            let reach = match links.connect_one(&world, agency, clock) {
                Ok(wire) => runtime.block_on(wire.probe(agency)),
                // Told above already, under addresses, secrets and certificates.
                Err(_) => Reach::Down { why: "its block cannot be used" },
            };
            self.look_at(prose(agency, &block.carrier, &reach));
        }
        self.code
    }
}

/// What is wrong with one area, all of it.
fn about(drawn: &Drawn, area: Area, name: &str, read: &str) -> Result<String, String> {
    let wrong = drawn.findings.iter().filter(|finding| finding.area == area);
    let wrong: Vec<String> = wrong.map(|finding| format!("\n    {}", finding.error)).collect();
    if wrong.is_empty() {
        let seen = area == Area::Configuration || drawn.plan.is_some() || drawn.world.is_some();
        // What could not be looked at is not called sound.
        return if seen || matches!(area, Area::Schemas | Area::Adapters) {
            Ok(name.to_string())
        } else {
            Err(format!("{name}: chưa xem được / could not be looked at; see above"))
        };
    }
    Err(format!("{name}: xem / see {read}{}", wrong.concat()))
}

/// Whether the audit log's folder, or the one it will be made in, can be written to.
fn audit_folder(main: &Main) -> Result<String, String> {
    let folder = main.path(&main.audit.folder);
    let nearest = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let probe = nearest.join(format!(".lienthong-doctor-{}", std::process::id()));
    let tried = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    let name = format!("nhật ký kiểm toán {0} / audit log {0}", folder.display());
    match tried {
        Ok(()) => Ok(name),
        Err(error) => Err(format!(
            "{name}: không ghi được / cannot be written ({error}); xem / see [audit] in config/lienthong.toml"
        )),
    }
}

/// Whether the store's schema is this program's; a gateway may be running on it.
fn store(main: &Main) -> Result<String, String> {
    let file = main.path(&main.store.file);
    let name = format!("kho hồ sơ {0} / store of cases {0}", file.display());
    if !file.exists() {
        return Ok(format!("{name}: sẽ tạo khi cần / will be made when it is needed"));
    }
    let wrong = |why: String| format!("{name}: {why}; xem / see lienthong migrate status");
    let steps = crate::store::standing(&file).map_err(|error| wrong(error.to_string()))?;
    match steps.iter().filter(|step| step.applied_ms.is_none()).count() {
        0 => Ok(name),
        missing => Err(wrong(format!("thiếu {missing} bước / {missing} step(s) of its schema are missing"))),
    }
}

/// Whether a port is free.
fn port(key: &str, address: SocketAddr) -> Result<String, String> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("cổng {address} còn trống / port {address} is free")),
        Err(error) => Err(format!(
            "cổng {address} không mở được / cannot be listened on ({error}); gateway đang chạy? / is a gateway \
             running? xem / see [server] {key} in config/lienthong.toml"
        )),
    }
}

/// One agency, in prose.
fn prose(agency: &str, carrier: &str, reach: &Reach) -> Result<String, String> {
    let direct = carrier == DIRECT;
    let road =
        if direct { "trực tiếp / directly".to_string() } else { format!("qua / through {carrier}") };
    match reach {
        Reach::Up => Ok(format!("{agency} ({road}): nối được / can be reached")),
        Reach::Down { why } => {
            let file = if direct { "agencies.toml" } else { "carriers.toml" };
            Err(format!(
                "{agency} ({road}): không nối được, {why}; xem địa chỉ, tường lửa và tls trong {file} / \
                 cannot be reached, {why}; see address, firewall and tls in {file}"
            ))
        }
    }
}
