//! One mistake in each file, and all of them at once.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;
use crate::auth::development;
use crate::clock::WallClock;

/// A copy of the project's own configuration whose secrets are files.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let copy = Copy { folder: tempfile::tempdir().unwrap() };
        for name in ["services", "policy", "agencies", "carriers", "clients"] {
            let text = std::fs::read_to_string(root.join(format!("config/{name}.toml"))).unwrap();
            let text = text.replace("../data/keys", "keys");
            let lines = text.lines().map(|line| match line.split_once("= { env =") {
                Some((key, _)) => format!("{key}= {{ file = \"secret\" }}"),
                None => line.to_string(),
            });
            std::fs::write(copy.file(name), lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        }
        let folder = |name: &str| root.join(name).display().to_string();
        let main = format!(
            "[folders]\nadapters = {:?}\nschemas = {:?}\nunits = {:?}\ncomposites = {:?}\nforms = {:?}\n[audit]\nfolder = \"audit\"\n\
             [keys]\ncache = \"keys/cache.key\"\nsubject = \"keys/subject.key\"\n",
            folder("adapters"),
            folder("schemas"),
            folder("config/units"),
            folder("config/composites"),
            folder("config/forms"),
        );
        std::fs::write(copy.file("lienthong"), main).unwrap();
        std::fs::create_dir(copy.folder.path().join("chains")).unwrap();
        for name in ["calendar", "chains/death", "chains/residence.remove"] {
            std::fs::copy(root.join(format!("config/{name}.toml")), copy.file(name)).unwrap();
        }
        development::ensure_keys(&copy.folder.path().join("keys")).unwrap();
        copy.write("secret", "x", 0o600);
        copy.replace("agencies", "# tls = {", "tls = {");
        std::fs::create_dir(copy.folder.path().join("pki")).unwrap();
        let pair = rcgen::generate_simple_self_signed(["mot-cua-mau".to_string()]).unwrap();
        copy.write("pki/c06-ca.pem", &pair.cert.pem(), 0o644);
        copy.write("pki/c06-client.pem", &pair.cert.pem(), 0o644);
        copy.write("pki/c06-client.key", &pair.signing_key.serialize_pem(), 0o600);
        copy
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.toml"))
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let whole = std::fs::read_to_string(self.file(name)).unwrap() + text;
        std::fs::write(self.file(name), whole).unwrap();
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let whole = std::fs::read_to_string(self.file(name)).unwrap();
        assert!(whole.contains(from), "{name}: {from}");
        std::fs::write(self.file(name), whole.replacen(from, to, 1)).unwrap();
    }

    fn drawn(&self) -> Drawn {
        let main = Main::read(Some(&self.file("lienthong")), &[]).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        draw(main, &clock)
    }

    fn said(&self) -> Vec<String> {
        self.drawn().findings.iter().map(|finding| finding.error.to_string()).collect()
    }
}

