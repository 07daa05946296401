"""What do manifests of exports say? `reader` asks; `parser` is the child that reads untrusted bytes."""
