# Mails and text messages.
#
# Each message has an id: message-<name>-subject, -lead (what happened), -next (what to do now) and
# -short (the whole text message).  Text messages keep to the letters of GSM 03.38 (no curly quotes,
# no dashes but "-"), so that 160 of them fit in one.
#
# $organisation comes from the configuration; $login from the directory.

## Parts

message-greeting = Hello,
message-method = { $kind ->
    [email] e-mail
   *[text] text message
}
message-separator = , {""}

message-fact-when = When
message-fact-from = From
message-fact-browser = Browser
message-fact-reference = Reference
message-fact-approximately = { $value } (as far as we can tell)

message-not-me-lead = If this was not you, tell us at once:
message-not-me-label = This was not me
message-not-me-short = Not you? { $url }
message-helpdesk = Helpdesk: { $helpdesk }
message-automatic = { $organisation } sent this message automatically from { $site }.

## M1, M2: a code

message-code-subject = { $organisation }: your code
message-code-lead = { $code } is your code to { $purpose ->
    [reset] reset your password
    [unlock] unlock your account
    [confirm] confirm this address
   *[fresh-proof] confirm that it is you
}. It works for { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}. Our staff will never ask you for it.
message-code-next = If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.
message-code-short = { $organisation }: { $code } is your code to { $purpose ->
    [reset] reset your password
    [unlock] unlock your account
    [confirm] confirm this number
   *[fresh-proof] confirm that it is you
}. { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}. Staff never ask for it.

## M4: the password was reset

message-password-reset-subject = { $organisation }: your password was reset
message-password-reset-lead = The password of your account was reset. The new password works from now on, wherever you sign in with this account.{ $unlocked ->
    [yes] {" "}The account was locked; the lock was lifted as well.
   *[no] {""}
}
message-password-reset-next = Phones, mail programs and saved connections still know the old password. Enter the new one there soon: if they go on trying the old one, they can lock your account.
message-password-reset-short = { $organisation }: your password was reset.

## M4, where nobody can say: the directory did not answer

message-password-unsure-subject = { $organisation }: your password may have been reset
message-password-unsure-lead = Somebody proved to be you and asked for a new password, and your directory did not say whether it took it. Either the new password works from now on, or the old one still does.
message-password-unsure-next = If it was you, try the new password first, then the old one. If neither works, start again.
message-password-unsure-short = { $organisation }: your password may have been reset.

## M5: the password was changed

message-password-changed-subject = { $organisation }: your password was changed
message-password-changed-lead = The password of your account was changed by somebody who knew the old one. The new password works from now on, wherever you sign in with this account.
message-password-changed-next = Phones, mail programs and saved connections still know the old password. Enter the new one there soon: if they go on trying the old one, they can lock your account.
message-password-changed-short = { $organisation }: your password was changed.

## M6: the account was unlocked

message-account-unlocked-subject = { $organisation }: your account was unlocked
message-account-unlocked-lead = Your account was locked after wrong passwords, and it has been unlocked. Your password is the same as before.
message-account-unlocked-next = If it locks again, look for a phone, mail program or saved connection that still uses an old password.
message-account-unlocked-short = { $organisation }: your account was unlocked. Your password is unchanged.

## M22: wrong passwords soon after a new one

message-wrong-passwords-subject = { $organisation }: something may still use your old password
message-wrong-passwords-lead = Since your password was changed, something has tried to sign in to your account with a wrong one, { $exact ->
    [yes] last at { $at }
   *[no] some time before { $at }
}. It was noticed by { $servers }.{ $lock ->
    [locked] {" "}Your account is locked now.
    [left] {" "}After { $left ->
        [one] one more wrong password
       *[other] { $left } more wrong passwords
    } it will be locked.
   *[unknown] {""}
}
message-wrong-passwords-next = Most often it is a phone, a mail program or a mapped network drive that has kept an old password. Enter the new one there, or take the account out of it for now. If you mistyped the password yourself, there is nothing to do.
message-wrong-passwords-short = { $organisation }: something still tries a wrong password for your account.

## M7: an administrator's password was reset

message-administrator-reset-subject = { $organisation }: an administrator reset their password
message-administrator-reset-lead = The password of the administrator { $login } was reset. Identity was proved by: { $methods }.
message-administrator-reset-next = You get this message because you look after this service. If { $login } does not know of it, act now: block the account and look into the audit log under the reference below.
message-administrator-reset-short = { $organisation }: the password of the administrator { $login } was reset.

## M9: security info changed

message-security-info-subject = { $organisation }: your security info was changed
message-security-info-lead = { $change ->
    [added] A way to prove that it is you was added to your account: { $method }.
   *[removed] A way to prove that it is you was removed from your account: { $method }.
}
message-security-info-next = { $probation ->
    [yes] It can be used to reset your password from { $from } on.
   *[no] { $change ->
        [added] It can be used to reset your password from now on.
       *[removed] It can no longer be used to reset your password.
    }
}
message-security-info-short = { $organisation }: your security info was changed ({ $method } { $change ->
    [added] added
   *[removed] removed
}).

## M11: help for somebody whose attempt could not go on

