"""The world behind the ports: one package per technology, none of which knows another but `egress`."""
