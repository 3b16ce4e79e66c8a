# What is said when something cannot be done.  The id is that of the refusal, with dashes for dots.
# Every sentence may use { $organisation } and { $help }.

# KM-1xxx: forms, flow, sign-in
refusal-form-missing = Please fill in: { $field }.
refusal-input-long = That is too long. Please shorten it.
refusal-step-wrong = That page is out of date. We have taken you to the step you were on.
refusal-form-stale = This form was open for too long. Please send it again.
refusal-cookie-missing = This page needs a cookie. Allow cookies for this site, then start again.
refusal-flow-expired = For your safety an attempt ends after { $n } minutes. Nothing was changed.
refusal-flow-replaced = This attempt was closed because a newer one was started for the same account.
refusal-human-not-sure = We could not check your browser. Please try once more.
refusal-limit-reached =
    { $n ->
        [one] Many requests come from your network. Please wait about one minute and try again.
       *[other] Many requests come from your network. Please wait about { $n } minutes and try again.
    }
refusal-claim-shape = { $example ->
    [none] Type the user name you use at work.
   *[other] Type the user name you use at work, for example { $example }.
}
refusal-signin-no-match = That user name and password do not match. If your account is locked, you can unlock it here.
refusal-signin-paused =
    { $n ->
        [one] Too many sign-in tries for this user name. Wait about one minute, or reset your password.
       *[other] Too many sign-in tries for this user name. Wait about { $n } minutes, or reset your password.
    }
refusal-signin-unusable = Your account cannot be used at the moment. { $help }
refusal-signin-not-here = Your organisation does not allow you to sign in at this time or from here. { $help }
refusal-signin-ended = You were signed out because nothing happened for a while, or because of something done in another browser.
refusal-proof-wanted = Before you change your security info, please show once more that it is you.
refusal-pass-refused = That pass is not right, has been used, or has run out. Ask for a new one.

# KM-2xxx: proofs and standing
refusal-answer-wrong = That code does not fit. Use the newest message, or ask for another code.
refusal-answer-app = That code does not fit. Wait until your app shows the next one and type that.
refusal-address-shape = That does not look like an e-mail address. Example: { $example }.
refusal-number-shape = That does not look like a phone number with country code. Example: { $example }.
refusal-answer-passkey = That passkey was not accepted. Try again, or use another way.
refusal-answer-recovery = That recovery code does not fit or has been used. Try the next one on your list.
refusal-answer-questions = Not all answers fit. The questions stay the same.
refusal-answer-tries-used-up = Too many tries this way. Use another way, or start again in about an hour.
refusal-challenge-too-soon =
    { $n ->
        [one] You can ask for another code in one second.
       *[other] You can ask for another code in { $n } seconds.
    }
refusal-challenge-spent = We cannot send more codes in this attempt. Use another way, or start again later.
refusal-name-blocked =
    { $minutes ->
        [60] There were too many tries for this user name. To keep the account safe, resetting is paused for about an hour.
        [1440] There were too many tries for this user name. To keep the account safe, resetting is paused for about a day.
       *[other] There were too many tries for this user name. To keep the account safe, resetting is paused for about { $minutes } minutes.
    }
refusal-way-none = You have no second way that can be used now. { $help }
refusal-script-needed = A passkey needs JavaScript in this browser. Use another way.
refusal-gate-raised = Your account has an authenticator or passkey, so one more step is needed.
refusal-standing-lost = Your account can no longer be helped here. Nothing was changed. { $help }
refusal-site-off = Resetting passwords is not switched on here. { $help }

