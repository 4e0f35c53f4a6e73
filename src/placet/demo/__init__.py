"""The loopback world of `placet demo`: small doubles of what Placet publishes to."""
