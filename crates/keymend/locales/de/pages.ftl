# Die Seiten für Menschen.  Jeder Satz darf { $organisation } und { $help } benutzen.

## Rund um jede Seite
skip-to-content = Zum Inhalt springen
error-summary-title = Bitte sehen Sie hier nach
language-choice = Sprache
ask-for-help = Hilfe holen
reference = Kennung { $reference }
signed-in-as = Angemeldet als { $user }
sign-out = Abmelden
cancel = Abbrechen
next = Weiter
try-again = Noch einmal versuchen
start-again = Von vorn beginnen
sign-in = Anmelden
working = Einen Augenblick…
show = Anzeigen
hide = Verbergen
show-password = Passwort anzeigen
hide-password = Passwort verbergen
help-line = { $help }
help-line-request = Ihre Administratoren können Ihnen helfen: Wählen Sie „Hilfe holen“.
help-line-link = Hilfe bekommen Sie hier: { $url }
help-line-mail = Hilfe bekommen Sie hier: { $address }
time-left =
    { $minutes ->
        [one] Dieser Versuch endet in etwa einer Minute.
       *[other] Dieser Versuch endet in etwa { $minutes } Minuten.
    }
time-more = Ich brauche mehr Zeit
time-more-given = Sie haben fünf Minuten mehr.

## S01
sign-in-heading = Bei { $organisation } anmelden
signed-out = Sie sind abgemeldet.
signed-out-elsewhere = Sie waren schon an drei Stellen angemeldet, deshalb wurde die älteste davon abgemeldet.
user-name = Benutzername
password = Passwort
forgot-password = Passwort vergessen?
account-locked = Konto gesperrt?

## S02
set-up-heading = Einen Weg zurück einrichten
set-up-text =
    { $n ->
        [one] Wenn Sie Ihr Passwort vergessen, brauchen Sie einen dieser Wege, um zu zeigen, dass Sie es sind. Das Einrichten dauert etwa zwei Minuten.
       *[other] Wenn Sie Ihr Passwort vergessen, brauchen Sie { $n } dieser Wege, um zu zeigen, dass Sie es sind. Das Einrichten dauert etwa zwei Minuten.
    }
set-up-start = Beginnen
set-up-not-now = Jetzt nicht
set-up-skips-left =
    { $k ->
        [one] Sie können das noch einmal aufschieben.
       *[other] Sie können das noch { $k }-mal aufschieben.
    }
set-up-change-password = Passwort ändern
way-email = E-Mail
way-text = Textnachricht
way-email-about = Wir senden einen Code an eine Adresse, die Sie ohne Ihr Arbeitspasswort lesen können.
way-text-about = Wir senden einen Code an Ihr Mobiltelefon.

## S03
choose-way-heading = Einen Weg wählen
choose-way-text = Wählen Sie einen. Der erste in der Liste ist der sicherste.
choose-way-none = Sie haben alle Wege, die es hier gibt.
choose-way-known = Ihre Organisation kennt { $masked }. Möchten Sie das benutzen?
choose-way-use = { $masked } benutzen
back-to-security-info = Zurück zu den Sicherheitsangaben

## S04
add-email-heading = Eine E-Mail-Adresse hinzufügen
add-number-heading = Eine Telefonnummer hinzufügen
add-text = Wir benutzen sie nur, um zu prüfen, dass Sie es sind. Im Adressbuch steht sie nicht.
email-address = E-Mail-Adresse
mobile-number = Mobilnummer
mobile-number-hint = Mit Ländervorwahl, zum Beispiel { $example }
send-code = Code senden
text-me-a-code = Code als Textnachricht senden

## S05 und alle Seiten für Codes
type-code-heading = Code eingeben
own-code-text =
    { $n ->
        [one] Wir haben einen { $d }-stelligen Code an { $typed } gesendet. Er gilt eine Minute.
       *[other] Wir haben einen { $d }-stelligen Code an { $typed } gesendet. Er gilt { $n } Minuten.
    }
code-field = Code
send-again = Noch einmal senden
send-again-wait = Noch einmal senden in { $seconds } s
use-another-contact = Andere Nummer oder Adresse benutzen

