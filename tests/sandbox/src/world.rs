//! The simulated agencies and the configuration folder that points at them.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use server::auth::development;
use simulators::{Options, Simulators};
use tempfile::TempDir;

/// The issuer of development tokens, as in `config/clients.toml`.
pub const ISSUER: &str = "https://development.lienthong.example";
/// Their audience.
pub const AUDIENCE: &str = "lienthong";
/// One-stop software of the sample province: sees every field its procedures need.
pub const ONE_STOP: &str = "mot-cua-demo";
/// The sample province of the configuration, by its GSO code.
pub const PROVINCE: &str = "38";
/// A connector: it may know whether somebody is there and by which name, and how dossiers and prices stand.
pub const CONNECTOR: &str = "cong-dvc-demo";

/// How the world shall be.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// The simulators' seed.
    pub seed: u64,
    /// GSO code of the province whose gateway it is: another's civil status acts stand in another register.
    pub province: String,
    /// Life of an LGSP token.
    pub token_lives: Duration,
    /// Values laid over `lienthong.toml`: section → key → TOML value.
    pub settings: BTreeMap<(String, String), String>,
    /// Blocks laid over `services.toml`, appended as they stand after the service's own block is taken out.
    pub services: BTreeMap<String, String>,
    /// Lines for `[<agency>.limits]`.
    pub agency_limits: BTreeMap<String, String>,
    /// Lines for `[<carrier>.limits]`.
    pub carrier_limits: BTreeMap<String, String>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        WorldOptions {
            seed: 1,
            province: PROVINCE.into(),
            token_lives: Duration::from_secs(3600),
            settings: BTreeMap::new(),
            services: BTreeMap::new(),
            agency_limits: BTreeMap::new(),
            carrier_limits: BTreeMap::new(),
        }
    }
}

/// Simulators and configuration; dropping it ends and deletes both.
pub struct World {
    /// The agencies.
    pub simulators: Simulators,
    folder: TempDir,
}

/// The project's root: agency folders, schemas and configuration are read from there.
pub fn project_root() -> PathBuf {
    let from_manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    from_manifest.canonicalize().unwrap_or(from_manifest)
}

impl World {
    /// Starts the simulators and writes the configuration.
    pub fn build(options: &WorldOptions) -> Result<World> {
        let folder = tempfile::Builder::new().prefix("lienthong-").tempdir()?;
        let pki = folder.path().join("pki");
        std::fs::create_dir(&pki)?;
        let mut simulated = Options::new(&pki);
        simulated.seed = options.seed;
        simulated.token_lives = options.token_lives;
        let simulators = Simulators::start(simulated).context("the simulators do not start")?;
        let world = World { simulators, folder };
        world.write_configuration(options)?;
        Ok(world)
    }

    /// The folder with everything of this world.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `lienthong.toml` of this world.
    pub fn config_file(&self) -> PathBuf {
        self.folder().join("config/lienthong.toml")
    }

    /// The audit log of this world.
    pub fn audit_folder(&self) -> PathBuf {
        self.folder().join("audit")
    }

    /// A token for a client of this world.
    pub fn token(&self, client: &str) -> Result<String> {
        let order = development::TokenOrder { issuer: ISSUER, audience: AUDIENCE, client, lives_s: 600 };
        development::issue(&self.folder().join("keys"), &order).context("no token could be issued")
    }

    fn write_configuration(&self, options: &WorldOptions) -> Result<()> {
        let config = self.folder().join("config");
        std::fs::create_dir_all(&config)?;
        std::fs::create_dir_all(self.folder().join("secrets"))?;
        development::ensure_keys(&self.folder().join("keys")).context("the token keys")?;
        self.write_secrets()?;
        let root = project_root();
        let policy = std::fs::read_to_string(root.join("config/policy.toml"))?;
        std::fs::write(config.join("policy.toml"), policy + &neighbours_receipts())?;
        let services = std::fs::read_to_string(root.join("config/services.toml"))?;
        std::fs::write(config.join("services.toml"), laid_over(&services, &options.services)?)?;
        std::fs::write(config.join("lienthong.toml"), self.main_file(&root, options))?;
        std::fs::write(config.join("agencies.toml"), self.agencies_file(options))?;
        std::fs::write(config.join("carriers.toml"), self.carriers_file(options))?;
        std::fs::write(config.join("clients.toml"), clients_file())?;
        Ok(())
    }

