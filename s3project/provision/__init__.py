"""What the engines of an installation are given before they start: certificates, identities, roles.

The one-machine stack and docker-compose.yml are provisioned by the same code.
"""
