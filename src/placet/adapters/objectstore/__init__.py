"""Object stores that speak S3's protocol: AWS S3, Cloudflare R2, and their like."""
