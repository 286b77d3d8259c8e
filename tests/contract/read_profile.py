"""Reads a profile with the client that openapi-python-client has made: read_profile.py BASE TOKEN [the client's folder on PYTHONPATH]."""

import sys

from client import AuthenticatedClient
from client.api.person import person_profile
from client.models import PersonProfileBody, PersonProfileResponse200, Purpose, ServicePersonProfileQuery

base, token = sys.argv[1:3]
# The simulators' sample person: synthetic, and obviously so.
body = PersonProfileBody(
    purpose=Purpose(procedure="1.000656", officer="cb01", dossier="H56.14-250812-0035", unit="H56.14"),
    query=ServicePersonProfileQuery(
        personal_id="038090000001", full_name="NGUYỄN VĂN MẪU", birth_date="1990-01-01"
    ),
)
profile = person_profile.sync(client=AuthenticatedClient(base_url=base, token=token), body=body)
if not isinstance(profile, PersonProfileResponse200):
    sys.exit(f"no profile: {profile}")
parts = {part.name: str(part.status) for part in profile.parts}
print(profile.data.full_name, profile.data.birth_date, parts)
if profile.data.full_name != "NGUYỄN VĂN MẪU" or set(parts.values()) != {"ok"}:
    sys.exit("not the profile that was asked for")
