-- The composite by hand in nginx: residence and tax at once, social insurance after residence. XML is read by patterns, since
-- there is no parser in the box: nothing is checked, entities and other prefixes would be misread.
local cjson = require "cjson.safe"

local function element(text, name)
   return text:match("<[%w]*:?" .. name .. ">(.-)</[%w]*:?" .. name .. ">")
end

local function address(text)
   if not text then return nil end
   return { province = element(text, "MaTinhThanh"), district = element(text, "MaQuanHuyen"),
            commune = element(text, "MaPhuongXa"), detail = element(text, "ChiTiet"), country = element(text, "QuocGia") }
end

local function relative(text)
   if not text then return nil end
   return { full_name = element(text, "HoVaTen"), nationality = element(text, "QuocTich"),
            personal_id = element(text, "SoDinhDanh"), old_id = element(text, "SoCMND") }
end

local function day(text)
   return text:sub(1, 4) .. "-" .. text:sub(5, 6) .. "-" .. text:sub(7, 8)
end

local function post(path, body)
   return ngx.location.capture("/agency" .. path, { method = ngx.HTTP_POST, body = cjson.encode(body) })
end

ngx.req.read_body()
local asked = cjson.decode(ngx.req.get_body_data())
if not asked then return ngx.exit(400) end
local query, purpose = asked.query, asked.purpose
local born = query.birth_date:gsub("-", "")
local words = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
   .. '<dan:TraCuuThongTinCongDan xmlns:dan="http://dancuquocgia.bca"><dan:MaDVC>' .. purpose.procedure
   .. "</dan:MaDVC><dan:MaTichHop>037</dan:MaTichHop><dan:MaCanBo>" .. purpose.officer .. "</dan:MaCanBo><dan:SoDinhDanh>"
   .. query.personal_id .. "</dan:SoDinhDanh><dan:HoVaTen>" .. query.full_name .. "</dan:HoVaTen><dan:NgayThangNamSinh>"
   .. "<dan:NgayThangNam>" .. born .. "</dan:NgayThangNam></dan:NgayThangNamSinh></dan:TraCuuThongTinCongDan>"
   .. "</soapenv:Body></soapenv:Envelope>"

local residence, tax = ngx.location.capture_multi({
   { "/agency/TraCuuThongTinCongDan", { method = ngx.HTTP_POST, body = words } },
   { "/agency/apiThue/1.0/traCuuNNT", { method = ngx.HTTP_GET, args = { mst = query.personal_id } } },
})
local who = element(residence.body, "CongDan")
local taxpayer = cjson.decode(tax.body)
if not who or not taxpayer then return ngx.exit(502) end
local name = who:match("<ns1:HoVaTen>(.-)</ns1:HoVaTen>")
local place = address(element(who, "NoiDangKyKhaiSinh"))
local data = {
   personal_id = element(who, "SoDinhDanh"), old_id = element(who, "SoCMND"),
   full_name = element(name, "Ho") .. " " .. element(name, "ChuDem") .. " " .. element(name, "Ten"),
   sex = element(who, "GioiTinh") == "1" and "male" or "female", birth_date = day(element(who, "NgayThangNamSinh")),
   ethnicity = element(who, "DanToc"), marital_status = element(who, "TinhTrangHonNhan"), nationality = "VN",
   birth_registration = place, hometown = address(element(who, "QueQuan")), residence = address(element(who, "ThuongTru")),
   current_place = address(element(who, "NoiOHienTai")), father = relative(element(who, "Cha")),
   mother = relative(element(who, "Me")), spouse = relative(element(who, "VoChong")),
}
local number = cjson.decode(post("/apiBHXH/getMaSoBhxhTheoTieuChi", {
   hoTen = data.full_name, ngaySinh = born, loaiNgaySinh = "0", gioiTinh = element(who, "GioiTinh"),
   maTinhKs = place.province, maHuyenKs = place.district, maXaKs = place.commune, isKs = "1",
}).body)
local insured = cjson.decode(post("/apiBHXH/getTraCuuTtHgdByMaSoBhxh", { maSoBhxh = number.maSoBhxh }).body)
data.social_insurance = { insurance_number = number.maSoBhxh, status = insured.trangThai }
data.tax = { tax_code = taxpayer.Data.MST, status = taxpayer.Data.TRANG_THAI, address = taxpayer.Data.DIA_CHI }
ngx.say(cjson.encode({
   outcome = "found", data = data,
   parts = { { part = "residence", status = "ok" }, { part = "social_insurance", status = "ok" }, { part = "tax", status = "ok" } },
}))
