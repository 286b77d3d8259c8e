//! Writes that shall be done only after somebody has looked whether they were.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::misbehaviour::Fate;

type Deed = Box<dyn FnOnce() + Send>;

/// What is put off, each under every code it can be asked for by.
#[derive(Default)]
pub(crate) struct Late(Mutex<Vec<(Vec<String>, Deed)>>);

impl std::fmt::Debug for Late {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Late")
    }
}

impl Late {
    fn put_off(&self) -> MutexGuard<'_, Vec<(Vec<String>, Deed)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does it now and gives what came of it, or puts it off, or forgets it: then nobody will read what is answered.
    pub(crate) fn write<T>(
        &self,
        fate: Fate,
        codes: &[&str],
        deed: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        match fate {
            Fate::Now => Some(deed()),
            Fate::Late => {
                let codes = codes.iter().map(|code| (*code).to_owned()).collect();
                self.put_off().push((codes, Box::new(move || drop(deed()))));
                None
            }
            Fate::Never => None,
        }
    }

    /// Somebody has looked, and was told that it is not there: now it is.
    pub(crate) fn looked(&self, code: &str) {
        let mut put_off = self.put_off();
        let is_asked = |(codes, _): &(Vec<String>, Deed)| codes.iter().any(|own| own == code);
        let (due, left) = std::mem::take(&mut *put_off).into_iter().partition(is_asked);
        *put_off = left;
        drop(put_off);
        let due: Vec<(Vec<String>, Deed)> = due;
        due.into_iter().for_each(|(_, deed)| deed());
    }

    /// Does everything that is put off.
    pub(crate) fn settle(&self) -> usize {
        let due = std::mem::take(&mut *self.put_off());
        let number = due.len();
        due.into_iter().for_each(|(_, deed)| deed());
        number
    }
}
