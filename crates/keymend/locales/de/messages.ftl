# Mails und Textnachrichten; Erklärungen stehen in der englischen Datei.

## Teile

message-greeting = Guten Tag,
message-method = { $kind ->
    [email] E-Mail
   *[text] Textnachricht (SMS)
}
message-separator = , {""}

message-fact-when = Wann
message-fact-from = Von
message-fact-browser = Browser
message-fact-reference = Kennung
message-fact-approximately = { $value } (soweit wir es erkennen können)

message-not-me-lead = Wenn Sie das nicht waren, sagen Sie es uns sofort:
message-not-me-label = Das war ich nicht
message-not-me-short = Nicht Sie? { $url }
message-helpdesk = Helpdesk: { $helpdesk }
message-automatic = Diese Nachricht hat { $organisation } automatisch von { $site } verschickt.

## M1, M2: ein Code

message-code-subject = { $organisation }: Ihr Code
message-code-lead = { $code } ist Ihr Code, um { $purpose ->
    [reset] Ihr Passwort zurückzusetzen
    [unlock] Ihr Konto zu entsperren
    [confirm] diese Adresse zu bestätigen
   *[fresh-proof] zu bestätigen, dass Sie es sind
}. Er gilt { $minutes ->
    [one] eine Minute
   *[other] { $minutes } Minuten
}. Unsere Leute fragen Sie nie danach.
message-code-next = Wenn Sie diesen Code nicht angefordert haben, hat jemand anderes Ihren Namen eingegeben. Geben Sie den Code niemandem; ohne ihn ändert sich nichts.
message-code-short = { $organisation }: { $code } ist Ihr Code, um { $purpose ->
    [reset] Ihr Passwort zurückzusetzen
    [unlock] Ihr Konto zu entsperren
    [confirm] diese Nummer zu bestätigen
   *[fresh-proof] zu bestätigen, dass Sie es sind
}. { $minutes ->
    [one] 1 Minute
   *[other] { $minutes } Minuten
}. Niemand von uns fragt danach.

## M4: Passwort zurückgesetzt

message-password-reset-subject = { $organisation }: Ihr Passwort wurde zurückgesetzt
message-password-reset-lead = Das Passwort Ihres Kontos wurde zurückgesetzt. Das neue Passwort gilt ab jetzt überall, wo Sie sich mit diesem Konto anmelden.{ $unlocked ->
    [yes] {" "}Das Konto war gesperrt; die Sperre wurde ebenfalls aufgehoben.
   *[no] {""}
}
message-password-reset-next = Telefone, Mailprogramme und gespeicherte Verbindungen kennen noch das alte Passwort. Geben Sie dort bald das neue ein: Wenn sie es weiter mit dem alten versuchen, können sie Ihr Konto sperren.
message-password-reset-short = { $organisation }: Ihr Passwort wurde zurückgesetzt.

## M4, where nobody can say: the directory did not answer

message-password-unsure-subject = { $organisation }: Ihr Passwort wurde möglicherweise zurückgesetzt
message-password-unsure-lead = Jemand hat sich als Sie ausgewiesen und ein neues Passwort verlangt, und Ihr Verzeichnis hat nicht gesagt, ob es angenommen wurde. Entweder gilt ab jetzt das neue Passwort, oder das alte gilt weiter.
message-password-unsure-next = Falls Sie es waren, versuchen Sie zuerst das neue Passwort, dann das alte. Geht keines von beiden, beginnen Sie von vorn.
message-password-unsure-short = { $organisation }: Ihr Passwort wurde möglicherweise zurückgesetzt.

## M5: Passwort geändert

message-password-changed-subject = { $organisation }: Ihr Passwort wurde geändert
message-password-changed-lead = Das Passwort Ihres Kontos wurde von jemandem geändert, der das alte kannte. Das neue Passwort gilt ab jetzt überall, wo Sie sich mit diesem Konto anmelden.
message-password-changed-next = Telefone, Mailprogramme und gespeicherte Verbindungen kennen noch das alte Passwort. Geben Sie dort bald das neue ein: Wenn sie es weiter mit dem alten versuchen, können sie Ihr Konto sperren.
message-password-changed-short = { $organisation }: Ihr Passwort wurde geändert.

