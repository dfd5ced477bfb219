require ["reject"];
reject "550 5.1.1 User unknown";
