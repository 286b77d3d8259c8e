"""What Schemathesis cannot know by itself: which refusals no JSON Schema can foretell, and which tokens are ours."""

import schemathesis

# Codes of findings about what a JSON Schema cannot say: check digits, a day the calendar does not have, an ID that contradicts a birth date or a sex, a
# procedure that has no form, an office that the agency does not have.
BEYOND_SCHEMA = {
    "personal-id-province",
    "personal-id-sex",
    "personal-id-year",
    "tax-code-checksum",
    "not-in-list",
    "refused-by-agency",
    "date-in-future",
    "date-impossible",
}


@schemathesis.check
def unread_only_for_a_number_too_large(ctx, response, case):
    """What fits the schema is JSON; only a number beyond the reader's range, in a query of any shape, makes it unreadable."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if response.status_code == 400 and positive:
        codes = {error.get("code") for error in response.json().get("errors", [])}
        assert codes == {"number-out-of-range"}, f"fits the schema, and cannot be read for {sorted(codes) or 'nothing'}"


@schemathesis.check
def refused_for_what_no_schema_says(ctx, response, case):
    """A request that fits the schema may be refused with 422 only for one of the reasons above."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if response.status_code != 422 or not positive:
        return
    body = response.json()
    if body["code"] == "rejected" and body["blame"] == "caller":
        return  # the agency does not accept it
    codes = {error.get("code") for error in body.get("errors", [])}
    strange = codes - BEYOND_SCHEMA
    assert codes and not strange, f"fits the schema, and is refused for {sorted(strange) or 'nothing'}"
