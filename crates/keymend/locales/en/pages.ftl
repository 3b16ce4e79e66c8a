# The person's pages.  Every sentence may use { $organisation } and { $help }.

## Around every page
skip-to-content = Skip to the content
error-summary-title = Please look at this
language-choice = Language
ask-for-help = Ask for help
reference = Reference { $reference }
signed-in-as = Signed in as { $user }
sign-out = Sign out
cancel = Cancel
next = Next
try-again = Try again
start-again = Start again
sign-in = Sign in
working = One moment…
show = Show
hide = Hide
show-password = Show password
hide-password = Hide password
help-line = { $help }
help-line-request = Your administrators can help you: choose “Ask for help”.
help-line-link = You get help here: { $url }
help-line-mail = You get help here: { $address }
time-left =
    { $minutes ->
        [one] This attempt ends in about one minute.
       *[other] This attempt ends in about { $minutes } minutes.
    }
time-more = I need more time
time-more-given = You have five more minutes.

## S01
sign-in-heading = Sign in to { $organisation }
signed-out = You have signed out.
signed-out-elsewhere = You were signed in at three places already, so the oldest of them was signed out.
user-name = User name
password = Password
forgot-password = Forgot your password?
account-locked = Account locked?

## S02
set-up-heading = Set up a way back in
set-up-text =
    { $n ->
        [one] If you forget your password, you will need one of these ways to show that it is you. Setting it up takes about two minutes.
       *[other] If you forget your password, you will need { $n } of these ways to show that it is you. Setting them up takes about two minutes.
    }
set-up-start = Start
set-up-not-now = Not now
set-up-skips-left =
    { $k ->
        [one] You can put this off one more time.
       *[other] You can put this off { $k } more times.
    }
set-up-change-password = Change password
way-email = E-mail
way-text = Text message
way-email-about = We send a code to an address you can read without your work password.
way-text-about = We send a code to your mobile phone.

## S03
choose-way-heading = Choose a way
choose-way-text = Choose one. The first in the list is the safest.
choose-way-none = You have every way that can be added here.
choose-way-known = Your organisation has { $masked }. Use it?
choose-way-use = Use { $masked }
back-to-security-info = Back to security info

## S04
add-email-heading = Add an e-mail address
add-number-heading = Add a phone number
add-text = We use this only to check that it is you. It is not shown in the address book.
email-address = E-mail address
mobile-number = Mobile number
mobile-number-hint = With the country code, for example { $example }
send-code = Send code
text-me-a-code = Text me a code

## S05 and all pages for codes
type-code-heading = Type the code
own-code-text =
    { $n ->
        [one] We sent a { $d }-digit code to { $typed }. It works for one minute.
       *[other] We sent a { $d }-digit code to { $typed }. It works for { $n } minutes.
    }
code-field = Code
send-again = Send again
send-again-wait = You can send it again in { $seconds } s
use-another-contact = Use another number or address

## S09
security-info-heading = Security info
security-info-for = For { $name }.
security-info-needed =
    { $n ->
        [one] To reset your password you need one of these ways.
       *[other] To reset your password you need { $n } of these ways.
    }
security-info-none = You have not set up a way back in yet.
security-info-ways = Ways to get back in
security-info-add = Add a way
security-info-change-password = Change password
security-info-export = What we hold about you
security-info-events = What happened to your account
security-info-event-when = When
security-info-event-what = What
way-added = Added { $date }
way-last-used = last used { $date }
way-never-used = never used
way-state-ready = Ready to use
way-state-waiting = Counts from { $time }
way-remove = Remove
way-remove-named = Remove { $way } { $masked }
deed-signed-in = You signed in here
deed-sign-in-failed = Somebody tried to sign in with a wrong password
deed-reset-started = A password reset was started
deed-proof-failed = A code was wrong
deed-password-reset = The password was reset
deed-password-changed = The password was changed
deed-account-unlocked = The account was unlocked
deed-wrong-passwords = Something tried wrong passwords after the new one
deed-way-added = A way to get back in was added
deed-way-removed = A way to get back in was removed
deed-ways-confirmed = You confirmed your ways to get back in
deed-name-paused = Resetting was paused after too many tries
deed-help-requested = Your administrators were asked for help
deed-account-frozen = Resetting was stopped because you reported it
deed-data-exported = You downloaded what we hold about you

