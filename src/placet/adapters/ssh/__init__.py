"""OpenSSH on this machine: signing approvals with `ssh-keygen`, reading public key files."""
