"""S3: where hand-offs can put their templates."""
