//! What a signed-in person may do, sentence by sentence.
