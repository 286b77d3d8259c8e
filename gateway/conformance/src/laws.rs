//! The laws every adapter keeps, each a function with a code, a title and a page of help.

pub mod answers;
pub mod asking;
pub mod coverage;
mod dates;
pub mod hostile;
mod judge;
pub mod mutated;
mod phrases;
pub mod secrecy;
pub mod subject;
pub mod unknown;
mod words;

use adapter_api::diagnostic::Diagnostic;

use crate::ground::Ground;

pub(crate) use phrases::is_phrase;

/// Tries the laws that need talks; L1 and L3 are told where talks are read and replayed.
pub fn check_all(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let laws: [fn(&Ground<'_>) -> Vec<Diagnostic>; 12] = [
        coverage::talks,
        answers::check,
        asking::deterministic,
        asking::bounded,
        hostile::check,
        unknown::check,
        coverage::repeats,
        secrecy::check,
        subject::check,
        asking::reaches_the_wire,
        coverage::rules,
        mutated::check,
    ];
    laws.iter().flat_map(|law| law(ground)).collect()
}

/// One law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Law {
    /// `L7`.
    pub code: &'static str,
    /// What it says, in one line of Vietnamese.
    pub title_vi: &'static str,
    /// The same in English.
    pub title_en: &'static str,
    /// Why it is a law, how it is tried, and what to do about a finding.
    pub help: &'static str,
}

/// The law of this code.
pub fn law(code: &str) -> Option<&'static Law> {
    ALL.iter().find(|law| law.code == code)
}

/// The page that `lienthong check --explain L7` prints.
pub fn help(code: &str) -> Option<String> {
    law(code).map(|law| format!("{}  {}\n    {}\n\n{}\n", law.code, law.title_vi, law.title_en, law.help))
}

