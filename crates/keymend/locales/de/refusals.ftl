# Was gesagt wird, wenn etwas nicht geht.  Die Kennung ist die der Ablehnung, mit Strichen statt Punkten.
# Jeder Satz darf { $organisation } und { $help } benutzen.

# KM-1xxx: Formulare, Ablauf, Anmeldung
refusal-form-missing = Bitte füllen Sie aus: { $field }.
refusal-input-long = Das ist zu lang. Bitte kürzen Sie es.
refusal-step-wrong = Diese Seite ist veraltet. Wir haben Sie zu dem Schritt gebracht, bei dem Sie waren.
refusal-form-stale = Dieses Formular war zu lange offen. Bitte senden Sie es noch einmal.
refusal-cookie-missing = Diese Seite braucht ein Cookie. Erlauben Sie Cookies für diese Website, und beginnen Sie dann von vorn.
refusal-flow-expired = Zu Ihrer Sicherheit endet ein Versuch nach { $n } Minuten. Nichts wurde geändert.
refusal-flow-replaced = Dieser Versuch wurde geschlossen, weil für dasselbe Konto ein neuerer begonnen wurde.
refusal-human-not-sure = Wir konnten Ihren Browser nicht prüfen. Bitte versuchen Sie es noch einmal.
refusal-limit-reached =
    { $n ->
        [one] Aus Ihrem Netz kommen viele Anfragen. Bitte warten Sie etwa eine Minute, und versuchen Sie es dann noch einmal.
       *[other] Aus Ihrem Netz kommen viele Anfragen. Bitte warten Sie etwa { $n } Minuten, und versuchen Sie es dann noch einmal.
    }
refusal-claim-shape = { $example ->
    [none] Geben Sie den Benutzernamen ein, den Sie bei der Arbeit benutzen.
   *[other] Geben Sie den Benutzernamen ein, den Sie bei der Arbeit benutzen, zum Beispiel { $example }.
}
refusal-signin-no-match = Benutzername und Passwort passen nicht zusammen. Wenn Ihr Konto gesperrt ist, können Sie es hier entsperren.
refusal-signin-paused =
    { $n ->
        [one] Zu viele Anmeldeversuche für diesen Benutzernamen. Warten Sie etwa eine Minute, oder setzen Sie Ihr Passwort zurück.
       *[other] Zu viele Anmeldeversuche für diesen Benutzernamen. Warten Sie etwa { $n } Minuten, oder setzen Sie Ihr Passwort zurück.
    }
refusal-signin-unusable = Ihr Konto kann im Augenblick nicht benutzt werden. { $help }
refusal-signin-not-here = Ihre Organisation erlaubt Ihnen die Anmeldung zu dieser Zeit oder von hier nicht. { $help }
refusal-signin-ended = Sie wurden abgemeldet, weil eine Weile nichts geschah oder weil in einem anderen Browser etwas geändert wurde.
refusal-proof-wanted = Bevor Sie Ihre Sicherheitsangaben ändern, zeigen Sie bitte noch einmal, dass Sie es sind.
refusal-pass-refused = Dieser Pass stimmt nicht, wurde schon benutzt oder ist abgelaufen. Bitten Sie um einen neuen.

# KM-2xxx: Nachweise und Stand
refusal-answer-wrong = Dieser Code passt nicht. Nehmen Sie die neueste Nachricht, oder fordern Sie einen anderen Code an.
refusal-answer-app = Dieser Code passt nicht. Warten Sie, bis Ihre App den nächsten zeigt, und geben Sie diesen ein.
refusal-address-shape = Das sieht nicht wie eine E-Mail-Adresse aus. Beispiel: { $example }.
refusal-number-shape = Das sieht nicht wie eine Telefonnummer mit Ländervorwahl aus. Beispiel: { $example }.
refusal-answer-passkey = Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder benutzen Sie einen anderen Weg.
refusal-answer-recovery = Dieser Wiederherstellungscode passt nicht oder wurde schon benutzt. Nehmen Sie den nächsten auf Ihrer Liste.
refusal-answer-questions = Nicht alle Antworten passen. Die Fragen bleiben dieselben.
refusal-answer-tries-used-up = Zu viele Versuche auf diesem Weg. Benutzen Sie einen anderen Weg, oder beginnen Sie in etwa einer Stunde von vorn.
refusal-challenge-too-soon =
    { $n ->
        [one] Sie können in einer Sekunde einen anderen Code anfordern.
       *[other] Sie können in { $n } Sekunden einen anderen Code anfordern.
    }
