//! The problem pages: title, meaning and the sentences for single fields, read once from `schemas/problems`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::ConfigError;
use crate::config::document::read_text;

/// Every code a problem can carry. A page must exist for each (checked at start and by a test).
pub const PROBLEM_CODES: [&str; 23] = [
    "unauthenticated",
    "denied",
    "unknown-service",
    "not-found",
    "method-not-allowed",
    "malformed-json",
    "unsupported-media-type",
    "too-large",
    "too-slow",
    "invalid",
    "limited",
    "audit-unavailable",
    "not-ready",
    "internal",
    "rejected",
    "not-admitted",
    "malformed",
    "unreachable",
    "uncertain",
    "unavailable",
    "overloaded",
    "deadline-exceeded",
    "adapter-failed",
];

/// The pages with tables of finding codes.
const TABLES: [&str; 2] = ["invalid", "malformed-json"];

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The problem's title.
    pub title: Sentence,
    /// What it means, one paragraph.
    pub detail: Sentence,
    /// The HTTP status it comes with.
    pub status: u16,
    /// The page in each language, Markdown, the table of finding codes in both.
    pub markdown: Sentence,
}

/// All pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    pages: BTreeMap<String, Page>,
    findings: BTreeMap<String, Sentence>,
}

impl Pages {
    /// Reads `schemas/problems`; a code without its page is an error.
    pub fn read(schemas: &Path) -> Result<Pages, ConfigError> {
        let folder = schemas.join("problems");
        let mut pages = BTreeMap::new();
        for code in PROBLEM_CODES {
            let file = folder.join(format!("{code}.md"));
            let page = parse_page(&read_text(&file)?).ok_or_else(|| {
                let needs = "title-vi, title-en, a heading of each, Nghĩa là gì and Meaning";
                ConfigError::unfit(&file, format!("a problem page needs {needs}"))
            })?;
            pages.insert(code.to_string(), page);
        }
        let tables = TABLES.iter().filter_map(|code| pages.get(*code));
        let findings = tables.flat_map(|page| parse_findings(&page.markdown.vi)).collect();
        Ok(Pages { pages, findings })
    }

    /// The page of a code.
    pub fn page(&self, code: &str) -> Option<&Page> {
        self.pages.get(code)
    }

    /// The sentence of a finding's code, if it is one of ours.
    pub fn finding(&self, code: &str) -> Option<&Sentence> {
        self.findings.get(code)
    }
}

fn parse_page(markdown: &str) -> Option<Page> {
    let header = |key: &str| -> Option<String> {
        let line = markdown.lines().skip(1).take_while(|line| *line != "---");
        line.filter_map(|line| line.split_once(": "))
            .find(|(name, _)| *name == key)
            .map(|(_, text)| text.into())
    };
    let paragraph = |mark: &str| {
        let text = markdown.lines().find_map(|line| line.strip_prefix(mark))?;
        Some(text.trim().to_string())
    };
    let title = Sentence { vi: header("title-vi")?, en: header("title-en")? };
    Some(Page {
        markdown: halves(markdown, &title.en)?,
        title,
        detail: Sentence { vi: paragraph("**Nghĩa là gì.**")?, en: paragraph("**Meaning.**")? },
        status: header("status")?.parse().ok()?,
    })
}

/// A page's halves without the front matter: Vietnamese first, then English under its title, then what belongs to both.
fn halves(markdown: &str, title_en: &str) -> Option<Sentence> {
    let body = markdown.strip_prefix("---\n")?.split_once("\n---\n")?.1;
    let (vi, rest) = body.split_once(&format!("\n## {title_en}\n"))?;
    let (en, both) = match rest.split_once("\n## ") {
        Some((en, both)) => (en, format!("\n\n## {}", both.trim())),
        None => (rest, String::new()),
    };
    Some(Sentence {
        vi: format!("{}{both}\n", vi.trim()),
        en: format!("# {title_en}\n\n{}{both}\n", en.trim()),
    })
}

/// The table of finding codes: `| code | Vietnamese | English |`.
fn parse_findings(markdown: &str) -> Vec<(String, Sentence)> {
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let code = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_string();
        Some((code, Sentence { vi: cells.next()?.to_string(), en: cells.next()?.to_string() }))
    };
    markdown.lines().filter(|line| line.starts_with("| `")).filter_map(row).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn pages() -> Pages {
        Pages::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")).unwrap()
    }

    #[test]
    fn the_pages_on_disk_are_exactly_the_codes_we_use() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/problems");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        on_disk.sort();
        let mut ours: Vec<String> = PROBLEM_CODES.iter().map(|code| code.to_string()).collect();
        ours.sort();
        assert_eq!(on_disk, ours);
    }

    #[test]
    fn every_page_has_a_title_and_a_meaning_in_both_languages() {
        let pages = pages();
        for code in PROBLEM_CODES {
            let page = pages.page(code).unwrap();
            for text in [&page.title.vi, &page.title.en, &page.detail.vi, &page.detail.en] {
                assert!(!text.is_empty(), "{code}");
            }
        }
        assert!(pages.finding("personal-id-sex").is_some());
    }

    #[test]
    fn a_page_is_served_in_one_language_without_its_front_matter() {
        let pages = pages();
        for code in PROBLEM_CODES {
            let page = pages.page(code).unwrap();
            let (vi, en) = (&page.markdown.vi, &page.markdown.en);
            assert!(vi.starts_with(&format!("# {}\n", page.title.vi)), "{code}: {vi}");
            assert!(en.starts_with(&format!("# {}\n", page.title.en)), "{code}: {en}");
            assert!(vi.contains("**Nghĩa là gì.**") && !vi.contains("**Meaning.**"), "{code}: {vi}");
            assert!(en.contains("**Meaning.**") && !en.contains("**Nghĩa là gì.**"), "{code}: {en}");
            assert!(!vi.contains("title-vi") && !en.contains("title-vi"), "{code}");
        }
        let table =
            |code: &str| [&pages.page(code).unwrap().markdown.vi, &pages.page(code).unwrap().markdown.en];
        assert!(table("invalid").iter().all(|text| text.contains("| `required` |")));
        assert!(table("malformed-json").iter().all(|text| text.contains("| `duplicate-key` |")));
    }
}
