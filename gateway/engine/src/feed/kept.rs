//! What is kept of a feed: each subject's events in their order, each once, within a fixed room.
//!
//! A row is `{ <subject's fields>, "event": { "id", … }, "same" }`. The answer drawn from it: the subject's fields, those of
//! the last event that the answer's schema names beside them, and all `events`, oldest first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Map, Value};

use crate::catalogue::Node;

/// Events kept of one subject: the latest, as `postal.tracking` promises (`maxItems`).
pub const EVENTS_PER_SUBJECT_MAX: usize = 500;
/// Subjects kept in memory: a hundred thousand parcels of some six events of 250 bytes are about 150 MB. Nothing is lost with
/// those dropped: the agency has them, and the durable store will.
pub const SUBJECTS_MAX: usize = 100_000;

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub events_per_subject_max: usize,
    pub subjects_max: usize,
}

impl Default for Room {
    fn default() -> Self {
        Room { events_per_subject_max: EVENTS_PER_SUBJECT_MAX, subjects_max: SUBJECTS_MAX }
    }
}

/// The events by subject.
#[derive(Debug)]
pub struct Kept {
    room: Room,
    /// Pointers to what identifies a subject, in row and query alike.
    pointers: Vec<String>,
    subjects: HashMap<Key, Subject>,
    /// The subjects by when each last had news, the quietest first.
    by_news: BTreeMap<u64, Key>,
    news: u64,
    dropped: u64,
}

type Key = Vec<Box<str>>;

#[derive(Debug)]
struct Subject {
    news: u64,
    fields: Box<str>,
    events: VecDeque<Event>,
}

/// An event. Its content is kept as JSON text: a tree would take five times the room.
#[derive(Debug)]
struct Event {
    id: Box<str>,
    same: Box<str>,
    content: Box<str>,
}

/// What became of the rows of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// News.
    pub new: u64,
    /// Rows that had come before.
    pub repeated: u64,
    /// Subjects dropped for want of room.
    pub dropped: u64,
}

/// A row taken apart.
struct Row {
    key: Key,
    fields: Box<str>,
    event: Event,
}

impl Kept {
    /// Nothing yet.
    pub fn new(pointers: Vec<String>, room: Room) -> Kept {
        let (subjects, by_news) = (HashMap::new(), BTreeMap::new());
        Kept { room, pointers, subjects, by_news, news: 0, dropped: 0 }
    }

    /// Takes the rows of a page, all of them or none.
    pub fn take(&mut self, rows: Vec<Value>) -> Result<Taken, &'static str> {
        let rows: Vec<Row> = rows.into_iter().map(|row| self.row(row)).collect::<Result<_, _>>()?;
        let mut taken = Taken::default();
        for row in rows {
            if self.put(row) {
                taken.new += 1;
            } else {
                taken.repeated += 1;
            }
        }
        while self.subjects.len() > self.room.subjects_max {
            let Some((_, quietest)) = self.by_news.pop_first() else { break };
            self.subjects.remove(&quietest);
            taken.dropped += 1;
        }
        self.dropped += taken.dropped;
        Ok(taken)
    }

    /// The answer about the subject that a query names, in the answer's shape.
    pub fn answer(&self, query: &Value, shape: &Node) -> Option<Value> {
        let subject = self.subjects.get(&self.key(query)?)?;
        let events: Vec<Value> = subject.events.iter().map(|event| parse(&event.content)).collect();
        let mut answer = parse(&subject.fields);
        let fields = answer.as_object_mut()?;
        let last = events.last()?.as_object()?;
        for name in shape.fields.keys().filter(|name| !fields.contains_key(*name)).collect::<Vec<_>>() {
            if let Some(value) = last.get(name) {
                fields.insert(name.clone(), value.clone());
            }
        }
        fields.insert("events".to_owned(), Value::Array(events));
        Some(answer)
    }

    /// How many subjects are kept.
    pub fn subjects(&self) -> usize {
        self.subjects.len()
    }

    /// How many were dropped for want of room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Puts a row in its place; `false`: it had come before.
    fn put(&mut self, Row { key, fields, event }: Row) -> bool {
        let subject = self.subjects.entry(key.clone()).or_insert_with(|| Subject {
            news: 0,
            fields,
            events: VecDeque::new(),
        });
        if let Some(known) = subject.events.iter_mut().find(|known| known.same == event.same) {
            // The later of two equal rows stands (mapping 1.2).
            *known = event;
            return false;
        }
        // Rows may come out of order: each goes where its id belongs, behind its equals.
        let place = subject.events.partition_point(|known| by_id(&known.id, &event.id) != Ordering::Greater);
        let full = subject.events.len() >= self.room.events_per_subject_max;
        if full && place == 0 {
            // Older than all that is kept: it was here once and has been dropped.
            return false;
        }
        subject.events.insert(place, event);
        if full {
            subject.events.pop_front();
        }
        self.by_news.remove(&subject.news);
        self.news += 1;
        subject.news = self.news;
        self.by_news.insert(self.news, key);
        true
    }

    fn row(&self, row: Value) -> Result<Row, &'static str> {
        let key = self.key(&row).ok_or("a row without its subject")?;
        let Value::Object(mut fields) = row else { return Err("a row that is no object") };
        let same = match fields.shift_remove("same") {
            Some(Value::String(same)) => same,
            _ => return Err("a row without its duplicate key"),
        };
        let event = fields.shift_remove("event").ok_or("a row without an event")?;
        let id = event.get("id").and_then(Value::as_str).ok_or("an event without its id")?;
        let event = Event { id: id.into(), same: same.into(), content: event.to_string().into_boxed_str() };
        Ok(Row { key, fields: Value::Object(fields).to_string().into_boxed_str(), event })
    }

    fn key(&self, value: &Value) -> Option<Key> {
        self.pointers.iter().map(|pointer| value.pointer(pointer)?.as_str().map(Box::from)).collect()
    }
}