## S10
still-right-heading = Are these still right?
still-right-text = Please check the ways you can get back in.
still-right-confirm = Still right
still-right-change = Change
still-right-later = Later

## S11
set-up-done-heading = You are set up
set-up-done-text =
    { $n ->
        [one] You can now reset your password with any one of:
       *[other] You can now reset your password with any { $n } of:
    }
set-up-done-waiting = { $method } can be used for resetting from { $time }. Until then ask the helpdesk. { $help }
set-up-done-continue = Continue

## Fresh proof
proof-heading = Show that it is you
proof-text = Before you change your security info, please show once more that it is you.
proof-legend = Where shall we send a code?

## S12
start-heading = Get back into your account
start-text = { $example ->
    [none] Type your user name.
   *[other] Type your user name, for example { $example }.
}
start-directory-down = { $directory } cannot be reached just now. Nobody can be helped here until it is back.
start-one-directory-down = { $directory } cannot be reached just now. Accounts there cannot be helped until it is back. For an account elsewhere, type your user name in full, with what stands after the @ or before the \.
start-no-script = Without JavaScript we ask you to wait a few seconds after this page.
start-picture-text = Type the signs that the picture shows, or that the recording says.
start-picture = A picture of a few letters and digits. The recording says the same ones.
start-sound = Listen to the recording
start-picture-field = Signs
queue-heading = One moment, please
queue-text =
    { $n ->
        [one] This page renews itself in a second. There is nothing for you to do.
       *[other] This page renews itself in about { $n } seconds. There is nothing for you to do.
    }
queue-renew = Renew now

## S13
intent-heading = What is the trouble?
intent-reset = I have forgotten my password
intent-reset-about = You will choose a new one. A locked account is unlocked as well.
intent-unlock = I know my password but cannot sign in
intent-unlock-about = We will unlock your account and leave the password as it is.

## S14
ways-heading = Show that it is you
ways-text = Choose one of the ways you set up earlier. If you never set one up, choose the last line.
ways-legend = Your ways
ways-email-about = You type your e-mail address, and we send a code there.
ways-text-about = You type your mobile number, and we send a code there.
ways-none = I cannot use any of these

## S15
prove-email-heading = Show that it is you by e-mail
prove-email-text = Type the full e-mail address you registered.
prove-text-heading = Show that it is you by text message
prove-text-text = Type the full mobile number you registered, with the country code, for example { $example }.
use-another-way = Use another way

## S16
type-code-text =
    { $n ->
        [one] If { $typed } is what you registered for this account, a { $d }-digit code is on its way. It works for one minute.
       *[other] If { $typed } is what you registered for this account, a { $d }-digit code is on its way. It works for { $n } minutes.
    }
nothing-arrived = Nothing arrived? Look in the spam folder, check what you typed, or use another way.
tries-left =
    { $n ->
        [one] You have one try left.
       *[other] You have { $n } tries left.
    }
step-of = Step { $step } of { $of }

## S17
next-way-heading = One more step
next-way-text = Thank you, that fits. Step { $step } of { $of }: choose another way.
next-way-thanks = Thank you, that fits.
unlock-instead-about = You can unlock your account now without a new password.
unlock-instead = Unlock my account and keep the password

## S20
new-password-heading = Choose a new password
new-password-refused-heading = Your directory did not accept this password
new-password-again = Please choose another. You do not have to show again that it is you.
for-login-name = For { $name }.
new-password-field = New password
new-password-again-field = The new password again
new-password-save = Save new password
rules-directory = Your directory asks
rules-organisation = { $organisation } asks
rules-summary = { $met } of { $all } rules met
rule-state-met = met
rule-state-not-yet = not yet
rule-state-on-save = checked when you save
rule-state-not-met = not met
rule-directory-length = At least { $n } characters
rule-directory-classes = { $n } of these: capital letters, small letters, digits, symbols, other letters
rule-directory-name = Not your user name or a part of your name
rule-directory-history = None of your last { $n } passwords
rule-directory-age = No change before { $time }
rule-directory-hidden = Your directory has a rule that we cannot show you.
rule-length = At least { $n } characters
rule-length-most = At most { $n } characters
rule-banned = Not built on a word that is easy to guess
rule-name = Not your name, user name or { $organisation }
rule-leaked = Not in a public list of leaked passwords
rule-variety = At least { $n } different characters
rule-differs = Not the same as the current one
strength-label = Strength
strength-weak = easy to guess
strength-fair = could be better
strength-good = hard to guess
strength-strong = very hard to guess
strength-none = nothing typed yet
new-password-advice = Three or four words that have nothing to do with each other are easy to remember and hard to guess.

