require ["reject"];
reject text:
Ich möchte von dieser Liste
keine Post mehr bekommen.
.
;