message-help-subject = { $organisation }: about your attempt to reset your password
message-help-lead = Someone, perhaps you, tried to reset your password. It could not go on, because { $reason ->
    [not-set-up] no way to prove that it is you has been set up for your account.
    [too-few] too few ways to prove that it is you have been set up for your account.
    [way-not-accepted] a way was used that is not accepted for your account.
    [probation] what you set up counts only from { $from } on.
    [not-switched-on] password reset is not switched on for your account.
    [frozen] reset is frozen for your account, after it was reported that somebody else tried it.
    [administrator-only] this account must be handled by an administrator.
   *[ask-helpdesk] only the helpdesk can help with this account.
}
message-help-next = { $reason ->
    [not-set-up] Ask the helpdesk for a new password. Then sign in to { $site } and set up your security info, so that next time you can do it yourself.
    [too-few] Ask the helpdesk for a new password. Then sign in to { $site } and add what is missing, so that next time you can do it yourself.
    [way-not-accepted] Try again with another way that you have set up, or ask the helpdesk.
    [probation] Try again then, or ask the helpdesk if it cannot wait.
    [not-switched-on] Ask the helpdesk for a new password.
    [frozen] Ask the helpdesk: they make sure that it is you, and open it again.
    [administrator-only] Ask the helpdesk or another administrator.
   *[ask-helpdesk] Ask the helpdesk.
} If you did not try to reset your password, you need do nothing: nothing was changed.
message-help-short = { $organisation }: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk.

## M12: too many tries

message-too-many-tries-subject = { $organisation }: too many tries on your account
message-too-many-tries-lead = Somebody, perhaps you, gave too many wrong answers while trying to get into your account. Until { $until } even right answers may be refused.
message-too-many-tries-next = Your password was not changed, and it still works. If you are locked out now, wait until then or ask the helpdesk to lift the block.
message-too-many-tries-short = { $organisation }: too many wrong tries on your account. Even right answers may be refused until { $until }.

## M13: somebody got half-way

message-half-way-subject = { $organisation }: someone got half-way
message-half-way-lead = Somebody, perhaps you, passed the first of two checks on the way to a new password ({ $method }) and failed the second one several times.
message-half-way-next = Your password was not changed. If it was not you, somebody else can probably read what is sent to you that way: make it safe first, then tell us.
message-half-way-short = { $organisation }: somebody passed the first of two checks for a new password ({ $method }) and failed the second. Nothing was changed.

## M14: help wanted

message-help-wanted-subject = { $organisation }: help with a password reset
message-help-wanted-lead = Somebody asks for help with the account { $login }. This request is not verified: anybody can make it in anybody's name.
message-help-wanted-next = Make sure who it is by a way you already know, for instance the telephone number in the directory, before you change anything. Do not use a number or address that the caller gives you.
message-help-wanted-short = { $organisation }: help is wanted with the account { $login }. The request is not verified.

## M19: frozen

message-frozen-subject = { $organisation }: account frozen
message-frozen-lead = "This was not me" was pressed for the account { $login }. Password reset is frozen for this account, open attempts were ended, and { $count ->
    [0] no way to prove identity was set aside.
    [one] one way to prove identity was set aside.
   *[other] { $count } ways to prove identity were set aside.
}
message-frozen-next = The helpdesk or an administrator can open it again, after making sure who the owner is.
message-frozen-short = { $organisation }: password reset was frozen for the account { $login }.

## M21: something needs attention

message-attention-subject = { $organisation }: Keymend needs attention
message-attention-lead = { $what ->
    [directory-down] The directory "{ $name }" has not answered for some minutes.
    [directory-refused] Keymend writes nothing to the directory "{ $name }": its service account may do more there than it should.
    [directory-up] The directory "{ $name }" answers again.
    [help-unmatched] Somebody asked for help while the directory "{ $name }" did not answer, so nobody can say with which account. This is told once a day.
    [breaker] So many wrong codes came in that Keymend has made itself stricter ({ $name }).
    [budget-80] 80 % of the daily budget for messages is used up ({ $name }).
    [budget-100] The daily budget for messages is used up ({ $name }).
    [texts-unanswered] Fewer than a fifth of the codes sent were typed back ({ $name }).
    [rights-missing] The service account of a directory lacks a right, so a password could not be changed ({ $name }).
   *[other] Something needs a look: { $what } ({ $name }).
}
message-attention-next = { $what ->
    [directory-down] People see that password reset is not available at the moment. Look at the directory server and at the connection to it.
    [directory-refused] People see that password reset is not available at the moment. Run "keymend doctor": it names the right and how to take it away.
    [directory-up] People can reset their passwords again. There is nothing to do.
    [help-unmatched] Expect calls from people who cannot get in. Whoever asks again when the directory answers is reported to you by name.
    [breaker] Codes are longer for now, and people wait a little. Look in the audit log for who is guessing.
    [budget-80] Messages still go out. Look in the audit log whether the demand is genuine.
    [budget-100] No further messages of this kind go out until tomorrow. Look in the audit log whether the demand is genuine, before raising the budget.
    [texts-unanswered] This channel is closed, because somebody may be earning money with messages to their own numbers. Look in the audit log before opening it again.
    [rights-missing] The person was told that you know. Look in the log for the directory and the right that is missing.
   *[other] Look in the log of the service.
}
message-attention-short = { $organisation }: Keymend needs attention ({ $what }, { $name }).
