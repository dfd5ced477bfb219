redirect "anna@aire.example";
