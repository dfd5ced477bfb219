require ["vacation"];
vacation :days 1 :subject "Abwesend bis März" text:
Ich bin bis zum 3. März im Urlaub
und lese Ihre Nachricht danach.
.
;
