"""One dataflow per file: `wire` is pure composition, `flow` adds sources and sinks."""