## M6: Konto entsperrt

message-account-unlocked-subject = { $organisation }: Ihr Konto wurde entsperrt
message-account-unlocked-lead = Ihr Konto war nach falschen Passwörtern gesperrt und ist jetzt entsperrt. Ihr Passwort ist dasselbe wie vorher.
message-account-unlocked-next = Wenn es wieder gesperrt wird, suchen Sie nach einem Telefon, Mailprogramm oder einer gespeicherten Verbindung mit einem alten Passwort.
message-account-unlocked-short = { $organisation }: Ihr Konto wurde entsperrt. Ihr Passwort ist unverändert.

## M22: falsche Passwörter bald nach einem neuen

message-wrong-passwords-subject = { $organisation }: Etwas benutzt wohl noch Ihr altes Passwort
message-wrong-passwords-lead = Seit Ihr Passwort geändert wurde, hat etwas versucht, sich mit einem falschen an Ihrem Konto anzumelden, { $exact ->
    [yes] zuletzt am { $at }
   *[no] irgendwann vor { $at }
}. Bemerkt hat es { $servers }.{ $lock ->
    [locked] {" "}Ihr Konto ist jetzt gesperrt.
    [left] {" "}Nach { $left ->
        [one] einem weiteren falschen Passwort
       *[other] { $left } weiteren falschen Passwörtern
    } wird es gesperrt.
   *[unknown] {""}
}
message-wrong-passwords-next = Meist ist es ein Telefon, ein Mailprogramm oder ein verbundenes Netzlaufwerk, das ein altes Passwort behalten hat. Geben Sie dort das neue ein, oder nehmen Sie das Konto dort vorerst heraus. Wenn Sie sich selbst vertippt haben, ist nichts zu tun.
message-wrong-passwords-short = { $organisation }: Etwas versucht es an Ihrem Konto noch mit einem falschen Passwort.

## M7: Passwort eines Administrators zurückgesetzt

message-administrator-reset-subject = { $organisation }: Ein Administrator hat sein Passwort zurückgesetzt
message-administrator-reset-lead = Das Passwort des Administrators { $login } wurde zurückgesetzt. Nachgewiesen wurde die Identität durch: { $methods }.
message-administrator-reset-next = Sie erhalten diese Nachricht, weil Sie diesen Dienst betreuen. Wenn { $login } nichts davon weiß, handeln Sie jetzt: Sperren Sie das Konto und sehen Sie im Protokoll unter der Kennung unten nach.
message-administrator-reset-short = { $organisation }: Das Passwort des Administrators { $login } wurde zurückgesetzt.

## M9: Sicherheitsangaben geändert

message-security-info-subject = { $organisation }: Ihre Sicherheitsangaben wurden geändert
message-security-info-lead = { $change ->
    [added] Ihrem Konto wurde ein Weg hinzugefügt, auf dem Sie sich ausweisen können: { $method }.
   *[removed] Von Ihrem Konto wurde ein Weg entfernt, auf dem Sie sich ausweisen konnten: { $method }.
}
message-security-info-next = { $probation ->
    [yes] Er kann ab { $from } benutzt werden, um Ihr Passwort zurückzusetzen.
   *[no] { $change ->
        [added] Er kann ab jetzt benutzt werden, um Ihr Passwort zurückzusetzen.
       *[removed] Er kann nicht mehr benutzt werden, um Ihr Passwort zurückzusetzen.
    }
}
message-security-info-short = { $organisation }: Ihre Sicherheitsangaben wurden geändert ({ $method } { $change ->
    [added] hinzugefügt
   *[removed] entfernt
}).

## M11: Hilfe

