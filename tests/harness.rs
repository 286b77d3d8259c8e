//! A town for one test: simulated agencies, a gateway of the built binary, callers. Leaving it checks that nobody strayed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use sandbox::gateway::Program;
use sandbox::world::{CONNECTOR, ONE_STOP, project_root};
use sandbox::{Caller, Gateway, Told, World, WorldOptions};
use simulators::{Person, Register, Simulators};

/// A world with a running gateway.
pub struct Town {
    pub gateway: Gateway,
    pub one_stop: Caller,
    pub connector: Caller,
    world: Watched,
}

/// A world that is asked, when it ends, whether anybody called a server nobody has a reason to call.
struct Watched(World);

impl Drop for Watched {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let counts = self.0.simulators.elsewhere().counts();
            assert_eq!((counts.requests, counts.connections), (0, 0), "somebody was led elsewhere");
        }
    }
}

impl Town {
    pub async fn usual() -> Town {
        Town::with(WorldOptions::default()).await
    }

    pub async fn with(options: WorldOptions) -> Town {
        Town::of(World::build(&options).unwrap()).await
    }

    pub async fn of(world: World) -> Town {
        let gateway = Gateway::start(&lienthong(), &world).await.unwrap();
        let caller = |client| Caller::new(&gateway.api, world.token(client).unwrap()).unwrap();
        let (one_stop, connector) = (caller(ONE_STOP), caller(CONNECTOR));
        Town { gateway, one_stop, connector, world: Watched(world) }
    }

    pub fn world(&self) -> &World {
        &self.world.0
    }

    pub fn simulators(&self) -> &Simulators {
        &self.world.0.simulators
    }

    pub fn register(&self) -> &Register {
        self.simulators().register()
    }

    pub fn person(&self) -> &Person {
        self.register().sample()
    }

    /// A page of the operations port.
    pub async fn operations(&self, path: &str) -> Told {
        Caller::new(&self.gateway.operations, String::new()).unwrap().get(path).await.unwrap()
    }

    /// The metrics as text: they are no JSON.
    pub async fn metrics(&self) -> String {
        let response = reqwest::get(format!("{}/metrics", self.gateway.operations)).await.unwrap();
        response.text().await.unwrap()
    }

    /// Everything the audit log holds.
    pub fn audit_text(&self) -> String {
        folder_text(&self.world().audit_folder())
    }

    /// Everything the gateway has said on its output.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.gateway.log).unwrap()
    }
}

/// What every file of a folder holds.
pub fn folder_text(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.is_file())
        .map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned())
        .collect()
}

/// The binary `lienthong`, beside this test's executable; built if it is missing or older than a source of the gateway.
pub fn lienthong() -> Program {
    Program::built(binary())
}

/// Runs `lienthong` with these arguments and no environment of ours but this.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(binary()).args(arguments).envs(environment.iter().copied()).output().unwrap()
}

fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let binary = profile.join("lienthong");
        if is_stale(&binary) {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["build", "--quiet", "--package", "server", "--bin", "lienthong"])
                .current_dir(project_root());
            cargo.arg("--target-dir").arg(profile.parent().unwrap());
            if profile.ends_with("release") {
                cargo.arg("--release");
            }
            assert!(cargo.status().unwrap().success(), "lienthong cannot be built");
        }
        binary
    })
}

/// A binary older than its sources would prove something about yesterday.
fn is_stale(binary: &Path) -> bool {
    let Ok(built) = std::fs::metadata(binary).and_then(|metadata| metadata.modified()) else { return true };
    let mut folders = vec![project_root().join("gateway"), project_root().join("config")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.metadata().unwrap().modified().unwrap() > built {
                return true;
            }
        }
    }
    false
}

/// Copies a folder with all below it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
