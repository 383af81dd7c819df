"""What `make bench` measures: one file per case, each figure beside the one it is compared with."""