## S09
security-info-heading = Sicherheitsangaben
security-info-for = Für { $name }.
security-info-needed =
    { $n ->
        [one] Um Ihr Passwort zurückzusetzen, brauchen Sie einen dieser Wege.
       *[other] Um Ihr Passwort zurückzusetzen, brauchen Sie { $n } dieser Wege.
    }
security-info-none = Sie haben noch keinen Weg zurück eingerichtet.
security-info-ways = Wege zurück ins Konto
security-info-add = Weg hinzufügen
security-info-change-password = Passwort ändern
security-info-export = Was wir über Sie speichern
security-info-events = Was mit Ihrem Konto geschah
security-info-event-when = Wann
security-info-event-what = Was
way-added = Hinzugefügt { $date }
way-last-used = zuletzt benutzt { $date }
way-never-used = noch nie benutzt
way-state-ready = Bereit
way-state-waiting = Zählt ab { $time }
way-remove = Entfernen
way-remove-named = Entfernen: { $way } { $masked }
deed-signed-in = Sie haben sich hier angemeldet
deed-sign-in-failed = Jemand wollte sich mit einem falschen Passwort anmelden
deed-reset-started = Ein Zurücksetzen des Passworts wurde begonnen
deed-proof-failed = Ein Code war falsch
deed-password-reset = Das Passwort wurde zurückgesetzt
deed-password-changed = Das Passwort wurde geändert
deed-account-unlocked = Das Konto wurde entsperrt
deed-wrong-passwords = Etwas versuchte es nach dem neuen mit falschen Passwörtern
deed-way-added = Ein Weg zurück wurde hinzugefügt
deed-way-removed = Ein Weg zurück wurde entfernt
deed-ways-confirmed = Sie haben Ihre Wege zurück bestätigt
deed-name-paused = Das Zurücksetzen wurde nach zu vielen Versuchen angehalten
deed-help-requested = Ihre Administratoren wurden um Hilfe gebeten
deed-account-frozen = Das Zurücksetzen wurde auf Ihre Meldung hin gestoppt
deed-data-exported = Sie haben heruntergeladen, was wir über Sie speichern

## S10
still-right-heading = Stimmt das noch?
still-right-text = Bitte prüfen Sie Ihre Wege zurück ins Konto.
still-right-confirm = Stimmt noch
still-right-change = Ändern
still-right-later = Später

## S11
set-up-done-heading = Alles ist eingerichtet
set-up-done-text =
    { $n ->
        [one] Sie können Ihr Passwort jetzt mit einem davon zurücksetzen:
       *[other] Sie können Ihr Passwort jetzt mit beliebigen { $n } davon zurücksetzen:
    }
set-up-done-waiting = { $method } kann ab { $time } zum Zurücksetzen benutzt werden. Fragen Sie bis dahin die Hilfestelle. { $help }
set-up-done-continue = Weiter

## Frischer Nachweis
proof-heading = Zeigen Sie, dass Sie es sind
proof-text = Bevor Sie Ihre Sicherheitsangaben ändern, zeigen Sie bitte noch einmal, dass Sie es sind.
proof-legend = Wohin sollen wir einen Code senden?

## S12
start-heading = Zurück in Ihr Konto
start-text = { $example ->
    [none] Geben Sie Ihren Benutzernamen ein.
   *[other] Geben Sie Ihren Benutzernamen ein, zum Beispiel { $example }.
}
start-directory-down = { $directory } ist gerade nicht erreichbar. Bis es wieder da ist, kann hier niemandem geholfen werden.
start-one-directory-down = { $directory } ist gerade nicht erreichbar. Konten dort kann bis dahin nicht geholfen werden. Liegt Ihr Konto anderswo, geben Sie Ihren Benutzernamen vollständig ein, mit dem Teil nach dem @ oder vor dem \.
start-no-script = Ohne JavaScript bitten wir Sie, nach dieser Seite einige Sekunden zu warten.
start-picture-text = Geben Sie die Zeichen ein, die das Bild zeigt oder die Aufnahme spricht.
start-picture = Ein Bild mit einigen Buchstaben und Ziffern. Die Aufnahme spricht dieselben.
start-sound = Die Aufnahme anhören
start-picture-field = Zeichen
queue-heading = Einen Augenblick, bitte
queue-text =
    { $n ->
        [one] Diese Seite erneuert sich in einer Sekunde. Sie müssen nichts tun.
       *[other] Diese Seite erneuert sich in etwa { $n } Sekunden. Sie müssen nichts tun.
    }