/// All laws, in order (`design.md` 5).
pub const ALL: [Law; 15] = [
    Law {
        code: "L1",
        title_vi: "Mọi tệp đều đọc được và kiểm tra tĩnh không có lỗi",
        title_en: "everything parses, and the static check finds nothing",
        help: "Manifest, operations, tables, talks and schemas are read whole, and everything that is\n\
               wrong is told at once.\n\
               The static check (C1 to C15) reads the mapping against the schemas of its services;\n\
               every schema field has a data class.\n\
               What to do: go to the line; the codes C1 to C15 say what kind of mistake it is.",
    },
    Law {
        code: "L2",
        title_vi: "Mỗi thao tác có đủ hội thoại mẫu",
        title_en: "every operation has its talks",
        help: "A read shows found, absent and a fault. A write shows accepted (or completed), declined\n\
               or rejected, what it says of something it has already, and silence followed by find.\n\
               What no talk shows has never been tried by anybody.\n\
               What to do: put the agency's real reply under `### reply` in fixtures/, run check\n\
               --update, read what it wrote.\n\
               A `### reply` after an ending stands in place of the last reply, so that one file can\n\
               show many endings.",
    },
    Law {
        code: "L3",
        title_vi: "Phát lại hội thoại cho kết quả đúng từng chữ",
        title_en: "replaying a talk gives exactly what it records",
        help: "Each talk is played against the adapter: what it sends, what it makes of the reply. JSON\n\
               and XML are compared as values, XML in order; headers the manifest draws stand below the\n\
               send line, before a blank line. `-` is told by the talk, `+` is what the adapter says.\n\
               What to do: if the adapter is right, run check --update: it rewrites send, outcome and\n\
               fault, never a reply. If the talk is right, mend the mapping.",
    },
    Law {
        code: "L4",
        title_vi: "Mọi kết quả đúng lược đồ của dịch vụ",
        title_en: "every outcome fits its schema",
        help: "Each outcome of each talk is held against the answer schema of its service: required\n\
               fields, types, closed lists, patterns. A birth, death, registration or issue later than\n\
               the call itself, or before 1850, is a finding too: somewhere a century or a field is wrong.\n\
               What to do: the finding names the field; look at the line of the mapping that draws it.",
    },
    Law {
        code: "L5",
        title_vi: "Cùng đầu vào luôn cho cùng đầu ra",
        title_en: "the same arguments give the same step",
        help: "An adapter is a pure function. Each step of each talk is asked for twice, and once more\n\
               after everything else was asked; all must be equal. The house relies on it: after a\n\
               crash a conversation is replayed, not remembered.\n\
               What to do (coded adapters): take time from call.now, identifiers from call.id; keep\n\
               nothing between calls.",
    },
    Law {
        code: "L6",
        title_vi: "Hội thoại luôn kết thúc",
        title_en: "a conversation ends",
        help: "Sends are at most exchanges times pages. Each talk's good replies are given again and\n\
               again; the adapter must come to an end.\n\
               What to do: pages need at_most, and a cursor that does not move ends them; coded\n\
               adapters go forward only.",
    },
    Law {
        code: "L7",
        title_vi: "Phản hồi hỏng không bao giờ thành kết quả đúng",
        title_en: "hostile replies end in a fault",
        help: "In place of the last reply come: nothing, half a reply, the wrong type, 10 MB, a\n\
               DOCTYPE, a wrong charset, an HTML error page, a SOAP fault, two where one is read,\n\
               duplicate keys, and every status outside 2xx with the good body. Each must end in a\n\
               fault: never a success, never a true `no`, never a panic. A UTF-8 byte order mark is\n\
               tolerated.\n\
               What to do: let success need a positive sign of its own, and `absent` an `exists` on\n\
               what would have held the record.",
    },
    Law {
        code: "L8",
        title_vi: "Trạng thái lạ không phải là thành công",
        title_en: "an unknown state is not success",
        help: "Every code that a rule tests or a closed table reads is replaced by one that nobody\n\
               knows. The result must be a fault or stay open (a poll: pending), never a success and\n\
               never the same answer.\n\
               What to do: name the codes that mean success; keep `*` rows for lists that only\n\
               describe.",
    },
    Law {
        code: "L9",
        title_vi: "Thao tác ghi khai báo `repeat` và có hội thoại chứng minh",
        title_en: "a write declares `repeat` and proves it",
        help: "by-reference: a talk shows already-received. by-find: the find operation has a talk that\n\
               finds and one that does not. Every write has settle_for. Without this the house cannot\n\
               keep its promise of exactly one effect.\n\
               What to do: ask the agency what it does with a reference it has seen; if nobody knows,\n\
               `repeat = \"never\"` parks the case.",
    },
    Law {
        code: "L10",
        title_vi: "Lời báo lỗi không chứa bí mật hay dữ liệu cá nhân",
        title_en: "no secret and no subject in a fault's text",
        help: "Marked values are planted in the query, the purpose and the replies; none may come back\n\
               in a fault, outside the one field meant for the operator (operator_text). Faults are\n\
               logged and sent to callers.\n\
               What to do (coded adapters): say where and why, never what. In data: draw `code` from a\n\
               code, not from a sentence.",
    },
    Law {
        code: "L11",
        title_vi: "Người trong câu trả lời là người được hỏi",
        title_en: "the subject answered is the subject asked",
        help: "In each good reply every value is changed, one at a time. If the answer then names\n\
               another subject than the query, it must have ended in a fault. Agencies do send the\n\
               wrong person.\n\
               What to do: `subject = \"personal_id\"` in [operation.NAME], or [\"full_name\",\n\
               \"birth_date\"] where the wire has no number.",
    },
    Law {
        code: "L12",
        title_vi: "Mọi điều bắt buộc trong câu hỏi đều tới được cơ quan",
        title_en: "every requirement of the request reaches the wire",
        help: "Each field of the query that the schema requires is changed; something that is sent must\n\
               change with it, or the field is listed in `unused`. Otherwise a caller is made to give\n\
               personal data for nothing, or the agency decides without it.\n\
               What to do: draw the field in [EXCHANGE.send.body], or declare it: unused = [\"FIELD\"].",
    },
    Law {
        code: "L13",
        title_vi: "Mỗi quy tắc đều có hội thoại chạm tới",
        title_en: "every rule is reached by a talk",
        help: "A rule that no talk reaches has never been tried; often a rule above it hides it,\n\
               because the first that holds decides. A carrier's rules are shared: one agency's talk is\n\
               enough, and a carrier that nobody goes through is left alone.\n\
               What to do: add a reply that reaches it, or remove it; put the narrower rule first.",
    },
    Law {
        code: "L14",
        title_vi: "Phản hồi bị sửa không cho kết quả khác",
        title_en: "a good reply that was altered gives no other answer",
        help: "Each good reply is altered: each field removed, each element doubled, number and text\n\
               swapped, each deciding phrase negated, each date moved to a day after the 12th. Allowed\n\
               are a fault, an open state, the same answer, or the answer less that one field. Another\n\
               success or another value is a finding.\n\
               What to do: `exists` beside `empty`, the narrower phrase first, dates in the agency's\n\
               real order.",
    },
    Law {
        code: "L15",
        title_vi: "Phản hồi hỏng ở bất kỳ bước nào cũng thành lỗi",
        title_en: "hostile bodies in place of each reply",
        help: "As L7, in place of each reply of a conversation and not only the last: a middle page, a\n\
               first exchange, a login.\n\
               What to do: every exchange has rules of its own; a page is judged before the next is\n\
               asked.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_has_its_page() {
        for (number, law) in (1..).zip(&ALL) {
            assert_eq!(law.code, format!("L{number}"));
            let page = help(law.code).unwrap();
            assert!(page.contains(law.title_vi) && page.contains("What to do"), "{page}");
        }
        assert_eq!(help("L16"), None);
    }
}
