//! Seeded author's mistakes: two sound agencies, and every mistake of the list sown into them one at a time.

use std::path::Path;
use std::sync::Arc;

use adapter_api::agency::Folder;
use adapter_api::diagnostic::Source;
use adapter_api::schema::read::read_short;
use conformance::{AgencyInput, Report, check_folder, disk, update_talks};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seeds"))
}

/// A sound agency, its files named below `agencies/`.
fn sound(agency: &str) -> AgencyInput {
    let home = root().join("agencies");
    let read = disk::read(&home, Path::new("/nowhere"));
    let mut input = read.input(agency).unwrap();
    let short = |source: &Source| Source {
        name: Path::new(&*source.name).strip_prefix(&home).unwrap().display().to_string().into(),
        text: source.text.clone(),
    };
    let Folder { name, files, carriers } = input.folder;
    input.folder = Folder {
        name,
        files: files.iter().map(short).collect(),
        carriers: carriers.iter().map(|(carrier, source)| (carrier.clone(), short(source))).collect(),
    };
    input.talks = input.talks.iter().map(short).collect();
    let schemas = std::fs::read_to_string(root().join("schemas.toml")).unwrap();
    input.schemas = Arc::new(read_short(&schemas).unwrap());
    input
}

#[test]
#[ignore = "writes: run it after the sound agencies were changed on purpose"]
fn rewrite_the_talks() {
    for agency in ["registry", "dossier"] {
        for talk in update_talks(&sound(agency)) {
            std::fs::write(root().join("agencies").join(&*talk.name), talk.text).unwrap();
        }
    }
}

#[test]
fn the_sound_agencies_are_green() {
    for agency in ["registry", "dossier"] {
        let report: Report = check_folder(&sound(agency));
        assert!(report.findings.is_empty(), "{}", report.text(Default::default()));
        assert!(report.counts.trials > 200, "{}", report.text(Default::default()));
    }
}
