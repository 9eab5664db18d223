"""The bucket for photos: created with the CORS rule that lets browsers upload to it.

`python -m s3project.bucket` does it for the storage named by the STORAGE_* variables.
"""

import os
import sys
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
# A presigned URL is the permission; the page that holds one may live anywhere.
CORS = {
    "CORSRules": [
        {
            "AllowedOrigins": ["*"],
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3600,
        }
    ]
}
EXISTS = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


def storage_client(endpoint: str, access_key: str, secret_key: str, region: str = REGION) -> Any:
    """An S3 client that fails at once where the storage is not up yet."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=region,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=10,
            proxies={},
        ),
    )


def prepare_bucket(client: Any, bucket: str) -> None:
    """Creates the bucket if absent and sets its CORS rule; repeating it changes nothing."""
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in EXISTS:
            raise
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)


def main() -> None:
    """Prepares the bucket of the environment; exits non-zero with a sentence if it cannot."""
    client = storage_client(
        os.environ["STORAGE_S3_ENDPOINT"],
        # The application's own keys need no right to make buckets.
        os.environ.get("STORAGE_ADMIN_ACCESS_KEY") or os.environ["STORAGE_ACCESS_KEY"],
        os.environ.get("STORAGE_ADMIN_SECRET_KEY") or os.environ["STORAGE_SECRET_KEY"],
        os.environ.get("STORAGE_REGION") or REGION,
    )
    bucket = os.environ.get("STORAGE_BUCKET") or "s3-images"
    try:
        prepare_bucket(client, bucket)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"The bucket {bucket} could not be prepared: {error}")


if __name__ == "__main__":
    main()
