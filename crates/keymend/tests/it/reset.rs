//! A forgotten password becomes a new one.

use expect_test::expect;

use crate::people::{MAILBOX, NEW, OLD};
use crate::world::World;

#[tokio::test]
async fn a_forgotten_password_becomes_a_new_one_behind_two_gates() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.starts("jane01").await;
    expect!["200 What is the trouble?"].assert_eq(&jane.sees());
    jane.submits("/flow/intent", &[("intent", "reset")]).await;
    expect!["200 Show that it is you"].assert_eq(&jane.sees());
    jane.asks_for_code("email", MAILBOX).await;
    expect!["200 Type the code"].assert_eq(&jane.sees());
    expect!["somebody@mail.example: Example Works: your code"].assert_eq(&world.told().await);
    jane.answers_wrong().await;
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code."#]].assert_eq(&jane.sees());
    jane.answers(&world.code_to(MAILBOX)).await;
    expect!["200 One more step"].assert_eq(&jane.sees());
    jane.proves_by_text().await;
    expect!["200 Choose a new password"].assert_eq(&jane.sees());
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    expect![[r#"
        +447700900123: Example Works: ###### is your code to reset your password. 5 minutes. Staff never ask for it.
        @reset.example #######
        jane01@work.example: Example Works: your password was reset
        somebody@mail.example: Example Works: your password was reset"#]].assert_eq(&world.told().await);
    expect![[r#"
        flow.opened known
        flow.intent reset
        gate.offered email
        challenge.sent email
        notice.sent M1
        proof.failed email gate 1 wrong
        proof.given email gate 1
        gate.passed email gate 1
        gate.offered text
        challenge.sent text
        notice.sent M1
        proof.given text gate 2
        gate.passed text gate 2
        order.opened reset
        order.settled done
        password.reset
        notice.sent M4
        notice.sent M4"#]].assert_eq(&world.audited().await);
    jane.signs_in("jane01", OLD).await;
    expect![[r#"
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here."#]].assert_eq(&jane.sees());
    jane.signs_in("jane01", NEW).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    world.rests().await;
}
