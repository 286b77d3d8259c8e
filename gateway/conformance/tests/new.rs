//! What `lienthong new` writes is green from the first minute, in all three formats, through the real
//! reading from disk.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use conformance::new::{Wire, skeleton};
use conformance::{Report, check_folder, disk, update_talks};

const FORMATS: [(&str, Wire); 3] = [("json", Wire::Json), ("xml", Wire::Xml), ("soap", Wire::Soap)];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes a new agency into a folder of its own, beside the repository's common schemas.
fn written(format: &str, agency: &str, wire: Wire) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("new-{format}-{agency}"));
    let _ = std::fs::remove_dir_all(&home);
    for (path, text) in skeleton(agency, wire).unwrap().files {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let common = home.join("schemas/common");
    std::fs::create_dir_all(&common).unwrap();
    for entry in std::fs::read_dir(repository().join("schemas/common")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, common.join(path.file_name().unwrap())).unwrap();
    }
    home
}

fn read(home: &Path) -> disk::Disk {
    let read = disk::read(&home.join("adapters"), &home.join("schemas"));
    assert_eq!(read.findings, []);
    read
}

/// With `UPDATE=1` the templates' talks are written anew, after a template was changed on purpose.
#[test]
fn a_new_agency_is_green_in_every_format() {
    for (format, wire) in FORMATS {
        let home = written(format, "land-office", wire);
        if disk::wants_update() {
            rewrite(&home, format);
        }
        let read = read(&home);
        let report: Report = check_folder(&read.input("land_office").unwrap());
        assert!(report.findings.is_empty(), "{format}\n{}", report.text(Default::default()));
        assert_eq!((report.counts.talks, report.counts.endings), (3, 5), "{format}");
    }
}

#[test]
fn a_new_agency_with_one_wrong_line_is_not() {
    let home = written("json", "wrong-line", Wire::Json);
    let path = home.join("adapters/wrong_line/record.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"record.name\"", "\"record.nmae\"")).unwrap();
    let report = check_folder(&read(&home).input("wrong_line").unwrap());
    assert_eq!(report.exit().code(), 1, "{}", report.text(Default::default()));
}

/// Writes what the templates' talks say, into them and into the agency made of them.
fn rewrite(home: &Path, format: &str) {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(format).join("fixtures");
    for talk in update_talks(&read(home).input("land_office").unwrap()) {
        let name = Path::new(&*talk.name).file_name().unwrap();
        std::fs::write(templates.join(name), talk.text.replace("land-office", "agency-name")).unwrap();
        std::fs::write(&*talk.name, talk.text).unwrap();
    }
}
