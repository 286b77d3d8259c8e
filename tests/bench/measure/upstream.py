"""The agencies' side: fixed answers from an nginx that is never the bottleneck.

The words are those of `adapters/*/fixtures/*.talk`, which are evidence of what agencies say; only the person is made the
same in all of them, because the gateway compares the subject answered with the subject asked.
"""

import re
from pathlib import Path

from . import places
from .process import Program, start, wait_for

#: The person everybody asks about: synthetic, as in the talks.
PERSON = {"personal_id": "038090000001", "full_name": "Nguyễn Văn Mẫu", "birth_date": "1990-03-15"}
#: Members of the households whose answers weigh 1, 10 and 100 kB (P5).
HOUSEHOLDS = {"1": 1, "10": 9, "100": 92}

NGINX = """\
daemon off; worker_processes 1; pid {work}/upstream.pid; error_log {work}/upstream-error.log crit;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nodelay on;
  client_body_temp_path {work}/upstream-temp; proxy_temp_path {work}/upstream-temp;
  fastcgi_temp_path {work}/upstream-temp; uwsgi_temp_path {work}/upstream-temp; scgi_temp_path {work}/upstream-temp;
  client_body_buffer_size 64k;
  open_file_cache max=100 inactive=600s; open_file_cache_valid 600s;
  types {{ }} default_type application/json;
  server {{
    listen {host}:{port} backlog=16384; root {work}/answers;
    # A static file is only for GET: a POST is told the same by way of its error page.
    error_page 405 =200 $uri;
    location ~ ^/(TraCuu|CungCap|size-|v1/) {{ default_type "text/xml; charset=utf-8"; error_page 405 =200 $uri; }}
    location /cached/ {{ add_header cache-control "max-age=86400"; try_files /answer.json =404; }}
  }}
}}
"""


def part(talk: str, kind: str) -> list[str]:
    """The bodies of a talk's parts of one kind."""
    parts = re.split(r"(?m)^### +", (places.ROOT / "adapters" / talk).read_text(encoding="utf-8"))
    return [body.split("\n", 1)[1] for body in parts if body.startswith(kind + " ")]


def write_answers(folder: Path) -> None:
    """Writes what each address answers."""
    born = PERSON["birth_date"].replace("-", "")
    person = part("residence/fixtures/person.found.talk", "reply")[0]
    number, insured = part("social_insurance/fixtures/person.found.talk", "reply")[:2]
    taxpayer = part("tax/fixtures/taxpayer.found-person.talk", "reply")[0]
    put(folder / "TraCuuThongTinCongDan", person)
    # Peers that only pass on get the same bytes at the address the gateway's callers use.
    put(folder / "v1/residence/person", person)
    put(folder / "apiBHXH/getMaSoBhxhTheoTieuChi", number)
    put(folder / "apiBHXH/getTraCuuTtHgdByMaSoBhxh", insured.replace("19420315", born))
    put(folder / "apiThue/1.0/traCuuNNT", taxpayer.replace("038042000001", PERSON["personal_id"]))
    put(folder / "token", '{"access_token": "bench", "token_type": "Bearer", "expires_in": 86400}')
    # The same person as JSON, in our words: for peers that read no SOAP.
    put(folder / "json/residence", part("residence/fixtures/person.found.talk", "outcome")[0])
    for size, members in HOUSEHOLDS.items():
        put(folder / f"size-{size}/CungCapThongTinHoGiaDinh", household(members))


def put(file: Path, text: str) -> None:
    """Writes a file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def household(members: int) -> str:
    """A household's answer as `household.found.talk` has it, indented."""
    rows = "".join(member(at, members > 1) for at in range(members))
    return f"""<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>
<ns1:HoGiaDinhCollection xmlns:ns1="http://www.mic.gov.vn/dancu/1.0">
<ns1:HoGiaDinh><ns1:SoSoHoKhau>380000001</ns1:SoSoHoKhau><ns1:DiaChi><ns1:MaTinhThanh>38</ns1:MaTinhThanh><ns1:MaPhuongXa>14812</ns1:MaPhuongXa>
<ns1:ChiTiet>Thôn 1</ns1:ChiTiet><ns1:QuocGia>VN</ns1:QuocGia></ns1:DiaChi>
<ns1:ChuHo><ns1:SoDinhDanh>038090000001</ns1:SoDinhDanh><ns1:HoVaTen>NGUYỄN VĂN MẪU</ns1:HoVaTen></ns1:ChuHo>
<ns1:DanhSachThanhVien>{rows}
</ns1:DanhSachThanhVien></ns1:HoGiaDinh>
</ns1:HoGiaDinhCollection>
</S:Body></S:Envelope>
"""


def member(at: int, in_full: bool) -> str:
    """One row: the six fields that the adapter maps and, in full, seven that it must read past."""
    place = (
        "<ns1:MaTinhThanh>38</ns1:MaTinhThanh><ns1:MaPhuongXa>14812</ns1:MaPhuongXa>"
        "<ns1:ChiTiet>Thôn 1, xã Mẫu</ns1:ChiTiet><ns1:QuocGia>VN</ns1:QuocGia>"
    )
    fields = [
        ("SoDinhDanh", f"0380900{at + 1:05}"),
        ("HoVaTen", "<ns1:Ho>NGUYỄN</ns1:Ho><ns1:ChuDem>VĂN</ns1:ChuDem><ns1:Ten>MẪU</ns1:Ten>"),
        ("NgayThangNamSinh", "19900315"),
        ("GioiTinh", "1"),
        ("QuanHe", "CH00" if at == 0 else "CH02"),
        ("NgayDangKy", "20150630"),
    ]
    if in_full:
        fields += [
            ("DanToc", "01"),
            ("TonGiao", "00"),
            ("TinhTrangHonNhan", "2"),
            ("QuocTich", "VN"),
            ("NoiDangKyKhaiSinh", place),
            ("QueQuan", place),
            ("ThuongTru", place),
        ]
    lines = "".join(f"\n      <ns1:{name}>{value}</ns1:{name}>" for name, value in fields)
    return f"\n    <ns1:ThanhVien>{lines}\n    </ns1:ThanhVien>"


def begin(work: Path) -> Program:
    """Starts it on the other core."""
    (work / "upstream-temp").mkdir(parents=True, exist_ok=True)
    write_answers(work / "answers")
    config = work / "upstream.conf"
    config.write_text(NGINX.format(work=work, host=places.HOST, port=places.PORTS["upstream"]))
    program = start("upstream", ["nginx", "-p", work, "-c", config], places.OTHER_CORE, work / "upstream.log")
    wait_for(program, places.url("upstream") + "/token")
    return program
