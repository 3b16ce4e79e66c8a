//! The whole service in one process, walked through by visitors: what they see, who is told, and
//! what is recorded.

mod chance;
mod html;
mod people;
mod stall;
mod visitor;
mod world;

mod alike;
mod blocked;
mod complete;
mod edges;
mod hostile;
mod matrix;
mod parallel;
mod registration;
mod reset;
mod sign_in;