queue-renew = Jetzt erneuern

## S13
intent-heading = Was ist geschehen?
intent-reset = Ich habe mein Passwort vergessen
intent-reset-about = Sie wählen ein neues. Ein gesperrtes Konto wird dabei auch entsperrt.
intent-unlock = Ich weiß mein Passwort, kann mich aber nicht anmelden
intent-unlock-about = Wir entsperren Ihr Konto und lassen das Passwort, wie es ist.

## S14
ways-heading = Zeigen Sie, dass Sie es sind
ways-text = Wählen Sie einen der Wege, die Sie früher eingerichtet haben. Wenn Sie nie einen eingerichtet haben, wählen Sie die letzte Zeile.
ways-legend = Ihre Wege
ways-email-about = Sie geben Ihre E-Mail-Adresse ein, und wir senden einen Code dorthin.
ways-text-about = Sie geben Ihre Mobilnummer ein, und wir senden einen Code dorthin.
ways-none = Ich kann keinen davon benutzen

## S15
prove-email-heading = Zeigen Sie mit E-Mail, dass Sie es sind
prove-email-text = Geben Sie die vollständige E-Mail-Adresse ein, die Sie registriert haben.
prove-text-heading = Zeigen Sie mit einer Textnachricht, dass Sie es sind
prove-text-text = Geben Sie die vollständige Mobilnummer ein, die Sie registriert haben, mit Ländervorwahl, zum Beispiel { $example }.
use-another-way = Einen anderen Weg benutzen

## S16
type-code-text =
    { $n ->
        [one] Wenn { $typed } das ist, was Sie für dieses Konto registriert haben, ist ein { $d }-stelliger Code unterwegs. Er gilt eine Minute.
       *[other] Wenn { $typed } das ist, was Sie für dieses Konto registriert haben, ist ein { $d }-stelliger Code unterwegs. Er gilt { $n } Minuten.
    }
nothing-arrived = Nichts angekommen? Sehen Sie im Spam-Ordner nach, prüfen Sie Ihre Eingabe, oder benutzen Sie einen anderen Weg.
tries-left =
    { $n ->
        [one] Sie haben noch einen Versuch.
       *[other] Sie haben noch { $n } Versuche.
    }
step-of = Schritt { $step } von { $of }

## S17
next-way-heading = Noch ein Schritt
next-way-text = Danke, das passt. Schritt { $step } von { $of }: Wählen Sie einen anderen Weg.
next-way-thanks = Danke, das passt.
unlock-instead-about = Sie können Ihr Konto jetzt ohne neues Passwort entsperren.
unlock-instead = Mein Konto entsperren und das Passwort behalten

