//! The gateway as a child process, so that it can be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::world::World;

/// The word with which this executable is asked to be the gateway instead of itself.
pub const AS_GATEWAY: &str = "gateway";

/// How often the ready file is looked for; the gateway starts in well under a second.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long it may take: a debug build on a busy machine included.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A running gateway. Dropping it kills it.
pub struct Gateway {
    child: Child,
    /// The API's address, `http://127.0.0.1:…`.
    pub api: String,
    /// The operations port's address.
    pub operations: String,
    /// Where it writes its log.
    pub log: PathBuf,
}

/// Which program is the gateway.
#[derive(Debug, Clone)]
pub struct Program {
    executable: PathBuf,
    first_arguments: Vec<String>,
}

impl Program {
    /// This very executable, asked with [`AS_GATEWAY`].
    pub fn own() -> Result<Program> {
        let executable = std::env::current_exe().context("where am I?")?;
        Ok(Program { executable, first_arguments: vec![AS_GATEWAY.to_string()] })
    }

    /// A built `lienthong`.
    pub fn built(executable: impl Into<PathBuf>) -> Program {
        Program { executable: executable.into(), first_arguments: Vec::new() }
    }
}

impl Gateway {
    /// Starts a gateway in this world and waits until both ports are open.
    pub async fn start(program: &Program, world: &World) -> Result<Gateway> {
        Gateway::start_with(program, world.folder(), &world.config_file()).await
    }

    /// Starts a gateway with this configuration file; log and ready file go into `folder`.
    pub async fn start_with(program: &Program, folder: &Path, config: &Path) -> Result<Gateway> {
        let (ready, log) = (folder.join("ready.json"), folder.join("gateway.log"));
        let _ = std::fs::remove_file(&ready);
        let output = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let mut child = Command::new(&program.executable)
            .args(&program.first_arguments)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{} does not start", program.executable.display()))?;
        match wait_for(&ready, &mut child).await {
            Ok((api, operations)) => Ok(Gateway { child, api, operations, log }),
            Err(error) => {
                let _ = child.kill();
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("{error}\n{said}")
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop (SIGTERM) and waits for its end; `true` if it ended in order.
    pub async fn stop(mut self) -> Result<bool> {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        if !asked.success() {
            bail!("the gateway cannot be asked to stop");
        }
        for _ in 0..START_WITHIN.as_millis() / LOOK_EVERY.as_millis() {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!("the gateway does not stop")
    }

    /// Kills it (SIGKILL).
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn wait_for(ready: &Path, child: &mut Child) -> Result<(String, String)> {
    for _ in 0..START_WITHIN.as_millis() / LOOK_EVERY.as_millis() {
        if let Ok(text) = std::fs::read_to_string(ready)
            && let Ok(addresses) = serde_json::from_str::<serde_json::Value>(&text)
        {
            let address = |key: &str| addresses.get(key).and_then(|value| value.as_str()).map(str::to_string);
            if let (Some(api), Some(operations)) = (address("api"), address("operations")) {
                return Ok((api, operations));
            }
        }
        if let Some(status) = child.try_wait()? {
            bail!("the gateway ended at once: {status}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("the gateway does not get ready")
}
