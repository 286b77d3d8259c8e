//! The residence agency, when it behaves.

use crate::client::{ask, start};

#[tokio::test]
async fn look_up_of_the_sample_person() {
    let sims = start();
    let (status, text) = ask(&sims, "TraCuuThongTinCongDan", sims.register().sample()).await;
    assert_eq!(status, 200, "{text}");
    for part in [
        "<ns1:CongdanCollection xmlns:ns1=\"http://www.mic.gov.vn/dancu/1.0\"><ns1:CongDan>",
        "<ns1:SoDinhDanh>038090000001</ns1:SoDinhDanh>",
        "<ns1:HoVaTen><ns1:Ho>NGUYỄN</ns1:Ho><ns1:ChuDem>VĂN</ns1:ChuDem><ns1:Ten>MẪU</ns1:Ten></ns1:HoVaTen>",
        "<ns1:NgayThangNamSinh><ns1:NgayThangNam>19900101</ns1:NgayThangNam></ns1:NgayThangNamSinh>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let counts = sims.residence().counts();
    assert_eq!((counts.connections, counts.requests), (1, 1));
    assert_eq!(counts.by_subject["038090000001"], 1);
}
