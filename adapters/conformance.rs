//! Conformance of every agency folder.
