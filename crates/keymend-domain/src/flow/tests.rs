//! What a flow does, sentence by sentence.

mod alike;
mod gates;
mod limits;
mod opening;
mod orders;
mod random;
mod settling;
mod stored;
mod tries;
