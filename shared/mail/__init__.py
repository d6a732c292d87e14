"""The words and looks of all mails: templates in, letters out; sending them is not known here."""