## S20
new-password-heading = Neues Passwort wählen
new-password-refused-heading = Ihr Verzeichnis hat dieses Passwort nicht angenommen
new-password-again = Bitte wählen Sie ein anderes. Sie müssen nicht noch einmal zeigen, dass Sie es sind.
for-login-name = Für { $name }.
new-password-field = Neues Passwort
new-password-again-field = Das neue Passwort noch einmal
new-password-save = Neues Passwort speichern
rules-directory = Ihr Verzeichnis verlangt
rules-organisation = { $organisation } verlangt
rules-summary = { $met } von { $all } Regeln erfüllt
rule-state-met = erfüllt
rule-state-not-yet = noch nicht
rule-state-on-save = wird beim Speichern geprüft
rule-state-not-met = nicht erfüllt
rule-directory-length = Mindestens { $n } Zeichen
rule-directory-classes = { $n } von diesen: Großbuchstaben, Kleinbuchstaben, Ziffern, Symbole, andere Buchstaben
rule-directory-name = Weder Ihr Benutzername noch ein Teil Ihres Namens
rule-directory-history = Keines Ihrer letzten { $n } Passwörter
rule-directory-age = Keine Änderung vor { $time }
rule-directory-hidden = Ihr Verzeichnis hat eine Regel, die wir Ihnen nicht zeigen können.
rule-length = Mindestens { $n } Zeichen
rule-length-most = Höchstens { $n } Zeichen
rule-banned = Nicht aus einem leicht zu erratenden Wort gebaut
rule-name = Weder Ihr Name noch Ihr Benutzername noch { $organisation }
rule-leaked = In keiner öffentlichen Liste bekannt gewordener Passwörter
rule-variety = Mindestens { $n } verschiedene Zeichen
rule-differs = Nicht dasselbe wie das jetzige
strength-label = Stärke
strength-weak = leicht zu erraten
strength-fair = könnte besser sein
strength-good = schwer zu erraten
strength-strong = sehr schwer zu erraten
strength-none = noch nichts eingegeben
new-password-advice = Drei oder vier Wörter, die nichts miteinander zu tun haben, sind leicht zu merken und schwer zu erraten.

## S19
saving-heading = Ihr neues Passwort wird gespeichert
saving-text = Das dauert meist nur einen Augenblick. Sie können diese Seite offen lassen.

## S21
changed-heading = Ihr Passwort ist geändert
changed-now = Benutzen Sie es von jetzt an. Es gilt jetzt in { $systems }.
changed-now-and-later =
    { $n ->
        [one] Benutzen Sie es von jetzt an. Es gilt jetzt in { $systems } und in anderen innerhalb einer Minute.
       *[other] Benutzen Sie es von jetzt an. Es gilt jetzt in { $systems } und in anderen innerhalb von { $n } Minuten.
    }
changed-unlocked = Ihr Konto ist auch entsperrt.
changed-devices = Telefone, Mailprogramme und verbundene Laufwerke versuchen es vielleicht noch mit dem alten Passwort: Ändern Sie es dort, sonst sperren sie Ihr Konto womöglich wieder.
changed-laptop = An einem Windows-Laptop außerhalb des Büros: Verbinden Sie sich mit dem Firmennetz oder VPN, sperren Sie den Bildschirm, und entsperren Sie ihn mit dem neuen Passwort.
changed-told = Wir haben Sie an jeder Adresse benachrichtigt, die wir kennen.
changed-what-now = Was jetzt zu tun ist

## S34
barred-heading = Gespeichert, aber Sie können sich noch nicht anmelden

## S22 und S23
unlock-heading = Konto entsperren
unlock-locked = Ihr Konto { $name } ist gesperrt. Möchten Sie es entsperren und Ihr Passwort behalten?
unlock-off = Ihr Konto { $name } ist gesperrt. Entsperren allein ist im Moment abgeschaltet; wählen Sie bitte ein neues Passwort.
unlock-button = Entsperren
unlock-choose-new = Neues Passwort wählen
unlocked-heading = Ihr Konto ist entsperrt
unlocked-text = Ihr Passwort ist unverändert. Sie können sich jetzt anmelden.

## S24 und S30
change-heading = Passwort ändern
change-expired-heading = Ihr Passwort ist abgelaufen
change-must-heading = Ihr Passwort muss geändert werden
change-before-you-go-on = Bevor Sie weitermachen, wählen Sie ein neues Passwort.
current-password = Jetziges Passwort
change-button = Passwort ändern

## S25
help-heading = Hilfe holen
help-site = { $organisation } hilft Ihnen hier:
help-mail-link = An { $address } schreiben
help-request-text = Wir können Ihren Administratoren sagen, dass Sie Hilfe brauchen, um wieder hineinzukommen.
help-send = Anfrage senden
help-sent-heading = Ihre Anfrage ist gesendet
help-sent-text = Wenn wir diesen Benutzernamen kennen, wissen Ihre Administratoren jetzt Bescheid. Sie melden sich über die Kontaktdaten, die sie schon haben, und fragen nie nach Ihrem Passwort oder einem Code.
help-back = Zurück zum Anfang

