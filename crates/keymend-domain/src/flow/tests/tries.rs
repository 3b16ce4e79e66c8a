//! How many tries are left, as it is told after the first gate.

use crate::flow::Flow;
use crate::method::{Contact, MethodKind};
use crate::world::{WRONG, World};

const EMAIL: MethodKind = MethodKind::Email;
const TEXT: MethodKind = MethodKind::Text;

/// Types wrong codes until the way is used up; gives how many it took.
fn wrong_codes_until_used_up(world: &mut World, flow: Flow) -> u32 {
    let mut flow = flow;
    for count in 1..10 {
        flow = world.answers(flow, WRONG);
        if world.refused() == "answer.tries-used-up" {
            return count;
        }
    }
    panic!("never used up");
}

#[test]
fn the_page_of_the_second_gate_tells_how_many_codes_can_still_be_typed() {
    let foreign = Contact::Phone("+447700900999".into());
    for (addresses, wrong) in [(1, 0), (1, 1), (1, 3), (2, 0), (2, 1), (3, 0)] {
        let mut world = World::new();
        let flow = world.starts();
        let mut flow = world.passes(flow, EMAIL);
        for _ in 1..addresses {
            flow = world.asks_at(flow, TEXT, &foreign);
            flow = world.does(flow, Flow::other_way);
        }
        flow = world.asks(flow, TEXT);
        for _ in 0..wrong {
            flow = world.answers(flow, WRONG);
        }
        let told = flow.tries_left_here(&world.policy());
        let left = wrong_codes_until_used_up(&mut world, flow);
        assert_eq!(told, left, "{addresses} addresses, {wrong} wrong codes");
    }
}
