//! What happened on the wire, and what is told of it.

mod clocks;
mod kinds;
mod losses;
mod sample;
mod speed;
mod steps;