## S19
saving-heading = Saving your new password
saving-text = This usually takes a moment. You may leave this page open.

## S21
changed-heading = Your password has been changed
changed-now = Use it from now on. It works in { $systems } now.
changed-now-and-later =
    { $n ->
        [one] Use it from now on. It works in { $systems } now, and in others within one minute.
       *[other] Use it from now on. It works in { $systems } now, and in others within { $n } minutes.
    }
changed-unlocked = Your account is also unlocked.
changed-devices = Phones, mail programs and mapped drives may still try the old password: change it there, or they may lock you out again.
changed-laptop = On a Windows laptop away from the office: connect to the company network or VPN, lock the screen, then unlock it with the new password.
changed-told = We have told you at every address we know.
changed-what-now = What to do now

## S34
barred-heading = Saved, but you cannot sign in yet

## S22 and S23
unlock-heading = Unlock your account
unlock-locked = Your account { $name } is locked. Unlock it and keep your password?
unlock-off = Your account { $name } is locked. Unlocking alone is switched off just now, so choose a new password.
unlock-button = Unlock
unlock-choose-new = Choose a new password
unlocked-heading = Your account is unlocked
unlocked-text = Your password has not changed. You can sign in now.

## S24 and S30
change-heading = Change your password
change-expired-heading = Your password has expired
change-must-heading = Your password must be changed
change-before-you-go-on = Before you go on, choose a new password.
current-password = Current password
change-button = Change password

## S25
help-heading = Ask for help
help-site = { $organisation } helps you here:
help-mail-link = Write to { $address }
help-request-text = We can tell your administrators that you need help getting back in.
help-send = Send a request
help-sent-heading = Your request has been sent
help-sent-text = If we know this user name, your administrators have been told. They will use the contact details they already have, and will never ask for your password or a code.
help-back = Back to the start

## S26
paused-heading = Resetting is paused
paused-text =
    { $minutes ->
        [60] There were too many tries for this user name. To keep the account safe, resetting is paused for about an hour.
        [1440] There were too many tries for this user name. To keep the account safe, resetting is paused for about a day.
       *[other] There were too many tries for this user name. To keep the account safe, resetting is paused for about { $minutes } minutes.
    }

## S27
expired-heading = This attempt has timed out
expired-text =
    { $n ->
        [one] For your safety an attempt ends after one minute. Nothing was changed.
       *[other] For your safety an attempt ends after { $n } minutes. Nothing was changed.
    }

## An attempt that ended for another reason
stopped-heading = This attempt has ended
stopped-text = You can start again. What you set up earlier still counts.

## S28
down-heading = We cannot reach { $directory } right now
down-text = Passwords cannot be changed at the moment. No code was sent and none of your tries was used. Please try again in a few minutes.
down-elsewhere = Is your account somewhere else? Then try again and type your user name in full, with what stands after the @ or before the \.
down-paused-heading = { $directory } is paused right now
down-paused-text = Changing passwords in { $directory } is paused by its administrators. No code was sent and none of your tries was used.

## S29
unconfirmed-heading = We could not confirm the change
unconfirmed-text = Your new password was sent, but no answer came back. Wait a minute, then try to sign in with the new password. If that fails, the old one still holds: start again.

## S32
cancelled-heading = Cancelled
cancelled-text = Nothing was changed.

## S33
not-me-heading = Was this not you?
not-me-text = If you did not ask for this, stop it here. We will pause resetting for your account, set aside ways that were added in the last 7 days, and tell your administrators.
not-me-button = Stop and protect my account
not-me-done-heading = Your account is protected
not-me-done-text = Done. The helpdesk will contact you.

## Other pages
site-off-heading = Resetting is not switched on
fault-heading = Something went wrong on our side
fault-text = If you were saving a new password, try to sign in with it first. Otherwise nothing was changed: please try again in a few minutes.
not-found-heading = There is no such page
not-found-text = Please check the address, or start from the beginning.
not-found-start = Go to the start

## Names of fields, as “Please fill in” says them
field-user = user name
field-password = password
field-again = the new password again
field-current = current password
field-code = code
field-address = address or number
field-method = one of the ways
field-method_id = one of the ways
field-intent = one of the two
field-answer = signs