# KM-3xxx: directory
refusal-directory-down = Passwords cannot be changed at the moment. Please try again in a few minutes.
refusal-site-paused = Changing passwords in { $directory } is paused by its administrators.
refusal-write-unknown = Your new password was sent, but no answer came back. Wait a minute, then try to sign in with the new password. If that fails, the old one still holds: start again.
refusal-rights-missing = We cannot change your password because a permission is missing on our side. Your administrators have been told. { $help }
refusal-write-protected = The password of this account cannot be changed here. Change it at a company computer, or ask an administrator.
refusal-entry-gone = Your account can no longer be helped here. Nothing was changed. { $help }
refusal-write-partial = Your new password works in { $done }. { $pending } will follow in a few minutes; we will tell you by mail.
refusal-unlock-failed = Your password was changed, but your account is still locked. It opens at { $time }, or: { $help }
refusal-write-barred = Your password was saved, but your directory does not let you sign in yet. Wait a minute and try. If it fails: { $help }
refusal-lock-none = Your account is not locked. If you still cannot sign in, choose a new password.
refusal-change-again = At your next sign-in your directory will ask you to choose a password once more.

# KM-4xxx: passwords
# $m is 0 where the directory judged and did not say how many it saw.
# $n is 0 where the directory has a rule that we may not read.
refusal-pw-short =
    { $n ->
        [0] This password is too short for your directory. Use a longer one.
       *[other]
            { $m ->
                [0] Use at least { $n } characters.
               *[other] Use at least { $n } characters; you typed { $m }.
            }
    }
refusal-pw-long = Use at most { $n } characters.
refusal-pw-differ = The two passwords are not the same. Please type them again.
refusal-pw-banned =
    { $known ->
        [word] This password is easy to guess: it is built on “{ $term }”. Use three or four words that have nothing to do with each other.
       *[nothing] This password is easy to guess: it is built on a common word, a repetition or a simple row. Use three or four words that have nothing to do with each other.
    }
refusal-pw-name = Please do not use your name or user name (“{ $part }”) in the password.
refusal-pw-leaked = This password is in a public list of leaked passwords, so attackers try it early. Please choose another.
refusal-pw-classes = Your directory asks for { $n } of these: capital letters, small letters, digits, symbols, other letters. You used { $k }.
# $n is 0 where the directory does not say how many it remembers.
refusal-pw-history =
    { $n ->
        [0] You have used this password before.
       *[other] You have used this password before. Your directory remembers the last { $n }.
    }
# $known is "both", "time" or "neither": what the directory lets us see.
refusal-pw-young =
    { $known ->
        [both] Your password was changed on { $date }. Your directory allows the next change from { $time }.
        [time] Your password was changed a short while ago. Your directory allows the next change from { $time }.
       *[neither] Your password was changed a short while ago. Your directory does not allow the next change yet.
    }
# $maybe is "used-before" where the history of the directory may be the reason, else "no".
refusal-pw-unsaid =
    { $maybe ->
        [used-before] Your directory did not accept this password and did not say why. It meets every rule we can see; it may be one you have used before. Try a longer one, quite unlike earlier ones.
       *[no] Your directory did not accept this password and did not say why. It meets every rule we can see. Try a longer one, quite unlike earlier ones.
    }
refusal-pw-sign = This sign cannot be used in a password: { $which }.
refusal-pw-same = Please choose a password that differs from the current one.
refusal-pw-few = Please use more different characters.
refusal-pw-old = Your current password does not fit.

# KM-5xxx: registration
refusal-contact-twice = You have added this already.
refusal-method-most = You can keep { $n } of these. Remove one first.
refusal-method-least =
    { $n ->
        [one] You need one way. Add another one before you remove this.
       *[other] You need { $n } ways. Add another one before you remove this.
    }
refusal-contact-inside = Please use an address you can read when you cannot sign in at work.
refusal-number-country = We cannot send codes to this number. Use another number or another way.
refusal-number-shared = We cannot send codes to this number. Use another number or another way.
refusal-skip-over = Please set this up now. It takes about two minutes.

# KM-7xxx and KM-9xxx: delivery and accidents
refusal-mail-refused = We could not send the code. Try another way.
refusal-sms-refused = We could not send the code. Try another way.
refusal-budget-spent = We cannot send codes this way today. Use another way.
refusal-fault = Something went wrong on our side. Nothing was changed. Please try again in a few minutes.
