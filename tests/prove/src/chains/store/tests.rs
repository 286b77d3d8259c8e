//! The simulation's memory keeps the same laws as the store of the product, or the simulation proves nothing about it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use server::store::laws::{Ground, LAWS};

use super::*;

/// Runs a future by moving the simulated clock to whatever it waits for.
fn run<T>(time: &Time, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(futures_util::task::noop_waker_ref());
    for _ in 0..100_000 {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => time.go_on_to(time.take_wake()),
        }
    }
    panic!("it waits for ever");
}

#[test]
fn the_simulations_store_keeps_every_law() {
    let mut broken = Vec::new();
    for (name, law) in LAWS {
        let time = Time::at(1_754_964_000_000);
        let store = Memory::new(&time, &Dice::of(1), 0, None);
        let (now, pass) = (|| time.now(), |ms| time.go_on_to(time.now() + ms));
        let ground = Ground { store: store.as_ref(), now: &now, pass: &pass };
        broken.extend(run(&time, law(&ground)).err().map(|why| format!("{name}: {why}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