    fn write_secrets(&self) -> Result<()> {
        let credentials = self.simulators.credentials();
        let secrets = [
            ("c06-user", &credentials.user),
            ("c06-secret-key", &credentials.secret_key),
            ("c06-api-key", &credentials.api_key),
            ("c06-client", &credentials.x_road_client),
            ("lgsp-consumer-key", &credentials.consumer_key),
            ("lgsp-consumer-secret", &credentials.consumer_secret),
            ("bhxh-access-key", &credentials.lgsp_access_key),
            ("bhxh-secret-key", &credentials.lgsp_secret_key),
            ("bhxh-app-name", &credentials.lgsp_app_name),
            ("bhxh-partner-code", &credentials.lgsp_partner_code),
            ("bhxh-partner-code-cus", &credentials.lgsp_partner_code_cus),
            ("btxh-accept-key", &credentials.social_affairs_accept_key),
            ("tax-security-key", &credentials.tax_security_key),
            ("vnpost-user", &credentials.postal_username),
            ("vnpost-password", &credentials.postal_password),
            ("vnpt-account", &credentials.vnpt_account),
            ("vnpt-account-password", &credentials.vnpt_account_password),
            ("vnpt-user", &credentials.vnpt_username),
            ("vnpt-password", &credentials.vnpt_password),
            ("viettel-user", &credentials.viettel_username),
            ("viettel-password", &credentials.viettel_password),
        ];
        for (name, value) in secrets {
            write_private(&self.folder().join("secrets").join(name), value)?;
        }
        Ok(())
    }

    fn main_file(&self, root: &Path, options: &WorldOptions) -> String {
        let mut sections: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        let mut set = |section, key, value: String| {
            sections.entry(section).or_default().insert(key, value);
        };
        set("server", "listen", "\"127.0.0.1:0\"".into());
        set("server", "operations_listen", "\"127.0.0.1:0\"".into());
        set("folders", "adapters", quoted(&root.join("adapters")));
        set("folders", "schemas", quoted(&root.join("schemas")));
        for folder in ["units", "composites", "forms"] {
            set("folders", folder, quoted(&root.join("config").join(folder)));
        }
        set("audit", "folder", quoted(&self.audit_folder()));
        set("keys", "cache", quoted(&self.folder().join("keys/cache.key")));
        set("keys", "subject", quoted(&self.folder().join("keys/subject.key")));
        for ((section, key), value) in &options.settings {
            set(section, key, value.clone());
        }
        let mut text = String::new();
        for (section, keys) in sections {
            text.push_str(&format!("[{section}]\n"));
            keys.iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value}\n")));
        }
        text
    }

    fn agencies_file(&self, options: &WorldOptions) -> String {
        [
            self.residence_block(),
            civil_status_block(&options.province),
            residence_register_block(),
            social_affairs_block(&options.province),
            social_insurance_block(),
            tax_block(),
            self.postal_block(),
            self.receipts_blocks(),
            limits_blocks(&options.agency_limits),
        ]
        .concat()
    }

    fn residence_block(&self) -> String {
        let pki = self.simulators.pki();
        format!(
            r#"[residence]
carrier = "direct"
base_url = "{residence}"
tls = {{ ca = {ca}, certificate = {client}, key = {key} }}
[residence.credentials.signature]
user = {{ file = "../secrets/c06-user" }}
secret_key = {{ file = "../secrets/c06-secret-key" }}
api_key = {{ file = "../secrets/c06-api-key" }}
x_road_client = {{ file = "../secrets/c06-client" }}
"#,
            residence = self.simulators.residence().base_url(),
            ca = quoted(&pki.ca),
            client = quoted(&pki.client),
            key = quoted(&pki.client_key),
        )
    }

    fn postal_block(&self) -> String {
        format!(
            r#"
[postal]
carrier = "direct"
base_url = "{postal}"
feed_every_s = 1
[postal.settings]
customer_code = "{customer_code}"
[postal.credentials.token]
user = {{ file = "../secrets/vnpost-user" }}
password = {{ file = "../secrets/vnpost-password" }}
"#,
            postal = self.simulators.postal().base_url(),
            customer_code = self.simulators.credentials().postal_customer_code,
        )
    }

    /// Two providers: the simulated VNPT issues for three provinces, Viettel for everybody else.
    fn receipts_blocks(&self) -> String {
        format!(
            r#"
[e-receipt-vnpt]
carrier = "direct"
units = ["H56*", "H26*", "H17*"]
base_url = "{vnpt}"
[e-receipt-vnpt.credentials.account]
user = {{ file = "../secrets/vnpt-user" }}
password = {{ file = "../secrets/vnpt-password" }}
[e-receipt-vnpt.credentials.publisher]
account = {{ file = "../secrets/vnpt-account" }}
account_password = {{ file = "../secrets/vnpt-account-password" }}
[e-receipt-vnpt.settings]
pattern = "C45-BB0/002"
serial = "BM/25E"

[e-receipt-viettel]
carrier = "direct"
base_url = "{viettel}/services/einvoiceapplication/api"
[e-receipt-viettel.settings]
tax_code = "{tax_code}"
template = "01BLP0-001"
series = "BM25E"
receipt_type = "01BLP"
duplicate_code = "TRANSACTION_UUID_EXISTED"
[e-receipt-viettel.credentials.token]
user = {{ file = "../secrets/viettel-user" }}
password = {{ file = "../secrets/viettel-password" }}
"#,
            vnpt = self.simulators.e_receipt_vnpt().base_url(),
            viettel = self.simulators.e_receipt_viettel().base_url(),
            tax_code = self.simulators.credentials().viettel_tax_code,
        )
    }

    fn carriers_file(&self, options: &WorldOptions) -> String {
        format!(
            r#"[lgsp]
base_url = "{lgsp}"
[lgsp.credentials.token]
consumer_key = {{ file = "../secrets/lgsp-consumer-key" }}
consumer_secret = {{ file = "../secrets/lgsp-consumer-secret" }}
[lgsp.limits]
{limits}
"#,
            lgsp = self.simulators.lgsp().base_url(),
            limits = options.carrier_limits.get("lgsp").cloned().unwrap_or_default(),
        )
    }
}

