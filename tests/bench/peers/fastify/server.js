// fastify + undici by hand: what a good Node developer writes in a week for two of the services.
// No token, no limit, no policy, no audit, no cache, no breaker; words are mapped, answers are not checked.
//
// node server.js PORT UPSTREAM
import { XMLParser } from 'fast-xml-parser'
import Fastify from 'fastify'
import { Pool } from 'undici'

const [port, upstream] = process.argv.slice(2)
const pool = new Pool(upstream, { connections: 64, pipelining: 1 })
const xml = new XMLParser({ removeNSPrefix: true, parseTagValue: false, ignoreAttributes: true })

const day = (text) => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
const escaped = (text) => text.replace(/[<>&]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;' })[c])
const sexes = { 1: 'male', 2: 'female' }
const marriages = { 1: 'single', 2: 'married', 3: 'divorced', 4: 'widowed' }
const ethnicities = { '01': 'Kinh' }

function address (theirs) {
  return theirs && {
    province: theirs.MaTinhThanh, district: theirs.MaQuanHuyen, commune: theirs.MaPhuongXa, detail: theirs.ChiTiet, country: theirs.QuocGia
  }
}

function relative (theirs) {
  return theirs && {
    full_name: theirs.HoVaTen, nationality: theirs.QuocTich, personal_id: theirs.SoDinhDanh || undefined, old_id: theirs.SoCMND || undefined
  }
}

async function post (path, type, body) {
  const reply = await pool.request({ method: 'POST', path, headers: { 'content-type': type }, body })
  if (reply.statusCode !== 200) throw new Error(`${path}: ${reply.statusCode}`)
  return reply.body
}

async function residence ({ purpose, query }) {
  const words = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<dan:TraCuuThongTinCongDan xmlns:dan="http://dancuquocgia.bca"><dan:MaDVC>${escaped(purpose.procedure)}</dan:MaDVC>
<dan:MaTichHop>037</dan:MaTichHop><dan:MaCanBo>${escaped(purpose.officer)}</dan:MaCanBo><dan:MaDonVi>${escaped(purpose.unit)}</dan:MaDonVi>
<dan:SoDinhDanh>${escaped(query.personal_id)}</dan:SoDinhDanh><dan:HoVaTen>${escaped(query.full_name.toUpperCase())}</dan:HoVaTen>
<dan:NgayThangNamSinh><dan:NgayThangNam>${query.birth_date.replaceAll('-', '')}</dan:NgayThangNam></dan:NgayThangNamSinh>
</dan:TraCuuThongTinCongDan></soapenv:Body></soapenv:Envelope>`
  const reply = await post('/TraCuuThongTinCongDan', 'application/xml', words)
  const who = xml.parse(await reply.text()).Envelope.Body.CongdanCollection.CongDan
  return {
    personal_id: who.SoDinhDanh,
    old_id: who.SoCMND,
    full_name: [who.HoVaTen.Ho, who.HoVaTen.ChuDem, who.HoVaTen.Ten].filter(Boolean).join(' '),
    name: { family: who.HoVaTen.Ho, middle: who.HoVaTen.ChuDem, given: who.HoVaTen.Ten },
    sex: sexes[who.GioiTinh],
    birth_date: day(who.NgayThangNamSinh),
    ethnicity: { system: 'gso-ethnicity', code: who.DanToc, title: ethnicities[who.DanToc] },
    religion: { system: 'population-religion', code: who.TonGiao },
    marital_status: marriages[who.TinhTrangHonNhan],
    nationality: who.QuocTich,
    birth_registration: address(who.NoiDangKyKhaiSinh),
    hometown: address(who.QueQuan),
    residence: address(who.ThuongTru),
    current_place: address(who.NoiOHienTai),
    father: relative(who.Cha),
    mother: relative(who.Me),
    spouse: relative(who.VoChong),
    representative: relative(who.NguoiDaiDien),
    household: { relation: who.ChuHo.QuanHe, book: who.SoSoHoKhau }
  }
}

async function insurance (person) {
  const place = person.birth_registration
  const wanted = {
    hoTen: person.full_name, ngaySinh: person.birth_date.replaceAll('-', ''), loaiNgaySinh: '0', gioiTinh: person.sex === 'male' ? '1' : '2',
    maTinhKs: place.province, maHuyenKs: place.district, maXaKs: place.commune, isKs: '1'
  }
  const number = await (await post('/apiBHXH/getMaSoBhxhTheoTieuChi', 'application/json', JSON.stringify(wanted))).json()
  const asked = JSON.stringify({ maSoBhxh: number.maSoBhxh })
  const insured = await (await post('/apiBHXH/getTraCuuTtHgdByMaSoBhxh', 'application/json', asked)).json()
  return { insurance_number: number.maSoBhxh, full_name: insured.hoTen, birth_date: day(insured.ngaySinh), status: insured.trangThai }
}

async function taxpayer (query) {
  const reply = await pool.request({ method: 'GET', path: `/apiThue/1.0/traCuuNNT?mst=${encodeURIComponent(query.personal_id)}` })
  const { Data } = await reply.body.json()
  return { tax_code: Data.MST, full_name: Data.TEN_NNT, status: Data.TRANG_THAI === '00' ? 'active' : 'closed', address: Data.DIA_CHI }
}

function answer (data, parts) {
  return { outcome: 'found', data, parts, source: { retrieved_at: new Date().toISOString(), cache: 'miss' } }
}

const app = Fastify({ logger: false })

app.post('/v1/residence/person', async (request) => answer(await residence(request.body)))

app.post('/v1/person/profile', async (request) => {
  const [[person, insured], tax] = await Promise.all([
    residence(request.body).then(async (person) => [person, await insurance(person)]),
    taxpayer(request.body.query)
  ])
  const conflicts = ['full_name', 'birth_date'].filter((name) =>
    insured[name].toUpperCase() !== person[name].toUpperCase())
  const data = {
    ...person,
    social_insurance: { insurance_number: insured.insurance_number, status: insured.status },
    tax: { tax_code: tax.tax_code, status: tax.status, address: tax.address }
  }
  return { ...answer(data, ['residence', 'social_insurance', 'tax'].map((part) => ({ part, status: 'ok' }))), conflicts }
})

await app.listen({ host: '127.0.0.1', port: Number(port) })
