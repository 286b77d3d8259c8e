//! A desk where dossiers are handed in, worked on and answered for: the same for every agency that takes its time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::misbehaviour::Misbehaviour;
use crate::people::Day;
use crate::stamp::Stamp;

/// Where a dossier stands: the states 1, 2, 3, 4 and 6 of interfaces 6.2, B.6 and B.7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// 1, chờ tiếp nhận.
    Waiting,
    /// 2, yêu cầu bổ sung. Sent once more with the same reference, the dossier is 1 again.
    Supplement {
        /// What is wanted, for the citizen.
        wanted: String,
        /// One sentence over several fields (interfaces 6.3), where the agency has a place for it.
        findings: Option<String>,
        /// Hạn bổ sung; without one the seven working days of interfaces 7.1 are meant.
        until: Option<Day>,
    },
    /// 3, đang xử lý.
    Processing,
    /// 4, có kết quả.
    Done {
        /// The number of the result, where it shall be another one than the agency's next.
        number: Option<String>,
    },
    /// 6, từ chối.
    Declined {
        /// Why.
        reason: String,
    },
}

impl Standing {
    /// The number on the wire.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Waiting => 1,
            Self::Supplement { .. } => 2,
            Self::Processing => 3,
            Self::Done { .. } => 4,
            Self::Declined { .. } => 6,
        }
    }
}

/// What moves a dossier on that nobody moves by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each so many polls it goes one step on: 1, then 3, then 4. What is told is where it stood before.
    Polls(u32),
    /// Nothing does.
    ByHand,
}

/// Since when a dossier stands somewhere, by the agency's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Where.
    pub standing: Standing,
    /// Since when; later than the turn before by a second at least.
    pub at: Stamp,
}

/// One dossier as the agency keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// The reference by which the agency finds it: `maHoSoLT`, or `MaHoSo` at the social affairs.
    pub reference: String,
    /// The one-stop's own code, `maHoSoMCDT`; the reference again where the wire has none.
    pub code: String,
    /// The unit it was sent to.
    pub unit: String,
    /// ID number of whom it is about.
    pub subject: String,
    /// The agency's running number, from 1.
    pub number: u32,
    /// Where it stood, oldest first; never empty.
    pub course: Vec<Turn>,
    /// How often it was told, since it last moved.
    pub told: u32,
    /// What it is about at an agency that knows a supplement by that and by the subject; otherwise by the reference alone.
    pub matter: Option<String>,
    /// What was sent, with the last supplement.
    pub said: Value,
}

impl Filed {
    /// Where it stands now.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        self.course.last().map_or(&Standing::Waiting, |turn| &turn.standing)
    }

    /// Since when it stands there.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.course.last().map_or_else(Stamp::now, |turn| turn.at)
    }

    /// When it was received.
    #[must_use]
    pub fn received(&self) -> Stamp {
        self.course.first().map_or_else(Stamp::now, |turn| turn.at)
    }

    /// The number of its result: its own, or the one ordered.
    pub(crate) fn result_number(&self) -> String {
        match self.standing() {
            Standing::Done { number: Some(number) } => number.clone(),
            _ => self.number.to_string(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.standing(), Standing::Done { .. })
    }

    /// As it stood in the beginning.
    pub(crate) fn at_first(&self) -> Self {
        Self { course: self.course.iter().take(1).cloned().collect(), ..self.clone() }
    }

    /// The same under a reference that nobody ever sent.
    fn of_nobody(&self) -> Self {
        let [reference, code] = ["G22.99.01-250101-0001", "H00.01-250101-0001"].map(str::to_owned);
        Self { reference, code, ..self.clone() }
    }

    fn turn(&mut self, standing: Standing) {
        let at = self.since().next();
        self.course.push(Turn { standing, at });
        self.told = 0;
    }
}

/// What is handed in.
#[derive(Debug, Clone)]
pub(crate) struct Filing {
    pub(crate) reference: String,
    pub(crate) code: String,
    pub(crate) unit: String,
    pub(crate) subject: String,
    pub(crate) matter: Option<String>,
    pub(crate) said: Value,
}

/// What became of it.
#[derive(Debug, Clone)]
pub(crate) enum Taken {
    /// A new dossier.
    New(Filed),
    /// The supplement of one that wanted it.
    Supplement(Filed),
    /// The desk has this reference already.
    Again(Filed),
}

#[derive(Debug, Default)]
struct Files {
    all: Vec<Filed>,
    /// By reference and by code.
    by_code: BTreeMap<String, Vec<usize>>,
    by_subject: BTreeMap<String, Vec<usize>>,
}

impl Files {
    /// The dossier with this reference; else the one that wants a supplement in this matter of this person.
    fn known(&self, filing: &Filing) -> Option<usize> {
        let own = self.by_code.get(&filing.reference).and_then(|own| own.last()).copied();
        let is_own =
            |index: &usize| self.all.get(*index).is_some_and(|file| file.reference == filing.reference);
        let wanting = |index: &&usize| {
            self.all.get(**index).is_some_and(|file| {
                matches!(file.standing(), Standing::Supplement { .. }) && file.matter == filing.matter
            })
        };
        own.filter(is_own).or_else(|| {
            filing.matter.as_ref()?;
            self.by_subject.get(&filing.subject)?.iter().find(wanting).copied()
        })
    }
}

