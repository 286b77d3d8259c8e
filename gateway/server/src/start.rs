//! The composition root: reads the world, puts the gateway together, serves until told to stop.

pub mod cases;
mod chain_examples;
pub mod chains;
mod clients;
mod composites;
mod folder;
mod keys;
mod links;
mod plan;
mod store;
mod telemetry;
mod warnings;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpServer, web};
use adapter_api::codec::Limits as CodecLimits;
use anyhow::{Context, Result};
use engine::ports::{Chance, Clock};
use engine::settings::ServiceSettings;

use crate::audit_log::{AuditLog, AuditSettings};
use crate::chance::SecureChance;
use crate::clock::WallClock;
use crate::config::{ConfigError, Main};
use crate::http::operations::Operations;
use crate::http::{self, Shared};
use crate::limits::{DOCUMENTS, Limits};
use crate::openapi;

pub use links::{Links, addresses};
pub use plan::{Drawn, Plan, draw};
pub use store::{master_key, open_store};
pub use world::{Area, Finding, World, read_world};

/// How often idle clients are forgotten and metrics kept small.
const UPKEEP_EVERY: Duration = Duration::from_secs(60);

/// A gateway put together, not yet listening.
pub struct Gateway {
    main: Main,
    shared: Shared,
    audit: Arc<AuditLog>,
}

/// Reads everything and puts the gateway together; everything that is wrong is reported at once.
pub fn assemble(main: Main) -> Result<Gateway, Vec<ConfigError>> {
    crate::auth::keys::install_cryptography();
    silence_panics();
    telemetry::start_log(&main.log);
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let chance: Arc<dyn Chance> = Arc::new(SecureChance);
    let plan = draw(main, &clock).sound()?;
    let late = chains::warnings(&plan.world.chains, clock.unix_ms());
    warnings::warnings(&plan.world).iter().chain(&late).for_each(|warning| tracing::warn!("{warning}"));
    // The first thing that is opened, and only now that nothing else can be found wrong.
    let audit = open_audit(&plan.world.main, &clock)?;
    let (engine, world, authenticator) = plan.engine(&clock, &chance, Arc::clone(&audit) as _)?;
    let engine = Arc::new(engine);
    let documents = ServiceSettings::default();
    let services = engine.catalogue().services().map(|service| (service.name.as_str(), &service.settings));
    let services = services.chain([(DOCUMENTS, &documents)]);
    let shared = Shared {
        limits: Arc::new(Limits::new(services)),
        batches: Arc::default(),
        authenticator: Arc::new(authenticator),
        openapi: Arc::new(openapi::assemble(&world.schema_files, &world.pages).to_string()),
        pages: Arc::new(world.pages),
        engine,
        chance,
        codec_limits: CodecLimits::default(),
        public_url: world.main.server.public_url.clone(),
        body_bytes_max: world.main.server.body_bytes_max,
        body_timeout: Duration::from_millis(world.main.server.body_timeout_ms),
    };
    Ok(Gateway { main: world.main, shared, audit })
}

/// A panic's message may hold what a value said: the log says only where it happened (F23, T16).
fn silence_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

fn open_audit(main: &Main, clock: &Arc<dyn Clock>) -> Result<Arc<AuditLog>, Vec<ConfigError>> {
    let settings = AuditSettings {
        folder: main.path(&main.audit.folder),
        origin: main.audit.node.clone(),
        segment_bytes_max: main.audit.segment_bytes_max,
    };
    let log = AuditLog::open(&settings, Arc::clone(clock));
    log.map(Arc::new).map_err(|error| vec![ConfigError::unfit(&settings.folder, error.to_string())])
}

/// Serves until SIGTERM or Ctrl-C; then answers what is under way and stops.
pub fn serve(gateway: Gateway, ready_file: Option<&Path>) -> Result<()> {
    actix_web::rt::System::new().block_on(serve_until_stopped(gateway, ready_file))
}

async fn serve_until_stopped(gateway: Gateway, ready_file: Option<&Path>) -> Result<()> {
    let Gateway { main, shared, audit } = gateway;
    let metrics = telemetry::start_metrics()?;
    let operations = web::Data::new(Operations {
        engine: Arc::clone(&shared.engine),
        audit: Arc::clone(&audit),
        metrics: metrics.clone(),
        clock: Arc::new(WallClock),
    });
    let limits = Arc::clone(&shared.limits);
    let followers = shared.engine.followers();
    let shared = web::Data::new(shared);
    let api = HttpServer::new(move || {
        App::new().app_data(shared.clone()).configure(http::routes).wrap(no_sniffing())
    })
    .client_request_timeout(Duration::from_millis(main.server.head_timeout_ms))
    .shutdown_timeout(main.server.stop_timeout_s);
    let api = match main.server.workers {
        0 => api,
        workers => api.workers(workers),
    };
    let api =
        api.bind(main.server.listen).with_context(|| format!("cannot listen on {}", main.server.listen))?;
    let port =
        HttpServer::new(move || App::new().app_data(operations.clone()).configure(http::operations::routes))
            .workers(1)
            .disable_signals()
            .bind(main.server.operations_listen)
            .with_context(|| format!("cannot listen on {}", main.server.operations_listen))?;
    let (api_address, port_address) = (first(&api.addrs())?, first(&port.addrs())?);
    let (api, port) = (api.run(), port.run());
    let port_handle = port.handle();
    let upkeep = actix_web::rt::spawn(keep_up(limits, metrics));
    let followers: Vec<_> = followers.into_iter().map(actix_web::rt::spawn).collect();
    let operations_port = actix_web::rt::spawn(port);
    tracing::info!(api = %api_address, operations = %port_address, "listening");
    if let Some(file) = ready_file {
        let addresses = serde_json::json!({
            "api": format!("http://{api_address}"), "operations": format!("http://{port_address}"),
        });
        write_whole(file, &addresses.to_string())?;
    }
    api.await.context("the API stopped")?;
    tracing::info!("stopping");
    upkeep.abort();
    followers.iter().for_each(|follower| follower.abort());
    port_handle.stop(true).await;
    operations_port.await.context("the operations port")?.context("the operations port")?;
    drop(audit);
    Ok(())
}

/// A reader must never see half a file: written beside, then renamed.
fn write_whole(file: &Path, text: &str) -> Result<()> {
    let beside = file.with_extension("part");
    std::fs::write(&beside, text).with_context(|| beside.display().to_string())?;
    std::fs::rename(&beside, file).with_context(|| file.display().to_string())
}

/// On every answer: what we call JSON is never to be taken for a page with scripts.
fn no_sniffing() -> DefaultHeaders {
    DefaultHeaders::new().add(("x-content-type-options", "nosniff"))
}

fn first(addresses: &[std::net::SocketAddr]) -> Result<std::net::SocketAddr> {
    addresses.first().copied().context("no address is listened on")
}

async fn keep_up(limits: Arc<Limits>, metrics: metrics_exporter_prometheus::PrometheusHandle) {
    let mut every = tokio::time::interval(UPKEEP_EVERY);
    loop {
        every.tick().await;
        limits.forget_idle();
        metrics.run_upkeep();
    }
}
