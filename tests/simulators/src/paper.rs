//! What agencies hand out as files, and whether one that was handed in is whole.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::wire::http::find;

/// A real PDF of one page with two lines, in ASCII as its standard font wants it.
pub(crate) fn pdf(title: &str, below: &str) -> Vec<u8> {
    let page = format!("BT /F1 14 Tf 60 780 Td ({title}) Tj 0 -24 Td ({below}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let size = objects.len() + 1;
    let start = file.len();
    let _ = write!(
        file,
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

/// Base64 that ends where it should, and of a PDF its beginning and its end.
pub(crate) fn is_whole(data: &str, name: &str) -> bool {
    let Ok(bytes) = STANDARD.decode(data) else { return false };
    let pdf = name.to_lowercase().ends_with(".pdf");
    let tail = bytes.get(bytes.len().saturating_sub(1024)..).unwrap_or_default();
    !bytes.is_empty() && (!pdf || bytes.starts_with(b"%PDF-") && find(tail, b"%%EOF").is_some())
}