refusal-challenge-spent = In diesem Versuch können wir keine Codes mehr senden. Benutzen Sie einen anderen Weg, oder beginnen Sie später von vorn.
refusal-name-blocked =
    { $minutes ->
        [60] Es gab zu viele Versuche für diesen Benutzernamen. Um das Konto zu schützen, ist das Zurücksetzen für etwa eine Stunde angehalten.
        [1440] Es gab zu viele Versuche für diesen Benutzernamen. Um das Konto zu schützen, ist das Zurücksetzen für etwa einen Tag angehalten.
       *[other] Es gab zu viele Versuche für diesen Benutzernamen. Um das Konto zu schützen, ist das Zurücksetzen für etwa { $minutes } Minuten angehalten.
    }
refusal-way-none = Sie haben keinen zweiten Weg, der jetzt benutzt werden kann. { $help }
refusal-script-needed = Ein Passkey braucht JavaScript in diesem Browser. Benutzen Sie einen anderen Weg.
refusal-gate-raised = Ihr Konto hat eine Authenticator-App oder einen Passkey, darum ist noch ein Schritt nötig.
refusal-standing-lost = Ihrem Konto kann hier nicht mehr geholfen werden. Nichts wurde geändert. { $help }
refusal-site-off = Das Zurücksetzen von Passwörtern ist hier nicht eingeschaltet. { $help }

# KM-3xxx: Verzeichnis
refusal-directory-down = Passwörter können im Augenblick nicht geändert werden. Bitte versuchen Sie es in einigen Minuten noch einmal.
refusal-site-paused = Das Ändern von Passwörtern in { $directory } ist von den Administratoren angehalten.
refusal-write-unknown = Ihr neues Passwort wurde gesendet, aber es kam keine Antwort. Warten Sie eine Minute, und melden Sie sich dann mit dem neuen Passwort an. Wenn das nicht geht, gilt noch das alte: Beginnen Sie von vorn.
refusal-rights-missing = Wir können Ihr Passwort nicht ändern, weil auf unserer Seite eine Berechtigung fehlt. Ihre Administratoren wissen Bescheid. { $help }
refusal-write-protected = Das Passwort dieses Kontos kann hier nicht geändert werden. Ändern Sie es an einem Rechner der Firma, oder fragen Sie einen Administrator.
refusal-entry-gone = Ihrem Konto kann hier nicht mehr geholfen werden. Nichts wurde geändert. { $help }
refusal-write-partial = Ihr neues Passwort gilt in { $done }. { $pending } folgt in einigen Minuten; wir sagen es Ihnen per E-Mail.
refusal-unlock-failed = Ihr Passwort wurde geändert, aber Ihr Konto ist noch gesperrt. Es öffnet sich um { $time }, oder: { $help }
refusal-write-barred = Ihr Passwort wurde gespeichert, aber Ihr Verzeichnis lässt Sie noch nicht hinein. Warten Sie eine Minute, und versuchen Sie es. Wenn das nicht geht: { $help }
refusal-lock-none = Ihr Konto ist nicht gesperrt. Wenn Sie sich trotzdem nicht anmelden können, wählen Sie ein neues Passwort.
refusal-change-again = Bei Ihrer nächsten Anmeldung wird Ihr Verzeichnis Sie noch einmal ein Passwort wählen lassen.

# KM-4xxx: Passwörter
# $m ist 0, wo das Verzeichnis geurteilt und nicht gesagt hat, wie viele es sah.
# $n ist 0, wo das Verzeichnis eine Regel hat, die wir nicht lesen dürfen.
refusal-pw-short =
    { $n ->
        [0] Dieses Passwort ist Ihrem Verzeichnis zu kurz. Benutzen Sie ein längeres.
       *[other]
            { $m ->
                [0] Benutzen Sie mindestens { $n } Zeichen.
               *[other] Benutzen Sie mindestens { $n } Zeichen; Sie haben { $m } eingegeben.
            }
    }
refusal-pw-long = Benutzen Sie höchstens { $n } Zeichen.
refusal-pw-differ = Die beiden Passwörter sind nicht gleich. Bitte geben Sie sie noch einmal ein.
refusal-pw-banned =
    { $known ->
        [word] Dieses Passwort ist leicht zu erraten: Es ist auf „{ $term }“ gebaut. Nehmen Sie drei oder vier Wörter, die nichts miteinander zu tun haben.
       *[nothing] Dieses Passwort ist leicht zu erraten: Es ist auf ein häufiges Wort, eine Wiederholung oder eine einfache Reihe gebaut. Nehmen Sie drei oder vier Wörter, die nichts miteinander zu tun haben.
    }
