//! The tracking feed: what happened to every parcel, in the order in which the post wrote it down.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::people::Register;

/// Rows of the page before that come again at the head of a page, if the page has room for more than these.
const REPEATED_ROWS: usize = 2;
/// So many parcels, each for a dossier of the civil-status register.
const PARCELS: usize = 10;

/// Trạng thái bưu gửi, interfaces B.5.
const STATES: [(u16, &str); 8] = [
    (10, "Chờ thu gom"),
    (20, "Đã thu gom"),
    (30, "Đang vận chuyển"),
    (40, "Đang phát"),
    (50, "Phát thành công"),
    (60, "Phát không thành công"),
    (70, "Chuyển hoàn"),
    (80, "Đã hủy"),
];

/// What became of the parcels, turn by turn: delivered, on its way, back from 60 to 40, told twice, returned,
/// cancelled, at the beginning.
const HISTORIES: [&[u16]; 7] = [
    &[10, 20, 30, 40, 50],
    &[10, 20, 30],
    &[10, 20, 30, 40, 60, 40, 50],
    &[10, 20, 20, 30, 40, 40, 60],
    &[10, 20, 30, 40, 60, 40, 60, 70],
    &[10, 80],
    &[10],
];

/// Bưu gửi.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// orderNumber: the code of a dossier of the civil-status register.
    pub order: String,
    /// Its states so far, oldest first; the same may come twice, and 60 may be followed by 40.
    pub states: Vec<u16>,
}

/// The parcels there are at the start.
pub(crate) fn parcels(register: &Register) -> Vec<Parcel> {
    let done = register.dossiers().iter().filter(|dossier| dossier.state == 4).take(PARCELS);
    let parcel = |(dossier, states): (&crate::Dossier, &&[u16])| Parcel {
        order: dossier.code.clone(),
        states: states.to_vec(),
    };
    done.zip(HISTORIES.iter().cycle()).map(parcel).collect()
}

/// What a state is called.
pub(crate) fn words(state: u16) -> Option<&'static str> {
    STATES.iter().find(|(own, _)| *own == state).map(|(_, text)| *text)
}

/// Whether the post has this state.
pub(crate) fn knows_state(state: u16) -> bool {
    STATES.iter().any(|(own, _)| *own == state)
}

#[derive(Debug, Clone)]
struct Row {
    /// `_id.$oid`: 24 hexadecimal digits, always growing.
    id: String,
    order: String,
    state: u16,
}

/// All rows, oldest first.
#[derive(Debug)]
pub(crate) struct Feed(Mutex<Vec<Row>>);

impl Feed {
    /// The histories of all parcels, interleaved: first the first row of each, then the second.
    pub(crate) fn new(parcels: &[Parcel]) -> Self {
        let feed = Self(Mutex::default());
        let longest = parcels.iter().map(|parcel| parcel.states.len()).max().unwrap_or_default();
        for turn in 0..longest {
            for parcel in parcels {
                if let Some(state) = parcel.states.get(turn) {
                    feed.append(&parcel.order, *state);
                }
            }
        }
        feed
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn append(&self, order: &str, state: u16) {
        let mut rows = self.rows();
        let id = format!("689a0000c0ffee{:010x}", rows.len() + 1);
        rows.push(Row { id, order: order.to_owned(), state });
    }

    /// What was last written of an order.
    pub(crate) fn state_of(&self, order: &str) -> Option<u16> {
        self.rows().iter().rev().find(|row| row.order == order).map(|row| row.state)
    }

    /// Up to `size` rows behind `last`, led by some that were told before; none if there is nothing new.
    pub(crate) fn page(&self, last: &str, size: usize) -> Vec<Value> {
        let rows = self.rows();
        let new = rows.partition_point(|row| row.id.as_str() <= last);
        if new >= rows.len() {
            return Vec::new();
        }
        let begin = new - REPEATED_ROWS.min(new).min(size / 2);
        rows.iter().skip(begin).take(size).map(told).collect()
    }
}

fn told(row: &Row) -> Value {
    let message = words(row.state);
    json!({
        "_id": { "$oid": row.id }, "orderNumber": row.order, "statusCode": row.state.to_string(),
        "statusMessage": message,
    })
}
