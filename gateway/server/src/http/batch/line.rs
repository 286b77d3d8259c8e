//! One line of a batch's answer, and the last one.

use bytes::Bytes;
use engine::composite::Answered;
use serde_json::{Value, json};

use crate::http::answer;
use crate::problem::{Problem, Words};

/// What became of one query.
pub type Ended = Result<Answered, Box<Problem>>;

/// What became of all of them so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Queries in the batch.
    pub total: usize,
    /// Answered, and there was something.
    pub found: usize,
    /// Answered, and there truly was nothing.
    pub absent: usize,
    /// Told a problem.
    pub failed: usize,
}

impl Summary {
    /// How many have ended.
    pub fn done(&self) -> usize {
        self.found + self.absent + self.failed
    }

    /// Counts one.
    pub fn count(&mut self, ended: &Ended) {
        match ended {
            Ok(Answered::One(answer)) if answer.data.is_none() => self.absent += 1,
            Ok(Answered::Several(together)) if together.data.is_none() => self.absent += 1,
            Ok(_) => self.found += 1,
            Err(_) => self.failed += 1,
        }
    }

    /// The last line: whoever has not read it has not read everything.
    pub fn line(&self) -> Bytes {
        let Summary { total, found, absent, failed } = self;
        text(&json!({ "summary": { "total": total, "found": found, "absent": absent, "failed": failed } }))
    }
}

/// The line of one query: what a single read would have been told, with its place in the batch and the progress.
pub fn of(index: usize, ended: Ended, summary: &Summary, words: &Words<'_>, trace_id: &str) -> Bytes {
    let (done, total) = (summary.done(), summary.total);
    let mut line = json!({ "index": index, "done": done, "total": total });
    let body = match ended {
        Ok(answered) => answer_of(&answered, trace_id),
        Err(mut problem) => {
            for finding in &mut problem.findings {
                finding.pointer = finding.pointer.take().map(|pointer| in_batch(&pointer, index));
            }
            json!({ "problem": problem.body(words, trace_id) })
        }
    };
    if let (Value::Object(line), Value::Object(body)) = (&mut line, body) {
        line.extend(body);
    }
    text(&line)
}

fn answer_of(answered: &Answered, trace_id: &str) -> Value {
    let (data, source) = match answered {
        Answered::One(answer) => (answer.data.as_deref(), &answer.source),
        Answered::Several(together) => (together.data.as_ref(), &together.source),
    };
    json!({
        "outcome": answer::outcome(data),
        "data": data,
        "source": answer::source(source),
        "trace_id": trace_id,
    })
}

/// The pointer of a finding as the batch's caller wrote it.
fn in_batch(pointer: &str, index: usize) -> String {
    match pointer.strip_prefix("/query") {
        Some(below) if below.is_empty() || below.starts_with('/') => format!("/queries/{index}{below}"),
        _ => pointer.to_owned(),
    }
}

fn text(line: &Value) -> Bytes {
    Bytes::from(format!("{line}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_into_the_batch() {
        assert_eq!(in_batch("/query/personal_id", 17), "/queries/17/personal_id");
        assert_eq!(in_batch("/query", 0), "/queries/0");
        assert_eq!(in_batch("/purpose/unit", 3), "/purpose/unit");
        assert_eq!(in_batch("/query_of_another_name", 3), "/query_of_another_name");
    }
}
