//! Asks the reference evaluator, in Python, how conversations end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::spoil::Case;

/// The reference evaluator.
pub struct Oracle {
    root: PathBuf,
}

impl Oracle {
    /// Finds Python with what the evaluator needs.
    pub fn find(root: &Path) -> Option<Oracle> {
        let tried = Command::new("python3").args(["-c", "import regex, tomli"]).output().ok()?;
        (tried.status.success() && root.join("evaluate.py").is_file())
            .then(|| Oracle { root: root.to_owned() })
    }

    /// How each case ends.
    pub fn endings(&self, cases: &[Case]) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/oracle.py");
        let mut child = Command::new("python3")
            .arg(script)
            .arg(&self.root)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut questions = child.stdin.take().unwrap();
        let lines: Vec<String> = cases.iter().map(|case| case.question.to_string()).collect();
        let asking =
            std::thread::spawn(move || lines.iter().for_each(|line| writeln!(questions, "{line}").unwrap()));
        let output = child.wait_with_output().unwrap();
        asking.join().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
