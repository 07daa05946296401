"""What do the other programs read to find this stack?

* `firsthand.env`: the settings of the pipeline, the same names that point at real servers in production.
* `partner.env`: what a partner gets: credentials that read releases and nothing else.
* `credentials.json`: the people who can log in to Label Studio.
"""

import json
import os
import shlex

from infra.local.files import private_folder, write_private
from infra.local.people import PEOPLE
from infra.local.site import BUCKETS, LABELLING, OWNER, PARTNER, S3_REGION, Site


def pipeline_settings(site: Site) -> dict[str, str]:
    """The settings of the pipeline for this stack; they hold secrets."""
    buckets = {f"FIRSTHAND_S3_{name.upper()}_BUCKET": name for name in BUCKETS}
    return {
        "FIRSTHAND_DATABASE_URL": site.database_url("firsthand", driver="postgresql+psycopg"),
        "FIRSTHAND_S3_ENDPOINT_URL": site.url("s3-proxy"),
        "FIRSTHAND_S3_REGION": S3_REGION,
        "FIRSTHAND_S3_ACCESS_KEY_ID": OWNER,
        "FIRSTHAND_S3_SECRET_ACCESS_KEY": site.secrets.of("s3_owner"),
        **buckets,
        "FIRSTHAND_S3_RELEASE_READER": PARTNER,
        "FIRSTHAND_S3_CLIP_READER": LABELLING,
        "FIRSTHAND_LABELLING_S3_ACCESS_KEY_ID": LABELLING,
        "FIRSTHAND_LABELLING_S3_SECRET_ACCESS_KEY": site.secrets.of("s3_labelling"),
        "FIRSTHAND_LABEL_STUDIO_URL": site.url("label-studio"),
        "FIRSTHAND_LABEL_STUDIO_TOKEN": site.secrets.of(PEOPLE[0].token_secret),
        "FIRSTHAND_PSEUDONYM_KEY": site.secrets.of("pseudonym_key"),
        "FIRSTHAND_PREFECT_API_URL": f"{site.url('prefect')}/api",
        "FIRSTHAND_SCRATCH_DIR": str(site.home / "scratch"),
        "FIRSTHAND_INGEST_JOBS": str(os.cpu_count() or 1),
    }


def partner_settings(site: Site) -> dict[str, str]:
    """What a partner needs to pull; it holds the partner's own secret and no other."""
    return {
        "FIRSTHAND_PARTNER_S3_ENDPOINT_URL": site.url("s3-proxy"),
        "FIRSTHAND_PARTNER_S3_REGION": S3_REGION,
        "FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID": PARTNER,
        "FIRSTHAND_PARTNER_S3_SECRET_ACCESS_KEY": site.secrets.of("s3_partner"),
    }


def write_env_files(site: Site) -> None:
    """Write the two env files for the ports of now, and make the scratch folder. Safe to repeat."""
    private_folder(site.home / "scratch")
    for name, settings in (("firsthand.env", pipeline_settings(site)), ("partner.env", partner_settings(site))):
        write_private(site.home / name, "".join(f"{key}={shlex.quote(value)}\n" for key, value in settings.items()))


def write_credentials(site: Site) -> None:
    """Write who can log in to Label Studio; every account exists and its token is known. Safe to repeat."""
    people = [
        {
            "role": person.role,
            "email": person.email,
            "password": site.secrets.of(person.password_secret),
            "token": site.secrets.of(person.token_secret),
        }
        for person in PEOPLE
    ]
    body = {"label_studio": {"url": site.url("label-studio"), "people": people}}
    write_private(site.home / "credentials.json", json.dumps(body, indent=2) + "\n")