fn civil_status_block(province: &str) -> String {
    format!("\n[civil-status]\ncarrier = \"lgsp\"\n[civil-status.settings]\nprovince = \"{province}\"\n")
}

fn residence_register_block() -> String {
    "\n[residence-register]\ncarrier = \"lgsp\"\n".into()
}

fn social_affairs_block(province: &str) -> String {
    format!(
        r#"
[social-affairs]
carrier = "lgsp"
[social-affairs.settings]
province = "{province}"
field = "G09-XH01"
field_title = "Bảo trợ xã hội"
[social-affairs.credentials.portal]
accept_key = {{ file = "../secrets/btxh-accept-key" }}
"#
    )
}

fn social_insurance_block() -> String {
    r#"
[social-insurance]
carrier = "lgsp"
[social-insurance.settings]
birth_month_code = "1"
birth_year_code = "2"
nobody_code = "201"
[social-insurance.credentials.token]
access_key = { file = "../secrets/bhxh-access-key" }
secret_key = { file = "../secrets/bhxh-secret-key" }
app_name = { file = "../secrets/bhxh-app-name" }
partner_code = { file = "../secrets/bhxh-partner-code" }
partner_code_cus = { file = "../secrets/bhxh-partner-code-cus" }
"#
    .into()
}

fn tax_block() -> String {
    r#"
[tax]
carrier = "lgsp"
[tax.credentials.portal]
security_key = { file = "../secrets/tax-security-key" }
"#
    .into()
}

fn limits_blocks(limits: &BTreeMap<String, String>) -> String {
    limits.iter().map(|(agency, lines)| format!("\n[{agency}.limits]\n{lines}\n")).collect()
}

/// The sample province has VNPT's receipts only; a neighbour's are Viettel's, and shown here too.
fn neighbours_receipts() -> String {
    format!(
        r#"
[[rules]]
name = "hộp cát: biên lai của đơn vị tỉnh bạn"
client = "{ONE_STOP}"
services = ["e-receipt.receipt", "e-receipt.file"]
procedures = ["*"]
fields = ["*"]
"#
    )
}

fn clients_file() -> String {
    format!(
        r#"[[issuers]]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
jwks = "../keys/development.jwks.json"
algorithms = ["ES256"]

[clients.{ONE_STOP}]
title = "Phần mềm một cửa (mẫu)"
issuer = "{ISSUER}"
rights = ["no-cache"]

[clients.{CONNECTOR}]
title = "Kết nối Cổng Dịch vụ công (mẫu)"
"#
    )
}

/// Writes a secret that only its owner can read: the gateway refuses any other.
fn write_private(file: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(text.as_bytes())?;
    Ok(())
}

fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

/// Services' settings with some blocks replaced.
fn laid_over(text: &str, blocks: &BTreeMap<String, String>) -> Result<String> {
    let mut table: toml::Table = text.parse()?;
    for (service, block) in blocks {
        let block: toml::Table = block.parse().with_context(|| format!("block of {service}"))?;
        table.insert(service.clone(), toml::Value::Table(block));
    }
    Ok(toml::to_string(&table)?)
}