## S26
paused-heading = Das Zurücksetzen ist angehalten
paused-text =
    { $minutes ->
        [60] Es gab zu viele Versuche für diesen Benutzernamen. Um das Konto zu schützen, ist das Zurücksetzen für etwa eine Stunde angehalten.
        [1440] Es gab zu viele Versuche für diesen Benutzernamen. Um das Konto zu schützen, ist das Zurücksetzen für etwa einen Tag angehalten.
       *[other] Es gab zu viele Versuche für diesen Benutzernamen. Um das Konto zu schützen, ist das Zurücksetzen für etwa { $minutes } Minuten angehalten.
    }

## S27
expired-heading = Die Zeit für diesen Versuch ist um
expired-text =
    { $n ->
        [one] Zu Ihrer Sicherheit endet ein Versuch nach einer Minute. Nichts wurde geändert.
       *[other] Zu Ihrer Sicherheit endet ein Versuch nach { $n } Minuten. Nichts wurde geändert.
    }

## Ein Versuch, der aus einem anderen Grund endete
stopped-heading = Dieser Versuch ist beendet
stopped-text = Sie können neu beginnen. Was Sie früher eingerichtet haben, gilt weiterhin.

## S28
down-heading = Wir erreichen { $directory } gerade nicht
down-text = Passwörter können im Augenblick nicht geändert werden. Es wurde kein Code gesendet und keiner Ihrer Versuche verbraucht. Bitte versuchen Sie es in einigen Minuten noch einmal.
down-elsewhere = Liegt Ihr Konto anderswo? Dann versuchen Sie es noch einmal, und geben Sie Ihren Benutzernamen vollständig ein, mit dem Teil nach dem @ oder vor dem \.
down-paused-heading = { $directory } macht gerade Pause
down-paused-text = Das Ändern von Passwörtern in { $directory } ist von den Administratoren angehalten. Es wurde kein Code gesendet und keiner Ihrer Versuche verbraucht.

## S29
unconfirmed-heading = Wir konnten die Änderung nicht bestätigen
unconfirmed-text = Ihr neues Passwort wurde gesendet, aber es kam keine Antwort. Warten Sie eine Minute, und melden Sie sich dann mit dem neuen Passwort an. Wenn das nicht geht, gilt noch das alte: Beginnen Sie von vorn.

## S32
cancelled-heading = Abgebrochen
cancelled-text = Nichts wurde geändert.

## S33
not-me-heading = Waren Sie das nicht?
not-me-text = Wenn Sie das nicht wollten, stoppen Sie es hier. Wir halten das Zurücksetzen für Ihr Konto an, legen Wege beiseite, die in den letzten 7 Tagen hinzukamen, und benachrichtigen Ihre Administratoren.
not-me-button = Stoppen und mein Konto schützen
not-me-done-heading = Ihr Konto ist geschützt
not-me-done-text = Erledigt. Die Hilfestelle meldet sich bei Ihnen.

## Andere Seiten
site-off-heading = Das Zurücksetzen ist nicht eingeschaltet
fault-heading = Bei uns ist etwas schiefgegangen
fault-text = Falls Sie gerade ein neues Passwort gespeichert haben, versuchen Sie zuerst, sich damit anzumelden. Sonst wurde nichts geändert: Bitte versuchen Sie es in einigen Minuten noch einmal.
not-found-heading = Diese Seite gibt es nicht
not-found-text = Bitte prüfen Sie die Adresse, oder beginnen Sie von vorn.
not-found-start = Zum Anfang

## Namen der Felder, wie „Bitte füllen Sie aus“ sie nennt
field-user = Benutzername
field-password = Passwort
field-again = das neue Passwort noch einmal
field-current = jetziges Passwort
field-code = Code
field-address = Adresse oder Nummer
field-method = einer der Wege
field-method_id = einer der Wege
field-intent = eines der beiden
field-answer = Zeichen
