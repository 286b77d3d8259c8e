//! Places of the synthetic people: real GSO codes, before and after 1 July 2025.

/// One place in both code systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Province code before 1 July 2025; an ID number begins with it.
    pub old_province: &'static str,
    /// District code before 1 July 2025.
    pub old_district: &'static str,
    /// Commune code before 1 July 2025.
    pub old_commune: &'static str,
    /// Commune, district and province before 1 July 2025.
    pub old_name: &'static str,
    /// Province code since 1 July 2025.
    pub new_province: &'static str,
    /// Commune code since 1 July 2025.
    pub new_commune: &'static str,
    /// Commune and province since 1 July 2025.
    pub new_name: &'static str,
}

const fn place(old: [&'static str; 4], new: [&'static str; 3]) -> Place {
    let [old_province, old_district, old_commune, old_name] = old;
    let [new_province, new_commune, new_name] = new;
    Place { old_province, old_district, old_commune, old_name, new_province, new_commune, new_name }
}

/// Places of eight old provinces; the first is that of the sample person of the interface document.
pub const PLACES: [Place; 22] = [
    place(
        ["38", "380", "14755", "Phường Hàm Rồng, Thành phố Thanh Hóa, Tỉnh Thanh Hóa"],
        ["38", "14758", "Phường Hàm Rồng, Tỉnh Thanh Hóa"],
    ),
    place(
        ["38", "381", "14809", "Phường Bắc Sơn, Thị xã Bỉm Sơn, Tỉnh Thanh Hóa"],
        ["38", "14818", "Phường Quang Trung, Tỉnh Thanh Hóa"],
    ),
    place(
        ["38", "382", "14830", "Phường Trung Sơn, Thành phố Sầm Sơn, Tỉnh Thanh Hóa"],
        ["38", "16531", "Phường Sầm Sơn, Tỉnh Thanh Hóa"],
    ),
    place(
        ["01", "001", "00001", "Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội"],
        ["01", "00097", "Phường Hồng Hà, Thành phố Hà Nội"],
    ),
    place(
        ["01", "002", "00043", "Phường Hàng Mã, Quận Hoàn Kiếm, Thành phố Hà Nội"],
        ["01", "00070", "Phường Hoàn Kiếm, Thành phố Hà Nội"],
    ),
    place(
        ["01", "003", "00109", "Phường Bưởi, Quận Tây Hồ, Thành phố Hà Nội"],
        ["01", "00103", "Phường Tây Hồ, Thành phố Hà Nội"],
    ),
    place(
        ["48", "490", "20194", "Phường Hòa Hiệp Bắc, Quận Liên Chiểu, Thành phố Đà Nẵng"],
        ["48", "20194", "Phường Hải Vân, Thành phố Đà Nẵng"],
    ),
    place(
        ["48", "491", "20206", "Phường Thanh Khê Tây, Quận Thanh Khê, Thành phố Đà Nẵng"],
        ["48", "20209", "Phường Thanh Khê, Thành phố Đà Nẵng"],
    ),
    place(
        ["52", "540", "21550", "Phường Nhơn Bình, Thành phố Quy Nhơn, Tỉnh Bình Định"],
        ["52", "21601", "Phường Quy Nhơn Đông, Tỉnh Gia Lai"],
    ),
    place(
        ["52", "542", "21609", "Thị trấn An Lão, Huyện An Lão, Tỉnh Bình Định"],
        ["52", "21609", "Xã An Lão, Tỉnh Gia Lai"],
    ),
    place(
        ["52", "543", "21637", "Phường Tam Quan, Thị xã Hoài Nhơn, Tỉnh Bình Định"],
        ["52", "21637", "Phường Tam Quan, Tỉnh Gia Lai"],
    ),
    place(
        ["64", "622", "23557", "Phường Yên Đỗ, Thành phố Pleiku, Tỉnh Gia Lai"],
        ["52", "23563", "Phường Diên Hồng, Tỉnh Gia Lai"],
    ),
    place(
        ["64", "623", "23614", "Phường An Bình, Thị xã An Khê, Tỉnh Gia Lai"],
        ["52", "23614", "Phường An Bình, Tỉnh Gia Lai"],
    ),
    place(
        ["64", "625", "23638", "Thị trấn KBang, Huyện KBang, Tỉnh Gia Lai"],
        ["52", "23638", "Xã Kbang, Tỉnh Gia Lai"],
    ),
    place(
        ["64", "626", "23710", "Xã A Dơk, Huyện Đak Đoa, Tỉnh Gia Lai"],
        ["52", "23710", "Xã Ia Băng, Tỉnh Gia Lai"],
    ),
    place(
        ["79", "760", "26734", "Phường Tân Định, Quận 1, Thành phố Hồ Chí Minh"],
        ["79", "26737", "Phường Tân Định, Thành phố Hồ Chí Minh"],
    ),
    place(
        ["79", "761", "26764", "Phường Thạnh Xuân, Quận 12, Thành phố Hồ Chí Minh"],
        ["79", "26773", "Phường Thới An, Thành phố Hồ Chí Minh"],
    ),
    place(
        ["79", "769", "26794", "Phường Linh Xuân, Thành phố Thủ Đức, Thành phố Hồ Chí Minh"],
        ["79", "26800", "Phường Linh Xuân, Thành phố Hồ Chí Minh"],
    ),
    place(
        ["92", "916", "31117", "Phường Cái Khế, Quận Ninh Kiều, Thành phố Cần Thơ"],
        ["92", "31120", "Phường Cái Khế, Thành phố Cần Thơ"],
    ),
    place(
        ["92", "917", "31153", "Phường Châu Văn Liêm, Quận Ô Môn, Thành phố Cần Thơ"],
        ["92", "31153", "Phường Ô Môn, Thành phố Cần Thơ"],
    ),
    place(
        ["96", "966", "32044", "Thị trấn U Minh, Huyện U Minh, Tỉnh Cà Mau"],
        ["96", "32044", "Xã Nguyễn Phích, Tỉnh Cà Mau"],
    ),
    place(
        ["96", "967", "32065", "Thị trấn Thới Bình, Huyện Thới Bình, Tỉnh Cà Mau"],
        ["96", "32065", "Xã Thới Bình, Tỉnh Cà Mau"],
    ),
];
