//! What the check finds: nothing in the eight examples, every seeded mistake in an agency of our own.

mod examples;
mod mistakes;
mod sample;
mod schemas;
