"""What lives in plain files and folders of the home."""