message-help-subject = { $organisation }: zu Ihrem Versuch, das Passwort zurückzusetzen
message-help-lead = Jemand, vielleicht Sie, wollte Ihr Passwort zurücksetzen. Es ging nicht weiter: { $reason ->
    [not-set-up] Für Ihr Konto ist kein Weg eingerichtet, auf dem Sie sich ausweisen können.
    [too-few] Für Ihr Konto sind zu wenige Wege eingerichtet, auf denen Sie sich ausweisen können.
    [way-not-accepted] Es wurde ein Weg benutzt, der für Ihr Konto nicht zugelassen ist.
    [probation] Was Sie eingerichtet haben, zählt erst ab { $from }.
    [not-switched-on] Das Zurücksetzen ist für Ihr Konto nicht eingeschaltet.
    [frozen] Das Zurücksetzen ist für Ihr Konto eingefroren, nachdem gemeldet wurde, dass jemand anderes es versucht hat.
    [administrator-only] Um dieses Konto muss sich ein Administrator kümmern.
   *[ask-helpdesk] Bei diesem Konto kann nur der Helpdesk helfen.
}
message-help-next = { $reason ->
    [not-set-up] Bitten Sie den Helpdesk um ein neues Passwort. Melden Sie sich dann bei { $site } an und richten Sie Ihre Sicherheitsangaben ein, damit Sie es beim nächsten Mal selbst können.
    [too-few] Bitten Sie den Helpdesk um ein neues Passwort. Melden Sie sich dann bei { $site } an und ergänzen Sie, was fehlt, damit Sie es beim nächsten Mal selbst können.
    [way-not-accepted] Versuchen Sie es auf einem anderen Weg, den Sie eingerichtet haben, oder fragen Sie den Helpdesk.
    [probation] Versuchen Sie es dann wieder, oder fragen Sie den Helpdesk, wenn es nicht warten kann.
    [not-switched-on] Bitten Sie den Helpdesk um ein neues Passwort.
    [frozen] Fragen Sie den Helpdesk: Er stellt sicher, dass Sie es sind, und öffnet es wieder.
    [administrator-only] Fragen Sie den Helpdesk oder einen anderen Administrator.
   *[ask-helpdesk] Fragen Sie den Helpdesk.
} Wenn Sie das nicht versucht haben, müssen Sie nichts tun: Es wurde nichts geändert.
message-help-short = { $organisation }: Ein Versuch, Ihr Passwort zurückzusetzen, ging nicht weiter. Nichts wurde geändert. Bitte fragen Sie den Helpdesk.

## M12: zu viele Versuche

message-too-many-tries-subject = { $organisation }: zu viele Versuche bei Ihrem Konto
message-too-many-tries-lead = Jemand, vielleicht Sie, hat zu viele falsche Antworten gegeben, um in Ihr Konto zu kommen. Bis { $until } werden vielleicht auch richtige Antworten abgelehnt.
message-too-many-tries-next = Ihr Passwort wurde nicht geändert und gilt weiter. Wenn Sie jetzt ausgesperrt sind, warten Sie bis dahin oder bitten Sie den Helpdesk, die Sperre aufzuheben.
message-too-many-tries-short = { $organisation }: zu viele falsche Versuche bei Ihrem Konto. Vielleicht werden auch richtige Antworten abgelehnt bis { $until }.

## M13: auf halbem Weg

message-half-way-subject = { $organisation }: Jemand kam auf halben Weg
message-half-way-lead = Jemand, vielleicht Sie, hat die erste von zwei Prüfungen auf dem Weg zu einem neuen Passwort bestanden ({ $method }) und die zweite mehrmals nicht.
message-half-way-next = Ihr Passwort wurde nicht geändert. Wenn Sie es nicht waren, kann wahrscheinlich jemand anderes lesen, was Ihnen auf diesem Weg geschickt wird: Sichern Sie ihn zuerst, und sagen Sie es uns dann.
message-half-way-short = { $organisation }: Jemand hat die erste von zwei Prüfungen für ein neues Passwort bestanden ({ $method }), die zweite nicht. Nichts wurde geändert.

## M14: Hilfe gewünscht

message-help-wanted-subject = { $organisation }: Hilfe beim Zurücksetzen eines Passworts
message-help-wanted-lead = Jemand bittet um Hilfe bei dem Konto { $login }. Diese Bitte ist nicht geprüft: Jeder kann sie in jedem Namen stellen.
message-help-wanted-next = Stellen Sie auf einem Weg, den Sie schon kennen, fest, wer es ist, zum Beispiel über die Telefonnummer im Verzeichnis, bevor Sie etwas ändern. Benutzen Sie keine Nummer oder Adresse, die Ihnen der Anrufer nennt.
message-help-wanted-short = { $organisation }: Hilfe wird gewünscht bei dem Konto { $login }. Die Bitte ist nicht geprüft.

