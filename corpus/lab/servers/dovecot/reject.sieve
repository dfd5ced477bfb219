require ["reject"];
reject "I do not take mail from this list.";
