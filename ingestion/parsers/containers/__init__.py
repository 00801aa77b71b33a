"""Documents that hold documents: mails, mailboxes and archives."""