## M19: eingefroren

message-frozen-subject = { $organisation }: Konto eingefroren
message-frozen-lead = Für das Konto { $login } wurde „Das war ich nicht“ gedrückt. Das Zurücksetzen ist für dieses Konto eingefroren, offene Versuche wurden beendet, und { $count ->
    [0] kein Weg, sich auszuweisen, wurde beiseitegelegt.
    [one] ein Weg, sich auszuweisen, wurde beiseitegelegt.
   *[other] { $count } Wege, sich auszuweisen, wurden beiseitegelegt.
}
message-frozen-next = Der Helpdesk oder ein Administrator kann es wieder öffnen, nachdem sichergestellt ist, wer der Inhaber ist.
message-frozen-short = { $organisation }: Das Zurücksetzen wurde für das Konto { $login } eingefroren.

## M21: etwas braucht Aufmerksamkeit

message-attention-subject = { $organisation }: Keymend braucht Aufmerksamkeit
message-attention-lead = { $what ->
    [directory-down] Das Verzeichnis „{ $name }“ antwortet seit einigen Minuten nicht.
    [directory-refused] Keymend schreibt nichts in das Verzeichnis „{ $name }“: Das Dienstkonto darf dort mehr, als es soll.
    [directory-up] Das Verzeichnis „{ $name }“ antwortet wieder.
    [help-unmatched] Jemand bat um Hilfe, während das Verzeichnis „{ $name }“ nicht antwortete; deshalb lässt sich nicht sagen, für welches Konto. Das wird einmal am Tag gemeldet.
    [breaker] Es kamen so viele falsche Codes, dass Keymend strenger geworden ist ({ $name }).
    [budget-80] 80 % des Tagesbudgets für Nachrichten sind verbraucht ({ $name }).
    [budget-100] Das Tagesbudget für Nachrichten ist verbraucht ({ $name }).
    [texts-unanswered] Weniger als ein Fünftel der verschickten Codes wurde eingegeben ({ $name }).
    [rights-missing] Dem Dienstkonto eines Verzeichnisses fehlt ein Recht, deshalb konnte ein Passwort nicht geändert werden ({ $name }).
   *[other] Etwas sollte angesehen werden: { $what } ({ $name }).
}
message-attention-next = { $what ->
    [directory-down] Wer sein Passwort zurücksetzen will, sieht, dass es im Moment nicht geht. Sehen Sie nach dem Verzeichnisserver und der Verbindung dorthin.
    [directory-refused] Wer sein Passwort zurücksetzen will, sieht, dass es im Moment nicht geht. „keymend doctor“ nennt das Recht und wie man es wegnimmt.
    [directory-up] Passwörter können wieder zurückgesetzt werden. Es ist nichts zu tun.
    [help-unmatched] Rechnen Sie mit Anrufen von Leuten, die nicht hineinkommen. Wer noch einmal fragt, wenn das Verzeichnis antwortet, wird Ihnen mit Namen gemeldet.
    [breaker] Codes sind vorerst länger, und man wartet etwas. Sehen Sie im Protokoll nach, wer rät.
    [budget-80] Nachrichten gehen weiter hinaus. Sehen Sie im Protokoll nach, ob der Bedarf echt ist.
    [budget-100] Bis morgen gehen keine Nachrichten dieser Art mehr hinaus. Sehen Sie im Protokoll nach, ob der Bedarf echt ist, bevor Sie das Budget erhöhen.
    [texts-unanswered] Dieser Kanal ist geschlossen, weil vielleicht jemand mit Nachrichten an eigene Nummern Geld verdient. Sehen Sie im Protokoll nach, bevor Sie ihn wieder öffnen.
    [rights-missing] Der Person wurde gesagt, dass Sie Bescheid wissen. Im Protokoll stehen das Verzeichnis und das fehlende Recht.
   *[other] Sehen Sie im Log des Dienstes nach.
}
message-attention-short = { $organisation }: Keymend braucht Aufmerksamkeit ({ $what }, { $name }).