/// The engine asks for a purpose by its own reading of the schemas, OpenAPI describes one by another: they must agree.
#[test]
fn openapi_demands_a_purpose_where_the_engine_does() {
    let plan = Copy::new().drawn().plan.unwrap();
    let mut seen = [0, 0];
    for (name, document) in plan.world.schema_files.services() {
        let Some(service) = plan.catalogue.service(name) else { continue };
        assert_eq!(crate::openapi::is_personal(document), service.is_personal(), "{name}");
        seen[usize::from(service.is_personal())] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

const RULE: &str = "\n[[rules]]\nname = \"thử\"\nclient = \"mot-cua-demo\"\nservices = [\"residence.person\"]\n\
                    procedures = [\"*\"]\nfields = [\"*\"]\n";

type Mistake = (fn(&Copy), &'static str);

/// What is done to the configuration, and the words it must be refused with.
fn mistakes() -> Vec<Mistake> {
    vec![
        (|copy| copy.append("services", "\n[\"land.parcel\"]\nfresh_for_s = 1\n"), "the service land.parcel"),
        (
            |copy| copy.append("policy", &RULE.replace("residence.person", "residence.persn")),
            "residence.persn is no",
        ),
        (
            |copy| {
                copy.append(
                    "policy",
                    &RULE.replace("thử", "hai").replace("fields = [\"*\"]", "fields = [\"shoe\"]"),
                )
            },
            "no service of the rule answers shoe",
        ),
        (
            |copy| copy.append("policy", &RULE.replace("thử", "ba").replace("mot-cua-demo", "nobody")),
            "clients.toml knows no client nobody",
        ),
        (
            |copy| {
                copy.append(
                    "clients",
                    "\n[[issuers]]\nissuer = \"https://two.example\"\naudience = \"x\"\n\
                     jwks = \"nowhere.json\"\nalgorithms = [\"ES256\"]\n",
                );
            },
            "nowhere.json",
        ),
        (|copy| copy.replace("agencies", "burst = 40", "burst = 0"), "burst must be at least 1"),
        (|copy| copy.replace("agencies", "user = { file = \"secret\" }", ""), "needs `user`"),
        (
            |copy| {
                copy.replace("carriers", "https://lgsp.example.invalid:8280", "ftp://lgsp.example.invalid")
            },
            "base_url: must be http",
        ),
        (
            |copy| copy.append("agencies", "\n[postal.logins.token]\nformat = \"xml\"\n"),
            "[postal.logins.token] format: `xml` is not one of form, json",
        ),
        (
            |copy| copy.append("agencies", "\n[tax.logins.portal]\npath = \"/x\"\n"),
            "[tax.logins.portal] is no credential of its folder",
        ),
        (
            |copy| copy.replace("chains/death", "\"postal.create-item\"", "\"postal.creat-item\""),
            "error[chain] leg.delivery: nobody answers postal.creat-item",
        ),
        (
            |copy| copy.replace("chains/death", "same_day  ", "after = [\"residence_removal\"]\nsame_day  "),
            "leg.registration: stands after itself",
        ),
        (
            |copy| copy.replace("chains/death", "copies            = \"copies\"\n", ""),
            "leg.registration.query: nothing feeds copies, which is required",
        ),
        (
            |copy| copy.replace("chains/death", "= \"residence_office\"", "= \"office_of_residence\""),
            "the input has no field office_of_residence",
        ),
        (
            |copy| {
                copy.replace(
                    "chains/death",
                    "= \"fee.total\"",
                    "= { path = \"fee.total\", table = \"dong\" }",
                )
            },
            "there is no table dong",
        ),
        (
            |copy| copy.replace("chains/death", "= \"charge.total\"", "= \"charge.items\""),
            "charge.items is a list, and a whole number belongs here",
        ),
        (
            |copy| {
                let whole = std::fs::read_to_string(copy.file("chains/residence.remove")).unwrap();
                std::fs::write(
                    copy.file("chains/move"),
                    whole.replace("\"residence.remove\"\ntitle ", "\"move\"\ntitle "),
                )
                .unwrap();
            },
            "chains/move.toml:1: error[chain] chain: no schema describes what a case of move is given",
        ),
        (|copy| copy.append("lienthong", "[log]\nlevel = \"nonsense\"\n"), "`level` must be"),
        (|copy| copy.write("keys/cache.key", "short", 0o600), "at least 32 bytes"),
        (|copy| copy.write("keys/subject.key", &"x".repeat(32), 0o644), "subject.key: others than its owner"),
        (|copy| copy.write("pki/c06-client.key", "x", 0o640), "c06-client.key: others than its owner"),
    ]
}

#[test]
fn the_projects_own_configuration_is_sound_and_nothing_is_opened_or_made() {
    let copy = Copy::new();
    assert_eq!(copy.said(), Vec::<String>::new());
    assert!(copy.drawn().plan.is_some());
    assert!(!copy.folder.path().join("audit").exists(), "the audit log is opened last");
    assert!(!copy.folder.path().join("keys/cache.key").exists(), "keys are made at the start");
}

#[test]
fn one_mistake_in_each_file_is_refused_before_anything_is_opened() {
    for (make, words) in mistakes() {
        let copy = Copy::new();
        make(&copy);
        let said = copy.said();
        assert!(said.iter().any(|said| said.contains(words)), "{words}: {said:#?}");
        assert!(copy.drawn().plan.is_none(), "{words}");
        assert!(!copy.folder.path().join("audit").exists());
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let copy = Copy::new();
    // Rules are looked at against a catalogue; one that cannot be built has none.
    let (catalogue, rules) =
        ("the service land.parcel", ["residence.persn is no", "of the rule answers shoe"]);
    for (make, _) in mistakes().iter().filter(|(_, words)| *words != catalogue) {
        make(&copy);
    }
    let said = copy.said();
    for (_, words) in mistakes().iter().filter(|(_, words)| *words != catalogue) {
        assert!(said.iter().any(|said| said.contains(words)), "{words}: {said:#?}");
    }
    assert!(rules.iter().all(|words| said.iter().any(|said| said.contains(words))));
}

#[test]
fn a_client_of_several_issuers_names_its_own() {
    let copy = Copy::new();
    let second = "\n[[issuers]]\nissuer = \"https://two.example\"\naudience = \"lienthong\"\n\
                  jwks = \"keys/development.jwks.json\"\nalgorithms = [\"ES256\"]\n";
    copy.append("clients", second);
    let said = copy.said();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said.iter().all(|said| said.contains("needs `issuer`")), "{said:#?}");
    for client in ["mot-cua-demo", "cong-dvc-demo"] {
        let head = format!("[clients.{client}]\n");
        copy.replace("clients", &head, &format!("{head}issuer = \"https://two.example\"\n"));
    }
    assert_eq!(copy.said(), Vec::<String>::new());
    copy.replace(
        "clients",
        "issuer = \"https://two.example\"\ntitle",
        "issuer = \"https://three.example\"\ntitle",
    );
    assert!(copy.said().iter().any(|said| said.contains("is none of [[issuers]]")));
}

/// What cannot be read is told before anything is compared.
#[test]
fn a_calendar_is_sound_and_a_chain_needs_one() {
    let copy = Copy::new();
    copy.replace("calendar", "cut_off = \"15:00\"", "cut_off = \"25:00\"");
    copy.replace("calendar", "date = \"2025-01-27\"", "date = \"2025-01-28\"");
    copy.replace("chains/death", "main             = ", "mein = ");
    let said = copy.said();
    for words in ["calendar.toml:8: cut_off", "calendar.toml:24: 2025-01-28 stands twice", "death.toml:10:"] {
        assert!(said.iter().any(|said| said.contains(words)), "{words}: {said:#?}");
    }
    std::fs::remove_file(copy.file("calendar")).unwrap();
    assert!(copy.said().iter().any(|said| said.contains("calendar.toml: cannot be read")));
}

#[test]
fn a_deployment_without_chains_needs_neither_folder_nor_calendar() {
    let copy = Copy::new();
    std::fs::remove_file(copy.file("calendar")).unwrap();
    for name in ["chains/death", "chains/residence.remove"] {
        std::fs::remove_file(copy.file(name)).unwrap();
    }
    std::fs::write(copy.folder.path().join("chains/README.md"), "none yet").unwrap();
    assert_eq!(copy.said(), Vec::<String>::new(), "a folder without files is no chain");
    std::fs::remove_dir_all(copy.folder.path().join("chains")).unwrap();
    assert_eq!(copy.said(), Vec::<String>::new());
}

#[test]
fn a_chains_file_bears_its_name() {
    let copy = Copy::new();
    std::fs::rename(copy.file("chains/death"), copy.file("chains/deaths")).unwrap();
    assert!(copy.said()[0].ends_with("the file is to be called death.toml"), "{:?}", copy.said());
}