/// Identifiers grow as numbers do: a shorter one comes first (ObjectId and its like all have one length).
fn by_id(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// What we wrote ourselves reads back.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Object(Map::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(events: usize, subjects: usize) -> Kept {
        let room = Room { events_per_subject_max: events, subjects_max: subjects };
        Kept::new(vec!["/order_number".into()], room)
    }

    fn row(order: &str, id: u32, code: &str) -> Value {
        json!({ "order_number": order, "event": { "id": format!("{id:024x}"), "status": "collected", "code": code },
            "same": format!("{id:024x} {code}") })
    }

    fn codes(kept: &Kept, order: &str) -> Vec<String> {
        let mut shape = Node::unsaid();
        shape.fields.insert("status".into(), Node::unsaid());
        let answer = kept.answer(&json!({ "order_number": order }), &shape);
        let events = answer.map(|answer| answer["events"].as_array().unwrap().clone()).unwrap_or_default();
        events.iter().map(|event| event["code"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn rows_that_come_again_or_out_of_order_stand_once_and_in_order() {
        let mut kept = kept(500, 10);
        let rows = vec![row("A", 1, "10"), row("A", 4, "60"), row("A", 4, "60"), row("A", 2, "20")];
        assert_eq!(kept.take(rows), Ok(Taken { new: 3, repeated: 1, dropped: 0 }));
        // The same record with another status is news; a parcel may go back from 60 to 40.
        let rows = vec![row("A", 2, "20"), row("A", 5, "40"), row("A", 5, "50"), row("B", 6, "10")];
        assert_eq!(kept.take(rows), Ok(Taken { new: 3, repeated: 1, dropped: 0 }));
        assert_eq!(codes(&kept, "A"), ["10", "20", "60", "40", "50"]);
        assert_eq!(codes(&kept, "B"), ["10"]);
        assert!(codes(&kept, "C").is_empty());
    }

    #[test]
    fn the_later_of_two_equal_rows_stands() {
        let mut kept = kept(500, 10);
        kept.take(vec![row("A", 1, "10")]).unwrap();
        let mut again = row("A", 1, "10");
        again["event"]["text"] = json!("Chờ thu gom");
        kept.take(vec![again]).unwrap();
        let answer = kept.answer(&json!({ "order_number": "A" }), &Node::unsaid()).unwrap();
        assert_eq!(
            answer["events"],
            json!([{ "id": format!("{:024x}", 1), "status": "collected", "code": "10", "text": "Chờ thu gom" }])
        );
    }

    #[test]
    fn a_page_with_one_row_that_makes_no_sense_is_not_taken_at_all() {
        let mut kept = kept(500, 10);
        for (strange, why) in [
            (json!({ "order_number": "A", "event": { "id": "1" } }), "a row without its duplicate key"),
            (json!({ "order_number": "A", "same": "1" }), "a row without an event"),
            (json!({ "order_number": "A", "event": {}, "same": "1" }), "an event without its id"),
            (json!({ "event": { "id": "1" }, "same": "1" }), "a row without its subject"),
        ] {
            assert_eq!(kept.take(vec![row("A", 1, "10"), strange]), Err(why));
            assert_eq!(kept.subjects(), 0, "{why}");
        }
    }

    #[test]
    fn the_latest_events_and_the_orders_with_news_are_kept() {
        let mut kept = kept(3, 2);
        kept.take((1..=5).map(|id| row("A", id, &id.to_string())).collect()).unwrap();
        assert_eq!(codes(&kept, "A"), ["3", "4", "5"]);
        assert_eq!(
            kept.take(vec![row("A", 1, "1")]).unwrap().repeated,
            1,
            "what was dropped does not come back"
        );
        assert_eq!(codes(&kept, "A"), ["3", "4", "5"]);
        kept.take(vec![row("B", 6, "10"), row("A", 7, "7")]).unwrap();
        let taken = kept.take(vec![row("C", 8, "10")]).unwrap();
        assert_eq!((taken.dropped, kept.dropped(), kept.subjects()), (1, 1, 2));
        assert!(codes(&kept, "B").is_empty(), "the quietest goes first");
        assert_eq!(codes(&kept, "A"), ["4", "5", "7"]);
    }
}