/// All dossiers of one agency.
#[derive(Debug)]
pub(crate) struct Desk {
    files: Mutex<Files>,
    pace: Mutex<Pace>,
    /// Held while a dossier is told and moved, so that of two about one person only one is decided first.
    moving: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { files: Mutex::default(), pace: Mutex::new(pace), moving: Mutex::default() }
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        *lock(&self.pace) = pace;
    }

    /// Takes a dossier. One that wants a supplement gets it, under the codes it comes with [SIM]; otherwise a known reference makes a second dossier only
    /// where the agency does not recognise it.
    pub(crate) fn take(&self, filing: Filing, recognises: bool) -> Taken {
        let mut files = lock(&self.files);
        let index = files.known(&filing);
        let Files { all, by_code, .. } = &mut *files;
        if let Some((index, file)) = index.and_then(|index| Some((index, all.get_mut(index)?))) {
            if matches!(file.standing(), Standing::Supplement { .. }) {
                for code in [&filing.reference, &filing.code] {
                    let own = by_code.entry(code.clone()).or_default();
                    if !own.contains(&index) {
                        own.push(index);
                    }
                }
                file.reference = filing.reference;
                file.code = filing.code;
                file.said = filing.said;
                file.subject = filing.subject;
                file.turn(Standing::Waiting);
                return Taken::Supplement(file.clone());
            }
            if recognises {
                return Taken::Again(file.clone());
            }
        }
        let Filing { reference, code, unit, subject, matter, said } = filing;
        let index = files.all.len();
        let course = vec![Turn { standing: Standing::Waiting, at: Stamp::now() }];
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let file = Filed { reference, code, unit, subject, number, course, told: 0, matter, said };
        files.by_code.entry(file.reference.clone()).or_default().push(index);
        if file.code != file.reference {
            files.by_code.entry(file.code.clone()).or_default().push(index);
        }
        files.by_subject.entry(file.subject.clone()).or_default().push(index);
        files.all.push(file.clone());
        Taken::New(file)
    }

    /// The dossiers with this reference or code, oldest first.
    pub(crate) fn by_code(&self, code: &str) -> Vec<Filed> {
        let files = lock(&self.files);
        let found = files.by_code.get(code).into_iter().flatten();
        found.filter_map(|index| files.all.get(*index)).cloned().collect()
    }

    pub(crate) fn by_subject(&self, id: &str) -> Vec<Filed> {
        let files = lock(&self.files);
        let found = files.by_subject.get(id).into_iter().flatten();
        // A supplement may have changed whom it is about.
        found.filter_map(|index| files.all.get(*index)).filter(|file| file.subject == id).cloned().collect()
    }

    pub(crate) fn find(&self, fits: impl Fn(&Filed) -> bool) -> Option<Filed> {
        lock(&self.files).all.iter().find(|file| fits(file)).cloned()
    }

    /// Somebody else's dossier at the same office.
    fn other_than(&self, file: &Filed) -> Option<Filed> {
        self.find(|other| other.reference != file.reference && other.unit == file.unit)
    }

    /// Tells where the dossiers with this code stand, and then moves them on at the desk's pace. `judge` says why one
    /// that is due to be done is declined instead.
    pub(crate) fn tell(&self, code: &str, judge: impl Fn(&Filed) -> Result<(), &'static str>) -> Vec<Filed> {
        let _moving = lock(&self.moving);
        let told = self.by_code(code);
        let Pace::Polls(polls) = *lock(&self.pace) else { return told };
        for file in &told {
            let due = file.told + 1 >= polls;
            let next = match file.standing() {
                Standing::Waiting if due => Some(Standing::Processing),
                Standing::Processing if due => Some(match judge(file) {
                    Ok(()) => Standing::Done { number: None },
                    Err(reason) => Standing::Declined { reason: reason.to_owned() },
                }),
                _ => None,
            };
            let mut files = lock(&self.files);
            let index = usize::try_from(file.number).ok().and_then(|number| number.checked_sub(1));
            let kept = index.and_then(|index| files.all.get_mut(index));
            match (kept, next) {
                // A supplement may have come in between.
                (Some(kept), Some(next)) if kept.course.len() == file.course.len() => kept.turn(next),
                (Some(kept), _) => kept.told += 1,
                _ => {}
            }
        }
        told
    }

    /// The dossiers with this code as a party tells them that was told to misbehave: in an old state, twice, somebody
    /// else's; otherwise as they stand, and they move on.
    pub(crate) fn told_as(
        &self,
        code: &str,
        misbehaviour: Option<&Misbehaviour>,
        judge: impl Fn(&Filed) -> Result<(), &'static str>,
    ) -> Vec<Filed> {
        let found = match misbehaviour {
            Some(Misbehaviour::OutOfOrder) => self.by_code(code).iter().map(Filed::at_first).collect(),
            _ => self.tell(code, judge),
        };
        let stranger = |file: &Filed| self.other_than(file).unwrap_or_else(|| file.of_nobody());
        match misbehaviour {
            Some(Misbehaviour::Twice) => found.iter().flat_map(|file| [file.clone(), file.clone()]).collect(),
            Some(Misbehaviour::WrongPerson) => found.iter().map(stranger).collect(),
            Some(Misbehaviour::TwoPeople) => {
                found.iter().flat_map(|file| [file.clone(), stranger(file)]).collect()
            }
            _ => found,
        }
    }

    /// Puts the newest dossier with this reference or code where it is told; `false` if there is none.
    pub(crate) fn decide(&self, code: &str, standing: Standing) -> bool {
        let _moving = lock(&self.moving);
        let mut files = lock(&self.files);
        let index = files.by_code.get(code).and_then(|own| own.last()).copied();
        let found = index.and_then(|index| files.all.get_mut(index));
        found.map(|file| file.turn(standing)).is_some()
    }
}
