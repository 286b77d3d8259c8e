//! `prove corpora` (S1, S2): hostile bytes of other hands, through the real edge and the real codecs.

mod bodies;
pub mod bombs;
mod documents;
mod tokens;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sandbox::world::project_root;
use sandbox::{Stub, World};
use serde_json::Value;

use crate::Wishes;
use crate::ground::{self, Ground, ServiceWish};
use crate::score::Score;

/// The longest file of the JSON corpus has 250,001 bytes: the edge shall read it, not refuse it by its length.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Runs every corpus.
pub async fn prove(wishes: &Wishes, score: &mut Score) -> Result<()> {
    println!("\n== corpora (S1, S2)");
    let Some(corpora) = folder(wishes) else {
        score.skip("the corpora are absent; name their folder with --corpora DIR");
        return Ok(());
    };
    let mut options = ground::unlimited(wishes.seed, ServiceWish { fresh_for_s: 0, deadline_ms: 5_000 });
    options.settings.insert(("server".into(), "body_bytes_max".into()), BODY_BYTES_MAX.to_string());
    let world = World::build(&options)?;
    let act = documents::some_act(&world)?;
    let hostile = documents::hostile_agency(&corpora, &world, &act).await?;
    point_carrier_at(&world, &hostile.stub)?;
    let ground = Ground::of(world).await?;
    bodies::prove(&corpora.join("json-parsing"), &ground, score).await?;
    documents::prove(&hostile, &act, &ground, score).await?;
    tokens::prove(&corpora.join("wycheproof-jws.json"), &ground, score).await?;
    bombs::prove(wishes, &ground, score)?;
    let strays = ground.world.simulators.elsewhere().counts().requests;
    score.check(strays == 0, || format!("{strays} outside fetches"));
    println!("\n  outside fetches seen by the canary server: {strays}");
    Ok(())
}

fn folder(wishes: &Wishes) -> Option<PathBuf> {
    let beside = || project_root().join("../shared/corpora");
    let given = wishes.corpora.clone().unwrap_or_else(beside);
    given.join("json-parsing").is_dir().then_some(given)
}

/// From now on the stub is the carrier.
fn point_carrier_at(world: &World, stub: &Stub) -> Result<()> {
    let file = world.folder().join("config/carriers.toml");
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(&file, text.replace(world.simulators.lgsp().base_url(), &stub.base_url))?;
    Ok(())
}

fn read_json(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}
