"""What S3 is made of that others wrote: locked packages, their licences, the bill of materials."""
