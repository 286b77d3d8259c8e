//! Invariant 9: a new agency is a folder, the schemas of its services and lines of configuration, beside a binary built before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sandbox::stub::{Asked, Said, Stub};
use sandbox::world::project_root;
use sandbox::{World, WorldOptions};
use serde_json::{Value, json};

use crate::harness::{Town, copy_folder};

/// The agency as a person would hand it over.
fn newcomer() -> PathBuf {
    project_root().join("tests/harness/new_agency")
}

/// The library of the province.
fn library(asked: &Asked) -> Said {
    let body: Value = serde_json::from_str(std::str::from_utf8(&asked.body).unwrap()).unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/tra-the"));
    match body["soThe"].as_str() {
        Some("TV000123") => Said::json(&json!({
            "ketQua": "OK", "the": { "soThe": "TV000123", "hoTen": "TRẦN THỊ THỬ", "hanDung": "20301231" },
        })),
        Some("TV000666") => Said::json(&json!({
            "ketQua": "OK", "the": { "soThe": "TV000667", "hoTen": "NGUYỄN VĂN MẪU" },
        })),
        _ => Said::json(&json!({ "ketQua": "KHONG_CO" })),
    }
}

fn append(file: &Path, more: &Path, address: &str) {
    let more = std::fs::read_to_string(more).unwrap().replace("‹address›", address);
    let whole = std::fs::read_to_string(file).unwrap() + &more;
    std::fs::write(file, whole).unwrap();
}

#[tokio::test]
async fn a_new_agency_is_data_beside_the_built_binary() {
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    let stub = Stub::start(move |asked| {
        counted.fetch_add(1, Ordering::SeqCst);
        library(asked)
    });
    let stub = stub.await.unwrap();

    let beside = tempfile::tempdir().unwrap();
    for folder in ["adapters", "schemas"] {
        copy_folder(&project_root().join(folder), &beside.path().join(folder));
        copy_folder(&newcomer().join(folder), &beside.path().join(folder));
    }
    let mut options = WorldOptions::default();
    for folder in ["adapters", "schemas"] {
        let path = format!("{:?}", beside.path().join(folder).display().to_string());
        options.settings.insert(("folders".into(), folder.into()), path);
    }
    let world = World::build(&options).unwrap();
    for file in ["agencies.toml", "services.toml", "policy.toml"] {
        append(
            &world.folder().join("config").join(file),
            &newcomer().join("config").join(file),
            &stub.base_url,
        );
    }

    let town = Town::of(world).await;
    let told = town.one_stop.ask("library.card", json!({ "card": "TV000123" })).await.unwrap();
    assert_eq!(told.word(), "found", "{}", told.body);
    let card = json!({ "card": "TV000123", "holder": "TRẦN THỊ THỬ", "valid_until": "2030-12-31" });
    assert_eq!(told.at("/data"), &card);
    assert_eq!(told.at("/source/agency"), "library");

    let again = town.one_stop.ask("library.card", json!({ "card": "TV000123" })).await.unwrap();
    assert_eq!((again.at("/source/cache"), visits.load(Ordering::SeqCst)), (&json!("hit"), 1));
    let absent = town.one_stop.ask("library.card", json!({ "card": "TV000999" })).await.unwrap();
    assert_eq!((absent.status, absent.word()), (200, "absent"));
    let another = town.one_stop.ask("library.card", json!({ "card": "TV000666" })).await.unwrap();
    assert_eq!(
        (another.status, another.word()),
        (502, "malformed"),
        "the subject answered is the subject asked"
    );
    let wrong = town.one_stop.ask("library.card", json!({ "card": "123" })).await.unwrap();
    assert_eq!(
        (wrong.status, wrong.word(), wrong.at("/errors/0/pointer")),
        (422, "invalid", &json!("/query/card"))
    );
    let denied = town.connector.ask("library.card", json!({ "card": "TV000123" })).await.unwrap();
    assert_eq!(denied.status, 403, "deny by default");

    // It is there for everybody who looks: the catalogue, the description, the links. And the others still work.
    let services = town.one_stop.get("/v1/services").await.unwrap();
    assert!(services.body.to_string().contains("library.card"), "{}", services.body);
    let described = town.one_stop.get("/openapi.json").await.unwrap();
    assert!(described.at("/paths").get("/v1/library/card").is_some());
    let links = town.one_stop.get("/v1/agencies").await.unwrap();
    assert!(links.body.to_string().contains("\"library\""), "{}", links.body);
    let person = sandbox::questions::about(town.person());
    assert_eq!(town.one_stop.ask("residence.person", person).await.unwrap().word(), "found");
}
