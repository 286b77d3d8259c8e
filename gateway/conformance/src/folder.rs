//! Checks one agency folder: reads, checks, replays, then holds it to the laws.

use std::cell::Cell;
use std::sync::Arc;

use adapter_api::agency::{self, Agency, Folder};
use adapter_api::check::{check, check_schemas};
use adapter_api::declarative::Declarative;
use adapter_api::diagnostic::{Diagnostic, Source};
use adapter_api::schema::Schemas;
use adapter_api::{Adapter, Inbound, Received};

use crate::conversation::Conversation;
use crate::ground::{Effort, Ground, Validator};
use crate::laws::{self, coverage::Carriers};
use crate::replay::{Purpose, replay};
use crate::report::{Counts, Report};
use crate::talk::{self, Opening, Talk};

/// Everything that belongs to an agency, already read from wherever it lives.
pub struct AgencyInput {
    /// The folder's texts.
    pub folder: Folder,
    /// Its talks.
    pub talks: Vec<Source>,
    /// The shapes of the services.
    pub schemas: Arc<Schemas>,
    /// The coded adapter of this folder, if it has one; it wraps the declarative one.
    pub coded: Option<Arc<dyn Adapter>>,
    /// The caller's JSON Schema validator, if it has one.
    pub validator: Option<Arc<Validator>>,
    /// How much is tried.
    pub effort: Effort,
}

/// A talk's file as the adapter would write it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The talk's file.
    pub name: Arc<str>,
    /// Its new text.
    pub text: String,
}

/// Checks all agencies of a folder, each against every law, and together their carriers: those whose rules no talk reaches
/// are told in a report of their own, [`CARRIERS`], after the agencies'.
pub fn check_all(inputs: &[AgencyInput]) -> Vec<Report> {
    let mut carriers = Carriers::default();
    let mut reports: Vec<Report> = inputs.iter().map(|input| inspect(input, &mut carriers)).collect();
    // Of an agency that could not be read nobody knows which rules it would have reached.
    let missed = if reports.iter().any(|report| report.unreadable) { Vec::new() } else { carriers.missed() };
    if !missed.is_empty() {
        reports.push(Report { agency: CARRIERS.to_owned(), findings: missed, ..Report::default() });
    }
    reports
}

/// The report over the carriers is called as the folder of their rules.
pub const CARRIERS: &str = "carriers";

/// Checks an agency folder against every law; what it takes more than one agency to see is left to [`check_all`].
pub fn check_folder(input: &AgencyInput) -> Report {
    inspect(input, &mut Carriers::default())
}

fn inspect(input: &AgencyInput, carriers: &mut Carriers) -> Report {
    let mut report = Report { agency: input.folder.name.clone(), ..Report::default() };
    let (agency, findings) = agency::parse(&input.folder);
    report.findings.extend(findings);
    report.findings.extend(schema_findings(input, agency.as_ref()));
    let Some(agency) = agency.map(Arc::new) else {
        report.unreadable = true;
        report.sort();
        return report;
    };
    report.findings.extend(check(&agency, &input.schemas));
    let stage = Stage::of(input, &agency);
    let talks = read_talks(input, &mut report.findings);
    let played = stage.play(&talks, Purpose::Check);
    report.findings.extend(played.findings);
    report.counts = Counts {
        talks: talks.len(),
        endings: played.conversations.len() + played.heard.len(),
        ..Counts::default()
    };
    let ground = Ground {
        agency: &agency,
        adapter: stage.adapter(),
        declarative: &stage.declarative,
        schemas: &input.schemas,
        validator: input.validator.as_deref(),
        conversations: &played.conversations,
        heard: &played.heard,
        received: &played.received,
        effort: input.effort,
        pool: Ground::pool_of(&played.conversations),
        trials: Cell::new(0),
    };
    report.findings.extend(laws::check_all(&ground));
    carriers.add(&ground);
    report.counts.trials = ground.trials.get();
    report.sort();
    report
}

