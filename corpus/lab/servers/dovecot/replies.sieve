require ["vacation"];
vacation :days 1 :addresses ["replies@lda.lake.example"] :subject "Out of office" "I am away until Monday and will read your message then.";
