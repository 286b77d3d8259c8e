//! Black-box tests over real sockets: one behaviour, one file.

mod harness;

mod audit;
mod config;
mod house;
mod limits;
mod logs;
mod new_agency;
mod problems;
mod reads;
mod stop;