/// Rewrites the talks of a folder: what is sent and how it ends, never what the agency says. Only those
/// that change.
pub fn update_talks(input: &AgencyInput) -> Vec<Rewritten> {
    let (Some(agency), _) = agency::parse(&input.folder) else { return Vec::new() };
    let agency = Arc::new(agency);
    let stage = Stage::of(input, &agency);
    let talks = read_talks(input, &mut Vec::new());
    let played = stage.play(&talks, Purpose::Update);
    let before = |name: &str| {
        input.talks.iter().find(|source| &*source.name == name).map(|source| source.text.as_str())
    };
    played.rewritten.into_iter().filter(|talk| before(&talk.name) != Some(&talk.text)).collect()
}

fn read_talks(input: &AgencyInput, findings: &mut Vec<Diagnostic>) -> Vec<Talk> {
    let read = input.talks.iter().filter_map(|source| {
        let (talk, mut found) = talk::read(source);
        findings.append(&mut found);
        talk
    });
    read.collect()
}

/// Fields without a data class, of the services this agency answers.
fn schema_findings(input: &AgencyInput, agency: Option<&Agency>) -> Vec<Diagnostic> {
    let services = agency.into_iter().flat_map(|agency| agency.operations.values());
    let services: Vec<&str> = services.filter_map(|operation| operation.service.as_deref()).collect();
    let own = input.schemas.services.iter().filter(|(name, _)| services.contains(&name.as_str()));
    check_schemas(&own.map(|(name, shape)| (name.clone(), shape.clone())).collect())
}

/// The adapters of one folder.
struct Stage<'a> {
    agency: &'a Agency,
    declarative: Declarative,
    coded: Option<&'a dyn Adapter>,
}

/// What the talks came to.
#[derive(Default)]
struct Played {
    findings: Vec<Diagnostic>,
    conversations: Vec<Conversation>,
    heard: Vec<Inbound>,
    received: Vec<Received>,
    rewritten: Vec<Rewritten>,
}

impl<'a> Stage<'a> {
    fn of(input: &'a AgencyInput, agency: &'a Arc<Agency>) -> Stage<'a> {
        Stage {
            agency,
            declarative: Declarative::new(Arc::clone(agency), Arc::clone(&input.schemas)),
            coded: input.coded.as_deref(),
        }
    }

    fn adapter(&self) -> &dyn Adapter {
        self.coded.unwrap_or(&self.declarative)
    }

    fn play(&self, talks: &[Talk], purpose: Purpose) -> Played {
        let mut played = Played::default();
        for talk in talks {
            let Some(operation) = self.operation(talk, &mut played.findings) else { continue };
            let replayed = replay(talk, self.adapter(), &operation, purpose);
            played.findings.extend(replayed.findings);
            played.conversations.extend(replayed.conversations);
            if let Some((inbound, received)) = replayed.received {
                played.heard.push(inbound);
                played.received.push(received);
            }
            played.rewritten.push(Rewritten { name: talk.name.clone(), text: replayed.rewritten });
        }
        played
    }

    /// The operation a talk is about: that of its service, or the one it names after the agency.
    fn operation(&self, talk: &Talk, findings: &mut Vec<Diagnostic>) -> Option<String> {
        let (named, line) = match &talk.opening {
            Opening::Heard { message, .. } if self.agency.inbound.contains_key(message) => {
                return Some(message.clone());
            }
            Opening::Heard { section, .. } => (&section.head, section.line),
            Opening::Call { named, section, .. } => (named, section.line),
        };
        let operation = operation_of(self.agency, named);
        if operation.is_none() {
            let finding = Diagnostic::error(
                "L1",
                &talk.place(line),
                named.as_str(),
                "the agency has no such operation or message",
            );
            findings.push(finding.help("name the service, `residence.person`, or AGENCY.OPERATION"));
        }
        operation
    }
}

/// The operation called so: by its service, or by agency and name; a login is called by its exchange.
pub fn operation_of(agency: &Agency, named: &str) -> Option<String> {
    let by_service =
        agency.operations.iter().find(|(_, operation)| operation.service.as_deref() == Some(named));
    let (_, name) = named.split_once('.')?;
    by_service
        .map(|(name, _)| name.clone())
        .or_else(|| agency.operations.contains_key(name).then(|| name.to_owned()))
        .or_else(|| agency.exchanges.contains_key(name).then(|| name.to_owned()))
}
