//! The example folders parse whole; each seeded mistake is found where it stands.

mod examples;
mod forms;
mod mistakes;