refusal-pw-name = Bitte benutzen Sie Ihren Namen oder Benutzernamen („{ $part }“) nicht im Passwort.
refusal-pw-leaked = Dieses Passwort steht in einer öffentlichen Liste bekannt gewordener Passwörter, darum versuchen Angreifer es früh. Bitte wählen Sie ein anderes.
refusal-pw-classes = Ihr Verzeichnis verlangt { $n } von diesen: Großbuchstaben, Kleinbuchstaben, Ziffern, Symbole, andere Buchstaben. Sie haben { $k } benutzt.
# $n ist 0, wo das Verzeichnis nicht sagt, wie viele es sich merkt.
refusal-pw-history =
    { $n ->
        [0] Dieses Passwort haben Sie schon einmal benutzt.
       *[other] Dieses Passwort haben Sie schon einmal benutzt. Ihr Verzeichnis merkt sich die letzten { $n }.
    }
# $known ist "both", "time" oder "neither": was das Verzeichnis uns sehen lässt.
refusal-pw-young =
    { $known ->
        [both] Ihr Passwort wurde am { $date } geändert. Ihr Verzeichnis erlaubt die nächste Änderung ab { $time }.
        [time] Ihr Passwort wurde vor kurzem geändert. Ihr Verzeichnis erlaubt die nächste Änderung ab { $time }.
       *[neither] Ihr Passwort wurde vor kurzem geändert. Ihr Verzeichnis erlaubt die nächste Änderung noch nicht.
    }
# $maybe ist "used-before", wo die Geschichte im Verzeichnis der Grund sein kann, sonst "no".
refusal-pw-unsaid =
    { $maybe ->
        [used-before] Ihr Verzeichnis hat dieses Passwort nicht angenommen und nicht gesagt, warum. Es erfüllt alle Regeln, die wir sehen; vielleicht haben Sie es schon einmal benutzt. Versuchen Sie ein längeres, das früheren nicht ähnlich ist.
       *[no] Ihr Verzeichnis hat dieses Passwort nicht angenommen und nicht gesagt, warum. Es erfüllt alle Regeln, die wir sehen. Versuchen Sie ein längeres, das früheren nicht ähnlich ist.
    }
refusal-pw-sign = Dieses Zeichen kann in einem Passwort nicht benutzt werden: { $which }.
refusal-pw-same = Bitte wählen Sie ein Passwort, das anders ist als das jetzige.
refusal-pw-few = Bitte benutzen Sie mehr verschiedene Zeichen.
refusal-pw-old = Ihr jetziges Passwort passt nicht.

# KM-5xxx: Registrierung
refusal-contact-twice = Das haben Sie schon hinzugefügt.
refusal-method-most = Sie können { $n } davon behalten. Entfernen Sie zuerst eines.
refusal-method-least =
    { $n ->
        [one] Sie brauchen einen Weg. Fügen Sie einen anderen hinzu, bevor Sie diesen entfernen.
       *[other] Sie brauchen { $n } Wege. Fügen Sie einen anderen hinzu, bevor Sie diesen entfernen.
    }
refusal-contact-inside = Bitte nehmen Sie eine Adresse, die Sie lesen können, wenn Sie sich bei der Arbeit nicht anmelden können.
refusal-number-country = An diese Nummer können wir keine Codes senden. Benutzen Sie eine andere Nummer oder einen anderen Weg.
refusal-number-shared = An diese Nummer können wir keine Codes senden. Benutzen Sie eine andere Nummer oder einen anderen Weg.
refusal-skip-over = Bitte richten Sie das jetzt ein. Es dauert etwa zwei Minuten.

# KM-7xxx und KM-9xxx: Zustellung und Unfälle
refusal-mail-refused = Wir konnten den Code nicht senden. Versuchen Sie einen anderen Weg.
refusal-sms-refused = Wir konnten den Code nicht senden. Versuchen Sie einen anderen Weg.
refusal-budget-spent = Auf diesem Weg können wir heute keine Codes senden. Benutzen Sie einen anderen Weg.
refusal-fault = Bei uns ist etwas schiefgegangen. Nichts wurde geändert. Bitte versuchen Sie es in einigen Minuten noch einmal.
